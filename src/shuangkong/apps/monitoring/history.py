"""What stands in the series of a point: the values of a window, its gaps, and the versions of one value down to the record that held it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring.models import Point
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.series.reading import Reader
from shuangkong.series.schema import KIND_NAMES, KINDS, quality_names

#: The most values that one page or one answer of the API reads.
MOST = 3000
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Level:
    """How fine the values are: the kinds (converted values first), the window that is shown unasked, the widest, the step in seconds.

    ``step_s`` 0: that of the point (realtime), None: as the values themselves show (minute data come each 1 to 60 minutes).
    """

    code: str
    word: object
    kinds: tuple[str, ...]
    span: timedelta
    widest: timedelta
    step_s: int | None


LEVELS = {
    level.code: level
    for level in (
        Level("realtime", _("实时"), ("realtime.zs", "realtime", "meter.realtime"), timedelta(hours=2), timedelta(days=2), 0),
        Level("minute", _("分钟"), ("minute.zsavg", "minute.avg"), timedelta(days=1), timedelta(days=7), None),
        Level("hour", _("小时"), ("hour.zsavg", "hour.avg"), timedelta(days=3), timedelta(days=92), 3600),
        Level("day", _("日"), ("day.zsavg", "day.avg", "meter.day"), timedelta(days=31), timedelta(days=1096), 86_400),
    )
}


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at: a level from a moment up to another (aware)."""

    level: Level
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as it prevails. ``marks``: the names of its quality bits."""

    at: datetime
    kind: str
    value: float | None
    flag: str
    marks: tuple[str, ...]
    received_at: datetime
    source: int

    @property
    def is_marked(self) -> bool:
        """Whether its sender says that it is not a plain measurement."""
        return self.flag not in ("", "N")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a value: how often it came, first and last, and whether it prevails."""

    reading: Reading
    times: int
    last_received_at: datetime | None
    prevails: bool


def window_of(level: str, start: date | None, end: date | None, now: datetime, *, newest: datetime | None = None) -> Window:
    """The window that an address asks for: whole civil days, never wider than its level allows; unasked up to now (or the newest value)."""
    of = LEVELS.get(level, LEVELS["hour"])
    if start is None and end is None:
        behind = now if newest is None else newest + timedelta(milliseconds=1)
        until = max(now, behind) if abs(now - behind) < of.span else behind
        return Window(of, until - of.span, until)
    start, end = _believable(start), _believable(end)
    last = end or min(civil_day(now), (start or civil_day(now)) + of.span)
    ends = _midnight(last + timedelta(days=1))
    begins = _midnight(start) if start else ends - of.span
    return Window(of, max(begins, ends - of.widest), ends)


def _believable(day: date | None) -> date | None:
    """A day at which something may have been measured."""
    return None if day is None else min(max(day, _FIRST_DAY), _LAST_DAY)


def around(point_id: int, start: datetime, end: datetime) -> tuple[Window, list[Reading]]:
    """The values of a point around what was seen between two moments: of the levels that can be drawn, that with the most of it."""
    margin = max((end - start) / 4, timedelta(hours=1))
    wide = end - start + 2 * margin
    found: list[tuple[Window, list[Reading]]] = []
    for level in LEVELS.values():
        if wide <= level.widest or not found:
            window = Window(level, start - margin, end + margin)
            found.append((window, values([point_id], window)[point_id]))
    return max(found, key=lambda pair: _covered(pair[1]))


def _covered(readings: Sequence[Reading]) -> tuple[int, int]:
    """In how many hours there is a value, then how many values there are."""
    return len({int(reading.at.timestamp()) // 3600 for reading in readings}), len(readings)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


_held: ContextVar[Reader | None] = ContextVar("the reader of this request", default=None)


@contextmanager
def reader() -> Iterator[Reader]:
    """The series as it stands now; within another ``with reader()`` the same, so that a page reads one state and opens it once."""
    outer = _held.get()
    if outer is not None:
        yield outer
        return
    with Reader(store()) as opened:
        token = _held.set(opened)
        try:
            yield opened
        finally:
            _held.reset(token)


def values(points: Collection[int], window: Window, most: int = MOST) -> dict[int, list[Reading]]:
    """The newest ``most`` values of each point in the window, by time; of converted and plain values the converted ones, where any are."""
    with reader() as opened:
        table = opened.readings(points=points, kinds=window.level.kinds, start=window.start, end=window.end)
        rows = opened.arrow(table.order_by(table.time.desc()).limit(most * max(1, len(points)) * 2)).to_pylist()
    found: dict[int, list[Reading]] = {point: [] for point in points}
    for row in reversed(rows):
        found[row["point"]].append(as_reading(row))
    return {point: _one_kind(readings, window.level.kinds)[-most:] for point, readings in found.items()}


def _one_kind(readings: list[Reading], kinds: Sequence[str]) -> list[Reading]:
    there = {reading.kind for reading in readings}
    chosen = next((kind for kind in kinds if kind in there), "")
    return [reading for reading in readings if reading.kind == chosen]


def as_reading(row: dict[str, Any]) -> Reading:
    """A row of the series with its codes as words and its times aware."""
    return Reading(
        _aware(row["time"]), KIND_NAMES[row["kind"]], row["value"], row["flag"], quality_names(row["quality"]), _aware(row["received"]),
        row["source"],
    )  # fmt: skip


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def newest(points: Collection[int], since: datetime) -> dict[int, Reading]:
    """The newest real-time value of each point since a moment."""
    with reader() as opened:
        table = opened.readings(points=points, kinds=LEVELS["realtime"].kinds, start=since)
        rows = opened.arrow(table.order_by(table.time)).to_pylist()
    return {row["point"]: as_reading(row) for row in rows}


def versions(point: Point, kind: str, at: datetime) -> list[Version]:
    """All versions of one value, that which prevails first."""
    if kind not in KINDS:
        return []
    with reader() as opened:
        table = opened.readings(points=[point.pk], kinds=[kind], start=at, end=at + timedelta(milliseconds=1), history=True)
        rows = opened.arrow(table).to_pylist()
    found = [
        Version(as_reading(row), row["times"], _aware(row["last_received"]) if row["last_received"] else None, row["prevails"])
        for row in rows
    ]
    return sorted(found, key=lambda version: (version.prevails, version.reading.received_at), reverse=True)


def step_of(readings: Sequence[Reading], level: Level, point: Point) -> timedelta | None:
    """How far apart values are due; None where nothing says so."""
    if level.step_s:
        return timedelta(seconds=level.step_s)
    if level.step_s == 0:
        return timedelta(seconds=point.interval_s)
    apart = [(b.at - a.at).total_seconds() for a, b in pairwise(readings)]
    return timedelta(seconds=median(apart)) if apart else None


def gaps(readings: Sequence[Reading], window: Window, point: Point, now: datetime, tolerance: float) -> list[tuple[datetime, datetime]]:
    """Stretches without a value, from the end of the last to the beginning of the next; only as far as values are due."""
    step = step_of(readings, window.level, point)
    if step is None:
        return [(window.start, min(window.end, now))] if not readings and min(window.end, now) > window.start else []
    begins = window.start if window.start >= point.active_from else min([point.active_from, *(r.at for r in readings[:1])])
    last_due = min(window.end, now - step, point.active_to or window.end)
    edges = [begins - step, *(reading.at for reading in readings), last_due]
    return [(a + step, b) for a, b in pairwise(edges) if b - a > tolerance * step and b > a + step]


def text_of(value: float | None) -> str | None:
    """A value with the digits that it has, as text; None where there is none."""
    return None if value is None else format(Decimal(repr(value)), "f")
