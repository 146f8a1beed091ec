"""Charts are data: colours only as tokens, formatters only as names that the static file knows, the same figures as a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangkong.apps.ui import charts

STATIC = Path(charts.__file__).parent / "static" / "ui"
PATH = charts.Line("应达到路径", [Decimal(1), Decimal(2), Decimal(3)], "required")
LINES = [charts.Line("实绩", [Decimal("1.005"), None, Decimal("2")]), PATH]
LABELS = ["2026年3月", "2026年6月", "2026年9月"]
CHARTS = {
    "line": charts.line_chart(LABELS, LINES, "全市", target=(Decimal(15), "目标15%"), zero=True, every=4),
    "loose line": charts.line_chart(LABELS, [charts.Line("甲", [Decimal(-1)] * 3, "c2")], "甲", unit="万tce", places=1),
    "bar": charts.bar_chart([charts.Bar("电力", Decimal("41.52"), "+4.1%", "/x/"), charts.Bar("热力", None)], "行业", "万tce"),
    "map": charts.map_chart([charts.Area("北湖区", "1", "一级", "升0.62%", "/c/"), charts.Area("桂东县", "na", "缺报", "")], "地图"),
}
COLOURS = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl|\b(?:red|green|blue|orange|black|white|gray|grey)\b")


def strings(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, item in node.items():
            yield from strings(item, name)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item, key)
    elif isinstance(node, str):
        yield key, node


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_plain_data(name: str) -> None:
    option = CHARTS[name].option
    assert json.loads(json.dumps(option, ensure_ascii=False)) == option


@pytest.mark.parametrize("name", CHARTS)
def test_colours_are_tokens_of_the_style_sheet(name: str) -> None:
    tokens = set(re.findall(r"--sk-([\w-]+):", (STATIC / "tokens.css").read_text(encoding="utf-8")))
    found = list(strings(CHARTS[name].option))
    assert [text for _, text in found if COLOURS.search(text)] == []
    named = {text[1:] for _, text in found if text.startswith("@")} - {"hatch", "font"}
    assert named
    assert named - tokens == set()
    assert [text for key, text in found if "color" in key.lower() and not text.startswith("@")] == []


@pytest.mark.parametrize("name", CHARTS)
def test_formatters_are_known_to_the_static_file(name: str) -> None:
    core = (STATIC / "chart_core.js").read_text(encoding="utf-8")
    used = {text[3:] for _, text in strings(CHARTS[name].option) if text.startswith("fn:")}
    for function in used:
        stem = function.rstrip("0123456789")
        assert f"{function}:" in core or f'FUNCTIONS["{stem}" +' in core, function
    assert used


def test_a_missing_point_breaks_the_line_and_says_so_in_the_table() -> None:
    chart = CHARTS["line"]
    assert chart.option["series"][0]["data"] == [1.01, None, 2.0]
    assert chart.option["series"][0]["connectNulls"] is False
    assert chart.rows[1] == ("2026年6月", "缺报", "2.00%")


def test_what_lies_below_zero_is_drawn_too() -> None:
    line = charts.Line("甲", [Decimal("0.5"), Decimal("-0.25")])
    axis = charts.line_chart(LABELS[:2], [line], "甲", target=(Decimal(14), "目标14%"), zero=True).option["yAxis"]
    assert axis["min"] == -axis["interval"]
    assert axis["max"] > 14


def test_the_target_lies_inside_the_axis_with_even_steps() -> None:
    axis = CHARTS["line"].option["yAxis"]
    assert axis["min"] == 0
    assert axis["max"] > 15
    assert axis["max"] % axis["interval"] == 0


def test_an_axis_that_holds_a_rise_does_not_start_at_zero() -> None:
    assert "min" not in CHARTS["loose line"].option["yAxis"]


def test_bars_start_at_zero_and_a_missing_one_is_named() -> None:
    chart = CHARTS["bar"]
    assert chart.option["xAxis"]["min"] == 0
    assert chart.option["series"][0]["data"][0]["value"] is None
    assert chart.rows[1] == ("热力", "缺报", "")


def test_a_map_says_level_by_shape_and_name_and_hatches_what_is_missing() -> None:
    first, last = CHARTS["map"].option["series"][0]["data"]
    assert first["label"]["formatter"] == "◆\n北湖区"
    assert last["itemStyle"]["areaColor"] == "@hatch"
    assert CHARTS["map"].rows == (("北湖区", "一级", "升0.62%"), ("桂东县", "缺报", ""))


def test_a_band_is_two_lines_that_the_legend_and_the_tooltip_leave_out() -> None:
    band = charts.Band("80%区间", [None, Decimal(1), Decimal(2)], [None, Decimal("1.5"), Decimal(4)])
    drawn = charts.line_chart(LABELS, LINES, "全市", band=band)
    *lines, low, high = drawn.option["series"]
    assert [line["name"] for line in lines] == drawn.option["legend"]["data"] == ["实绩", "应达到路径"]
    assert (low["id"], low["data"], high["id"], high["data"]) == ("band-low", [None, 1.0, 2.0], "band-high", [None, 0.5, 2.0])
    assert drawn.headings[-2:] == ("80%区间下限", "80%区间上限")
    assert drawn.rows[2][-2:] == ("2.00%", "4.00%")
