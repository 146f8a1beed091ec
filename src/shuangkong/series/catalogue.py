"""The catalogue of a store of readings: which files are live, how far the batches are parsed, which points there are.  One SQLite file.

Each change is one transaction that raises the *generation*.  A file is live from the generation in which it was entered (``born``)
up to that in which it was taken out (``died``); a reader of generation g sees the files with ``born ≤ g < died``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from shuangkong.series.schema import Point

DATABASE = "series.sqlite"
CURRENT, HISTORY, TAIL = "current", "history", "tail"
"""Roles of files: the versions that prevail, those that do not, and what was parsed since."""

_BUSY_S = 20.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
  name TEXT PRIMARY KEY, part TEXT NOT NULL, role TEXT NOT NULL, level INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
  first_batch INTEGER NOT NULL, last_batch INTEGER NOT NULL, sm3 TEXT NOT NULL, born INTEGER NOT NULL, died INTEGER,
  claimed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_dead ON file (died) WHERE died IS NOT NULL;
CREATE TABLE IF NOT EXISTS point (
  point INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, system TEXT NOT NULL, device TEXT NOT NULL, code TEXT NOT NULL,
  first_batch INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS point_device ON point (system, device);
CREATE TABLE IF NOT EXISTS left_out (
  batch INTEGER NOT NULL, why TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (batch, why)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO state VALUES ('generation', 0), ('parsed', 0), ('retired_before', '');
"""


class File(NamedTuple):
    """A file: its path below ``data``, partition, role, level of folding, size, the batches it covers, and the SM3 of its bytes."""

    name: str
    part: str
    role: str
    level: int
    rows: int
    bytes: int
    first_batch: int
    last_batch: int
    sm3: str


class Snapshot(NamedTuple):
    """The catalogue at one moment."""

    generation: int
    parsed: int
    files: list[File]


_FILE = ", ".join(File._fields)


class Moved(Exception):
    """Somebody else changed what a change rests on; nothing was done."""


class Catalogue:
    """One connection.  ``write=False`` never changes anything and needs a catalogue that exists."""

    def __init__(self, folder: Path, *, write: bool = True) -> None:
        path = folder / DATABASE
        if write:
            folder.mkdir(parents=True, exist_ok=True)
        mode = "rwc" if write else "ro"
        self._database = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None, timeout=_BUSY_S)
        if write:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            with self._transaction():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._database.execute(statement)

    def close(self) -> None:
        """Closes the connection."""
        self._database.close()

    # ── asking ──

    def is_made(self) -> bool:
        """Whether there is anything to ask: a writer that is just starting has made the file, but perhaps not yet its tables."""
        return self._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone() is not None

    def state(self, name: str) -> int:
        """A number of the state: ``generation``, ``parsed``."""
        return int(self._database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()[0])

    def retired_before(self) -> str:
        """The first partition that is kept; empty when nothing was retired."""
        return str(self._database.execute("SELECT value FROM state WHERE name = 'retired_before'").fetchone()[0])

    def snapshot(self) -> Snapshot:
        """Generation, number of the last parsed batch, and live files, of one moment; nothing before the tables are made."""
        with self._transaction("DEFERRED"):
            if not self.is_made():
                return Snapshot(0, 0, [])
            return Snapshot(self.state("generation"), self.state("parsed"), self.files())

    def files(self, *, free: bool = False) -> list[File]:
        """The live files, in the order in which they came; *free*: those that no merge has claimed."""
        rows = self._database.execute(
            f"SELECT {_FILE} FROM file WHERE died IS NULL AND (NOT ? OR NOT claimed) ORDER BY part, born, name", (free,)
        )
        return [File(*row) for row in rows]

    def known_names(self) -> set[str]:
        """The names of all files that the catalogue knows, live or not."""
        return {row[0] for row in self._database.execute("SELECT name FROM file")}

    def dead(self) -> tuple[int, int]:
        """Files that are not live and wait to be deleted: how many, how many bytes."""
        row = self._database.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM file WHERE died IS NOT NULL").fetchone()
        return int(row[0]), int(row[1])

    def dead_before(self, generation: int) -> list[str]:
        """Files that no reader of this generation or a later one sees."""
        return [row[0] for row in self._database.execute("SELECT name FROM file WHERE died <= ?", (generation,))]

    def points(self, system: str | None = None, device: str | None = None) -> Iterator[Point]:
        """The points, by system and device where these are given."""
        rows = self._database.execute(
            "SELECT point, key, system, device, code FROM point WHERE (?1 IS NULL OR system = ?1) AND (?2 IS NULL OR device = ?2)"
            " ORDER BY key", (system, device),
        )  # fmt: skip
        return (Point(*row) for row in rows)

    def left_out(self) -> dict[str, int]:
        """Why records were not taken into the table, with how many."""
        return dict(self._database.execute("SELECT why, sum(records) FROM left_out GROUP BY why ORDER BY why"))

    # ── changing ──

    def add_batches(self, first: int, last: int, files: Sequence[File], points: Iterable[Point], left: dict[str, int]) -> None:
        """Enters what the batches *first* to *last* hold.  Raises Moved when the batches before them are not the last parsed."""
        with self._transaction():
            done = self._database.execute("UPDATE state SET value = ? WHERE name = 'parsed' AND value < ?", (last, first)).rowcount
            if done != 1:
                raise Moved(f"batch {first} was parsed before")
            kept = self.retired_before()
            self._enter([file for file in files if file.part >= kept])
            self._database.executemany("INSERT INTO point VALUES (?, ?, ?, ?, ?, ?)", ((*point, first) for point in points))
            self._database.executemany("INSERT INTO left_out VALUES (?, ?, ?)", ((last, why, count) for why, count in left.items()))

    def claim(self, part: str) -> list[File]:
        """The live files of a partition, kept for one who merges them: nobody else takes them out."""
        with self._transaction():
            self._database.execute("UPDATE file SET claimed = 1 WHERE died IS NULL AND part = ?", (part,))
            return [file for file in self.files() if file.part == part]

    def unclaim(self) -> None:
        """Gives claims back (also those of one who was killed)."""
        with self._transaction():
            self._database.execute("UPDATE file SET claimed = 0 WHERE claimed")

    def replace(self, gone: Sequence[File], files: Sequence[File], *, claimed: bool = False) -> None:
        """Puts *files* in the place of *gone*.  Raises Moved when one of these is not live any more, or claimed by another."""
        with self._transaction():
            self._take_out(gone, ("claimed",) if claimed else ("NOT claimed",))
            self._enter(files)

    def retire(self, before: str, *more: str) -> list[File]:
        """Takes the partitions before *before* out, and *more*; what comes late for the former is not entered any more."""
        with self._transaction():
            gone = [file for file in self.files() if file.part < before or file.part in more]
            self._take_out(gone)
            self._enter(())
            self._database.execute("UPDATE state SET value = max(value, ?) WHERE name = 'retired_before'", (before,))
        return gone

    def rebuilt(self, files: Sequence[File], of: Catalogue) -> None:
        """Puts a table that was made anew in the place of all of this one."""
        points = list(of._database.execute("SELECT * FROM point"))
        left = list(of._database.execute("SELECT * FROM left_out"))
        with self._transaction():
            self._take_out(self.files())
            self._enter(files)
            self._database.execute("DELETE FROM point")
            self._database.execute("DELETE FROM left_out")
            self._database.executemany("INSERT INTO point VALUES (?, ?, ?, ?, ?, ?)", points)
            self._database.executemany("INSERT INTO left_out VALUES (?, ?, ?)", left)
            self._database.execute("UPDATE state SET value = ? WHERE name = 'parsed'", (of.state("parsed"),))

    def forget(self, names: Iterable[str]) -> None:
        """Drops files that were deleted."""
        with self._transaction():
            self._database.executemany("DELETE FROM file WHERE name = ? AND died IS NOT NULL", ((name,) for name in names))

    def _enter(self, files: Iterable[File]) -> None:
        self._database.execute("UPDATE state SET value = value + 1 WHERE name = 'generation'")
        born = self.state("generation")
        marks = ", ".join("?" * (len(File._fields) + 1))
        self._database.executemany(f"INSERT INTO file ({_FILE}, born) VALUES ({marks})", ((*file, born) for file in files))

    def _take_out(self, gone: Iterable[File], tests: Sequence[str] = ()) -> None:
        died = self.state("generation") + 1
        statement = " AND ".join(("UPDATE file SET died = ? WHERE name = ? AND died IS NULL", *tests))
        for file in gone:
            if self._database.execute(statement, (died, file.name)).rowcount != 1:
                raise Moved(file.name)

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        self._database.execute(f"BEGIN {kind}")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
