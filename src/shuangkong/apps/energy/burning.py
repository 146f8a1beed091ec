"""What of an energy account emits CO2: fuel burnt, electricity and heat that crossed the border, each with its factor and rule rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from shuangkong.apps.energy.account import Account
from shuangkong.core import carbon
from shuangkong.core.energy import Basis
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import RuleRow, Status
from shuangkong.core.quantities import from_micro
from shuangkong.rulebook.loader import RecordingBook

_EXACT_DIGITS = 60
GROUPS = {"coal": "煤", "oil": "油", "gas": "气", "electricity": "电力调入减调出", "heat": "热力调入减调出"}
_TRADED = ("electricity", "heat")
_FUEL = "carbon.fuel"
_PER_TCE = "carbon.per_tce"
_NOT_NAMED = "标准煤没有分品种，排放算不出"
#: Energy of which nobody said what it was: it may have emitted anything.
_UNKNOWN = "coal_equivalent"


class Factor(NamedTuple):
    """Tonnes of CO2 of one base unit. ``value`` None: ``why`` says what is missing."""

    value: Decimal | None
    rows: tuple[RuleRow, ...] = ()
    words: str = ""
    why: str = ""
    estimated: bool = False


class Source(NamedTuple):
    """What one product emits: its quantity in 10⁻⁶ base units (negative: sent out), and tonnes of CO2, None without a factor."""

    product: str
    label: str
    group: str
    unit: str
    micro: int
    factor: Factor
    co2_t: Decimal | None

    def part(self) -> dict[str, Any]:
        """As a line of a value's inputs."""
        quantity = format(from_micro(self.micro).normalize(), "f")
        detail = f"{quantity} {self.unit} × {self.factor.words}" if self.factor.words else quantity
        number = None if self.co2_t is None else format(self.co2_t.normalize(), "f")
        return {"label": self.label, "part": self.product, "group": self.group, "number": number, "unit": "t", "detail": detail}


@dataclass(frozen=True, slots=True)
class Emission:
    """All sources of one place and period, the largest groups in the order of :data:`GROUPS`; ``left_out`` names what counts by no rule."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def co2_t(self) -> Decimal:
        """The sum of what is known."""
        with localcontext() as context:
            context.prec = _EXACT_DIGITS
            return sum((source.co2_t for source in self.sources.values() if source.co2_t is not None), Decimal(0))

    @property
    def lacks(self) -> tuple[str, ...]:
        """Which factors are missing, in words."""
        return tuple(dict.fromkeys(s.factor.why for s in self.sources.values() if s.factor.why and s.co2_t is None))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of factors that stand in, and what was left out."""
        stand_in = dict.fromkeys(source.factor.why for source in self.sources.values() if source.factor.estimated)
        out = (f"{'、'.join(self.left_out)}不计",) if self.left_out else ()
        return (*stand_in, *out)

    @property
    def status(self) -> Status:
        """Incomplete without a factor, estimated with one of another year."""
        if self.lacks:
            return Status.INCOMPLETE
        return Status.ESTIMATED if any(source.factor.estimated for source in self.sources.values()) else Status.OK

    @property
    def rows(self) -> list[RuleRow]:
        """The rule rows used."""
        return [row for source in self.sources.values() for row in source.factor.rows]

    def parts(self) -> list[dict[str, Any]]:
        """The table by product as lines of a value's inputs."""
        order = [*GROUPS, "other"]
        return [s.part() for s in sorted(self.sources.values(), key=lambda s: (order.index(s.group), -abs(s.micro), s.product))]


def summed(emissions: list[Emission]) -> Emission:
    """Several places of one period together; within a year they share their factors."""
    found: dict[str, Source] = {}
    with localcontext() as context:
        context.prec = _EXACT_DIGITS
        for source in (source for emission in emissions for source in emission.sources.values()):
            old = found.get(source.product)
            if old is None:
                found[source.product] = source
                continue
            co2_t = None if old.co2_t is None or source.co2_t is None else old.co2_t + source.co2_t
            found[source.product] = old._replace(micro=old.micro + source.micro, co2_t=co2_t)
    return Emission(found, tuple(sorted({name for emission in emissions for name in emission.left_out})))


class Factors:
    """CO2 factors of one place, each asked once for a year."""

    def __init__(self, book: RecordingBook, region: str) -> None:
        self._book, self._region = book, region
        self._known: dict[tuple[str, int], Factor] = {}
        self._counted: dict[int, tuple[RuleRow, frozenset[str]]] = {}
        self._products = {product.code: product for product in book.rulebook.products}

    def emission(self, account: Account, year: int) -> Emission:
        """The sources of an account."""
        try:
            _, counted = self._groups(year)
        except NotInForce:
            return Emission()
        sources, left_out = {}, []
        for name, flows in account.flows.items():
            product = self._products.get(name)
            group = product.group if product is not None else "other"
            micro = carbon.net(flows, carbon.TRADED_SIGN if group in _TRADED else carbon.BURNT_SIGN)
            if product is None or not micro or group == "medium":
                continue
            if name == _UNKNOWN:
                sources[name] = Source(name, product.label, group, product.base_unit, micro, Factor(None, why=_NOT_NAMED), None)
                continue
            if group not in counted:
                left_out.append(product.label)
                continue
            sources[name] = self._source(name, group, product.label, product.base_unit, micro, year)
        return Emission(sources, tuple(sorted(left_out)))

    def _groups(self, year: int) -> tuple[RuleRow, frozenset[str]]:
        if year not in self._counted:
            answer = self._book.at("carbon.counted_groups", self._region, date(year, 12, 31))
            self._counted[year] = answer.row, frozenset(answer.value.split())
        return self._counted[year]

    def _source(self, name: str, group: str, label: str, unit: str, micro: int, year: int) -> Source:
        factor = self.of(name, group, year)
        with localcontext() as context:
            context.prec = _EXACT_DIGITS
            co2_t = None if factor.value is None else from_micro(micro) * factor.value
        return Source(name, label, group, unit, micro, factor, co2_t)

    def of(self, name: str, group: str, year: int) -> Factor:
        """The factor of a product in ``year``, with the rule that says what counts."""
        key = (name, year)
        if key not in self._known:
            find = {"electricity": self._electricity, "heat": self._heat}.get(group, self._fuel)
            found = find(name, group, year)
            rows = (*found.rows, self._groups(year)[0])
            self._known[key] = found._replace(rows=rows)
        return self._known[key]

    def _electricity(self, name: str, group: str, year: int) -> Factor:
        try:
            answer, of = carbon.grid_factor(self._book, self._region, year)
        except NotInForce:
            return Factor(None, why=f"缺{year}年电力排放因子")
        method = self._book.at("carbon.green_power.method", self._region, date(year, 12, 31))
        stands_in = f"{year}年电力排放因子未公布，用{of}年的" if of != year else ""
        value = carbon.co2_t(Decimal(1), answer.number, answer.unit, "electricity")
        return Factor(value, (answer.row, method.row), f"{answer.value} {answer.unit}", stands_in, bool(stands_in))

    def _heat(self, name: str, group: str, year: int) -> Factor:
        if self._products[name].dimension != "heat":
            return Factor(None, why=f"{self._products[name].label}没有按热量填报，排放算不出")
        try:
            answer = self._book.at("carbon.heat_purchased", self._region, date(year, 12, 31))
        except NotInForce:
            return Factor(None, why=f"缺{year}年热力排放因子")
        value = carbon.co2_t(Decimal(1), answer.number, answer.unit, "heat")
        return Factor(value, (answer.row,), f"{answer.value} {answer.unit}")

    def _fuel(self, name: str, group: str, year: int) -> Factor:
        """Its own factor; without one that of its group per tonne of coal equivalent."""
        product, on = self._products[name], date(year, 12, 31)
        try:
            if f"{_FUEL}.{name}" in self._book.rulebook.parameters:
                answer = self._book.at(f"{_FUEL}.{name}", self._region, on)
                value = carbon.co2_t(Decimal(1), answer.number, answer.unit, product.dimension)
                return Factor(value, (answer.row,), f"{answer.value} {answer.unit}")
            answer = self._book.at(f"{_PER_TCE}.{group}", self._region, on)
            tce = product.tce_per_base_unit(self._book, Basis.CALORIFIC, self._region, on)
            coefficient = self._book.at(product.parameter(Basis.CALORIFIC).id, self._region, on)
        except (NotInForce, InputError):
            return Factor(None, why=f"缺{product.label}{year}年排放因子")
        words = f"{coefficient.value} {coefficient.unit} × {answer.value} {answer.unit}"
        return Factor(tce * answer.number, (answer.row, coefficient.row), words)
