"""CO2 of fuel burnt and of electricity used, by dated factors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext

from .book import Book
from .errors import InputError
from .quantities import BASE_UNITS
from .rounding import WORKING_DIGITS

#: unit of a factor → (dimension, tonnes of CO2 of one base unit at a factor of 1)
FACTOR_UNITS = {
    "kgCO2/kg": ("mass", Decimal(1)),
    "kgCO2/m³": ("gas", Decimal("1e-3")),
    "kgCO2/kWh": ("electricity", Decimal(10)),
    "tCO2/GJ": ("heat", Decimal(1)),
}

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
