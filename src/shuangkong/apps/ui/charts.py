"""Charts as data: ECharts options built in Python, with colours as token names and formatters as names.

A colour is written ``@c1`` (the token ``--sk-c1``), a fill pattern ``@hatch``, a formatter ``fn:percent``. The static file
``chart_core.js`` turns them into values for the theme at hand; nothing here is a function or a literal colour. Each chart carries
the same figures as a table and a sentence for readers. Rules of drawing: DESIGN-LOOK 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from shuangkong.core.rounding import round_half_up
from shuangkong.core.wording import number

NOT_KNOWN = "缺报"


@dataclass(frozen=True, slots=True)
class Chart:
    """An option as data, the sentence for readers, and the same figures as a table (headings, rows of text)."""

    option: dict[str, Any]
    label: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a line chart. ``role`` decides how it is drawn: actual, required, forecast, or c2…c6 for further series.

    ``addresses`` open the explanation of each point on click. None breaks the line: nothing is interpolated.
    """

    name: str
    points: Sequence[Decimal | None]
    role: str = "actual"
    addresses: Sequence[str] = field(default_factory=tuple)


class Band(NamedTuple):
    """The ends of an interval at each label; None where there is none. ``name`` heads their columns in the table."""

    name: str
    low: Sequence[Decimal | None]
    high: Sequence[Decimal | None]


class Bar(NamedTuple):
    """One bar: name, amount (None is 缺报), a short text behind it (its change on a year ago), and where a click leads."""

    name: str
    amount: Decimal | None
    behind: str = ""
    address: str = ""


class Area(NamedTuple):
    """One area of a map: name, level class (``1 2 3 w na`` or ``q1``…``q5``), its word, the figure as text, and where a click leads."""

    name: str
    level: str
    word: str
    text: str
    address: str = ""


#: Fill and shape of an area by its level: shape and name stand on the map, so that colour is never alone.
AREA_FILL = {"1": "@map-1", "2": "@map-2", "w": "@q1", "3": "@map-3", "na": "@hatch", "ex": "@map-na"}
AREA_SHAPE = {"1": "◆", "2": "▲", "w": "△", "3": "●", "na": "┄", "ex": "⊖"}
_SMALL = {"color": "@ink-3", "fontSize": 12}


def _plain(value: Decimal | None, places: int) -> float | None:
    """A point as JSON: the one place where a chart leaves decimals."""
    return None if value is None else float(round_half_up(value, places))


def _base(**parts: Any) -> dict[str, Any]:
    return {
        "animation": False,
        "aria": {"enabled": True},
        "textStyle": {"fontFamily": "@font", "color": "@ink-2", "fontSize": 12},
        "grid": {"left": 8, "right": 28, "top": 30, "bottom": 4, "containLabel": True},
        **parts,
    }


def _tooltip(trigger: str, formatter: str) -> dict[str, Any]:
    return {
        "trigger": trigger,
        "formatter": f"fn:{formatter}",
        "className": "chart-tip",
        "backgroundColor": "@surface",
        "borderColor": "@line-strong",
        "borderWidth": 1,
        "padding": [8, 12],
        "confine": True,
        "transitionDuration": 0,
        "textStyle": {"color": "@ink", "fontSize": 12},
    }


def _category_axis(labels: Sequence[str], gap: bool, every: int = 0) -> dict[str, Any]:
    shown: dict[str, Any] = {**_SMALL}
    if every:
        shown["interval"] = f"fn:every{every}"
    return {
        "type": "category",
        "data": list(labels),
        "boundaryGap": gap,
        "axisLine": {"lineStyle": {"color": "@line-strong"}},
        "axisTick": {"show": False},
        "axisLabel": shown,
    }


def _value_axis(formatter: str, low: float | None = None) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "type": "value",
        "axisLine": {"show": False},
        "axisLabel": {**_SMALL, "formatter": f"fn:{formatter}"},
        "splitLine": {"lineStyle": {"color": "@grid"}},
    }
    if low is not None:
        axis["min"] = low
    else:
        axis["scale"] = True
    return axis


_STROKES: dict[str, dict[str, Any]] = {
    "actual": {"symbol": "circle", "symbolSize": 6, "lineStyle": {"color": "@c1", "width": 2.2}, "itemStyle": {"color": "@c1"}, "z": 4},
    "required": {"symbol": "none", "lineStyle": {"color": "@ink-3", "width": 1.2, "type": [4, 4]}, "itemStyle": {"color": "@ink-3"}},
    "forecast": {
        "symbol": "emptyCircle",
        "symbolSize": 6,
        "lineStyle": {"color": "@c1", "width": 2, "type": [7, 4]},
        "itemStyle": {"color": "@c1"},
    },
}


def _stroke(role: str) -> dict[str, Any]:
    further = {"symbol": "circle", "symbolSize": 5, "lineStyle": {"color": f"@{role}", "width": 1.8}, "itemStyle": {"color": f"@{role}"}}
    return _STROKES.get(role, further)


def _target_line(target: Decimal, words: str) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": "@ink", "width": 1.2, "type": [2, 3]},
        "label": {"position": "insideEndTop", "formatter": words, "color": "@ink", "fontSize": 12},
        "data": [{"yAxis": float(target)}],
    }


def _line_series(line: Line, places: int) -> dict[str, Any]:
    addresses = [*line.addresses, *[""] * (len(line.points) - len(line.addresses))]
    points = [{"value": _plain(p, places), "address": a} if a else _plain(p, places) for p, a in zip(line.points, addresses, strict=True)]
    return {"name": line.name, "type": "line", "connectNulls": False, "data": points, **_stroke(line.role)}


def line_chart(
    labels: Sequence[str],
    lines: Sequence[Line],
    label: str,
    unit: str = "%",
    places: int = 2,
    target: tuple[Decimal, str] | None = None,
    zero: bool = False,
    every: int = 0,
    due: int | None = None,
    band: Band | None = None,
) -> Chart:
    """Lines over periods. ``target`` is a number and its words (目标15%); ``zero`` lets the axis start at 0; ``every`` thins labels.

    Missing points (None) break the line; beyond the first ``due`` labels nothing is due yet, so that nothing is missing there. ``band`` is
    the interval around a forecast.
    """
    series = [_line_series(line, places) for line in lines]
    names = [line.name for line in lines]
    if target is not None and series:
        series[0]["markLine"] = _target_line(*target)
    option = _base(
        grid={"left": 8, "right": 40, "top": 30, "bottom": 4, "containLabel": True},
        legend={**_LEGEND, "data": names},
        tooltip=_tooltip("axis", f"tip{places}"),
        xAxis=_category_axis(labels, gap=False, every=every),
        yAxis=_reach(_value_axis("percent" if unit == "%" else "plain", 0 if zero else None), lines, target),
        series=[*series, *(_band_series(band, places) if band else ())],
        unit=unit,
    )
    shown = [line.points for line in lines] + ([band.low, band.high] if band else [])
    headings = ("期别", *names, *((f"{band.name}下限", f"{band.name}上限") if band else ()))
    last = len(labels) if due is None else due
    rows = tuple((labels[i], *(_at(points[i], i < last, places, unit) for points in shown)) for i in range(len(labels)))
    return Chart(option, label, headings, rows)


_LEGEND = {
    "top": 0, "left": 0, "itemWidth": 22, "itemHeight": 8, "itemGap": 18, "textStyle": {"color": "@ink-2", "fontSize": 12},
}  # fmt: skip


def _band_series(band: Band, places: int) -> list[dict[str, Any]]:
    """Two stacked lines without strokes; the tooltip knows them by their ids and leaves them out."""
    widths = [None if low is None or high is None else high - low for low, high in zip(band.low, band.high, strict=True)]
    plain: dict[str, Any] = {
        "type": "line", "stack": "band", "stackStrategy": "all", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}, "z": 1,
    }  # fmt: skip
    low = {**plain, "id": "band-low", "data": [_plain(point, places) for point in band.low]}
    area = {"areaStyle": {"color": "@c1", "opacity": 0.14}}
    return [low, {**plain, **area, "id": "band-high", "data": [_plain(width, places) for width in widths]}]


def _at(point: Decimal | None, due: bool, places: int, unit: str) -> str:
    return _text(point, places, unit) if due or point is not None else ""


def _reach(axis: dict[str, Any], lines: Sequence[Line], target: tuple[Decimal, str] | None) -> dict[str, Any]:
    """An axis from 0 (lower where points are) with even steps, in which the target lies: ECharts looks only at the points."""
    if target is None or axis.get("min") != 0:
        return axis
    points = [target[0], *(p for line in lines for p in line.points if p is not None)]
    highest, lowest = max(points), min(points)
    step = next((step for step in (1, 2, 4, 5, 10, 20, 25) if highest < step * 5), 50)
    below = 0 if lowest >= 0 else int(-lowest // step) + 1
    return {**axis, "min": -below * step, "max": (int(highest // step) + 1) * step, "interval": step}


def _text(value: Decimal | None, places: int, unit: str) -> str:
    return NOT_KNOWN if value is None else f"{number(value, places)}{unit}"


def bar_chart(bars: Sequence[Bar], label: str, unit: str, places: int = 1) -> Chart:
    """Horizontal bars from 0, the largest on top, the amount and a change behind each. A missing one has no bar and says 缺报."""
    drawn = list(reversed(bars))
    data = [
        {
            "value": _plain(bar.amount, places),
            "address": bar.address,
            "label": {"formatter": f"{{a|{_text(bar.amount, places, '')}}} {{b|{bar.behind}}}"},
        }
        for bar in drawn
    ]
    rich = {"a": {"color": "@ink", "fontSize": 12}, "b": {"color": "@ink-3", "fontSize": 12}}
    series = {
        "type": "bar",
        "barWidth": 12,
        "data": data,
        "itemStyle": {"color": "@c1", "borderRadius": [0, 2, 2, 0]},
        "label": {"show": True, "position": "right", "rich": rich},
    }
    names = {**_category_axis([bar.name for bar in drawn], gap=True), "axisLine": {"show": False}}
    names["axisLabel"] = {"color": "@ink", "fontSize": 12}
    option = _base(
        grid={"left": 0, "right": 96, "top": 4, "bottom": 0, "containLabel": True},
        tooltip=_tooltip("item", f"tip{places}"),
        xAxis={"type": "value", "show": False, "min": 0},
        yAxis=names,
        series=[series],
        unit=unit,
    )
    rows = tuple((bar.name, _text(bar.amount, places, ""), bar.behind) for bar in bars)
    return Chart(option, label, ("项", unit, "比较"), rows)


def map_chart(areas: Sequence[Area], label: str, name: str = "counties") -> Chart:
    """A schematic map by level: fill, shape and name on each area, hatched where the figure is missing."""
    data = [
        {
            "name": area.name,
            "value": 1,
            "itemStyle": {"areaColor": AREA_FILL.get(area.level, f"@{area.level}")},
            "label": {"formatter": f"{AREA_SHAPE.get(area.level, '')}\n{area.name}"},
            "tip": f"{area.word} {area.text}".strip(),
            "address": area.address,
        }
        for area in areas
    ]
    text = {"color": "@map-label", "textBorderColor": "@surface", "textBorderWidth": 2.5, "fontSize": 12, "lineHeight": 15}
    series = {
        "type": "map",
        "map": name,
        "roam": False,
        "layoutCenter": ["50%", "50%"],
        "layoutSize": "97%",
        "aspectScale": 0.9,
        "selectedMode": False,
        "label": {"show": True, **text},
        "itemStyle": {"borderColor": "@map-line", "borderWidth": 1.2, "areaColor": "@map-na"},
        "emphasis": {"label": {"color": "@map-label"}, "itemStyle": {"areaColor": "@brand-line"}},
        "data": data,
    }
    option = _base(tooltip=_tooltip("item", "tipMap"), series=[series])
    return Chart(option, label, ("县市区", "等级", "数值"), tuple((a.name, a.word, a.text) for a in areas))
