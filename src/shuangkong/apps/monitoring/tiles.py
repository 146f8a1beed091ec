"""What the points of a source read now, each with its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shuangkong.apps.monitoring import drawing, history
from shuangkong.apps.monitoring.models import Point, PointLimit

#: How old a newest value may be to stand among those of now.
RECENT = timedelta(hours=1)
TILES = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """What a point reads now: the value as text, how it stands to its limit, its marks."""

    point: Point
    text: str
    at: datetime | None
    limit: str
    beyond: bool
    flag: str


def tiles(beside: Sequence[Point], now: datetime) -> list[Tile]:
    """The newest value of the first points of a source, with their limits. One question to the series, one to the register."""
    shown = beside[:TILES]
    found = history.newest([point.pk for point in shown], now - RECENT)
    limits = drawing.limits_of(shown, now)
    return [_tile(point, found.get(point.pk), limits.get(point.pk, [])) for point in shown]


def _tile(point: Point, reading: history.Reading | None, limits: Sequence[PointLimit]) -> Tile:
    sides = [side for limit in limits for side in (("≤", limit.upper), ("≥", limit.lower))]
    bounds = [f"{word}{value.normalize():f}" for word, value in sides if value is not None]
    if reading is None:
        return Tile(point, "", None, "，".join(bounds), False, "")
    text = drawing.number_text(reading.value, drawing.places_of([reading]))
    return Tile(point, text, reading.at, "，".join(bounds), drawing.is_beyond(reading, limits), drawing.flag_words(reading.flag))
