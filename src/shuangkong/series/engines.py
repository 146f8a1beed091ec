"""Engines: who computes the Ibis expressions.  DuckDB in the process by default, Apache Spark by a setting.

An engine gives the four things of :class:`Engine` and nothing more.  What is asked of it is plain Ibis: filters, joins, unions, groups
and window functions over columns of the types in ``schema``; no function that only one of the engines has, no SQL text.
Another engine is one class here and one line in :func:`open_engine`.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from shuangkong.series import leases

DUCKDB = "duckdb"
SPARK = "spark://"
"""So begins the address of a Spark master, the name of the other engine."""
MEMORY_LIMIT = "512MB"
THREADS = 2


def in_microseconds(content: pa.Table) -> pa.Table:
    """A table with its columns as engines give those of files: times in microseconds, nothing said of nulls."""
    types = [pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type for field in content.schema]
    return content.cast(pa.schema([pa.field(name, kind) for name, kind in zip(content.schema.names, types, strict=True)]))


def in_milliseconds(content: pa.Table) -> pa.Table:
    """A table with its times as the schema has them; each column may hold nulls, whichever engine made it."""
    fields = [field.with_type(pa.timestamp("ms")) if pa.types.is_timestamp(field.type) else field for field in content.schema]
    return content.cast(pa.schema([field.with_nullable(True) for field in fields]), safe=False)


class Engine(Protocol):
    """What an engine must give."""

    @property
    def connection(self) -> Any:
        """The Ibis backend, for callers that bring small tables of their own."""

    def read(self, paths: Sequence[Path]) -> Any:
        """One Ibis table of Parquet files of the same columns.  At least one path."""

    def table(self, content: pa.Table) -> Any:
        """An Ibis table of a small Arrow table; it may be empty.  Its columns are like those of files."""

    def arrow(self, expression: Any) -> pa.Table:
        """The result of a table expression, with times in milliseconds."""

    def close(self) -> None:
        """Gives back what it holds."""


class DuckDB:
    """DuckDB in this process: bounded memory, spilling below *spill*; it never looks for extensions in the network."""

    def __init__(self, spill: Path, memory: str = MEMORY_LIMIT, threads: int = THREADS) -> None:
        import ibis

        self._unused: list[str] = []
        folder, self._spill = leases.own_folder(spill)
        self.connection: Any = ibis.duckdb.connect(
            memory_limit=memory, threads=threads, temp_directory=str(folder),
            autoinstall_known_extensions=False, autoload_known_extensions=False,
        )  # fmt: skip

    def read(self, paths: Sequence[Path]) -> Any:
        """One table of the files; its view goes when no expression names it any more."""
        while self._unused:
            self.connection.raw_sql(f'DROP VIEW "{self._unused.pop()}"').fetchall()
        with _as_os_errors():
            table = self.connection.read_parquet([str(path) for path in paths], hive_partitioning=False)
        weakref.finalize(table.op(), self._unused.append, table.get_name())
        return table

    def table(self, content: pa.Table) -> Any:
        """An in-memory table."""
        import ibis

        return ibis.memtable(in_microseconds(content))

    def arrow(self, expression: Any) -> pa.Table:
        """The result."""
        with _as_os_errors():
            return in_milliseconds(self.connection.to_pyarrow(expression.as_table()))

    def write(self, expression: Any, path: Path) -> None:
        """One Parquet file of an expression, in its order (only the writer of the store asks for it).  Raises OSError."""
        with _as_os_errors():
            self.connection.to_parquet(expression, path, compression="zstd", parquet_version="V2")

    def close(self) -> None:
        """Closes the connection."""
        self.connection.disconnect()
        self._spill.close()


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What DuckDB says of files and disks, in Python's words."""
    from duckdb import Error

    try:
        yield
    except Error as error:
        raise OSError(str(error)) from error


def open_engine(name: str, spill: Path, *, memory: str | None = None) -> Engine:
    """The engine of a name: ``duckdb``, or the address of a Spark master (``spark://HOST:7077``).

    Raises ValueError for another name, InputError where the cluster cannot be had.
    Memory and threads of DuckDB are set by SHUANGKONG_SERIES_MEMORY (``512MB``) and SHUANGKONG_SERIES_THREADS (2).
    """
    if name == DUCKDB:
        bound = memory or os.environ.get("SHUANGKONG_SERIES_MEMORY", MEMORY_LIMIT)
        return DuckDB(spill, bound, int(os.environ.get("SHUANGKONG_SERIES_THREADS", THREADS)))
    if name.startswith(SPARK):
        from shuangkong.series.spark import Spark

        return Spark(name)
    raise ValueError(f"no engine of the name {name!r}: duckdb or {SPARK}HOST:PORT")
