"""The invented deductions of the assessment basis: non-fossil power, one listed project, certificates, and a zone without a base year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from shuangkong.core.periods import Period

from .economy import CITY, YEARS, ends
from .energy import ENERGY_SHARE, ZONES, coefficients

#: county → what its listed project uses in a year, tce, from this year on.
LISTED = {"431003": (2023, 42_000)}
#: (county, year) → certificates: from outside the province, from within it, and from outside but made a year earlier.
CERTIFICATES = {
    ("431022", 2024): (40_000, 0, 0), ("431022", 2025): (65_000, 0, 0), ("431022", 2026): (60_000, 0, 0), ("431081", 2025): (0, 20_000, 0),
    ("431003", 2025): (0, 0, 12_000),
}  # fmt: skip
#: The zone that states feedstock only from this year on: without a base year its decline cannot be assessed.
ZONE_FEEDSTOCK = ("CZ-HITECH", 2024, 9_000)

Row = dict[str, Any]


def deduction_rows(story: Any, year: int, month: int) -> Iterable[Row]:
    """What is stated to the end of a month, as the fields of a ledger row."""
    period, part = Period.ytd(year, month), ENERGY_SHARE[month]
    for county in story.counties:
        yield from _nonfossil(story, county, year, month, period)
        if county.code in LISTED:
            first, amount = LISTED[county.code]
            yield _energy(county.code, "listed_energy", period, amount * part if year >= first else 0)
        yield from _certificates(county.code, year, part, period)
    zone, first, amount = ZONE_FEEDSTOCK
    owner = ZONES[zone][0]
    if year >= first and owner in {county.code for county in story.counties}:
        yield {**_energy(owner, "feedstock_energy", period, amount * part), "zone": zone}


def _nonfossil(story: Any, county: Any, year: int, month: int, period: Period) -> Iterator[Row]:
    """Water and wind power made in the county, at the equivalent value."""
    micro = story.sheet(county, year, month).cells.get(("electricity", "primary_production", "", ""), 0)
    if micro:
        yield _energy(county.code, "nonfossil_energy", period, micro / 1_000_000 * coefficients()["electricity", year])


def _energy(code: str, measure: str, period: Period, tce: float) -> Row:
    return {"subject": code, "measure": measure, "period": period, "micro": round(tce) * 1_000_000, "unit": "吨标准煤"}


def _certificates(code: str, year: int, part: float, period: Period) -> Iterator[Row]:
    across, within, old = CERTIFICATES.get((code, year), (0, 0, 0))
    for number, origin, made_in in ((across, "cross_province", year), (within, "within_province", year), (old, "cross_province", year - 1)):
        if number:
            count = round(number * part)
            row = {"subject": code, "measure": "green_certificate", "period": period, "micro": count * 1_000_000, "unit": "个"}
            yield {**row, "product": str(made_in), "flow": origin}


def filed_quarters() -> Iterator[tuple[int, int, date]]:
    """Year, last month and day of the statements: a month after the energy."""
    for year in YEARS:
        for month in ends(year):
            yield year, month, date(year, month + 2, 20) if month < 11 else date(year + 1, 3, 20)


TITLE = "考核扣除项（市发改委核定）"
SUBJECT = CITY
