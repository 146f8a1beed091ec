"""Energy accounting: conversion to coal equivalent, the balance, intensity, GDP by chaining (accounting 1–5, 17).

All quantities are decimals in base units; ``None`` is a figure that is missing and never becomes zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from .errors import InputError
from .figures import Status
from .rounding import WORKING, WORKING_DIGITS, round_half_up

PERCENT = Decimal(100)
_ONE = Decimal(1)


class Basis(StrEnum):
    """当量值 (energy contained) or 等价值 (energy spent to make it)."""

    CALORIFIC = "calorific"
    EQUIVALENT = "equivalent"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return "当量值" if self is Basis.CALORIFIC else "等价值"


#: unit of a coefficient → (dimension, tce of one base unit at a coefficient of 1)
COEFFICIENT_UNITS = {
    "kgce/kg": ("mass", Decimal(1)),
    "kgce/t": ("mass", Decimal("1e-3")),
    "kgce/m³": ("gas", Decimal("1e-3")),
    "kgce/kWh": ("electricity", Decimal(10)),
    "kgce/MJ": ("heat", Decimal(1)),
}


def tce_per_base_unit(coefficient: Decimal, coefficient_unit: str, dimension: str) -> Decimal:
    """Tonnes of coal equivalent of one base unit (t, m³, 10 000 kWh, GJ).

    Raises:
        InputError: the coefficient is not one of this dimension.
    """
    found, factor = COEFFICIENT_UNITS.get(coefficient_unit, ("", Decimal(0)))
    if found != dimension:
        raise InputError(f"折标系数的单位“{coefficient_unit}”与能源品种的计量不符")
    return coefficient * factor


# ---- the balance (accounting 1, 2) ----------------------------------------------------------------------------------

SUPPLY_FLOWS = ("opening_stock", "primary_production", "inflow", "outflow", "closing_stock")
USE_FLOWS = ("transformation_in", "transformation_out", "recovery", "loss", "terminal")
FLOWS = (*SUPPLY_FLOWS, *USE_FLOWS)

_NEGATIVE_SUPPLY = {"outflow", "closing_stock"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a balance: the part that is known, and the names of what is missing."""

    known: Decimal
    missing: tuple[str, ...] = ()

    @property
    def value(self) -> Decimal | None:
        """The value; None while something is missing."""
        return None if self.missing else self.known

    def __add__(self, other: Line) -> Line:
        return Line(self.known + other.known, self.missing + other.missing)

    def __sub__(self, other: Line) -> Line:
        return Line(self.known - other.known, self.missing + other.missing)

    def times(self, factor: Decimal) -> Line:
        """The line in another unit."""
        return Line(self.known * factor, self.missing)


@dataclass(frozen=True, slots=True)
class ProductBalance:
    """The balance of one product in its own unit. Without any supply flow, what was available is None."""

    product: str
    available: Line | None
    terminal: Line
    transformation_loss: Line
    loss: Line
    recovery: Line

    @property
    def total(self) -> Line:
        """Terminal + transformation loss + losses − recovery."""
        return self.terminal + self.transformation_loss + self.loss - self.recovery

    @property
    def difference(self) -> Line | None:
        """平衡差额: available − transformation loss − losses − terminal."""
        return None if self.available is None else self.available - self.transformation_loss - self.loss - self.terminal

    def exceeds(self, tolerance_percent: Decimal) -> bool:
        """Whether the difference is known and over ``tolerance_percent`` of what was available."""
        if self.available is None or self.difference is None or self.difference.missing:
            return False
        return abs(self.difference.known) * PERCENT > tolerance_percent * abs(self.available.known)


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of all products in tce at one basis. ``findings`` are the products over their tolerance."""

    available: Line | None
    terminal: Line
    transformation_loss: Line
    loss: Line
    recovery: Line
    difference: Line | None
    total: Line
    products: tuple[ProductBalance, ...]
    findings: tuple[str, ...]
    unbalanced: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing in the total, as ``product.flow``."""
        return tuple(dict.fromkeys(self.total.missing))

    @property
    def status(self) -> Status:
        """Incomplete where something is missing; estimated where a product misses its tolerance or has no supply."""
        if self.missing:
            return Status.INCOMPLETE
        return Status.ESTIMATED if self.findings or self.unbalanced else Status.OK


def product_balance(product: str, flows: Mapping[str, Decimal | None]) -> ProductBalance:
    """The balance of one product from its flows. A flow that is not named does not occur; one that is None is missing.

    ``available = opening + primary production + recovery + inflow − outflow − closing`` (accounting 2).

    Raises:
        InputError: a flow that is not in :data:`FLOWS`, or a product without any flow.
    """
    if unknown := sorted(set(flows) - set(FLOWS)):
        raise InputError(f"不认识流向“{unknown[0]}”", where=product, why="没有流向的量不能进入能源平衡")
    if not flows:
        raise InputError("没有任何流向", where=product, why="没有流向的量不能进入能源平衡")
    lines = {flow: _line(product, flow, flows) for flow in FLOWS}
    available = None
    if any(flow in flows for flow in SUPPLY_FLOWS):
        available = lines["recovery"]
        for flow in SUPPLY_FLOWS:
            available = available - lines[flow] if flow in _NEGATIVE_SUPPLY else available + lines[flow]
    transformation_loss = lines["transformation_in"] - lines["transformation_out"]
    return ProductBalance(product, available, lines["terminal"], transformation_loss, lines["loss"], lines["recovery"])


def _line(product: str, flow: str, flows: Mapping[str, Decimal | None]) -> Line:
    value = flows.get(flow)
    if value is not None:
        return Line(value)
    return Line(Decimal(0), (f"{product}.{flow}",) if flow in flows else ())


def energy_balance(
    flows: Mapping[str, Mapping[str, Decimal | None]],
    tce_per_unit: Mapping[str, Decimal],
    tolerance_percent: Mapping[str, Decimal],
) -> Balance:
    """The balance of ``flows`` (product → flow → base units or None) at the factors of one basis.

    ``total = terminal + transformation loss + losses − recovery = available − difference − recovery``,
    never a sum of products.

    Raises:
        InputError: an unknown flow, or a product without flows.
    """
    products = tuple(product_balance(product, of_product) for product, of_product in flows.items())
    factors = [tce_per_unit[balance.product] for balance in products]
    balanced = [balance.available is not None for balance in products]

    def summed(lines: Iterable[Line | None]) -> Line:
        start = Line(Decimal(0))
        return sum((line.times(factor) for line, factor in zip(lines, factors, strict=True) if line is not None), start)

    return Balance(
        available=summed(balance.available for balance in products) if any(balanced) else None,
        terminal=summed(balance.terminal for balance in products),
        transformation_loss=summed(balance.transformation_loss for balance in products),
        loss=summed(balance.loss for balance in products),
        recovery=summed(balance.recovery for balance in products),
        difference=summed(balance.difference for balance in products) if any(balanced) else None,
        total=summed(balance.total for balance in products),
        products=products,
        findings=tuple(one.product for one in products if one.exceeds(tolerance_percent[one.product])),
        unbalanced=tuple(one.product for one, known in zip(products, balanced, strict=True) if not known),
    )


def industrial_consumption(
    consumption: Decimal | None, transformation_out: Decimal | None, recovery: Decimal | None
) -> Decimal | None:
    """规上工业综合能源消费量 = consumption − transformation output − recovery; None where one of them is missing."""
    if consumption is None or transformation_out is None or recovery is None:
        return None
    return consumption - transformation_out - recovery


# ---- GDP (accounting 4) ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gdp:
    """GDP in 10 000 yuan at the prices of ``price_base``; ``uncertainty_pp``: ± points from rounded growths."""

    value: Decimal
    price_base: int
    uncertainty_pp: Decimal = Decimal(0)


def half_step(decimals: int) -> Decimal:
    """± of a figure published to ``decimals`` places: 0.05 for one."""
    return Decimal(1).scaleb(-decimals) / 2


def chain_gdp(base: Gdp, growth_percent: Sequence[Decimal], published_decimals: int) -> Gdp:
    """GDP at the prices of the base: base × Π(1 + g). Each growth adds the half step of its publication."""
    value = base.value
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        for growth in growth_percent:
            value *= 1 + growth / PERCENT
    return Gdp(value, base.price_base, base.uncertainty_pp + half_step(published_decimals) * len(growth_percent))


def same_price_base(first: Gdp, second: Gdp) -> int:
    """The price base of both.

    Raises:
        InputError: a ratio across price bases.
    """
    if first.price_base != second.price_base:
        raise InputError(
            f"{first.price_base} 年价与 {second.price_base} 年价的 GDP 不能相比",
            where="GDP 价格基期",
            why="不同价格基期的绝对数不可比",
            do="跨基期用发展速度连乘",
        )
    return first.price_base


# ---- intensity and change -------------------------------------------------------------------------------------------


def ratio(numerator: Decimal, denominator: Decimal, name: str) -> Decimal:
    """The quotient at working precision.

    Raises:
        InputError: the denominator (``name``) is not positive.
    """
    if denominator <= 0:
        raise InputError(f"{name}必须大于 0", where=name, why=f"给出的是 {denominator}")
    return WORKING.divide(numerator, denominator)


def intensity(energy_tce: Decimal, gdp_10k_yuan: Decimal, decimals: int | None = None) -> Decimal:
    """Energy per GDP in tce per 10 000 yuan, rounded to ``decimals`` where the bulletin does so before the ratio.

    Raises:
        InputError: GDP is not positive.
    """
    exact = ratio(energy_tce, gdp_10k_yuan, "GDP")
    return exact if decimals is None else round_half_up(exact, decimals)


def change_percent(base: Decimal, report: Decimal, name: str = "基期值") -> Decimal:
    """(report ÷ base − 1) × 100: positive when it rose.

    Raises:
        InputError: the base is not positive.
    """
    return WORKING.multiply(WORKING.subtract(ratio(report, base, name), _ONE), PERCENT)


@dataclass(frozen=True, slots=True)
class IntensityChange:
    """Two intensities and the change between them."""

    intensity_base: Decimal
    intensity_report: Decimal
    change_percent: Decimal


def intensity_change(
    energy_base_tce: Decimal, gdp_base: Decimal, energy_report_tce: Decimal, gdp_report: Decimal, decimals: int | None
) -> IntensityChange:
    """The change of intensity by the bulletin: both are rounded to ``decimals`` before the ratio (None: not).

    Raises:
        InputError: a GDP or the base intensity is not positive.
    """
    base = intensity(energy_base_tce, gdp_base, decimals)
    report = intensity(energy_report_tce, gdp_report, decimals)
    return IntensityChange(base, report, change_percent(base, report, "基期能耗强度（取整后）"))


def change_from_growth(energy_growth_percent: Decimal, gdp_growth_percent: Decimal) -> Decimal:
    """((1 + g_E) ÷ (1 + g_GDP) − 1) × 100.

    Raises:
        InputError: GDP fell by 100 % or more.
    """
    return change_percent(PERCENT + gdp_growth_percent, PERCENT + energy_growth_percent, "1 + GDP 增速")


def growth_uncertainty_pp(published_decimals: int, growths: int = 2) -> Decimal:
    """± percentage points of a change made of ``growths`` published growths: 0.1 for energy and GDP at one decimal."""
    return half_step(published_decimals) * growths


def coefficient_effect_pp(
    energy_base_tce: Decimal, energy_report_tce: Decimal, energy_report_at_base_coefficient_tce: Decimal,
    gdp_base: Decimal, gdp_report: Decimal,
) -> Decimal:  # fmt: skip
    """How many percentage points of the change come from a changed coefficient (accounting 3).

    Raises:
        InputError: a GDP or the base energy is not positive.
    """
    with_new = intensity_change(energy_base_tce, gdp_base, energy_report_tce, gdp_report, None)
    with_old = intensity_change(energy_base_tce, gdp_base, energy_report_at_base_coefficient_tce, gdp_report, None)
    return with_new.change_percent - with_old.change_percent


def rolling(year_before: Decimal | None, ytd_before: Decimal | None, ytd: Decimal | None) -> Decimal | None:
    """Rolling four quarters: year(t−1) − ytd(t−1) + ytd(t) (accounting 17b); None where one is missing."""
    if year_before is None or ytd_before is None or ytd is None:
        return None
    return year_before - ytd_before + ytd


def saving_by_output_tce(
    energy_base_tce: Decimal, output_base: Decimal, energy_report_tce: Decimal, output_report: Decimal
) -> Decimal:
    """Energy saved at the report period's output: (e_base − e_report) × output; positive when energy was saved.

    Raises:
        InputError: an output is not positive.
    """
    base = ratio(energy_base_tce, output_base, "基期产量（产值）")
    if output_report <= 0:
        raise InputError("报告期产量（产值）必须大于 0", where="output_report", why=f"给出的是 {output_report}")
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return base * output_report - energy_report_tce
