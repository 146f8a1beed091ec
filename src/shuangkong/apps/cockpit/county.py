"""One county, zone or city: its figures at a quarter, its path, what it is made of, what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shuangkong.apps.cockpit import drawings, selectors
from shuangkong.apps.cockpit.bridge import Bridge, bridge_of
from shuangkong.apps.cockpit.cells import Aim, Cell, PlanFacts, RunFacts
from shuangkong.apps.cockpit.filings import Filing, filings
from shuangkong.apps.cockpit.overview import PLACE_CODES, PlaceRow, choose_plan, ended, moment_of, place_rows, quarters_of
from shuangkong.apps.cockpit.selectors import Moment
from shuangkong.apps.indicators.forecast.selectors import year_end
from shuangkong.apps.indicators.models import ForecastPoint, Run
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.charts import Chart
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period

EQUIVALENT, CALORIFIC = "equivalent", "calorific"
PRODUCT, SECTOR = "energy_product_tce:", "energy_sector_tce:"
#: The lines of the balance in order: what the total is made of.
BALANCE = (
    "energy_terminal_tce", "energy_transformation_loss_tce", "energy_loss_tce", "energy_recovery_tce", "energy_total_tce",
    "energy_balance_difference_tce",
)  # fmt: skip
#: What of the year-end is shown.
OUTLOOK = (
    selectors.DECLINE, selectors.CHANGE, selectors.TOTAL, "energy_co2_t", selectors.ELECTRICITY,
)  # fmt: skip
#: Amounts of a county in 万tce.
POWER = 4


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount now and in the same period a year ago."""

    name: str
    now: Cell | None
    before: Cell | None


@dataclass
class CountyPage:
    """A place at one moment for one person."""

    subject: Subject
    plan: PlanFacts
    plans: list[PlanFacts]
    quarters: list[date]
    moment: Moment | None
    run: Run | RunFacts | None
    today: date
    row: PlaceRow
    target: Aim | None
    values: list[Cell] = field(default_factory=list)
    path: list[Cell] = field(default_factory=list)
    filings: list[tuple[str, list[Filing]]] = field(default_factory=list)
    #: The year-end as forecast, by indicator; none of a plan that is over or of a day as known.
    outlook: list[ForecastPoint] = field(default_factory=list)
    #: What is asked of total energy: the city's own number before words that are handed down.
    total_aim: Aim | None = None
    #: From the gross to the assessed decline; none where nothing is deducted.
    bridge: Bridge | None = None
    #: Whether the reader may see what is not published of it.
    reached: bool = True

    @cached_property
    def unfiled(self) -> list[str]:
        """What is due in the year shown and absent: 2026年前三季度能源. Only the newest of each, for it counts from January."""
        if self.moment is None:
            return []
        year = self.moment.last_month.year
        newest = [(label, [quarter for quarter in quarters if quarter.state]) for label, quarters in self.filings]
        absent = [(label, len(due)) for label, due in newest if due and due[-1].state == "not_filed"]
        return [f"{Period.ytd(year, quarters * 3).spoken}{label}" for label, quarters in absent]

    @property
    def closed(self) -> bool:
        """Whether it shows the plan's result: its time is over and the quarter shown is its last."""
        return ended(self.plan, self.moment, self.today)

    def value(self, code: str, basis: str | None = None, ago: bool = False) -> Cell | None:
        """The best value of ``code`` now or a year ago, at one basis where it is named."""
        return self._best.get((code, basis, ago))

    @cached_property
    def _best(self) -> dict[tuple[str, str | None, bool], Cell]:
        found: dict[tuple[str, str | None, bool], Cell] = {}
        for basis in (None, EQUIVALENT, CALORIFIC):
            chosen = selectors.best(value for value in self.values if basis is None or value.basis == basis)
            for (_subject, code, end), value in chosen.items():
                found[code, basis, self.moment is not None and end != self.moment.end] = value
        return found

    @property
    def total(self) -> Cell | None:
        """Total energy at the equivalent basis."""
        return self.value(selectors.TOTAL, EQUIVALENT)

    @property
    def total_calorific(self) -> Cell | None:
        """Total energy at the calorific basis."""
        return self.value(selectors.TOTAL, CALORIFIC)

    @property
    def total_growth(self) -> Cell | None:
        """Growth of total energy."""
        return self.value(selectors.TOTAL_GROWTH)

    @property
    def electricity(self) -> Cell | None:
        """Electricity of the year so far."""
        return self.value(selectors.ELECTRICITY)

    @property
    def electricity_growth(self) -> Cell | None:
        """Growth of electricity."""
        return self.value(selectors.ELECTRICITY_GROWTH)

    @property
    def gdp_growth(self) -> Cell | None:
        """Comparable growth of GDP."""
        return self.value(selectors.GDP_GROWTH)

    @cached_property
    def products(self) -> list[Amount]:
        """Energy by product, the largest first."""
        return self._amounts(PRODUCT)

    @cached_property
    def sectors(self) -> list[Amount]:
        """Energy by sector, the largest first."""
        return self._amounts(SECTOR)

    def _amounts(self, prefix: str) -> list[Amount]:
        codes = {v.indicator.code: v.indicator.name for v in self.values if v.indicator.code.startswith(prefix)}
        lines = [Amount(name, self.value(code, EQUIVALENT), self.value(code, EQUIVALENT, ago=True)) for code, name in codes.items()]
        known = [line for line in lines if line.now is not None]
        return sorted(known, key=_size, reverse=True)

    @cached_property
    def balance(self) -> list[tuple[str, Cell | None, Cell | None]]:
        """The lines of the balance: name, at the equivalent basis, at the calorific basis."""
        lines = [(self.value(code), self.value(code, EQUIVALENT), self.value(code, CALORIFIC)) for code in BALANCE]
        return [(known.indicator.name, equivalent, calorific) for known, equivalent, calorific in lines if known is not None]

    @cached_property
    def lacking(self) -> list[Cell]:
        """What is missing or incomplete at this moment, each once."""
        chosen = [value for (_code, basis, ago), value in self._best.items() if basis is None and not ago]
        return [value for value in chosen if value.status in (Status.MISSING.value, Status.INCOMPLETE.value)]

    @cached_property
    def findings(self) -> list[Cell]:
        """Figures at this moment of which something is wrong that is known."""
        chosen = [value for (_code, basis, ago), value in self._best.items() if basis is None and not ago]
        return [value for value in chosen if value.finding]

    @cached_property
    def trend(self) -> Chart:
        """Cumulative decline against the path."""
        return drawings.path_chart(self.plan, self.path, self.target, self.subject.name)

    @cached_property
    def sector_bars(self) -> Chart:
        """Bars of the sectors."""
        label = _("%(name)s分行业能源消费量，万tce，等价值") % {"name": self.subject.name}
        return drawings.bars_of([(line.now, line.before) for line in self.sectors if line.now], label, _("万tce"), POWER)


def _size(line: Amount) -> Any:
    return line.now.value if line.now is not None and line.now.value is not None else -1


def county_page(
    user: Any, subject: Subject, today: date, plan_code: str = "", quarter: date | None = None, run: Run | None = None
) -> CountyPage | None:
    """The page of ``subject`` as asked; None before a plan is loaded."""
    all_plans = selectors.plans()
    filed = selectors.standing(selectors.filed(run, today), today)
    plan = choose_plan(all_plans, plan_code, filed, today)
    if plan is None:
        return None
    ends = quarters_of(plan, filed)
    moment = moment_of(ends, quarter, filed, run)
    end = moment.end if moment is not None else None
    shown = tuple(day for day in drawings.quarter_ends(plan) if end is not None and day <= end)
    values, path = _values(user, moment, subject, shown) if moment is not None else ([], [])
    row = place_rows([subject], selectors.best(v for v in values if end is not None and v.period_end == end), end or today)[0]
    aims = selectors.targets_of(user, plan, subject.pk)
    target = next((aim for aim in aims if aim.indicator.code == selectors.DECLINE), None)
    page = CountyPage(subject, plan, all_plans, ends, moment, run or selectors.newest_run(), today, row, target, values)
    judged_by = row.decline.treatment if row.decline is not None else selectors.GROSS
    page.path = sorted(selectors.best(path, judged_by).values(), key=lambda cell: cell.period_end)
    of_total = [aim for aim in aims if aim.indicator.code == selectors.TOTAL]
    page.total_aim = min(of_total, key=lambda aim: not aim.internal, default=None)
    page.bridge = bridge_of(user, subject.name, values, moment) if moment is not None else None
    page.reached = user.reaches(subject.pk)
    row.withheld = not page.reached and not row.seen
    if page.reached and run is None and today.year <= plan.last_year:
        page.outlook = list(year_end(user, OUTLOOK, subject).values())
    if moment is not None and page.reached:
        page.filings = filings(user, subject.pk, moment.last_month.year, today, run.known_on if run is not None else None)
    return page


def _values(user: Any, moment: Moment, subject: Subject, ends: tuple[date, ...]) -> tuple[list[Cell], list[Cell]]:
    """All values of the subject at the moment's end and a year before, and its decline at ``ends``."""
    codes = (*PLACE_CODES, *BALANCE, selectors.TOTAL_GROWTH, selectors.GDP_GROWTH, selectors.ELECTRICITY, selectors.ELECTRICITY_GROWTH)
    return selectors.values_and_parts(user, moment, codes, (PRODUCT, SECTOR), subject.pk, ends)
