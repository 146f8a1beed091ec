"""What the invented enterprises filed of their energy by year so far, and of the products whose energy a standard limits. No figure is an estimate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import NamedTuple

from shuangkong.apps.ledger.loading import NewRow
from shuangkong.apps.ledger.measures import BY_PRODUCT
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.project.packs.demonstration import Filing

from .economy import YEARS, ends
from .returns import Firm, firms

_SOURCE = "演示数据"
#: What of a year's energy stands at the end of each quarter.
_SHARES = {3: 0.22, 6: 0.47, 9: 0.73, 12: 1.0}
#: The firm that has not filed its newest quarter.
LATE = ("CZ-DEMO-4", 2026, 9)


class Product(NamedTuple):
    """What a firm makes: kgce a tonne in 2020, its yearly change, the part of its energy that goes elsewhere, kWh a tonne."""

    code: str
    kgce: float
    change: float
    besides: float
    kwh: float = 0


PRODUCTS = {
    "CZ-DEMO-1": Product("crude_lead", 262, -0.022, 0.10),
    "CZ-DEMO-2": Product("clinker", 109, -0.012, 0.09, 58),
    "CZ-DEMO-3": Product("clinker", 121.5, -0.002, 0.09, 63),
    "CZ-DEMO-5": Product("zinc", 1262, -0.006, 0.08),
    "CZ-DEMO-6": Product("tin", 1905, -0.02, 0.18),
    "CZ-DEMO-20": Product("recycled_copper", 352, -0.02, 0.15),
}


def unit_filings(seed: int) -> list[Filing]:
    """What each firm filed, a batch a year."""
    made = ((firm, year, list(_rows(firm, year, seed))) for firm in firms() for year in YEARS)
    return [Filing(f"{firm.name}{year}年能耗与产品能耗", rows, firm.code) for firm, year, rows in made if rows]


def _rows(firm: Firm, year: int, seed: int) -> Iterator[NewRow]:
    random = Random(f"unit {seed} {firm.code} {year}")
    whole = 12 * firm.tce_month * (0.93 + 0.015 * (year - YEARS[0]) + random.uniform(-0.015, 0.015))
    product = PRODUCTS.get(firm.code)
    tilt = 1 + random.uniform(-0.006, 0.006)
    for month in ends(year):
        if (firm.code, year, month) == LATE:
            continue
        energy = round(whole * _SHARES[month] * (1 + random.uniform(-0.008, 0.008)))
        yield _row(firm, "energy_total", "", year, month, energy, "吨标准煤")
        if product is not None:
            used = round(energy / (1 + product.besides), 1)
            output = round(used * 1000 / (product.kgce * math.exp(product.change * (year - YEARS[0])) * tilt))
            yield _row(firm, "output", product.code, year, month, output, "吨")
            yield _row(firm, "product_energy", product.code, year, month, used, "吨标准煤")
            if product.kwh:
                yield _row(firm, "product_electricity", product.code, year, month, round(output * product.kwh / 10_000, 1), "万千瓦时")


def _row(firm: Firm, measure: str, product: str, year: int, month: int, number: float, name: str) -> NewRow:
    period, micro = Period.ytd(year, month), round(number * 1_000_000)
    known_on = date(year, month + 1, 20) if month < 12 else date(year + 1, 1, 20)
    flow, filed = BY_PRODUCT if product else "", format(from_micro(micro).normalize(), "f")
    return NewRow(
        firm.code, "", measure, "", product, flow, period.kind, period.start, period.end, micro, None, name, filed, None, "reported",
        "preliminary", False, _SOURCE, "", known_on,
    )  # fmt: skip
