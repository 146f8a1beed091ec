"""Accounts from meters on a cluster: each number is that of DuckDB, whatever the senders did wrong."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from shuangkong.core.metering import Meter, MeterKind, Term, local_spans
from shuangkong.series.energy import Coefficient, Entry, consumption
from shuangkong.series.engines import open_engine
from shuangkong.series.hours import Hours
from shuangkong.series.reading import Reader
from shuangkong.series.schema import KINDS, QUALITY, READINGS
from shuangkong.series.steps import Metered
from shuangkong.series.store import Readings
from tests import spark

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(spark.missing() is not None, reason=f"no Spark cluster can be had: {spark.missing()}"),
]
ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 1)
BEGIN = datetime(2025, 12, 31, 16, tzinfo=UTC)
EXCHANGE, CHANGE = BEGIN + timedelta(days=40, hours=5, minutes=20), datetime(2026, 2, 14, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
COEFFICIENTS = [
    Coefficient("electricity", BEGIN, CHANGE, 1.229, 2.876, 5.3),
    Coefficient("electricity", CHANGE, BEGIN + timedelta(days=90), 1.229, 2.9, 5.1),
    Coefficient("gas", BEGIN, BEGIN + timedelta(days=45), 13.3, None, 21.6),
]
SPANS = {"months": local_spans(ZONE, "month", FIRST, LAST), "days": local_spans(ZONE, "day", FIRST, LAST)}


def meters():
    """Registers that roll over, one of them exchanged; meters that send intervals; virtual ones of both."""
    always, d = Term(datetime(2020, 1, 1, tzinfo=UTC)), Decimal
    exchanged = (Term(always.start, EXCHANGE, d(40), None, d(5000)), Term(EXCHANGE, None, d(60), d(12)))
    of = [Meter(MeterKind.REGISTER, (always,), d(10000), d(60)) for _ in range(3)]
    of += [Meter(MeterKind.REGISTER, exchanged, d(10000), d(60)), Meter(MeterKind.REGISTER, (always,))]
    of += [Meter(MeterKind.INTERVAL, (always,), None, d(90), HOUR), Meter(MeterKind.INTERVAL, exchanged[:1], None, None, HOUR)]
    return [Metered(point, "meter.realtime", meter, d("0.1")) for point, meter in enumerate(of, 1)]


PRODUCTS = {point: "gas" if point == 5 else "electricity" for point in range(1, 8)}
ENTRIES = [Entry(f"m{n}", PRODUCTS[n], ((n, 1.0),), f"E{n % 3}", "C30", f"c{n % 2}") for n in PRODUCTS]
ENTRIES.append(Entry("virtual", "electricity", ((1, 1.0), (2, -0.25), (6, 2.0)), "E0", "C25", "c0"))


def sent(chance, point):
    """Hourly values of a meter: gaps, nulls, values called invalid, values that fall, corrected ones, and some weeks late."""
    register = chance.uniform(0, 9000)
    for hour in range(59 * 24):
        register = (register + chance.uniform(0, 50)) % 10000
        way = chance.random()
        if way < 0.03:
            continue
        value = None if way < 0.05 else chance.uniform(0, 9999) if way < 0.06 else register if point < 6 else chance.uniform(-1, 95)
        quality = QUALITY["invalid"] if way > 0.99 else 0
        late = timedelta(days=40) if 0.5 < way < 0.52 else timedelta(minutes=1)
        time = BEGIN + hour * HOUR
        yield row(point, time, value, quality, time + late, hour)
        if 0.6 < way < 0.65:
            yield row(point, time, value, quality, time + late + HOUR, hour + 10_000)
        if 0.7 < way < 0.75:
            yield row(point, time, register + 0.5, 0, time + late + 2 * HOUR, hour + 20_000)


def row(point, time, value, quality, received, source):
    return (point, time.replace(tzinfo=None), KINDS["meter.realtime"], value, "", quality, received.replace(tzinfo=None), source)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The readings of two months: half of the batches merged, half in tails."""
    root, chance = tmp_path_factory.mktemp("meters"), random.Random(6)
    rows = [reading for point in range(1, 8) for reading in sent(chance, point)]
    rows.sort(key=lambda reading: (reading[6], reading[0], reading[7]))
    size = len(rows) // 8 + 1
    with Readings(root) as writer:
        for batch in range(1, 9):
            columns = zip(*rows[(batch - 1) * size : batch * size], strict=True)
            writer.append(
                pa.table([pa.array(column, of.type) for column, of in zip(columns, READINGS, strict=True)], schema=READINGS), batch
            )
            if batch == 4:
                writer.compact(everything=True)
    assert len(rows) > 9_000
    return root


@pytest.fixture(scope="module")
def engines(root, cluster):
    made = [open_engine(name, root / "spill") for name in ("duckdb", cluster.url)]
    yield made
    for engine in made:
        engine.close()


def assert_close(left, right, name):
    """Nine significant digits, or both unknown."""
    assert (left is None and right is None) or math.isclose(left, right, rel_tol=1e-9), (name, left, right)


def assert_same(one, other):
    """Owners, periods, counts, seconds and faults are equal; quantities, tce and CO2 to nine significant digits."""
    assert len(one) == len(other) > 0
    for left, right in zip(one, other, strict=True):
        for name in ("owner", "product", "span", "entries", "incomplete", "missing_s", "faults", "straddling"):
            assert getattr(left, name) == getattr(right, name), (name, left, right)
        for name in VALUES:
            assert_close(getattr(left, name), getattr(right, name), name)


VALUES = ("quantity", "energy_tce", "equivalent_tce", "co2_t")


@pytest.mark.parametrize(("kind", "by"), [("months", "enterprise"), ("days", "entry")])
def test_consumption_is_the_same(root, engines, kind, by):
    found = []
    for engine in engines:
        with Reader(root, engine) as reader:
            found.append(consumption(reader, meters(), ENTRIES, COEFFICIENTS, SPANS[kind], by))
    assert_same(*found)
    assert sum(amount.quantity for amount in found[0]) > 1000
    assert any(amount.incomplete for amount in found[0]) and any(any(amount.faults) for amount in found[0])


def test_the_hourly_table_is_the_same(root, engines):
    """Made by the one and by the other, and asked by each."""
    tables, accounts = [], []
    for engine in engines:
        hours = Hours(root)
        (hours.folder / "hours.json").unlink(missing_ok=True)
        made = hours.refresh(meters(), PRODUCTS, COEFFICIENTS, engine)
        assert len(made) >= 3
        tables.append(
            engine.arrow(hours.table(engine, SPANS["months"])).sort_by(
                [("point", "ascending"), ("start_s", "ascending"), ("end_s", "ascending")]
            )
        )
        accounts.append(hours.consumption(engine, ENTRIES, COEFFICIENTS, SPANS["months"], "county"))
    one, other = tables
    assert one.num_rows == other.num_rows > 7_000
    for name in one.column_names:
        for left, right in zip(one[name].to_pylist(), other[name].to_pylist(), strict=True):
            if name in VALUES:
                assert_close(left, right, name)
            else:
                assert left == right, name
    assert_same(*accounts)
