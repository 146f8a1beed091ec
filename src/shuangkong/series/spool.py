"""The spool: append-only segments of checked records, durable before anybody is told.

A spool is a directory with one writer (held by a lock) and any number of readers.  Each start of a writer and each failed write
begins a new segment, so bytes behind a torn end are never written over and a reader's place stays right.

A record on disk, little endian::

    magic 4 │ size of meta and body 4 │ CRC-32 of all that follows 4 │ kind 1 │ size of meta 2 │ received_ms 8 │ key 16 │ meta │ body
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes

from shuangkong.series.files import sync_directory

MAGIC = b"\xa5SK1"
SEGMENT_HEAD = b"SKSPOOL1"
SEGMENT_BYTES = 64 * 1024 * 1024
LARGEST_RECORD_BYTES = 64 * 1024 * 1024
FRAME, METER, INCIDENT, OUTCOME = 1, 2, 3, 4
"""Kinds of records."""

_FIXED = struct.Struct("<4sIIBHq16s")
_PREFIX_BYTES = 12
_KEY_BYTES = 16
_READ_BYTES = 1024 * 1024


class SpoolBusy(Exception):
    """Another process writes this spool."""


class Record(NamedTuple):
    """What is kept: ``key`` names it once and for all, ``meta`` says how it came, ``body`` is what came."""

    kind: int
    key: bytes
    received_ms: int
    meta: bytes
    body: bytes


class Damage(NamedTuple):
    """Bytes of a sealed segment that are no record."""

    segment: str
    offset: int
    size: int


class Place(NamedTuple):
    """How far a reader has come: the segment's name and the offset of the next record."""

    segment: str = ""
    offset: int = 0


def identity(*parts: bytes) -> bytes:
    """The key of a record: the first 16 bytes of the SM3 of its parts."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"\x00".join(parts))
    return digest.finalize()[:_KEY_BYTES]


def pack(record: Record) -> bytes:
    """A record as it stands on disk."""
    size = len(record.meta) + len(record.body)
    fixed = _FIXED.pack(MAGIC, size, 0, record.kind, len(record.meta), record.received_ms, record.key)
    check = zlib.crc32(record.body, zlib.crc32(record.meta, zlib.crc32(fixed[_PREFIX_BYTES:])))
    return b"".join((fixed[:8], check.to_bytes(4, "little"), fixed[_PREFIX_BYTES:], record.meta, record.body))


def unpack(data: bytes, at: int) -> tuple[Record, int] | None:
    """The record at an offset and the offset behind it; None when there is no whole, sound record."""
    if len(data) - at < _FIXED.size:
        return None
    magic, size, check, kind, meta_size, received_ms, key = _FIXED.unpack_from(data, at)
    start, end = at + _FIXED.size, at + _FIXED.size + size
    if magic != MAGIC or meta_size > size or end > len(data):
        return None
    if zlib.crc32(memoryview(data)[at + _PREFIX_BYTES : end]) != check:
        return None
    return Record(kind, key, received_ms, data[start : start + meta_size], data[start + meta_size : end]), end


def segments_of(directory: Path) -> list[Path]:
    """The segments of a spool in the order in which they were begun."""
    return sorted(directory.glob("*.seg"))


class SpoolWriter:
    """The one writer of a spool.  Raises SpoolBusy when there is another."""

    def __init__(self, directory: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self._segment_bytes = directory, segment_bytes
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SpoolBusy(str(directory)) from error
        self._file: int | None = None
        self._size = 0
        self.recovered_bytes = self._cut_torn_end()

    def append(self, records: Sequence[bytes]) -> None:
        """Writes packed records; when it returns they are on the disk.  Raises OSError: then none of them may be acknowledged."""
        file = self._open()
        data = b"".join(records)
        try:
            written = 0
            while written < len(data):
                written += os.write(file, memoryview(data)[written:])
            os.fdatasync(file)
        except OSError:
            self._abandon(file)
            raise
        self._size += len(data)
        if self._size >= self._segment_bytes:
            self._seal()

    def close(self) -> None:
        """Closes the segment and gives the lock back."""
        self._seal()
        os.close(self._lock)

    def _open(self) -> int:
        if self._file is not None:
            return self._file
        existing = segments_of(self.directory)
        number = int(existing[-1].stem) + 1 if existing else 1
        path = self.directory / f"{number:012d}.seg"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            if os.write(file, SEGMENT_HEAD) != len(SEGMENT_HEAD):
                raise OSError("short write")
            os.fsync(file)
            sync_directory(self.directory)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._file, self._size = file, len(SEGMENT_HEAD)
        return file

    def _abandon(self, file: int) -> None:
        """After a failed write: nothing more goes into this segment, and what is half there is cut off if that is possible."""
        self._file = None
        try:
            os.ftruncate(file, self._size)
        except OSError:
            # readers stop at a torn end by themselves
            pass
        finally:
            os.close(file)

    def _seal(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _cut_torn_end(self) -> int:
        """Cuts what a kill left half written at the end of the last segment; says how many bytes."""
        existing = segments_of(self.directory)
        if not existing:
            return 0
        path = existing[-1]
        end = len(SEGMENT_HEAD)
        for found, behind in read_segment(path, end, sealed=False):
            if isinstance(found, Record):
                end = behind
        torn = path.stat().st_size - end
        if torn <= 0:
            return 0
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
        return torn


def read_segment(path: Path, offset: int, *, sealed: bool) -> Iterator[tuple[Record | Damage, int]]:
    """Records from an offset on, each with the offset behind it.

    An unsealed segment is read up to the first byte that is no sound record: it may be half written.  In a sealed one such
    bytes are damage, are reported, and the next sound record is looked for.
    """
    with path.open("rb") as file:
        file.seek(max(offset, len(SEGMENT_HEAD)))
        base, data, at = file.tell(), b"", 0
        while True:
            found = unpack(data, at)
            if found is not None:
                at = found[1]
                yield found[0], base + at
                continue
            chunk = file.read(_READ_BYTES)
            if chunk:
                base, data, at = base + at, data[at:] + chunk, 0
                continue
            if not sealed or at >= len(data):
                return
            following = _next_sound(data, at + 1)
            yield Damage(path.name, base + at, following - at), base + following
            at = following


def _next_sound(data: bytes, at: int) -> int:
    """The offset of the next sound record, or the end."""
    while (at := data.find(MAGIC, at)) >= 0:
        if unpack(data, at) is not None:
            return at
        at += 1
    return len(data)


def read_spool(directory: Path, place: Place) -> Iterator[tuple[Record | Damage, Place]]:
    """All records behind a place, in order, each with the place behind it."""
    segments = segments_of(directory)
    for index, path in enumerate(segments):
        if path.name < place.segment:
            continue
        offset = place.offset if path.name == place.segment else 0
        for found, behind in read_segment(path, offset, sealed=index < len(segments) - 1):
            yield found, Place(path.name, behind)
