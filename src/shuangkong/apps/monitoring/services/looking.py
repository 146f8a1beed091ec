"""What the quality rules see: every few hours, some sources at a time, over the last month of each point.

The counts of each day (:class:`PointDay`) are kept anew for the last days, so that what came late still counts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from shuangkong.apps.monitoring.models import Point, PointDay, PointLimit
from shuangkong.apps.monitoring.rules import rule, whole
from shuangkong.apps.monitoring.services import findings
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.monitoring.services.hours import hours_of
from shuangkong.apps.plans.services import current_book
from shuangkong.core.quality import Finding, Hour, Ready, Series, Validity, look, rates, ready
from shuangkong.rulebook.quality import quality_rules
from shuangkong.series.catalogue import DATABASE
from shuangkong.series.reading import FOLDER, Reader

log = logging.getLogger(__name__)

HISTORY = timedelta(days=31)
SOURCES_AT_ONCE = 2
#: So long after its end an hour is taken as it stands.
GRACE = timedelta(minutes=30)
KEPT_ANEW_DAYS = 7
_LOADS = ("a00000", "w00000")
_HOUR = timedelta(hours=1)


def step(now: datetime, root: Path | None = None) -> bool:
    """Looks at some sources that are due; whether there were any."""
    folder = root or store()
    if not (folder / FOLDER / DATABASE).exists():
        return False
    until = _round(now)
    sources = _due(until)
    if not sources:
        return False
    with Reader(folder) as reader:
        looked = [_looked_at(reader, points, until) for points in sources]
    with transaction.atomic():
        _keep(looked, until)
    if any(each.findings for each in looked):
        findings.tell(civil_day(now))
    return True


def _round(now: datetime) -> datetime:
    """The moment up to which is looked now: whole hours, every so many of them."""
    every = whole("look_every_hours", civil_day(now)) * 3600
    settled = int((now - GRACE).timestamp())
    return datetime.fromtimestamp(settled - settled % every, now.tzinfo)


def _points() -> Any:
    return Point.objects.unscoped("the quality rules look everywhere")


def _due(until: datetime) -> list[list[Point]]:
    """The points of the next sources that send and were not looked at up to here."""
    waiting = _points().filter(Q(looked_at=None) | Q(looked_at__lt=until)).exclude(last_at=None).exclude(active_to__lte=until - HISTORY)
    names = list(waiting.order_by("source").values_list("source", flat=True).distinct()[:SOURCES_AT_ONCE])
    found: dict[str, list[Point]] = {name: [] for name in names}
    for point in _points().filter(source__in=names).exclude(last_at=None).order_by("code"):
        found[point.source].append(point)
    return list(found.values())


class _Looked:
    """What was seen of one source."""

    def __init__(self, points: Sequence[Point], days: list[PointDay], seen: list[tuple[Point, Finding]]) -> None:
        self.points, self.days, self.findings = points, days, seen


def _looked_at(reader: Reader, points: Sequence[Point], until: datetime) -> _Looked:
    """What is seen of a source; one that cannot be looked at is logged and does not keep the others waiting."""
    try:
        return _look_at(reader, points, until)
    except Exception:
        log.exception("quality rules of %s", points[0].source)
        return _Looked(points, [], [])


def _look_at(reader: Reader, points: Sequence[Point], until: datetime) -> _Looked:
    on = civil_day(until)
    start = until - HISTORY
    book = current_book()
    validity = Validity.at(book, book.region, on)
    hours = hours_of(reader, points, start, until, rule("on_time_factor", on), validity.minutes)
    rules = ready(quality_rules(), lambda name: book.at(name, book.region, on).value)
    limits = _limits(points, on)
    values = {point.code: [hour.value for hour in hours[point.pk]] for point in points}
    seen, days = [], []
    for point in points:
        days += _days(point, hours[point.pk], validity, until)
        if point.active_to is None or point.active_to >= until:
            series = _series(point, hours[point.pk], values, limits.get(point.pk, []), until)
            seen += [(point, finding) for finding in look(_fitting(rules, point), series, on).findings]
    return _Looked(points, days, seen)


def _fitting(rules: Iterable[Ready], point: Point) -> list[Ready]:
    """The rules for the medium and role of a point, so that the runner does not ask the others."""
    return [each for each in rules if not each.rule.media or point.medium in each.rule.media]


def _limits(points: Sequence[Point], on: date) -> dict[int, list[PointLimit]]:
    found: dict[int, list[PointLimit]] = {}
    in_force = PointLimit.objects.unscoped("the bounds of the points that are looked at").filter(point__in=points, applies_from__lte=on)
    for limit in in_force.exclude(applies_to__lte=on):
        found.setdefault(limit.point_id, []).append(limit)
    return found


def _series(
    point: Point, own: Sequence[Hour], values: Mapping[str, Sequence[Decimal | None]], limits: Sequence[PointLimit], until: datetime
) -> Series:
    """``values``: those of all points of the source by code, made once: a device may have a thousand."""
    begin = max(point.looked_at or until - timedelta(days=1), until - HISTORY)
    standard = next((limit for limit in limits if limit.kind == PointLimit.Kind.STANDARD), None)
    bounds = next((limit for limit in limits if limit.kind == PointLimit.Kind.RANGE), None)
    others = {code: found for code, found in values.items() if code != point.code}
    return Series(
        point.code, point.name, point.unit, point.medium, point.role, tuple(own), begin, standard.upper if standard else None,
        bounds.lower if bounds else None, bounds.upper if bounds else None, _load(point, others), others,
    )  # fmt: skip


def _load(point: Point, others: Mapping[str, Sequence[Decimal | None]]) -> Sequence[Decimal | None]:
    """The flow of the outlet, or what the sister meters used together; empty where neither is known."""
    if point.role != Point.Role.METER:
        return next((others[code] for code in _LOADS if code in others), ())
    rows = list(zip(*others.values(), strict=True))
    return [None if None in row else sum((value for value in row if value is not None), Decimal(0)) for row in rows]


def _days(point: Point, hours: Sequence[Hour], validity: Validity, until: datetime) -> Iterable[PointDay]:
    """The counts of the last whole civil days since the point is expected."""
    by_day: dict[date, list[Hour]] = {}
    for hour in hours:
        if hour.start + _HOUR > point.active_from and (point.active_to is None or hour.start < point.active_to):
            by_day.setdefault(hour.start.date(), []).append(hour)
    today = civil_day(until)
    excused = 1 if point.medium == Point.Medium.WATER else 0
    for day, found in by_day.items():
        if today - timedelta(days=KEPT_ANEW_DAYS) <= day < today:
            of = rates(found, validity, excused)
            yield PointDay(
                point=point, day=day, expected=of.expected, received=of.received, on_time=of.on_time, hours=of.hours, valid=of.valid,
                is_valid=validity.day(found),
            )  # fmt: skip


def _keep(looked: Sequence[_Looked], until: datetime) -> None:
    """Writes what was seen. A fixed number of statements."""
    fields = ["expected", "received", "on_time", "hours", "valid", "is_valid"]
    days = [day for each in looked for day in each.days]
    PointDay.objects.bulk_create(days, batch_size=200, update_conflicts=True, unique_fields=["point", "day"], update_fields=fields)
    findings.keep([pair for each in looked for pair in each.findings], until)
    _points().filter(pk__in=[point.pk for each in looked for point in each.points]).update(looked_at=until)
