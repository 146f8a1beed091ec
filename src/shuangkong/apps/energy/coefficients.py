"""Coefficients of one computation: asked once per product, year and basis, and held as exact integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shuangkong.core.energy import Basis
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import RuleRow
from shuangkong.rulebook.loader import RecordingBook

#: A coefficient is held as an integer of 10⁻¹⁵ tce per base unit; with 10⁻⁶ base units a product is in 10⁻²¹ tce.
SCALE = 15
TCE_SCALE = SCALE + 6


class Coefficient(NamedTuple):
    """Tonnes of coal equivalent of one base unit. ``units`` is None where no row is in force; ``why`` says so."""

    units: int | None
    rows: tuple[RuleRow, ...]
    why: str = ""


def tce(units: int) -> Decimal:
    """The exact decimal of an integer of 10⁻²¹ tce (``scaleb`` would round to the context's digits)."""
    return Decimal(f"{units}E-{TCE_SCALE}")


def tce_text(units: int) -> str:
    """The plain digits of an integer of 10⁻²¹ tce: what :func:`tce` would print, without trailing zeros."""
    digits = str(abs(units)).zfill(TCE_SCALE + 1)
    rest, sign = digits[-TCE_SCALE:].rstrip("0"), "-" if units < 0 else ""
    return f"{sign}{digits[:-TCE_SCALE]}.{rest}" if rest else f"{sign}{digits[:-TCE_SCALE]}"


class UnitsOf(dict[str, int | None]):
    """Product → integer coefficient of one year and basis, asked of the rulebook when first needed; None where there is none."""

    def __init__(self, find: Callable[[str], Coefficient]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, product: str) -> int | None:
        self[product] = self._find(product).units
        return self[product]


class Coefficients:
    """What turns a product into coal equivalent, by year and basis, at one place. One coefficient serves a whole year."""

    def __init__(self, book: RecordingBook, region: str) -> None:
        self._book = book
        self._region = region
        self._known: dict[tuple[str, int, Basis], Coefficient] = {}
        self._tables: dict[tuple[int, str], UnitsOf] = {}
        self._tolerances: dict[tuple[str, int], Decimal] = {}
        self._groups: dict[str, str] = {}
        self._labels = {product.code: product.label for product in book.rulebook.products}

    def table(self, year: int, basis: Basis) -> UnitsOf:
        """The coefficients of one year and basis."""
        key = (year, basis.value)
        if key not in self._tables:
            self._tables[key] = UnitsOf(lambda product: self.of(product, year, basis))
        return self._tables[key]

    def label(self, product: str) -> str:
        """The Chinese name."""
        return self._labels.get(product, product)

    def group(self, product: str) -> str:
        """Whose tolerance the product's balance takes."""
        if product not in self._groups:
            found = self._book.rulebook.products.get(product)
            self._groups[product] = found.group if found else "other"
        return self._groups[product]

    def tolerance_percent(self, product: str, year: int) -> Decimal:
        """How far a product's balance may be out (accounting 2)."""
        key = (self.group(product), year)
        if key not in self._tolerances:
            name = f"energy.balance_tolerance_percent.{key[0]}"
            self._tolerances[key] = self._book.at(name, self._region, date(year, 12, 31)).number
        return self._tolerances[key]

    def of(self, product: str, year: int, basis: Basis) -> Coefficient:
        """The coefficient in force in ``year``."""
        key = (product, year, basis)
        if key not in self._known:
            self._known[key] = self._find(product, year, basis)
        return self._known[key]

    def differ(self, products: Iterable[str], first_year: int, second_year: int) -> bool:
        """Whether one of ``products`` has another coefficient in the second year, at the equivalent value."""
        first, second = self.table(first_year, Basis.EQUIVALENT), self.table(second_year, Basis.EQUIVALENT)
        return any(first[name] != second[name] for name in products)

    def _find(self, name: str, year: int, basis: Basis) -> Coefficient:
        product = self._book.rulebook.products.get(name)
        if product is None:
            return Coefficient(None, (), f"规则库没有能源品种“{name}”")
        if product.is_coal_equivalent:
            return Coefficient(10**SCALE, ())
        on = date(year, 12, 31)
        try:
            factor = product.tce_per_base_unit(self._book, basis, self._region, on)
            row = self._book.at(product.parameter(basis).id, self._region, on).row
        except (NotInForce, InputError):
            return Coefficient(None, (), f"缺{product.label}{year}年{basis.label}折标系数")
        units = factor.scaleb(SCALE)
        return Coefficient(int(units), (row,)) if units == int(units) else Coefficient(None, (), f"{product.label}折标系数小数过长")
