"""The measuring itself."""

import time

import pytest

from bench.__main__ import line, main
from bench.results import Result, ratio


@pytest.mark.parametrize(
    ("found", "allowed", "at_least", "good"),
    [(2.0, 2.0, False, True), (2.01, 2.0, False, False), (0.75, 0.75, True, True), (0.74, 0.75, True, False)],
)
def test_a_ratio_keeps_its_limit_at_the_limit_and_not_beyond(found: float, allowed: float, at_least: bool, good: bool) -> None:
    result = Result("x", found, allowed, at_least)
    assert result.good is good
    assert line(result).startswith("good" if good else "BROKEN")


def test_slower_work_has_a_ratio_above_one() -> None:
    assert ratio(lambda: time.sleep(0.02), lambda: time.sleep(0.005), 3) > 2


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "no such benchmark: nothing" in capsys.readouterr().err
