"""Trajectories: all begin at nothing and end at the target; figures set for years are met at their ends."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.core.errors import InputError
from shuangkong.core.rounding import round_half_up
from shuangkong.core.targets import annual_decline_percent, cumulative_decline_percent
from shuangkong.core.trajectories import Trajectory, required_decline_percent, required_level, required_t

D = Decimal
NEAR = D("1e-25")
YEARLY = [D(3), D(6), D(9), D("12.5"), D(15)]


@settings(deadline=None)
@given(st.sampled_from(list(Trajectory)), st.lists(st.decimals(0, 90, places=2), min_size=1, max_size=6), st.decimals("0.1", 90, places=2))
def test_from_nothing_to_the_target(kind: Trajectory, first: list[Decimal], target: Decimal) -> None:
    by_year = [*first, target]
    years = len(by_year)
    assert required_decline_percent(kind, target, years, 0, by_year) == 0
    assert abs(required_decline_percent(kind, target, years, 12 * years, by_year) - target) < NEAR
    if kind is Trajectory.BY_YEAR:
        ends = [required_decline_percent(kind, target, years, 12 * year, by_year) for year in range(1, years + 1)]
        assert ends == by_year


@settings(deadline=None)
@given(st.integers(0, 59), st.sampled_from(list(Trajectory)))
def test_a_rising_path_never_falls(month: int, kind: Trajectory) -> None:
    here, next_ = (required_decline_percent(kind, D(15), 5, months, YEARLY) for months in (month, month + 1))
    assert here < next_


def test_between_two_years_a_rate_is_geometric_and_tonnes_are_linear() -> None:
    first, half = (required_decline_percent(Trajectory.BY_YEAR, D(15), 5, months, YEARLY) for months in (12, 18))
    rest = 1 - (100 - half) / (100 - first)
    assert abs(cumulative_decline_percent([first, rest * 100, rest * 100]) - YEARLY[1]) < NEAR
    tonnes = [D(1000), D(3000), D(6000), D(9000), D(10500)]
    assert required_t(Trajectory.BY_YEAR, D(10500), 5, 18, tonnes) == 2000
    assert required_t(Trajectory.BY_YEAR, D(10500), 5, 24, tonnes) == 3000


def test_known_points() -> None:
    assert required_decline_percent(Trajectory.LINEAR, D(15), 5, 12) == 3
    assert required_decline_percent(Trajectory.GEOMETRIC, D(15), 5, 12) == annual_decline_percent(D(15), 5)
    assert round_half_up(required_decline_percent(Trajectory.GEOMETRIC, D(15), 5, 12), 4) == D("3.1981")
    assert required_t(Trajectory.LINEAR, D(10500), 5, 30) == 5250
    assert [kind.label for kind in Trajectory] == ["按时间均匀", "按年均降低率", "按年度目标"]


@pytest.mark.parametrize(
    ("by_year", "words"),
    [
        (YEARLY[:4], "应有 5 个年度目标"),
        ([*YEARLY[:4], D(14)], "应等于总目标"),
        ([D(-1), *YEARLY[1:]], "不能小于 0"),
        ([D(3), D(100), *YEARLY[2:]], "不可能"),
    ],
)
def test_yearly_figures_that_cannot_be_are_refused(by_year: list[Decimal], words: str) -> None:
    with pytest.raises(InputError, match=words):
        required_decline_percent(Trajectory.BY_YEAR, D(15), 5, 18, by_year)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="线性"):
        required_t(Trajectory.GEOMETRIC, D(10), 5, 12)
    with pytest.raises(InputError, match="目标必须大于 0"):
        required_t(Trajectory.LINEAR, D(0), 5, 12)
    with pytest.raises(InputError, match="0 到 60 之间"):
        required_t(Trajectory.LINEAR, D(10), 5, 61)
    with pytest.raises(InputError, match="目标降低率必须大于 0"):
        required_decline_percent(Trajectory.LINEAR, D(0), 5, 12)
    with pytest.raises(InputError, match="100% 或更多"):
        required_decline_percent(Trajectory.LINEAR, D(100), 5, 12)


# ---- levels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Trajectory.LINEAR, Trajectory.GEOMETRIC])
@pytest.mark.parametrize(("base", "target"), [("700", "760"), ("117", "100")])
def test_a_level_begins_at_its_base_and_ends_at_its_target(kind: Trajectory, base: str, target: str) -> None:
    assert required_level(kind, Decimal(base), Decimal(target), 5, 0) == Decimal(base)
    assert round(required_level(kind, Decimal(base), Decimal(target), 5, 60), 20) == Decimal(target)
    between = required_level(kind, Decimal(base), Decimal(target), 5, 30)
    assert min(Decimal(base), Decimal(target)) < between < max(Decimal(base), Decimal(target))


def test_levels_set_by_year_are_met_at_the_ends_of_the_years() -> None:
    ends = [Decimal(n) for n in (710, 725, 740, 750, 760)]
    found = [required_level(Trajectory.BY_YEAR, Decimal(700), Decimal(760), 5, m, ends) for m in (0, 6, 12, 18, 60)]
    assert found == [700, 705, 710, Decimal("717.5"), 760]
    with pytest.raises(InputError, match="5 个年度目标"):
        required_level(Trajectory.BY_YEAR, Decimal(700), Decimal(760), 5, 6, ends[:3])


def test_a_geometric_level_needs_something_to_begin_with() -> None:
    with pytest.raises(InputError, match="大于 0"):
        required_level(Trajectory.GEOMETRIC, Decimal(0), Decimal(22), 5, 6)
