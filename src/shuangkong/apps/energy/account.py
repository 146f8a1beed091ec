"""The energy account of one subject in one period, in integers (accounting 1, 2). No database here.

Quantities are 10⁻⁶ base units of the product, coal equivalents 10⁻²¹ tce, so that sums are exact and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shuangkong.core.energy import PERCENT, SUPPLY_FLOWS

_OUT = {"outflow", "closing_stock"}
MEMO = "of_which_feedstock"
#: How a flow enters what was used, by sector: terminal + transformation loss + losses − recovery.
USE_SIGN = {"terminal": 1, "transformation_in": 1, "transformation_out": -1, "loss": 1, "recovery": -1}
#: How a flow enters the figure of its product: transformation loss belongs to no one product and stands apart.
PRODUCT_SIGN = {"terminal": 1, "loss": 1, "recovery": -1}
#: The lines of the account with the flows of each.
LINES: dict[str, dict[str, int]] = {
    "terminal": {"terminal": 1},
    "transformation_loss": {"transformation_in": 1, "transformation_out": -1},
    "loss": {"loss": 1},
    "recovery": {"recovery": 1},
}
#: All that a sheet sums: what was used, what is a product's own, and the lines.
NETS: dict[str, dict[str, int]] = {"used": USE_SIGN, "product": PRODUCT_SIGN, **LINES}
_NETS_OF: dict[str, list[tuple[str, int]]] = {
    flow: [(name, signs[flow]) for name, signs in NETS.items() if flow in signs] for flow in USE_SIGN
}  # fmt: skip


@dataclass(slots=True)
class Account:
    """Flows by product, use by sector, and the hashed lines of the rows behind them with the sum of what was filed.

    ``memo`` holds what was worked out of it once, for a year and the 1–12月 that it was filed as have one account.
    """

    flows: dict[str, dict[str, int]] = field(default_factory=dict)
    sectors: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    filed: int = 0
    demonstration: bool = False
    memo: dict[str, Any] = field(default_factory=dict)

    def add(self, product: str, flow: str, industry: str, micro: int, row: str) -> None:
        """One cell: a quantity of a product in a flow, with the line that is hashed for it."""
        self.rows.append(row)
        self.count(product, flow, industry, micro)

    def count(self, product: str, flow: str, industry: str, micro: int) -> None:
        """One cell whose line stands in ``rows`` already."""
        self.filed += micro
        flows = self.flows.get(product)
        if flows is None:
            flows = self.flows[product] = {}
        flows[flow] = flows.get(flow, 0) + micro
        sign = USE_SIGN.get(flow)
        if sign is not None:
            sector = self.sectors.get(industry)
            if sector is None:
                sector = self.sectors[industry] = {}
            sector[product] = sector.get(product, 0) + sign * micro

    def add_part(self, product: str, flow: str, industry: str, micro: int, row: str) -> None:
        """A cell that is part of another cell: its industry's own, but not once more in the total."""
        self.add(product, flow, industry, micro, row)
        self.flows[product][flow] -= micro

    def add_whole(self, product: str, flow: str, micro: int, row: str) -> None:
        """A cell of all industries beside the cells of some of them: it counts, and belongs to no industry."""
        self.rows.append(row)
        self.filed += micro
        flows = self.flows.get(product)
        if flows is None:
            flows = self.flows[product] = {}
        flows[flow] = flows.get(flow, 0) + micro

    def merge(self, other: Account) -> None:
        """Add another subject's account (city = Σ counties + 不分县); hashed lines stay with their own."""
        for product, flows in other.flows.items():
            mine = self.flows.setdefault(product, {})
            for flow, micro in flows.items():
                mine[flow] = mine.get(flow, 0) + micro
        for industry, products in other.sectors.items():
            mine = self.sectors.setdefault(industry, {})
            for product, micro in products.items():
                mine[product] = mine.get(product, 0) + micro
        self.demonstration = self.demonstration or other.demonstration

    def net(self, signs: Mapping[str, int]) -> dict[str, int]:
        """Per product the signed sum of the flows named; products without any of them do not occur."""
        result = {}
        for product, flows in self.flows.items():
            found = [sign * flows[flow] for flow, sign in signs.items() if flow in flows]
            if found:
                result[product] = sum(found)
        return result

    def nets(self) -> dict[str, dict[str, int]]:
        """Per product the sums of all :data:`NETS`, in one pass, which is made once; those that are empty too."""
        if "nets" not in self.memo:
            self.memo["nets"] = self._nets()
        return self.memo["nets"]

    def _nets(self) -> dict[str, dict[str, int]]:
        result: dict[str, dict[str, int]] = {name: {} for name in NETS}
        for product, flows in self.flows.items():
            for flow, micro in flows.items():
                for name, sign in _NETS_OF.get(flow, ()):
                    net = result[name]
                    net[product] = net.get(product, 0) + sign * micro
        return result

    def used(self) -> dict[str, int]:
        """Per product terminal + transformation loss + losses − recovery."""
        return self.net(USE_SIGN)

    def differences(self) -> dict[str, tuple[int, int]]:
        """Per product with a supply flow: (difference, available), accounting 2."""
        result = {}
        for product, flows in self.flows.items():
            supply = [(-1 if flow in _OUT else 1) * flows[flow] for flow in SUPPLY_FLOWS if flow in flows]
            if supply:
                available = sum(supply) + flows.get("recovery", 0)
                uses = (
                    flows.get("transformation_in", 0) - flows.get("transformation_out", 0) + flows.get("loss", 0) + flows.get("terminal", 0)
                )
                result[product] = (available - uses, available)
        return result

    def unbalanced(self) -> list[str]:
        """Products of which something was used and nobody filed a supply flow."""
        return [
            product for product, flows in self.flows.items() if not any(flow in flows for flow in SUPPLY_FLOWS) and flows.keys() != {MEMO}
        ]


def over_tolerance(balanced: Mapping[str, tuple[int, int]], tolerance_percent: Callable[[str], Decimal]) -> list[str]:
    """Products of ``balanced`` (:meth:`Account.differences`) whose difference is over the tolerance, of ``available``."""
    return [
        product
        for product, (difference, available) in balanced.items()
        if difference and abs(difference) * PERCENT > tolerance_percent(product) * abs(available)
    ]


def coal_equivalent(quantities: Mapping[str, int], units_of: Mapping[str, int | None]) -> tuple[int, list[str]]:
    """Σ quantity × coefficient in 10⁻²¹ tce, and the products that have no coefficient (they are not in the sum)."""
    total, lacking = 0, []
    for product, micro in quantities.items():
        units = units_of[product]
        if units is None:
            lacking.append(product)
        else:
            total += micro * units
    return total, lacking


def merged(accounts: Iterable[Account]) -> Account:
    """The sum of accounts."""
    whole = Account()
    for account in accounts:
        whole.merge(account)
    return whole
