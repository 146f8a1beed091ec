"""Compaction: the tails of a partition merged into its current and history files.

Only keys that have more than one row are resolved; the rest of the partition passes as it is.  The result is one sort by point, kind and
time, written by DuckDB within its memory bound (it spills into the store).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shuangkong.series import parts
from shuangkong.series.catalogue import CURRENT, HISTORY, TAIL, File
from shuangkong.series.engines import DuckDB
from shuangkong.series.schema import STORED
from shuangkong.series.versions import shared_keys, versions_among

MERGE_ROWS = 100_000
MERGE_SHARE = 0.25
MERGE_BATCHES = 3600
"""A partition is merged when its tails hold this many rows and this share of it, or are this many batches old."""

_COLUMNS = tuple(STORED.names)
_SORT = ("point", "kind", "time", "received", "source")


class Merged(NamedTuple):
    """What became of a partition: the files before, and those after."""

    part: str
    gone: list[File]
    made: list[File]


def due(files: Iterable[File], parsed: int, *, everything: bool = False) -> list[str]:
    """The partitions to merge, those with most rows in tails first."""
    tails: dict[str, list[File]] = {}
    settled: dict[str, int] = {}
    for file in files:
        if file.role == TAIL:
            tails.setdefault(file.part, []).append(file)
        else:
            settled[file.part] = settled.get(file.part, 0) + file.rows
    found = {part: sum(file.rows for file in of) for part, of in tails.items()}

    def is_due(part: str) -> bool:
        grown = found[part] >= max(MERGE_ROWS, MERGE_SHARE * settled.get(part, 0))
        return everything or grown or parsed - min(file.first_batch for file in tails[part]) >= MERGE_BATCHES

    return sorted(filter(is_due, found), key=lambda part: (-found[part], part))


def merge(engine: DuckDB, data: Path, gone: Sequence[File], names: tuple[str, str]) -> list[File]:
    """Merges the files of one partition; gives the new ones (current, and history if there is any), which nobody knows yet."""

    def read(role: str) -> Any:
        paths = [data / file.name for file in gone if file.role == role]
        return engine.read(paths) if paths else engine.table(STORED.empty_table())

    tails, base, past = read(TAIL), read(CURRENT), read(HISTORY)
    rows = tails.union(base).union(past)
    shared = engine.table(engine.arrow(shared_keys(rows)))
    every = versions_among(rows, shared)
    current = every.filter(every.prevails).select(*_COLUMNS)
    history = every.filter(~every.prevails).select(*_COLUMNS)
    covered = min(file.first_batch for file in gone), max(file.last_batch for file in gone)
    made = [
        _write(engine, data, table, name, role, covered)
        for table, name, role in zip((current, history), names, (CURRENT, HISTORY), strict=True)
    ]
    return [file for file in made if file is not None]


def _write(engine: DuckDB, data: Path, table: Any, name: str, role: str, covered: tuple[int, int]) -> File | None:
    """Writes a table in its order; None (and no file) when it is empty."""
    path = data / name
    aside = parts.begin(path)
    try:
        engine.write(table.order_by(*_SORT), aside)
        parts.finish(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    made = parts.describe(data, name, role, 0, covered)
    if made.rows:
        return made
    path.unlink()
    return None
