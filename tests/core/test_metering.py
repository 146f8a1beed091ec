"""Consumption from meters: each case with the quantity that a person works out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.core.errors import InputError
from shuangkong.core.metering import (
    LONGEST_BRIDGE,
    Consumption,
    Fault,
    Meter,
    MeterKind,
    Reading,
    Span,
    Term,
    combined,
    consumption,
    difference_percent,
    is_apart,
    local_spans,
    midnight,
    resolve,
    steps,
    why_incomplete,
)

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
T0 = datetime(2026, 3, 1, tzinfo=UTC)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
FOREVER = (Term(datetime(2020, 1, 1, tzinfo=UTC)),)


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


def reading(minutes: int, value: object, received: int | None = None, source: int = 0) -> Reading:
    number = None if value is None else D(str(value))
    return Reading(at(minutes), number, at(minutes if received is None else received) + timedelta(seconds=5), source)


def register(terms: tuple[Term, ...] = FOREVER, modulus: object = None, most: object = None) -> Meter:
    return Meter(MeterKind.REGISTER, terms, D(modulus) if modulus else None, D(most) if most else None)  # type: ignore[arg-type]


def used(meter: Meter, readings: list[Reading], first: int = 0, last: int = 60) -> Consumption:
    return consumption(steps(meter, readings), at(first), at(last))


def hour_of(*registers: object) -> list[Reading]:
    """Registers on the quarter hours from 0 on."""
    return [reading(15 * place, value) for place, value in enumerate(registers)]


# registers


def test_the_consumption_of_registers_is_their_rise_times_the_multiplier():
    found = used(register((Term(T0, multiplier=D("40")),)), hour_of("1000.00", "1000.25", "1000.75", "1000.75", "1002.00"))
    assert found.value == D("80.00")  # 2.00 × 40
    assert found.why == ""


def test_a_register_that_rolls_over_goes_on_counting():
    found = used(register(modulus="100000", most="400"), hour_of("99990", "99998", "6", "10", "20"))
    assert found.value == 30  # 8 + 8 + 4 + 10


@pytest.mark.parametrize(("after", "value", "faults"), [("99", 100, ()), ("100", None, (Fault.DROP,)), ("101", None, (Fault.DROP,))])
def test_a_roll_over_is_plausible_up_to_the_largest_step_of_the_meter(after: str, value: int | None, faults: tuple[Fault, ...]):
    """One quarter hour at 400 an hour is at most 100: from 9999 to 99 is 100, to 100 is 101."""
    found = used(register(modulus="10000", most="400"), [reading(0, "9999"), reading(15, after)], 0, 15)
    assert (found.value, found.faults) == (value, faults)


@pytest.mark.parametrize("meter", [register(most="400"), register(modulus="10000"), register()])
def test_without_modulus_or_largest_step_a_fall_is_no_roll_over(meter: Meter):
    found = used(meter, [reading(0, "9999"), reading(15, "3")], 0, 15)
    assert (found.value, found.faults, found.known) == (None, (Fault.DROP,), 0)
    assert found.why == "缺15分钟的数；1处读数倒退"


@pytest.mark.parametrize(("rise", "value"), [("100", 100), ("100.01", None)])
def test_a_rise_beyond_the_largest_step_has_no_value(rise: str, value: int | None):
    found = used(register(most="400"), [reading(0, "0"), reading(15, rise)], 0, 15)
    assert found.value == value
    assert found.faults == (() if value else (Fault.TOO_LARGE,))


def test_a_register_that_stands_still_used_nothing_and_says_so():
    assert used(register(), hour_of(*["77"] * 5)).value == 0


# exchange and multiplier


def test_an_exchange_counts_the_old_meter_to_its_last_register_and_the_new_one_from_its_first():
    """Old: 500 → 503 (read) → 504 when taken off at 00:20; new: 12 when put on, 13 at 00:30, 17 at 01:00."""
    old, new = Term(T0, at(20), last_register=D(504)), Term(at(20), first_register=D(12))
    found = used(register((old, new)), [reading(0, 500), reading(15, 503), reading(30, 13), reading(60, 17)])
    assert found.value == 9  # 4 of the old, 5 of the new


def test_an_exchange_whose_registers_nobody_read_leaves_a_gap():
    old, new = Term(T0, at(20)), Term(at(20))
    found = used(register((old, new)), [reading(0, 500), reading(15, 503), reading(30, 13), reading(60, 17)])
    assert (found.value, found.known) == (None, 7)
    assert found.why == "缺15分钟的数"


def test_an_exchange_that_knows_only_one_of_its_registers_misses_the_other_part():
    old, new = Term(T0, at(20), last_register=D(504)), Term(at(20))
    found = used(register((old, new)), [reading(0, 500), reading(15, 503), reading(30, 13), reading(60, 17)])
    assert (found.known, found.why) == (8, "缺10分钟的数")


def test_a_multiplier_that_changes_within_the_period_holds_from_its_moment():
    """10 at 40 until the transformers were changed at register 110, then 5 at 60."""
    first = Term(T0, at(30), D(40), last_register=D(110))
    sent = [reading(0, 100), reading(15, 104), reading(45, 113), reading(60, 115)]
    found = used(register((first, Term(at(30), None, D(60), D(110)))), sent)
    assert found.value == 700  # 400 + 300


def test_an_interval_takes_the_multiplier_of_its_beginning():
    meter = Meter(MeterKind.INTERVAL, (Term(T0, at(30), D(2)), Term(at(30), None, D(3))))
    assert used(meter, hour_of(1, 1, 1, 1)).value == 10  # 2 + 2 + 3 + 3


def test_what_was_read_outside_of_all_terms_does_not_count():
    meter = register((Term(at(15), at(30)), Term(at(45), at(60))))
    assert [step.start for step in steps(meter, hour_of(1, 2, 3, 4, 5))] == []
    interval = Meter(MeterKind.INTERVAL, (Term(at(15), at(30)),))
    assert [(step.start, step.quantity) for step in steps(interval, hour_of(1, 2, 3, 4, 5))] == [(at(15), D(2))]


def test_terms_that_overlap_are_refused():
    for end in (None, at(31)):
        with pytest.raises(InputError, match="重叠"):
            register((Term(T0, end), Term(at(30))))
    assert register((Term(T0, at(30)), Term(at(30)))).kind is MeterKind.REGISTER


def test_an_interval_without_length_is_refused():
    with pytest.raises(InputError, match="大于 0"):
        Meter(MeterKind.INTERVAL, FOREVER, interval=timedelta(0))


# versions, lateness, clocks


def test_of_several_values_of_a_time_the_one_received_last_counts():
    """The same again changes nothing; another value is a correction, whenever it comes, in whatever order it is read."""
    sent = [*hour_of(100, 101, 102, 103, 104), reading(60, 104, 60), reading(60, 106, 90), reading(60, 105, 70)]
    for order in (sent, sent[::-1]):
        assert used(register(), order).value == 6


def test_of_two_values_received_at_once_the_later_record_counts():
    assert [r.value for r in resolve([reading(0, 2, 9, source=2), reading(0, 1, 9, source=1), reading(0, 2, 9, source=2)])] == [D(2)]


def test_values_that_come_months_late_count_where_they_belong():
    late = 200 * 24 * 60
    before = hour_of(100, 101)
    assert used(register(), before).why == "缺45分钟的数"
    after = [*before, *(reading(minutes, value, late + minutes) for minutes, value in ((30, 103), (45, 104), (60, 110)))]
    assert used(register(), after).value == 10


def test_a_clock_that_was_set_back_loses_nothing_of_a_register():
    """At 01:00 (104) the clock goes back to 00:30; true registers go on: 105 at “00:45”, 106 at “01:00”, 107 at “01:15”."""
    first = hour_of(100, 101, 102, 103, 104)
    again = [reading(30, 104, 61), reading(45, 105, 75), reading(60, 106, 90), reading(75, 107, 105)]
    found = used(register(), first + again, 0, 75)
    assert found.value == 7
    assert [step.quantity for step in steps(register(), first + again)] == [1, 3, 1, 1, 1]


# gaps


def test_a_gap_inside_is_bridged_by_the_register_for_the_whole_but_not_for_its_parts():
    sent = [reading(0, 100), reading(15, 101), reading(90, 107), reading(120, 109)]
    assert used(register(), sent, 0, 120).value == 9
    first = used(register(), sent, 0, 60)
    assert (first.value, first.known, first.straddling) == (None, 1, 1)
    assert first.why == "缺45分钟的数；1段用量跨过期初或期末，分不开"


def test_a_gap_at_an_edge_makes_both_periods_incomplete_and_their_sum_whole():
    sent = [reading(0, 100), reading(45, 103), reading(75, 105), reading(120, 108)]
    assert used(register(), sent, 0, 60).value is None
    assert used(register(), sent, 60, 120).value is None
    assert used(register(), sent, 0, 120).value == 8


def test_a_reading_exactly_on_the_edge_parts_two_periods():
    sent = [reading(0, 100), reading(60, 103), reading(120, 108)]
    assert (used(register(), sent, 0, 60).value, used(register(), sent, 60, 120).value) == (3, 5)


def test_registers_too_far_apart_are_not_joined():
    far = LONGEST_BRIDGE // timedelta(minutes=1)
    assert used(register(), [reading(0, 1), reading(far, 9)], 0, far).value == 8
    apart = used(register(), [reading(0, 1), reading(far + 1, 9)], 0, far + 1)
    assert (apart.known, apart.straddling, apart.why) == (0, 0, "缺28天1分钟的数")


def test_a_missing_interval_is_not_zero():
    meter = Meter(MeterKind.INTERVAL, FOREVER)
    found = used(meter, [reading(0, 1), reading(15, None), reading(30, 1), reading(45, 0)])
    assert (found.value, found.known, found.why) == (None, 2, "缺15分钟的数")


def test_a_value_that_is_no_number_is_bridged_by_a_register():
    assert used(register(), hour_of(100, None, 102, None, 104)).value == 4


def test_a_correction_may_take_a_value_away():
    sent = [reading(0, 1), reading(0, None, 30)]
    assert steps(Meter(MeterKind.INTERVAL, FOREVER), sent) == []


@pytest.mark.parametrize(("value", "fault"), [("-0.01", Fault.NEGATIVE), ("0", None), ("100", None), ("100.01", Fault.TOO_LARGE)])
def test_an_interval_lies_between_nothing_and_the_largest(value: str, fault: Fault | None):
    meter = Meter(MeterKind.INTERVAL, FOREVER, largest_per_hour=D(400))
    assert [step.fault for step in steps(meter, [reading(0, value)])] == [fault]


def test_an_interval_over_an_edge_is_not_parted():
    meter = Meter(MeterKind.INTERVAL, FOREVER, interval=HOUR)
    found = used(meter, [reading(30, 8)])
    assert (found.value, found.straddling) == (None, 1)


def test_intervals_that_overlap_are_no_complete_period():
    meter = Meter(MeterKind.INTERVAL, FOREVER, interval=HOUR)
    found = used(meter, [reading(0, 8), reading(0, 8), reading(1, 8), reading(60, 8)], 0, 120)
    assert (found.value, found.why) == (None, "有时段重复")


def test_a_period_without_any_step_is_missing():
    found = used(register(), [])
    assert (found.value, found.known, found.why) == (None, 0, "缺1小时的数")
    assert why_incomplete(timedelta(seconds=20), [], 0) == "缺不到1分钟的数"


# virtual meters


def test_a_virtual_meter_is_the_weighted_sum_of_its_meters():
    whole, sold = used(register(), hour_of(0, 1, 2, 3, 10)), used(register(), hour_of(0, 1, 1, 1, 4))
    assert combined([(D(1), whole), (D(-1), sold)]).value == 6
    assert combined([(D("0.5"), whole)]).value == 5


def test_what_is_incomplete_spreads_to_a_virtual_meter():
    whole, sold = used(register(), hour_of(0, 1, 2, 3, 10)), used(register(), hour_of(9, 1, 1, 1))
    found = combined([(D(1), whole), (D(-1), sold)])
    assert (found.value, found.why) == (None, "缺30分钟的数；1处读数倒退")


def test_a_virtual_meter_needs_meters_and_one_period():
    one, other = used(register(), []), used(register(), [], 0, 30)
    for parts in ([], [(D(1), one), (D(1), other)]):
        with pytest.raises(InputError, match="没有可加的表计"):
            combined(parts)


# metered beside filed


@pytest.mark.parametrize(
    ("metered", "filed", "percent", "apart"),
    [("100", "103", "3", False), ("100", "103.01", "3.01", True), ("100", "97", "-3", False), ("100", "96.9", "-3.1", True),
     ("0", "0", "0", False), ("0", "1", None, True), ("-10", "-9", "10", True)],
)  # fmt: skip
def test_what_was_filed_may_differ_up_to_the_threshold(metered: str, filed: str, percent: str | None, apart: bool):
    assert difference_percent(D(metered), D(filed)) == (None if percent is None else D(percent))
    assert is_apart(D(metered), D(filed), D(3)) is apart


# civil time


def test_a_day_has_as_many_hours_as_its_zone_gives_it():
    lengths = {}
    for zone, day in ((BERLIN, date(2026, 3, 29)), (BERLIN, date(2026, 10, 25)), (SHANGHAI, date(2026, 3, 29))):
        hours = local_spans(zone, "hour", day, day + timedelta(days=1))
        whole = local_spans(zone, "day", day, day + timedelta(days=1))[0]
        assert (hours[0].start, hours[-1].end) == (whole.start, whole.end)
        lengths[zone.key, day.month] = len(hours)
    assert lengths == {("Europe/Berlin", 3): 23, ("Europe/Berlin", 10): 25, ("Asia/Shanghai", 3): 24}


def test_a_short_and_a_long_day_are_complete_with_their_own_hours():
    """A load of 1 an hour uses 23 on the short day and 25 on the long one."""
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        span = local_spans(BERLIN, "day", day, day + timedelta(days=1))[0]
        sent = [Reading(span.start + n * HOUR, D(n), span.start) for n in range(hours + 1)]
        assert consumption(steps(register(), sent), span.start, span.end).value == hours


def test_the_months_of_a_year_are_made_in_local_time_and_leave_no_gap():
    months = local_spans(SHANGHAI, "month", date(2026, 1, 1), date(2027, 1, 1))
    assert [months[0].code, months[-1].code] == ["2026-01", "2026-12"]
    assert months[0].start == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert months[-1].end == midnight(SHANGHAI, date(2027, 1, 1))
    assert all(before.end == after.start for before, after in pairwise(months))


def test_hours_are_named_with_their_offset():
    spans = local_spans(BERLIN, "hour", date(2026, 10, 25), date(2026, 10, 26))
    assert [span.code for span in spans[2:4]] == ["2026-10-25T02+02:00", "2026-10-25T02+01:00"]
    assert spans[2] == Span("2026-10-25T02+02:00", datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))


def test_an_unknown_kind_of_span_is_refused():
    with pytest.raises(InputError, match="不是期间"):
        local_spans(SHANGHAI, "week", date(2026, 1, 1), date(2026, 2, 1))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 39))
def test_what_lies_before_and_behind_an_edge_adds_up_to_the_whole(rises: list[int], edge: int):
    registers, total = [reading(0, 0)], 0
    for place, rise in enumerate(rises, 1):
        total += rise
        registers.append(reading(15 * place, total))
    last = 15 * len(rises)
    edge = min(15 * edge, last)
    parts = [used(register(), registers, first, end) for first, end in ((0, edge), (edge, last)) if first < end]
    assert sum(part.known for part in parts) == total == used(register(), registers, 0, last).value
    assert all(part.is_complete for part in parts)
