"""What the carbon page shows, from a fixed number of reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shuangkong.apps.cockpit import drawings, selectors
from shuangkong.apps.cockpit.cells import Aim, Cell, Place, PlanFacts, RunFacts
from shuangkong.apps.cockpit.overview import address_of, choose_plan, moment_of, quarters_of
from shuangkong.apps.cockpit.selectors import Moment
from shuangkong.apps.indicators.models import Run, Value
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.charts import Bar, Chart, bar_chart
from shuangkong.apps.ui.figures import address
from shuangkong.core.wording import number

TOTAL, GROWTH, INTENSITY = "energy_co2_t", "energy_co2_growth_percent", "co2_intensity_t_per_10k_yuan"
CHANGE, DECLINE = "co2_intensity_change_percent", "co2_intensity_decline_percent"
REQUIRED, GAP, PROGRESS = "co2_intensity_required_percent", "co2_intensity_gap_points", "co2_intensity_progress_percent"
CODES = (TOTAL, GROWTH, INTENSITY, CHANGE, DECLINE, REQUIRED, GAP, PROGRESS)
#: Tonnes on the screen are 万t.
POWER = 4
GROUPS = {
    "coal": "煤", "oil": "油", "gas": "气", "electricity": "电力调入减调出", "heat": "热力调入减调出", "other": "未分品种",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What one fuel emits, or electricity and heat that crossed the border: now, a year ago, and how it is made."""

    label: str
    group: str
    now: Decimal | None
    before: Decimal | None
    detail: str

    @property
    def amount(self) -> Decimal | None:
        """Now, in 10 000 tonnes."""
        return None if self.now is None else self.now.scaleb(-POWER)

    @property
    def amount_before(self) -> Decimal | None:
        """A year ago, in 10 000 tonnes."""
        return None if self.before is None else self.before.scaleb(-POWER)


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place in the list."""

    place: Place
    cells: Mapping[str, Cell]

    @property
    def seen(self) -> bool:
        """Whether the reader may see anything of it."""
        return bool(self.cells)


@dataclass
class CarbonPage:
    """A place at one moment for one person."""

    subject: Subject
    plan: PlanFacts
    plans: list[PlanFacts]
    quarters: list[date]
    moment: Moment | None
    run: Run | RunFacts | None
    target: Aim | None
    reached: bool
    lines: list[PlaceLine] = field(default_factory=list)
    path: list[Cell] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @property
    def own(self) -> Mapping[str, Cell]:
        """The figures of the place itself."""
        return next((line.cells for line in self.lines if line.place.pk == self.subject.pk), {})

    @property
    def counties(self) -> list[PlaceLine]:
        """The counties that may be seen."""
        return [line for line in self.lines if line.place.kind == Subject.Kind.COUNTY and line.seen]

    @property
    def complete(self) -> int:
        """How many of the counties that may be seen have their CO2."""
        return sum(cell is not None and cell.value is not None for cell in (line.cells.get(TOTAL) for line in self.counties))

    @property
    def zones(self) -> list[PlaceLine]:
        """The zones that may be seen: they lie over counties."""
        return [line for line in self.lines if line.place.kind == Subject.Kind.ZONE and line.seen]

    @property
    def query(self) -> str:
        """The query that keeps plan and quarter on the way to another page."""
        return address_of(self.plan, self.moment)

    @cached_property
    def groups(self) -> list[tuple[str, Decimal | None, Decimal | None]]:
        """The sums of the kinds of sources, now and a year ago; None while one of a kind has no factor."""
        found = []
        for group, label in GROUPS.items():
            mine = [source for source in self.sources if source.group == group]
            if mine:
                found.append((_(label), _sum(s.amount for s in mine), _sum(s.amount_before for s in mine)))
        return found

    @cached_property
    def bars(self) -> Chart:
        """Bars by kind of source; what was sent out on balance has no bar and stands in the table with its sign."""
        total = address(self.own[TOTAL]) if TOTAL in self.own else ""
        bars = [Bar(label, now, _("上年%s") % number(before, 1) if before is not None else "", total) for label, now, before in self.groups]
        return bar_chart(bars, _("%(name)s二氧化碳排放按来源，万t") % {"name": self.subject.name}, _("万t"))

    @cached_property
    def trend(self) -> Chart:
        """Cumulative decline of carbon intensity against the path."""
        return drawings.path_chart(self.plan, self.path, self.target, self.subject.name)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = list(amounts)
    return None if None in found else sum((amount for amount in found if amount is not None), Decimal(0))


def carbon_page(
    user: Any, subject: Subject, today: date, plan_code: str = "", quarter: date | None = None, run: Run | None = None
) -> CarbonPage | None:
    """The page of ``subject`` as asked; None before a plan is loaded."""
    plans = selectors.plans()
    filed = selectors.standing(selectors.filed(run, today), today)
    plan = choose_plan(plans, plan_code, filed, today)
    if plan is None:
        return None
    ends = quarters_of(plan, filed)
    moment = moment_of(ends, quarter, filed, run)
    aims = selectors.targets_of(user, plan, subject.pk)
    target = next((aim for aim in aims if aim.indicator.code == DECLINE), None)
    run_shown = run or selectors.newest_run()
    page = CarbonPage(subject, plan, plans, ends, moment, run_shown, target, user.reaches(subject.pk))
    if moment is not None:
        _fill(page, user, moment)
    return page


def _fill(page: CarbonPage, user: Any, moment: Moment) -> None:
    shown = tuple(day for day in drawings.quarter_ends(page.plan) if day <= moment.end)
    places = selectors.places()
    found = selectors.best(selectors.values_at(user, moment, CODES, tuple(place.pk for place in places)))
    of: dict[int, dict[str, Cell]] = {}
    for (pk, code, _end), cell in found.items():
        of.setdefault(pk, {})[code] = cell
    page.lines = [PlaceLine(place, of.get(place.pk, {})) for place in places]
    page.path = list(selectors.best(selectors.series_of(user, moment.run, DECLINE, page.subject.pk, shown)).values())
    total = page.own.get(TOTAL)
    if total is not None:
        page.sources = _sources(user, total, moment)


def _sources(user: Any, total: Cell, moment: Moment) -> list[Source]:
    """The table that the total is made of, beside the one of a year ago. One statement."""
    ago = moment.end.replace(year=moment.end.year - 1)
    rows = Value.objects.visible_to(user).filter(
        indicator__code=TOTAL, subject=total.subject_id, period_kind=total.period_kind, period_end__in=[moment.end, ago], release=""
    )
    rows = rows.filter(current__isnull=False) if moment.run is None else rows.filter(run=moment.run)
    tables = {end: [line for line in inputs if "part" in line] for end, inputs in rows.values_list("period_end", "inputs")}
    before = {line["part"]: _amount(line) for line in tables.get(ago, [])}
    return [
        Source(line["label"], line["group"], _amount(line), before.get(line["part"]), line["detail"])
        for line in tables.get(moment.end, [])
    ]  # fmt: skip


def _amount(line: Mapping[str, Any]) -> Decimal | None:
    return None if line["number"] is None else Decimal(line["number"])
