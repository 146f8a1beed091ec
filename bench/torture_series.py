"""Torture of the table of readings: SIGKILL of parsing and compaction, readers beside them, and a full disk.

``python -m bench.torture_series [--short]``.  Each trial prints one line and raises AssertionError when the table fails it.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.torture_gateway import _small_disk
from shuangkong.hj212 import build_frame, decode
from shuangkong.series import compaction, store
from shuangkong.series.engines import DuckDB
from shuangkong.series.following import Follower
from shuangkong.series.frames import KEPT
from shuangkong.series.handover import Handover
from shuangkong.series.reading import Reader
from shuangkong.series.records import frame_record
from shuangkong.series.spool import SpoolWriter, pack

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DEVICES, FACTORS = 4, ("w01018", "w21003", "w01001")


class Feed:
    """Hands over batches: new values, repeats, corrections, values months late, and times that cannot be."""

    def __init__(self, root, seed):
        self.root, self.chance, self.number = Path(root), random.Random(seed), 0
        self.writer, self.handover = SpoolWriter(self.root / "spool" / "w0"), Handover(self.root)

    def _frame(self):
        chance = self.chance
        self.number += 1
        moment = NOW - timedelta(minutes=chance.choice((chance.randint(0, 30), chance.randint(0, 400_000))))
        stamp = f"{moment:%Y%m%d%H%M}00" if chance.random() > 0.02 else f"{chance.choice((1970, 2100))}0101000000"
        items = (f"{code}-Rtd={chance.randint(1, 3)}.5,{code}-Flag={chance.choice('NNND')}" for code in FACTORS)
        qn = f"{NOW + timedelta(milliseconds=self.number):%Y%m%d%H%M%S}{self.number % 1000:03d}"
        mn = f"{chance.randint(1, DEVICES):024X}"
        return build_frame(qn=qn, st="32", cn="2011", pw="123456", mn=mn, flag=5, cp=";".join((f"DataTime={stamp}", *items)))

    def give(self, frames):
        """One batch."""
        now_ms = int(NOW.timestamp() * 1000) + self.number
        records = [frame_record(decode(self._frame(), KEPT), "127.0.0.1", "w0", set(), now_ms) for _ in range(frames)]
        self.writer.append([pack(record) for record in records])
        assert self.handover.step() is not None

    def close(self):
        self.handover.close()
        self.writer.close()


# ── kills ──


def work(root, task, seed):
    """A worker that parses and folds, or merges and sweeps, without end: the one to be killed."""
    store.FOLD_TAILS, compaction.MERGE_ROWS, compaction.MERGE_SHARE = 3, 30, 0.0
    chance = random.Random(seed)
    with store.Readings(Path(root)) as table:
        table.hold(task)
        engine = DuckDB(table.folder / f"spill-{task}", threads=1)
        print("ready", flush=True)
        while True:
            if task == store.PARSE:
                done = table.parse_next(limit=chance.randint(1, 3)) or table.fold()
            else:
                done = table.compact(engine=engine, everything=chance.random() < 0.3)
                table.sweep()
            if not done:
                time.sleep(0.002)


def start_worker(root, task, seed):
    code = f"from bench.torture_series import work; work({str(root)!r}, {task!r}, {seed})"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)


def trial_kills(kills, seed=6):
    """SIGKILL of both at random moments; after each recovery the table equals a rebuild from the batches."""
    chance = random.Random(seed)
    rows = orphans = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        feed = Feed(root, seed)
        feed.give(20)
        for _ in range(kills):
            workers = [start_worker(root, task, chance.random()) for task in (store.PARSE, store.COMPACT)]
            for worker in workers:
                assert worker.stdout.readline() == b"ready\n"
            for _batch in range(chance.randint(2, 8)):
                feed.give(chance.randint(1, 15))
                time.sleep(chance.random() * 0.03)
            chance.shuffle(workers)
            for worker in workers:
                time.sleep(chance.random() * 0.1)
                worker.kill()
                worker.wait()
                worker.stdout.close()
            found = _recovered(root)
            rows, orphans = found[0], orphans + found[1]
        feed.close()
        with store.Readings(root) as table:
            while table.parse_next():
                pass
            assert not table.verify(raw=True)
    return (
        f"kills: {kills} × SIGKILL of parsing and of compaction, {rows} rows, {orphans} files left half done; each time equal to a rebuild"
    )


def _recovered(root):
    """Rows after recovery, and files that the killed left behind."""
    with store.Readings(root) as table:
        left = len(list(table.data.glob("*/*"))) - len(table.catalogue.known_names())
        table.hold(store.PARSE)
        table.hold(store.COMPACT)
        table.sweep()
        known = table.catalogue.known_names()
        assert {f"{path.parent.name}/{path.name}" for path in table.data.glob("*/*")} == known, "files that nobody knows"
        faults = table.verify(raw=True)
        assert not faults, faults
        return sum(file.rows for file in table.catalogue.files()), left


# ── readers ──


def read_on(root, rounds):
    """A reader process: each of its snapshots holds exactly what the batches up to its own number hold."""
    engine = DuckDB(Path(root) / "series" / "spill", threads=1)
    seen = set()
    print("ready", flush=True)
    for _ in range(rounds):
        with Reader(Path(root), engine=engine) as reader:
            readings = reader.readings()
            (row,) = reader.arrow(readings.aggregate(rows=readings.count(), total=readings.value.sum())).to_pylist()
            keys = reader.arrow(readings.select("point", "time").distinct().count())[0][0].as_py()
            wanted = expected_after(reader.parsed)
            assert (row["rows"], keys, row["total"]) == (wanted[0], wanted[0], wanted[1]), (reader.parsed, row, keys, wanted)
            seen.add(reader.parsed)
    print(len(seen), flush=True)


def batch_values(batch):
    """Key → value of a made-up batch: new keys, and some of the batch before again with another value."""
    return {key: float(batch) for key in range(10 * batch, 10 * batch + 13)}


def expected_after(batches):
    """Rows and total of the first batches."""
    known = {}
    for batch in range(1, batches + 1):
        known |= batch_values(batch)
    return len(known), sum(known.values())


def _made_up(batch):
    import pyarrow as pa

    from shuangkong.series.schema import READINGS

    start = datetime(2026, 10, 30)
    values = batch_values(batch)
    rows = [
        (key % 7, start + timedelta(minutes=40 * key), 1, value, "N", 0, start + timedelta(minutes=batch), batch)
        for key, value in values.items()
    ]
    return pa.Table.from_pylist([dict(zip(READINGS.names, row, strict=True)) for row in rows], schema=READINGS)


def trial_readers(batches, rounds, readers=2):
    """Readers in processes of their own while batches come, tails are folded, files merged and deleted: no row missing, none twice."""
    store.FOLD_TAILS = 4
    with tempfile.TemporaryDirectory() as folder, store.Readings(Path(folder)) as table:
        table.append(_made_up(1), 1)
        code = f"from bench.torture_series import read_on; read_on({folder!r}, {rounds})"
        running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) for _ in range(readers)]
        for process in running:
            assert process.stdout.readline() == b"ready\n"
        engine = DuckDB(table.folder / "spill", threads=1)
        merged = deleted = 0
        batch = 1
        while batch < batches or any(process.poll() is None for process in running):
            if batch < batches:
                batch += 1
                table.append(_made_up(batch), batch)
            table.fold()
            merged += len(table.compact(everything=True, engine=engine)) if batch % 3 == 0 else 0
            deleted += table.sweep()
        snapshots = [int(process.stdout.read() or 0) for process in running]
        for process in running:
            process.stdout.close()
        assert [process.returncode for process in running] == [0] * readers
    return (
        f"readers: {readers} × {rounds} snapshots of {min(snapshots)} states at least, {merged} merges, {deleted} files deleted; each exact"
    )


# ── a full disk ──


def trial_full_disk():
    """No room: the table stays as it was and says so; with room again it goes on by itself and equals a rebuild."""
    root = Path(tempfile.mkdtemp())
    mounted = _small_disk(root)
    said = []
    try:
        feed = Feed(root, 8)
        feed.give(30)
        with store.Readings(root) as table:
            follower = Follower(table, [sys.executable, "-c", ""], said.append)
            assert follower.step()
            feed.give(30)
            feed.close()
            ballast = root / "ballast"
            if mounted:
                with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                    while True:
                        file.write(b"x" * 4096)
                assert not follower.step() and follower.is_failing and not follower.step() and table.parsed == 1
                ballast.unlink()
            assert follower.step() and table.parsed == 2 and not follower.is_failing
            assert not table.verify(raw=True)
        assert len(said) == (2 if mounted else 0), said
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(root)], check=True)
        shutil.rmtree(root, ignore_errors=True)
    return (
        "full disk (a small disk): the table stays whole, says so once, goes on by itself"
        if mounted
        else "full disk: no small disk allowed here"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="what .ci/run does")
    parser.add_argument("--only", choices=["kills", "readers", "disk"])
    arguments = parser.parse_args()
    trials = {
        "kills": lambda: trial_kills(5 if arguments.short else 100),
        "readers": lambda: trial_readers(40, 60) if arguments.short else trial_readers(400, 1000),
        "disk": trial_full_disk,
    }
    for name, trial in trials.items():
        if arguments.only in (None, name):
            print(trial(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
