"""Apache Spark as an engine: the same Ibis expressions, computed by a cluster that reads the same files.

The store lies on storage that the driver and all workers see under the same path.  What beside the master's address a driver needs
(its own address, memory, cores) is said where Spark looks for it: ``spark-defaults.conf`` in ``SPARK_CONF_DIR``.

Results and small tables travel as Arrow, not by way of pandas as Ibis does it: there 64-bit integers beside a null lose their last
digits, a number that is none becomes a null, and a time gets a zone.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.core.errors import InputError
from shuangkong.series.engines import SPARK, in_milliseconds

WORKERS_WAIT_S = 60.0
_lock = threading.Lock()
_running: dict[str, Any] = {}
"""The one driver of this process, by its master."""


class Spark:
    """A session of its own on the cluster of a master (``spark://HOST:7077``, several by commas); the process shares one driver."""

    def __init__(self, master: str) -> None:
        self.session = _driver(master).newSession()
        _settle(self.session)
        self.connection: Any = _backend(self.session)
        self._views: list[str] = []

    def read(self, paths: Sequence[Path]) -> Any:
        """One table of the files; its columns are those of the first."""
        from pyspark.sql.pandas.types import from_arrow_schema

        columns = from_arrow_schema(pq.read_schema(paths[0]), prefer_timestamp_ntz=True)
        found = self.session.read.schema(columns).parquet(*(path.resolve().as_uri() for path in paths))
        return self._named(found)

    def table(self, content: pa.Table) -> Any:
        """A table that the driver sends along."""
        return self._named(self.session.createDataFrame(content))

    def _named(self, frame: Any) -> Any:
        from ibis.util import gen_name

        name = gen_name("readings")
        frame.createOrReplaceTempView(name)
        self._views.append(name)
        return self.connection.table(name)

    def arrow(self, expression: Any) -> pa.Table:
        """The result."""
        return in_milliseconds(self.connection.to_pyarrow(expression.as_table()))

    def close(self) -> None:
        """Forgets the tables that it read; the driver stays for the next."""
        while self._views:
            self.session.catalog.dropTempView(self._views.pop())


def _driver(master: str) -> Any:
    """The driver of this process, started at its first use and again after the cluster gave it up."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            "Apache Spark is not installed.", where="SHUANGKONG_SERIES_ENGINE", why=str(error), do="Run make setup-spark."
        ) from error
    with _lock:
        running = _running.get(master)
        if running is None or running.sparkContext._jsc.sc().isStopped():
            _reach(master)
            for other in _running.values():
                other.stop()
            _running.clear()
            running = _running[master] = SparkSession.builder.master(master).appName("shuangkong").getOrCreate()
        _wait_for_workers(running, master)
    return running


def _settle(session: Any) -> None:
    """Times are without zone, a sum that overflows is an error as in DuckDB, results travel as Arrow."""
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # the reader that is quicker knows no BYTE_STREAM_SPLIT, in which the files' numbers stand
        "spark.sql.parquet.enableVectorizedReader": "false",
    }
    for name, value in settings.items():
        session.conf.set(name, value)


def _reach(master: str) -> None:
    """Raises InputError where no master answers; Spark itself would try for a minute and then not say why."""
    faults = []
    for place in master.removeprefix(SPARK).split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, ValueError) as error:
            faults.append(f"{place}: {error}")
        else:
            return
    raise InputError("No master of a Spark cluster answers.", where=master, why="; ".join(faults), do="Start it, or mend the address.")


def _wait_for_workers(session: Any, master: str) -> None:
    """Raises InputError where no worker offers itself; Spark itself would wait for ever."""
    deadline = time.monotonic() + WORKERS_WAIT_S
    # the driver counts itself
    while len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) < 2:
        if time.monotonic() > deadline:
            raise InputError(
                f"No worker of the Spark cluster took work within {WORKERS_WAIT_S:.0f} s.", where=master,
                why="No worker is registered, or none has the cores and the memory asked for.",
                do="Look at the master's page; compare spark.executor.memory with what the workers offer.",
            )  # fmt: skip
        time.sleep(0.05)


def _backend(session: Any) -> Any:
    """Ibis's backend, with Arrow in the place of pandas on the way in and out."""
    import ibis
    from ibis.formats.pyarrow import PyArrowData

    class Backend(type(ibis.pyspark.connect(session))):  # type: ignore[misc]
        def _register_in_memory_table(self, op: Any) -> None:
            self._session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)

        def to_pyarrow(self, expr: Any, /, *, params: Any = None, limit: Any = None, **options: Any) -> Any:
            table = expr.as_table()
            self._run_pre_execute_hooks(table)
            found = self._session.sql(self.compile(table, params=params, limit=limit, **options)).toArrow()
            return expr.__pyarrow_result__(PyArrowData.convert_table(found, table.schema()))

    made = Backend()
    made.do_connect(session)
    return made
