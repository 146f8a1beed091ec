"""Forecasts: each method on a series that it must get, a record that never sees the future, intervals that hold what they say."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.core import forecast as module
from shuangkong.core.errors import InputError
from shuangkong.core.forecast import METHODS, Point, forecast, join_january_and_february, shortest_history, total

D = Decimal
PATTERN = np.array([0.8, 0.75, 1.0, 0.95, 1.0, 1.05, 1.2, 1.25, 1.05, 0.95, 1.0, 1.1])


def decimals(values: np.ndarray) -> list[Decimal]:
    return [D(str(round(float(value), 6))) for value in values]


def months(years: int, growth: float = 0.0, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """A positive series with a season, growing by ``growth`` a year."""
    rng = np.random.default_rng(seed)
    t = np.arange(12 * years)
    return 100 * np.tile(PATTERN, years) * np.exp(growth * t / 12 + noise * rng.standard_normal(12 * years))


def test_what_repeats_is_repeated_and_the_naive_is_kept() -> None:
    found = forecast(decimals(months(5)), 12, 6)
    assert [float(point.value) for point in found.points] == pytest.approx(list(100 * PATTERN[:6]), rel=1e-8)
    assert found.method == "seasonal_naive"
    assert found.beats_naive is False
    assert found.records[0].error_percent < D("1e-5")
    assert {record.method for record in found.records} == {"seasonal_naive", "drift", "ets"}


def test_the_drift_adds_the_mean_change_of_a_year_for_every_year_ahead() -> None:
    values = np.array([1.0, 5.0, 3.0, 6.0, 4.0, 9.0])  # changes on two periods ago: 2, 1, 1, 3
    assert module._drift(module._Known(values, 2, None), 5) == pytest.approx([5.75, 10.75, 7.5, 12.5, 9.25])


def test_smoothing_is_best_where_the_series_grows() -> None:
    history = months(6, 0.06)
    found = forecast(decimals(history[:-6]), 12, 6)
    assert found.method == "ets"
    assert found.beats_naive
    assert [float(point.value) for point in found.points] == pytest.approx(list(history[-6:]), rel=0.005)
    errors = [record.error_percent for record in found.records]
    assert errors == sorted(errors)
    assert found.records[0].label == METHODS["ets"]


def test_regression_is_best_where_electricity_leads() -> None:
    rng = np.random.default_rng(3)
    walk = np.cumsum(0.03 * rng.standard_normal(84))
    electricity = 500 * np.tile(PATTERN, 7) * np.exp(walk)
    energy = 0.8 * electricity**0.9 * np.exp(0.002 * rng.standard_normal(84))
    found = forecast(decimals(energy[:-3]), 12, 3, decimals(electricity))
    assert found.method == "regression"
    assert [float(point.value) for point in found.points] == pytest.approx(list(energy[-3:]), rel=0.02)
    beyond = forecast(decimals(energy[:-6]), 12, 6, decimals(electricity[:-3]))
    assert len(beyond.points) == 6


def test_the_regression_is_least_squares_on_changes() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(1, 2, 40), rng.uniform(1, 2, 36)
    dx, dy = x[4:36] - x[:32], y[4:] - y[:-4]
    slope = ((dx - dx.mean()) * (dy - dy.mean())).sum() / ((dx - dx.mean()) ** 2).sum()
    constant = dy.mean() - slope * dx.mean()
    found = module._regression(module._Known(y, 4, x), 4)
    assert found == pytest.approx(y[-4:] + constant + slope * (x[36:] - x[32:36]))


def test_smoothing_is_the_plain_recursion_at_its_best_weights() -> None:
    rng = np.random.default_rng(7)
    values = np.tile([1.0, 2.0, 3.0, 2.5], 6) + 0.05 * np.arange(24) + 0.1 * rng.standard_normal(24)

    def plain(alpha: float, beta: float, gamma: float, phi: float) -> tuple[float, list[float]]:
        slope = (sum(values[4:8]) - sum(values[:4])) / 16
        level, trend = sum(values[:4]) / 4 - slope * 2.5, slope
        season = [values[i] - (sum(values[:4]) / 4 + slope * (i - 1.5)) for i in range(4)]
        squares = 0.0
        for t, value in enumerate(values):
            error = value - (level + phi * trend + season[t % 4])
            level, trend = level + phi * trend + alpha * error, phi * trend + alpha * beta * error
            season[t % 4] += gamma * (1 - alpha) * error
            squares += error**2 if t >= 4 else 0.0
        ahead = [level + trend * sum(phi**i for i in range(1, h + 1)) + season[(24 + h - 1) % 4] for h in range(1, 6)]
        return squares, ahead

    best = min((plain(*row) for row in module._GRID), key=lambda found: found[0])
    assert module._smoothed(values, 4, 5) == pytest.approx(best[1])


def test_years_have_no_season_and_values_below_zero_are_taken_as_they_are() -> None:
    assert len(forecast([D(100 + 3 * i) for i in range(15)], 1, 5).points) == 5
    found = forecast([D(i - 5) for i in range(20)], 1, 2)
    assert found.method == "drift"
    assert [round(point.value, 3) for point in found.points] == [15, 16]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 4, 12]), st.integers(1, 6))
def test_the_record_never_sees_the_future(seed: int, season: int, horizon: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 2, 4 * season + 20)
    changed = values.copy()
    changed[-1] *= 3
    leading = rng.uniform(1, 2, len(values) + 2)
    before, after = (module._Task(decimals(of), season, horizon, decimals(leading)) for of in (values, changed))
    for method in METHODS:
        # all origins but the last have their whole horizon before the changed value
        assert before.errors(method)[:-1] == pytest.approx(after.errors(method)[:-1])
        assert not np.allclose(before.errors(method)[-1], after.errors(method)[-1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([4, 12]), st.integers(1, 6), st.sampled_from([50, 80, 95]))
def test_every_point_lies_in_its_interval_and_more_certainty_is_wider(seed: int, season: int, horizon: int, level: int) -> None:
    values = decimals(np.random.default_rng(seed).uniform(1, 100, 4 * season + 20))
    narrow, wide = forecast(values, season, horizon, level_percent=D(level)), forecast(values, season, horizon, level_percent=D("97.5"))
    for point, wider in zip(narrow.points, wide.points, strict=True):
        assert wider.low <= point.low < point.value < point.high <= wider.high
    reach = [float(np.log(float(point.high / point.value))) for point in narrow.points]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(reach))


def test_four_of_five_intervals_hold_the_truth() -> None:
    held = count = 0
    for seed in range(40):
        series = months(6, 0.04, 0.03, seed)
        for point, truth in zip(forecast(decimals(series[:-3]), 12, 3).points, series[-3:], strict=True):
            held += float(point.low) <= truth <= float(point.high)
            count += 1
    assert 0.7 < held / count < 0.95


def test_january_and_february_are_one_season() -> None:
    year = [D(i) for i in range(1, 13)]
    assert join_january_and_february(year * 2) == [D(3), *year[2:], D(3), *year[2:]]
    assert join_january_and_february([*year, D(5)]) == [D(3), *year[2:]]
    assert join_january_and_february([None, D(2), D(3)]) == [None, D(3)]
    assert join_january_and_february([D(1), None, D(3)]) == [None, D(3)]
    joined = join_january_and_february(decimals(months(6, 0.05)))
    assert len(joined) == 66
    assert forecast(joined, 11, 10).beats_naive


def test_a_year_is_what_is_known_and_what_is_forecast() -> None:
    found = total([D(10), D(11)], [Point(D(12), D(11), D(13)), Point(D(12), D(10), D(15))])
    assert found == Point(D(45), D(42), D(49))
    assert total([D(10)], []) == Point(D(10), D(10), D(10))


def test_a_forecast_that_leaves_all_bounds_is_refused() -> None:
    values = [D(10) ** (15 * i) for i in range(20)]
    with pytest.raises(InputError, match="超出数值范围"):
        forecast(values, 1, 8)


LONG = [D(i % 12 + 1) for i in range(48)]


@pytest.mark.parametrize(
    ("values", "season", "horizon", "leading", "level", "words"),
    [
        ([*LONG, None], 12, 3, None, 80, "第 49 期缺数"),
        (LONG, 12, 3, [None], 80, "leading"),
        (LONG[:20], 12, 3, None, 80, "历史只有 20 期"),
        (LONG[:5], 1, 1, None, 80, "历史只有 5 期"),
        (LONG, 0, 3, None, 80, "季节长度"),
        (LONG, 12, 0, None, 80, "预测期数"),
        (LONG, 12, 3, LONG[:-1], 80, "先行指标比"),
        (LONG, 12, 3, None, 100, "置信水平"),
    ],
)
def test_what_cannot_be_is_refused(
    values: list[Decimal | None], season: int, horizon: int, leading: list[Decimal | None] | None, level: int, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        forecast(values, season, horizon, leading, D(level))
    assert words in str(caught.value)


def test_beyond_the_tested_distance_the_interval_widens_with_the_square_root() -> None:
    values = decimals(months(6, 0.04, 0.02))
    near, far = forecast(values, 12, 6), forecast(values, 12, 24, tested=6)
    assert far.points[:6] == near.points
    assert far.records == near.records

    def reach(point: Point) -> float:
        return math.log(float(point.high / point.value))

    assert [reach(far.points[step]) for step in (11, 23)] == pytest.approx([reach(far.points[5]) * math.sqrt(n) for n in (2, 4)])


def test_a_test_longer_than_the_horizon_is_the_horizon_and_none_is_refused() -> None:
    values = decimals(months(4, 0.04, 0.02))
    assert forecast(values, 12, 3, tested=9) == forecast(values, 12, 3)
    with pytest.raises(InputError, match="给出的是 12、0"):
        forecast(values, 12, 3, tested=0)


def test_the_shortest_history_is_enough_and_one_less_is_not() -> None:
    values = decimals(months(3, 0.02, 0.01))
    for season, tested in ((12, 4), (4, 8), (1, 2)):
        size = shortest_history(season, tested)
        assert len(forecast(values[:size], season, tested).points) == tested
        with pytest.raises(InputError, match=f"历史只有 {size - 1} 期"):
            forecast(values[: size - 1], season, tested)
