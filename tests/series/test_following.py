"""From the socket into the table: what was acknowledged becomes visible beside merges; the follower's troubles; the command."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from bench.series_visible import Pipeline, within
from shuangkong.project import cli
from shuangkong.series import compaction, store
from shuangkong.series.following import Follower
from shuangkong.series.store import Readings
from tests.series.kit import contents, frame, hand_over, kept, reading, table


def test_what_is_acknowledged_becomes_visible(tmp_path):
    """On real sockets and processes; how long it takes is measured by ``bench/series_visible.py``, not here."""
    with Pipeline(tmp_path) as pipeline:
        for turn in range(3):
            point, value = pipeline.send(turn)
            within(60, lambda wanted=value, of=point: pipeline.visible(of) == wanted)
    with Readings(tmp_path) as made:
        while made.parse_next():
            pass
        assert made.verify(raw=True) == []


def test_the_follower_parses_folds_and_merges(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FOLD_TAILS", 2)
    monkeypatch.setattr(compaction, "MERGE_ROWS", 4)
    hand_over(tmp_path, *([kept(frame(f"DataTime=2026110108{n:02d}00;w01018-Rtd={n}.0", number=n))] for n in range(3)))
    said = []
    merge = [sys.executable, "-m", "shuangkong", "series", "compact", "--store", str(tmp_path)]
    with Readings(tmp_path) as made:
        follower = Follower(made, merge, said.append)
        assert follower.step() and made.parsed == 3 and not follower.step(), "one tail of three batches"
        made.append(table([reading(minute=5, source=4)]), 4)
        assert follower.step() and [file.level for file in made.catalogue.files()] == [1] and made.catalogue.dead() == (0, 0)
        monkeypatch.setattr(compaction, "due", lambda files, parsed: ["2026-11"] if any(file.role == "tail" for file in files) else [])
        follower.step()
        within(60, lambda: not follower.step() and [file.role for file in made.catalogue.files()] == ["current"])
        within(60, lambda: not follower.step() and made.catalogue.dead() == (0, 0))
    assert said == [] and len(contents(tmp_path)) == 4


def test_a_merge_that_fails_is_told_and_one_that_runs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "due", lambda files, parsed: ["2026-11"])
    said = []
    with Readings(tmp_path) as made:
        follower = Follower(made, [sys.executable, "-c", "raise SystemExit(3)"], said.append)
        within(60, lambda: not follower.step() and said)
        assert said[0] == "读数文件合并失败（3），稍后重试"
        endless = Follower(made, [sys.executable, "-c", "import time; time.sleep(600)"], said.append)
        endless.step()
        endless.close()
        follower.close()


def test_no_room_is_told_once(tmp_path, monkeypatch):
    said = []
    with Readings(tmp_path) as made:
        follower = Follower(made, [], said.append)

        def full(limit=1):
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(made, "parse_next", full)
            assert not follower.step() and not follower.step() and follower.is_failing
        assert not follower.step() and not follower.is_failing
    assert said == ["读数入表暂停，稍后自动重试：database or disk is full", "读数入表已恢复"]


# ── the command ──


def run(*arguments):
    return cli.main(["series", *arguments])


@pytest.fixture
def filled(tmp_path):
    frames = [frame(f"DataTime=20261101080{n}00;w01018-Rtd={n}.0", number=n) for n in range(3)]
    hand_over(tmp_path, [kept(raw) for raw in frames], [kept(frame("w01018-Rtd=1.0", number=9))])
    with Readings(tmp_path) as made:
        made.parse_next()
    return tmp_path


def test_the_verbs(filled, capsys):
    at = ["--store", str(filled)]
    assert run("verify", "--raw", *at) == 0 and run("compact", *at) == 0 and run("compact", *at) == 0 and run("compact", "--due", *at) == 0
    assert run("rebuild", *at) == 0 and run("rebuild", "--into", str(filled / "other"), *at) == 0
    assert run("space", *at) == 0 and run("retire", "--before", "2026-12", *at) == 0
    said = capsys.readouterr().out
    for words in (
        "读数表无误：1个文件，3行，与由原始批次重建的结果逐行相同", "已合并：2026-11", "没有要合并的读数", "已重建：3行", "已重建到",
        "未入表：没有数据时间 1", "已删除 2026-12 以前的读数：3行；原始批次仍保留",
    ):  # fmt: skip
        assert words in said
    assert run("space", "--json", *at) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == {"no_time": 1}


def test_a_wrong_table_is_exit_1_and_wrong_input_exit_2(filled, capsys):
    at = ["--store", str(filled)]
    for path in (filled / "series" / "data").rglob("*.parquet"):
        path.write_bytes(b"not Parquet")
    assert run("verify", *at) == 1 and "SM3与目录不符" in capsys.readouterr().out
    assert run("compact", *at) == 2 and "读数表读写失败" in capsys.readouterr().err
    (filled / "batches" / "000000000001.batch").unlink()
    assert run("rebuild", *at) == 2 and "后来损坏" in capsys.readouterr().err
    assert run("retire", "--before", "2026-13", *at) == 2 and run("space", "--store", str(filled / "none")) == 2
    with Readings(filled) as made:
        made.hold("compact")
        assert run("compact", *at) == 2 and "另一个进程" in capsys.readouterr().err


def test_follow_stops_when_told(filled):
    environment = dict(os.environ, PYTHONPATH=":".join(sys.path))
    follow = subprocess.Popen([sys.executable, "-m", "shuangkong", "series", "follow", "--store", str(filled)], env=environment)
    try:
        hand_over(filled, [kept(frame("DataTime=20261101080700;w01018-Rtd=7.0", number=7))], spool="w1")
        within(60, lambda: len(contents(filled)) == 4)
    finally:
        follow.send_signal(signal.SIGTERM)
        assert follow.wait(60) == 0
