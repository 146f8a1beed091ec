"""A break in a series: the same figure by two definitions. No line is drawn across it, and where it lies is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shuangkong.apps.ui.charts import NOT_KNOWN, Chart


def broken(chart: Chart, columns: Sequence[int], at: str, words: str) -> Chart:
    """``chart`` with a mark at the label ``at``. ``columns`` of its table are one series by definition: what one of them holds the others
    do not lack."""
    mark = {
        "silent": True, "symbol": "none", "lineStyle": {"color": "@ink-2", "width": 1.2, "type": [2, 3]},
        "label": {"position": "insideEndTop", "formatter": words, "color": "@ink", "fontSize": 12, "rotate": 0},
        "data": [{"xAxis": at}],
    }  # fmt: skip
    first, *rest = chart.option["series"]
    held = first.get("markLine")
    marked = {**first, "markLine": {**mark, "data": [*mark["data"], *(held["data"] if held else [])]}}
    return replace(chart, option={**chart.option, "series": [marked, *rest]}, rows=tuple(_row(row, columns) for row in chart.rows))


def _row(row: tuple[str, ...], columns: Sequence[int]) -> tuple[str, ...]:
    known = any(row[column] not in (NOT_KNOWN, "") for column in columns)
    return tuple("" if known and place in columns and text == NOT_KNOWN else text for place, text in enumerate(row))
