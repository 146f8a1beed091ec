"""The whole computation: ledger and rulebook in, values out. The same inputs give the same digits, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from shuangkong.apps.energy import carbon, ground, vintages
from shuangkong.apps.energy.assessed import Assessments
from shuangkong.apps.energy.balances import Balances, Totals
from shuangkong.apps.energy.burning import Factors
from shuangkong.apps.energy.coefficients import Coefficients
from shuangkong.apps.energy.deductions import LENS as ASSESSED_LENS
from shuangkong.apps.energy.deductions import MEASURES as DEDUCTED
from shuangkong.apps.energy.deductions import Deductions
from shuangkong.apps.energy.economy import Economy, write_gdp, write_growth
from shuangkong.apps.energy.electricity import ElectricityAccount, Power
from shuangkong.apps.energy.exemption import write_exemption
from shuangkong.apps.energy.gathering import Filed, Place, gather
from shuangkong.apps.energy.intensity import Goal, Grades, Intensities
from shuangkong.apps.energy.places import City, above, cities
from shuangkong.apps.energy.published import Published
from shuangkong.apps.energy.series import Series, period_of
from shuangkong.apps.energy.units import UnitAccount, units_of
from shuangkong.apps.indicators.drafts import Draft, Drafts, Figure
from shuangkong.apps.indicators.evidence import AsOf, energy_filings, series_cells
from shuangkong.apps.indicators.models import HANDED_DOWN, Target, Value
from shuangkong.apps.indicators.sections import Sections
from shuangkong.apps.ledger.imports.columns import section_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period
from shuangkong.rulebook.loader import RecordingBook, Rulebook
from shuangkong.rulebook.places import short_code

DECLINE = "energy_intensity_decline_percent"
ACCOUNT_LENSES = ("issued", "reported")


def compute(rulebook: Rulebook, as_of: AsOf, today: date, sections: Sections | None = None) -> list[Draft]:
    """Every value that the ledger and the rulebook give, as known on ``as_of.known_on`` (None: by today).

    With ``sections`` that were compared before, without the values of those that are kept.
    """
    computation = Computation(rulebook, as_of, today, sections or Sections())
    computation.run()
    return computation.drafts.rows


def _labels(rulebook: Rulebook) -> Mapping[str, Mapping[str, str]]:
    words = {term.code: term.label for name in ("industries", "sectors") for term in rulebook.terms(name)}
    words |= {f"{section_of(term.code)}{term.code}": term.label for term in rulebook.terms("industries")}
    products = {term.code: term.label for term in rulebook.terms("products")}
    words["unassigned"] = "未分行业"
    outputs = {term.code: term.label for term in rulebook.terms("outputs")}
    return {
        "unit_product_kgce_per_t": outputs, "unit_product_kwh_per_t": outputs, "energy_product_tce": products, "energy_sector_tce": words,
        "electricity_sector_10k_kwh": words,
    }  # fmt: skip


class Computation:
    """One run over all cities, and over what is published of the regions above them."""

    def __init__(self, rulebook: Rulebook, as_of: AsOf, today: date, sections: Sections) -> None:
        self.rulebook, self.as_of, self.today, self.sections = rulebook, as_of, today, sections
        self.known_on = as_of.known_on or today
        self.cities = cities()
        self.drafts = Drafts(_labels(rulebook))
        self.series = Series(series_cells(as_of))
        self.filings = energy_filings(as_of)
        self.accounts = _with_years(gather(self.filings))
        self.totals = Totals()
        self.goals, self.carbon_goals = _goals(DECLINE), _goals(carbon.DECLINE)

    def run(self) -> None:
        """Cities first, then what is published."""
        for city in self.cities:
            CityComputation(self, city).run()
        UnitAccount(self.drafts, self.series, self.rulebook.book(known_on=self.known_on)).write(units_of())
        own = {draft.key for draft in self.drafts.rows} | self.kept_changes()
        subjects = [*above(), *(s for city in self.cities for s in (city.subject, *city.counties))]
        Published(self.drafts, self.series, self.rulebook.book(known_on=self.known_on), subjects, self.goals).write(own)

    def kept_changes(self) -> set[str]:
        """Keys of our own changes of intensity in sections that are kept."""
        if not self.sections.keeps:
            return set()
        current = Value.objects.unscoped("which values are kept is no figure").filter(current__isnull=False)
        kept = [name.subject_id for name in self.sections.kept_of("economy") if name.lens == "issued"]
        return set(current.filter(calculation="intensity.change", lens="issued", subject_id__in=kept).values_list("key", flat=True))


def _with_years(accounts: dict[Place, Filed]) -> dict[Place, Filed]:
    """A year that was filed as 1–12月 stands for the year too, where no year of its own was filed."""
    for (lens, subject_id, kind, end), filed in list(accounts.items()):
        place = (lens, subject_id, "year", end)
        if kind == "ytd" and end[5:7] == "01" and place not in accounts:
            accounts[place] = filed.as_year(period_of(kind, end).code)
    return accounts


def _goals(code: str) -> dict[tuple[int, int], Goal]:
    """The target of a decline by subject and year."""
    targets = Target.objects.unscoped("progress is computed against every target").filter(HANDED_DOWN, indicator__code=code)
    found = {}
    for target in targets.select_related("plan"):
        goal = Goal(target, target.plan.base_year, target.plan.years)
        for year in range(target.plan.first_year, target.plan.last_year + 1):
            found[target.subject_id, year] = goal
    return found


class CityComputation:
    """All values of one city, its counties, 不分县 and zones."""

    def __init__(self, whole: Computation, city: City) -> None:
        self.whole, self.city = whole, city
        self.region = short_code(city.subject.code) or whole.rulebook.default_region
        self.book: RecordingBook = whole.rulebook.book(self.region, whole.known_on)
        self.coefficients = Coefficients(self.book, self.region)
        decimals = int(self.book.at("statistics.growth_published_decimals", self.region, whole.known_on).number)
        self.economy = Economy(whole.series, [city], decimals)
        self.gdp_lens = "issued"
        self.assessments: Assessments | None = None
        self.balances = Balances(whole.drafts, self.coefficients, whole.totals, whole.series, whole.sections)

    def run(self) -> None:
        """Accounts, electricity, GDP, intensity, levels, then the targets that nothing measures yet."""
        for lens in ACCOUNT_LENSES:
            periods = self._energy(lens)
            self._electricity(lens)
            self._economy_and_intensity(lens, periods)
            if lens == carbon.LENS:
                self._carbon(periods)
        self._releases()
        self._unmeasured()

    def _energy(self, lens: str) -> list[Period]:
        """The accounts of one lens. Returns the periods that have any total, by date."""
        mine = {part.id: part for part in (*self.city.parts, *self.city.zones)}
        places: dict[tuple[str, str], dict[int, Filed]] = {}
        for (account_lens, subject_id, kind, end), filed in self.whole.accounts.items():
            if account_lens == lens and subject_id in mine:
                places.setdefault((end, kind), {})[subject_id] = filed
        periods = {period_of(kind, end) for end, kind in places} | self._issued_periods(lens)
        ordered = sorted(periods, key=lambda period: (period.end, period.kind))
        for period in ordered:
            self._period(lens, period, places.get((period.end.isoformat(), period.kind), {}))
        return ordered

    def _issued_periods(self, lens: str) -> set[Period]:
        if lens != "issued":
            return set()
        mine = {part.id for part in (self.city.subject, *self.city.parts, *self.city.zones)}
        cells = [cell for owner, cell in self.whole.series.all("energy_total") if owner in mine and cell.origin in ("issued", "published")]
        return {period_of(cell.kind, cell.end) for cell in cells}

    def _period(self, lens: str, period: Period, accounts: Mapping[int, Filed]) -> None:
        parts = [(part, accounts[part.id]) for part in self.city.parts if part.id in accounts]
        for subject in (*self.city.parts, *self.city.zones):
            if subject.id in accounts:
                self.balances.county(lens, subject, period, accounts[subject.id])
            else:
                self.balances.unaccounted(lens, subject, period, awaited=bool(parts) and subject in self.city.counties)
        if parts:
            self.balances.city(lens, self.city, period, parts)
        else:
            self.balances.unaccounted(lens, self.city.subject, period, awaited=False)
        tolerance = self.book.at("statistics.residual_tolerance_percent", self.region, self.whole.known_on).number
        self.balances.residual(lens, self.city, period, tolerance)

    def _electricity(self, lens: str) -> None:
        everybody = (self.city.subject, *self.city.parts, *self.city.zones)
        mine = {part.id for part in everybody}
        lines = sorted(line for owner, line in self.whole.series.lines("electricity") if owner in mine)
        self.whole.sections.cities[self.city.subject.id] = tuple(mine)
        if self.whole.sections.kept(f"electricity|{lens}|{self.city.subject.id}", [*ground.city_lines(self.city), *lines]):
            return
        ElectricityAccount(self.whole.drafts, Power(self.whole.series, lens), lens).city(self.city)

    def base_of(self, year: int) -> int | None:
        """The price base of a year's GDP; None where no rule says."""
        try:
            return int(self.book.at("statistics.gdp_price_base", "cn", date(year, 12, 31), self.whole.known_on).number)
        except NotInForce:
            return None

    def _economy_and_intensity(self, lens: str, energy_periods: Iterable[Period]) -> None:
        self.gdp_lens = lens if self._economy_periods(lens) else "issued"  # a county files no GDP: the issued one serves both lenses
        intensities = Intensities(
            self.whole.drafts, self.whole.totals, self.economy, self.coefficients, self.book, self.region, lens, self.gdp_lens
        )  # fmt: skip
        grades = Grades(intensities, lambda subject, year: self.whole.goals.get((subject.id, year)))
        periods = [period for period in energy_periods if period.kind in ("ytd", "year")]
        periods = sorted({*periods, *self._economy_periods(lens)}, key=lambda period: (period.end, period.kind))
        rested = self._rested(lens, periods)
        everybody = (*self.city.parts, *self.city.zones, self.city.subject)
        kept = {subject.id for subject in everybody if rested(subject)}
        subjects = [subject for subject in (*self.city.counties, *self.city.zones, self.city.subject) if subject.id not in kept]
        self.assessments = self._assessments(intensities) if lens == ASSESSED_LENS else None
        before = len(self.whole.drafts.rows)
        for period in periods:
            base = self.base_of(period.start.year)
            if base is None:
                continue
            for subject in subjects:
                self._subject(intensities, grades, subject, period, base)
        rows = self.whole.drafts.rows  # what a city deducts is asked of its parts, whose own values may stand already
        rows[before:] = [draft for draft in rows[before:] if draft.subject_id not in kept]

    def _assessments(self, intensities: Intensities) -> Assessments:
        deductions = Deductions(
            self.whole.drafts, self.city, self._issued_accounts(), self.whole.series, self.whole.totals.figures, self.coefficients,
            self.economy, self.book, self.region, self.whole.goals,
        )  # fmt: skip
        return Assessments(intensities, deductions)

    def _issued_accounts(self) -> dict[tuple[int, str], Filed]:
        """The accounts of this city's places by subject and period."""
        mine = {part.id for part in (*self.city.parts, *self.city.zones)}
        return {
            (subject_id, period_of(kind, end).code): filed
            for (lens, subject_id, kind, end), filed in self.whole.accounts.items()
            if lens == "issued" and subject_id in mine
        }

    def _rested(self, lens: str, periods: Iterable[Period]) -> Callable[[Subject], bool]:
        """Whether GDP, intensity and levels of a subject rest on what the current ones rest on."""
        cells: dict[int, list[str]] = {}
        for owner, line in (pair for measure in ("gdp", "gdp_growth", *DEDUCTED) for pair in self.whole.series.lines(measure)):
            cells.setdefault(owner, []).append(line)
        totals: dict[int, list[str]] = {}
        for (of, owner, code, basis), figure in self.whole.totals.figures.items():
            if of == lens:
                totals.setdefault(owner, []).append(ground.figure_line(code, basis, figure))
        used = {name: sm3 for name, sm3 in self.whole.sections.now.items() if name.startswith(f"sheet|{lens}|")}
        for name, sm3 in used.items():
            totals.setdefault(int(name.split("|")[2]), []).append(sm3)
        goals: dict[int, list[str]] = {}
        for (owner, year), goal in self.whole.goals.items():
            goals.setdefault(owner, []).append(ground.goal_line(year, goal))
        spans = [self.gdp_lens, *(period.code for period in periods)]

        def kept(subject: Subject) -> bool:
            own = subject.id == self.city.subject.id
            parts = (self.city.subject, *self.city.parts) if own else (subject,)
            named = ground.city_lines(self.city) if own else [ground.subject_line(subject)]
            filed = sorted(line for part in parts for line in cells.get(part.id, ()))
            lines = [*spans, *named, *filed, *sorted(totals.get(subject.id, ())), *sorted(goals.get(subject.id, ()))]
            return self.whole.sections.kept(f"economy|{lens}|{subject.id}", lines)

        return kept

    def _economy_periods(self, lens: str) -> set[Period]:
        mine = {part.id for part in (self.city.subject, *self.city.parts, *self.city.zones)}
        origins = ("issued", "published") if lens == "issued" else ("reported",)
        found = (pair for measure in ("gdp", "gdp_growth") for pair in self.whole.series.all(measure))
        cells = [cell for owner, cell in found if owner in mine and cell.origin in origins]
        periods = {period_of(cell.kind, cell.end) for cell in cells}
        years = {Period.year(p.start.year) for p in periods if p.kind == "ytd" and p.last_month == 12}
        return {p for p in periods if p.kind in ("ytd", "year")} | years

    def _subject(self, intensities: Intensities, grades: Grades, subject: Subject, period: Period, base: int) -> None:
        drafts, lens = self.whole.drafts, intensities.lens
        own = self.city if subject.id == self.city.subject.id else None
        county, year = own is None, period.start.year
        base_year = self.base_of(year + 1) == year
        if self.gdp_lens == lens:
            write_gdp(drafts, self.economy, lens, subject, period, base, own if not base_year else None)
            if base_year:
                write_gdp(drafts, self.economy, lens, subject, period, year, None)
            write_growth(drafts, self.economy, lens, subject, period, base)
        known = self.economy.level(self.gdp_lens, subject, period, base) is not None
        shown = base if known or not base_year else year
        for basis in ("calorific", "equivalent"):
            intensities.level_value(subject, period, shown, basis)
        intensities.energy_growth(subject, period)
        change = intensities.change(subject, period, base, county)
        assessed = self._assessed_in_year(subject, period, base, county)
        if change is not None:
            counting = self.assessments.counting(change, assessed, period) if self.assessments is not None else change
            grades.in_year(subject, period, counting)
        self._since_base(intensities, grades, subject, period, base, county)

    def _since_base(
        self, intensities: Intensities, grades: Grades, subject: Subject, period: Period, base: int, county: bool
    ) -> None:  # fmt: skip
        goal = self.whole.goals.get((subject.id, period.start.year))
        if intensities.energy(subject, period) is None:
            return
        span = period if period.kind == "year" else Period.rolling(period.start.year, period.last_month)
        if (
            span.kind == "rolling"
            and span.last_month % 3 == 0
            and intensities.energy(subject, Period.year(period.start.year - 1)) is not None
        ):
            intensities.rolling_value(subject, span, base)
        if span.kind == "rolling" and (span.last_month % 3 or span.last_month == 12):
            return
        base_year = goal.base_year if goal else base
        decline = intensities.decline(subject, span, base_year, county)
        if decline is not None:
            if self.assessments is not None:
                assessed = self.assessments.decline(subject, span, base_year, county)
                decline = self.assessments.counting(decline, assessed, span)
            grades.since_base(subject, span, decline)
            if self.assessments is not None:
                write_exemption(self.whole.drafts, self.book, self.region, intensities.lens, goal, subject, span, decline)

    def _assessed_in_year(self, subject: Subject, period: Period, base: int, county: bool) -> Figure | None:
        if self.assessments is None:
            return None
        goal = self.whole.goals.get((subject.id, period.start.year))
        years = (Period.year(goal.base_year if goal else base), Period.year(period.start.year - 1))
        self.assessments.ask(subject, period, period.year_before(), *years)
        self.assessments.total(subject, period)
        return self.assessments.change(subject, period, base, county)

    def _carbon(self, periods: Iterable[Period]) -> None:
        """CO2 from the accounts of the issued lens."""
        spans = [period for period in periods if period.kind in ("ytd", "year")]
        years = {period.start.year for period in spans}
        bases = {year: self.base_of(year) for year in years | {year + 1 for year in years}}
        factors, goals = Factors(self.book, self.region), self.whole.carbon_goals
        carbon.write_carbon(
            self.whole.drafts, self.city, self._issued_accounts(), spans, self.economy, factors, goals, bases, self.whole.sections
        )  # fmt: skip

    def _releases(self) -> None:
        """Preliminary, verified, final and census figures side by side."""
        counties = {part.id: part for part in self.city.parts}
        vintages.write_energy(self.whole.drafts, self.coefficients, self.whole.filings, counties)
        everybody = {part.id: part for part in (self.city.subject, *self.city.parts, *self.city.zones)}
        vintages.write_series(self.whole.drafts, self.whole.series, everybody)

    def _unmeasured(self) -> None:
        """Targets in numbers for which the platform has no account yet are 缺报, never zero."""
        codes = ("cod_reduction_t", "nh3n_reduction_t", "nox_reduction_t", "vocs_reduction_t")
        mine = {part.id: part for part in (self.city.subject, *self.city.counties)}
        targets = Target.objects.unscoped("what is asked and not measured is said").filter(HANDED_DOWN, subject_id__in=mine)
        targets = targets.filter(indicator__code__in=codes).select_related("plan", "indicator")
        for target in targets.order_by("plan_id", "indicator_id", "subject_id"):
            year = min(max(self.known_year, target.plan.first_year), target.plan.last_year)
            self.whole.drafts.add(
                target.indicator.code, mine[target.subject_id], Period.year(year), None, calculation="target.unmeasured",
                status=Status.MISSING, demonstration=target.demonstration, sentence="平台尚无该指标的核算数据（缺报）",
            )  # fmt: skip

    @property
    def known_year(self) -> int:
        """The year of the day as known on which all is computed."""
        return self.whole.known_on.year
