"""Quality of air and water through the one import service: readings by county and year, wrong cells named."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.imports.environment import READINGS
from tests.ledger import kit

pytestmark = pytest.mark.django_db
HEADER = ("序号", "地区", "指标", "年份", "数值", "数据版本", "备注")
PM25, MET = "PM2.5年均浓度", "地表水达到目标的断面数"


def line(number: int = 1, **changes: Any) -> list[Any]:
    row = dict(zip(HEADER, (number, "北湖区", PM25, "2025年", 28.5, "", ""), strict=True))
    return list({**row, **changes}.values())


def header() -> tuple[str, ...]:
    return tuple("期别" if title == "年份" else title for title in HEADER)


def test_readings_become_rows_with_their_unit(users: dict[str, Any], places: dict[str, Any], tmp_path: Path) -> None:
    rows = [line(n, 指标=label, 数值=value) for n, (label, value) in enumerate(zip(READINGS, (28.5, 131, 4, 3), strict=True), 1)]
    kit.load(kit.workbook(tmp_path / "a.xlsx", header(), rows), users["city"], "environment")
    found = selectors.accepted().unscoped("test").order_by("id")
    assert [(row.measure, row.rate, row.unit_filed) for row in found] == [
        ("pm25", D("28.5"), "μg/m³"), ("o3", D(131), "μg/m³"), ("water_sections", D(4), "个"), ("water_sections_met", D(3), "个"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"指标": "雾霾"}, "不认识指标“雾霾”"), ({"年份": "2025年6月"}, "没有“2025年6月”这样的期别"), ({"数值": "很好"}, "数"),
        ({"数值": -3}, "负数"), ({"指标": MET, "数值": 2.5}, "断面数不是整数"), ({"地区": "永州市"}, "不认识地区"),
        ({"数值": ""}, "没有填"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(users: dict[str, Any], places: dict[str, Any], tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", header(), [line(**changes)]), users["city"], "environment")
    assert checked.result["counts"]["refused"] == 1
    assert words in " ".join(what for _cell, what in kit.faults(checked))


def test_an_unusual_reading_is_kept_only_when_confirmed(users: dict[str, Any], places: dict[str, Any], tmp_path: Path) -> None:
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", header(), [line(数值=900)]), users["city"], "environment")
    assert (checked.result["counts"]["ask"], checked.result["counts"]["new"]) == (1, 1)
