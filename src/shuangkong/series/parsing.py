"""Batches of the hand-over turned into readings.  The same batches always give the same rows, however they are grouped or repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from shuangkong.series.frames import Row, rows_of_frames
from shuangkong.series.handover import batch_files, salvage_batch
from shuangkong.series.schema import FUTURE_MS, KINDS, LATE_MS, PAST_MS, QUALITY, READINGS, Point, point_of, source_of
from shuangkong.series.spool import FRAME, INCIDENT, METER, Record

POINTS_A_DEVICE = 1000
"""How many factors or data codes one device or energy user may have; the values of more are not taken into the table."""

_RECORDS_AT_ONCE = 50_000
_MANUAL = "5"
"""Code of manual entry in the base table of input types (collection by two enterprise clients)."""
_PERIOD_MS = {"minute": 3_600_000, "hour": 3_600_000, "day": 86_400_000, "month": 31 * 86_400_000, "year": 366 * 86_400_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Found(NamedTuple):
    """What batches hold: the last of them, their readings, new points, and why records or values were not taken, with how many."""

    last: int
    table: pa.Table
    points: list[Point]
    left: dict[str, int]


class KnownPoints:
    """The points of the table by system, device and code, and those that are new.

    A device that names ever more factors fills no table: behind :data:`POINTS_A_DEVICE` none is added.
    """

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self._ids: dict[tuple[str, str, str], int | None] = {}
        self._keys: dict[int, str] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self.new: list[Point] = []
        for point in points:
            self._take(point)

    def get(self, system: str, device: str, code: str) -> int | None:
        """The number of a point, new or known; None when it is not taken."""
        return self._ids.get((system, device, code))

    def add(self, system: str, device: str, code: str) -> str:
        """Makes a point known; why not, where it cannot be."""
        if self._ids.get((system, device, code)) is not None:
            return ""
        point = point_of(system, device, code)
        if point is None:
            return "code_malformed"
        if self._counts[system, device] >= POINTS_A_DEVICE:
            return "too_many_points"
        if self._keys.get(point.point, point.key) != point.key:
            return "point_taken"
        self._take(point)
        self.new.append(point)
        return ""

    def settle(self) -> None:
        """The new points stand in the catalogue."""
        self.new = []

    def _take(self, point: Point) -> None:
        self._ids[point.system, point.device, point.code] = point.point
        self._keys[point.point] = point.key
        self._counts[point.system, point.device] += 1


def parse_batches(root: Path, after: int, known: KnownPoints, limit: int) -> Found | None:
    """What the batches behind number *after* hold, up to *limit* of them; None when there is none."""
    tables, left, last, records_read = [], Counter[str](), after, 0
    for number, path in islice(batch_files(root, after), limit):
        records, damaged = salvage_batch(path)
        left["damaged"] += damaged
        tables.append(_parse_safely(records, number, known, left))
        last, records_read = number, records_read + len(records)
        if records_read >= _RECORDS_AT_ONCE:
            break
    if not tables:
        return None
    return Found(last, pa.concat_tables(tables), list(known.new), {why: count for why, count in sorted(left.items()) if count})


def _parse_safely(records: list[Record], batch: int, known: KnownPoints, left: Counter[str]) -> pa.Table:
    """The readings of one batch; a record that our own code cannot bear is left out and stops nothing behind it."""
    counted = left.copy()
    try:
        return parse_records(records, batch, known, left)
    except Exception:
        left.clear()
        left.update(counted)
    nothing = Record(INCIDENT, b"", 0, b"", b"")
    borne = []
    for record in records:
        try:
            parse_records([record], batch, KnownPoints(), Counter())
            borne.append(record)
        except Exception:
            left["unreadable"] += 1
            borne.append(nothing)
    return parse_records(borne, batch, known, left)


def parse_records(records: list[Record], batch: int, known: KnownPoints, left: Counter[str]) -> pa.Table:
    """The readings of one batch."""
    rows = list(rows_of_frames([(index, record) for index, record in enumerate(records) if record.kind == FRAME], left))
    rows += _rows_of_meters(records, left)
    _make_known(rows, known, left)
    return _table(rows, records, batch, known)


def _make_known(rows: list[Row], known: KnownPoints, left: Counter[str]) -> None:
    """Takes new points in an order that does not depend on how the rows were read."""
    named: dict[tuple[str, str, str], int] = {}
    count: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        name = (row.system, row.device, row.code)
        if known.get(*name) is None:
            named[name] = min(row.index, named.get(name, row.index))
            count[name] += 1
    for name in sorted(named, key=lambda name: (named[name], name)):
        why = known.add(*name)
        if why:
            left[why] += count[name]


def _table(rows: list[Row], records: list[Record], batch: int, known: KnownPoints) -> pa.Table:
    rows = [row for row in rows if known.get(row.system, row.device, row.code) is not None]
    received = np.array([records[row.index].received_ms for row in rows], np.int64)
    times = np.array([row.time_ms for row in rows], np.int64)
    kinds = np.array([row.kind for row in rows], np.int16)
    quality = np.array([row.quality for row in rows], np.int32) | _judge_times(times, kinds, received)
    columns = [
        pa.array([known.get(row.system, row.device, row.code) for row in rows], pa.int64()),
        pa.array(times.astype("datetime64[ms]"), pa.timestamp("ms")),
        pa.array(kinds),
        pa.array([row.value for row in rows], pa.float64()),
        pa.array([row.flag for row in rows], pa.string()),
        pa.array(quality, pa.int32()),
        pa.array(received.astype("datetime64[ms]"), pa.timestamp("ms")),
        pa.array([source_of(batch, row.index) for row in rows], pa.int64()),
    ]
    return pa.table(columns, schema=READINGS)


_PERIODS = np.zeros(max(KINDS.values()) + 1, np.int64)
for _name, _number in KINDS.items():
    _PERIODS[_number] = next((_PERIOD_MS[part] for part in _name.split(".") if part in _PERIOD_MS), 0)


def _judge_times(times: np.ndarray, kinds: np.ndarray, received: np.ndarray) -> np.ndarray:
    """The quality bits that follow from when a value came: late, or of a time that cannot be."""
    behind = received - times
    late = behind > _PERIODS[kinds] + LATE_MS
    impossible = (behind > PAST_MS) | (behind < -FUTURE_MS)
    return np.where(impossible, QUALITY["implausible"], np.where(late, QUALITY["late"], 0)).astype(np.int32)


# ── meters ──


def _rows_of_meters(records: list[Record], left: Counter[str]) -> Iterator[Row]:
    for index, record in enumerate(records):
        if record.kind != METER:
            continue
        try:
            reading: dict[str, Any] = json.loads(record.body)
            if "message" not in reading:
                yield _meter_row(index, reading)
        except (ValueError, KeyError, TypeError):
            left["unreadable"] += 1


def _meter_row(index: int, reading: dict[str, Any]) -> Row:
    start = datetime.fromisoformat(reading["period_start"])
    quality = 0 if reading["valid"] else QUALITY["invalid"]
    quality |= QUALITY["demonstration"] if reading["demonstration"] else 0
    quality |= QUALITY["manual"] if reading["input_type"] == _MANUAL else 0
    kind = KINDS[f"meter.{reading['period_kind']}"]
    value = float(reading["value"])
    time_ms = (start - _EPOCH) // timedelta(milliseconds=1)
    return Row(index, "meter", reading["enterprise_code"], reading["data_code"], time_ms, kind, value, "", quality)
