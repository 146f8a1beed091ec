"""CO2 of fuel burnt, of electricity and of heat brought in or sent out, by dated factors.

A region's account is ``Σ fuel burnt × factor + (electricity in − out) × grid factor + (heat in − out) × heat factor``. What
was made into another product (coal into electricity within the region, coke into gas) is counted once, where it burns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from .book import Answer, Book
from .energy import PERCENT
from .errors import InputError, NotInForce
from .quantities import BASE_UNITS
from .rounding import WORKING_DIGITS

#: unit of a factor → (dimension, tonnes of CO2 of one base unit at a factor of 1)
FACTOR_UNITS = {
    "kgCO2/kg": ("mass", Decimal(1)),
    "kgCO2/m³": ("gas", Decimal("1e-3")),
    "kgCO2/kWh": ("electricity", Decimal(10)),
    "tCO2/GJ": ("heat", Decimal(1)),
    "tCO2/tce": ("energy", Decimal(1)),
}

#: How a flow enters what was burnt: feedstock is not, losses in pipes are not.
BURNT_SIGN = {"terminal": 1, "transformation_in": 1, "transformation_out": -1, "recovery": -1, "of_which_feedstock": -1}
#: How a flow enters what crossed the region's border.
TRADED_SIGN = {"inflow": 1, "outflow": -1}

#: How green electricity is counted (rule ``carbon.green_power.method``): within the average factor, or at zero while the rest takes
#: the factor without traded non-fossil electricity. Never both.
AVERAGE, RESIDUAL = "average", "residual"
_FACTOR_OF = {AVERAGE: "carbon.grid_factor", RESIDUAL: "carbon.grid_factor_excluding_traded_nonfossil"}

#: kg of CO2 per kg of carbon, as the guidelines write it: 44 ÷ 12
_CO2_MASS, _CARBON_MASS = 44, 12


def co2_t(quantity: Decimal, factor: Decimal, factor_unit: str, dimension: str) -> Decimal:
    """Tonnes of CO2 of ``quantity`` base units.

    Raises:
        InputError: the factor is not one of this dimension.
    """
    found, scale = FACTOR_UNITS.get(factor_unit, ("", Decimal(0)))
    if found != dimension:
        raise InputError(f"排放因子的单位“{factor_unit}”与计量单位 {BASE_UNITS[dimension]} 不符")
    return quantity * factor * scale


def factor_from_components(ncv_kj: Decimal, carbon_t_per_tj: Decimal, oxidation: Decimal) -> Decimal:
    """kg of CO2 per kg or m³: heat value (kJ) × carbon per heat (tC/TJ = 10⁻⁶ kg/kJ) × oxidation × 44 ÷ 12."""
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return ncv_kj * carbon_t_per_tj.scaleb(-6) * oxidation * _CO2_MASS / _CARBON_MASS


def electricity_co2_t(kwh: Decimal, book: Book, region: str, year: int) -> tuple[Decimal, Decimal]:
    """Tonnes of CO2 of electricity and the factor (kgCO2/kWh) of the place and year.

    Raises:
        NotInForce: no factor of that year has been published.
    """
    factor = book.at("carbon.grid_factor", region, date(year, 1, 1)).number
    return (kwh * factor).scaleb(-3), factor


def net(flows: Mapping[str, int], signs: Mapping[str, int]) -> int | None:
    """The signed sum of the flows named; None where none of them was filed."""
    found = [sign * flows[flow] for flow, sign in signs.items() if flow in flows]
    return sum(found) if found else None


def grid_factor(book: Book, region: str, year: int) -> tuple[Answer, int]:
    """The average grid factor of the place for electricity of ``year``, and the year of which it is.

    While the factor of a year is not published the newest one of the years before stands in, as far back as the rule
    ``carbon.grid_factor_years_back`` allows.

    Raises:
        NotInForce: none is near enough.
    """
    back = int(book.at("carbon.grid_factor_years_back", region, date(year, 12, 31)).number)
    for of in range(year, year - back - 1, -1):
        try:
            return book.at("carbon.grid_factor", region, date(of, 12, 31)), of
        except NotInForce as error:
            last = error
    raise last


@dataclass(frozen=True, slots=True)
class GreenElectricity:
    """CO2 of electricity brought in when some of it is green: what was counted at zero, at which factor the rest, and why."""

    co2_t: Decimal
    factor: Decimal
    green_kwh: Decimal
    reasons: tuple[str, ...]


def green_electricity(
    net_kwh: Decimal, green_kwh: Decimal, certificate_kwh: Decimal, bundled_kwh: Decimal, book: Book, region: str, year: int
) -> GreenElectricity:
    """CO2 of ``net_kwh`` brought in, of which ``green_kwh`` was traded as green electricity, beside certificates over ``certificate_kwh``
    of which ``bundled_kwh`` came with that electricity.

    Green electricity, its certificates and the grid factor tell of the same generation: it counts once, by the rule of the year.

    Raises:
        InputError: a negative figure, more green electricity than electricity, more bundled certificates than certificates.
        NotInForce: no factor of that year has been published.
    """
    _green_checked(net_kwh, green_kwh, certificate_kwh, bundled_kwh)
    on = date(year, 12, 31)
    method = book.at("carbon.green_power.method", region, on).value
    loose_kwh = certificate_kwh - bundled_kwh
    counted = loose_kwh * book.at("carbon.green_power.loose_certificates_percent", region, on).number / PERCENT
    reasons = []
    if bundled_kwh:
        reasons.append("随绿电交易划转的绿证与绿电是同一电量，只计一次")
    if loose_kwh > counted:
        reasons.append("单独购买的绿证不减少用电排放" if not counted else "单独购买的绿证只计规定的部分")
    if method == AVERAGE:
        if green_kwh or counted:
            reasons.append("平均因子已含绿电，不再扣减")
        zero = Decimal(0)
    else:
        zero = min(net_kwh, green_kwh + counted)
        reasons.append("绿电按零计，其余用不含市场化交易非化石电量的因子")
    factor = book.at(_FACTOR_OF[method], region, on).number
    return GreenElectricity(((net_kwh - zero) * factor).scaleb(-3), factor, zero, tuple(reasons))


def _green_checked(net_kwh: Decimal, green_kwh: Decimal, certificate_kwh: Decimal, bundled_kwh: Decimal) -> None:
    given = {"net_kwh": net_kwh, "green_kwh": green_kwh, "certificate_kwh": certificate_kwh, "bundled_kwh": bundled_kwh}
    for name, value in given.items():
        if value < 0:
            raise InputError("不能小于 0", where=name, why=f"给出的是 {value}")
    if green_kwh > net_kwh:
        raise InputError("绿电多于调入电量", where="green_kwh", why=f"绿电 {green_kwh}，调入 {net_kwh}", do="核对绿电的使用地")
    if bundled_kwh > min(certificate_kwh, green_kwh):
        raise InputError(
            "随绿电划转的绿证多于绿证或绿电", where="bundled_kwh", why=f"绿证 {certificate_kwh}，绿电 {green_kwh}", do="核对绿证划转记录"
        )
