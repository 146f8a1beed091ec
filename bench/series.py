"""Benchmarks of accounts from meters, each against one statement of raw DuckDB over the same files with the same memory and threads.

``run``: 20 million readings to enterprise × month with dated coefficients, and readings of 100 meters × 30 days to the durable hourly
table. ``python -m bench.series --full`` (``make bench-full``): 175 million rows in a child process, its memory, and what a row costs
beside 20 million. Nothing is kept between repetitions: each opens its own reader, engine and connection.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa

from bench.results import REPETITIONS, Result, ratio, seconds
from shuangkong.core.metering import Meter, MeterKind, Span, Term, local_spans
from shuangkong.series.energy import Amount, Coefficient, Entry, consumption
from shuangkong.series.engines import MEMORY_LIMIT, THREADS, Engine, open_engine
from shuangkong.series.hours import Hours
from shuangkong.series.reading import FOLDER, SPILL, Reader
from shuangkong.series.schema import KINDS, READINGS
from shuangkong.series.steps import Metered
from shuangkong.series.store import Readings

ZONE = ZoneInfo("Asia/Shanghai")
REALTIME = "meter.realtime"
METERS, FULL_METERS = 571, 4995
"""A year of quarter hours of each: 20 and 175 million rows."""
HOURLY_METERS = 100
ACCOUNT_LIMIT, HOURLY_LIMIT, FULL_LIMIT, FULL_MEMORY_MB = 1.25, 8.0, 1.3, 1000
REGISTER_LIMIT = 4.0
"""Registers straight from readings are gone through step by step; the platform's own months come from the hourly table instead."""
_POINT = 1_000_003
_QUARTER_S = 900
_MULTIPLIER, _SCALE = Decimal(40), Decimal("0.0001")
_A_PIECE = 500
_FULL_REPETITIONS = 3


def months() -> list[Span]:
    """Twelve months in local time, with a new year among them."""
    return local_spans(ZONE, "month", date(2025, 7, 1), date(2026, 7, 1))


def coefficients() -> list[Coefficient]:
    """Electricity by calendar year."""
    edges = [datetime(year, 1, 1, tzinfo=ZONE).astimezone(UTC) for year in (2025, 2026, 2027)]
    rows = ((edges[0], edges[1], 2.95, 5.366), (edges[1], edges[2], 2.9, 5.1))
    return [Coefficient("electricity", start, end, 1.229, equivalent, co2) for start, end, equivalent, co2 in rows]


def metered(count: int, kind: MeterKind = MeterKind.INTERVAL) -> list[Metered]:
    """Meters of quarter hours, in kWh behind a multiplier."""
    term = Term(datetime(2024, 1, 1, tzinfo=UTC), multiplier=_MULTIPLIER)
    meter = Meter(kind, (term,), Decimal(10) ** 9, Decimal(400))
    return [Metered(_POINT * number, REALTIME, meter, _SCALE) for number in range(1, count + 1)]


def entries(count: int) -> list[Entry]:
    """Four meters an enterprise."""
    return [Entry(f"m{n}", "electricity", ((_POINT * n, 1.0),), f"E{n // 4:05d}", "C30", f"c{n % 11}") for n in range(1, count + 1)]


# the store


def values(count: int, quarters: int, seed: int) -> np.ndarray:
    """What each meter used in each quarter hour, in hundredths of a kWh."""
    return np.random.default_rng(seed).integers(0, 2000, (count, quarters)) / 100


def readings(first: int, used: np.ndarray, start: datetime) -> pa.Table:
    """A table of readings of the meters from number ``first`` on."""
    count, quarters = used.shape
    rows = count * quarters
    time = np.tile(np.datetime64(start.replace(tzinfo=None), "ms") + np.arange(quarters) * np.timedelta64(_QUARTER_S * 1000, "ms"), count)
    columns = [
        np.repeat((np.arange(count) + first) * _POINT, quarters), time, np.full(rows, KINDS[REALTIME], np.int16), used.reshape(-1),
        pa.array([""]).take(pa.array(np.zeros(rows, np.int8))), np.zeros(rows, np.int32),
        time + np.timedelta64(65, "s"), np.arange(rows),
    ]  # fmt: skip
    return pa.table(columns, schema=READINGS)


def fill(root: Path, count: int, spans: list[Span], kind: MeterKind = MeterKind.INTERVAL) -> int:
    """Puts a store together as the platform does, by batches, and compacts it; answers how many rows it holds."""
    batch, rows = 0, 0
    with Readings(root) as writer:
        standing = np.zeros((count, 1))
        for number, span in enumerate(spans):
            quarters = int((span.end - span.start).total_seconds()) // _QUARTER_S
            for first in range(0, count, _A_PIECE):
                used = values(min(_A_PIECE, count - first), quarters, number * 100_000 + first)
                if kind is MeterKind.REGISTER:
                    used, standing = _registers(used, standing, first)
                batch += 1
                rows += used.size
                writer.append(readings(first + 1, used, span.start), batch)
        writer.compact(everything=True)
        writer.sweep()
    return rows


def _registers(used: np.ndarray, standing: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Registers at the beginning of each quarter hour, and where they stand behind the last."""
    until = np.round(standing[first : first + len(used)] + np.cumsum(used, axis=1), 2)
    shown = np.hstack([standing[first : first + len(used)], until[:, :-1]])
    standing[first : first + len(used)] = until[:, -1:]
    return shown, standing


@contextmanager
def store(count: int, spans: list[Span], kind: MeterKind = MeterKind.INTERVAL) -> Iterator[Path]:
    """A filled store that is removed behind."""
    root = Path(tempfile.mkdtemp(prefix="shuangkong-series-", dir=os.environ.get("SHUANGKONG_BENCH_DIR")))
    try:
        fill(root, count, spans, kind)
        yield root
    finally:
        shutil.rmtree(root)


# enterprise × month


def accounts(root: Path, count: int, kind: MeterKind = MeterKind.INTERVAL) -> list[Amount]:
    """Ours: the public call, with reader and engine opened anew."""
    with Reader(root) as reader:
        return consumption(reader, metered(count, kind), entries(count), coefficients(), months())


class Plain:
    """The reference: DuckDB with the same memory and threads, opened before the time is taken; meters and the one coefficient in its
    tables."""

    STATEMENT = """
        SELECT m.enterprise, date_trunc('month', r.time + INTERVAL 8 HOUR) AS month, sum(r.value * m.multiplier) AS quantity,
               sum(r.value * m.multiplier * c.tce) AS energy_tce
        FROM {readings} r JOIN meters m USING (point) JOIN coefficients c USING (product)
        WHERE r.kind = {kind} AND r.time >= TIMESTAMP '2025-06-30 16:00:00' AND r.time < TIMESTAMP '2026-06-30 16:00:00'
        GROUP BY ALL"""
    REGISTERS = """(SELECT point, kind, time, lead(value) OVER (PARTITION BY point ORDER BY time) - value AS value
        FROM read_parquet({files}))"""

    def __init__(self, root: Path, count: int, kind: MeterKind = MeterKind.INTERVAL) -> None:
        files = [str(path) for path in sorted((root / FOLDER / "data").glob("*/*-current.parquet"))]
        source = f"read_parquet({files})" if kind is MeterKind.INTERVAL else self.REGISTERS.format(files=files)
        self.statement = self.STATEMENT.format(readings=source, kind=KINDS[REALTIME])
        self._connection = duckdb.connect(config={
            "threads": THREADS, "memory_limit": MEMORY_LIMIT, "temp_directory": str(root / "spill"),
            "autoinstall_known_extensions": False, "autoload_known_extensions": False,
        })  # fmt: skip
        self._connection.execute("CREATE TABLE meters (point BIGINT, enterprise VARCHAR, product VARCHAR, multiplier DOUBLE)")
        rows = [(entry.points[0][0], entry.enterprise, entry.product, float(_MULTIPLIER * _SCALE)) for entry in entries(count)]
        self._connection.executemany("INSERT INTO meters VALUES (?, ?, ?, ?)", rows)
        self._connection.execute("CREATE TABLE coefficients AS SELECT 'electricity' AS product, 1.229::DOUBLE AS tce")

    def rows(self) -> list[tuple[str, datetime, float, float]]:
        """Enterprise, month, quantity, tce."""
        return self._connection.execute(self.statement).fetchall()

    def hourly(self, path: Path) -> None:
        """The other reference: reads the raw rows, groups by meter and hour, writes one Parquet file, flushed."""
        source = self.statement.split("FROM", 1)[1].split(" r JOIN", 1)[0]
        self._connection.execute(f"""COPY (
            SELECT point, date_trunc('hour', time) AS hour, sum(value) AS quantity FROM {source} WHERE kind = {KINDS[REALTIME]} GROUP BY ALL
        ) TO '{path}' (FORMAT parquet)""")  # fmt: skip
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def _fresh(root: Path, count: int, kind: MeterKind) -> Callable[[], object]:
    """The reference with a connection of its own for each repetition, opened before the time is taken."""
    waiting = [Plain(root, count, kind) for _ in range(REPETITIONS)]

    def work() -> object:
        plain = waiting.pop()
        found = plain.rows()
        plain.close()
        return found

    return work


def account_ratio(root: Path, count: int, kind: MeterKind = MeterKind.INTERVAL) -> float:
    """Ours to the reference, median of ten in turns."""
    return ratio(lambda: accounts(root, count, kind), _fresh(root, count, kind))


# the durable hourly table


def thirty_days() -> list[Span]:
    """September, in UTC: one month of readings."""
    return [Span("2026-09", datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))]


def hourly(root: Path, count: int, kind: MeterKind = MeterKind.INTERVAL, engine: Engine | None = None) -> list[str]:
    """Ours: from nothing to durable hourly quantities, tce and CO2; with an engine that is open, as the worker has it."""
    meters = metered(count, kind)
    return Hours(root).refresh(meters, {of.point: "electricity" for of in meters}, coefficients(), engine)


def _forget_hours(root: Path) -> None:
    (root / FOLDER / "hours.json").unlink(missing_ok=True)
    shutil.rmtree(root / FOLDER / "hours", ignore_errors=True)


def hourly_ratio(root: Path, count: int, kind: MeterKind = MeterKind.INTERVAL) -> float:
    """Ours to the reference, median of ten in turns; each begins with nothing."""
    ours, reference = [], []
    for number in range(REPETITIONS):
        _forget_hours(root)
        plain, engine = Plain(root, count, kind), open_engine("duckdb", root / FOLDER / SPILL)
        ours.append(seconds(lambda engine=engine: hourly(root, count, kind, engine)))
        reference.append(seconds(lambda plain=plain, number=number: plain.hourly(root / f"plain{number}.parquet")))
        plain.close()
        engine.close()
    return median(ours) / median(reference)


def run() -> list[Result]:
    """Four ratios."""
    found = []
    for kind, words in ((MeterKind.INTERVAL, "intervals"), (MeterKind.REGISTER, "registers")):
        with store(METERS, months(), kind) as root:
            limit = ACCOUNT_LIMIT if kind is MeterKind.INTERVAL else REGISTER_LIMIT
            found.append(Result(f"series: 20 M readings to accounts ({words})", account_ratio(root, METERS, kind), limit))
        with store(HOURLY_METERS, thirty_days(), kind) as root:
            found.append(Result(f"series: durable hours ({words})", hourly_ratio(root, HOURLY_METERS, kind), HOURLY_LIMIT))
    return found


# 175 million rows


def measure(root: str, count: str) -> None:
    """In a child: the seconds of the account, and the most memory that this process ever held."""
    times = [seconds(lambda: accounts(Path(root), int(count))) for _ in range(_FULL_REPETITIONS)]
    print(json.dumps({"s": median(times), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _measured(root: Path, count: int) -> dict[str, float]:
    asked = [sys.executable, "-m", "bench.series", "--measure", str(root), str(count)]
    answer = subprocess.run(asked, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def full() -> list[Result]:
    """What a row costs among 175 million beside 20 million, and the memory of the process that reads them."""
    with store(METERS, months()) as few, store(FULL_METERS, months()) as many:
        small, large = _measured(few, METERS), _measured(many, FULL_METERS)
    rows = FULL_METERS / METERS
    note = f"{FULL_METERS * 35_040 / 1e6:.0f} M rows"
    return [
        Result("series: cost of a row, 175 M to 20 M", large["s"] / small["s"] / rows, FULL_LIMIT, note=note),
        Result("series: memory of 175 M to 1 GB", large["mb"] / FULL_MEMORY_MB, 1.0, note=f"{large['mb']:.0f} MB at most"),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
        sys.exit(0)
    from bench.__main__ import line

    results = full() if sys.argv[1:] == ["--full"] else run()
    print("\n".join(map(line, results)))
    sys.exit(int(not all(result.good for result in results)))
