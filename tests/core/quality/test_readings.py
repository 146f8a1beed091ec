"""What a rule may look at: which values count, what is new, days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shuangkong.core.quality.readings import HOUR
from tests.core.quality.kit import BEGIN, series


def test_only_what_is_measured_as_usual_while_the_source_runs_counts() -> None:
    of = series([1, 2, 3, 4, None], flags={1: "M", 2: "F", 3: ""})
    assert of.values == [Decimal(1), None, None, Decimal(4), None]


def test_a_source_with_a_twentieth_of_its_usual_load_stands_still() -> None:
    of = series([1, 2, 3, 4], load=[100, 5, 4.9, None])
    assert of.usual_load == Decimal(5)
    assert series([1] * 6, load=[100, 100, 100, 5, 4.9, None]).idle == [False, False, False, False, True, False]
    assert series([1, 2], load=[0, None]).usual_load is None


def test_what_is_new_and_the_days() -> None:
    of = series([1] * 50, new=2)
    assert of.new == 48
    assert list(of.days()) == [(date(2026, 10, 1), 0, 24), (date(2026, 10, 2), 24, 48), (date(2026, 10, 3), 48, 50)]
    assert series([1, 2], new=0).new == 2
    assert of.hours[1].start - BEGIN == HOUR
