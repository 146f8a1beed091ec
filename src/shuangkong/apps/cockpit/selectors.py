"""Reads of the pages that look across: values of places in a period, the path of a plan, targets, what is open.

Of several values of one cell the best is taken: the bureau's own figure before the issued one before the reported one
(accounting 6, 15), equivalent basis before none before calorific (accounting 3), the live figure only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, QuerySet, TextField, Window
from django.db.models.functions import Cast

from shuangkong.apps.cockpit import prepared
from shuangkong.apps.cockpit.cells import (
    Aim,
    Cell,
    Item,
    Measure,
    Place,
    PlanFacts,
    RunFacts,
    aims,
    cells,
    cells_and_lines,
    columns,
    columns_and_lines,
    items,
    run_facts,
)  # fmt: skip
from shuangkong.apps.cockpit.prepared import Reach, Statement, reach_of
from shuangkong.apps.desk import selectors as desk
from shuangkong.apps.indicators.models import HANDED_DOWN, Forecast, ForecastPoint, Indicator, Run, Target, Value
from shuangkong.apps.indicators.tables import with_tables
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period

CHANGE = "energy_intensity_change_percent"
ANNUAL_REQUIRED = "energy_intensity_annual_required_percent"
NATIONAL = "warning_national"
CITY_SCHEME = "warning_city"
DECLINE = "energy_intensity_decline_percent"
REQUIRED = "energy_intensity_required_percent"
GAP = "energy_intensity_gap_points"
PROGRESS = "energy_intensity_progress_percent"
REMAINING = "energy_intensity_remaining_rate_percent"
TOTAL = "energy_total_tce"
TOTAL_GROWTH = "energy_growth_percent"
GDP_GROWTH = "gdp_growth_percent"
ELECTRICITY = "electricity_10k_kwh"
ELECTRICITY_GROWTH = "electricity_growth_percent"
EXEMPTION = "total_control_exemption"
GROSS, ASSESSED = "gross", "assessed"
#: Nothing is known of it (any more): judged by one treatment now, a place keeps the withdrawn level of the other.
_GONE = "missing"
#: Since the base year: rolling four quarters (accounting 17b); everything else is of the year so far (17a).
SINCE_BASE = frozenset({DECLINE, REQUIRED, GAP, PROGRESS, REMAINING, EXEMPTION})

_KINDS = {True: ("rolling", "year", "ytd"), False: ("ytd", "year", "quarter", "rolling")}
_LENSES = ("published", "issued", "reported")
_BASES = ("equivalent", "", "calorific")
#: Quarters in which the newest complete one is looked for first.
_RECENT = 7
#: Else among this many.
_EVER = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """As of which quarter a page is shown: ``end`` is the first day after it; ``run`` a run as known on a day, None for now."""

    end: date
    run: Run | None = None

    @property
    def ytd(self) -> Period:
        """The year so far."""
        last = self.last_month
        return Period.ytd(last.year, last.month)

    @property
    def last_month(self) -> date:
        """The first day of the last month inside."""
        return date(self.end.year - 1, 12, 1) if self.end.month == 1 else date(self.end.year, self.end.month - 1, 1)


def plans() -> list[PlanFacts]:
    """All plans of the city, oldest first."""
    return [PlanFacts(*row) for row in prepared.rows(_plans())]


@lru_cache(maxsize=1)
def _plans() -> Statement:
    return prepared.compiled(Plan.objects.order_by("first_year", "demonstration").values_list(*PlanFacts._fields))


def open_items(user: Any, count: int) -> tuple[list[Item], int]:
    """The first ``count`` open items addressed to the person, the most urgent first, and how many there are. One statement."""
    rows = prepared.rows(_open_items(user.pk, user.department_id, user.subject_id, count))
    return items(row[:-1] for row in rows), rows[0][-1] if rows else 0


@lru_cache(maxsize=256)
def _open_items(user_id: int, department_id: int | None, subject_id: int | None, count: int) -> Statement:
    person = User(pk=user_id, department_id=department_id, subject_id=subject_id)
    found = desk.inbox(person).select_related(None).annotate(due_text=Cast("due_on", TextField()), all=Window(Count("pk")))
    return prepared.compiled(found.values_list("title", "detail", "severity", "address", "due_text", "demonstration", "all")[:count])


def places() -> list[Place]:
    """The city, its counties and its zones, in order."""
    return [Place(*row) for row in prepared.rows(_places())]


@lru_cache(maxsize=1)
def _places() -> Statement:
    kinds = Subject.Kind
    found = Subject.objects.filter(kind__in=[kinds.CITY, kinds.COUNTY, kinds.ZONE])
    return prepared.compiled(found.values_list("pk", "kind", "code", "name", "position"))


def filed(run: Run | None, today: date) -> list[tuple[date, int]]:
    """The recent quarters (their ends) for which the in-year change of counties is due, newest first, with how many have a figure.

    Which quarter is complete is no figure: it is the same for everybody. Without a recent one all quarters are looked through.
    """
    run_id = run.pk if run is not None else 0
    found = _counted(run_id, tuple(ends_before(today, _RECENT)))
    return found if any(known for _end, known in found) else _counted(run_id, tuple(ends_before(today, _EVER)))


def _counted(run_id: int, ends: tuple[date, ...]) -> list[tuple[date, int]]:
    return [(date.fromisoformat(end), known) for end, known in prepared.rows(_filed(run_id, ends))]


@lru_cache(maxsize=64)
def _filed(run_id: int, ends: tuple[date, ...]) -> Statement:
    found = _of_run(Value.objects.unscoped("which quarter is complete is no figure"), run_id).filter(
        indicator__code=CHANGE, treatment=GROSS, period_kind="ytd", release="", period_end__in=ends,
        subject__in=Subject.objects.filter(kind=Subject.Kind.COUNTY).order_by().values("pk"),
    )
    counted = found.annotate(end_text=Cast("period_end", TextField())).values_list("end_text").annotate(known=Count("value"))
    return prepared.compiled(counted.order_by("-end_text"))


def _of_run(values: QuerySet[Value], run_id: int) -> QuerySet[Value]:
    """Current values, or those of a run as known on a day."""
    return values.filter(run=run_id) if run_id else values.filter(current__isnull=False)


def ends_before(today: date, quarters: int) -> list[date]:
    """The ends of the last ``quarters`` quarters that are over on ``today``, newest first."""
    year, quarter = today.year, (today.month - 1) // 3
    return [date(year + (quarter - back) // 4, (quarter - back) % 4 * 3 + 1, 1) for back in range(quarters)]


@dataclass(frozen=True, slots=True)
class Filed:
    """Which quarters can be shown: ``complete`` is the newest that every county has a figure of, ``newest`` the newest of any, with how
    many counties have one (``known``) and how many should (``due``)."""

    complete: date
    newest: date
    known: int
    due: int

    @property
    def pending(self) -> bool:
        """Whether a newer quarter is on its way."""
        return self.newest > self.complete


def standing(found: Sequence[tuple[date, int]], today: date) -> Filed | None:
    """The quarters that are over, by how many counties have filed: all is as many as ever did of late. None without any."""
    ended = [(end, known) for end, known in found if end <= today and known]
    if not ended:
        return None
    due = max(known for _, known in ended)
    complete = next(end for end, known in ended if known == due)
    return Filed(complete, *ended[0], due)


def _visible(reach: Reach, run_id: int) -> QuerySet[Value]:
    """The live values that a reader of ``reach`` may see, gross and assessed."""
    return _of_run(Value.objects.visible_to(reach), run_id).filter(release="")


def values_and_path(
    user: Any, moment: Moment, codes: frozenset[str], subject_ids: tuple[int, ...], city_id: int, ends: tuple[date, ...]
) -> list[Cell]:
    """Values of ``codes`` for subjects at the moment's end, and the decline of the city at all ``ends``. One statement."""
    run_id = moment.run.pk if moment.run is not None else 0
    return cells(prepared.rows(_values_and_path(reach_of(user), run_id, moment.end, codes, subject_ids, city_id, ends)))


@lru_cache(maxsize=64)
def _values_and_path(
    reach: Reach, run_id: int, end: date, codes: frozenset[str], subject_ids: tuple[int, ...], city_id: int, ends: tuple[date, ...]
) -> Statement:
    seen = _visible(reach, run_id)
    now = seen.filter(period_end=end, indicator__code__in=sorted(codes), subject__in=subject_ids)
    path = seen.filter(indicator__code=DECLINE, subject=city_id, period_end__in=ends)
    return prepared.union(prepared.compiled(columns(now)), prepared.compiled(columns(path)))


def outlook(user: Any, code: str, subject_id: int) -> ForecastPoint | None:
    """The nearest forecast year of one indicator of one place, with its forecast. One statement."""
    found = prepared.rows(_outlook(reach_of(user), code, subject_id))
    return _point(*found[0]) if found else None


@lru_cache(maxsize=64)
def _outlook(reach: Reach, code: str, subject_id: int) -> Statement:
    found = ForecastPoint.objects.visible_to(reach).filter(
        forecast__superseded_at__isnull=True, forecast__indicator__code=code, forecast__subject=subject_id, period_kind="year"
    )
    day = Cast("period_start", TextField())
    fields = ("forecast_id", "start_text", "value", "low", "high", "verdict", "forecast__level_percent")
    named = (f"forecast__indicator__{name}" for name in ("code", "unit", "decimals"))
    return prepared.compiled(found.order_by("period_end").annotate(start_text=day).values_list(*fields, *named)[:1])


def _point(forecast: int, start: str, value: str, low: str, high: str, verdict: str, level: str | None, *named: Any) -> ForecastPoint:
    measure = Indicator(**dict(zip(("code", "unit", "decimals"), named, strict=True)))
    made_by = Forecast(pk=forecast, level_percent=None if level is None else Decimal(level), indicator=measure)
    ends = {"value": Decimal(value), "low": Decimal(low), "high": Decimal(high)}
    return ForecastPoint(forecast=made_by, period_kind="year", period_start=date.fromisoformat(start), verdict=verdict, **ends)


def values_and_parts(
    user: Any, moment: Moment, codes: tuple[str, ...], families: tuple[str, ...], subject_id: int, ends: tuple[date, ...]
) -> tuple[list[Cell], list[Cell]]:  # fmt: skip
    """Of one subject: values of ``codes`` and of every indicator of ``families``, now and a year before, and the decline at all ``ends``.

    Two statements: values and tables, and the indicators of the lines in the tables.
    """
    run_id = moment.run.pk if moment.run is not None else 0
    spans = moment.end, moment.end.replace(year=moment.end.year - 1)
    stored = prepared.rows(_values_and_parts(reach_of(user), run_id, spans, codes, families, subject_id, ends))
    found = cells_and_lines(stored, prepared.rows(_measures(codes, families)))
    now = [cell for cell in found if cell.period_end in spans]
    path = [cell for cell in found if cell.indicator.code == DECLINE and cell.period_end in ends]
    return sorted(now, key=lambda cell: (cell.indicator.position, cell.indicator.code)), path


@lru_cache(maxsize=64)
def _values_and_parts(
    reach: Reach, run_id: int, spans: tuple[date, ...], codes: tuple[str, ...], families: tuple[str, ...], subject_id: int,
    ends: tuple[date, ...],
) -> Statement:  # fmt: skip
    seen = _visible(reach, run_id).filter(subject=subject_id)
    stored = tuple(with_tables((*codes, *families)))
    now = seen.filter(_asked(stored, families, "indicator__"), period_end__in=spans).exclude(period_kind="month")
    path = seen.filter(indicator__code=DECLINE, period_end__in=ends)
    return prepared.union(prepared.compiled(columns_and_lines(now)), prepared.compiled(columns_and_lines(path)))


@lru_cache(maxsize=8)
def _measures(codes: tuple[str, ...], prefixes: tuple[str, ...]) -> Statement:
    return prepared.compiled(Indicator.objects.order_by().filter(_asked(codes, prefixes)).values_list(*Measure._fields))


def _asked(codes: tuple[str, ...], prefixes: tuple[str, ...], relation: str = "") -> Q:
    asked = Q(**{f"{relation}code__in": codes})
    for prefix in prefixes:
        asked |= Q(**{f"{relation}code__startswith": prefix})
    return asked


def values_at(user: Any, moment: Moment, codes: Iterable[str], subject_ids: tuple[int, ...]) -> list[Cell]:
    """Values of ``codes`` for subjects at the moment's end. One statement."""
    run_id = moment.run.pk if moment.run is not None else 0
    return cells(prepared.rows(_values_at(reach_of(user), run_id, moment.end, tuple(codes), subject_ids)))


@lru_cache(maxsize=64)
def _values_at(reach: Reach, run_id: int, end: date, codes: tuple[str, ...], subject_ids: tuple[int, ...]) -> Statement:
    found = _visible(reach, run_id).filter(period_end=end, indicator__code__in=codes, subject__in=subject_ids)
    return prepared.compiled(columns(found.exclude(period_kind="month")))


def series_of(user: Any, run: Run | None, code: str, subject_id: int, ends: Sequence[date]) -> list[Cell]:
    """The values of one indicator at the given ends, in order."""
    found = _visible(reach_of(user), run.pk if run is not None else 0)
    found = found.filter(indicator__code=code, subject=subject_id, period_end__in=ends)
    return sorted(cells(prepared.rows(prepared.compiled(columns(found)))), key=lambda cell: cell.period_end)


def rank(value: Cell) -> tuple[int, int, int]:
    """How good a value is among several of one cell: period kind, lens, basis; the smallest is taken."""
    return _rank(value.code in SINCE_BASE, value.period_kind, value.lens, value.basis)


@lru_cache(maxsize=256)
def _rank(since_base: bool, period_kind: str, lens: str, basis: str) -> tuple[int, int, int]:
    kinds = _KINDS[since_base]
    kind = kinds.index(period_kind) if period_kind in kinds else len(kinds)
    return kind, _LENSES.index(lens) if lens in _LENSES else len(_LENSES), _BASES.index(basis)


def best(values: Iterable[Cell], judged_by: str = GROSS) -> dict[tuple[int, str, date], Cell]:
    """The best value of each (subject, indicator, end); one that says 缺报 only where no other is.

    A decline or change has a gross and an assessed figure: that one is taken by which the place was judged at that end, where that is not
    among ``values`` the one of its newest end, else ``judged_by``.
    """
    found = list(values)
    chosen: dict[tuple[int, str, str], Cell] = {}
    rivals: dict[tuple[int, str, str], list[Cell]] = {}
    for value in found:
        key = value.subject_id, value.code, value.end_text
        if key in chosen:
            rivals.setdefault(key, [chosen[key]]).append(value)
        else:
            chosen[key] = value
    judged = _judged(found)

    def order(value: Cell) -> tuple[Any, ...]:
        by = GROSS
        if value.code in (CHANGE, DECLINE):
            by = judged.get((value.subject_id, value.end_text)) or judged.get((value.subject_id, None)) or judged_by
        return value.status == _GONE, value.treatment != by, value.amount is None, *rank(value)

    chosen |= {key: min(several, key=order) for key, several in rivals.items()}
    return {(subject_id, code, value.period_end): value for (subject_id, code, _end), value in chosen.items()}


def _judged(values: Iterable[Cell]) -> dict[tuple[int, str | None], str]:
    """By which treatment places were judged, by end; without an end: at the newest."""
    found: dict[tuple[int, str | None], str] = {}
    levels = [value for value in values if value.code in (NATIONAL, GAP) and value.status != _GONE]
    for value in sorted(levels, key=lambda value: (value.end_text, value.code == GAP)):
        found[value.subject_id, value.end_text] = found[value.subject_id, None] = value.treatment
    return found


def city_targets(user: Any, plan: PlanFacts) -> list[Aim]:
    """The plan's targets for the city that ``user`` may see."""
    return aims(prepared.rows(_targets(reach_of(user), plan.pk, 0)))


def targets_of(user: Any, plan: PlanFacts, subject_id: int) -> list[Aim]:
    """The plan's targets for one subject that ``user`` may see."""
    return aims(prepared.rows(_targets(reach_of(user), plan.pk, subject_id)))


@lru_cache(maxsize=64)
def _targets(reach: Reach, plan_id: int, subject_id: int) -> Statement:
    asked = HANDED_DOWN | Q(indicator__code=TOTAL)  # the city's own number of total energy is shown as such (accounting 13)
    found = Target.objects.visible_to(reach).filter(asked, plan=plan_id, annex__in=(0, 2, 3))
    found = found.filter(subject=subject_id) if subject_id else found.filter(subject__kind=Subject.Kind.CITY)
    found = found.order_by("indicator__position")
    return prepared.compiled(found.values_list("indicator__code", "indicator__unit", "number", "words", "demonstration", "kind"))


def newest_run() -> RunFacts | None:
    """The last published computation."""
    return next((run_facts(row) for row in prepared.rows(_newest_run())), None)


@lru_cache(maxsize=1)
def _newest_run() -> Statement:
    found = Run.objects.filter(published_at__isnull=False).order_by("-id")
    return prepared.compiled(found.values_list(*RunFacts._fields)[:1])


def kept_run(day: date) -> Run | None:
    """The newest finished run of everything as known on ``day``."""
    return Run.objects.filter(kind="known_on", known_on=day, finished_at__isnull=False).order_by("-id").first()
