"""Decomposition: exact sums, the target reached from rounded rates, the same answer as two other solvers, errors that name bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shuangkong.core.decomposition import (
    FREE,
    Bounds,
    RateDecomposition,
    RateRegion,
    TonneDecomposition,
    TonneRegion,
    decompose_rate,
    decompose_tonnes,
    proportional,
    scheme,
    scores,
)
from shuangkong.core.errors import Infeasible, InputError
from shuangkong.rulebook import Rulebook

D = Decimal
RULES = Rulebook.load()
WEIGHTS = {"intensity": D("0.4"), "industry": D("0.2"), "potential": D("0.2"), "growth": D("0.2")}
FLOOR = D("0.25")
PERCENTS = st.decimals(0, 80, places=1)


def bounds(most: int, places: int) -> st.SearchStrategy[Bounds]:
    value = st.none() | st.decimals(0, most, places=places)
    return st.just(FREE) | st.builds(Bounds, value, value, st.none() | st.none() | value)


def rate_regions() -> st.SearchStrategy[list[RateRegion]]:
    region = st.builds(
        RateRegion, st.uuids().map(str), st.just("某县"), st.decimals(1, 10**7, places=3), st.decimals(1, 10**8, places=2),
        st.decimals(-10, 20, places=2), st.fixed_dictionaries({"industry": PERCENTS, "potential": PERCENTS}), bounds(60, 1),
    )  # fmt: skip
    return st.lists(region, min_size=1, max_size=12)


def tonne_regions() -> st.SearchStrategy[list[TonneRegion]]:
    region = st.builds(
        TonneRegion, st.uuids().map(str), st.just("某县"), st.decimals(0, 10**5, places=2),
        st.fixed_dictionaries({"task": PERCENTS}), bounds(2000, 0),
    )  # fmt: skip
    return st.lists(region, min_size=1, max_size=12)


def attempted(decompose: Callable[..., Any], *task: Any) -> Any:
    """The decomposition, or the error that says why there is none."""
    try:
        return decompose(*task)
    except InputError as error:
        return error


def decline_from(regions: Sequence[RateRegion], rates: Sequence[Decimal], years: int) -> Fraction:
    """The city's decline recomputed from scratch: intensities of both years by fractions."""
    energy = gdp = Fraction(0)
    for region, rate in zip(regions, rates, strict=True):
        grown = Fraction(region.gdp_10k_yuan) * (1 + Fraction(region.annual_growth_percent) / 100) ** years
        energy += Fraction(region.base_amount) / Fraction(region.gdp_10k_yuan) * (1 - Fraction(rate) / 100) * grown
        gdp += grown
    base = sum(Fraction(r.base_amount) for r in regions) / sum(Fraction(r.gdp_10k_yuan) for r in regions)
    return 100 * (1 - energy / gdp / base)


# ---- rates ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    rate_regions(), st.decimals("0.5", 40, places=1), st.integers(1, 5), st.sampled_from([D("0.1"), D("0.5")]),
    st.sampled_from([D(0), D("0.3")]),
)  # fmt: skip
def test_the_rounded_rates_reach_the_target(
    regions: list[RateRegion], target: Decimal, years: int, step: Decimal, reserve: Decimal
) -> None:
    found = attempted(decompose_rate, target, years, regions, WEIGHTS, FLOOR, step, reserve)
    if isinstance(found, InputError):
        assert isinstance(found, Infeasible)
        assert set(found.conflicts) <= {region.code for region in regions}
        return
    rates = [share.rounded for share in found.shares]
    reached = decline_from(regions, rates, years)
    assert reached >= Fraction(target) + Fraction(reserve)
    assert abs(Fraction(found.reached_percent) - reached) < Fraction(1, 10**20)
    assert abs(found.surplus_pp - (found.reached_percent - target)) < D("1e-20")
    assert found.surplus_pp >= reserve
    for region, share in zip(regions, found.shares, strict=True):
        if region.bounds.locked is not None:
            assert share.exact == share.rounded == region.bounds.locked
            assert share.held == "locked"
            continue
        assert share.rounded % step == 0
        assert abs(share.rounded - share.exact) <= step + D("1e-20")
        assert region.bounds.lower is None or share.rounded >= region.bounds.lower
        assert region.bounds.upper is None or share.rounded <= region.bounds.upper


@settings(max_examples=60, deadline=None)
@given(rate_regions(), st.decimals("0.5", 40, places=1))
def test_without_a_binding_bound_all_carry_in_proportion_to_their_ability(regions: list[RateRegion], target: Decimal) -> None:
    free = [RateRegion(**{name: getattr(region, name) for name in RateRegion.__slots__ if name != "bounds"}) for region in regions]
    found = attempted(decompose_rate, target, 5, free, WEIGHTS, FLOOR, D("0.1"))
    assume(not isinstance(found, InputError))
    assume(all(0 < share.exact < 90 for share in found.shares))
    ratios = {round(share.exact / share.score, 20) for share in found.shares}
    assert len(ratios) == 1


def test_a_city_of_like_counties_gives_each_the_target_exactly() -> None:
    regions = [RateRegion(str(i), f"县{i}", D(100 * i), D(200 * i), D(6), {"industry": D(40), "potential": D(5)}) for i in range(1, 12)]
    found = decompose_rate(D(15), 5, regions, WEIGHTS, FLOOR, D("0.5"))
    assert {share.rounded for share in found.shares} == {D(15)}
    assert (found.surplus_pp, found.structure_effect_percent, found.equal_percent) == (0, 0, 15)
    assert all(share.score == 1 and share.held == "" for share in found.shares)


def test_bounds_that_just_reach_the_target_do_so_whatever_the_digits() -> None:
    growth, at = D("6.123456789"), Bounds(D(15), D(15))
    amount, gdp = D("123456789.123456"), D("987654321.987654")
    regions = [RateRegion(str(i), f"县{i}", amount + i, gdp * (i + 1), growth, bounds=at) for i in range(50)]
    assert decompose_rate(D(15), 15, regions, {}, FLOOR, D("0.1")).surplus_pp == 0


def test_where_the_intensive_grow_faster_structure_raises_what_is_needed() -> None:
    slow = RateRegion("a", "甲县", D(100), D(1000), D(2))
    fast = RateRegion("b", "乙县", D(300), D(1000), D(9))
    found = decompose_rate(D(15), 5, [slow, fast], {"intensity": D(1)}, FLOOR, D("0.1"))
    assert found.structure_effect_percent > 0
    assert found.equal_percent > 15
    assert found.shares[1].rounded > found.shares[0].rounded
    assert found.shares[1].parts == {"intensity": found.shares[1].score}


def test_where_structure_alone_reaches_the_target_nobody_is_asked_for_more_than_the_lower_bound() -> None:
    clean = RateRegion("a", "甲县", D(10), D(1000), D(15), bounds=Bounds(lower=D(1)))
    heavy = RateRegion("b", "乙县", D(300), D(1000), D(-5))
    found = decompose_rate(D(15), 5, [clean, heavy], {}, FLOOR, D("0.1"))
    assert [share.rounded for share in found.shares] == [D("1.0"), D(0)]
    assert found.surplus_pp > 0
    assert [share.score for share in found.shares] == [1, 1]
    assert [share.held for share in found.shares] == ["lower", ""]


def test_a_target_that_the_bounds_exclude_names_them() -> None:
    regions = [
        RateRegion("a", "甲县", D(100), D(1000), D(6), bounds=Bounds(upper=D(12))),
        RateRegion("b", "乙县", D(100), D(1000), D(6), bounds=Bounds(locked=D(10))),
    ]
    with pytest.raises(Infeasible, match=r"差 4\.0000 个百分点") as caught:
        decompose_rate(D(15), 5, regions, {}, FLOOR, D("0.1"))
    assert caught.value.conflicts == ("a", "b")
    assert "甲县上限 12、乙县锁定 10" in str(caught.value)
    at_the_limit = decompose_rate(D(11), 5, regions, {}, FLOOR, D("0.1"))
    assert [share.held for share in at_the_limit.shares] == ["upper", "locked"]
    assert at_the_limit.surplus_pp == 0
    many = [RateRegion(str(i), f"县{i}", D(1), D(1), D(0), bounds=Bounds(upper=D(1))) for i in range(10)]
    with pytest.raises(Infeasible, match="等 10 项"):
        decompose_rate(D(15), 5, many, {}, FLOOR, D("0.1"))


def test_a_target_that_nothing_can_reach_says_so() -> None:
    shrinking = [RateRegion("a", "甲县", D(1), D(10**6), D(-50)), RateRegion("b", "乙县", D(10**6), D(10), D(100))]
    with pytest.raises(Infeasible, match="没有设界") as caught:
        decompose_rate(D(15), 5, shrinking, {}, FLOOR, D("0.1"))
    assert caught.value.conflicts == ()


GOOD = RateRegion("a", "甲县", D(100), D(1000), D(6), {"industry": D(40)})


def swapped(**changes: Any) -> RateRegion:
    return RateRegion(**({name: getattr(GOOD, name) for name in GOOD.__slots__} | changes))


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ([], "没有地区"),
        ([GOOD, GOOD], "列了两次"),
        ([swapped(base_amount=D(0))], "必须大于 0"),
        ([swapped(gdp_10k_yuan=D(-1))], "必须大于 0"),
        ([swapped(annual_growth_percent=D(-100))], "−100%"),
        ([swapped(factors={})], "缺少因素“industry”"),
        ([swapped(factors={"industry": D(-1)})], "不能小于 0"),
        ([swapped(bounds=Bounds(locked=D(101)))], "锁定值 101 不在"),
        ([swapped(bounds=Bounds(lower=D(-1)))], "下限不能小于 0"),
        ([swapped(bounds=Bounds(lower=D("12.01"), upper=D("12.09")))], "下限高于上限"),
    ],
)
def test_what_cannot_be_is_refused(regions: list[RateRegion], words: str) -> None:
    with pytest.raises(InputError, match=words):
        decompose_rate(D(15), 5, regions, {"industry": D(1)}, FLOOR, D("0.1"))


@pytest.mark.parametrize(
    ("target", "years", "weight", "floor", "reserve", "words"),
    [(0, 5, 1, 1, 0, "0 到 100%"), (100, 5, 1, 1, 0, "0 到 100%"), (15, 0, 1, 1, 0, "年数"), (15, 5, 1, 1, -1, "机动"),
     (15, 5, -1, 1, 0, "权重不能小于 0"), (15, 5, 1, 0, 0, "得分下限")],
)  # fmt: skip
def test_a_task_that_cannot_be_is_refused(target: int, years: int, weight: int, floor: int, reserve: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decompose_rate(D(target), years, [GOOD], {"industry": D(weight)}, D(floor), D("0.1"), D(reserve))


# ---- tonnes ---------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(tonne_regions(), st.integers(0, 20000), st.integers(0, 50), st.sampled_from([D(1), D("0.5"), D(10)]))
def test_tonnes_recombine_exactly(regions: list[TonneRegion], total: int, reserve: int, step: Decimal) -> None:
    found = attempted(decompose_tonnes, D(total) * step, regions, {"task": D(1)}, FLOOR, step, D(reserve) * step)
    if isinstance(found, InputError):
        assert str(found)
        return
    assert sum(share.rounded for share in found.shares) + found.reserve == found.total == D(total) * step
    for region, share in zip(regions, found.shares, strict=True):
        assert share.rounded % step == 0
        assert abs(share.rounded - share.exact) < step
        assert region.bounds.lower is None or region.bounds.locked is not None or share.rounded >= region.bounds.lower
        assert region.bounds.upper is None or region.bounds.locked is not None or share.rounded <= region.bounds.upper


def test_the_heavier_task_carries_more_and_the_plan_recombines() -> None:
    regions = [TonneRegion(str(i), f"县{i}", D(1000), {"task": D(i)}) for i in range(1, 12)]
    for total in (10500, 700, 3674, 936):
        found = decompose_tonnes(D(total), regions, {"task": D(1)}, FLOOR, D(1), D(20))
        tonnes = [share.rounded for share in found.shares]
        assert tonnes == sorted(tonnes)
        assert tonnes[0] < tonnes[-1]
        assert sum(tonnes) + 20 == total


def test_bounds_of_tonnes_that_conflict_are_named() -> None:
    low = [TonneRegion("a", "甲县", D(10), bounds=Bounds(lower=D(60))), TonneRegion("b", "乙县", D(10), bounds=Bounds(locked=D(50)))]
    with pytest.raises(Infeasible, match="多于可分的 100") as caught:
        decompose_tonnes(D(100), low, {}, FLOOR, D(1))
    assert caught.value.conflicts == ("a", "b")
    high = [TonneRegion("a", "甲县", D(10), bounds=Bounds(upper=D(60))), TonneRegion("b", "乙县", D(10), bounds=Bounds(upper=D(30)))]
    with pytest.raises(Infeasible, match="甲县上限 60、乙县上限 30"):
        decompose_tonnes(D(100), high, {}, FLOOR, D(1))
    assert [share.rounded for share in decompose_tonnes(D(90), high, {}, FLOOR, D(1)).shares] == [60, 30]


def test_a_region_without_base_carries_only_its_lower_bound() -> None:
    regions = [TonneRegion("a", "甲县", D(10)), TonneRegion("b", "乙县", D(0)), TonneRegion("c", "丙县", D(0), bounds=Bounds(lower=D(3)))]
    assert [share.rounded for share in decompose_tonnes(D(10), regions, {}, FLOOR, D(1)).shares] == [7, 0, 3]


@pytest.mark.parametrize(
    ("total", "reserve", "region", "words"),
    [
        (D("10.5"), D(0), TonneRegion("a", "甲县", D(1)), "不是步长"),
        (D(10), D("0.5"), TonneRegion("a", "甲县", D(1)), "不是步长"),
        (D(-10), D(0), TonneRegion("a", "甲县", D(1)), "不是步长"),
        (D(10), D(11), TonneRegion("a", "甲县", D(1)), "机动大于总量"),
        (D(10), D(0), TonneRegion("a", "甲县", D(0)), "都是 0"),
        (D(10), D(0), TonneRegion("a", "甲县", D(-1)), "不能小于 0"),
        (D(10), D(0), TonneRegion("a", "甲县", D(1), bounds=Bounds(locked=D("0.5"))), "不是步长"),
    ],
)
def test_tonnes_that_cannot_be_are_refused(total: Decimal, reserve: Decimal, region: TonneRegion, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decompose_tonnes(total, [region], {}, FLOOR, D(1), reserve)


def test_the_weights_of_the_rulebook_add_up_to_one() -> None:
    for name, factors in {"intensity": tuple(WEIGHTS), "total": ("growth",), "pollutant": ("task", "potential")}.items():
        weights, floor = scheme(name, factors, RULES.book("4310"), "4310", date(2026, 11, 24))
        assert sum(weights.values()) == 1
        assert 0 < floor < 1


def test_a_factor_that_is_nowhere_tells_nobody_apart() -> None:
    found, parts = scores([D(1), D(2)], {"task": [D(0), D(0)]}, {"task": D(1)}, FLOOR)
    assert found == [1, 1]
    assert parts == [{"task": 1}, {"task": 1}]


# ---- other solvers --------------------------------------------------------------------------------------------------


class Program:
    """A random task of the model, as floats and as decimals."""

    def __init__(self, size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.a, self.c = rng.uniform(0.1, 3, size).round(4), rng.uniform(0.25, 3, size).round(4)
        self.lower = rng.choice([0.0, 5.0, 10.0], size)
        self.upper = self.lower + rng.choice([0.5, 5.0, 40.0], size)
        share = float(rng.uniform(0.05, 0.95))
        self.need = round(float(self.a @ (self.lower + share * (self.upper - self.lower))), 6)

    def ours(self) -> np.ndarray:
        rows = [[D(str(value)) for value in row] for row in (self.a, self.c, self.lower, self.upper)]
        return np.array([float(x) for x in proportional(*rows, D(str(self.need)))])

    def objective(self, x: np.ndarray) -> float:
        return float(np.sum(self.a * x**2 / self.c))

    def by_cvxpy(self) -> np.ndarray:
        import cvxpy

        x = cvxpy.Variable(len(self.a))
        cost = cvxpy.sum(cvxpy.multiply(self.a / self.c, cvxpy.square(x)))
        cvxpy.Problem(cvxpy.Minimize(cost), [self.a @ x >= self.need, x >= self.lower, x <= self.upper]).solve(
            solver=cvxpy.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11
        )
        return np.asarray(x.value)

    def by_scipy(self) -> np.ndarray:
        """Bisection on the multiplier by the conditions of optimality: nothing in common with fixing variables."""
        from scipy.optimize import brentq

        def carried(mu: float) -> float:
            return float(self.a @ np.clip(mu * self.c, self.lower, self.upper)) - self.need

        return np.asarray(np.clip(brentq(carried, 0.0, 1e4, xtol=1e-13, rtol=1e-14) * self.c, self.lower, self.upper))


@pytest.mark.parametrize("size", [1, 2, 11, 110])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("solver", ["by_cvxpy", "by_scipy"])
def test_another_solver_agrees(size: int, seed: int, solver: str) -> None:
    program = Program(size, seed)
    ours, theirs = program.ours(), getattr(program, solver)()
    assert abs(program.objective(ours) / program.objective(theirs) - 1) < 1e-6
    assert np.all(np.abs(ours - theirs) <= 1e-4 * np.maximum(np.abs(theirs), 1e-2))
    assert abs(float(program.a @ ours) - program.need) < 1e-9 * program.need


def test_the_kinds_of_answer_are_what_the_module_exports() -> None:
    rate = decompose_rate(D(15), 5, [GOOD], {"industry": D(1)}, FLOOR, D("0.1"))
    tonnes = decompose_tonnes(D(15), [TonneRegion("a", "甲县", D(1))], {}, FLOOR, D(1))
    assert isinstance(rate, RateDecomposition)
    assert isinstance(tonnes, TonneDecomposition)
    assert rate.shares[0].rounded.to_integral_value(ROUND_FLOOR) == tonnes.shares[0].rounded == 15
