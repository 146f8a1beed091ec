"""Decomposition of a city's target over its regions: a rate of intensity, or tonnes.

**The model.** Every region has an ability (``score``, 1 on average): the weighted mean of factors, each relative to the city's
own mean of it: how high its intensity is, how much of it is industry, what potential is known, how fast it grows; for a pollutant
the task of improving air or water, so that the heavier task carries more. What is shared out costs a region the more the more it
has to carry for its ability::

    minimise  Σ aᵢ xᵢ² ÷ cᵢ    over lᵢ ≤ xᵢ ≤ uᵢ

* a rate (intensity of energy or carbon): ``x`` is the decline in percent, ``c`` the score, ``a`` what the region would use in the
  target year at its base intensity and its own stated growth; the declines must bring the city to its target:
  ``Σ aᵢ xᵢ ≥ need``. The need holds the effect of structure: where the intensive regions grow faster, it is higher than the target.
* tonnes (an internal total, carbon, a pollutant): ``a`` is 1, ``c`` the base amount × score, and ``Σ xᵢ = total − reserve``.

The objective is strictly convex, so there is one answer: ``xᵢ = cᵢ·μ`` cut at the bounds, with one μ for all. Regions without a
binding bound carry in proportion to their ability; the rest is carried by the others. A lock is a bound from both sides.

**Method.** :func:`proportional` finds μ by fixing variables (Bitran and Hax): all that break the bound whose breaches weigh more
are put on it, and the rest is solved again, until none breaks one. It works on decimals, so the digits are the same on every machine;
tests hold it against interior-point and active-set solvers.

**Rounding.** Tonnes go to the step by largest remainder, exactly. Rates are not additive: regions start at the step below and
are raised, the largest remainder first, until the city *recomputed from the rounded rates* reaches the target; the rest is the reserve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import NamedTuple

from .book import Book
from .energy import PERCENT
from .errors import Infeasible, InputError
from .rounding import WORKING_DIGITS, largest_remainder

#: Sums of products of inputs are exact at this precision; only quotients are rounded, to WORKING_DIGITS.
_EXACT = Context(prec=120)
_QUOTIENT = Context(prec=WORKING_DIGITS, rounding=ROUND_HALF_EVEN)
_SCORE_STEP = Decimal("1e-6")
_SHOWN_CONFLICTS = 8

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a region may carry at least and at most; ``locked`` is what it carries whatever the others do. None: not set."""

    lower: Decimal | None = None
    upper: Decimal | None = None
    locked: Decimal | None = None


FREE = Bounds()


@dataclass(frozen=True, slots=True)
class RateRegion:
    """A region of a rate target: base year amount (tce, or t of CO2), GDP of the base year and growth at constant prices.

    ``annual_growth_percent`` is the region's own stated yearly growth; ``factors`` are not negative.
    """

    code: str
    label: str
    base_amount: Decimal
    gdp_10k_yuan: Decimal
    annual_growth_percent: Decimal
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    bounds: Bounds = FREE


@dataclass(frozen=True, slots=True)
class TonneRegion:
    """A region of a tonne target: what it had in the base year, and its factors (for a pollutant: the task)."""

    code: str
    label: str
    base_amount: Decimal
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    bounds: Bounds = FREE


class Share(NamedTuple):
    """What one region carries and why.

    ``exact`` is the model's answer, ``rounded`` what is issued; ``held`` is ``""``, ``lower``, ``upper`` or ``locked``; ``score``
    is its ability (1 on average) and ``parts`` what each factor put into it.
    """

    code: str
    label: str
    exact: Decimal
    rounded: Decimal
    held: str
    score: Decimal
    parts: dict[str, Decimal]


class RateDecomposition(NamedTuple):
    """A rate shared out. All in percent; ``surplus_pp`` is what the rounded rates reach beyond the target (机动).

    ``structure_effect_percent``: how the city's intensity would change if every region kept its own (positive: it would rise).
    ``equal_percent``: the decline that all regions would need if it were the same for all.
    """

    shares: tuple[Share, ...]
    target_percent: Decimal
    reached_percent: Decimal
    surplus_pp: Decimal
    structure_effect_percent: Decimal
    equal_percent: Decimal


class TonneDecomposition(NamedTuple):
    """Tonnes shared out: the rounded shares and ``reserve`` are the total exactly."""

    shares: tuple[Share, ...]
    total: Decimal
    reserve: Decimal


# ---- the model ------------------------------------------------------------------------------------------------------


def proportional(
    a: Sequence[Decimal], c: Sequence[Decimal], lower: Sequence[Decimal], upper: Sequence[Decimal], need: Decimal
) -> list[Decimal]:
    """The minimum of Σ a x² ÷ c over lower ≤ x ≤ upper with Σ a x = need, which must lie between the bounds' own sums.

    ``a`` and ``c`` are positive.
    """
    found = list(lower)
    free = list(range(len(a)))
    while free:
        weight = ZERO
        for i in free:
            weight += a[i] * c[i]
        mu = _QUOTIENT.divide(need, weight)
        low, high, balance = [], [], ZERO
        for i in free:
            x = mu * c[i]
            found[i] = x
            if x < lower[i]:
                low.append(i)
                balance += a[i] * (lower[i] - x)
            elif x > upper[i]:
                high.append(i)
                balance -= a[i] * (x - upper[i])
        bound, broken = (lower, low) if balance >= 0 else (upper, high)
        if not broken:
            break
        for i in broken:
            found[i] = bound[i]
            need -= a[i] * bound[i]
        held = set(broken)
        free = [i for i in free if i not in held]
    return found


def scores(
    amounts: Sequence[Decimal], values: Mapping[str, Sequence[Decimal]], weights: Mapping[str, Decimal], floor: Decimal
) -> tuple[list[Decimal], list[dict[str, Decimal]]]:
    """The ability of each region and its parts: Σ weight × value ÷ mean, where the mean is weighted by ``amounts``.

    A factor that is 0 everywhere tells nobody apart and counts as average. No score is below ``floor``, nor finer than 10⁻⁶.
    """
    parts: list[dict[str, Decimal]] = [{} for _ in amounts]
    total = sum(amounts, ZERO)
    for name, weight in weights.items():
        of = values[name]
        weighted = sum(map(_EXACT.multiply, amounts, of), ZERO)
        scale = _QUOTIENT.divide(weight * total, weighted) if weighted else ZERO
        for part, value in zip(parts, of, strict=True):
            part[name] = (scale * value).quantize(_SCORE_STEP) if weighted else weight
    return [max(sum(part.values(), ZERO), floor) if part else ONE for part in parts], parts


# ---- checks ---------------------------------------------------------------------------------------------------------


def _checked_weights(weights: Mapping[str, Decimal], floor: Decimal, step: Decimal) -> dict[str, Decimal]:
    """The weights that count, made to add up to 1."""
    if min(weights.values(), default=ZERO) < 0:
        raise InputError("因素的权重不能小于 0", where="weights")
    if floor <= 0 or step <= 0:
        raise InputError("得分下限和取整步长必须大于 0", where="floor、step", why=f"给出的是 {floor}、{step}")
    total = sum(weights.values(), ZERO)
    return {name: _QUOTIENT.divide(weight, total) for name, weight in weights.items() if weight}


def _factor(region: RateRegion | TonneRegion, name: str) -> Decimal:
    value = region.factors.get(name)
    if value is None:
        raise InputError(f"缺少因素“{name}”", where=region.label, why="缺的数不是 0", do="补填，或把该因素的权重设为 0")
    if value < 0:
        raise InputError(f"因素“{name}”不能小于 0", where=region.label, why=f"给出的是 {value}")
    return value


def _limits(region: RateRegion | TonneRegion, step: Decimal, most: Decimal) -> tuple[Decimal, Decimal]:
    """Both bounds at multiples of the step, inwards; a lock as it is."""
    bounds = region.bounds
    if bounds is FREE:
        return ZERO, most
    if bounds.locked is not None:
        if not ZERO <= bounds.locked <= most:
            raise InputError(f"锁定值 {bounds.locked} 不在 0 到 {most} 之间", where=region.label)
        return bounds.locked, bounds.locked
    lower = ZERO if bounds.lower is None else (bounds.lower / step).to_integral_value(ROUND_CEILING) * step
    upper = most if bounds.upper is None else min(most, (bounds.upper / step).to_integral_value(ROUND_FLOOR) * step)
    if lower < 0:
        raise InputError("下限不能小于 0", where=region.label, why=f"给出的是 {bounds.lower}")
    if lower > upper:
        why = f"下限 {bounds.lower}，上限 {bounds.upper}；按步长 {step} 向内取整后为 {lower} 和 {upper}"
        raise Infeasible("下限高于上限", where=region.label, why=why, do="放宽其中一项，或用更细的步长", conflicts=(region.code,))
    return lower, upper


def _conflict(what: str, regions: Sequence[RateRegion | TonneRegion], kind: str, do: str) -> Infeasible:
    """An error that names the bounds of ``kind`` (lower, upper) and the locks that were set."""
    named = []
    for region in regions:
        for name, word in (("locked", "锁定"), (kind, "上限" if kind == "upper" else "下限")):
            value = getattr(region.bounds, name)
            if value is not None:
                named.append((region.code, f"{region.label}{word} {value}"))
                break
    shown = [words for _code, words in named[:_SHOWN_CONFLICTS]]
    more = f" 等 {len(named)} 项" if len(named) > _SHOWN_CONFLICTS else ""
    why = f"相冲突的界：{'、'.join(shown)}{more}" if named else "没有设界，目标本身分不下去"
    return Infeasible(what, where="分解", why=why, do=do, conflicts=tuple(code for code, _words in named))


def _held(region: RateRegion | TonneRegion, x: Decimal, lower: Decimal, upper: Decimal) -> str:
    if region.bounds is FREE:
        return ""
    if region.bounds.locked is not None:
        return "locked"
    if x <= lower:
        return "lower" if region.bounds.lower is not None else ""
    return "upper" if x >= upper else ""


def scheme(
    name: str, factors: Sequence[str], book: Book, region: str, on: date
) -> tuple[dict[str, Decimal], Decimal]:
    """The weights of ``factors`` and the floor of the score that the rulebook holds for the scheme ``name``.

    Raises:
        NotInForce: there is no row on that day.
    """
    weights = {factor: book.at(f"decomposition.weight.{name}.{factor}", region, on).number for factor in factors}
    return weights, book.at("decomposition.score_floor", region, on).number


def _no_region_twice(regions: Sequence[RateRegion] | Sequence[TonneRegion]) -> None:
    if not regions:
        raise InputError("没有地区可分解", where="regions")
    if len({region.code for region in regions}) != len(regions):
        raise InputError("有地区列了两次", where="regions", do="每个地区只列一次")


# ---- a rate ---------------------------------------------------------------------------------------------------------

#: Factors that follow from the regions' own figures; all others are given.
INTENSITY, GROWTH = "intensity", "growth"


class _City(NamedTuple):
    """The city as the sum of its regions; ``need`` and all that is compared with it are × the city's base GDP."""

    amounts: list[Decimal]
    growths: list[Decimal]
    amount: Decimal
    base_amount: Decimal
    gdp_base: Decimal
    gdp_report: Decimal


def _city(regions: Sequence[RateRegion], years: int) -> _City:
    amounts, growths = [], []
    amount = base_amount = gdp_base = gdp_report = ZERO
    for region in regions:
        if region.base_amount <= 0 or region.gdp_10k_yuan <= 0 or region.annual_growth_percent <= -PERCENT:
            raise InputError("基期数量和 GDP 必须大于 0，增速必须大于 −100%", where=region.label)
        # as many digits as a quotient has: longer ones would not stay exact in the products below
        growth = _QUOTIENT.plus((ONE + region.annual_growth_percent.scaleb(-2)) ** years)
        grown = region.base_amount * growth
        amounts.append(grown)
        growths.append(growth)
        amount += grown
        base_amount += region.base_amount
        gdp_base += region.gdp_10k_yuan
        gdp_report += region.gdp_10k_yuan * growth
    return _City(amounts, growths, amount, base_amount, gdp_base, gdp_report)


def _rate_values(regions: Sequence[RateRegion], city: _City, weights: Mapping[str, Decimal]) -> dict[str, list[Decimal]]:
    values = {}
    for name in weights:
        if name == INTENSITY:
            values[name] = [_QUOTIENT.divide(region.base_amount, region.gdp_10k_yuan) for region in regions]
        elif name == GROWTH:
            values[name] = city.growths
        else:
            values[name] = [_factor(region, name) for region in regions]
    return values


def decompose_rate(
    target_percent: Decimal, years: int, regions: Sequence[RateRegion], weights: Mapping[str, Decimal], floor: Decimal,
    step: Decimal, reserve_pp: Decimal = ZERO,
) -> RateDecomposition:  # fmt: skip
    """A city's decline over ``years`` shared out; with their own growth the rounded rates bring it to target + reserve.

    ``weights`` by factor (``intensity`` and ``growth`` follow from the figures); bounds are taken inwards to the step.

    Raises:
        Infeasible: the upper bounds and locks cannot reach the target; says which.
        InputError: a figure that cannot be used.
    """
    _no_region_twice(regions)
    if years <= 0 or reserve_pp < 0 or not 0 < target_percent + reserve_pp < PERCENT:
        why = f"目标 {target_percent}%，机动 {reserve_pp}，{years} 年"
        raise InputError("年数必须大于 0，目标加机动必须在 0 到 100% 之间", where="target_percent", why=why)
    with localcontext(_EXACT):
        counted = _checked_weights(weights, floor, step)
        city = _city(regions, years)
        ability, parts = scores(city.amounts, _rate_values(regions, city, counted), counted, floor)
        most = (PERCENT / step).to_integral_value(ROUND_CEILING) * step - step
        limits = [_limits(region, step, most) for region in regions]
        lower, upper = [low for low, _high in limits], [high for _low, high in limits]
        # exact: need × the city's base GDP, so that nothing is divided before it is compared
        kept = (PERCENT - target_percent - reserve_pp) * city.base_amount * city.gdp_report
        need = PERCENT * city.amount * city.gdp_base - kept
        if _carried(city.amounts, upper) * city.gdp_base < need:
            raise _unreachable(regions, city, upper, need)
        exact = lower
        if _carried(city.amounts, lower) * city.gdp_base < need:
            exact = proportional(city.amounts, ability, lower, upper, _QUOTIENT.divide(need, city.gdp_base))
        rounded = _rounded_rates(exact, city, lower, upper, step, need)
        reached = PERCENT - _QUOTIENT.divide(
            (PERCENT * city.amount - _carried(city.amounts, rounded)) * city.gdp_base, city.base_amount * city.gdp_report
        )
        structure = _QUOTIENT.divide(PERCENT * city.amount * city.gdp_base, city.base_amount * city.gdp_report) - PERCENT
        shares = tuple(
            Share(region.code, region.label, x, issued, _held(region, x, *limit), score, part)
            for region, x, issued, limit, score, part in zip(regions, exact, rounded, limits, ability, parts, strict=True)
        )
        equal = _QUOTIENT.divide(need, city.amount * city.gdp_base)
        return RateDecomposition(shares, target_percent, reached, reached - target_percent, structure, equal)


def _carried(amounts: Sequence[Decimal], rates: Sequence[Decimal]) -> Decimal:
    return sum(map(_EXACT.multiply, amounts, rates), ZERO)


def _unreachable(regions: Sequence[RateRegion], city: _City, upper: Sequence[Decimal], need: Decimal) -> Infeasible:
    most = _carried(city.amounts, upper) * city.gdp_base
    short = _QUOTIENT.divide(need - most, city.base_amount * city.gdp_report)
    what = f"各地区都按上限也达不到全市目标，差 {short.quantize(Decimal('0.0001'), ROUND_CEILING)} 个百分点"
    return _conflict(what, regions, "upper", "放宽上限或锁定，降低增速假设，或减少机动")


def _rounded_rates(
    exact: Sequence[Decimal], city: _City, lower: Sequence[Decimal], upper: Sequence[Decimal], step: Decimal, need: Decimal
) -> list[Decimal]:
    """Rates at the step so that the city, recomputed from them, has its need."""
    rounded, open_ = [], []
    for i, x in enumerate(exact):
        below = max(lower[i], (x / step).to_integral_value(ROUND_FLOOR) * step) if lower[i] < upper[i] else lower[i]
        rounded.append(below)
        if below < upper[i]:
            open_.append((below - x, i))
    short = need - _carried(city.amounts, rounded) * city.gdp_base
    while short > 0:
        # a second round only where the exact answer is all on steps and short by the last digit of its quotient
        for _rest, i in sorted(open_):
            if short <= 0:
                break
            rounded[i] += step
            short -= step * city.amounts[i] * city.gdp_base
        open_ = [(rest, i) for rest, i in open_ if rounded[i] < upper[i]]
    return rounded


# ---- tonnes ---------------------------------------------------------------------------------------------------------


def decompose_tonnes(
    total: Decimal, regions: Sequence[TonneRegion], weights: Mapping[str, Decimal], floor: Decimal, step: Decimal,
    reserve: Decimal = ZERO,
) -> TonneDecomposition:  # fmt: skip
    """A total shared out in multiples of ``step``; the shares and the reserve are the total exactly.

    A region without base amount carries its lower bound.

    Raises:
        Infeasible: bounds and locks ask for more or allow less than there is; says which.
        InputError: a figure that cannot be used, or a total, reserve or lock that is no multiple of the step.
    """
    _no_region_twice(regions)
    with localcontext(_EXACT):
        counted = _checked_weights(weights, floor, step)
        amounts = _base_amounts(regions)
        whole = _multiple(total, step, "total")
        left = whole - _multiple(reserve, step, "reserve")
        if left < 0:
            raise InputError("机动大于总量", where="reserve", why=f"总量 {total}，机动 {reserve}")
        values = {name: [_factor(region, name) for region in regions] for name in counted}
        ability, parts = scores(amounts, values, counted, floor)
        limits = [_tonne_limits(region, step, left) for region in regions]
        exact = _tonnes(regions, amounts, ability, limits, left)
        rounded = largest_remainder(exact, step, left)
        shares = tuple(
            Share(region.code, region.label, x, issued, _held(region, x, *limit), score, part)
            for region, x, issued, limit, score, part in zip(regions, exact, rounded, limits, ability, parts, strict=True)
        )
        return TonneDecomposition(shares, total, reserve)


def _base_amounts(regions: Sequence[TonneRegion]) -> list[Decimal]:
    amounts = [region.base_amount for region in regions]
    if min(amounts) < 0 or not any(amounts):
        raise InputError("基期数量不能小于 0，也不能都是 0", where="base_amount")
    return amounts


def _multiple(value: Decimal, step: Decimal, where: str) -> Decimal:
    if value < 0 or value % step:
        why = "取整后各地区与机动之和要正好等于总量"
        raise InputError(f"{value} 不是步长 {step} 的整数倍", where=where, why=why, do="换一个步长，或调整这个数")
    return value


def _tonne_limits(region: TonneRegion, step: Decimal, left: Decimal) -> tuple[Decimal, Decimal]:
    if region.bounds.locked is not None:
        _multiple(region.bounds.locked, step, region.label)
    return _limits(region, step, left)


def _tonnes(
    regions: Sequence[TonneRegion], amounts: Sequence[Decimal], ability: Sequence[Decimal],
    limits: Sequence[tuple[Decimal, Decimal]], left: Decimal,
) -> list[Decimal]:  # fmt: skip
    able = [i for i, amount in enumerate(amounts) if amount]
    exact = [low for low, _high in limits]
    need = left - sum((exact[i] for i, amount in enumerate(amounts) if not amount), ZERO)
    lower, upper = [limits[i][0] for i in able], [limits[i][1] for i in able]
    if sum(lower, ZERO) > need:
        raise _conflict(f"下限和锁定合计多于可分的 {left}", regions, "lower", "降低下限或锁定，或减少机动")
    if sum(upper, ZERO) < need:
        raise _conflict(f"上限和锁定合计少于可分的 {left}", regions, "upper", "放宽上限或锁定，或增加机动")
    carry = [amounts[i] * ability[i] for i in able]
    for i, x in zip(able, proportional([ONE] * len(able), carry, lower, upper, need), strict=True):
        exact[i] = x
    return exact
