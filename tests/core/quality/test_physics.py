"""What cannot be."""

from __future__ import annotations

import pytest

from shuangkong.core.checks.findings import NotApplicable
from tests.core.quality.kit import saw, series, usual

PAST = usual(192)


def test_values_outside_what_can_be_for_two_hours() -> None:
    (found,) = saw("outside_range", series([*PAST, -0.1, -3, 30]), hours="2", least="0")
    assert (found.first, found.last) == (192, 194)
    assert found.words == "化学需氧量有2个小时在可能的范围以外（-3至-0.1毫克/升），应不低于0毫克/升。"
    assert saw("outside_range", series([*PAST, -0.1, 30, -3]), hours="2", least="0") == []
    assert saw("outside_range", series([*PAST, -0.1, -3], new=1), hours="2", least="0")[0].first == 192
    assert saw("outside_range", series([*PAST, 0, 0]), hours="2", least="0") == []
    assert saw("outside_range", series([*PAST[:50], -1, -1, *PAST]), hours="2", least="0") == []


def test_the_range_of_the_point_itself() -> None:
    (found,) = saw("outside_range", series([*PAST, 900], least=0, most=500), hours="1")
    assert "（900毫克/升），应不低于0毫克/升、不高于500毫克/升。" in found.words
    assert saw("outside_range", series([*PAST, 500], most=500), hours="1") == []
    assert saw("outside_range", series([*PAST, None], least=0), hours="1") == []
    with pytest.raises(NotApplicable, match="没有登记量程或能力"):
        saw("outside_range", series(PAST), hours="1")


def test_a_whole_is_not_smaller_than_its_part() -> None:
    rule = {"other": "w01017", "hours": "3", "margin_percent": "10"}
    part = [*[10.0] * 192, 50, 50, 50]
    (found,) = saw("below_part", series([*PAST, 44, 44.9, 44], beside={"w01017": part}), **rule)
    assert found.words == "化学需氧量有3个小时（44至44.9毫克/升）小于它所包含的w01017。"
    assert saw("below_part", series([*PAST, 44, 45, 44], beside={"w01017": part}), **rule) == []
    assert saw("below_part", series([*PAST, None, 44, 44], beside={"w01017": [*part[:-1], None]}), **rule) == []
    with pytest.raises(NotApplicable, match="没有w01017"):
        saw("below_part", series(PAST), **rule)


AIR = {"temperature": "a01012", "oxygen_percent": "20", "above_celsius": "50", "flow_percent": "30", "hours": "2"}


def oxygen(values: list[float | None], heat: list[float | None], flow: list[float | None]) -> list[str]:
    of = series(
        [*[8.0] * 48, *values], load=[*[50.0] * 48, *flow], beside={"a01012": [*[120.0] * 48, *heat]}, name="氧气含量", unit="%"
    )
    return [each.words for each in saw("air_while_hot", of, **AIR)]


def test_air_in_hot_gas() -> None:
    (words,) = oxygen([20.8, 20.9], [110, 105], [50, 48])
    assert words == "氧气含量20.8至20.9%，同时烟温不低于105℃、流量在常量的30%以上，持续2小时。"
    assert oxygen([19.9, 20.9], [110, 105], [50, 48]) == []
    assert oxygen([20.9, 20.9], [50, 50], [50, 48]) == []
    assert oxygen([20.9, 20.9], [110, 110], [15, 15]) == []
    assert oxygen([20.9, 20.9, None], [110, None, 110], [None, 50, 50]) == []
    with pytest.raises(NotApplicable, match="没有同一排口的烟温或流量"):
        saw("air_while_hot", series(PAST), **AIR)


def test_nothing_at_all_while_it_flows() -> None:
    rule = {"hours": "4", "past_hours": "168"}

    def zeros(count: int, past: list[float]) -> list[str]:
        values = [*past, *[0.0] * count]
        return [each.words for each in saw("zero_while_flowing", series(values, load=[50.0] * len(values)), **rule)]

    assert zeros(3, PAST) == []
    assert zeros(4, PAST) == ["化学需氧量连续4小时为0，同期有负荷；以前192个小时没有零值。"]
    for past in (PAST[:100], [0.0, *PAST]):
        with pytest.raises(NotApplicable, match="以前也有零值"):
            zeros(4, past)
    with pytest.raises(NotApplicable, match="不知道同期负荷"):
        saw("zero_while_flowing", series(PAST), **rule)
