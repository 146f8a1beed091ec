"""What the cockpit shows, put together from a fixed number of reads: it does not grow with the number of counties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property

from shuangkong.apps.cockpit import drawings, selectors
from shuangkong.apps.cockpit.cells import Aim, Cell, Item, Place, PlanFacts, RunFacts
from shuangkong.apps.cockpit.selectors import Filed, Moment
from shuangkong.apps.indicators.catalogue import ENTRIES
from shuangkong.apps.indicators.models import ForecastPoint, Run
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.charts import Chart
from shuangkong.core.periods import Period

#: What stands in a row of the list.
PLACE_CODES = (
    selectors.NATIONAL, selectors.CITY_SCHEME, selectors.DECLINE, selectors.REQUIRED, selectors.GAP, selectors.CHANGE,
    selectors.PROGRESS, selectors.REMAINING, selectors.ANNUAL_REQUIRED, selectors.EXEMPTION,
)  # fmt: skip
#: The headline indicators below the intensity, in the plan's order.
HEADLINES = (selectors.TOTAL, "cod_reduction_t", "nh3n_reduction_t", "nox_reduction_t", "vocs_reduction_t", "energy_co2_t")
#: Where a growth on a year ago is an indicator of its own.
GROWTHS = {selectors.TOTAL: selectors.TOTAL_GROWTH, "energy_co2_t": "energy_co2_growth_percent"}
#: Stands first where the plan asks for it: the main indicator from the 15th five years on.
CARBON_DECLINE, CARBON_PROGRESS = "co2_intensity_decline_percent", "co2_intensity_progress_percent"
NAMES = {entry.code: entry.name for entry in ENTRIES}
INBOX_SHOWN = 7
#: All that a cockpit reads of the moment shown.
SHOWN_CODES = frozenset({*PLACE_CODES, *HEADLINES, *GROWTHS.values(), CARBON_DECLINE, CARBON_PROGRESS})
#: Sorts behind every level.
UNRATED = 9


@dataclass(slots=True)
class PlaceRow:
    """One place at the moment shown: its levels by both schemes and the figures behind them. None: not visible or never due."""

    subject: Subject | Place
    national: Cell | None = None
    city_scheme: Cell | None = None
    decline: Cell | None = None
    required: Cell | None = None
    gap: Cell | None = None
    change: Cell | None = None
    progress: Cell | None = None
    remaining: Cell | None = None
    annual_required: Cell | None = None
    exemption: Cell | None = None
    #: Neither published nor within the reader's reach: it is not said to be missing.
    withheld: bool = False

    @property
    def seen(self) -> bool:
        """Whether anything of it may be shown to this person."""
        return any((self.national, self.decline, self.change))

    @property
    def missing(self) -> bool:
        """Whether its in-year change is due and cannot be computed."""
        return self.change is None or self.change.value is None

    @property
    def rose(self) -> bool:
        """Whether its intensity rose on a year ago (不降反升)."""
        return self.change is not None and self.change.value is not None and self.change.value > 0

    @property
    def behind(self) -> bool:
        """Whether it is behind the required path."""
        return self.gap is not None and self.gap.value is not None and self.gap.value < 0

    @property
    def exempt(self) -> bool:
        """Whether its total energy is not assessed, because it met its incentive target."""
        return self.exemption is not None and self.exemption.words.startswith("总量免考")

    @property
    def worst(self) -> tuple[int, Decimal]:
        """The graver level first, then the wider gap; without a level last."""
        severity = self.national.severity if self.national else None
        gap = number_of(self.gap)
        return severity or UNRATED, gap if gap is not None else Decimal(0)


def number_of(value: Cell | None) -> Decimal | None:
    """The number of a value, None when there is none."""
    return value.value if value is not None else None


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline indicator: its newest value, the change on a year ago, and what the plan asks."""

    code: str
    name: str
    value: Cell | None
    target: Aim | None
    growth: Cell | None = None
    withheld: bool = False
    progress: Cell | None = None

    @property
    def in_words(self) -> bool:
        """Whether the plan states it in words only: no percentage, no level (accounting 13)."""
        return self.target is not None and self.target.number is None


@dataclass
class Overview:
    """The cockpit of one plan at one moment for one person."""

    user: Any
    plan: PlanFacts
    plans: list[PlanFacts]
    quarters: list[date]
    moment: Moment | None
    run: Run | RunFacts | None
    today: date
    city: PlaceRow | None = None
    counties: list[PlaceRow] = field(default_factory=list)
    zones: list[PlaceRow] = field(default_factory=list)
    hidden: int = 0
    targets: dict[str, Aim] = field(default_factory=dict)
    headlines: list[Headline] = field(default_factory=list)
    path: list[Cell] = field(default_factory=list)

    @property
    def closed(self) -> bool:
        """Whether it shows the plan's result, not a course: its time is over and the quarter shown is its last."""
        return ended(self.plan, self.moment, self.today)

    @property
    def target(self) -> Aim | None:
        """The intensity target of the city; None when not issued (未下达)."""
        return self.targets.get(selectors.DECLINE)

    @property
    def carbon(self) -> Headline | None:
        """Carbon intensity where the plan asks for it."""
        return next((line for line in self.headlines if line.code == CARBON_DECLINE), None)

    @property
    def elapsed_percent(self) -> Decimal:
        """How much of the plan's time is over at the moment shown."""
        if self.moment is None:
            return Decimal(0)
        last = self.moment.last_month
        months = (last.year - self.plan.first_year) * 12 + last.month
        return Decimal(100) * months / (12 * self.plan.years)

    @property
    def last_known(self) -> Cell | None:
        """The newest decline on the path that is known, for when the one of this quarter is not."""
        return next((value for value in reversed(self.path) if value.value is not None), None)

    @cached_property
    def trend(self) -> Chart:
        """Cumulative decline against the path."""
        name = self.city.subject.name if self.city else ""
        return drawings.path_chart(self.plan, self.path, self.target, name)

    @cached_property
    def map(self) -> Chart:
        """Counties by their national level; of a plan that is over, by whether they met their target."""
        if self.closed:
            return drawings.map_of_results((row.subject.code, row.subject.name, row.gap, row.decline) for row in self.all_counties)
        return drawings.map_of((row.subject.code, row.subject.name, row.national, row.change) for row in self.all_counties)

    all_counties: list[PlaceRow] = field(default_factory=list)
    standing: Filed | None = None
    #: The decline of the city at the year-end as forecast; none of a plan that is over or of a day as known.
    outlook: ForecastPoint | None = None

    @property
    def filed(self) -> int:
        """How many of the counties shown have their in-year change."""
        return sum(not row.missing for row in self.counties)

    @property
    def pending(self) -> date | None:
        """The end of a newer quarter that not every county has filed; None where the page shows it or there is none."""
        held = self.standing
        over = self.today.year > self.plan.last_year
        if held is None or not held.pending or over or self.moment is None or self.moment.end >= held.newest:
            return None
        return held.newest

    @property
    def pending_code(self) -> str:
        """That quarter as the address names it."""
        last = Moment(self.pending or self.today).last_month
        return Period.quarter(last.year, (last.month + 2) // 3).code

    @property
    def query(self) -> str:
        """The query that keeps plan and quarter on the way to another page."""
        return address_of(self.plan, self.moment)


def address_of(plan: PlanFacts, moment: Moment | None) -> str:
    """``?plan=…&period=…``: a plan and a quarter in the address."""
    if moment is None:
        return f"?plan={plan.code}"
    last = moment.last_month
    known = f"&known_on={moment.run.known_on.isoformat()}" if moment.run is not None else ""
    return f"?plan={plan.code}&period={Period.quarter(last.year, last.month // 3).code}{known}"


def overview(user: Any, today: date, plan_code: str = "", quarter: date | None = None, run: Run | None = None) -> Overview | None:
    """The cockpit as asked; None before a plan is loaded. Without a plan named: the one of the newest complete quarter."""
    all_plans = selectors.plans()
    filed = selectors.standing(selectors.filed(run, today), today)
    plan = choose_plan(all_plans, plan_code, filed, today)
    if plan is None:
        return None
    ends = quarters_of(plan, filed)
    moment = moment_of(ends, quarter, filed, run)
    page = Overview(user, plan, all_plans, ends, moment, run or selectors.newest_run(), today, standing=filed)
    _fill(page)
    return page


def quarters_of(plan: PlanFacts, filed: Filed | None) -> list[date]:
    """The ends of the plan's quarters up to the newest of which anything is known, newest first."""
    return [end for end in reversed(drawings.quarter_ends(plan)) if filed is not None and end <= filed.newest]


def moment_of(ends: Sequence[date], quarter: date | None, filed: Filed | None, run: Run | None) -> Moment | None:
    """The quarter asked for, where it is one of ``ends``; else the newest complete one of them, else the newest."""
    if not ends or filed is None:
        return None
    complete = next((end for end in ends if end <= filed.complete), ends[0])
    return Moment(quarter if quarter in ends else complete, run)


def choose_plan(plans: Sequence[PlanFacts], code: str, filed: Filed | None, today: date) -> PlanFacts | None:
    """The plan named; else the one that holds the newest complete quarter; else the one of today; else the last."""
    named = [plan for plan in plans if plan.code == code]
    holding = [plan for plan in plans if filed is not None and in_plan(plan, filed.complete)]
    running = [plan for plan in plans if plan.first_year <= today.year <= plan.last_year]
    return next(iter([*named, *holding, *running, *reversed(plans)]), None)


def in_plan(plan: PlanFacts, end: date) -> bool:
    """Whether the quarter that ends before ``end`` lies in the plan's time."""
    year = end.year - (end.month == 1)
    return plan.first_year <= year <= plan.last_year


def ended(plan: PlanFacts, moment: Moment | None, today: date) -> bool:
    """Whether the plan's time is over and ``moment`` is its last quarter; any earlier quarter of it is on the way, not a result."""
    return today.year > plan.last_year and (moment is None or moment.end > date(plan.last_year, 12, 31))


def place_rows(subjects: Iterable[Subject | Place], values: dict[tuple[int, str, date], Cell], end: date) -> list[PlaceRow]:
    """Rows of places from the best values at one end."""
    return [PlaceRow(subject, *(values.get((subject.pk, code, end)) for code in PLACE_CODES)) for subject in subjects]


def _fill(page: Overview) -> None:
    subjects = selectors.places()
    page.targets = {aim.indicator.code: aim for aim in selectors.city_targets(page.user, page.plan) if not aim.internal}
    end = page.moment.end if page.moment else page.today
    city = next((subject for subject in subjects if subject.kind == Subject.Kind.CITY), None)
    values = _values(page, subjects, city.pk if city else 0)
    rows = place_rows(subjects, values, end)
    page.city = next((row for row in rows if row.subject is city), None)
    if page.city is not None:
        page.city.withheld = not page.city.seen and not page.user.reaches(page.city.subject.pk)
    page.all_counties = [row for row in rows if row.subject.kind == Subject.Kind.COUNTY]
    page.counties = sorted((row for row in page.all_counties if row.seen or page.user.sees_all), key=lambda row: row.worst)
    page.zones = [row for row in rows if row.subject.kind == Subject.Kind.ZONE and (row.seen or page.user.sees_all)]
    page.hidden = len(page.all_counties) - len(page.counties)
    page.headlines = _headlines(page, values, end)
    if (
        city is not None
        and page.user.reaches(city.pk)
        and page.today.year <= page.plan.last_year
        and (page.moment is None or page.moment.run is None)
    ):
        page.outlook = selectors.outlook(page.user, selectors.DECLINE, city.pk)
    path = ((day, values.get((page.city.subject.pk, selectors.DECLINE, day))) for day in _shown_ends(page)) if page.city else ()
    page.path = [value for _day, value in path if value is not None]


def _shown_ends(page: Overview) -> tuple[date, ...]:
    """The ends of the plan's quarters up to the one shown."""
    return tuple(day for day in drawings.quarter_ends(page.plan) if page.moment is not None and day <= page.moment.end)


def _values(page: Overview, subjects: Sequence[Place], city_id: int) -> dict[tuple[int, str, date], Cell]:
    if page.moment is None:
        return {}
    ids = tuple(subject.pk for subject in subjects)
    found = selectors.values_and_path(page.user, page.moment, SHOWN_CODES, ids, city_id, _shown_ends(page))
    return selectors.best(value for value in found if value.subject_id == city_id or value.code in PLACE_CODES)


def _headlines(page: Overview, values: dict[tuple[int, str, date], Cell], end: date) -> list[Headline]:
    city = page.city.subject.pk if page.city else 0
    reached = page.user.reaches(city)
    codes = (CARBON_DECLINE, *HEADLINES) if CARBON_DECLINE in page.targets else HEADLINES
    grown = {code: values.get((city, GROWTHS.get(code, ""), end)) for code in codes}
    done = {CARBON_DECLINE: values.get((city, CARBON_PROGRESS, end))}
    known = ((code, values.get((city, code, end))) for code in codes)
    return [
        Headline(code, NAMES[code], value, page.targets.get(code), grown[code], value is None and not reached, done.get(code))
        for code, value in known
    ]


def inbox(user: Any) -> tuple[list[Item], int]:
    """The first open items addressed to the person, and how many there are."""
    return selectors.open_items(user, INBOX_SHOWN)
