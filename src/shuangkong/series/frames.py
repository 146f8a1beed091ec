"""Kept frames of HJ 212 turned into readings: which field of which command is which kind, at which instant, with which flag and quality."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from shuangkong.hj212 import Message, Profile, ProtocolError, decode
from shuangkong.hj212.catalogue import factors
from shuangkong.hj212.columns import Column, read_columns
from shuangkong.hj212.content import FLAGS, find_factor
from shuangkong.series.records import FrameMeta, read_frame_meta
from shuangkong.series.schema import KINDS, QUALITY
from shuangkong.series.spool import Record

KEPT = Profile("kept", strict=False, modbus=True)
"""How a kept frame is read: whatever the gateway took is read again, without asking today's registry."""

_PREFIXES = {"2011": "realtime", "2051": "minute", "2061": "hour", "2031": "day", "2021": "state", "2041": "state"}
_REALTIME = {"Rtd": "realtime", "ZsRtd": "realtime.zs", "Data": "realtime.data"}
_OF_DEVICES = ("2021", "2041")
"""Commands whose items are machines of the plant, not factors."""
_CIVIL_MS = 8 * 3_600_000
_EPOCH = datetime(1970, 1, 1)
_MS = timedelta(milliseconds=1)
_FIRST_MS = (datetime.min - _EPOCH) // _MS
_UNPRINTED = re.compile(r"[^0-9A-Za-z]")
_LONGEST_FLAG = 8
_OWN_MARKS = {
    "data_time_implausible": 0, "value_not_a_number": 0, "value_out_of_type": 0, "factor_unknown": 0, "flag_unknown": 0,
    "clock_off": QUALITY["clock_off"], "st_not_registered": QUALITY["unregistered_system"],
}  # fmt: skip
"""Codes of a frame's meta that have a mark of their own (0: it is set on the value concerned)."""


class Row(NamedTuple):
    """A value before it has a point: ``index`` of its record in the batch, ``time_ms`` since 1970 in UTC."""

    index: int
    system: str
    device: str
    code: str
    time_ms: int
    kind: int
    value: float | None
    flag: str
    quality: int


class _Frame(NamedTuple):
    """A message with what its rows share."""

    index: int
    message: Message
    quality: int


def kind_of(cn: str, field: str) -> int | None:
    """The kind of a field in a message of that command; None when it is no value of the table."""
    prefix = _PREFIXES.get(cn)
    name = _REALTIME.get(field) if cn == "2011" else f"{prefix}.{field.lower()}"
    return KINDS.get(name or "")


def read_frame(record: Record) -> tuple[Message, FrameMeta]:
    """The message of a frame record.  Raises ProtocolError or ValueError."""
    meta = read_frame_meta(record)
    return decode(_in_the_clear(record.body, meta.plain), KEPT), meta


def _in_the_clear(raw: bytes, plain: str) -> bytes:
    """A frame with the data area that was decrypted when it came; its length and check are those of the plain text anyway."""
    if not plain:
        return raw
    opening = raw.index(b"CP=&&") + 5
    return raw[:opening] + plain.encode() + raw[raw.rindex(b"&&") :]


def rows_of_frames(records: Sequence[tuple[int, Record]], left: Counter[str]) -> Iterator[Row]:
    """The values of frame records (each with its index in the batch); what cannot be placed is counted in *left*."""
    frames: list[_Frame] = []
    for index, record in records:
        try:
            message, meta = read_frame(record)
        except (ProtocolError, ValueError):
            left["unreadable"] += 1
            continue
        if message.cn in _PREFIXES:
            frames.append(_Frame(index, message, _frame_quality(message, meta)))
    found = read_columns([frame.message for frame in frames])
    marks = _Marks(frames, found.irregular)
    times, flags, samples = _by_owner(found.columns)
    for column in found.columns:
        if column.factor:
            yield from _rows_of_column(column, frames, times, flags.get(column.factor, {}), samples.get(column.factor, {}), marks, left)


def _frame_quality(message: Message, meta: FrameMeta) -> int:
    quality = QUALITY["resent"] if message.resent else 0
    for code in meta.faults:
        quality |= _OWN_MARKS.get(code, QUALITY["deviation"])
    return quality


_Texts = dict[str, dict[int, object]]


def _by_owner(columns: Sequence[Column]) -> tuple[dict[int, int | None], _Texts, _Texts]:
    """Data times by message; flags and sample times by factor and message."""
    times: dict[int, int | None] = {}
    flags: _Texts = {}
    samples: _Texts = {}
    for column in columns:
        if column.factor and column.field in ("Flag", "SampleTime"):
            target = (flags if column.field == "Flag" else samples).setdefault(column.factor, {})
            target.update(zip(column.owners, column.values, strict=True))
        elif not column.factor and column.field == "DataTime":
            times.update(zip(column.owners, map(_utc_ms, column.values), strict=True))
    return times, flags, samples


class _Marks:
    """Which values of which irregular messages are out of their type."""

    def __init__(self, frames: Sequence[_Frame], irregular: Sequence[int]) -> None:
        self._found: set[tuple[int, str, str]] = set()
        for owner in irregular:
            message = frames[owner].message
            for fault in message.content.faults:
                if fault.code == "value_out_of_type":
                    code, _, field = fault.where.rpartition("-")
                    factor, _ = find_factor(code, message.edition)
                    self._found.add((owner, factor.code if factor else code, field))

    def of(self, owner: int, factor: str, field: str) -> int:
        """The quality of a value by its own digits."""
        return QUALITY["out_of_type"] if self._found and (owner, factor, field) in self._found else 0


def _rows_of_column(
    column: Column, frames: Sequence[_Frame], times: dict[int, int | None], flags: dict[int, object], samples: dict[int, object],
    marks: _Marks, left: Counter[str],
) -> Iterator[Row]:  # fmt: skip
    factor, field = column.factor, column.field
    unknown = 0 if factor in factors() else QUALITY["unknown_factor"]
    for owner, found in zip(column.owners, column.values, strict=True):
        index, message, quality = frames[owner]
        kind = kind_of(message.cn, field)
        if kind is None:
            continue
        time, sampled = _instant(message.cn, times.get(owner), samples.get(owner))
        if time is None:
            left["no_time"] += 1
            continue
        flag, of_flag = _flag(flags.get(owner, ""))
        value, of_value = _value(found)
        of_factor = 0 if message.cn in _OF_DEVICES else unknown
        quality |= sampled | of_factor | of_flag | of_value | marks.of(owner, factor, field)
        yield Row(index, "hj212", message.mn, factor, time, kind, value, flag, quality)


def _instant(cn: str, data_time_ms: int | None, sample_time: object) -> tuple[int | None, int]:
    """When a value holds (ms since 1970, UTC): of a real-time value with a sample, when the sample was taken."""
    if cn == "2011" and sample_time is not None and (sampled_ms := _utc_ms(sample_time)) is not None:
        return sampled_ms, QUALITY["sampled"]
    return data_time_ms, 0


def _utc_ms(moment: object) -> int | None:
    if not isinstance(moment, datetime):
        return None
    # the first hours of year 1 in civil time have no UTC datetime
    return max((moment.replace(tzinfo=None) - _EPOCH) // _MS - _CIVIL_MS, _FIRST_MS)


def _flag(found: object) -> tuple[str, int]:
    text = str(found)
    if not text or text in FLAGS:
        return text, 0
    return _UNPRINTED.sub("?", text)[:_LONGEST_FLAG], QUALITY["unknown_flag"]


def _value(found: object) -> tuple[float | None, int]:
    """The number of a value; what is none, or none that a float can hold, is null and marked."""
    if isinstance(found, (Decimal, int)):
        number = float(found) if abs(found) < 1e300 else None
        return number, 0 if number is not None else QUALITY["no_number"]
    return None, QUALITY["no_number"]
