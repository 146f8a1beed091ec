"""Energy products: their names, what they are measured in and what turns them into coal equivalent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuangkong.core.book import Book
from shuangkong.core.energy import Basis, tce_per_base_unit
from shuangkong.core.errors import InputError, RulebookError
from shuangkong.core.quantities import BASE_UNITS, to_base

from .lists import Term, Terms
from .parameters import Parameter, Shape

#: The set of coefficients that is used unless another one is named.
REFERENCE_SET = "reference"

_REFERENCE = "energy.coefficient"
_SETS = "energy.coefficient_set"
_DEFAULT_UNITS = {"mass": "kgce/kg", "gas": "kgce/m³", "electricity": "kgce/kWh", "heat": "kgce/MJ"}


@dataclass(frozen=True, slots=True)
class Product:
    """One product. ``sets`` maps a set of coefficients to the parameter that holds this product's.

    ``equivalent_sets`` are those at the equivalent value, where that is another number (electricity, heat).
    """

    code: str
    label: str
    aliases: tuple[str, ...]
    dimension: str
    group: str
    nbs_code: str
    nbs_evidence: str
    sets: Mapping[str, Parameter]
    equivalent_sets: Mapping[str, Parameter]
    instead: tuple[str, ...]

    @property
    def base_unit(self) -> str:
        """The unit of its quantities in the ledger."""
        return BASE_UNITS[self.dimension]

    @property
    def is_coal_equivalent(self) -> bool:
        """Whether it is counted as it is (标准煤, 其他燃料 in tce)."""
        return self.dimension == "energy"

    @property
    def coefficient_unit(self) -> str:
        """The unit in which a coefficient of this product is given."""
        parameter = self.sets.get(REFERENCE_SET)
        return parameter.unit if parameter else _DEFAULT_UNITS[self.dimension]

    def to_base(self, quantity: Decimal, unit: str) -> Decimal:
        """``quantity`` in the product's base unit; coal equivalent may also be weighed (吨, 万吨).

        Raises:
            InputError: an unknown unit, or one that does not fit this product.
        """
        if not self.is_coal_equivalent:
            return to_base(quantity, unit, self.dimension)
        try:
            return to_base(quantity, unit, "energy")
        except InputError:
            return to_base(quantity, unit, "mass")

    def parameter(self, basis: Basis, coefficient_set: str = REFERENCE_SET) -> Parameter:
        """The parameter that holds the coefficient.

        Raises:
            InputError: the set has none for this product, or only a range (asks for a coefficient and names the rows).
        """
        sets = self.equivalent_sets if basis is Basis.EQUIVALENT and self.equivalent_sets else self.sets
        parameter = sets.get(coefficient_set)
        if parameter is None:
            raise self._no_coefficient(coefficient_set)
        if parameter.shape is Shape.RANGE:
            raise self._only_range(parameter)
        return parameter

    def tce_per_base_unit(
        self, book: Book, basis: Basis, region: str, on: date, coefficient_set: str = REFERENCE_SET
    ) -> Decimal:
        """Tonnes of coal equivalent of one base unit, by the coefficient in force; 1 for coal equivalent itself.

        Raises:
            InputError: the product has no coefficient or a range only.
            NotInForce: no coefficient is in force on that day and place.
        """
        if self.is_coal_equivalent:
            return Decimal(1)
        answer = book.at(self.parameter(basis, coefficient_set).id, region, on)
        return tce_per_base_unit(answer.number, answer.row.unit, self.dimension)

    def _no_coefficient(self, coefficient_set: str) -> InputError:
        where = "默认系数" if coefficient_set == REFERENCE_SET else f"系数组 {coefficient_set}"
        return InputError(
            f"{self.label}在{where}中没有折标系数",
            why="规则库没有登记这一行",
            do=f"填写 coefficient（{self.coefficient_unit}）" + self._rows_to_use(),
        )

    def _only_range(self, parameter: Parameter) -> InputError:
        rows = "；".join(
            f"行“{row.row}”{row.value.replace('..', '–')} {parameter.unit}" for row in parameter.all_rows()
        )
        return InputError(
            f"{self.label}的折标系数是一个范围，没有默认值",
            why=f"参数 {parameter.id}：{rows}",
            do=f"填写 coefficient（{parameter.unit}，实测或合同值）" + self._rows_to_use(),
        )

    def _rows_to_use(self) -> str:
        sets = [f"系数组 {name}" for name in sorted(set(self.sets) - {REFERENCE_SET})]
        named = [*self.instead, *sets]
        return f"，或改用 {'、'.join(named)}" if named else ""


class Products:
    """All products, by code, Chinese name or alias."""

    def __init__(self, terms: Terms, parameters: Mapping[str, Parameter]) -> None:
        self._terms = terms
        sets = _sets_by_product(parameters)
        self._by_code = {term.code: _product(term, sets, parameters) for term in terms}
        self.sets = tuple(sorted({name for of_product in sets.values() for name in of_product}))

    def __iter__(self) -> Iterator[Product]:
        return iter(self._by_code.values())

    def get(self, text: str) -> Product | None:
        """The product that ``text`` means; None for an unknown word."""
        term = self._terms.get(text)
        return None if term is None else self._by_code[term.code]

    def find(self, text: str, where: str = "") -> Product:
        """The product that ``text`` means.

        Raises:
            InputError: an unknown product; proposes the nearest.
        """
        return self._by_code[self._terms.find(text, where).code]


def _sets_by_product(parameters: Mapping[str, Parameter]) -> dict[str, dict[str, Parameter]]:
    sets: dict[str, dict[str, Parameter]] = {}
    for name, parameter in parameters.items():
        head, _, code = name.rpartition(".")
        if head == _REFERENCE:
            sets.setdefault(code, {})[REFERENCE_SET] = parameter
        elif head.startswith(f"{_SETS}."):
            sets.setdefault(code, {})[head.removeprefix(f"{_SETS}.")] = parameter
    return sets


def _product(term: Term, sets: Mapping[str, Mapping[str, Parameter]], parameters: Mapping[str, Parameter]) -> Product:
    extra = term.extra
    equivalent = dict(sets.get(f"{term.code}_equivalent", {}))
    if "equivalent" in extra and extra["equivalent"] in parameters:
        equivalent[REFERENCE_SET] = parameters[extra["equivalent"]]
    dimension = extra.get("dimension", "")
    if dimension not in BASE_UNITS:
        raise RulebookError(f"dimension 不能是“{dimension}”", where=f"lists/products.yaml {term.code}")
    return Product(
        term.code, term.label, term.aliases, dimension, extra.get("group", "other"), extra.get("nbs_code", ""),
        term.evidence,
        sets.get(term.code, {}), equivalent, tuple(extra.get("instead", ())),
    )  # fmt: skip
