"""What looks made rather than measured: seen when it is there, silent at the line under it, on what is usual, and without history."""

from __future__ import annotations

from typing import Any

import pytest

from shuangkong.core.checks.findings import NotApplicable
from shuangkong.core.quality import Saw
from tests.core.quality.kit import saw, series, usual

CONSTANT = {
    "hours": "6", "grave_hours": "12", "digits": "3", "load_percent": "5", "past_hours": "168", "longer": "2", "chance_ppm": "20",
}  # fmt: skip
PAST = usual(240)


def stood_still(
    count: int, *, value: float = 31.4, past: list[float] | None = None, load: list[float] | None = None, **more: Any
) -> list[Saw]:  # fmt: skip
    values = [*(PAST if past is None else past), *[value] * count, *usual(24 - count, seed=2)]
    loads = load if load is not None else usual(len(values), 50, 0.1, 3)
    return saw("constant", series(values, load=loads), **CONSTANT | more)


def test_six_hours_of_the_same_while_the_load_moves() -> None:
    assert stood_still(5) == []
    (found,) = stood_still(6)
    assert (found.first, found.last, found.grave) == (240, 246, False)
    assert found.words.startswith("化学需氧量连续6小时为31.4毫克/升，同期负荷变动")
    assert found.words.endswith("以前最长连续相同2小时。")
    assert [each.grave for each in (*stood_still(11), *stood_still(12))] == [False, True]


def test_a_constant_is_not_odd_with_a_steady_load_at_zero_or_standing_by() -> None:
    assert stood_still(10, load=[50.0] * 264) == []
    assert stood_still(10, value=0) == []
    assert stood_still(10, value=7, level_percent="25") == []
    assert len(stood_still(10, value=8, level_percent="25")) == 1


def test_a_series_that_often_stands_still_is_asked_for_more() -> None:
    held = [value for value in usual(60) for _ in range(4)]
    assert stood_still(7, past=held) == []
    steady = [3, 3, 3, 3, 4] * 50
    assert stood_still(9, value=4, past=steady) == []


def test_without_history_or_a_load_the_constant() -> None:
    with pytest.raises(NotApplicable, match="不到168个"):
        stood_still(10, past=PAST[:100])
    assert "负荷" not in stood_still(10, load=[])[0].words
    assert stood_still(10, load=[])[0].compared["负荷变动"] == "未知"
    assert stood_still(10, load=[0.0] * 264)[0].compared["负荷变动"] == "未知"
    assert len(stood_still(10, past=[*PAST, None, None])) == 1  # type: ignore[list-item]
    assert len(stood_still(23, past=[27.0], past_hours="1", longer="20")) == 1


FROZEN = {"hours": "24", "most_percent": "2", "usual_percent": "3", "past_blocks": "5", "share_percent": "50"}


def frozen(values: list[Any], **more: Any) -> list[Saw]:
    return saw("frozen", series(values), **FROZEN | more)


def test_a_day_that_hardly_scatters_after_many_that_did() -> None:
    (found,) = frozen([*PAST, *usual(24, 30, 0.003, 4, 3)])
    assert (found.first, found.last) == (240, 264)
    assert "以前同样长的10段中" in found.words


def test_scatter_is_not_odd_as_usual_constant_or_when_it_was_never_much() -> None:
    assert frozen([*PAST, *usual(24, seed=4)]) == []
    assert frozen([*PAST, *[30.0] * 24]) == []
    calm = usual(240, 30, 0.01, 5, 3)
    assert frozen([*calm, *usual(24, 30, 0.003, 4, 3)]) == []
    once = [*PAST[:120], *usual(24, 30, 0.003, 6, 3), *PAST[:120]]
    assert frozen([*once, *usual(24, 30, 0.003, 4, 3)]) == []


def test_scatter_needs_hours_history_and_values_above_zero() -> None:
    assert frozen(usual(20)) == []
    assert frozen([*PAST, *[None] * 24]) == []
    with pytest.raises(NotApplicable, match="不到5段"):
        frozen([*usual(100), *usual(24, 30, 0.003, 4, 3)])
    assert frozen([*PAST, *[0.0] * 24]) == []
    assert frozen([*[0.0] * 240, *usual(24, 30, 0.003, 4, 3)]) == []


DROPPED = {
    "fall_percent": "80", "before": "6", "hours": "3", "load_percent": "20", "load_needed": "true", "past_most": "0", "past_hours": "168",
}  # fmt: skip


def fell(count: int, *, to: float = 5.0, past: list[Any] | None = None, load: Any = "same", **more: Any) -> list[Saw]:
    values = [*(PAST if past is None else past), *[to] * count, *usual(24 - count, seed=2)]
    loads = usual(len(values), 50, 0.02, 3) if load == "same" else load
    return saw("dropped", series(values, load=loads), **DROPPED | more)


def test_a_fall_by_four_fifths_that_lasts_while_the_load_is_as_it_was() -> None:
    assert fell(2) == []
    (found,) = fell(3)
    assert (found.first, found.last) == (240, 243)
    assert found.words == "化学需氧量从32.6毫克/升骤降到5.0毫克/升（降84.7%），持续3小时，同期负荷没有下降。"
    assert fell(5, to=6.6) == []


def test_a_fall_is_not_odd_with_its_load_or_where_it_is_usual() -> None:
    loads = usual(264, 50, 0.02, 3)
    assert fell(5, load=[*loads[:240], *[20.0] * 24]) == []
    assert len(fell(5, load=[*loads[:240], *[80.0] * 24])) == 1
    often = [*PAST[:100], *[5.0] * 4, *PAST[:136]]
    assert fell(5, past=often) == []
    assert len(fell(5, past=often, past_most="1")) == 1


def test_a_fall_needs_a_load_and_history() -> None:
    with pytest.raises(NotApplicable, match="不知道同期负荷"):
        fell(5, load=[])
    (found,) = fell(5, load=[], load_needed="false")
    assert "负荷" not in found.words
    with pytest.raises(NotApplicable, match="不到168个"):
        fell(5, past=PAST[:100])
    assert fell(5, to=-3.0, past=[0.0] * 240) == []
    blind: list[Any] = [50.0] * 234 + [None] * 30
    assert fell(5, load=blind) == []
    assert len(fell(5, load=blind, load_needed="false")) == 1


def test_a_calibration_does_not_hide_a_fall_and_a_long_rest_ends_a_row() -> None:
    gap: list[Any] = [*usual(238), None, None, 5.0, None, 5.0, 5.0, *usual(20, seed=2)]
    of = series(gap, load=[50.0] * len(gap))
    assert saw("dropped", of, **DROPPED) == []
    (found,) = saw("dropped", of, **DROPPED | {"gap_hours": "2"})
    assert (found.first, found.last) == (240, 244)
    assert "持续3小时" in found.words
    assert saw("dropped", series([None] * 30), **DROPPED | {"load_needed": "false"}) == []


def test_a_shift_that_ends_is_no_fall() -> None:
    shifts = [100 if 8 <= hour % 24 < 20 else 10 for hour in range(264)]
    steady = {"load": [50.0] * 264, "load_needed": "true"}
    of = series([value * (1 + hour % 7 / 50) for hour, value in enumerate(shifts)], load=steady["load"])
    assert len(saw("dropped", of, **DROPPED | {"past_most": "99"})) == 2
    assert saw("dropped", of, **DROPPED | {"past_most": "99", "same_hour_days": "3"}) == []
    bypassed = series([*[100.0, 101, 102] * 80, *[100.0, 101, 102] * 4, *[5.0] * 12], load=steady["load"])
    assert len(saw("dropped", bypassed, **DROPPED | {"same_hour_days": "3"})) == 1
    young = series([*[100.0] * 8, *[5.0] * 8], load=[50.0] * 16, new=16)
    assert saw("dropped", young, **DROPPED | {"past_hours": "0", "same_hour_days": "3"}) == []


COPIED = {
    "hours": "8", "share_percent": "90", "within_percent": "1", "different": "5", "digits": "2", "varies_percent": "10", "past_days": "5",
    "past_share_percent": "60", "past_within_percent": "4",
}  # fmt: skip


def copied(last_day: list[Any], past: list[Any] | None = None, **more: Any) -> list[Saw]:
    return saw("copied_days", series([*(PAST if past is None else past), *last_day]), **COPIED | more)


def test_a_day_that_is_another_day_again() -> None:
    (found,) = copied(PAST[48:72])
    assert (found.first, found.last) == (240, 264)
    assert found.words == "化学需氧量2026-10-11与2026-10-03有24个小时一位不差（可比24个小时）。"
    changed = [*PAST[48:69], 1.5, 2.5, 3.5]
    assert copied(changed) == []
    assert len(copied([*PAST[48:70], 1.5, 2.5])) == 1


def test_a_day_that_is_another_day_times_a_factor() -> None:
    (found,) = copied([round(value * 1.1, 2) for value in PAST[48:72]])
    assert found.words == "化学需氧量2026-10-11的24个小时都是2026-10-03同一小时的110.0%。"
    assert copied([-value for value in PAST[48:72]]) == []


def test_days_are_not_odd_when_they_always_are_alike_or_tell_nothing() -> None:
    daily = [round(30 + hour % 24 + 0.1 * (hour // 24 % 2), 1) for hour in range(240)]
    assert copied(daily[:24], past=daily) == []
    assert copied([31.0] * 24) == []
    assert copied([3.0, 4.0, 5.0, 6.0, 7.0] * 4, past=PAST) == []
    assert copied([30.0, 30.1, 30.2, 30.3, 30.4, 30.5] * 4, past=[30.0, 30.1, 30.2, 30.3, 30.4, 30.5] * 40) == []
    assert copied([*[None] * 20, *PAST[68:72]]) == []


def test_days_need_history_and_hours_in_common() -> None:
    with pytest.raises(NotApplicable, match="不到5天"):
        copied(PAST[:24], past=PAST[:48])
    morning = [value if hour % 24 < 12 else None for hour, value in enumerate(PAST)]
    evening = [None if hour < 12 else value for hour, value in enumerate(PAST[48:72])]
    assert copied(evening, past=morning) == []


LIMIT = {"hours": "168", "band_percent": "10", "least": "30", "times": "20", "chance_ppm": "20", "past_least": "30"}


def near_limit(recent: list[Any], past: list[Any] | None = None, **more: Any) -> list[Saw]:
    values = [*(past if past is not None else usual(480, 49, 0.04)), *recent]
    return saw("at_limit", series(values, new=len(recent), **{"upper": 50} | more), **LIMIT)


def test_many_just_under_the_limit_that_used_to_go_over_it() -> None:
    under = [round(46 + hour % 39 / 10, 1) for hour in range(168)]
    (found,) = near_limit(under)
    assert (found.first, found.last) == (480, 648)
    assert "有168个值在限值下10%以内，超过限值同样范围的0个" in found.words
    assert near_limit(usual(168, 49, 0.04, 7)) == []
    assert near_limit([*under[:159], *[51.0] * 9]) == []


def test_the_limit_is_not_asked_about_few_values_or_by_those_who_never_were_over_it() -> None:
    under = [round(46 + hour % 39 / 10, 1) for hour in range(168)]
    assert near_limit([*[20.0] * 140, *under[:28]]) == []
    assert near_limit(under, past=[round(46 + hour % 39 / 10, 1) for hour in range(480)]) == []
    with pytest.raises(NotApplicable, match="不到30个"):
        near_limit(under, past=[20.0] * 480)
    with pytest.raises(NotApplicable, match="没有登记限值"):
        saw("at_limit", series(under), **LIMIT)


ABUSE = {"hours": "744", "within": "1", "more_than": "3", "chance_ppm": "1000"}


def flagged(count: int, over: int = 10, **more: Any) -> list[Saw]:
    """``over`` exceedances, one each day, of which the last ``count`` are followed by a flag."""
    values: list[Any] = usual(240)
    flags: dict[int, str] = {}
    for day in range(over):
        values[24 * day + 5] = 60
        if day >= over - count:
            flags[24 * day + 6] = "MDC"[day % 3]
    return saw("flag_abuse", series(values, flags=flags, **{"upper": 50} | more), **ABUSE)


def test_flags_that_follow_exceedances_more_often_than_chance() -> None:
    assert flagged(3) == []
    (found,) = flagged(4)
    assert found.words == "化学需氧量超过限值50毫克/升的10个小时中，4个紧接着标记为维护、故障或校准；其他小时之后出现这种标记的占0.4%。"
    assert (found.first, found.last) == (6 * 24 + 5, 9 * 24 + 7)


def test_flags_are_not_odd_when_they_are_usual_or_long_ago() -> None:
    values: list[Any] = usual(240)
    flags = dict.fromkeys(range(1, 240, 2), "C")
    for hour in range(0, 60, 4):
        values[hour] = 60
    assert saw("flag_abuse", series(values, new=240, flags=flags, upper=50), **ABUSE) == []
    assert flagged(4, new=10) == []
    with pytest.raises(NotApplicable, match="没有登记限值"):
        saw("flag_abuse", series(values), **ABUSE)
