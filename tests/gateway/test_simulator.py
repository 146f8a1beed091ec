"""Simulated loggers against a real gateway: faults are caught, good data arrive once."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from shuangkong.gateway.plants import FRAUDS, Plant
from shuangkong.gateway.simulator import FAULTS, PASSWORD, Logger, Report, device_name, simulate, simulated_devices, spoil
from shuangkong.hj212 import build_frame, decode
from shuangkong.series.commands import CommandFiles, FieldCommand
from shuangkong.series.devices import write_devices
from tests.gateway.harness import NOW, running


def play(tmp_path, devices, minutes, faults, story=None, **options):
    async def scene():
        async with running(tmp_path, refusals=100_000, garbage_bytes=10**6, incident_s=100) as server:
            write_devices(tmp_path, simulated_devices(devices))
            server.gateway.read_devices()
            run = simulate("127.0.0.1", server.port, devices, minutes, faults, NOW - timedelta(minutes=minutes), **options)
            task = asyncio.create_task(run)
            if story:
                await story(server)
            report = await task
            return report, server.kept(), server.incidents()

    return asyncio.run(asyncio.wait_for(scene(), 60))


def test_good_loggers(tmp_path):
    report, kept, incidents = play(tmp_path, 5, 30, [], interval_s=60, speed=3000)
    assert report.counts["sent"] == report.counts["acknowledged"] == len(kept) >= 5 * 30
    assert not incidents and not report.counts["resent"]
    assert {decode(record.body).cn for record in kept} >= {"2011", "2051"}
    assert "已得到应答" in "".join(report.lines())


def test_faults_are_caught_and_good_data_arrive_once(tmp_path):
    report, kept, incidents = play(tmp_path, 20, 30, FAULTS, interval_s=60, speed=300)
    assert all(report.counts[fault] for fault in FAULTS), report.counts
    assert len({record.body for record in kept}) == len(kept)
    hopeless = report.counts["wrong_password"] + report.counts["stranger"]
    assert report.counts["sent"] - hopeless - report.counts["unanswered"] == report.counts["acknowledged"] <= len(kept)
    assert report.counts["unanswered"] == 0
    assert {"crc_mismatch", "crc_modbus", "garbage", "password_wrong", "device_unknown", "data_time_implausible", "factor_unknown",
            "value_out_of_type"} <= set(incidents)  # fmt: skip
    assert "故障" in "".join(report.lines())


def test_a_logger_obeys(tmp_path):
    files = CommandFiles(tmp_path)

    async def story(server):
        for number, (cn, cp) in enumerate(
            (("1012", "SystemTime=20260301080000"), ("2061", "BeginTime=20260301050000;EndTime=20260301060000"), ("2012", ""))
        ):
            files.put(FieldCommand(f"c{number}", device_name(0), cn, cp))
        for number in range(3):
            for _ in range(100):
                outcome = files.outcome(f"c{number}")
                if outcome and outcome.state == "done":
                    break
                await asyncio.sleep(0.1)
            assert outcome.state == "done", outcome
        assert len(files.outcome("c1").received) == 1

    report, _, _ = play(tmp_path, 1, 60, [], story, interval_s=10, speed=400)
    assert report.counts["commands"] == 3


@pytest.mark.parametrize("fraud", FRAUDS)
def test_frauds_show(fraud):
    honest, false = Plant(7), Plant(7, fraud=fraud)
    moments = [NOW + timedelta(minutes=minute) for minute in range(30)]
    areas = [decode_area(false.realtime(moment)) for moment in moments]
    values = [area["a21002" if not false.is_water else "w01018"] for area in areas]
    if fraud == "constant":
        assert len({str(value["Rtd"]) for value in values}) == 1
    elif fraud == "capped":
        level = next(sensor.level for sensor in false.sensors if sensor.code in ("a21002", "w01018"))
        assert all(float(value["Rtd"]) <= level for value in values)
    else:
        assert {value["Flag"] for value in values} == {"F"}
    assert len({honest.realtime(moment) for moment in moments}) == 30


def decode_area(cp):
    return decode(build_frame(qn="20260301080000000", st="32", cn="2011", pw=PASSWORD, mn="0" * 24, flag=4, cp=cp)).content.factors


@pytest.mark.parametrize("seed", range(60))
def test_plants_write_values_of_the_factor_table(seed):
    plant = Plant(seed)
    for cn, cp in (
        ("2011", plant.realtime(NOW)),
        ("2051", plant.period("2051", NOW)),
        ("2061", plant.period("2061", NOW)),
        ("2031", plant.period("2031", NOW)),
    ):
        message = decode(build_frame(qn="20260301080000000", st=plant.st, cn=cn, pw=PASSWORD, mn="0" * 24, flag=5, cp=cp))
        assert not message.all_faults
    assert 6 <= len(plant.sensors) <= 10


def test_what_the_line_does():
    frame = build_frame(qn="20260301080000000", st="32", cn="2011", pw=PASSWORD, mn="0" * 24, flag=4)
    assert all(spoil(frame, fault, Random(1)) != frame for fault in ("bad_crc", "modbus_crc", "garbage", "cut", "duplicate"))
    assert spoil(frame, "", Random(1)) == frame


def test_no_gateway_there():
    logger = Logger(0, [], NOW, Report())

    async def scene():
        await asyncio.wait_for(logger.run("127.0.0.1", 1, 0.05, 3, 1000), 20)

    asyncio.run(scene())
    assert logger.report.counts["failed_connections"] >= 3 and not logger.report.counts["sent"]
