"""The table of readings: its columns, what their numbers mean, and the rule of versions in words.  Everything else reads it here.

One row is one value of one point, time and kind.  The same value received again is no new row: it is counted in the row (``times``,
``last_received``).  Another value or flag for the same point, time and kind, or the same that its sender now calls invalid (or valid
again), is a *version*; the version that was received last (then that with the greater source) prevails, and all versions are kept.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pyarrow as pa
from cryptography.hazmat.primitives import hashes

KEY = ("point", "time", "kind")
"""What names a value; a row with another value or flag under the same key is another version of it."""

READINGS = pa.schema(
    [
        pa.field("point", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("ms"), nullable=False),
        pa.field("kind", pa.int16(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("flag", pa.string(), nullable=False),
        pa.field("quality", pa.int32(), nullable=False),
        pa.field("received", pa.timestamp("ms"), nullable=False),
        pa.field("source", pa.int64(), nullable=False),
    ]
)
"""What a reader sees.

``point``: :func:`point_id` of its key.  ``time``: UTC without zone, the start of the period, or the instant of a real-time value.
``kind``: of :data:`KINDS`.  ``value``: null where what came was no number.  ``flag``: as the sender wrote it, empty for none.
``quality``: bits of :data:`QUALITY`.  ``received``: UTC without zone, when this value first came.  ``source``: batch × 65 536 + index
of the record in its batch, where it first came (:func:`source_of`).
"""

STORED = pa.schema(
    [
        *READINGS,
        pa.field("times", pa.int32(), nullable=False),
        pa.field("last_received", pa.timestamp("ms")),
        pa.field("last_source", pa.int64()),
    ]
)
"""What stands in the files: how often this value came, and when last where that was not the first time."""

KINDS = {
    "realtime": 1, "realtime.zs": 2, "realtime.data": 3,
    "minute.avg": 10, "minute.min": 11, "minute.max": 12, "minute.cou": 13, "minute.zsavg": 14, "minute.zsmin": 15, "minute.zsmax": 16,
    "minute.data": 17,
    "hour.avg": 20, "hour.min": 21, "hour.max": 22, "hour.cou": 23, "hour.zsavg": 24, "hour.zsmin": 25, "hour.zsmax": 26, "hour.data": 27,
    "day.avg": 30, "day.min": 31, "day.max": 32, "day.cou": 33, "day.zsavg": 34, "day.zsmin": 35, "day.zsmax": 36, "day.data": 37,
    "day.daydata": 38, "day.nightdata": 39,
    "meter.realtime": 40, "meter.day": 41, "meter.month": 42, "meter.year": 43,
    "state.rs": 50, "state.rt": 51,
}  # fmt: skip
"""Name → number of a kind.  The numbers stand in files: new kinds get new numbers, and none is ever given again."""

KIND_NAMES = {number: name for name, number in KINDS.items()}

QUALITY = {
    "repeated": 1 << 0,
    "corrected": 1 << 1,
    "late": 1 << 2,
    "deviation": 1 << 3,
    "out_of_type": 1 << 4,
    "implausible": 1 << 5,
    "clock_off": 1 << 6,
    "invalid": 1 << 7,
    "resent": 1 << 8,
    "demonstration": 1 << 9,
    "sampled": 1 << 10,
    "manual": 1 << 11,
    "no_number": 1 << 12,
    "unknown_factor": 1 << 13,
    "unregistered_system": 1 << 14,
    "unknown_flag": 1 << 15,
}
"""Name → bit.

``repeated``: the same value came more than once.  ``corrected``: it took the place of another.  ``late``: received more than
:data:`LATE_MS` after its time.  ``deviation``: something in its frame was not as the standard says.  ``out_of_type``: more digits
than the factor table allows.  ``implausible``: its time cannot be (:data:`PAST_MS`, :data:`FUTURE_MS`).  ``clock_off``: the sender's
clock was off.  ``invalid``: the sender itself says so.  ``resent``: marked RF.  ``sampled``: its time is that of the sample.
``manual``: entered by hand.  ``no_number``: what came was no number; the value is null.
"""

LATE_MS = 86_400_000
PAST_MS, FUTURE_MS = 400 * 86_400_000, 86_400_000
"""How far a time may lie before and behind its receipt, as the gateway has it; beyond, the value goes to one partition of its own."""

IMPLAUSIBLE = "implausible"
"""The partition of values whose time cannot be; readers leave it out unless asked."""

SOURCES_A_BATCH = 1 << 16
_CODE = re.compile(r"[0-9A-Za-z_.-]{1,40}")


class Point(NamedTuple):
    """Where values come from: ``system`` hj212 or meter, ``device`` its MN or the enterprise's code, ``code`` the factor or data code."""

    point: int
    key: str
    system: str
    device: str
    code: str


def point_id(key: str) -> int:
    """The number of a point: the first 8 bytes of the SM3 of its key, without the sign."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(key.encode())
    return int.from_bytes(digest.finalize()[:8], "big") >> 1


def point_of(system: str, device: str, code: str) -> Point | None:
    """The point of a device's factor or an enterprise's data code; None where the texts are no codes."""
    if not (_CODE.fullmatch(device) and _CODE.fullmatch(code)):
        return None
    key = f"{system}/{device}/{code}"
    return Point(point_id(key), key, system, device, code)


def source_of(batch: int, index: int) -> int:
    """The source of a record: its batch and its index there."""
    return batch * SOURCES_A_BATCH + min(index, SOURCES_A_BATCH - 1)


def batch_of(source: int) -> tuple[int, int]:
    """The batch of a source and the index of the record in it: the way back to what came."""
    return divmod(source, SOURCES_A_BATCH)


def quality_names(quality: int) -> tuple[str, ...]:
    """The names of the bits that are set."""
    return tuple(name for name, bit in QUALITY.items() if quality & bit)


def ibis_schema(schema: pa.Schema = READINGS) -> Any:
    """The same columns for Ibis (imported only where something is asked)."""
    from ibis import schema as make
    from ibis.formats.pyarrow import PyArrowSchema

    return make(PyArrowSchema.to_ibis(schema))
