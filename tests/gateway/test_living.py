"""The field of the demonstration: what a logger sends for a period is the same whenever it is asked; cuts, nights and corrections."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shuangkong.gateway import living
from shuangkong.gateway.living import HABITS, Habit, LivingLogger, living_devices, periods
from shuangkong.gateway.living_meters import Register, User, quarters, read_users, rows_of, write_users
from shuangkong.gateway.simulator import Report
from shuangkong.hj212 import decode
from shuangkong.series.devices import write_devices
from tests.gateway.harness import NOW, running


def logger_of(habit, since=NOW - timedelta(days=3), now=lambda: NOW):
    return LivingLogger(habit, Report(), now, since)


def test_every_logger_is_registered_as_a_demonstration_with_a_name_of_its_own():
    devices = living_devices()
    assert len({device.mn for device in devices}) == len(HABITS) == len({habit.name for habit in HABITS})
    assert all(device.demonstration for device in devices) and all("演示" in habit.name for habit in HABITS)


def test_a_period_reads_the_same_whenever_it_is_asked():
    habit = HABITS[0]
    begin = datetime(2026, 11, 24, 8, tzinfo=living.CIVIL)
    first = logger_of(habit).period("2061", begin)
    other = logger_of(habit)
    other.period("2061", begin + timedelta(hours=5))
    assert other.period("2061", begin) == first
    assert other.period("2061", begin, 0.5) != first


def test_periods_are_whole_and_over():
    since, until = datetime(2026, 11, 24, 7, 30, tzinfo=UTC), datetime(2026, 11, 24, 10, 10, tzinfo=UTC)
    assert [p.astimezone(UTC).hour for p in periods(timedelta(hours=1), since, until)] == [8, 9]


def test_a_logger_is_off_at_night_and_cut_now_and_then():
    night = Habit(0, "x", 1, silent_hours=(1, 5))
    local = datetime(2026, 11, 24, tzinfo=living.CIVIL)
    assert [night.is_off(local + timedelta(hours=h)) for h in (0, 1, 4, 5)] == [False, True, True, False]
    cut = Habit(0, "x", 1, cut_every_s=600, cut_s=60)
    off = [cut.is_off(local + timedelta(seconds=s)) for s in range(0, 600, 10)]
    assert off.count(True) == 6


def lived(tmp_path, habit, since, monkeypatch, enough):
    """The frames that the gateway keeps of one logger, as soon as they are ``enough``."""
    monkeypatch.setattr(living, "INTERVAL_S", 0.05)

    async def scene():
        async with running(tmp_path, refusals=100_000, incident_s=100) as server:
            write_devices(tmp_path, living_devices())
            server.gateway.read_devices()
            task = asyncio.create_task(logger_of(habit, since).live("127.0.0.1", server.port))
            try:
                while not enough(frames := [decode(record.body) for record in server.kept()]):
                    await asyncio.sleep(0.1)
                return frames, server.incidents()
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    return asyncio.run(asyncio.wait_for(scene(), 120))


def test_what_was_missed_is_sent_afterwards_and_marked(tmp_path, monkeypatch):
    def enough(frames):
        return {frame.cn for frame in frames} >= {"2011", "2051", "2061"}

    frames, incidents = lived(tmp_path, HABITS[0], NOW - timedelta(hours=6), monkeypatch, enough)
    hours = [frame for frame in frames if frame.cn == "2061"]
    assert len({frame.content.data_time for frame in hours}) >= 5
    assert {frame.resent for frame in hours} == {True, False}
    assert not incidents


def test_a_logger_that_corrects_sends_an_hour_twice_with_other_values(tmp_path, monkeypatch):
    def twice(frames):
        by_hour = {}
        for frame in frames:
            if frame.cn == "2061":
                by_hour.setdefault(frame.content.data_time, set()).add(frame.cp)
        return any(len(values) == 2 for values in by_hour.values())

    frames, _ = lived(tmp_path, replace(HABITS[6], corrects=True), NOW - timedelta(hours=9), monkeypatch, twice)
    assert twice(frames)


def test_how_far_each_came_is_remembered(tmp_path):
    assert living.sent_until(tmp_path, NOW) == {}
    (tmp_path / living.STATE_FILE).write_text("no json", encoding="utf-8")
    assert living.sent_until(tmp_path, NOW) == {}
    content = {"A": (NOW - timedelta(hours=2)).timestamp(), "B": 0}
    (tmp_path / living.STATE_FILE).write_text(json.dumps(content), encoding="utf-8")
    assert living.sent_until(tmp_path, NOW) == {"A": NOW - timedelta(hours=2), "B": NOW - living.HISTORY}


# meters


def test_registers_rise_and_roll_over():
    register, at = Register("0" * 16, 120.0), datetime(2026, 11, 24, tzinfo=UTC)
    reads = [register.reads(at + timedelta(minutes=15 * n)) for n in range(96)]
    assert reads == sorted(reads)
    assert float(reads[-1] - reads[0]) == pytest.approx(120 * 23.75, rel=0.1)
    small = Register("0" * 16, 120.0, modulus=1000)
    rolled = [small.reads(at + timedelta(hours=n)) for n in range(24)]
    assert max(rolled) < 1000 and rolled != sorted(rolled)


def test_rows_are_quarters_of_all_registers_and_users_are_kept(tmp_path):
    user = User("91-A", "key", "dev", (Register("1" * 16, 10.0), Register("2" * 16, 20.0)))
    write_users(tmp_path, [user])
    assert read_users(tmp_path) == [user] and read_users(tmp_path / "none") == []
    since = datetime(2026, 11, 24, 0, 1, tzinfo=UTC)
    assert [at.minute for at in quarters(since, since + timedelta(hours=1))] == [15, 30, 45, 0]
    rows = rows_of(user, since, since + timedelta(hours=1))
    assert len(rows) == 8 and rows[0]["statDate"] == "2026-11-24 08:15:00"
