"""The invented energy of a county: flows of twenty products that balance and add up to the intensity of the story."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random

from shuangkong.core.energy import Basis
from shuangkong.rulebook.loader import Rulebook

from .economy import FIRST_YEAR, FOLDER, GDP_SHARE, LAST_YEAR, RESIDUAL, UNALLOCATED, County, Economy, ends

REGION = "4310"
ENERGY_SHARE = {3: 0.240, 6: 0.480, 9: 0.735, 12: 1.0}
#: Weight of each year's decline in that of the five years.
YEAR_WEIGHTS = {2021: 0.7, 2022: 0.9, 2023: 0.9, 2024: 1.2, 2025: 1.3}
#: The county that did badly in the middle of the period.
LAGGING_WEIGHTS = {"431022": {2021: 0.2, 2022: 1.2, 2023: -0.4, 2024: 1.9, 2025: 2.1}}

#: county → industry → how much heavier than elsewhere; 0: not there
PROFILES: dict[str, dict[str, float]] = {
    "431002": {"B06": 0, "C26": 0.4, "C30": 0.5, "trade": 2.0, "other": 1.8},
    "431003": {"B06": 0, "C32": 1.6, "C26": 0.6, "D44": 2.5},
    "431081": {"C30": 2.2, "C32": 1.3, "C26": 0.8, "D44": 1.5},
    "431021": {"B06": 0, "C32": 2.0, "B09": 1.8},
    "431022": {"C26": 2.4, "B06": 1.8, "C39": 1.2},
    "431023": {"C32": 2.2, "B06": 1.3, "D44": 1.5},
    "431024": {"C33": 3.2, "B06": 1.2, "C26": 0.2},
    "431025": {"B09": 2.4, "C39": 1.6, "C26": 0},
    "431026": {"B06": 0, "C26": 0, "C33": 0, "B09": 1.5},
    "431027": {"B06": 0, "C26": 0, "C32": 0, "C33": 0, "agriculture": 1.8},
    "431028": {"B09": 0, "C26": 0, "C32": 0.4, "agriculture": 1.8},
}
#: Electricity made from water and wind in a year, 10 000 kWh.
NON_FOSSIL = {
    "431002": 9_600, "431081": 118_000, "431021": 30_000, "431022": 8_400, "431025": 10_100, "431026": 5_600, "431027": 3_700,
}  # fmt: skip
#: Electricity made from coal in a year, 10 000 kWh.
COAL_POWER = {"431003": 655_000, "431023": 46_000}
#: Raw coal mined, as a part of what the county uses.
COAL_MINED = {"431022": 0.25, "431023": 0.35, "431024": 0.20, "431081": 0.15}
#: zone → county and the part of the county's manufacturing that stands in it
ZONES = {"CZ-HITECH": ("431003", 0.35), "CZ-ETDZ": ("431002", 0.30)}
#: Raw coal used as material in the chemical industry.
FEEDSTOCK_PART = {"431022": 0.30, "431081": 0.12}
#: Where the books of raw coal do not close: (county, year, month) → part of what was available.
GAPS = {("431025", 2026, 9): 0.041}

PLANT_EXTRA = 1.01
GRID_LOSS, GAS_LOSS, HEAT_LOSS = 0.045, 0.01, 0.05
HEAT_RECOVERED, BOILER = 0.10, 0.85
STOCK_PART = 0.04

Cell = tuple[str, str, str, str]  # product, flow, industry, zone


@dataclass(frozen=True, slots=True)
class ProductShare:
    """How a product enters the terminal consumption of a usual county."""

    product: str
    share: float
    drift: float
    stored: bool
    industries: Mapping[str, float]


@cache
def products() -> tuple[ProductShare, ...]:
    """The products of ``products.csv``."""
    with (FOLDER / "products.csv").open(encoding="utf-8") as file:
        return tuple(_product(row) for row in csv.DictReader(file))


def _product(row: Mapping[str, str]) -> ProductShare:
    industries = {name: float(weight) for name, _, weight in (pair.partition(":") for pair in row["industries"].split())}
    return ProductShare(row["product"], float(row["share"]), float(row["drift"]), row["coal_like"] == "yes", industries)


@cache
def coefficients() -> dict[tuple[str, int], float]:
    """(product, year) → tce of one base unit at the equivalent value, by the shipped rules and this pack's invented ones."""
    rulebook = Rulebook.load([FOLDER.parent / "rules", FOLDER.parent / "rules_demonstration"])
    book = rulebook.book(REGION)
    return {
        (of.product, year): float(rulebook.products.find(of.product).tce_per_base_unit(book, Basis.EQUIVALENT, REGION, date(year, 12, 31)))
        for of in products()
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
    }


def yearly_declines(county: County) -> dict[int, float]:
    """Decline of each year as a part of one, so that together they make the county's decline of the five years."""
    weights = LAGGING_WEIGHTS.get(county.model, YEAR_WEIGHTS)
    low, high = 0.0, 0.2
    for _ in range(60):
        middle = (low + high) / 2
        left = 1.0
        for weight in weights.values():
            left *= 1 - middle * weight
        low, high = (middle, high) if left > 1 - county.decline_14 / 100 else (low, middle)
    return {year: low * weight for year, weight in weights.items()}


def target_energy(counties: Sequence[County], economy: Economy, seed: int) -> dict[tuple[str, int, int], float]:
    """(code, year, month) → total energy to the end of the month in tce at the equivalent value, by the story."""
    energy: dict[tuple[str, int, int], float] = {}
    for county in counties:
        random = Random(f"intensity {seed} {county.code}")
        declines = yearly_declines(county)
        for month, share in ENERGY_SHARE.items():
            energy[county.code, FIRST_YEAR, month] = county.intensity_2020 * economy.real[county.code][FIRST_YEAR] * share
        for year in range(FIRST_YEAR + 1, LAST_YEAR + 1):
            for month in ends(year):
                if year == LAST_YEAR:
                    change = county.change_2026[month] / 100
                else:
                    change = -declines[year] + (random.uniform(-0.003, 0.003) if month < 12 else 0.0)
                last = energy[county.code, year - 1, month]
                energy[county.code, year, month] = last * economy.growth_factor(county.code, year, month) * (1 + change)
    return energy


@dataclass(slots=True)
class Sheet:
    """Cells of one county and period in base units; ``micro`` makes them exact and closes the balance."""

    county: County
    year: int
    month: int
    seed: int
    cells: dict[Cell, int] = field(default_factory=dict)

    def put(self, product: str, flow: str, industry: str, tce: float, zone: str = "") -> None:
        """Write a cell given in tce."""
        self.put_units(product, flow, industry, tce / coefficients()[product, self.year], zone)

    def put_units(self, product: str, flow: str, industry: str, units: float, zone: str = "") -> None:
        """Write a cell given in base units, to two decimals."""
        self.cells[product, flow, industry, zone] = round(units * 100) * 10_000

    def of(self, product: str, *flows: str) -> int:
        """Sum of a product's flows."""
        return sum(micro for (name, flow, _, _), micro in self.cells.items() if name == product and flow in flows)

    def noise(self, what: str, width: float) -> float:
        """A factor near one that depends on nothing but its name."""
        return 1 + Random(f"{self.seed} {self.county.code} {what}").uniform(-width, width)


def terminal_weights(sheet: Sheet) -> dict[tuple[str, str], float]:
    """(product, industry) → part of the terminal consumption in tce."""
    profile = PROFILES.get(sheet.county.model, {})
    weights = {}
    for of in products():
        level = of.share
        for _ in range(sheet.year - FIRST_YEAR):
            level *= 1 + of.drift
        total = sum(of.industries.values())
        for industry, weight in of.industries.items():
            heavy = profile.get(industry, 1.0)
            if heavy:
                weights[of.product, industry] = level * weight / total * heavy * sheet.noise(f"{of.product} {industry} {sheet.year}", 0.03)
    whole = sum(weights.values())
    return {key: weight / whole for key, weight in weights.items()}


def county_sheet(county: County, year: int, month: int, energy_tce: float, seed: int) -> Sheet:
    """All cells of one county and period; its total at the equivalent value is ``energy_tce`` within rounding."""
    sheet = Sheet(county, year, month, seed)
    weights = terminal_weights(sheet)

    def part(product: str) -> float:
        return sum(weight for (name, _), weight in weights.items() if name == product)

    coal_power = COAL_POWER.get(county.model, 0) * ENERGY_SHARE[month] * sheet.noise(f"plant {year}", 0.04)
    electricity_tce = coefficients()["electricity", year]
    plant_loss = coal_power * electricity_tce * (PLANT_EXTRA - 1)
    heat_net = (1 - HEAT_RECOVERED + HEAT_LOSS) / BOILER - 1
    whole = 1 + GRID_LOSS * part("electricity") + GAS_LOSS * part("ng_gasfield") + heat_net * part("heat")
    terminal_tce = (energy_tce - plant_loss) / whole
    _terminal(sheet, weights, terminal_tce)
    _losses(sheet, part, terminal_tce)
    _transformation(sheet, part("heat") * terminal_tce, coal_power)
    _feedstock(sheet)
    _supply(sheet)
    return sheet


def _terminal(sheet: Sheet, weights: Mapping[tuple[str, str], float], terminal_tce: float) -> None:
    zone, zone_part = next(((name, of) for name, (code, of) in ZONES.items() if code == sheet.county.code), ("", 0.0))
    for (product, industry), weight in weights.items():
        tce = weight * terminal_tce
        if zone and industry.startswith("C"):
            sheet.put(product, "terminal", industry, tce * zone_part, zone)
            tce *= 1 - zone_part
        sheet.put(product, "terminal", industry, tce)


def _losses(sheet: Sheet, part: Callable[[str], float], terminal_tce: float) -> None:
    for product, rate, industry in (("electricity", GRID_LOSS, "D44"), ("ng_gasfield", GAS_LOSS, "other"), ("heat", HEAT_LOSS, "D44")):
        tce = part(product) * terminal_tce * rate
        if tce:
            sheet.put(product, "loss", industry, tce)


def _transformation(sheet: Sheet, heat_tce: float, coal_power: float) -> None:
    coal_tce = heat_tce * (1 - HEAT_RECOVERED + HEAT_LOSS) / BOILER
    if heat_tce:
        sheet.put("heat", "recovery", "C26" if ("heat", "terminal", "C26", "") in sheet.cells else "C39", heat_tce * HEAT_RECOVERED)
        sheet.put("heat", "transformation_out", "D44", heat_tce * (1 - HEAT_RECOVERED + HEAT_LOSS))
        sheet.put_units("heat", "inflow", "", 0.0)
    if coal_power:
        coal_tce += coal_power * coefficients()["electricity", sheet.year] * PLANT_EXTRA
        sheet.put_units("electricity", "transformation_out", "D44", coal_power)
    if coal_tce:
        sheet.put("raw_coal", "transformation_in", "D44", coal_tce)


def _feedstock(sheet: Sheet) -> None:
    part = FEEDSTOCK_PART.get(sheet.county.model, 0.0)
    burnt = sheet.cells.get(("raw_coal", "terminal", "C26", ""), 0)
    if part and burnt:
        sheet.cells["raw_coal", "of_which_feedstock", "C26", ""] = round(burnt * part / 10_000) * 10_000


def _supply(sheet: Sheet) -> None:
    """Stocks, what was produced, and what was bought or sold so that the books close within a small difference."""
    for of in products():
        used = sheet.of(of.product, "terminal", "transformation_in", "loss") - sheet.of(of.product, "transformation_out", "recovery")
        if not any(name == of.product for name, *_ in sheet.cells):
            continue
        produced = _produced(sheet, of.product, used)
        opening = closing = 0
        if of.stored:
            opening, closing = (_stock(sheet, of, of_year) for of_year in _stock_dates(sheet))
            sheet.cells[of.product, "opening_stock", "", ""] = opening
            sheet.cells[of.product, "closing_stock", "", ""] = closing
        if produced:
            sheet.cells[of.product, "primary_production", "", ""] = produced
        if of.product == "heat":
            continue
        _trade(sheet, of, used + closing - opening - produced)


def _produced(sheet: Sheet, product: str, used: int) -> int:
    if product == "electricity":
        water = NON_FOSSIL.get(sheet.county.model, 0) * GDP_SHARE[sheet.month] * sheet.noise(f"rain {sheet.year}", 0.12)
        return round(water * 100) * 10_000
    mined = COAL_MINED.get(sheet.county.model, 0.0) if product == "raw_coal" else 0.0
    return round(used * mined / 10_000) * 10_000


def _stock_dates(sheet: Sheet) -> tuple[tuple[int, int], tuple[int, int]]:
    return (sheet.year - 1, 12), (sheet.year, sheet.month)


def _stock(sheet: Sheet, of: ProductShare, when: tuple[int, int]) -> int:
    """Stock at a day, the same whichever period asks for it."""
    year_use = sheet.county.intensity_2020 * sheet.county.gdp_share * of.share * STOCK_PART * 2.5e7
    units = year_use / coefficients()[of.product, FIRST_YEAR] * sheet.noise(f"stock {of.product} {when[0]}-{when[1]}", 0.25)
    return round(units * 100) * 10_000


def _trade(sheet: Sheet, of: ProductShare, needed: int) -> None:
    out_of_books = GAPS.get((sheet.county.model, sheet.year, sheet.month), 0.0) if of.product == "raw_coal" else 0.0
    width = 0.004 if of.stored else 0.0015
    part = out_of_books or sheet.noise(f"difference {of.product} {sheet.year} {sheet.month}", width) - 1
    needed += round(needed * part / 10_000) * 10_000
    zone_needs: dict[str, int] = {}
    for (product, flow, _, zone), micro in sheet.cells.items():
        if zone and product == of.product and flow == "terminal":
            zone_needs[zone] = zone_needs.get(zone, 0) + micro
    inflow = max(needed, sum(zone_needs.values()))
    for zone, micro in zone_needs.items():
        sheet.cells[of.product, "inflow", "", zone] = micro
    if (rest := inflow - sum(zone_needs.values())) or not zone_needs:
        sheet.cells[of.product, "inflow", "", ""] = rest
    if inflow > needed:
        sheet.cells[of.product, "outflow", "", ""] = inflow - needed


def unallocated_sheet(counties_tce: float, year: int, month: int, seed: int) -> dict[Cell, int]:
    """不分县: through traffic, 0.8 % of the city."""
    whole = counties_tce * RESIDUAL / (1 - RESIDUAL)
    sheet = Sheet(County(UNALLOCATED, 0, 0, 0, 0, "", "", "", {}), year, month, seed)
    for product, part in (("electricity", 0.55), ("diesel", 0.45)):
        sheet.put(product, "terminal", "transport", whole * part)
        sheet.cells[product, "inflow", "", ""] = sheet.cells[product, "terminal", "transport", ""]
    return sheet.cells
