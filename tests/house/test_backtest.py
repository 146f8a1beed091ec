"""The back-test: the choice never sees what it is judged by, the nation's rows of the page are what the data give, losing is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bench import backtest
from bench.backtest import PAGE, Case, Outcome, national_cases, outcome, table, written

GROWING = [Decimal(str(round(100 * 1.03**n, 6))) for n in range(16)]


def test_what_grows_is_forecast_better_than_it_repeats() -> None:
    found = outcome(Case("甲", GROWING, 1, 2))
    assert found.origins == 7
    assert found.chosen_percent < Decimal("0.5") < found.naive_percent
    assert sum(int(part.rstrip("次")[-1]) for part in found.methods.split("，")) == 7


def test_the_last_values_do_not_reach_earlier_origins() -> None:
    """With the last actual value changed only the error of what is compared with it changes, by exactly that much."""
    plain, changed = GROWING[:12], [*GROWING[:11], GROWING[11] + 50]
    errors = []
    for values in (plain, changed):
        found = outcome(Case("甲", values, 1, 1))
        errors.append(found.chosen_percent * sum(values[-found.origins :]) / 100)
    assert errors[1] - errors[0] == pytest.approx(Decimal(50), abs=Decimal("0.1"))


def test_the_page_holds_what_the_national_series_gives() -> None:
    found = [outcome(case) for case in national_cases()]
    rows = [line for line in table(found).splitlines() if line.startswith("| 全国")]
    assert len(rows) == 2
    text = PAGE.read_text(encoding="utf-8")
    assert all(row in text for row in rows)
    assert all(one.chosen_percent < one.naive_percent for one in found)


def test_a_choice_that_loses_is_named() -> None:
    even = Outcome(Case("乙", [], 4, 1), 8, Decimal(2), Decimal(2), Decimal(80), "季节朴素法8次")
    better = even._replace(chosen_percent=Decimal(1))
    assert "没有胜过季节朴素法的：乙（1季）" in table([even, better])
    assert "都胜过" in table([better])


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = f"前{backtest.BEGIN}旧{backtest.END}后"
    assert written(text, "新") == f"前{backtest.BEGIN}\n新\n{backtest.END}后"
