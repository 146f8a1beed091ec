"""Upkeep of the table of readings: verification, rebuilding from the batches, and what it takes of the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from shuangkong.series import parts
from shuangkong.series.catalogue import File
from shuangkong.series.engines import DUCKDB
from shuangkong.series.files import sync_directory
from shuangkong.series.reading import Reader
from shuangkong.series.schema import IMPLAUSIBLE, STORED

if TYPE_CHECKING:
    from shuangkong.series.store import Readings

_REBUILD, _VERIFY = "rebuild", "verify"


class Fault(NamedTuple):
    """Something that is wrong: a file or a count, and what."""

    where: str
    why: str


class PartSpace(NamedTuple):
    """A partition: its files, readings (with those in history) and bytes."""

    part: str
    files: int
    rows: int
    history_rows: int
    bytes: int


class Space(NamedTuple):
    """What lies where: partitions of the table, files that wait to be deleted, the batches, and what the disk has left."""

    parts: list[PartSpace]
    dead_files: int
    dead_bytes: int
    batches: int
    batch_bytes: int
    free_bytes: int
    left_out: dict[str, int]


# ── verification ──


def verify(store: Readings, *, raw: bool) -> list[Fault]:
    """Each live file against the catalogue; with *raw* the table against a rebuild, made in a folder beside it."""
    with Reader(store.folder.parent, engine=DUCKDB) as reader:
        found = [Fault(file.name, why) for file in reader.files if (why := _wrong_with(store.data, file))]
        if raw and not found:
            store.hold("verify")
            beside = store.folder / _VERIFY
            shutil.rmtree(beside, ignore_errors=True)
            rebuild(store, beside, reader.parsed)
            found += _differences(reader, beside)
            shutil.rmtree(beside)
    return found


def _wrong_with(data: Path, file: File) -> str:
    path = data / file.name
    if not path.exists():
        return "文件丢失"
    if parts.sm3_of(path) != file.sm3:
        return "SM3与目录不符"
    read = pq.ParquetFile(path)
    if read.metadata.num_rows != file.rows:
        return f"行数{read.metadata.num_rows}，目录为{file.rows}"
    if read.schema_arrow.names != STORED.names:
        return f"列不符：{'、'.join(read.schema_arrow.names)}"
    return "" if file.part == IMPLAUSIBLE else _wrong_months(read, file.part)


def _wrong_months(read: pq.ParquetFile, part: str) -> str:
    month = np.datetime64(part, "M")
    for group in read.iter_batches(columns=["time"]):
        times = group.column(0).to_numpy(zero_copy_only=False).astype("datetime64[M]")
        if (times != month).any():
            return "有不属于该月的时间"
    return ""


def _differences(reader: Reader, anew: Path) -> Iterator[Fault]:
    """Rows of one table that the other has not, by partition-free comparison of all versions."""
    with Reader(anew, engine=reader.engine) as other:
        ours, theirs = (each.readings(history=True, implausible=True) for each in (reader, other))
        for table, against, why in ((ours, theirs, "多于由原始批次重建的结果"), (theirs, ours, "少于由原始批次重建的结果")):
            count = reader.arrow(table.difference(against, distinct=False).count())[0][0].as_py()
            if count:
                yield Fault(f"{count}行", why)


# ── rebuilding ──


def rebuild(store: Readings, into: Path, upto: int | None) -> None:
    """Parses the batches (up to number *upto*) into a table of its own in the folder *into*, and merges it."""
    with type(store)(store.root, into) as anew:
        if retired := store.catalogue.retired_before():
            anew.catalogue.retire(retired)
        while upto is None or anew.parsed < upto:
            limit = {} if upto is None else {"limit": min(20, upto - anew.parsed)}
            if not anew.parse_next(**limit):
                break
            anew.fold()
        anew.compact(everything=True)
        anew.sweep()


def rebuild_in_place(store: Readings, *, accept_damage: bool) -> None:
    """Makes the table anew beside this one and then puts it in its place, in one step for readers."""
    store.hold("parse")
    store.hold("compact")
    beside = store.folder / _REBUILD
    shutil.rmtree(beside, ignore_errors=True)
    rebuild(store, beside, None)
    with type(store)(store.root, beside) as anew:
        damaged, before = (each.catalogue.left_out().get("damaged", 0) for each in (anew, store))
        if damaged > before and not accept_damage:
            raise ValueError(f"{damaged} damaged batches or stretches, {before} when they were parsed")
        generation = store.catalogue.state("generation")
        moved = [_moved(anew.data, store.data, file, generation) for file in anew.catalogue.files()]
        store.catalogue.rebuilt(moved, anew.catalogue)
    store.forget_points()
    store.sweep()
    shutil.rmtree(beside)


def _moved(source: Path, target: Path, file: File, generation: int) -> File:
    """A file under a name of this table; the first stays where it is until all are done."""
    name = f"{file.part}/r{generation:012d}-{Path(file.name).name}"
    (target / file.part).mkdir(exist_ok=True)
    (target / name).unlink(missing_ok=True)
    os.link(source / file.name, target / name)
    sync_directory((target / name).parent)
    sync_directory(target)
    return file._replace(name=name)


# ── space ──


def space(store: Readings) -> Space:
    """What the table takes."""
    by_part: dict[str, list[File]] = {}
    for file in store.catalogue.files():
        by_part.setdefault(file.part, []).append(file)
    batches = list((store.root / "batches").glob("*.batch"))
    return Space(
        [_part_space(part, files) for part, files in sorted(by_part.items())],
        *store.catalogue.dead(), len(batches), sum(path.stat().st_size for path in batches),
        shutil.disk_usage(store.folder).free, store.catalogue.left_out(),
    )  # fmt: skip


def _part_space(part: str, files: list[File]) -> PartSpace:
    past = sum(file.rows for file in files if file.role == "history")
    return PartSpace(part, len(files), sum(file.rows for file in files) - past, past, sum(file.bytes for file in files))
