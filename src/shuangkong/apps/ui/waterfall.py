"""A waterfall: how one figure becomes another, step by step. Boxes hang between what was and what is; the first and last stand on 0."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from shuangkong.apps.ui.charts import NOT_KNOWN, Chart, _base, _category_axis, _plain, _tooltip, _value_axis
from shuangkong.core.wording import number, signed


class Step(NamedTuple):
    """One bar: its name, the figure itself (``whole``) or what it adds, and where a click leads. None: it is not known."""

    name: str
    amount: Decimal | None
    whole: bool = False
    address: str = ""


def waterfall(steps: Sequence[Step], label: str, unit: str, places: int = 2) -> Chart:
    """Boxes from left to right. A step that is not known has no box, and after it only a whole one stands where it belongs."""
    boxes, tops, level = [], [], Decimal(0)
    known = True
    for step in steps:
        start = Decimal(0) if step.whole else level
        known = step.amount is not None and (step.whole or known)
        end = start + (step.amount or Decimal(0))
        level = end if known else level
        text = _text(step, places)
        boxes.append(_box(step, start, end, text, places) if known else {"value": ["-", "-", "-", "-"]})
        tops.append(_top(max(start, end) if known else level, text, places))
    option = _base(
        tooltip=_tooltip("item", "tipMap"),
        xAxis={**_category_axis([step.name for step in steps], gap=True), "axisLabel": {"color": "@ink", "fontSize": 12, "interval": 0}},
        yAxis=_value_axis("percent" if unit == "%" else "plain", None if level < 0 else 0),
        series=[
            {"type": "candlestick", "data": boxes, "barWidth": "46%", "itemStyle": {"borderWidth": 1}, "cursor": "pointer"},
            {"type": "scatter", "symbolSize": 1, "silent": True, "data": tops, "itemStyle": {"color": "@ink"}},
        ],
        unit=unit,
    )
    return Chart(option, label, ("项", unit), tuple((step.name, _text(step, places)) for step in steps))


def _text(step: Step, places: int) -> str:
    if step.amount is None:
        return NOT_KNOWN
    return number(step.amount, places) if step.whole else signed(step.amount, places)


def _box(step: Step, start: Decimal, end: Decimal, text: str, places: int) -> dict[str, Any]:
    low, high = sorted((start, end))
    colour = "@c1" if step.whole else "@green-fill" if end >= start else "@red-fill"
    style = {"color": colour, "color0": colour, "borderColor": colour, "borderColor0": colour}
    value = [_plain(part, places) for part in (start, end, low, high)]
    return {"value": value, "itemStyle": style, "tip": text, "address": step.address}


def _top(height: Decimal, text: str, places: int) -> dict[str, Any]:
    label = {"show": True, "position": "top", "formatter": text, "color": "@ink", "fontSize": 12}
    return {"value": _plain(height, places), "label": label}
