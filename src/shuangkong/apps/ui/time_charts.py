"""Charts over time: values at their instants, bounds, spans of flags, gaps that stay gaps.

Times go to the chart as the civil time of the installation written as UTC (``useUTC``), so that every browser shows the same clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from shuangkong.apps.ui.charts import _SMALL, Chart, _base, _tooltip, _value_axis


class Instant(NamedTuple):
    """A value at its time; None breaks the line."""

    at: datetime
    value: float | None


class Span(NamedTuple):
    """A shaded stretch: its words, and whether it is a gap (hatched) or flagged."""

    start: datetime
    end: datetime
    words: str
    gap: bool = False


class Bound(NamedTuple):
    """A line that must not be crossed, with its words."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Values that are marked on the line: by shape (diamond: beyond a bound, circle: sent afterwards, triangle: corrected)."""

    name: str
    shape: str
    color: str
    points: Sequence[Instant]
    addresses: Sequence[str] = field(default_factory=tuple)


def shown_ms(at: datetime) -> int:
    """The civil time as the chart's milliseconds."""
    local = at.astimezone(timezone.get_default_timezone()).replace(tzinfo=UTC)
    return int(local.timestamp() * 1000)


def time_chart(
    name: str,
    instants: Sequence[Instant],
    label: str,
    unit: str,
    places: int,
    *,
    span: tuple[datetime, datetime],
    bounds: Sequence[Bound] = (),
    spans: Sequence[Span] = (),
    marks: Sequence[Marks] = (),
    rows: tuple[tuple[str, ...], ...] = (),
    headings: tuple[str, ...] = (),
) -> Chart:
    """Values of one series between two moments."""
    line: dict[str, Any] = {
        "id": "values", "name": name, "type": "line", "connectNulls": False, "showSymbol": len(instants) < 40, "symbol": "circle",
        "symbolSize": 5, "data": [[shown_ms(i.at), None if i.value is None else round(i.value, places)] for i in instants],
        "lineStyle": {"color": "@c1", "width": 1.8}, "itemStyle": {"color": "@c1"}, "z": 3,
    }  # fmt: skip
    if bounds:
        line["markLine"] = _bounds(bounds)
    if spans:
        line["markArea"] = _areas(spans)
    drawn = [each for each in marks if each.points]
    option = _base(
        useUTC=True,
        grid={"left": 8, "right": 28, "top": 34 if drawn else 16, "bottom": 4, "containLabel": True},
        tooltip=_tooltip("axis", f"tipTime{places}"),
        xAxis=_axis(span),
        yAxis=_reach(_value_axis("plain"), instants, bounds),
        series=[line, *(_mark_series(each, places) for each in drawn)],
        unit=unit,
    )
    if drawn:
        option["legend"] = {"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 9, "textStyle": {"color": "@ink-2", "fontSize": 12}}
        option["legend"]["data"] = [name, *(each.name for each in drawn)]
    return Chart(option, label, headings, rows)


def _axis(span: tuple[datetime, datetime]) -> dict[str, Any]:
    return {
        "type": "time", "min": shown_ms(span[0]), "max": shown_ms(span[1]), "axisLine": {"lineStyle": {"color": "@line-strong"}},
        "axisTick": {"show": False}, "splitLine": {"show": False},
        "axisLabel": {
            **_SMALL, "hideOverlap": True,
            "formatter": {
                "year": "{yyyy}", "month": "{MM}-{dd}", "day": "{MM}-{dd}",
                **dict.fromkeys(("hour", "minute", "second"), "{HH}:{mm}"),
            },
        },
    }  # fmt: skip


def _reach(axis: dict[str, Any], instants: Sequence[Instant], bounds: Sequence[Bound]) -> dict[str, Any]:
    """From 0 where nothing is below it, and so high that a bound is seen."""
    known = [i.value for i in instants if i.value is not None]
    lowest = min([*known, *(bound.value for bound in bounds)], default=0.0)
    highest = max([*known, *(bound.value for bound in bounds)], default=0.0)
    axis.pop("scale", None)
    wide = highest - lowest
    if lowest >= 0 and (not known or lowest < 0.6 * highest):
        axis["min"] = 0
    else:
        axis["scale"] = True
    if bounds and wide and any(bound.value >= highest for bound in bounds):
        axis["boundaryGap"] = [0, "8%"]
        axis["max"] = float(f"{highest + 0.08 * (highest if axis.get('min') == 0 else wide):.3g}")
    return axis


def _bounds(bounds: Sequence[Bound]) -> dict[str, Any]:
    return {
        "silent": True, "symbol": "none", "lineStyle": {"color": "@red-fill", "width": 1.4, "type": "solid"},
        "label": {"position": "insideEndTop", "color": "@red", "fontSize": 12},
        "data": [{"yAxis": bound.value, "label": {"formatter": bound.words}} for bound in bounds],
    }  # fmt: skip


def _areas(spans: Sequence[Span]) -> dict[str, Any]:
    data = [
        [
            {"xAxis": shown_ms(span.start), "name": span.words, "itemStyle": {"color": "@hatch" if span.gap else "@grey-tint"}},
            {"xAxis": shown_ms(span.end)},
        ]
        for span in spans
    ]
    return {"silent": True, "label": {"show": True, "position": "insideBottom", "color": "@ink-2", "fontSize": 12}, "data": data}


_SHAPES = {"diamond": ("diamond", 9), "circle": ("emptyCircle", 6), "triangle": ("triangle", 9)}


def _mark_series(marks: Marks, places: int) -> dict[str, Any]:
    addresses = [*marks.addresses, *[""] * (len(marks.points) - len(marks.addresses))]
    data = [
        {"value": [shown_ms(point.at), None if point.value is None else round(point.value, places)], **({"address": to} if to else {})}
        for point, to in zip(marks.points, addresses, strict=True)
    ]
    shape, size = _SHAPES[marks.shape]
    color = f"@{marks.color}"
    return {
        "id": f"mark-{marks.shape}", "name": marks.name, "type": "scatter", "symbol": shape, "symbolSize": size, "data": data,
        "itemStyle": {"color": color, "borderColor": color}, "z": 5,
    }  # fmt: skip

