"""The invented filings: energy, GDP, growth and electricity, with late ones, gaps and revisions as in life."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from shuangkong.apps.ledger.loading import NewRow
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.project.packs.demonstration import Filing

from . import deductions
from .economy import CITY, FIRST_YEAR, LAST_YEAR, RESIDUAL, UNALLOCATED, YEARS, County, Economy, ends
from .energy import ZONES, Cell, Sheet, county_sheet, unallocated_sheet

#: The county that has not filed the newest quarter.
LATE = {("431027", 2026, 9)}
#: The county and month without electricity.
NO_ELECTRICITY = {("431024", 2026, 8)}
#: Electricity is there to this month.
LAST_MONTH = (2026, 10)
#: What a county files less of raw coal than is issued.
FILES_LESS = {"431023": 0.93}
#: A year of a county whose energy was revised: raw coal of this industry, by this factor.
REVISED_ENERGY = {("431022", 2023): ("C26", 1.06)}
#: How much lower the first GDP of a year was than the last, and what the last is called and when it came.
REVISED_GDP = {
    2020: (0.006, "final", date(2022, 1, 15)),
    2021: (0.004, "final", date(2023, 1, 15)),
    2022: (0.003, "final", date(2024, 1, 15)),
    2023: (0.012, "census", date(2025, 1, 20)),
    2024: (0.001, "verified", date(2025, 12, 20)),
}
#: A zone's part of its county's GDP, against its part of manufacturing.
ZONE_GDP = 0.6
UNITS = {"raw": "吨", "ng_gasfield": "立方米", "producer_gas": "立方米", "bfg": "立方米", "heat": "吉焦", "electricity": "万千瓦时", "other_fuel": "吨标准煤"}
DOCUMENT = "演示数据"
_SECTORS = {"B": "industry", "C": "industry", "D": "industry"}
_MONTH_PARTS = {"households": ((37, 34, 29), (30, 31, 39), (38, 37, 25), (28, 32, 40))}
_USUAL_PARTS = ((35, 28, 37), (33, 33, 34), (34, 34, 32), (32, 33, 35))


@dataclass(slots=True)
class Story:
    """What the filings tell: who, the economy, and the energy of each county and period."""

    counties: list[County]
    economy: Economy
    energy: dict[tuple[str, int, int], float]
    seed: int
    sheets: dict[tuple[str, int, int], Sheet] = field(default_factory=dict)

    def sheet(self, county: County, year: int, month: int) -> Sheet:
        """The county's energy to the end of a month."""
        key = (county.code, year, month)
        if key not in self.sheets:
            self.sheets[key] = county_sheet(county, year, month, self.energy[key], self.seed)
        return self.sheets[key]


def filings(story: Story) -> list[Filing]:
    """All filings in the order of their days."""
    found = [*_energy(story), *_gdp(story), *_value_added(story), *_electricity(story), *_totals(story), *_deductions(story)]
    return sorted(found, key=lambda filing: filing.rows[0].known_on)


def _row(subject: str, measure: str, period: Period, known_on: date, *, zone: str = "", industry: str = "", product: str = "", flow: str = "",
         micro: int | None = None, rate: str | None = None, unit: str, price_base: int | None = None, origin: str = "issued",
         release: str = "preliminary", comparable: bool = False) -> NewRow:  # fmt: skip
    filed = rate if rate is not None else format(from_micro(micro or 0).normalize(), "f")
    return NewRow(
        subject, zone, measure, industry, product, flow, period.kind, period.start, period.end, micro, rate, unit, filed, price_base, origin,
        release, comparable, DOCUMENT, "", known_on,
    )  # fmt: skip


def reading(subject: str, measure: str, period: Period, known_on: date, value: str, unit: str) -> NewRow:
    """A reading of air or water that was issued."""
    return _row(subject, measure, period, known_on, rate=value, unit=unit)


def energy_known_on(year: int, month: int) -> date:
    """When the energy to the end of a quarter is issued."""
    return {3: date(year, 5, 10), 6: date(year, 8, 10), 9: date(year, 11, 10), 12: date(year + 1, 3, 10)}[month]


def gdp_known_on(year: int, month: int) -> date:
    """When the GDP to the end of a quarter is known."""
    return {3: date(year, 4, 28), 6: date(year, 7, 28), 9: date(year, 10, 28), 12: date(year + 1, 1, 28)}[month]


def quarters() -> Iterator[tuple[int, int]]:
    """Year and last month of every quarter that is there."""
    return ((year, month) for year in YEARS for month in ends(year))


# energy


def _energy(story: Story) -> Iterator[Filing]:
    for year, month in quarters():
        period, known_on = Period.ytd(year, month), energy_known_on(year, month)
        issued = list(_balances(story, year, month, period, known_on))
        yield Filing(f"{period.label}能源平衡（市统计局核定）", issued, CITY)
        if year == LAST_YEAR:
            reported = [_as_filed(row) for row in issued if row.subject != UNALLOCATED]
            yield Filing(f"{period.label}能源平衡（县市区填报）", reported, CITY)
    for (code, year), (industry, factor) in REVISED_ENERGY.items():
        for county in (county for county in story.counties if county.code == code):
            cells = _revised(story.sheet(county, year, 12).cells, industry, factor)
            period, known_on = Period.ytd(year, 12), date(year + 1, 11, 20)
            rows = [_energy_row(code, cell, micro, period, known_on, release="final") for cell, micro in cells.items()]
            yield Filing(f"{period.label}能源平衡最终核实", rows, code)


def _balances(story: Story, year: int, month: int, period: Period, known_on: date) -> Iterator[NewRow]:
    whole = 0.0
    for county in story.counties:
        whole += story.energy[county.code, year, month]
        if (county.model, year, month) not in LATE:
            for cell, micro in story.sheet(county, year, month).cells.items():
                yield _energy_row(county.code, cell, micro, period, known_on)
    for cell, micro in unallocated_sheet(whole, year, month, story.seed).items():
        yield _energy_row(UNALLOCATED, cell, micro, period, known_on)


def _energy_row(code: str, cell: Cell, micro: int, period: Period, known_on: date, release: str = "preliminary") -> NewRow:
    product, flow, industry, zone = cell
    unit = UNITS.get(product, UNITS["raw"])
    return _row(
        code, "energy", period, known_on, zone=zone, industry=industry, product=product, flow=flow, micro=micro, unit=unit, release=release
    )  # fmt: skip


def _as_filed(row: NewRow) -> NewRow:
    """The county's own figure: filed ten days earlier, in one county lower than what was issued."""
    factor = FILES_LESS.get(row.subject, 1.0) if row.product == "raw_coal" and row.flow in ("terminal", "inflow") else 1.0
    micro = row.micro if factor == 1.0 or row.micro is None else round(row.micro * factor / 10_000) * 10_000
    filed = format(from_micro(micro or 0).normalize(), "f")
    return row._replace(origin="reported", micro=micro, filed=filed, known_on=row.known_on.replace(day=row.known_on.day - 2))


def _revised(cells: dict[Cell, int], industry: str, factor: float) -> dict[Cell, int]:
    found = dict(cells)
    cell = ("raw_coal", "terminal", industry, "")
    more = round(cells[cell] * (factor - 1) / 10_000) * 10_000
    found[cell] += more
    found["raw_coal", "inflow", "", ""] += more
    return found


def _deductions(story: Story) -> Iterator[Filing]:
    """What counties claim to be taken out of their energy before it is judged, as the city has confirmed it."""
    for year, month, known_on in deductions.filed_quarters():
        stated = deductions.deduction_rows(story, year, month)
        rows = [_row(row.pop("subject"), row.pop("measure"), row.pop("period"), known_on, **row) for row in stated]
        if rows:
            yield Filing(f"{Period.ytd(year, month).label}{deductions.TITLE}", rows, deductions.SUBJECT)


def _totals(story: Story) -> Iterator[Filing]:
    """The total that the province issues to the city, a year at a time."""
    for year in range(FIRST_YEAR, LAST_YEAR):
        whole = sum(story.energy[county.code, year, 12] for county in story.counties) / (1 - RESIDUAL)
        period = Period.ytd(year, 12)
        micro = round(whole / 100) * 100 * 1_000_000
        row = _row(CITY, "energy_total", period, date(year + 1, 9, 20), micro=micro, unit="吨标准煤")
        yield Filing(f"{year}年全市能源消费总量（省统计局核定）", [row], CITY)


# GDP


def _gdp(story: Story) -> Iterator[Filing]:
    for year, month in quarters():
        rows = list(_gdp_rows(story, year, month, gdp_known_on(year, month), "preliminary"))
        yield Filing(f"{Period.ytd(year, month).label}地区生产总值", rows, CITY)
    for year, (_, release, known_on) in REVISED_GDP.items():
        rows = [row for month in ends(year) for row in _gdp_rows(story, year, month, known_on, release)]
        yield Filing(f"{year}年地区生产总值修订", rows, CITY)


def _gdp_rows(story: Story, year: int, month: int, known_on: date, release: str) -> Iterator[NewRow]:
    period = Period.ytd(year, month)
    codes = [*(county.code for county in story.counties), UNALLOCATED]
    for price_base in (0, 2020, 2025):
        whole = 0
        for code in codes:
            value = story.economy.gdp(code, year, month, price_base)
            if value is not None:
                micro = round(value * _vintage(year, price_base, release) * 100) * 10_000
                whole += micro
                yield from _gdp_of(code, micro, period, known_on, price_base, release)
        if whole:
            yield _row(CITY, "gdp", period, known_on, micro=whole, unit="万元", price_base=price_base, release=release)
    if year > FIRST_YEAR:
        yield from _growth_rows(story, year, month, period, known_on, release)


def _vintage(year: int, price_base: int, release: str) -> float:
    """Part of the value that a release shows. What was published at current prices is the first release (of the base year the last one)."""
    lower = REVISED_GDP.get(year, (0.0,))[0]
    if price_base == 0 and year > FIRST_YEAR:
        return 1.0 if release == "preliminary" else 1 / (1 - lower)
    return 1 - lower if release == "preliminary" else 1.0


def _gdp_of(code: str, micro: int, period: Period, known_on: date, price_base: int, release: str) -> Iterator[NewRow]:
    """The GDP of a county as a whole; that of a zone lies over it."""
    for zone, (county, part) in ZONES.items():
        if county == code:
            inside = round(micro * part * ZONE_GDP / 10_000) * 10_000
            yield _row(code, "gdp", period, known_on, zone=zone, micro=inside, unit="万元", price_base=price_base, release=release)
    yield _row(code, "gdp", period, known_on, micro=micro, unit="万元", price_base=price_base, release=release)


def _growth_rows(story: Story, year: int, month: int, period: Period, known_on: date, release: str) -> Iterator[NewRow]:
    factors = {county.code: story.economy.growth_factor(county.code, year, month) for county in story.counties}
    base = {code: story.economy.gdp(code, year - 1, month, 2020 if year < LAST_YEAR else 2025) or 0.0 for code in factors}
    factors[CITY] = sum(factors[code] * value for code, value in base.items()) / sum(base.values())
    for code, factor in factors.items():
        rate = _percent(factor)
        yield _row(code, "gdp_growth", period, known_on, rate=rate, unit="%", release=release, comparable=True)
        for zone in (zone for zone, (county, _) in ZONES.items() if county == code):
            yield _row(code, "gdp_growth", period, known_on, zone=zone, rate=rate, unit="%", release=release, comparable=True)


def _percent(factor: float) -> str:
    return f"{round((factor - 1) * 1000) / 10:.1f}"


def _value_added(story: Story) -> Iterator[Filing]:
    """Growth of industrial value added: nothing for January, the first of a year is for January and February."""
    for year in range(FIRST_YEAR + 1, LAST_YEAR + 1):
        random = Random(f"value added {story.seed} {year}")
        months = range(2, (LAST_MONTH[1] if year == LAST_YEAR else 12) + 1)
        rows = []
        for county in story.counties:
            year_growth = story.economy.growth_factor(county.code, year, 9 if year == LAST_YEAR else 12)
            for month in months:
                known_on = date(year, month + 1, 20) if month < 12 else date(year + 1, 1, 20)
                rate = _percent(year_growth + 0.018 + random.uniform(-0.012, 0.012))
                period = Period.ytd(year, month)
                rows.append(_row(county.code, "industry_value_added_growth", period, known_on, rate=rate, unit="%", comparable=True))
        yield Filing(f"{year}年规模以上工业增加值增速（1—2月起）", rows, CITY)


# electricity


def sector_of(industry: str) -> str:
    """The statistical sector of an industry."""
    return _SECTORS.get(industry[0], industry)


def _electricity(story: Story) -> Iterator[Filing]:
    for year in YEARS:
        rows = []
        for county in story.counties:
            rows += _county_electricity(story, county, year)
        yield Filing(f"{year}年分月用电量（供电公司）", sorted(rows, key=lambda row: row.known_on), CITY)


def _county_electricity(story: Story, county: County, year: int) -> Iterable[NewRow]:
    before: dict[tuple[str, str], int] = {}
    for quarter, month in enumerate(ends(year)):
        total = _terminal_electricity(story.sheet(county, year, month))
        for key, micro in total.items():
            for offset, part in enumerate(_months(key[0], quarter, micro - before.get(key, 0))):
                yield from _month(county, year, month - 2 + offset, key, part)
        before = total
    if year == LAST_MONTH[0]:
        last = _terminal_electricity(story.sheet(county, year - 1, 12))
        nine = _terminal_electricity(story.sheet(county, year - 1, 9))
        for key, micro in last.items():
            part = round(_months(key[0], 3, micro - nine[key])[0] * 1.046 / 10_000) * 10_000
            yield from _month(county, *LAST_MONTH, key, part)


def _terminal_electricity(sheet: Sheet) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for (product, flow, industry, zone), micro in sheet.cells.items():
        if product == "electricity" and flow == "terminal":
            for place in {"", zone}:
                key = (sector_of(industry), place)
                found[key] = found.get(key, 0) + micro
    return found


def _months(sector: str, quarter: int, micro: int) -> list[int]:
    parts = _MONTH_PARTS.get(sector, _USUAL_PARTS)[quarter]
    found = [round(micro * part / sum(parts) / 10_000) * 10_000 for part in parts[:2]]
    return [*found, micro - sum(found)]


def _month(county: County, year: int, month: int, key: tuple[str, str], micro: int) -> Iterator[NewRow]:
    if (county.model, year, month) in NO_ELECTRICITY:
        return
    known_on = date(year, month + 1, 15) if month < 12 else date(year + 1, 1, 15)
    sector, zone = key
    yield _row(county.code, "electricity", Period.month(year, month), known_on, zone=zone, industry=sector, micro=micro, unit="万千瓦时")
