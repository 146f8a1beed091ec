"""Who must be connected against who is: by county and by reason, with how complete their data were. Reads within the reader's scope.

Connected means: an active point of the subject (or of an establishment of it) has sent within the last days. A subject without a point,
with points that never sent, or silent for longer is named with that reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Max, Q, Sum, When
from django.db.models.functions import Coalesce

from shuangkong.apps.monitoring.models import ConnectionDuty, Point, PointDay
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.quality import Rates

#: Over so many days before today the rates are counted.
DAYS = 30
#: A subject that sent within this time is connected.
FRESH = timedelta(days=7)
#: Which points meet a duty: meters those of energy, outlets the others; a park by either.
_MEDIA = {
    ConnectionDuty.Kind.ENERGY: (Point.Medium.ENERGY,),
    ConnectionDuty.Kind.PERMIT: (Point.Medium.GAS, Point.Medium.WATER, Point.Medium.OTHER),
    ConnectionDuty.Kind.VOC: (Point.Medium.GAS, Point.Medium.OTHER),
    ConnectionDuty.Kind.PARK: tuple(Point.Medium),
}
NO_POINT, NEVER, SILENT = "no_point", "never", "silent"


@dataclass(frozen=True, slots=True)
class Unit:
    """One subject that must be connected for one reason. ``missing`` is empty when it is, else why it is not; ``rates`` of its points."""

    duty_id: int
    subject_id: int
    code: str
    name: str
    county_code: str
    county: str
    kind: str
    reason: str
    document: str
    since: date
    demonstration: bool
    points: int = 0
    last_received_at: datetime | None = None
    rates: Rates = field(default_factory=Rates)
    missing: str = ""

    @property
    def is_connected(self) -> bool:
        """Whether it sends."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Line:
    """A county, a reason, or all of them: how many must be and are connected, and the rates of all of them together."""

    code: str
    name: str
    required: int = 0
    connected: int = 0
    rates: Rates = field(default_factory=Rates)

    @property
    def share(self) -> Decimal | None:
        """Connected of required; None where nobody must be."""
        return Decimal(self.connected) / self.required if self.required else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """All units, and the lines by county, by kind, by both, and in all."""

    units: Sequence[Unit]
    by_county: Sequence[Line]
    by_kind: Sequence[Line]
    by_both: Mapping[tuple[str, str], Line]
    total: Line
    first_day: date
    last_day: date


def coverage(user: Any, today: date, now: datetime, *, county: str = "", kind: str = "") -> Coverage:
    """What ``user`` may see. Four statements, however many units there are."""
    first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
    duties = _duties(user, today, county, kind)
    units = _units(duties, _points(user), _rates(user, first, last), now)
    both: defaultdict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        both[unit.county_code, unit.kind].append(unit)
    counties = dict(sorted({unit.county_code: unit.county for unit in units}.items()))
    kinds = {value: str(label) for value, label in ConnectionDuty.Kind.choices if any(unit.kind == value for unit in units)}
    return Coverage(
        units,
        [_line(code, name, [unit for unit in units if unit.county_code == code]) for code, name in counties.items()],
        [_line(code, name, [unit for unit in units if unit.kind == code]) for code, name in kinds.items()],
        {key: _line(key[1], kinds[key[1]], found) for key, found in both.items()},
        _line("", "", units), first, last,
    )  # fmt: skip


def _duties(user: Any, today: date, county: str, kind: str) -> list[ConnectionDuty]:
    found = ConnectionDuty.objects.visible_to(user).filter(since__lte=today).exclude(until__lte=today)
    if kind:
        found = found.filter(kind=kind)
    if county:
        found = found.filter(Q(subject__county__code=county) | Q(subject__code=county))
    related = found.select_related("subject", "subject__county")
    return list(related.order_by("subject__county__position", "subject__county__code", "subject__code", "kind"))


def _points(user: Any) -> dict[tuple[int, str], tuple[int, datetime | None]]:
    """By subject and medium: how many active points, and when the newest value came. An establishment's count for its enterprise too."""
    active = Point.objects.visible_to(user).filter(active_to=None).exclude(device__active=False)
    rows = active.order_by().annotate(owner=_owner("subject")).values_list("owner", "subject", "medium")
    found: dict[tuple[int, str], tuple[int, datetime | None]] = {}
    for owner, subject, medium, count, newest in rows.annotate(n=Count("pk"), newest=Max("last_received_at")):
        for whose in {owner, subject} - {None}:
            known = found.get((whose, medium), (0, None))
            found[whose, medium] = (known[0] + count, max((at for at in (known[1], newest) if at), default=None))
    return found


def _owner(path: str) -> Any:
    """The enterprise of an establishment, else the subject itself."""
    own = F(path)
    return Case(When(**{f"{path}__kind": Subject.Kind.ESTABLISHMENT}, then=Coalesce(F(f"{path}__parent"), own)), default=own)


def _rates(user: Any, first: date, last: date) -> dict[tuple[int, str], Rates]:
    """By subject and medium: the counts of the days."""
    days = PointDay.objects.visible_to(user).filter(day__gte=first, day__lte=last)
    names = ("expected", "received", "on_time", "hours", "valid")
    grouped = days.order_by().annotate(owner=_owner("point__subject")).values("owner", "point__subject", "point__medium")
    found: defaultdict[tuple[int, str], Rates] = defaultdict(Rates)
    for row in grouped.annotate(**{f"sum_{name}": Sum(name) for name in names}):
        for whose in {row["owner"], row["point__subject"]} - {None}:
            found[whose, row["point__medium"]] += Rates(*(row[f"sum_{name}"] for name in names))
    return found


def _units(
    duties: Iterable[ConnectionDuty], points: Mapping[tuple[int, str], tuple[int, datetime | None]],
    rates: Mapping[tuple[int, str], Rates], now: datetime,
) -> list[Unit]:  # fmt: skip
    found = []
    for duty in duties:
        subject, media = duty.subject, _MEDIA[ConnectionDuty.Kind(duty.kind)]
        own = [points[subject.pk, medium] for medium in media if (subject.pk, medium) in points]
        count, newest = sum(n for n, _at in own), max((at for _n, at in own if at), default=None)
        county = subject if subject.kind == Subject.Kind.COUNTY else subject.county
        total = sum((rates[subject.pk, medium] for medium in media if (subject.pk, medium) in rates), Rates())
        found.append(
            Unit(
                duty.pk, subject.pk, subject.code, subject.name, county.code if county else "", county.name if county else "", duty.kind,
                duty.reason, duty.document, duty.since, duty.demonstration, count, newest, total, _missing(count, newest, now),
            )
        )  # fmt: skip
    return found


def _missing(points: int, newest: datetime | None, now: datetime) -> str:
    if not points:
        return NO_POINT
    if newest is None:
        return NEVER
    return SILENT if now - newest > FRESH else ""


def _line(code: str, name: str, units: Sequence[Unit]) -> Line:
    connected = [unit for unit in units if unit.is_connected]
    return Line(code, name, len(units), len(connected), sum((unit.rates for unit in units), Rates()))


def as_data(found: Coverage) -> dict[str, Any]:
    """The same for JSON: counts, shares as text, nothing for what is not known."""

    def line(of: Line) -> dict[str, Any]:
        shares = {"connected_share": of.share, "completeness": of.rates.completeness, "effective_transmission": of.rates.effective}
        written = {name: None if value is None else format(round(value, 6), "f") for name, value in shares.items()}
        return {"code": of.code, "name": of.name, "required": of.required, "connected": of.connected, **written}

    return {
        "first_day": found.first_day.isoformat(), "last_day": found.last_day.isoformat(), "total": line(found.total),
        "counties": [line(each) for each in found.by_county], "kinds": [line(each) for each in found.by_kind],
    }  # fmt: skip
