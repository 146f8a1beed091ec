"""Framing: ``##`` + length + data segment + check + CR LF, found again after garbage, in a bounded buffer.

The end of a frame is found by its length field, never by searching: encrypted content may hold any byte.  A candidate whose
tail is not where the length says, or whose check fails while another head stands inside it, is given up for the next head, so
a damaged frame never swallows a good one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from shuangkong.hj212.check import TABLE, crc16, crc16_modbus
from shuangkong.hj212.faults import Fault

HEAD_BYTES = 6
TAIL_BYTES = 6
SEGMENT_BYTES = 1024
LONGEST_SEGMENT_BYTES = 4096
"""What the lenient profile still reads; 1 623 was seen in the field."""

_INNER_HEAD = re.compile(rb"##\d{4}")
_SAMPLE_BYTES = 64
_TAILS = {check: b"%04X\r\n" % check for check in TABLE}
_HEX = frozenset(b"0123456789ABCDEFabcdef")


class Frame(NamedTuple):
    """A whole frame: its (decrypted) data segment, the bytes as they came, and the faults of its hull."""

    segment: bytes
    raw: bytes
    faults: tuple[Fault, ...] = ()


class Garbage(NamedTuple):
    """Bytes that belong to no frame: how many, the first of them, and what was the matter."""

    size: int
    sample: bytes
    fault: Fault


class NeedData:
    """No event can be made without more bytes."""

    def __repr__(self) -> str:
        return "NEED_DATA"


NEED_DATA = NeedData()


class Framer:
    """Cuts a stream of bytes into frames.  ``decrypt`` turns an encrypted segment into plain text, or gives None."""

    def __init__(self, decrypt: Callable[[bytes], bytes | None] | None = None) -> None:
        self._buffer = b""
        self._start = 0
        self._decrypt = decrypt

    @property
    def buffered(self) -> int:
        """Bytes that wait for the rest of their frame; at most one frame after ``next_event`` gave NEED_DATA."""
        return len(self._buffer) - self._start

    def receive_data(self, data: bytes) -> None:
        """Takes bytes from the peer."""
        self._buffer = self._buffer[self._start :] + data if self.buffered else data
        self._start = 0

    def next_event(self) -> Frame | Garbage | NeedData:
        """The next frame or stretch of garbage, or NEED_DATA."""
        buffer, start = self._buffer, self._start
        size = len(buffer)
        # the bulk of all frames: whole, in its place and right
        digits = buffer[start + 2 : start + HEAD_BYTES]
        if digits.isdigit() and (length := int(digits)) <= SEGMENT_BYTES and buffer.startswith(b"##", start):
            end = start + length + HEAD_BYTES + TAIL_BYTES
            segment = buffer[start + HEAD_BYTES : end - TAIL_BYTES]
            if buffer[end - TAIL_BYTES : end] == _TAILS.get(crc16(segment)):
                self._start = end
                return Frame(segment, buffer[start:end])
        at = start
        while True:
            at = buffer.find(b"##", at)
            if at < 0:
                return self._drop(size - buffer.endswith(b"#", start))
            if size - at < HEAD_BYTES:
                return self._drop(at)
            digits = buffer[at + 2 : at + HEAD_BYTES]
            if digits.isdigit() and (length := int(digits)) <= LONGEST_SEGMENT_BYTES:
                break
            at += 1
        if at > start:
            return self._drop(at)
        return self._cut(at, length)

    def give_up(self) -> Garbage | NeedData:
        """Gives up the frame that was begun (the peer fell silent); what stands behind its head is searched again."""
        if not self.buffered:
            return NEED_DATA
        return self._give_up_head()

    def _cut(self, at: int, length: int) -> Frame | Garbage | NeedData:
        buffer = self._buffer
        body = at + HEAD_BYTES
        end = body + length + TAIL_BYTES
        if length > TAIL_BYTES and buffer[end - TAIL_BYTES - 2 : end - TAIL_BYTES] == b"\r\n":
            frame = self._examine(buffer[body : body + length - TAIL_BYTES], buffer[at : end - TAIL_BYTES])
            if frame is not None and _checks(frame):
                self._start = end - TAIL_BYTES
                return frame._replace(faults=(Fault("length_counts_tail", "LLLL", str(length)), *frame.faults))
        if len(buffer) < end:
            return NEED_DATA
        if buffer[end - 2 : end] != b"\r\n":
            return self._give_up_head()
        frame = self._examine(buffer[body : body + length], buffer[at:end])
        if frame is None:
            return self._give_up_head()
        self._start = end
        return frame

    def _examine(self, segment: bytes, raw: bytes) -> Frame | None:
        """The frame with its faults; None when a wrong check and an inner head say that this is no frame."""
        if b"%04X" % crc16(segment) == raw[-TAIL_BYTES:-2] and len(segment) <= SEGMENT_BYTES:
            return Frame(segment, raw)
        faults = check_faults(segment, raw[-TAIL_BYTES:-2])
        if self._decrypt is not None and any(not fault.forgivable for fault in faults):
            plain = self._decrypt(segment)
            if plain is not None and not (again := check_faults(plain, raw[-TAIL_BYTES:-2])):
                segment, faults = plain, again
        if any(not fault.forgivable for fault in faults) and _INNER_HEAD.search(segment):
            return None
        if len(segment) > SEGMENT_BYTES:
            faults = (*faults, Fault("segment_too_long", "LLLL", str(len(segment))))
        return Frame(segment, raw, faults)

    def _give_up_head(self) -> Garbage:
        """The bytes up to the next possible head are garbage."""
        buffer, start = self._buffer, self._start
        following = buffer.find(b"##", start + 1)
        if following < 0:
            following = len(buffer) - (buffer.endswith(b"#") and len(buffer) > start + 1)
        sample = buffer[start : min(following, start + _SAMPLE_BYTES)]
        self._start = following
        return Garbage(following - start, sample, Fault("length_mismatch", "LLLL", sample[2:6].decode("ascii", "replace")))

    def _drop(self, end: int) -> Garbage | NeedData:
        start = self._start
        if end <= start:
            return NEED_DATA
        sample = self._buffer[start : min(end, start + _SAMPLE_BYTES)]
        self._start = end
        return Garbage(end - start, sample, Fault("garbage"))


def _checks(frame: Frame) -> bool:
    return all(fault.forgivable for fault in frame.faults)


def check_faults(segment: bytes, written: bytes) -> tuple[Fault, ...]:
    """What is wrong with the check *written* behind a data segment."""
    shown = written.decode("ascii", "replace")
    if not _HEX.issuperset(written):
        return (Fault("crc_not_hex", "CRC", shown),)
    value = int(written, 16)
    if value == crc16(segment):
        return () if written == written.upper() else (Fault("crc_lower_case", "CRC", shown),)
    return (Fault("crc_modbus" if value == crc16_modbus(segment) else "crc_mismatch", "CRC", shown),)
