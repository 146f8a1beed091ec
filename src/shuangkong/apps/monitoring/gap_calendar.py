"""A month of a point, hour by hour: what came, what is missing, what is flagged, beyond a limit, or came afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import ibis
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring.history import reader
from shuangkong.apps.monitoring.models import Point, PointLimit
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.series.schema import QUALITY

#: Kinds that show that something came within an hour: the finest that a source sends, and the hour's own value.
KINDS = ("realtime", "minute.avg", "hour.avg", "meter.realtime")
#: State of an hour: the class of its cell and its word. ``before``: not yet expected; ``future``: not yet due.
WORDS = {
    "ok": _("正常"), "beyond": _("超限"), "flag": _("有标记"), "fill": _("补传"), "gap": _("缺数"), "before": _("未接入"),
    "future": _("未到"),
}  # fmt: skip
_YEARS = range(2000, 2100)
_AFTERWARDS = QUALITY["resent"] | QUALITY["late"]


class Hour(NamedTuple):
    """One cell: its state, and what it says."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Month:
    """Days with their hours, how many hours were due, came and came afterwards, and the neighbours (``2026-10``, empty in the future)."""

    first: date
    days: list[tuple[date, list[Hour]]]
    due: int
    came: int
    filled: int
    before: str
    after: str

    @property
    def label(self) -> str:
        """For readers: how much is missing, and on which days."""
        missing = [f"{day.day}日缺{n}小时" for day, hours in self.days if (n := sum(hour.state == "gap" for hour in hours))]
        return "，".join(missing) or str(_("没有缺数"))


def first_of(text: str, today: date) -> date:
    """The first day of the month that an address names; that of today where it names none."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if found.year in _YEARS else today.replace(day=1)


def month_of(point: Point, first: date, limits: Sequence[PointLimit], now: datetime) -> Month:
    """The calendar of the month that begins on ``first``."""
    following = (first + timedelta(days=32)).replace(day=1)
    found = _hours(point, _local(first), _local(following), limits)
    begins = min([point.active_from, *(datetime.fromtimestamp(3600 * hour, UTC) for hour in found)])
    days = [(day, [_hour(_local(day, h), found, point, begins, now) for h in range(24)]) for day in _days(first, following)]
    counted = Counter(hour.state for _day, hours in days for hour in hours)
    came = sum(counted[state] for state in ("ok", "beyond", "flag", "fill"))
    after = "" if following > civil_day(now) else f"{following:%Y-%m}"
    return Month(first, days, came + counted["gap"], came, counted["fill"], f"{first - timedelta(days=1):%Y-%m}", after)


def _days(first: date, following: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((following - first).days)]


def _local(day: date, hour: int = 0) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))


class _Came(NamedTuple):
    """What came within an hour: how many values, and how many are flagged, beyond a limit, came afterwards."""

    n: int
    flagged: int
    beyond: int
    afterwards: int


def _hours(point: Point, start: datetime, end: datetime, limits: Sequence[PointLimit]) -> Mapping[int, _Came]:
    """By the hour since 1970. One grouped question to the series."""
    with reader() as opened:
        rows = opened.readings(points=[point.pk], kinds=KINDS, start=start, end=end)
        plain = rows.flag.isin(["", "N"])
        beyond = ibis.literal(False)
        for limit in limits:
            if limit.upper is not None:
                beyond = beyond | (rows.value > float(limit.upper))
            if limit.lower is not None:
                beyond = beyond | (rows.value < float(limit.lower))
        hours = rows.mutate(
            hour=(rows.time.epoch_seconds() / 3600).floor().cast("int64"), flagged=(~plain).cast("int32"),
            beyond=(plain & beyond.fill_null(False)).cast("int32"), afterwards=((rows.quality & _AFTERWARDS) > 0).cast("int32"),
        ).group_by("hour")  # fmt: skip
        counted = hours.agg(
            n=ibis._.count(), flagged=ibis._.flagged.sum(), beyond=ibis._.beyond.sum(), afterwards=ibis._.afterwards.sum()
        )
        return {row["hour"]: _Came(row["n"], row["flagged"], row["beyond"], row["afterwards"]) for row in opened.arrow(counted).to_pylist()}


def _hour(at: datetime, found: Mapping[int, _Came], point: Point, begins: datetime, now: datetime) -> Hour:
    came = found.get(int(at.timestamp()) // 3600)
    clock = f"{at:%m-%d %H}时 "
    if came is None:
        if at + timedelta(hours=1) > now:
            return Hour("future", "")
        if at + timedelta(hours=1) <= begins or (point.active_to is not None and at >= point.active_to):
            return Hour("before", f"{clock}{WORDS['before']}")
        return Hour("gap", f"{clock}{WORDS['gap']}")
    state = "beyond" if came.beyond else "flag" if came.flagged else "fill" if came.afterwards == came.n else "ok"
    return Hour(state, f"{clock}{WORDS[state]} {came.n}个值")
