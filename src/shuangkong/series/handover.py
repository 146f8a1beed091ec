"""Hand-over: what all spools hold goes downstream exactly once.

A step reads the spools behind their places, leaves out what was handed on before (a device repeats a frame until it is
acknowledged, perhaps to another process), writes a batch file and then, in one SQLite transaction, the batch, the places and the
keys.  A kill before that transaction leaves a batch file that nobody knows, which the next step writes anew; a kill after it
leaves nothing to do.  Downstream reads the batches in order and keeps the number of its last one in its own transaction.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from shuangkong.series.files import write_atomically
from shuangkong.series.spool import SEGMENT_HEAD, Damage, Place, Record, SpoolBusy, pack, read_segment, read_spool, segments_of

BATCH_RECORDS = 5000
LARGEST_BATCH_RECORDS = 60_000
"""Of all spools together: a record's index in its batch fits in 16 bits."""
LARGEST_BATCH_BYTES = 64 * 1024 * 1024
"""Of all spools together, but for the last record of each: messages of energy users may be megabytes each."""
KEEP_DAYS = 400
"""How long a key is remembered: longer than any back-fill (six months)."""

_DATABASE = "handover.sqlite"
_DAY_MS = 86_400_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS place (spool TEXT PRIMARY KEY, segment TEXT NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
  number INTEGER PRIMARY KEY, records INTEGER NOT NULL, repeated INTEGER NOT NULL, damaged INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, received_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_time ON seen (received_ms);
"""


class Step(NamedTuple):
    """What a step did: the batch it made, records in it, records left out as repeated, damaged stretches met."""

    number: int
    records: int
    repeated: int
    damaged: int


class Handover:
    """The one hand-over of a store (held by a lock; raises SpoolBusy).  ``root`` holds ``spool/*``; batches go to ``batches/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._batches = root / "batches"
        self._batches.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._batches / "lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SpoolBusy(str(self._batches)) from error
        self._database = sqlite3.connect(self._batches / _DATABASE, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the database and gives the lock back."""
        self._database.close()
        os.close(self._lock)

    def step(self, limit: int = BATCH_RECORDS) -> Step | None:
        """Hands on up to *limit* records of each spool, and never more than memory bears; None when there is nothing new."""
        places = {name: Place(segment, offset) for name, segment, offset in self._database.execute("SELECT * FROM place")}
        records: dict[bytes, Record] = {}
        read = repeated = damaged = 0
        spools = sorted(path for path in (self.root / "spool").glob("*") if path.is_dir())
        limit = min(limit, LARGEST_BATCH_RECORDS // max(len(spools), 1))
        for spool in spools:
            found_here = islice(read_spool(spool, places.get(spool.name, Place())), limit)
            for found, place in _within(LARGEST_BATCH_BYTES // len(spools), found_here):
                places[spool.name] = place
                read += 1
                if isinstance(found, Damage):
                    damaged += 1
                elif found.key in records or self._is_known(found.key):
                    repeated += 1
                else:
                    records[found.key] = found
        if not read:
            return None
        return self._commit(list(records.values()), places, repeated, damaged)

    def batches(self, after: int = 0) -> Iterator[tuple[int, list[Record]]]:
        """The batches behind number *after*, in order."""
        return _batches(self._database, self._batches, after)

    def retire(self) -> int:
        """Removes segments that are handed on whole and sealed (their records stand in the batches); says how many."""
        removed = 0
        for name, segment, _ in self._database.execute("SELECT * FROM place").fetchall():
            for path in segments_of(self.root / "spool" / name)[:-1]:
                if path.name < segment:
                    path.unlink()
                    removed += 1
        return removed

    def forget(self, now_ms: int) -> int:
        """Forgets keys older than KEEP_DAYS; says how many."""
        return self._database.execute("DELETE FROM seen WHERE received_ms < ?", (now_ms - KEEP_DAYS * _DAY_MS,)).rowcount

    def _is_known(self, key: bytes) -> bool:
        return self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone() is not None

    def _path(self, number: int) -> Path:
        return _path(self._batches, number)

    def _commit(self, records: list[Record], places: dict[str, Place], repeated: int, damaged: int) -> Step:
        database = self._database
        number = (database.execute("SELECT max(number) FROM batch").fetchone()[0] or 0) + 1
        write_atomically(self._path(number), SEGMENT_HEAD + b"".join(map(pack, records)))
        database.execute("BEGIN IMMEDIATE")
        try:
            database.executemany("INSERT INTO seen VALUES (?, ?)", ((record.key, record.received_ms) for record in records))
            database.executemany("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", ((name, *place) for name, place in places.items()))
            database.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", (number, len(records), repeated, damaged))
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        return Step(number, len(records), repeated, damaged)


def _within(most_bytes: int, found: Iterator[tuple[Record | Damage, Place]]) -> Iterator[tuple[Record | Damage, Place]]:
    """What is found until its records hold so many bytes; at least one."""
    size = 0
    for each, place in found:
        yield each, place
        size += len(each.body) + len(each.meta) if isinstance(each, Record) else 0
        if size >= most_bytes:
            return


def committed_batches(root: Path, after: int = 0) -> Iterator[tuple[int, list[Record]]]:
    """The batches of a store behind number *after*, for any reader beside the running hand-over.

    A reader that keeps the number of its last batch in the transaction of its own work takes each batch exactly once.
    """
    folder = root / "batches"
    if not (folder / _DATABASE).exists():
        return
    database = sqlite3.connect(f"file:{quote(str(folder / _DATABASE))}?mode=ro", uri=True)
    try:
        # a hand-over that is just starting has made the file, but perhaps not yet its tables
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'batch'").fetchone():
            yield from _batches(database, folder, after)
    finally:
        database.close()


def batch_files(root: Path, after: int = 0) -> list[tuple[int, Path]]:
    """Numbers and files of the committed batches behind number *after*, in order; a file may be damaged or lost."""
    folder = root / "batches"
    if not (folder / _DATABASE).exists():
        return []
    database = sqlite3.connect(f"file:{quote(str(folder / _DATABASE))}?mode=ro", uri=True)
    try:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'batch'").fetchone():
            return []
        return [(number, _path(folder, number)) for number in _numbers(database, after)]
    finally:
        database.close()


def _numbers(database: sqlite3.Connection, after: int) -> list[int]:
    return [row[0] for row in database.execute("SELECT number FROM batch WHERE number > ? ORDER BY number", (after,))]


def _batches(database: sqlite3.Connection, folder: Path, after: int) -> Iterator[tuple[int, list[Record]]]:
    for number in _numbers(database, after):
        yield number, read_batch(_path(folder, number))


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:012d}.batch"


def salvage_batch(path: Path) -> tuple[list[Record], int]:
    """The sound records of a batch file, and how many stretches of it are damaged (a file that is lost: one)."""
    try:
        found = [found for found, _ in read_segment(path, 0, sealed=True)]
    except FileNotFoundError:
        return [], 1
    records = [record for record in found if isinstance(record, Record)]
    return records, len(found) - len(records)


def read_batch(path: Path) -> list[Record]:
    """The records of a batch file.  Raises ValueError when it is damaged."""
    records = []
    for found, _ in read_segment(path, 0, sealed=True):
        if isinstance(found, Damage):
            raise ValueError(f"{path.name}: damaged at {found.offset}")
        records.append(found)
    return records
