"""Measures: the choice is the one that trying everything finds; what cannot be closed is said with the part that can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.core import measures
from shuangkong.core.errors import InputError
from shuangkong.core.measures import KINDS, NO_LIMITS, Limits, Measure, Plan, alternatives, close_gap
from shuangkong.rulebook import Rulebook

D = Decimal
BOOK = Rulebook.load().book("4310")
ON = date(2026, 3, 1)
NEAR = D("1e-20")


def closed(gap: Decimal | int, months: int, library: Sequence[Measure], limits: Limits = NO_LIMITS, on: date = ON) -> Plan:
    return close_gap(D(gap), months, library, BOOK, "4310", on, limits)


# ---- trying everything ----------------------------------------------------------------------------------------------


def every_choice(library: Sequence[Measure], months: int, limits: Limits) -> list[tuple[Decimal, Decimal]]:
    """Effect × 12 and cost of every choice that keeps the rules."""
    found = []
    for units in product(*(range(measure.units + 1) for measure in library)):
        taken = [(measure, x) for measure, x in zip(library, units, strict=True) if x]
        codes = {measure.code for measure, _x in taken}
        groups = [measure.group for measure, _x in taken if measure.group]
        late = any(measure.delay_months >= months for measure, _x in taken)
        if late or len(set(groups)) < len(groups) or any(set(measure.needs) - codes for measure, _x in taken):
            continue
        cost = sum((x * measure.cost_10k_yuan for measure, x in taken), D(0))
        lost = -sum((x * measure.gdp_10k_yuan * (months - measure.delay_months) for measure, x in taken), D(0))
        if limits.cost_10k_yuan is not None and cost > limits.cost_10k_yuan:
            continue
        if limits.gdp_loss_10k_yuan is not None and lost > limits.gdp_loss_10k_yuan * 12:
            continue
        found.append((sum((x * measure.effect_tce * (months - measure.delay_months) for measure, x in taken), D(0)), cost))
    return found


CODES = ("a", "b", "c", "d")
AMOUNT = st.decimals("0.1", 500, places=1)


@st.composite
def libraries(draw: st.DrawFn) -> list[Measure]:
    codes = CODES[: draw(st.integers(1, 4))]
    return [
        Measure(
            code, f"措施{code}", draw(st.sampled_from(sorted(KINDS))), draw(AMOUNT), draw(st.decimals(0, 500, places=1)),
            draw(st.integers(1, 3)), draw(st.integers(0, 14)), draw(st.decimals(-100, 50, places=1)),
            group=draw(st.sampled_from(["", "", "g"])),
            needs=draw(st.sampled_from([(), (), tuple(other for other in codes[:1] if other != code)])),
        )
        for code in codes
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    libraries(), st.decimals(0, 2000, places=1), st.integers(1, 24),
    st.builds(Limits, st.none() | st.decimals(0, 1500, places=1), st.none() | st.decimals(0, 300, places=1)),
)  # fmt: skip
def test_the_choice_is_the_one_that_trying_everything_finds(library: list[Measure], gap: Decimal, months: int, limits: Limits) -> None:
    plan = closed(gap, months, library, limits)
    everything = every_choice(library, months, limits)
    enough = [cost for effect, cost in everything if effect >= gap * 12]
    if enough:
        assert plan.closed
        assert plan.cost_10k_yuan == min(enough)
    else:
        most = max(effect for effect, _cost in everything)
        assert abs(plan.effect_tce - most / 12) < NEAR
        assert abs(plan.remaining_tce - (gap - most / 12)) < NEAR
        assert plan.cost_10k_yuan == min(cost for effect, cost in everything if effect == most)
    assert plan.cost_10k_yuan == sum(choice.cost_10k_yuan for choice in plan.choices)
    assert {left.code for left in plan.left_out} >= {measure.code for measure in library if measure.delay_months >= months}


@settings(max_examples=40, deadline=None)
@given(libraries(), st.decimals(0, 500, places=1))
def test_the_price_of_an_alternative_is_what_the_other_plan_costs_more(library: list[Measure], gap: Decimal) -> None:
    plan = closed(gap, 12, library)
    if not plan.closed:
        with pytest.raises(InputError, match="缺口没有补足"):
            alternatives(plan, 12, library, BOOK, "4310", ON)
        return
    for other in alternatives(plan, 12, library, BOOK, "4310", ON):
        assert other.extra_10k_yuan is None or other.extra_10k_yuan >= 0
        if other.taken and not any(other.code in measure.needs for measure in library):
            without = closed(gap, 12, [measure for measure in library if measure.code != other.code])
            assert (other.extra_10k_yuan is not None) == without.closed
            if other.extra_10k_yuan is not None:
                assert other.extra_10k_yuan == without.cost_10k_yuan - plan.cost_10k_yuan


# ---- by example -----------------------------------------------------------------------------------------------------

STAGGER = Measure("stagger", "水泥错峰生产", "stagger", D(6000), D(300), 3, 0, D(-900), {"nox_t": D(6)})
RETROFIT = Measure("retrofit", "余热改造", "retrofit", D(5000), D(800), 2, 4)
GREEN = Measure("green", "购买绿证", "green_power", D("30.5"), D("0.6"), 100, rule="energy.deduction.certificates")


def test_a_gap_is_closed_and_every_effect_is_said() -> None:
    plan = closed(9000, 12, [STAGGER, RETROFIT, GREEN])
    assert [(choice.code, choice.units) for choice in plan.choices] == [("stagger", 1), ("green", 99)]
    assert (plan.cost_10k_yuan, plan.gdp_10k_yuan, plan.remaining_tce) == (D("359.4"), D(-900), 0)
    assert plan.pollutants_t == {"nox_t": D(6)}
    assert plan.effect_tce == D("9019.5")
    prices = {other.code: other.extra_10k_yuan for other in alternatives(plan, 12, [STAGGER, RETROFIT, GREEN], BOOK, "4310", ON)}
    assert prices == {"stagger": D("1286.8"), "retrofit": D("740.6"), "green": D("240.6")}


def test_a_measure_that_no_rule_allows_is_left_out_with_the_reason() -> None:
    before, on = date(2024, 1, 26), date(2024, 1, 27)
    plan = closed(3000, 12, [GREEN, STAGGER], on=before)
    assert [left.code for left in plan.left_out] == ["green"]
    assert "2024-01-27" in plan.left_out[0].why
    assert [choice.code for choice in plan.choices] == ["stagger"]
    assert [choice.code for choice in closed(3000, 12, [GREEN, STAGGER], on=on).choices] == ["green"]


def test_the_delay_counts_and_what_comes_too_late_is_left_out() -> None:
    assert closed(5000, 5, [RETROFIT]).effect_tce * 12 == 5000 * 2
    late = closed(1, 4, [RETROFIT])
    assert [left.why for left in late.left_out] == ["滞后 4 个月，剩余 4 个月内没有效果"]
    assert (late.choices, late.remaining_tce, late.closed) == ((), 1, False)


def test_what_needs_a_measure_that_is_left_out_is_left_out_too() -> None:
    online = Measure("online", "在线监测", "retrofit", D(10), D(1), needs=("retrofit",))
    report = Measure("report", "能源管理", "retrofit", D(10), D(1), needs=("online",))
    plan = closed(5, 3, [report, online, RETROFIT])
    assert {left.code: left.why for left in plan.left_out if left.code != "retrofit"} == {
        "online": "所需的措施不能用", "report": "所需的措施不能用"
    }  # fmt: skip


def test_a_third_of_a_year_closes_a_third_exactly() -> None:
    thirds = Measure("x", "三分之一", "structure", D(1), D(1), 3, 8)
    plan = closed(1, 12, [thirds])
    assert (plan.effect_tce, plan.remaining_tce, plan.choices[0].units) == (1, 0, 3)


def test_a_gap_that_cannot_be_closed_says_what_can() -> None:
    plan = closed(90000, 12, [STAGGER], Limits(gdp_loss_10k_yuan=D(1800)))
    assert (plan.closed, plan.effect_tce, plan.remaining_tce) == (False, 12000, 78000)
    assert [choice.units for choice in plan.choices] == [2]
    assert closed(0, 12, [STAGGER]).choices == ()


def swapped(**changes: Any) -> Measure:
    return Measure(**({name: getattr(STAGGER, name) for name in Measure.__slots__} | changes))


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ([STAGGER, STAGGER], "列了两次"),
        ([swapped(kind="magic")], "不认识措施类别"),
        ([swapped(effect_tce=D(0))], "效果必须大于 0"),
        ([swapped(cost_10k_yuan=D(-1))], "成本不能小于 0"),
        ([swapped(units=0)], "单位数"),
        ([swapped(delay_months=-1)], "滞后月数"),
        ([swapped(needs=("none",))], "不在措施库中"),
    ],
)
def test_a_library_that_cannot_be_is_refused(library: list[Measure], words: str) -> None:
    with pytest.raises(InputError, match=words):
        closed(1, 12, library)


def test_a_task_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="缺口不能小于 0"):
        closed(-1, 12, [STAGGER])
    with pytest.raises(InputError, match="剩余 0 个月"):
        closed(1, 0, [STAGGER])
    with pytest.raises(InputError, match="限额不可能遵守"):
        closed(1, 12, [STAGGER], Limits(cost_10k_yuan=D(-1)))


def test_an_answer_that_does_not_hold_on_decimals_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "_optimum", lambda *_task: [0])
    with pytest.raises(InputError, match="取整后不满足约束"):
        closed(1, 12, [STAGGER])


def test_a_solver_that_gives_up_is_not_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda *_args, **_options: SimpleNamespace(status=4, message="numerical difficulties"))
    with pytest.raises(InputError, match="numerical difficulties"):
        closed(1, 12, [STAGGER])


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    closed(9000, 12, [STAGGER, RETROFIT])
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
