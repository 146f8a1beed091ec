"""Readings of a source turned into the hours that quality rules look at: one boundary from floats of the series to decimals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
from django.utils import timezone

from shuangkong.apps.monitoring.models import Point
from shuangkong.apps.monitoring.services.listening import REALTIME
from shuangkong.core.quality import Hour
from shuangkong.core.quality.readings import NORMAL
from shuangkong.core.rounding import significant
from shuangkong.series.reading import Reader
from shuangkong.series.schema import KINDS, QUALITY

_KINDS = (*REALTIME, "hour.avg")
_HOUR_AVG = KINDS["hour.avg"]
_HOUR_S, _MINUTE_S, _MINUTES = 3600, 60, 60
_DIGITS = 9
#: A state that is not the usual one gives the hour its flag when it lasts longer than this.
_FLAGGED_MINUTES = 15
#: Stands for the flag of a value that its sender calls invalid without one.
_INVALID = "invalid"
#: Of the steps of a register so many rise or stay; a meter that sends what it used in each interval falls as often as it rises.
_RISING = 0.98


class Lag(NamedTuple):
    """For a point: how many seconds lie between its values, after how many a value is late, and the least valid minutes of an hour."""

    interval_s: int
    late_s: int
    valid_minutes: int


def hours_of(
    reader: Reader, points: Sequence[Point], start: datetime, end: datetime, on_time_factor: Decimal, valid_minutes: int
) -> dict[int, list[Hour]]:  # fmt: skip
    """The hours from ``start`` to ``end`` (whole hours) of the points of one source, by point, none left out."""
    lags = {point.pk: Lag(point.interval_s, int(point.interval_s * on_time_factor), valid_minutes) for point in points}
    found: defaultdict[int, defaultdict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in _grouped(reader, lags, start, end + timedelta(hours=1)):
        found[row["point"]][row["hour"]].append(row)
    first, last = int(start.timestamp()) // _HOUR_S, int(end.timestamp()) // _HOUR_S
    made = {}
    for point in points:
        rows, lag = found[point.pk], lags[point.pk]
        values = _consumed(rows, first, last, lag) if point.role == Point.Role.METER else {}
        made[point.pk] = [_hour(hour, rows.get(hour, []), lag, values.get(hour), point.role) for hour in range(first, last)]
    return made


def _grouped(reader: Reader, lags: Mapping[int, Lag], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """By point, hour, kind and flag: how many values, how many late, their mean and sum, the first and its second."""
    table = reader.readings(list(lags), _KINDS, start, end)
    refused = ((table.quality & QUALITY["invalid"]) != 0) & table.flag.isin(NORMAL)
    table = table.mutate(flag=refused.ifelse(_INVALID, table.flag))
    late = reader.engine.table(pa.table({"point": list(lags), "late_s": [lag.late_s for lag in lags.values()]}))
    table = table.join(late, "point")
    second = table.time.epoch_seconds()
    table = table.mutate(hour=second // _HOUR_S, second=second, is_late=table.received.epoch_seconds() - second > table.late_s)
    grouped = table.group_by("point", "hour", "kind", "flag").aggregate(
        n=table.value.count(), came=table.count(), late=table.is_late.cast("int64").sum(), mean=table.value.mean(),
        total=table.value.sum(), first=table.value.argmin(table.second), second=table.second.min(),
    )  # fmt: skip
    rows: list[dict[str, Any]] = reader.arrow(grouped).to_pylist()
    return rows


def _decimal(value: float) -> Decimal:
    """A float of the series as a decimal with the digits that it is sure of."""
    return significant(Decimal(repr(value)), _DIGITS).normalize() + 0


def _hour(hour: int, rows: Sequence[dict[str, Any]], lag: Lag, consumed: Decimal | None, role: str) -> Hour:
    start = datetime.fromtimestamp(hour * _HOUR_S, UTC).astimezone(timezone.get_default_timezone())
    means = [row for row in rows if row["kind"] == _HOUR_AVG]
    real = [row for row in rows if row["kind"] != _HOUR_AVG]
    if not rows:
        return Hour(start, None, "", 0, 0, 0)
    if not real:
        row = means[0]
        valid = _MINUTES if row["flag"] in NORMAL and row["mean"] is not None else 0
        return Hour(start, None if row["mean"] is None else _decimal(row["mean"]), row["flag"] or "N", _MINUTES, valid, 0)
    minutes = {row["flag"]: _minutes(row["came"], lag) for row in real}
    valid = min(_MINUTES, sum(_minutes(row["n"], lag) for row in real if row["flag"] in NORMAL))
    got, late = min(_MINUTES, sum(minutes.values())), min(_MINUTES, sum(_minutes(row["late"], lag) for row in real))
    value = consumed if role == Point.Role.METER else _value(means, real, valid >= lag.valid_minutes)
    return Hour(start, value, _flag(minutes, means), got, valid, min(late, got))


def _minutes(count: int, lag: Lag) -> int:
    return min(_MINUTES, count * lag.interval_s // _MINUTE_S)


def _flag(minutes: Mapping[str, int], means: Sequence[dict[str, Any]]) -> str:
    """The flag of an hour: its own mean's where it has one, else that of a state that lasted long enough."""
    if means and means[0]["flag"]:
        return str(means[0]["flag"])
    other = {flag: lasted for flag, lasted in minutes.items() if flag not in NORMAL and lasted > _FLAGGED_MINUTES}
    return max(other, key=other.__getitem__) if other else "N"


def _value(means: Sequence[dict[str, Any]], real: Sequence[dict[str, Any]], enough: bool) -> Decimal | None:
    """The hour's own mean, else the mean of its usual values where there are ``enough`` of them."""
    if means:
        return None if means[0]["mean"] is None else _decimal(means[0]["mean"])
    usual = [row for row in real if row["flag"] in NORMAL and row["n"]]
    if not enough or not usual:
        return None
    return _decimal(sum(row["total"] for row in usual) / sum(row["n"] for row in usual))


def _second(row: dict[str, Any]) -> int:
    return int(row["second"])


def _consumed(rows: Mapping[int, list[dict[str, Any]]], first: int, last: int, lag: Lag) -> dict[int, Decimal]:
    """What a meter used in each hour: between the first readings of two hours of a register, or the sum of its intervals."""
    sound = {hour: [row for row in found if row["flag"] != _INVALID] for hour, found in rows.items()}
    begins = {hour: min(found, key=_second) for hour, found in sound.items() if found}
    steps = [(begins[hour]["first"], begins[hour + 1]["first"]) for hour in begins if hour + 1 in begins]
    known = [(a, b) for a, b in steps if a is not None and b is not None]
    rising = bool(known) and sum(b >= a for a, b in known) >= _RISING * len(known) and sum(b > a for a, b in known) * 2 > len(known)
    used = {}
    for hour in range(first, last):
        row, after = begins.get(hour), begins.get(hour + 1)
        if row is None or row["first"] is None:
            continue
        if rising:
            whole = after is not None and after["first"] is not None and row["second"] % _HOUR_S == 0 == after["second"] % _HOUR_S
            if after is not None and whole:
                used[hour] = _decimal(after["first"]) - _decimal(row["first"])
        elif _minutes(row["n"], lag) >= lag.valid_minutes:
            used[hour] = _decimal(row["total"])
    return used
