"""The gateway: what is kept, what is answered, what an operator sees."""

import asyncio
import json

import pytest

from shuangkong.gateway.metrics import expose
from shuangkong.hj212.check import crc16_modbus
from shuangkong.hj212.sm4 import encrypt_frame
from shuangkong.series.commands import CommandFiles, FieldCommand
from shuangkong.series.devices import Device, write_devices
from shuangkong.series.records import Incident, incident_record, read_frame_meta, read_incident
from shuangkong.series.spool import INCIDENT, SpoolWriter
from tests.gateway.harness import KEY, KEYED, MN, NOW_MS, OTHER, PW, STRICT, frame, running


def play(tmp_path, story, **options):
    async def scene():
        async with running(tmp_path, **options) as server:
            return await story(server)

    return asyncio.run(asyncio.wait_for(scene(), 30))


def test_a_frame_is_durable_before_it_is_answered(tmp_path):
    async def story(server):
        client = await server.connect()
        for number in range(3):
            await client.send(frame(number=number))
            reply = await client.hear()
            assert (reply.cn, reply.st, reply.mn, reply.flag) == ("9014", "91", MN, 4)
            assert len(server.kept()) == number + 1
            record = server.kept()[-1]
            assert record.body == frame(number=number) and reply.qn in record.body.decode()
            assert read_frame_meta(record) == (MN, "127.0.0.1", "w0", (), "")
            assert record.received_ms == NOW_MS

    play(tmp_path, story)


def test_no_answer_where_none_is_asked(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(frame(flag=4), frame(number=1, cn="9015", cp="", flag=4), frame(number=2))
        first, second = await client.hear(), await client.hear()
        assert (first.cn, second.cn) == ("9013", "9014")
        assert len(server.kept()) == 3

    play(tmp_path, story)


def test_a_repeated_frame_is_answered_again_and_kept_once(tmp_path):
    async def story(server):
        client, second = await server.connect(), await server.connect()
        await client.send(frame(), frame())
        assert [(await client.hear()).cn for _ in range(2)] == ["9014"] * 2
        await second.send(frame())
        assert (await second.hear()).cn == "9014"
        assert len(server.kept()) == 1
        assert server.gateway.metrics.get("frames_repeated_total") == 2

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"mn": "F" * 24}, "device_unknown"),
        ({"pw": "000000"}, "password_wrong"),
        ({"mn": OTHER, "pw": "654321"}, "address_wrong"),
        ({"mn": OTHER}, "password_wrong"),
    ],
)  # fmt: skip
def test_strangers_hear_nothing_and_look_alike(tmp_path, wrong, code):
    async def story(server):
        client = await server.connect()
        await client.send(frame(**wrong))
        assert await client.hear(0.3) is None
        incident = server.incidents()[code]
        assert (incident.address, incident.times, incident.answer) == ("127.0.0.1", 1, "none")
        assert server.kept() == []
        await client.send(*(frame(number=number, **wrong) for number in range(1, 40)))
        assert await client.is_closed()

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"flag": 9}, "edition_mismatch"),
        ({"cp": "DataTime=20160301075900;w01018-Rtd=1"}, "data_time_implausible"),
        ({"cp": "DataTime=20360301075900;w01018-Rtd=1"}, "data_time_implausible"),
        ({"qn": "20160301075900000"}, "clock_off"),
        ({"cp": "DataTime=20260301075900;w99999-Rtd=1"}, "factor_unknown"),
        ({"cp": "DataTime=20260301075900;w01018-Rtd=1234567.8"}, "value_out_of_type"),
        ({"cp": "DataTime=20260301075900;w01018-Rtd=abc"}, "value_not_a_number"),
        ({"cn": "2888"}, "cn_unknown"),
        ({"st": "31", "cp": "DataTime=20260301075900;a21026-Rtd=1"}, "st_not_registered"),
    ],
)
def test_deviations_of_a_known_device_are_answered_kept_and_named(tmp_path, sent, code):
    async def story(server):
        client = await server.connect()
        await client.send(frame(**sent))
        assert (await client.hear()).cn == "9014"
        incident = server.incidents()[code]
        assert (incident.mn, incident.address, incident.answer) == (MN, "127.0.0.1", "9014")
        assert code in read_frame_meta(server.kept()[0]).faults

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"cp": "DataTime=2026030107590000;w01018-Rtd=1"}, "time_malformed"),
        ({"mn": STRICT, "cp": "DataTime=20260301075900;w99999-Rtd=1"}, "factor_unknown"),
        ({"mn": STRICT, "flag": 9}, "edition_mismatch"),
    ],
)
def test_what_the_profile_refuses_is_not_answered(tmp_path, sent, code):
    async def story(server):
        client = await server.connect()
        await client.send(frame(**sent))
        assert await client.hear(0.3) is None
        incident = server.incidents()[code]
        assert (incident.mn, incident.answer) == (sent.get("mn", MN), "none") and server.kept() == []

    play(tmp_path, story)


def test_a_deviation_of_a_frame_that_asks_for_no_answer_says_so(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(frame(cp="DataTime=20260301075900;w99999-Rtd=1", flag=4), frame(number=1))
        assert (await client.hear()).qn.endswith("001")
        assert server.incidents()["factor_unknown"].answer == "not_asked"

    play(tmp_path, story)


def test_damaged_frames_are_dropped_and_the_next_is_read(tmp_path):
    async def story(server):
        client = await server.connect()
        good = frame()
        await client.send(b"noise", good[:-6] + b"0001\r\n", good[:-6] + b"%04X\r\n" % crc16_modbus(good[6:-6]), good)
        assert (await client.hear()).cn == "9014"
        assert set(server.incidents()) == {"garbage", "crc_mismatch", "crc_modbus"}
        assert len(server.kept()) == 1

    play(tmp_path, story)


def test_encrypted_frames(tmp_path):
    async def story(server):
        client = await server.connect()
        raw = encrypt_frame(frame(mn=KEYED, flag=9, cp="DataTime=20260301075900;w01018-Rtd=30.1,w01018-Flag=N"), KEY)
        await client.send(raw)
        assert (await client.hear()).cn == "9014"
        assert server.kept()[0].body == raw
        await client.send(encrypt_frame(frame(number=1), KEY), encrypt_frame(frame(number=2, mn="F" * 24), KEY))
        assert await client.hear(0.3) is None

    play(tmp_path, story)


def test_split_packets_are_answered_one_by_one_and_a_missing_one_is_named(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(*(frame(number=number, flag=7, pnum=3, pno=number) for number in (3, 1)))
        assert {(await client.hear()).qn[-3:] for _ in range(2)} == {"001", "003"}
        await asyncio.sleep(0.9)
        assert "第2包" in server.incidents()["packets_missing"].text

    play(tmp_path, story, packets_s=0.1)


def test_limits(tmp_path):
    async def story(server):
        silent, noisy, slow = [await server.connect() for _ in range(3)]
        await noisy.send(b"x" * 5000)
        assert await noisy.is_closed()
        await slow.send(frame()[:50])
        await asyncio.sleep(1.2)
        assert server.incidents()["closed_garbage"]
        assert await silent.is_closed()
        assert await slow.is_closed()
        many = [await server.connect() for _ in range(6)]
        assert sum([await client.is_closed(0.2) for client in many[-2:]]) == 2
        await many[0].send(frame())
        assert (await many[0].hear()).cn == "9014"

    play(tmp_path, story, garbage_bytes=4000, stranger_s=1.0, frame_s=0.3, connections=4)


def test_a_client_that_never_reads_is_closed_and_costs_no_memory(tmp_path):
    async def story(server):
        client, other = await server.connect(), await server.connect()
        client.writer.transport.pause_reading()
        number = 0
        while server.gateway.metrics.get("connections_closed_total", "unread") == 0:
            if not client.writer.transport.is_closing() and client.writer.transport.get_write_buffer_size() < 10_000:
                client.writer.write(frame(number=number) * 50)
            number += 1
            await asyncio.sleep(0.001)
            if number % 100 == 0:
                await other.send(frame(number=900_000 + number))
                assert (await other.hear(1.0)).cn == "9014"
        assert server.incidents()["closed_unread"].mn == MN

    play(tmp_path, story, unread_s=0.5, frames_per_s=1e9, burst_frames=1e9, write_buffer_bytes=1000)


def test_a_fast_sender_is_read_slowly(tmp_path):
    async def story(server):
        client = await server.connect()
        began = asyncio.get_running_loop().time()
        for number in range(30):
            await client.send(frame(number=number))
            assert (await client.hear()).cn == "9014"
        assert asyncio.get_running_loop().time() - began > 0.5

    play(tmp_path, story, frames_per_s=40, burst_frames=5)


class Full:
    """A spool on a disk that is full for a while."""

    def __init__(self, directory):
        self.spool, self.is_full = SpoolWriter(directory), False

    def append(self, records):
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.spool.append(records)


def test_a_full_disk_means_no_answer_an_alarm_and_recovery_by_itself(tmp_path):
    store = Full(tmp_path / "spool" / "w0")

    async def story(server):
        client = await server.connect()
        store.is_full = True
        await client.send(frame())
        assert await client.hear(0.4) is None
        assert "存储无法写入" in server.gateway.alarms[0]
        server.gateway.write_status()
        status = json.loads((tmp_path / "status" / "w0.json").read_text())
        assert "存储无法写入" in status["alarms"][0] and status["online"] == [MN]
        await client.send(frame())
        assert await client.hear(0.4) is None
        store.is_full = False
        await client.send(frame())
        assert (await client.hear()).cn == "9014"
        assert server.gateway.alarms == [] and len(server.kept()) == 1
        assert server.gateway.metrics.get("unacknowledged_total") == 2

    play(tmp_path, story, store=store)
    store.spool.close()


def test_devices_are_read_again_when_their_file_changes(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(frame())
        await client.hear()
        (tmp_path / "devices.json").write_text("{broken")
        server.gateway.read_devices()
        assert "仍用原来的设备" in server.gateway.alarms[0]
        await client.send(frame(number=1))
        assert (await client.hear()).cn == "9014"
        write_devices(tmp_path, [Device("F" * 24, PW)])
        server.gateway.read_devices()
        assert server.gateway.alarms == []
        assert await client.is_closed()
        other = await server.connect()
        await other.send(frame(mn="F" * 24))
        assert (await other.hear()).cn == "9014"
        (tmp_path / "devices.json").unlink()
        server.gateway.read_devices()
        assert list(server.gateway.devices) == ["F" * 24]

    play(tmp_path, story)


def test_incidents_are_kept_without_passwords(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(frame(pw="secret"), frame(pw="secret", number=1))
        await asyncio.sleep(0.9)
        records = server.kept(INCIDENT)
        content = read_incident(records[0])
        assert content["code"] == "password_wrong" and content["times"] == 2 and content["worker"] == "w0"
        assert content["answer"] == "none"
        assert "secret" not in json.dumps(content)
        for number in range(3000):
            server.gateway.tell(f"code{number}", "")
        assert server.incidents()["incidents_dropped"].times >= 1000

    play(tmp_path, story, incident_s=0.1)


def test_a_password_is_struck_out_however_its_name_is_written():
    sample = b"##0080QN=1;ST=32;CN=2011;pw=secret;MN=A;Flag=5;PW =secret;CP=&&&&0000"
    met = Incident("password_wrong", "A", "10.1.1.1", "", 1, 0, 0, sample)
    assert read_incident(incident_record(met, "w0"))["sample"] == (
        "##0080QN=1;ST=32;CN=2011;pw=******;MN=A;Flag=5;PW =******;CP=&&&&0000"
    )


def test_a_clean_stop_answers_what_was_taken(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(*(frame(number=number) for number in range(100)))
        while server.gateway.metrics.total("frames_total") < 100:
            await asyncio.sleep(0.01)
        return client

    async def scene():
        async with running(tmp_path) as server:
            client = await story(server)
        found = []
        try:
            while reply := await client.hear(1.0):
                found.append(reply.qn)
        except EOFError:
            pass
        return found, len(server.kept())

    replies, kept = asyncio.run(scene())
    assert len(set(replies)) == kept == 100


def test_metrics_of_all_processes(tmp_path):
    async def story(server):
        client = await server.connect()
        await client.send(frame())
        await client.hear()
        server.gateway.write_status()
        (tmp_path / "metrics" / "w1.prom").write_text('shuangkong_gateway_connections{worker="w1"} 3\nforeign 1\n')
        text = expose(tmp_path / "metrics")
        assert 'shuangkong_gateway_frames_total{worker="w0",kind="2011"} 1' in text
        assert 'shuangkong_gateway_connections{worker="w1"} 3' in text
        assert text.count("# TYPE shuangkong_gateway_connections gauge") == 1 and "foreign" not in text

    play(tmp_path, story)


def command(number, cn="1012", cp="SystemTime=20260301080000", **more):
    return FieldCommand(f"c{number}", MN, cn, cp, "演示", **more)


async def outcome_of(files, number, *states, wait_s=5.0):
    for _ in range(int(wait_s / 0.05)):
        found = files.outcome(f"c{number}")
        if found is not None and found.state in states:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(files.outcome(f"c{number}"))


def test_a_command_to_the_field(tmp_path):
    files = CommandFiles(tmp_path)

    async def story(server):
        client = await server.connect()
        await client.send(frame(flag=4))
        files.put(command(1))
        request = await client.hear()
        assert (request.cn, request.pw, request.flag, request.cp) == ("1012", PW, 5, "SystemTime=20260301080000")
        await outcome_of(files, 1, "sent")
        await client.send(frame(cn="9011", st="91", flag=4, qn=request.qn, cp="QnRtn=1"))
        await outcome_of(files, 1, "accepted")
        await client.send(frame(cn="9012", st="91", flag=4, qn=request.qn, cp="ExeRtn=1"))
        found = await outcome_of(files, 1, "done")
        assert found.qn == request.qn and found.sent_times == 1 and files.waiting() == [] and files.taken("w0") == []

    play(tmp_path, story)


def test_history_is_asked_kept_and_shown(tmp_path):
    files = CommandFiles(tmp_path)

    async def story(server):
        client = await server.connect()
        await client.send(frame(flag=4))
        files.put(command(1, "2061", "BeginTime=20260228000000,EndTime=20260228010000"))
        request = await client.hear()
        await client.send(frame(cn="9011", st="91", flag=4, qn=request.qn, cp="QnRtn=1"))
        await client.send(frame(number=5, cn="2061", cp="DataTime=20260228000000;w01018-Avg=1"))
        assert (await client.hear()).cn == "9014"
        await client.send(frame(cn="9012", st="91", flag=4, qn=request.qn, cp="ExeRtn=1"))
        found = await outcome_of(files, 1, "done")
        assert len(found.received) == 1
        for _ in range(100):
            if len(server.kept()) == 4:
                break
            await asyncio.sleep(0.02)
        assert len(server.kept()) == 4

    play(tmp_path, story)


def test_commands_that_fail(tmp_path):
    files = CommandFiles(tmp_path)

    async def story(server):
        files.put(command(0, expires_ms=NOW_MS - 1))
        assert (await outcome_of(files, 0, "expired")).reason
        files.put(command(1))
        client = await server.connect()
        await client.send(frame(flag=4))
        first, again = await client.hear(), await client.hear()
        assert first.raw == again.raw
        assert (await outcome_of(files, 1, "unreachable")).sent_times == 2
        files.put(command(2, "9014"))
        assert "不合标准" in (await outcome_of(files, 2, "failed")).reason
        files.put(command(3))
        request = await client.hear()
        await client.send(frame(cn="9011", st="91", flag=4, qn=request.qn, cp="QnRtn=3"))
        assert (await outcome_of(files, 3, "refused")).reason == "PW错误"
        files.put(command(4))
        await outcome_of(files, 4, "sent")

    play(tmp_path, story)
    assert files.outcome("c4").state in ("interrupted", "unreachable")


def test_commands_of_a_killed_process_are_interrupted(tmp_path):
    files = CommandFiles(tmp_path)
    files.put(command(1))
    assert files.take(command(1), "w0")

    async def story(server):
        assert files.outcome("c1").state == "interrupted" and files.taken("w0") == []

    play(tmp_path, story)


def test_outcomes_that_a_full_disk_kept_back_are_written_later(tmp_path, monkeypatch):
    files = CommandFiles(tmp_path)

    def full(*anything):
        raise OSError(28, "full")

    async def story(server):
        client = await server.connect()
        await client.send(frame(flag=4))
        monkeypatch.setattr(CommandFiles, "tell", full)
        files.put(command(1))
        request = await client.hear()
        await client.send(frame(cn="9013", st="91", flag=4, qn=request.qn, cp=""))
        await asyncio.sleep(0.8)
        assert files.outcome("c1") is None
        monkeypatch.undo()
        assert (await outcome_of(files, 1, "done")).qn == request.qn

    play(tmp_path, story)


def test_several_processes_share_a_port(tmp_path):
    async def story(server):
        from shuangkong.gateway.server import Gateway

        second = Gateway(tmp_path, "w1", SpoolWriter(tmp_path / "spool" / "w1"), lambda: NOW_MS)
        assert await second.start("127.0.0.1", server.port) == server.port
        clients = [await server.connect() for _ in range(40)]
        for number, client in enumerate(clients):
            await client.send(frame(number=number))
            assert (await client.hear()).cn == "9014"
        assert server.gateway.sessions and second.sessions
        await second.stop()

    play(tmp_path, story)


def test_a_repeat_is_not_answered_before_a_later_coming_is_durable():
    from shuangkong.gateway.commit import Committer
    from shuangkong.gateway.metrics import Metrics
    from shuangkong.series.spool import Record

    class Flaky:
        def __init__(self):
            self.answers = iter([False, True, True])

        def append(self, records):
            if not next(self.answers):
                raise OSError(28, "full")

    async def scene():
        said, heard = [], []
        committer = Committer(Flaky(), Metrics(), 10, heard.append)
        record = Record(1, b"k" * 16, 0, b"", b"x")
        assert committer.put(record, lambda: said.append("first"))
        assert not committer.put(record, lambda: said.append("repeat"))
        group, committer._pending = committer._pending, []
        assert not await committer._commit(group[:1])
        assert committer.alarm and heard == [committer.alarm]
        assert committer.put(record, lambda: said.append("second"))
        assert await committer._commit(group[1:])
        assert said == [] and committer.alarm
        assert await committer._commit(committer._pending)
        assert said == ["second"] and not committer.alarm and len(heard) == 2
        committer.close()

    asyncio.run(scene())


def test_old_keys_are_an_alarm(tmp_path):
    async def story(server):
        for created, count in (("2025-12-01", 0), ("2025-11-30", 1)):
            write_devices(tmp_path, [Device(KEYED, PW, key=KEY.hex(), key_created=created)])
            server.gateway.read_devices()
            assert len(server.gateway.alarms) == count

    play(tmp_path, story)
