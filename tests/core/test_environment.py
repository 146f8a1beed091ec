"""The task of improving air and water."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from shuangkong.core.environment import air_task, water_task
from shuangkong.core.errors import InputError

LIMITS = {"pm25": D(35), "o3": D(160)}
HALF = {"pm25": D("0.5"), "o3": D("0.5")}


def test_air_at_its_limits_is_a_task_of_one_hundred_and_worse_air_a_heavier_one() -> None:
    assert air_task({"pm25": D(35), "o3": D(160)}, LIMITS, HALF, "甲县") == 100
    assert air_task({"pm25": D(28), "o3": D(144)}, LIMITS, HALF, "甲县") == 85
    assert air_task({"pm25": D(42), "o3": D(160)}, LIMITS, HALF, "甲县") == 110
    assert air_task({"o3": D(80)}, LIMITS, {"pm25": D(0), "o3": D(1)}, "甲县") == 50


def test_water_grows_with_the_part_of_the_sections_that_miss_their_goal() -> None:
    assert [water_task(D(4), D(met), "甲县") for met in (4, 3, 2, 0)] == [100, 125, 150, 200]


@pytest.mark.parametrize(
    ("readings", "weights", "words"),
    [
        ({"pm25": None, "o3": D(1)}, HALF, "甲县：缺少环境质量数据“pm25”"),
        ({"pm25": D(1)}, HALF, "“o3”"),
        ({"pm25": D(-1), "o3": D(1)}, HALF, "不能小于 0"),
        ({"pm25": D(1), "o3": D(1)}, {"pm25": D(0), "o3": D(0)}, "不能都是 0"),
        ({"pm25": D(1), "o3": D(1)}, {"pm25": D(-1), "o3": D(2)}, "权重不能小于 0"),
    ],
)
def test_air_that_is_not_known_is_not_clean(readings: dict[str, D | None], weights: dict[str, D], words: str) -> None:
    with pytest.raises(InputError, match=words):
        air_task(readings, LIMITS, weights, "甲县")


@pytest.mark.parametrize(
    ("sections", "good", "words"),
    [(None, D(1), "考核断面数"), (D(4), None, "达标断面数"), (D(0), D(0), "不成立"), (D(2), D(3), "不成立")],
)
def test_water_that_is_not_known_is_not_clean(sections: D | None, good: D | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        water_task(sections, good, "甲县")
