"""Completeness, timeliness, validity: each line at, under and over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shuangkong.core.quality import Hour, Rates, Validity, rates
from shuangkong.rulebook import current
from tests.core.quality.kit import BEGIN, hours, saw, series, usual

VALID = Validity(45, 20, 25, 23)


def day(*changed: tuple[int, Hour]) -> list[Hour]:
    found = list(hours(usual(24)))
    for place, hour in changed:
        found[place] = replace(hour, start=found[place].start)
    return found


def hour(**more: object) -> Hour:
    return Hour(BEGIN, Decimal(30), **more)  # type: ignore[arg-type]


def test_the_lines_come_from_the_rulebook() -> None:
    assert Validity.at(current().book("cn"), "cn", date(2026, 10, 1)) == VALID


@pytest.mark.parametrize(
    ("of", "valid"),
    [
        (hour(valid=45), True), (hour(valid=44), False), (hour(flag="M"), False), (hour(flag=""), True), (Hour(BEGIN, None), False),
        (hour(flag="S"), False),
    ],
)  # fmt: skip
def test_an_hour_is_valid_with_45_minutes_as_usual(of: Hour, valid: bool) -> None:
    assert VALID.hour(of) is valid


@pytest.mark.parametrize(("bad", "valid"), [(4, True), (5, False)])
def test_a_day_is_valid_with_20_hours(bad: int, valid: bool) -> None:
    assert VALID.day(day(*((place, hour(flag="D")) for place in range(bad)))) is valid


def test_of_a_day_with_hours_at_rest_the_same_share_is_asked() -> None:
    rest = [(place, Hour(BEGIN, None, "F")) for place in range(12)]
    assert VALID.day(day(*rest, (12, hour(flag="D")), (13, hour(flag="D"))))
    assert not VALID.day(day(*rest, *((place, hour(flag="D")) for place in (12, 13, 14))))
    assert not VALID.day([Hour(BEGIN, None, "F")] * 24)


@pytest.mark.parametrize(("days", "month", "valid"), [(25, 10, True), (24, 10, False), (23, 2, True), (22, 2, False)])
def test_a_month_is_valid_with_25_days_and_february_with_23(days: int, month: int, valid: bool) -> None:
    assert VALID.month(days, month) is valid


def test_rates_are_of_counts_and_add_up() -> None:
    one = rates(day((0, Hour(BEGIN, None, "", 0, 0)), (1, hour(late=60)), (2, hour(flag="D"))), VALID)
    assert one == Rates(24 * 60, 23 * 60, 22 * 60, 23, 22)
    two = one + rates(day(), VALID)
    assert (two.completeness, two.timeliness, two.validity) == (Decimal(47) / 48, Decimal(46) / 47, Decimal(46) / 47)
    assert two.effective == Decimal(47) / 48 * Decimal(46) / 47


def test_hours_at_rest_and_the_daily_check_count_nowhere() -> None:
    found = rates(day((0, Hour(BEGIN, None, "F")), (1, hour(flag="C")), (2, hour(flag="C"))), VALID, excused_hours=1)
    assert (found.expected, found.hours, found.valid) == (22 * 60, 22, 21)


def test_nothing_expected_has_no_rate_and_nothing_received_is_none_of_it() -> None:
    assert (Rates().completeness, Rates().timeliness, Rates().validity, Rates().effective) == (None, None, None, None)
    silent = rates([Hour(BEGIN, None, "", 0, 0)] * 24, VALID)
    assert (silent.completeness, silent.timeliness, silent.effective) == (0, None, 0)


def of_day(found: list[Hour]) -> object:
    return series([None] * 24, hours=tuple(found))


@pytest.mark.parametrize(("missing", "seen"), [(1, 0), (2, 1)])
def test_a_day_with_two_hours_missing_is_under_95_percent(missing: int, seen: int) -> None:
    found = saw("incomplete_day", of_day(day(*((n, Hour(BEGIN, None, "", 0, 0)) for n in range(missing)))), least_percent="95")  # type: ignore[arg-type]
    assert len(found) == seen
    if found:
        assert found[0].words == "化学需氧量2026-10-01完整率91.7%，低于95%；整小时没有数据的2个。"
        assert (found[0].first, found[0].last) == (0, 24)


def test_a_day_at_rest_is_neither_complete_nor_not() -> None:
    rest = [Hour(BEGIN + timedelta(hours=n), None, "F") for n in range(24)]
    assert saw("incomplete_day", of_day(rest), least_percent="95") == []  # type: ignore[arg-type]
    assert saw("late_day", of_day(rest), least_percent="95") == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("late", "seen"), [(1, 0), (2, 1)])
def test_a_day_with_two_hours_late_is_not_in_time(late: int, seen: int) -> None:
    found = saw("late_day", of_day(day(*((n, hour(late=60)) for n in range(late)))), least_percent="95")  # type: ignore[arg-type]
    assert [each.words for each in found] == ["化学需氧量2026-10-01及时率91.7%，低于95%。"][:seen]


@pytest.mark.parametrize(("bad", "excused", "seen"), [(4, 0, 0), (5, 0, 1), (5, 1, 0), (6, 1, 1)])
def test_a_day_that_came_with_too_few_valid_hours(bad: int, excused: int, seen: int) -> None:
    of = of_day(day(*((n, hour(flag="D")) for n in range(bad))))
    found = saw("invalid_day", of, minutes="45", hours="20", excused_hours=excused)  # type: ignore[arg-type]
    assert len(found) == seen
    if found:
        assert found[0].words == f"化学需氧量2026-10-01只有{24 - bad}个有效小时，少于20个；标记：D。"


def test_a_day_of_which_hours_are_missing_is_not_called_invalid_and_short_minutes_have_no_flag() -> None:
    gaps = of_day(day(*((n, Hour(BEGIN, None, "", 0, 0)) for n in range(9))))
    assert saw("invalid_day", gaps, minutes="45", hours="20") == []  # type: ignore[arg-type]
    short = of_day(day(*((n, hour(valid=30)) for n in range(9))))
    assert "标记：无" in saw("invalid_day", short, minutes="45", hours="20")[0].words  # type: ignore[arg-type]


def test_a_piece_of_a_day_and_old_days_are_not_judged() -> None:
    assert saw("incomplete_day", series([None] * 10, new=10), least_percent="95") == []
    assert saw("incomplete_day", series([None] * 48, hours=tuple(hours([None] * 48, got=0)), new=24), least_percent="95")[0].first == 24
