"""Apache Spark as the engine: a master and two workers on this machine give what DuckDB gives, also when one of them is lost."""

import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

import ibis
import pyarrow as pa
import pytest
from ibis import _

from shuangkong.core.errors import InputError
from shuangkong.series import spark as engine_module
from shuangkong.series.engines import open_engine
from shuangkong.series.reading import Reader
from shuangkong.series.spark import Spark
from shuangkong.series.store import Readings
from tests import spark
from tests.series.kit import AWARE, reading, table

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(spark.missing() is not None, reason=f"no Spark cluster can be had: {spark.missing()}"),
]
ASKED = {
    "all": {},
    "history": {"history": True, "implausible": True},
    "few points": {"points": [1, 3], "kinds": ["realtime"], "start": AWARE - timedelta(days=20), "end": AWARE + timedelta(minutes=30)},
    "many points": {"points": range(3, 1500)},
    "nothing": {"start": AWARE + timedelta(days=3000)},
}
ORDER = [(name, "ascending") for name in ("point", "kind", "time", "received", "source")]
DIGITS = 1e-9


@pytest.fixture
def engine(cluster):
    made = Spark(cluster.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four months, five points: repeats, corrections, values months late, nulls; one part merged, the rest in tails of several levels."""
    root = tmp_path_factory.mktemp("store")
    chance = random.Random(20261126)
    with Readings(root) as writer:
        for batch in range(1, 41):
            rows = [drawn(chance, batch, index) for index in range(60)]
            # the sender repeats part of the batch, once more with another value
            rows += [(*row[:7], row[7] + 1000) for row in rows[:5]] + [(*row[:3], 7.5, *row[4:7], row[7] + 2000) for row in rows[5:8]]
            writer.append(table(rows), batch)
            writer.fold()
            if batch == 25:
                writer.compact(everything=True)
    return root


def drawn(chance, batch, index):
    value = chance.choice([None, chance.uniform(0.1, 1) * 10 ** chance.randint(-6, 9), float(chance.randint(0, 5))])
    day = chance.choice((0, 1, -20, -45, -80))
    return reading(
        chance.randint(1, 5), chance.randint(0, 40), value, batch, batch * 65536 + index,
        flag=chance.choice("NNND"), kind=chance.choice((1, 10)), day=day,
    )  # fmt: skip


def both(root, engine, ask, order):
    """What DuckDB and the cluster answer to one question, in one order."""
    found = []
    for name in ("duckdb", engine):
        with Reader(root, name) as reader:
            found.append(reader.arrow(ask(reader)).sort_by(order))
    return found


def assert_same(one, other):
    """Counts, integers, texts and times are equal; floats to nine significant digits."""
    assert one.schema == other.schema and one.num_rows == other.num_rows
    for name in one.column_names:
        left, right = one[name].to_pylist(), other[name].to_pylist()
        if pa.types.is_floating(one.schema.field(name).type):
            for a, b in zip(left, right, strict=True):
                assert (a is None and b is None) or math.isclose(a, b, rel_tol=DIGITS), name
        else:
            assert left == right, name


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_readings_with_their_versions_resolved_are_the_same(store, engine, asked):
    duckdb, cluster = both(store, engine, lambda reader: reader.readings(**asked), ORDER)
    assert cluster.equals(duckdb), "single values are not even rounded"
    assert duckdb.num_rows > 50 or asked.get("start", AWARE) > AWARE


def test_months_and_hours_by_a_table_of_periods_are_the_same(store, engine):
    """Counts, sums of integers, sums and means of doubles, the first and last of a period, the value before."""
    begin = datetime(2026, 8, 1)
    periods = [{"name": f"p{n}", "begin": begin + timedelta(days=10 * n), "end": begin + timedelta(days=10 * n + 10)} for n in range(20)]

    def ask(reader):
        rows = reader.readings()
        table = reader.engine.table(pa.Table.from_pylist(periods, pa.schema({"name": pa.string(), "begin": US, "end": US})))
        within = rows.join(table, [rows.time >= table.begin, rows.time < table.end])
        before = _.value.lag().over(ibis.window(group_by=[_.point, _.kind], order_by=_.time))
        stepped = within.mutate(step=_.value - before, hour=_.time.truncate("h"))
        return stepped.filter(_.kind == 1, _.value.notnull()).group_by(["point", "name"]).agg(
            n=_.count(), with_step=_.step.count(), flagged=(_.flag == "D").sum(), sources=_.source.sum(), quality=_.quality.max(),
            hours=_.hour.nunique(), total=_.value.sum(), mean=_.value.mean(), step=_.step.max(), first=_.value.argmin(_.time),
            begin=_.time.min(), end=_.time.max(),
        )  # fmt: skip

    duckdb, cluster = both(store, engine, ask, [("point", "ascending"), ("name", "ascending")])
    assert_same(duckdb, cluster)
    assert duckdb.num_rows >= 20 and sum(duckdb["n"].to_pylist()) > 200


US = pa.timestamp("us")


def test_small_tables_lose_nothing_on_the_way(engine):
    """64-bit integers beside a null, a time without zone, no number: as they were, by either way in."""
    small = pa.table(
        {
            "id": pa.array([2**62 + 1, None, 2**53 + 1], pa.int64()), "kind": pa.array([1, None, 3], pa.int16()),
            "time": pa.array([datetime(2026, 3, 29, 1, 30), None, datetime(1970, 1, 1)], pa.timestamp("ms")),
            "value": [math.inf, None, 0.1], "flag": ["", None, "郴州"],
        }
    )  # fmt: skip
    for given in (engine.table(small), ibis.memtable(small).mutate(again=_.id)):
        found = engine.arrow(engine.connection.create_view(ibis.util.gen_name("given"), given) if "again" in given.columns else given)
        assert found.select(small.column_names).to_pylist() == small.to_pylist()
        assert found.schema.field("time").type == pa.timestamp("ms")
    empty = engine.arrow(engine.table(small.schema.empty_table()))
    assert empty.schema == small.schema and empty.num_rows == 0


def test_a_sum_beyond_64_bits_is_an_error_not_another_number(engine):
    rows = engine.table(pa.table({"id": pa.array([2**62, 2**62], pa.int64())}))
    with pytest.raises(Exception, match="ARITHMETIC_OVERFLOW"):
        engine.arrow(rows.agg(total=_.id.sum()))


def test_the_setting_chooses_the_cluster(store, cluster, monkeypatch):
    with Reader(store) as reader:
        assert isinstance(reader.engine, Spark) and reader.engine.session.sparkContext.master == cluster.url
        assert reader.arrow(reader.readings().agg(n=_.count()))["n"].to_pylist()[0] > 500
    monkeypatch.delenv("SHUANGKONG_SERIES_ENGINE")
    with Reader(store) as reader:
        assert not isinstance(reader.engine, Spark)


def test_where_no_master_answers_it_is_said_at_once(tmp_path):
    with pytest.raises(InputError, match="No master") as caught:
        open_engine("spark://127.0.0.1:1", tmp_path)
    assert "127.0.0.1:1: " in caught.value.why


def tasks(engine):
    """Spark's own account: tasks finished by each executor that lives."""
    executors = engine.session.sparkContext._jsc.sc().statusStore().executorList(True)
    listed = [executors.apply(n) for n in range(executors.size())]
    return {(row.id(), row.hostPort()): row.completedTasks() for row in listed if row.id() != "driver"}


def test_both_workers_do_the_work(store, engine, cluster):
    assert [len(spark.children(worker.pid)) for worker in cluster.workers] == [1, 1], "each worker runs one executor, a process of its own"
    before, deadline = tasks(engine), time.monotonic() + 60
    assert len(before) == 2 and len({place for _id, place in before}) == 2
    with Reader(store, engine) as reader:
        while True:
            rows = reader.arrow(reader.readings().group_by("point").agg(n=_.count()))
            # the account follows the work by some milliseconds
            after = tasks(engine)
            if all(after[executor] > before[executor] for executor in before) or time.monotonic() > deadline:
                break
    assert all(after[executor] > before[executor] for executor in before), (before, after)
    assert rows.num_rows == 5


def long_query(engine, rows):
    """Pieces enough that each worker has several, and work in each."""
    numbers = engine.session.range(0, rows, 1, 24)
    numbers.createOrReplaceTempView("numbers")
    table = engine.connection.table("numbers")
    return table.mutate(group=_.id % 7, odd=(_.id * 2654435761) % 1000003).group_by("group").agg(n=_.count(), total=_.odd.sum())


def test_a_worker_lost_in_the_middle_changes_no_answer(engine, cluster, monkeypatch):
    """Its pieces are done again by the other; when both are gone the next reader is told; new workers take the work up."""
    rows, wanted = lose_one_in_the_middle(engine, cluster)
    assert sorted(row["n"] for row in wanted) == sorted(len(range(k, rows, 7)) for k in range(7))
    assert sum(row["total"] for row in wanted) == single_number(engine, rows)
    cluster.lose_worker()
    deadline = time.monotonic() + 60
    while tasks(engine) and time.monotonic() < deadline:
        time.sleep(0.1)
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "WORKERS_WAIT_S", 2.0)
        with pytest.raises(InputError, match="No worker"):
            Spark(cluster.url)
    cluster.add_workers(2)
    again = Spark(cluster.url)
    assert again.arrow(long_query(again, 700).agg(n=_.n.sum()))["n"].to_pylist() == [700]


def lose_one_in_the_middle(engine, cluster):
    """Asks, loses a worker while both work; a query that was over before is asked again ten times as large."""
    rows = 8_000_000
    while True:
        found = []
        asking = threading.Thread(target=lambda rows=rows, found=found: found.append(engine.arrow(long_query(engine, rows)).to_pylist()))
        before = sum(tasks(engine).values())
        asking.start()
        while asking.is_alive() and sum(tasks(engine).values()) < before + 4:
            time.sleep(0.01)
        if asking.is_alive():
            cluster.lose_worker()
            asking.join(600)
            assert found, "the query did not end"
            return rows, found[0]
        rows *= 10


def single_number(engine, rows):
    """The same sum in numpy."""
    import numpy

    return sum(
        int(((numpy.arange(start, min(start + 4_000_000, rows)) * 2654435761) % 1000003).sum()) for start in range(0, rows, 4_000_000)
    )


PROGRAM = """
import os, time
from tests import spark
from shuangkong.series.spark import Spark
with spark.cluster(workers=1) as running:
    os.environ.update(running.environment())
    engine = Spark(running.url)
    print("ready", flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_when_the_test_is_killed():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert process.stdout is not None and process.stdout.readline().strip() == "ready"
    started = family(process.pid)
    assert len(started) >= 4, "master, worker, executor, driver"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    deadline = time.monotonic() + 60
    while (left := [pid for pid in started if spark.runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def family(pid):
    """All processes that descend from one."""
    own = spark.children(pid)
    return own + [pid for child in own for pid in family(child)]
