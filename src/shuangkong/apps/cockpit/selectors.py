"""Reads of the pages that look across: values of places in a period, the path of a plan, targets, what is open.

Of several values of one cell the best is taken: the bureau's own figure before the issued one before the reported one
(accounting 6, 15), equivalent basis before none before calorific (accounting 3), the live figure only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from shuangkong.apps.cockpit.cells import Cell, read
from shuangkong.apps.indicators.models import Run, Target, Value
from shuangkong.apps.organisations.models import Subject
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
#: Since the base year: rolling four quarters (accounting 17b); everything else is of the year so far (17a).
SINCE_BASE = frozenset({DECLINE, REQUIRED, GAP, PROGRESS, REMAINING})

_KINDS = {True: ("rolling", "year", "ytd"), False: ("ytd", "year", "quarter", "rolling")}
_LENSES = ("published", "issued", "reported")
_BASES = ("equivalent", "", "calorific")
_QUARTER_ENDS = (1, 4, 7, 10)
#: Quarters in which the newest complete one is looked for first.
_RECENT = 7


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


def plans() -> list[Plan]:
    """All plans of the city, oldest first."""
    return list(Plan.objects.order_by("first_year", "demonstration"))


def places() -> list[Subject]:
    """The city, its counties and its zones, in order."""
    kinds = Subject.Kind
    return list(Subject.objects.filter(kind__in=[kinds.CITY, kinds.COUNTY, kinds.ZONE]))


def visible(user: Any, run: Run | None) -> QuerySet[Value]:
    """The values that ``user`` may see: current ones, or those of a run as known on a day."""
    found = Value.objects.visible_to(user).filter(release="", treatment="gross")
    return found.filter(run=run) if run is not None else found.filter(current__isnull=False)


def filed(run: Run | None, today: date) -> list[tuple[date, int]]:
    """The recent quarters (their ends) for which the in-year change of counties is due, newest first, with how many have a figure.

    Which quarter is complete is no figure: it is the same for everybody. Without a recent one all quarters are looked through.
    """
    reason = "which quarter is complete is no figure"
    found = Value.objects.unscoped(reason).filter(
        indicator__code=CHANGE, period_kind="ytd", release="", subject__kind=Subject.Kind.COUNTY,
        **({"run": run} if run is not None else {"current__isnull": False}),
    )  # fmt: skip
    counted = found.values_list("period_end").annotate(known=Count("value")).order_by("-period_end")
    rows = list(counted.filter(period_end__in=ends_before(today, _RECENT)))
    return rows if any(known for _end, known in rows) else list(counted.filter(period_end__month__in=_QUARTER_ENDS, period_end__lte=today))


def ends_before(today: date, quarters: int) -> list[date]:
    """The ends of the last ``quarters`` quarters that are over on ``today``, newest first."""
    year, quarter = today.year, (today.month - 1) // 3
    return [date(year + (quarter - back) // 4, (quarter - back) % 4 * 3 + 1, 1) for back in range(quarters)]


def newest_complete(found: Sequence[tuple[date, int]], today: date) -> date | None:
    """The newest quarter that is over and that at least half as many counties have filed as ever did; None without any."""
    ended = [(end, known) for end, known in found if end <= today]
    most = max((known for _, known in ended), default=0)
    return next((end for end, known in ended if known and known * 2 >= most), None)


def values_of(user: Any, moment: Moment, codes: Iterable[str], subject_ids: Iterable[int]) -> list[Cell]:
    """Values of ``codes`` for subjects at the moment's end."""
    found = visible(user, moment.run).filter(period_end=moment.end, indicator__code__in=list(codes), subject__in=list(subject_ids))
    return read(found)


def values_and_parts(user: Any, moment: Moment, codes: Iterable[str], prefixes: Iterable[str], subject_id: int) -> list[Cell]:
    """Values of one subject, of ``codes`` and of every indicator that begins with one of ``prefixes``, now and a year before."""
    asked = Q(indicator__code__in=list(codes))
    for prefix in prefixes:
        asked |= Q(indicator__code__startswith=prefix)
    ends = [moment.end, moment.end.replace(year=moment.end.year - 1)]
    found = read(visible(user, moment.run).filter(asked, period_end__in=ends, subject=subject_id).exclude(period_kind="month"))
    return sorted(found, key=lambda cell: (cell.indicator.position, cell.indicator.code))


def series_of(user: Any, run: Run | None, code: str, subject_id: int, ends: Sequence[date]) -> list[Cell]:
    """The values of one indicator at the given ends, in order."""
    found = read(visible(user, run).filter(indicator__code=code, subject=subject_id, period_end__in=ends))
    return sorted(found, key=lambda cell: cell.period_end)


def rank(value: Cell) -> tuple[int, int, int]:
    """How good a value is among several of one cell: period kind, lens, basis; the smallest is taken."""
    kinds = _KINDS[value.indicator.code in SINCE_BASE]
    kind = kinds.index(value.period_kind) if value.period_kind in kinds else len(kinds)
    return kind, _LENSES.index(value.lens) if value.lens in _LENSES else len(_LENSES), _BASES.index(value.basis)


def best(values: Iterable[Cell]) -> dict[tuple[int, str, date], Cell]:
    """The best value of each (subject, indicator, end); one that says 缺报 only where no other is."""
    chosen: dict[tuple[int, str, date], Cell] = {}
    for value in values:
        key = (value.subject_id, value.indicator.code, value.period_end)
        other = chosen.get(key)
        if other is None or (value.value is None, *rank(value)) < (other.value is None, *rank(other)):
            chosen[key] = value
    return chosen


def targets(user: Any, plan: Plan, subject_kind: str = "", subject_id: int = 0) -> list[Target]:
    """The plan's targets that ``user`` may see: of a kind of subjects (the city), or of one subject."""
    found = Target.objects.visible_to(user).filter(plan=plan).select_related("indicator")
    return list(found.filter(subject__kind=subject_kind) if subject_kind else found.filter(subject=subject_id))


def newest_run() -> Run | None:
    """The last published computation."""
    return Run.objects.filter(published_at__isnull=False).order_by("-id").first()




def kept_run(day: date) -> Run | None:
    """The newest finished run of everything as known on ``day``."""
    return Run.objects.filter(kind="known_on", known_on=day, finished_at__isnull=False).order_by("-id").first()
