"""Parquet files of the table: written aside, on the disk and renamed before the catalogue names them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.hazmat.primitives import hashes

from shuangkong.series.catalogue import File
from shuangkong.series.files import sync_directory
from shuangkong.series.schema import IMPLAUSIBLE, KEY, QUALITY, READINGS, STORED

_CHUNK_BYTES = 1024 * 1024
_ORDER = [(name, "ascending") for name in (*KEY[:1], "kind", "time", "received", "source")]
_WRITING: dict[str, Any] = {"compression": "zstd", "use_dictionary": ["point", "kind", "flag", "quality", "times"], "store_schema": False}


def stored(table: pa.Table) -> pa.Table:
    """Readings as they are stored: values that are no number become null, and −0 becomes 0.

    Raises ValueError when columns or types are not those of the schema.
    """
    if table.schema.equals(STORED):
        return table
    if not table.schema.equals(READINGS):
        raise ValueError(f"not the columns of the table of readings: {table.schema.names}")
    values = pc.add(table["value"], 0.0)
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    rows = len(table)
    more = [pa.array(np.ones(rows, np.int32)), pa.nulls(rows, pa.timestamp("ms")), pa.nulls(rows, pa.int64())]
    columns = [values if name == "value" else table[name] for name in READINGS.names]
    return pa.table([*columns, *more], schema=STORED)


def by_part(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each partition, in the order of the files: the UTC month of their time, or the one of times that cannot be."""
    months = table["time"].to_numpy().astype("datetime64[M]").astype(np.int64)
    months[(table["quality"].to_numpy() & QUALITY["implausible"]) != 0] = np.iinfo(np.int64).max
    for month in np.unique(months):
        rows = table.filter(pa.array(months == month)) if len(months) else table
        yield _part_name(int(month)), rows.sort_by(_ORDER)


def _part_name(month: int) -> str:
    if month == np.iinfo(np.int64).max:
        return IMPLAUSIBLE
    return f"{1970 + month // 12:04d}-{month % 12 + 1:02d}"


def write_file(data: Path, name: str, table: pa.Table) -> None:
    """Writes a table as ``data/name``.  Raises OSError; then nothing is there."""
    path = data / name
    aside = begin(path)
    try:
        pq.write_table(table, aside, **_WRITING)
        finish(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def begin(path: Path) -> Path:
    """Where the content of *path* is written first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.part")


def finish(aside: Path, path: Path) -> None:
    """Puts a written file in its place, durably."""
    handle = os.open(aside, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    aside.replace(path)
    sync_directory(path.parent)
    sync_directory(path.parent.parent)


def describe(data: Path, name: str, role: str, level: int, batches: tuple[int, int]) -> File:
    """What the catalogue keeps of a written file."""
    path = data / name
    rows = pq.read_metadata(path).num_rows
    return File(name, path.parent.name, role, level, rows, path.stat().st_size, *batches, sm3_of(path))


def sm3_of(path: Path) -> str:
    """The SM3 of a file."""
    digest = hashes.Hash(hashes.SM3())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.finalize().hex()


def read_file(data: Path, name: str) -> pa.Table:
    """A file as a table of stored readings."""
    return pq.read_table(data / name, partitioning=None).cast(STORED)
