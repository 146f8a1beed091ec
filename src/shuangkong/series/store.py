"""The writer of a store of readings: batches in, tails folded, files merged, old ones retired, everything verified.

::

    batches ─ parse ─→ tails (level 0) ─ fold ─→ tails (level 1, 2 …) ─ merge ─→ current + history        one folder per UTC month

Parsing and compaction are each held by one process at a time (a lock), and may run beside each other; what is live changes in one
transaction of the catalogue.  A file that the catalogue does not know was left by a kill and is swept when its writer starts again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from shuangkong.series import compaction, leases, parts, upkeep
from shuangkong.series.catalogue import CURRENT, HISTORY, TAIL, Catalogue, File, Moved
from shuangkong.series.engines import DuckDB
from shuangkong.series.parsing import KnownPoints, parse_batches
from shuangkong.series.reading import DATA, FOLDER, LEASES, SPILL
from shuangkong.series.schema import IMPLAUSIBLE, Point
from shuangkong.series.spool import SpoolBusy
from shuangkong.series.upkeep import Fault, Space

PARSE, COMPACT, VERIFY = "parse", "compact", "verify"
FOLD_TAILS = 16
"""So many tails of one level become one tail of the next."""
_LARGEST_FOLD_ROWS = 2_000_000
_BATCHES_AT_ONCE = 20
_MARK = {PARSE: "pr", COMPACT: "c"}
"""With which letters the names of its files begin; r: made by a rebuild."""


class Readings:
    """The writer.  ``root`` is the store with its batches; the table lies in it, or in *into*.

    Raises SpoolBusy (by what it is asked to do) when another process does the same.
    """

    def __init__(self, root: Path, into: Path | None = None) -> None:
        self.root, self.folder = root, (into or root) / FOLDER
        self.data = self.folder / DATA
        self.data.mkdir(parents=True, exist_ok=True)
        self.catalogue = Catalogue(self.folder)
        self._locks: dict[str, int] = {}
        self._points: KnownPoints | None = None

    def __enter__(self) -> Readings:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the locks and the catalogue."""
        for handle in self._locks.values():
            os.close(handle)
        self._locks.clear()
        self.catalogue.close()

    def hold(self, task: str) -> None:
        """Makes sure that only this process does *task* (PARSE, COMPACT, VERIFY), and sweeps the files that a kill left of it."""
        if task in self._locks:
            return
        handle = os.open(self.folder / f"{task}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise SpoolBusy(f"{self.folder}: {task}") from error
        self._locks[task] = handle
        if task == COMPACT:
            self.catalogue.unclaim()
        known = self.catalogue.known_names()
        for path in self.data.glob(f"*/[{_MARK[task]}]*") if task in _MARK else ():
            if f"{path.parent.name}/{path.name}" not in known:
                path.unlink()

    def name(self, task: str, part: str, role: str) -> str:
        """A new file's name: no file ever had it, since each change raises the generation."""
        return f"{part}/{_MARK[task][0]}{self.catalogue.state('generation'):012d}-{role}.parquet"

    # ── batches in ──

    @property
    def parsed(self) -> int:
        """The number of the last batch that is in the table."""
        return self.catalogue.state("parsed")

    def append(
        self, table: pa.Table, batch: int, *, first: int | None = None, points: Iterable[Point] = (), left: dict[str, int] | None = None
    ) -> bool:
        """Enters the readings of the batches *first* to *batch*; False when these are in already.  Durable when it returns.

        *points* are those that are new with these batches, *left* why records were not taken.  Raises OSError: then nothing has changed.
        """
        self.hold(PARSE)
        begin = batch if first is None else first
        if begin <= self.parsed:
            return False
        files = []
        for part, rows in parts.by_part(parts.stored(table)):
            files.append(self._tail(part, rows, 0 if len(rows) < _LARGEST_FOLD_ROWS else FOLD_TAILS, (begin, batch)))
        self.catalogue.add_batches(begin, batch, files, points, left or {})
        return True

    def _tail(self, part: str, rows: pa.Table, level: int, batches: tuple[int, int]) -> File:
        name = self.name(PARSE, part, f"tail{level}")
        parts.write_file(self.data, name, rows)
        return parts.describe(self.data, name, TAIL, level, batches)

    def parse_next(self, limit: int = _BATCHES_AT_ONCE) -> int:
        """Parses the next batches (up to *limit*) into the table; says how many there were."""
        self.hold(PARSE)
        first = self.parsed + 1
        if self._points is None:
            self._points = KnownPoints(self.catalogue.points())
        found = parse_batches(self.root, first - 1, self._points, limit)
        if found is None:
            return 0
        try:
            self.append(found.table, found.last, first=first, points=found.points, left=found.left)
        except BaseException:
            self._points = None
            raise
        self._points.settle()
        return found.last - first + 1

    def forget_points(self) -> None:
        """The points in the catalogue are others now."""
        self._points = None

    # ── folding ──

    def fold(self) -> bool:
        """Makes one tail of many where a partition has many of one level; whether there was anything to do."""
        self.hold(PARSE)
        for tails in _foldable(self.catalogue.files(free=True)):
            rows = pa.concat_tables([parts.read_file(self.data, file.name) for file in tails])
            ((part, table),) = parts.by_part(rows)
            batches = min(file.first_batch for file in tails), max(file.last_batch for file in tails)
            folded = self._tail(part, table, tails[0].level + 1, batches)
            try:
                self.catalogue.replace(tails, [folded])
            except Moved:
                # a merge took some of them meanwhile
                (self.data / folded.name).unlink()
            return True
        return False

    # ── merging ──

    def compact(self, *, everything: bool = False, engine: DuckDB | None = None) -> list[str]:
        """Merges the partitions that are due, or all that have tails; says which."""
        self.hold(COMPACT)
        parts_due = compaction.due(self.catalogue.files(), self.parsed, everything=everything)
        if not parts_due:
            return []
        worker = engine or DuckDB(self.folder / SPILL)
        try:
            for part in parts_due:
                self._merge(worker, part)
        finally:
            self.catalogue.unclaim()
            if engine is None:
                worker.close()
        return parts_due

    def _merge(self, engine: DuckDB, part: str) -> None:
        gone = self.catalogue.claim(part)
        names = self.name(COMPACT, part, CURRENT), self.name(COMPACT, part, HISTORY)
        made = compaction.merge(engine, self.data, gone, names)
        self.catalogue.replace(gone, made, claimed=True)

    # ── upkeep ──

    def verify(self, *, raw: bool = False) -> list[Fault]:
        """What is wrong with the files of the table; *raw*: also what a rebuild from the batches gives otherwise."""
        return upkeep.verify(self, raw=raw)

    def rebuild(self, into: Path | None = None, *, accept_damage: bool = False) -> None:
        """Makes the table anew from the batches: in the store *into*, or in the place of this one.

        Raises ValueError when batches are damaged that were not when they were parsed, unless *accept_damage*.
        """
        if into is None:
            upkeep.rebuild_in_place(self, accept_damage=accept_damage)
        else:
            upkeep.rebuild(self, into, None)

    def retire(self, before: str, *, implausible: bool = False) -> int:
        """Drops the partitions before the month *before* (``YYYY-MM``) for good; says how many readings.  The batches stay."""
        self.hold(COMPACT)
        gone = self.catalogue.retire(before, *([IMPLAUSIBLE] if implausible else []))
        self.sweep()
        return sum(file.rows for file in gone)

    def space(self) -> Space:
        """What the table and what it rests on take."""
        return upkeep.space(self)

    def sweep(self) -> int:
        """Deletes files that are not live and that no reader holds; says how many."""
        with leases.oldest_held(self.folder / LEASES, self.catalogue.state("generation")) as oldest:
            gone = self.catalogue.dead_before(oldest)
            for name in gone:
                (self.data / name).unlink(missing_ok=True)
        self.catalogue.forget(gone)
        return len(gone)


def _foldable(files: Iterable[File]) -> Iterable[list[File]]:
    """Groups of tails that are to become one, smallest level first."""
    groups: dict[tuple[int, str], list[File]] = {}
    for file in files:
        if file.role == TAIL and file.level < FOLD_TAILS:
            groups.setdefault((file.level, file.part), []).append(file)
    for key in sorted(groups):
        tails = list(islice(groups[key], FOLD_TAILS))
        if len(tails) == FOLD_TAILS and sum(file.rows for file in tails) <= _LARGEST_FOLD_ROWS:
            yield tails
