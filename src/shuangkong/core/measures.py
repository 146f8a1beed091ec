"""Measures (调控): which of a library's measures close a gap at least cost, under rules and limits.

**The model.** A measure is taken in whole units, at most ``units``; a unit saves ``effect_tce`` a year from ``delay_months`` on, costs
``cost_10k_yuan``, and moves GDP and pollutants. What counts is the effect within the months that are left. We minimise the cost of
the units so that their effects are at least the gap, of measures that exclude each other at most one is taken, one that
needs another comes with it, and neither the GDP lost nor the money spent is over its limit. Where no choice closes the gap, the choice
with the largest effect is found, and of those the cheapest: the part that can be closed.

A measure that no rule allows, or whose effect comes too late, is left out and says why.

**Method.** A mixed-integer program, solved by HiGHS (in scipy). Every row is made of whole numbers (a common unit is divided out) and its
limit is put half a unit away, so that the solver's tolerance can neither add nor lose a solution; the answer is checked on
decimals before it is given. Decimals become floats only inside :func:`_optimum`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from math import gcd, inf
from typing import NamedTuple

import numpy as np

from .book import Book
from .errors import InputError, NotInForce
from .rounding import WORKING_DIGITS
from .targets import MONTHS_OF_A_YEAR

_EXACT = Context(prec=60)
_QUOTIENT = Context(prec=WORKING_DIGITS)
#: What the solver says when no choice keeps all rows.
_INFEASIBLE = 2
_MOST_UNITS = 10**6
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of the library; amounts are of one unit.

    ``kind`` is stagger, phase_out, retrofit, green_power, delay or structure; ``effect_tce`` is a year's; ``gdp_10k_yuan`` is a year's
    and negative where it costs output; ``pollutants_t`` a year's reduction. ``group``: of one group at most one measure is
    taken. ``needs``: codes that must be taken as well. ``rule``: the parameter that allows it, looked up on the day.
    """

    code: str
    label: str
    kind: str
    effect_tce: Decimal
    cost_10k_yuan: Decimal
    units: int = 1
    delay_months: int = 0
    gdp_10k_yuan: Decimal = _ZERO
    pollutants_t: Mapping[str, Decimal] = field(default_factory=dict)
    group: str = ""
    needs: tuple[str, ...] = ()
    rule: str = ""


KINDS = {
    "stagger": "错峰生产",
    "phase_out": "淘汰落后",
    "retrofit": "节能改造",
    "green_power": "绿电绿证",
    "delay": "项目缓建",
    "structure": "结构调整",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the choice must keep: money at most, and GDP lost at most (within the months left). None: no limit."""

    cost_10k_yuan: Decimal | None = None
    gdp_loss_10k_yuan: Decimal | None = None


NO_LIMITS = Limits()


class Choice(NamedTuple):
    """A measure that is taken: units, and what they do within the months left."""

    code: str
    label: str
    units: int
    effect_tce: Decimal
    cost_10k_yuan: Decimal
    gdp_10k_yuan: Decimal
    pollutants_t: dict[str, Decimal]


class LeftOut(NamedTuple):
    """A measure that could not be considered, and why."""

    code: str
    label: str
    why: str


class Plan(NamedTuple):
    """The choice. ``remaining_tce`` is what of the gap no choice can close; 0 when it is closed."""

    gap_tce: Decimal
    choices: tuple[Choice, ...]
    effect_tce: Decimal
    cost_10k_yuan: Decimal
    gdp_10k_yuan: Decimal
    pollutants_t: dict[str, Decimal]
    remaining_tce: Decimal
    left_out: tuple[LeftOut, ...]

    @property
    def closed(self) -> bool:
        """Whether the whole gap is closed."""
        return self.remaining_tce == 0


class Alternative(NamedTuple):
    """What it costs to do otherwise: without a measure that is taken, or with one unit of a measure that is not.

    ``extra_10k_yuan`` is None where the gap is then no longer closed.
    """

    code: str
    label: str
    taken: bool
    extra_10k_yuan: Decimal | None


# ---- what counts ----------------------------------------------------------------------------------------------------


def _checked(measure: Measure) -> None:
    if measure.kind not in KINDS:
        raise InputError(f"不认识措施类别“{measure.kind}”", where=measure.label, why=f"可用：{'、'.join(KINDS)}")
    if measure.effect_tce <= 0 or measure.cost_10k_yuan < 0:
        raise InputError("效果必须大于 0，成本不能小于 0", where=measure.label)
    if not 0 < measure.units <= _MOST_UNITS or measure.delay_months < 0:
        raise InputError(f"单位数必须在 1 到 {_MOST_UNITS} 之间，滞后月数不能小于 0", where=measure.label)


def _checked_library(library: Sequence[Measure]) -> None:
    codes = [measure.code for measure in library]
    if len(set(codes)) != len(codes):
        raise InputError("有措施列了两次", where="措施库")
    for measure in library:
        _checked(measure)
        if unknown := [code for code in measure.needs if code not in codes]:
            raise InputError(f"所需的措施“{unknown[0]}”不在措施库中", where=measure.label)


def usable(
    library: Sequence[Measure], months_left: int, book: Book, region: str, on: date
) -> tuple[list[Measure], list[LeftOut]]:
    """The measures that can be considered on that day, and those that cannot with the reason."""
    left_out = [
        LeftOut(measure.code, measure.label, why) for measure in library if (why := _why_not(measure, months_left, book, region, on))
    ]
    while True:
        out = {left.code for left in left_out}
        more = [measure for measure in library if measure.code not in out and out.intersection(measure.needs)]
        if not more:
            return [measure for measure in library if measure.code not in out], left_out
        left_out += [LeftOut(measure.code, measure.label, "所需的措施不能用") for measure in more]


def _why_not(measure: Measure, months_left: int, book: Book, region: str, on: date) -> str:
    if measure.delay_months >= months_left:
        return f"滞后 {measure.delay_months} 个月，剩余 {months_left} 个月内没有效果"
    if measure.rule:
        try:
            book.at(measure.rule, region, on)
        except NotInForce as error:
            return str(error)
    return ""


def _within(yearly: Decimal, units: int, measure: Measure, months_left: int) -> Decimal:
    """The part of a year's amounts that falls within the months left."""
    return _a_twelfth(yearly * units * (months_left - measure.delay_months))


def _a_twelfth(amount: Decimal) -> Decimal:
    return _QUOTIENT.divide(amount, MONTHS_OF_A_YEAR)


# ---- the program ----------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """Σ coefficients × units ≥ (``at_least``) or ≤ limit."""

    coefficients: Sequence[Decimal]
    limit: Decimal
    at_least: bool = False

    def holds(self, units: Sequence[int]) -> bool:
        """Whether the units keep the row exactly."""
        found = sum((a * x for a, x in zip(self.coefficients, units, strict=True)), _ZERO)
        return found >= self.limit if self.at_least else found <= self.limit


def _whole(values: Iterable[Decimal]) -> tuple[list[int], Decimal]:
    """The values as whole multiples of their largest common unit, and that unit."""
    known = list(values)
    places = min((int(value.as_tuple().exponent) for value in known), default=0)
    scaled = [int(value.scaleb(-places)) for value in known]
    common = gcd(*scaled) or 1
    return [value // common for value in scaled], Decimal(common).scaleb(places)


class _Program:
    """The measures as columns (units, and whether taken at all) with their rows."""

    def __init__(self, measures: Sequence[Measure], gap_tce: Decimal, months_left: int, limits: Limits) -> None:
        self.measures = measures
        twelfths = [months_left - measure.delay_months for measure in measures]
        # × 12, so that nothing is divided
        self.effects = [measure.effect_tce * months for measure, months in zip(measures, twelfths, strict=True)]
        self.costs = [measure.cost_10k_yuan for measure in measures]
        self.gap = gap_tce * MONTHS_OF_A_YEAR
        self.rows = []
        if limits.cost_10k_yuan is not None:
            self.rows.append(_Row(self.costs, limits.cost_10k_yuan))
        if limits.gdp_loss_10k_yuan is not None:
            losses = [-measure.gdp_10k_yuan * months for measure, months in zip(measures, twelfths, strict=True)]
            self.rows.append(_Row(losses, limits.gdp_loss_10k_yuan * MONTHS_OF_A_YEAR))

    def least(
        self, goal: Sequence[Decimal], more: Sequence[_Row] = (), span: Mapping[str, tuple[int, int]] | None = None
    ) -> list[int] | None:
        """Units with the least Σ goal × units, or None; ``span`` puts other bounds on the units of a measure."""
        if not self.measures:
            return None if any(row.at_least and row.limit > 0 for row in more) else []
        rows = [*self.rows, *more]
        spans = [(span or {}).get(measure.code, (0, measure.units)) for measure in self.measures]
        found = _optimum(_whole(goal)[0], self._lines(rows), spans)
        if found is not None and not (all(row.holds(found) for row in rows) and self._fits(found)):
            raise _unproven("取整后不满足约束")
        return found

    def _fits(self, units: Sequence[int]) -> bool:
        taken = [measure for measure, x in zip(self.measures, units, strict=True) if x]
        groups = [measure.group for measure in taken if measure.group]
        codes = {measure.code for measure in taken}
        return len(set(groups)) == len(groups) and all(codes.issuperset(measure.needs) for measure in taken)

    def _lines(self, rows: Sequence[_Row]) -> list[tuple[float, float, dict[int, float]]]:
        """All rows as lower limit, upper limit and coefficients by column; the taken-columns follow those of units."""
        size = len(self.measures)
        lines = []
        for row in rows:
            whole, unit = _whole(row.coefficients)
            entries = {i: float(value) for i, value in enumerate(whole) if value}
            limit = (row.limit / unit).to_integral_value(ROUND_CEILING if row.at_least else ROUND_FLOOR)
            if row.at_least:
                lines.append((float(limit) - 0.5, inf, entries))
            else:
                lines.append((-inf, float(limit) + 0.5, entries))
        place = {measure.code: i for i, measure in enumerate(self.measures)}
        groups: dict[str, list[int]] = {}
        for i, measure in enumerate(self.measures):
            lines.append((-inf, 0.0, {i: 1.0, size + i: -float(measure.units)}))
            lines.append((0.0, inf, {i: 1.0, size + i: -1.0}))
            lines += [(0.0, inf, {size + place[code]: 1.0, size + i: -1.0}) for code in measure.needs]
            if measure.group:
                groups.setdefault(measure.group, []).append(size + i)
        lines += [(-inf, 1.0, dict.fromkeys(columns, 1.0)) for columns in groups.values()]
        return lines


def _optimum(
    goal: Sequence[int], lines: Sequence[tuple[float, float, dict[int, float]]], spans: Sequence[tuple[int, int]]
) -> list[int] | None:
    """The one boundary to floats: the units that HiGHS finds, or None where no choice keeps all rows.

    Raises:
        InputError: the solver found neither an answer nor that there is none.
    """
    # scipy takes a third of the start of every command and server; only who chooses measures pays for it
    from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
    from scipy.sparse import lil_array  # type: ignore[import-untyped]

    size = len(goal)
    matrix = lil_array((len(lines), 2 * size))
    for number, (_lower, _upper, entries) in enumerate(lines):
        for column, value in entries.items():
            matrix[number, column] = value
    found = milp(
        np.array([*goal, *[0] * size], dtype=float),
        integrality=np.ones(2 * size),
        bounds=Bounds([*(low for low, _high in spans), *[0] * size], [*(high for _low, high in spans), *[1] * size]),
        constraints=LinearConstraint(matrix.tocsr(), [line[0] for line in lines], [line[1] for line in lines]),
        options={"mip_rel_gap": 0.0},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.status != 0:
        raise _unproven(str(found.message))
    return [round(value) for value in found.x[:size]]


def _unproven(why: str) -> InputError:
    return InputError("求解器给不出可核实的结果", where="措施库", why=why, do="核对各措施的单位；数值不要相差太大")


# ---- the choice -----------------------------------------------------------------------------------------------------


def close_gap(
    gap_tce: Decimal, months_left: int, library: Sequence[Measure], book: Book, region: str, on: date, limits: Limits = NO_LIMITS
) -> Plan:
    """The cheapest choice that closes the gap within the months left; else the largest part that can be closed, and that cheapest.

    Raises:
        InputError: a measure, gap or limit that cannot be.
    """
    _checked_library(library)
    if gap_tce < 0 or months_left <= 0:
        raise InputError("缺口不能小于 0，剩余月数必须大于 0", where="gap_tce", why=f"缺口 {gap_tce}，剩余 {months_left} 个月")
    measures, left_out = usable(library, months_left, book, region, on)
    with localcontext(_EXACT):
        program = _Program(measures, gap_tce, months_left, limits)
        units = program.least(program.costs, [_Row(program.effects, program.gap, True)])
        if units is None:
            units = _largest_part(program)
        return _plan(program, gap_tce, months_left, units, left_out)


def _largest_part(program: _Program) -> list[int]:
    most = program.least([-effect for effect in program.effects])
    if most is None:
        raise InputError("限额不可能遵守", where="limits", why="一项措施也不用就已超限", do="核对限额")
    reached = sum((effect * x for effect, x in zip(program.effects, most, strict=True)), _ZERO)
    return program.least(program.costs, [_Row(program.effects, reached, True)]) or most


def _plan(program: _Program, gap_tce: Decimal, months_left: int, units: Sequence[int], left_out: Sequence[LeftOut]) -> Plan:
    choices = tuple(_choice(measure, x, months_left) for measure, x in zip(program.measures, units, strict=True) if x)
    pollutants: dict[str, Decimal] = {}
    for choice in choices:
        for name, tonnes in choice.pollutants_t.items():
            pollutants[name] = pollutants.get(name, _ZERO) + tonnes
    # from the undivided sum: a third of a unit must not leave a remainder
    effect = sum((effect * x for effect, x in zip(program.effects, units, strict=True)), _ZERO)
    return Plan(
        gap_tce, choices, _a_twelfth(effect),
        sum((choice.cost_10k_yuan for choice in choices), _ZERO),
        sum((choice.gdp_10k_yuan for choice in choices), _ZERO),
        pollutants, _a_twelfth(max(program.gap - effect, _ZERO)), tuple(left_out),
    )  # fmt: skip


def _choice(measure: Measure, units: int, months_left: int) -> Choice:
    return Choice(
        measure.code, measure.label, units, _within(measure.effect_tce, units, measure, months_left), units * measure.cost_10k_yuan,
        _within(measure.gdp_10k_yuan, units, measure, months_left),
        {name: _within(tonnes, units, measure, months_left) for name, tonnes in measure.pollutants_t.items()},
    )  # fmt: skip


def alternatives(
    plan: Plan, months_left: int, library: Sequence[Measure], book: Book, region: str, on: date, limits: Limits = NO_LIMITS
) -> tuple[Alternative, ...]:
    """The price of doing otherwise, for each usable measure, of a plan that :func:`close_gap` made of the same library.

    Raises:
        InputError: the plan does not close its gap.
    """
    if not plan.closed:
        raise InputError("缺口没有补足，没有可比的另一种做法", where="plan", do="先看能补足的部分")
    measures, _left_out = usable(library, months_left, book, region, on)
    taken = {choice.code for choice in plan.choices}
    with localcontext(_EXACT):
        program = _Program(measures, plan.gap_tce, months_left, limits)
        needed = [_Row(program.effects, program.gap, True)]
        found = []
        for measure in measures:
            span = {measure.code: (0, 0) if measure.code in taken else (1, measure.units)}
            units = program.least(program.costs, needed, span)
            extra = None
            if units is not None:
                extra = sum((cost * x for cost, x in zip(program.costs, units, strict=True)), _ZERO) - plan.cost_10k_yuan
            found.append(Alternative(measure.code, measure.label, measure.code in taken, extra))
        return tuple(found)
