"""Targets: chaining, progress and path, and what the two measures of a year must not be mixed with (accounting 17)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.core import targets
from shuangkong.core.errors import InputError
from shuangkong.core.rounding import round_half_up

D = Decimal
TARGETS = st.decimals(D("0.1"), D(90), places=2)
YEARS = st.integers(1, 15)
NEAR = D("1e-20")


@given(TARGETS, YEARS)
def test_the_even_rate_chained_is_the_target(target: Decimal, years: int) -> None:
    rate = targets.annual_decline_percent(target, years)
    assert abs(targets.cumulative_decline_percent([rate] * years) - target) < NEAR


@given(TARGETS, YEARS, st.data())
def test_on_the_path_progress_is_what_is_required(target: Decimal, years: int, data: st.DataObject) -> None:
    months = data.draw(st.integers(0, 12 * years))
    due = targets.required_cumulative_decline_percent(target, years, months)
    assert abs(targets.progress_percent(due, target) - targets.required_progress_percent(years, months)) < NEAR


@given(TARGETS, st.decimals(-20, 50, places=2), st.integers(1, 4))
def test_the_remaining_rate_reaches_the_target(target: Decimal, reached: Decimal, years: int) -> None:
    rate = targets.remaining_annual_decline_percent(target, reached, years)
    assert abs(targets.cumulative_decline_percent([reached, *[rate] * years]) - target) < NEAR
    assert (rate > 0) is (reached < target)


def test_published_rates() -> None:
    rates = {20: "4.3648", 15: "3.1981", 14: "2.9714"}
    for target, rate in rates.items():
        assert round_half_up(targets.annual_decline_percent(D(target), 5), 4) == D(rate)


def test_a_rise_is_negative_progress() -> None:
    assert targets.progress_percent(D(-1), D(15)) < 0
    assert targets.progress_percent(D(0), D(15)) == 0
    assert targets.overfulfilment_percent(D(15), D(15)) == 0


def test_the_rate_of_a_year() -> None:
    assert targets.required_in_year_percent(D("2.5"), D(15), 5) == D("2.5")
    assert targets.required_in_year_percent(None, D(15), 5) == targets.annual_decline_percent(D(15), 5)


@pytest.mark.parametrize("months", [-1, 61])
def test_months_outside_the_period_are_refused(months: int) -> None:
    with pytest.raises(InputError, match="已过月数应在 0 到 60 之间"):
        targets.required_progress_percent(5, months)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="目标降低率必须大于 0"):
        targets.annual_decline_percent(D(0), 5)
    with pytest.raises(InputError, match="强度不能降低 100% 或更多"):
        targets.annual_decline_percent(D(100), 5)
    with pytest.raises(InputError, match="年数必须大于 0"):
        targets.annual_decline_percent(D(15), 0)
    with pytest.raises(InputError, match=r"yearly_decline_percent\[1\]"):
        targets.cumulative_decline_percent([D(1), D(100)])
