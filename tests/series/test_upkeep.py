"""Verify finds every kind of wrong file, rebuild and retire are final and safe, space adds up, a lease keeps files."""

import resource
import shutil
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuangkong.series import leases, store
from shuangkong.series.catalogue import Catalogue, Moved
from shuangkong.series.compaction import MERGE_BATCHES, MERGE_ROWS, due
from shuangkong.series.engines import DuckDB
from shuangkong.series.handover import batch_files
from shuangkong.series.reading import Reader
from shuangkong.series.schema import READINGS
from shuangkong.series.spool import SpoolBusy
from shuangkong.series.store import COMPACT, PARSE, Readings
from tests.series import kit
from tests.series.kit import contents, everything, frame, hand_over, kept, reading, table


def value(day, number, at=1):
    return kept(frame(f"DataTime=202611{day:02d}080000;w01018-Rtd={at}.0", number=number), received_ms=kit.NOW_MS + 9 * 86_400_000 + number)


@pytest.fixture
def filled(tmp_path):
    """A store of three batches with a correction and an old month, merged but for the last batch."""
    october = kept(frame("DataTime=20261003080000;w01018-Rtd=9.0", number=9))
    hand_over(tmp_path, [value(1, 1), value(2, 2), october], [value(1, 3, at=5)], [value(3, 4)])
    with Readings(tmp_path) as made:
        made.parse_next(limit=2)
        made.compact(everything=True, engine=kit.engine())
        made.parse_next()
        made.sweep()
    return tmp_path


def only(root, role):
    with Readings(root) as made:
        return next(made.data / file.name for file in made.catalogue.files() if file.role == role)


def faults(root, **options):
    with Readings(root) as made:
        return [fault.why for fault in made.verify(**options)]


def test_a_sound_store(filled):
    assert faults(filled) == faults(filled, raw=True) == []
    assert [row["value"] for row in contents(filled)] == [9.0, 5.0, 1.0, 1.0]
    assert [row["prevails"] for row in everything(filled)] == [True, False, True, True, True]


@pytest.mark.parametrize("role", ["current", "history", "tail"])
def test_a_file_that_was_changed_or_lost(filled, role):
    path = only(filled, role)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert faults(filled) == ["SM3与目录不符"]
    path.unlink()
    assert faults(filled) == ["文件丢失"]


def test_a_file_that_is_not_what_it_says(filled):
    database = sqlite3.connect(filled / "series" / "series.sqlite")
    database.execute("UPDATE file SET rows = rows + 1 WHERE role = 'tail'")
    database.commit()
    assert faults(filled) == ["行数1，目录为2"]
    with Readings(filled) as made:
        name = next(file.name for file in made.catalogue.files() if file.role == "tail")
        path = made.data / name
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["flag"]), path)
    database.execute("UPDATE file SET rows = 1, sm3 = ? WHERE name = ?", (store.parts.sm3_of(path), name))
    database.commit()
    assert faults(filled)[0].startswith("列不符")
    database.close()


def test_rows_in_a_wrong_month_and_rows_that_no_batch_holds(filled):
    with Readings(filled) as made:
        made.catalogue.add_batches(4, 4, [made._tail("2025-01", store.parts.stored(table([reading(source=4 * 65536)])), 0, (4, 4))], (), {})
    assert faults(filled) == ["有不属于该月的时间"]


def test_a_table_that_is_not_what_the_batches_hold(filled):
    with Readings(filled) as made:
        made.append(table([reading(source=4 * 65536)]), 4)
    assert faults(filled) == [] and faults(filled, raw=True) == ["多于由原始批次重建的结果"]
    batch_files(filled)[0][1].unlink()
    assert faults(filled, raw=True) == ["多于由原始批次重建的结果", "少于由原始批次重建的结果"], "what was corrected is now the first"


def test_rebuild_beside_and_in_place(filled, tmp_path):
    before = everything(filled)
    with Readings(filled) as made, Reader(filled, engine=kit.engine()) as held:
        made.rebuild(filled / "other")
        assert everything(filled / "other") == before
        only(filled, "tail").write_bytes(b"damaged")
        shutil.rmtree(made.data / "2026-10")
        made.rebuild()
        assert held.generation < Reader(filled, engine=kit.engine()).generation
        assert not (made.folder / "rebuild").exists()
    assert everything(filled) == before and faults(filled, raw=True) == []
    hand_over(filled, [value(4, 5)])
    with Readings(filled) as made:
        assert made.parse_next() == 1
    assert len(everything(filled)) == len(before) + 1


def test_rebuild_refuses_batches_that_were_damaged_since(filled):
    before = everything(filled)
    batch_files(filled)[2][1].unlink()
    with Readings(filled) as made:
        with pytest.raises(ValueError, match="1 damaged"):
            made.rebuild()
        assert everything(filled) == before
        made.rebuild(accept_damage=True)
    assert len(everything(filled)) == len(before) - 1


def test_retired_months_stay_away(filled):
    with Readings(filled) as made:
        assert made.retire("2026-11") == 1 and made.retire("2026-10") == 0
    assert [row["value"] for row in contents(filled)] == [5.0, 1.0, 1.0]
    late = kept(frame("DataTime=20261004080000;w01018-Rtd=9.0", number=8))
    hand_over(filled, [late, value(5, 6, at=7)])
    with Readings(filled) as made:
        made.parse_next()
        assert [row["value"] for row in contents(filled)] == [5.0, 1.0, 1.0, 7.0]
        assert made.verify(raw=True) == []
        made.rebuild()
    assert [row["value"] for row in contents(filled)] == [5.0, 1.0, 1.0, 7.0]


def test_times_that_cannot_be_retire_when_asked(filled):
    hand_over(filled, [kept(frame("DataTime=21000101000000;w01018-Rtd=1.0", number=7))])
    with Readings(filled) as made:
        made.parse_next()
        assert made.retire("2020-01") == 0 and len(contents(filled, implausible=True)) == 5
        assert made.retire("2020-01", implausible=True) == 1
    assert len(contents(filled, implausible=True)) == 4


def test_space_adds_up(filled):
    with Readings(filled) as made:
        space = made.space()
        on_disk = sum(path.stat().st_size for path in made.data.rglob("*.parquet"))
    assert [(part.part, part.rows, part.history_rows) for part in space.parts] == [("2026-10", 1, 0), ("2026-11", 3, 1)]
    assert sum(part.bytes for part in space.parts) + space.dead_bytes == on_disk and space.dead_files == 0
    assert space.batches == 3 and space.batch_bytes > 0 and space.free_bytes > 0 and space.left_out == {}


# ── leases, locks, claims ──


def test_a_reader_keeps_its_files(filled):
    with Readings(filled) as made:
        with Reader(filled, engine=kit.engine()) as held:
            seen = held.arrow(held.readings())
            made.compact(everything=True, engine=kit.engine())
            assert made.sweep() == 0 and made.space().dead_files == 3
            assert held.arrow(held.readings()).sort_by("time").equals(seen.sort_by("time"))
        assert made.sweep() == 3 and made.space().dead_files == 0
    assert not list((filled / "series" / "leases").glob("0*")), "leases that nobody holds are gone"


def test_a_lease_is_given_back_once(tmp_path):
    lease, seen = leases.take(tmp_path, lambda: (3, "seen"))
    with lease, leases.oldest_held(tmp_path, 9) as oldest:
        assert (seen, oldest) == ("seen", 3)
    lease.close()
    with leases.oldest_held(tmp_path, 9) as oldest:
        assert oldest == 9


def test_what_a_killed_engine_spilled_is_deleted(tmp_path):
    first, left = leases.own_folder(tmp_path)
    second, held = leases.own_folder(tmp_path)
    (first / "spilled.tmp").touch()
    (tmp_path / "other").mkdir()
    left.close()
    engine = DuckDB(tmp_path, threads=1)
    assert not first.exists() and second.exists() and (tmp_path / "other").exists()
    held.close()
    engine.close()


def test_an_empty_store_reads_as_empty(tmp_path):
    assert contents(tmp_path) == contents(tmp_path, history=True) == []
    with Reader(tmp_path, engine=kit.engine()) as reader:
        assert reader.points() == [] and reader.arrow(reader.readings()).schema.names == READINGS.names
    with Readings(tmp_path) as made:
        assert made.compact() == [] and made.parse_next() == 0 and not made.fold() and made.verify(raw=True) == []
        made.append(table([]), 1)
    assert contents(tmp_path) == []


def test_a_catalogue_that_is_just_being_made_reads_as_empty(tmp_path):
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "series.sqlite").touch()
    assert contents(tmp_path) == []
    with Reader(tmp_path, engine=kit.engine()) as reader:
        assert reader.points() == []


def test_one_process_a_task(tmp_path):
    with Readings(tmp_path) as one, Readings(tmp_path) as two:
        one.hold(PARSE)
        one.hold(PARSE)
        two.hold(COMPACT)
        with pytest.raises(SpoolBusy):
            two.append(table([reading()]), 1)
        with pytest.raises(SpoolBusy):
            one.compact()


def test_a_fold_and_a_merge_do_not_take_each_others_files(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FOLD_TAILS", 2)
    with Readings(tmp_path) as made:
        for batch in (1, 2):
            made.append(table([reading(minute=batch, source=batch)]), batch)
        claimed = made.catalogue.claim("2026-11")
        assert len(claimed) == 2 and not made.fold()
        with pytest.raises(Moved):
            made.catalogue.replace(claimed, [])
        made.catalogue.unclaim()
        names = made.catalogue.files(free=True)
        made.catalogue.files = lambda free=False: names
        made.catalogue.claim("2026-11")
        assert made.fold(), "the merge was quicker"
        assert len(list(made.data.glob("*/*"))) == 2
        with pytest.raises(Moved):
            made.catalogue.add_batches(2, 2, [], (), {})


def test_what_a_kill_left_is_swept(filled):
    data = filled / "series" / "data" / "2026-11"
    for name in ("p000-tail0.parquet.part", "p999-tail0.parquet", "c999-current.parquet", "r000-x.parquet"):
        (data / name).touch()
    with Readings(filled) as made:
        made.hold(PARSE)
        assert [path.name for path in data.glob("?[09][09][09]-*")] == ["c999-current.parquet"]
        made.hold(COMPACT)
    assert list(data.glob("?[09][09][09]-*")) == [] and faults(filled) == []


def test_when_a_merge_is_due(tmp_path):
    def tail(rows, first, role="tail"):
        return store.File(f"{rows}{first}{role}", "2026-11", role, 0, rows, 0, first, first, "")

    assert due([tail(MERGE_ROWS - 1, 1)], 2) == [] and due([tail(MERGE_ROWS, 1)], 2) == ["2026-11"]
    assert due([tail(MERGE_ROWS, 1), tail(5 * MERGE_ROWS, 1, "current")], 2) == []
    assert due([tail(1, 1)], MERGE_BATCHES) == [] and due([tail(1, 1)], MERGE_BATCHES + 1) == ["2026-11"]
    assert due([tail(1, 1)], 2, everything=True) == ["2026-11"] and due([tail(1, 1, "current")], 9999, everything=True) == []


# ── wrong input, no room ──


def test_a_table_of_other_columns_is_refused(tmp_path):
    with Readings(tmp_path) as made, pytest.raises(ValueError, match="not the columns"):
        made.append(pa.table({"point": [1]}), 1)


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no engine"):
        Reader(tmp_path, engine="abacus")


def test_no_room_changes_nothing(filled):
    before, files = everything(filled), sorted((filled / "series" / "data").rglob("*"))
    hand_over(filled, [value(6, 7)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Readings(filled) as made:
        made.hold(PARSE)
        made.hold(COMPACT)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            with pytest.raises((OSError, sqlite3.Error)):
                made.parse_next()
            with pytest.raises((OSError, sqlite3.Error)):
                made.compact(everything=True, engine=kit.engine())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert sorted((filled / "series" / "data").rglob("*")) == files and everything(filled) == before
        assert made.parse_next() == 1 and made.compact(everything=True, engine=kit.engine()) == ["2026-11"]
        assert made.verify(raw=True) == []
    assert len(everything(filled)) == len(before) + 1


def test_what_is_asked_for_is_what_comes(filled):
    with Readings(filled) as made:
        (point,) = made.catalogue.points("hj212", kit.MN)
        assert list(made.catalogue.points("meter")) == []
    ask = {"start": kit.AWARE, "end": kit.AWARE.replace(day=3)}
    assert [row["value"] for row in contents(filled, **ask)] == [5.0, 1.0]
    assert contents(filled, points=[1, 2]) == contents(filled, points=[]) == contents(filled, kinds=["hour.avg"]) == []
    assert len(contents(filled, points=[point.point], kinds=["realtime", "hour.avg"])) == 4
    many = [point.point, *range(2000)]
    assert contents(filled, points=many) == contents(filled) and len(contents(filled, points=many, history=True)) == 5
    catalogue = Catalogue(filled / "series", write=False)
    with pytest.raises(sqlite3.OperationalError):
        catalogue.unclaim()
    catalogue.close()


def test_an_engine_keeps_no_view_that_nobody_names(filled):
    engine = DuckDB(filled / "spill", threads=1)

    def views():
        return engine.connection.raw_sql("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall()[0][0]

    for _ in range(5):
        with Reader(filled, engine=engine) as reader:
            asked = reader.readings()
            assert len(reader.arrow(asked)) == 4
    assert views() <= 8 and len(reader.arrow(asked)) == 4, "an expression that is still held can still be asked"
    engine.close()
