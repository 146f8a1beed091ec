"""Reading the table: a snapshot that stays whole while it is held, as Ibis expressions with the versions resolved."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from shuangkong.series import leases
from shuangkong.series.catalogue import CURRENT, DATABASE, HISTORY, TAIL, Catalogue, File
from shuangkong.series.engines import DUCKDB, Engine, open_engine
from shuangkong.series.schema import IMPLAUSIBLE, KEY, KINDS, READINGS, STORED, Point, source_of
from shuangkong.series.versions import versions

FOLDER = "series"
DATA, LEASES, SPILL = "data", "leases", "spill"
_VISIBLE = tuple(READINGS.names)
_INLINE = 1000


class Reader:
    """The table as it stands at one moment; nothing of it is deleted before ``close``.  ``root`` is the store (``series/`` lies in it).

    A new reader sees what came since; making one costs some milliseconds, and its engine may be shared: hand in one that is open.
    """

    def __init__(self, root: Path, engine: str | Engine | None = None) -> None:
        self._folder = root / FOLDER
        self._lease: leases.Lease | None = None
        self.files: list[File] = []
        self.generation = self.parsed = 0
        if (self._folder / DATABASE).exists():
            self._lease, self.files = leases.take(self._folder / LEASES, self._look)
        given = engine if engine is not None else os.environ.get("SHUANGKONG_SERIES_ENGINE", DUCKDB)
        self._owns = isinstance(given, str)
        self.engine: Engine = open_engine(given, self._folder / SPILL) if isinstance(given, str) else given

    def _look(self) -> tuple[int, list[File]]:
        catalogue = Catalogue(self._folder, write=False)
        try:
            self.generation, self.parsed, files = catalogue.snapshot()
        finally:
            catalogue.close()
        return self.generation, files

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the snapshot, and the engine where the reader opened it."""
        if self._lease is not None:
            self._lease.close()
        if self._owns:
            self.engine.close()

    def points(self, system: str | None = None, device: str | None = None) -> list[Point]:
        """The points of which values have come."""
        if not (self._folder / DATABASE).exists():
            return []
        catalogue = Catalogue(self._folder, write=False)
        try:
            return list(catalogue.points(system, device)) if catalogue.is_made() else []
        finally:
            catalogue.close()

    def readings(
        self, points: Collection[int] | None = None, kinds: Collection[str] | None = None, start: datetime | None = None,
        end: datetime | None = None, *, history: bool = False, implausible: bool = False,
    ) -> Any:  # fmt: skip
        """An Ibis table of the columns :data:`~shuangkong.series.schema.READINGS`: one row per point, time and kind.

        ``points``: their numbers; ``kinds``: names of ``schema.KINDS``; ``start`` and ``end`` (aware): times from start up to, not
        including, end.  ``history``: all versions, with ``times``, ``last_received``, ``last_source`` and ``prevails``.
        ``implausible``: with the values whose time cannot be.
        """
        wanted = _Wanted(self.engine, points, kinds, start, end)
        files = [file for file in self.files if wanted.may_lie_in(file.part, implausible)]
        if history:
            return versions(wanted.of(self._stored(files)))
        unsettled = {file.part for file in files if file.role == TAIL}
        settled = [file for file in files if file.part not in unsettled and file.role == CURRENT]
        open_files = [file for file in files if file.part in unsettled]
        found = wanted.of(self._stored(settled)).select(*_VISIBLE) if settled or not open_files else None
        if not open_files:
            return found
        resolved = self._resolved(open_files, wanted)
        return resolved if found is None else found.union(resolved)

    def arrived(self, after: int) -> Any:
        """The values that came with batches later than *after*, as they came: versions are not resolved, implausible times left out."""
        files = [file for file in self.files if file.last_batch > after and file.part != IMPLAUSIBLE]
        stored, first = self._stored(files), source_of(after + 1, 0)
        return stored.filter((stored.source >= first) | (stored.last_source.fill_null(-1) >= first)).select(*_VISIBLE)

    def _resolved(self, files: Sequence[File], wanted: _Wanted) -> Any:
        """Partitions with tails: what the tails touch is resolved, the rest stands as it is."""
        tails = wanted.of(self._stored([file for file in files if file.role == TAIL]))
        settled = [file for file in files if file.role == CURRENT]
        if not settled:
            return versions(tails).filter(_is_current).select(*_VISIBLE)
        base, past = wanted.of(self._stored(settled)), wanted.of(self._stored([file for file in files if file.role == HISTORY]))
        touched = tails.select(*KEY).distinct()
        again = tails.union(base.semi_join(touched, KEY)).union(past.semi_join(touched, KEY))
        return base.anti_join(touched, KEY).select(*_VISIBLE).union(versions(again).filter(_is_current).select(*_VISIBLE))

    def _stored(self, files: Sequence[File]) -> Any:
        if not files:
            return self.engine.table(STORED.empty_table())
        return self.engine.read([self._folder / DATA / file.name for file in files])

    def arrow(self, expression: Any) -> pa.Table:
        """The result of an expression over this reader's tables."""
        return self.engine.arrow(expression)


def _is_current(table: Any) -> Any:
    return table.prevails


class _Wanted:
    """What is asked for, as filters on the key: they may be laid before versions are resolved."""

    def __init__(
        self, engine: Engine, points: Collection[int] | None, kinds: Collection[str] | None, start: datetime | None, end: datetime | None
    ) -> None:  # fmt: skip
        self._engine, self._points = engine, None if points is None else sorted(set(points))
        self._kinds = None if kinds is None else sorted(KINDS[name] for name in kinds)
        self._start, self._end = (None if moment is None else moment.astimezone(UTC).replace(tzinfo=None) for moment in (start, end))

    def may_lie_in(self, part: str, implausible: bool) -> bool:
        """Whether a partition may hold what is wanted."""
        if part == IMPLAUSIBLE:
            return implausible
        after = self._start is None or part >= f"{self._start:%Y-%m}"
        return after and (self._end is None or part <= f"{self._end:%Y-%m}")

    def of(self, table: Any) -> Any:
        """The rows that are wanted."""
        tests = list(self._tests(table))
        found = table.filter(*tests) if tests else table
        if self._points is not None and len(self._points) > _INLINE:
            few = self._engine.table(pa.table({"point": pa.array(self._points, pa.int64())}))
            found = found.semi_join(few, "point")
        return found

    def _tests(self, table: Any) -> Iterator[Any]:
        if self._points is not None and len(self._points) <= _INLINE:
            yield table.point.isin(self._points)
        if self._kinds is not None:
            yield table.kind.isin(self._kinds)
        if self._start is not None:
            yield table.time >= self._start
        if self._end is not None:
            yield table.time < self._end
