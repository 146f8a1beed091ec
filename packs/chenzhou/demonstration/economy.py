"""The invented economy: GDP of the counties, in line with the few published totals of the city. No figure here is a statistic."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent
FIRST_YEAR, LAST_YEAR = 2020, 2026
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
QUARTER_ENDS = (3, 6, 9, 12)
LAST_QUARTER_END = 9
CITY, UNALLOCATED = "431000", "431099"

#: City GDP at current prices, 亿元: published or recalled to 2024, invented afterwards.
NOMINAL_YI = {2020: 2503.07, 2021: 2770.08, 2022: 2980.49, 2023: 3110.58, 2024: 3327.8, 2025: 3512.6}
#: City growth at comparable prices, percent: published or recalled to 2022, invented afterwards.
GROWTH = {2021: 8.8, 2022: 5.3, 2023: 4.6, 2024: 5.2, 2025: 5.6}
GROWTH_2026 = {3: 5.4, 6: 5.6, 9: 5.5}
#: Nominal growth of 2026 stands this much over the real one.
DEFLATOR_2026 = 0.4
#: What of the year's GDP stands at the end of each quarter.
GDP_SHARE = {3: 0.215, 6: 0.455, 9: 0.715, 12: 1.0}
#: What of the city is allotted to no county.
RESIDUAL = 0.008
#: Published of one county: growth in percent and GDP in 亿元.
FIXED_GROWTH = {("431022", 2023): 5.1}
FIXED_NOMINAL_YI = {("431022", 2023): 276.29}
WAN_PER_YI = 10_000


def ends(year: int) -> tuple[int, ...]:
    """The ends of the quarters of a year that are there."""
    return tuple(month for month in QUARTER_ENDS if year < LAST_YEAR or month <= LAST_QUARTER_END)


@dataclass(frozen=True, slots=True)
class County:
    """What is invented of one county."""

    code: str
    gdp_share: float
    intensity_2020: float
    growth_points: float
    decline_14: float
    target_14: str
    incentive_14: str
    target_15: str
    change_2026: Mapping[int, float]
    like: str = ""

    @property
    def model(self) -> str:
        """The county whose profile it has."""
        return self.like or self.code


def read_counties() -> list[County]:
    """The counties of ``counties.csv``."""
    with (FOLDER / "counties.csv").open(encoding="utf-8") as file:
        return [_county(row) for row in csv.DictReader(file)]


def _county(row: Mapping[str, str]) -> County:
    return County(
        row["code"], float(row["gdp_share_percent"]) / 100, float(row["intensity_2020"]), float(row["growth_points"]),
        float(row["decline_14_percent"]), row["target_14_percent"], row["incentive_14_percent"], row["target_15_percent"],
        {3: float(row["change_2026_q1"]), 6: float(row["change_2026_h1"]), 9: float(row["change_2026_q3"])},
    )  # fmt: skip


class Economy:
    """GDP in 10 000 yuan: ``real[code][year]`` at 2020 prices to 2025, ``nominal[code][year]``, ``growth_2026[code][month]`` as a factor."""

    def __init__(self, counties: Sequence[County], seed: int) -> None:
        self.counties = counties
        self._random = Random(f"economy {seed}")
        self.city_real = {FIRST_YEAR: NOMINAL_YI[FIRST_YEAR] * WAN_PER_YI}
        for year, growth in GROWTH.items():
            self.city_real[year] = self.city_real[year - 1] * (1 + growth / 100)
        self.real: dict[str, dict[int, float]] = {county.code: {} for county in counties}
        self.nominal: dict[str, dict[int, float]] = {county.code: {} for county in counties}
        for year in range(FIRST_YEAR, LAST_YEAR):
            self._year(year)
        self.growth_2026 = self._growth_2026()

    def _year(self, year: int) -> None:
        whole = self.city_real[year] * (1 - RESIDUAL)
        if year == FIRST_YEAR:
            found = {county.code: county.gdp_share * whole for county in self.counties}
            fixed: dict[str, float] = {}
        else:
            found = {county.code: self.real[county.code][year - 1] * (1 + self._growth(county, year) / 100) for county in self.counties}
            fixed = {code: self.real[code][year - 1] * (1 + of / 100) for (code, when), of in FIXED_GROWTH.items() if when == year and code in found}
        found = scaled(found, whole, fixed)
        nominal_whole = NOMINAL_YI[year] * WAN_PER_YI * (1 - RESIDUAL)
        fixed = {code: of * WAN_PER_YI for (code, when), of in FIXED_NOMINAL_YI.items() if when == year and code in found}
        nominal = scaled(found, nominal_whole, fixed)
        for code, value in found.items():
            self.real[code][year], self.nominal[code][year] = value, nominal[code]

    def _growth(self, county: County, year: int) -> float:
        return GROWTH[year] + county.growth_points + self._random.uniform(-0.3, 0.3)

    def _growth_2026(self) -> dict[str, dict[int, float]]:
        factors: dict[str, dict[int, float]] = {county.code: {} for county in self.counties}
        for month, growth in GROWTH_2026.items():
            base = {code: nominal[LAST_YEAR - 1] for code, nominal in self.nominal.items()}
            grown = {c.code: base[c.code] * (1 + (growth + c.growth_points + self._random.uniform(-0.2, 0.2)) / 100) for c in self.counties}
            level = scaled(grown, sum(base.values()) * (1 + growth / 100), {})
            for code, value in level.items():
                factors[code][month] = value / base[code]
        return factors

    def gdp(self, code: str, year: int, month: int, price_base: int) -> float | None:
        """GDP to the end of ``month``; None where that price base does not serve the year. ``price_base`` 0 is current prices."""
        share = GDP_SHARE[month]
        if code == UNALLOCATED:
            parts = [self.gdp(county.code, year, month, price_base) for county in self.counties]
            return None if None in parts else sum(part or 0.0 for part in parts) * RESIDUAL / (1 - RESIDUAL)
        if year < LAST_YEAR:
            if price_base == 2020:
                return self.real[code][year] * share
            return self.nominal[code][year] * share if price_base == 0 or (price_base, year) == (2025, 2025) else None
        real = self.nominal[code][year - 1] * share * self.growth_2026[code][month]
        return {2025: real, 0: real * (1 + DEFLATOR_2026 / 100)}.get(price_base)

    def growth_factor(self, code: str, year: int, month: int) -> float:
        """This year's GDP to the end of ``month`` over last year's, at comparable prices."""
        if year == LAST_YEAR:
            return self.growth_2026[code][month]
        return self.real[code][year] / self.real[code][year - 1]


def scaled(found: Mapping[str, float], whole: float, fixed: Mapping[str, float]) -> dict[str, float]:
    """``found`` scaled so that it sums to ``whole``, with the ``fixed`` ones as they are."""
    rest = sum(value for code, value in found.items() if code not in fixed)
    factor = (whole - sum(fixed.values())) / rest
    return {code: fixed.get(code, value * factor) for code, value in found.items()}
