"""Writing frames, split packets, the life of a command, encryption, the command line."""

import io
import json
import runpy

import pytest

from shuangkong.hj212 import (
    LENIENT,
    NEED_DATA,
    Connection,
    Exchange,
    Fault,
    Garbage,
    LocalProtocolError,
    PacketAssembler,
    RemoteProtocolError,
    build_frame,
    build_reply,
    build_request,
    decode,
)
from shuangkong.hj212.__main__ import main, read_events
from shuangkong.hj212.sm4 import crypt_group, crypt_segment, decrypter, encrypt_frame, round_keys
from shuangkong.hj212.writing import answer_command
from tests.hj212.frames import good_frames

QN, MN = "20260301080000123", "010000A8900016F000169DC0"
BASE = {"qn": QN, "st": "32", "cn": "2011", "pw": "123456", "mn": MN, "flag": 5}


def test_what_is_written_is_read():
    raw = build_frame(**BASE | {"flag": 11}, cp="DataTime=20260301080000;w01018-Rtd=30.1", pnum=2, pno=1, resent=True)
    message = decode(raw)
    assert (message.qn, message.pnum, message.pno, message.resent, message.edition) == (QN, 2, 1, True, 2025)
    assert message.is_split and message.wants_answer and not message.all_faults
    assert message.sent_at.isoformat() == "2026-03-01T08:00:00.123000+08:00"
    assert decode(build_frame(**BASE | {"flag": None})).edition == 2005


@pytest.mark.parametrize(
    "wrong",
    [{"qn": "2026"}, {"pnum": 2, "pno": 3}, {"pnum": 10_000, "pno": 1}, {"cp": "a&&b"}, {"cp": "a\r"}, {"cp": "a\n"}, {"cp": "x" * 1000}],
)
def test_what_must_not_be_sent(wrong):
    with pytest.raises(LocalProtocolError):
        build_frame(**BASE | wrong)


def test_answers_carry_the_number_of_the_message():
    for edition, flag in ((2017, 5), (2025, 9), (2005, 1)):
        message = decode(build_frame(**BASE | {"flag": flag}))
        reply = decode(build_reply(message, "9014"))
        assert (reply.qn, reply.st, reply.cn, reply.flag, reply.edition) == (QN, "91", "9014", flag - 1, edition)
    assert decode(build_reply(decode(build_frame(**BASE | {"flag": None})), "9013")).flag is None
    with pytest.raises(LocalProtocolError):
        build_reply(message, "2011")


@pytest.mark.parametrize(
    ("cn", "answer"),
    [
        *(("2011", "9014"), ("2081", "9014"), ("1013", "9013"), ("9015", "9013")),
        *(("9014", None), ("2999", "9014"), ("1999", None), ("1062", None)),
    ],
)
def test_what_answers_what(cn, answer):
    assert answer_command(decode(build_frame(**BASE | {"cn": cn}))) == answer


def test_requests():
    raw = build_request(2025, "1012", qn=QN, st="32", pw="123456", mn=MN, cp="SystemTime=20260301080000")
    assert decode(raw).flag == 9
    for cn in ("9014", "2999", "2081"):
        with pytest.raises(LocalProtocolError):
            build_request(2017, cn, qn=QN, st="32", pw="123456", mn=MN)


def packet(pno, pnum=3, mn=MN, stamp="20260301080000", body="w01018-Rtd=1"):
    return decode(build_frame(**BASE | {"flag": 7, "mn": mn}, pnum=pnum, pno=pno, cp=f"DataTime={stamp};{body}"))


def test_packets_in_any_order():
    for order in ((1, 2, 3), (3, 1, 2), (2, 2, 3, 1)):
        assembler = PacketAssembler(10)
        groups = [assembler.add(packet(number, body=f"w0101{number}-Rtd=1"), 0) for number in order]
        assert groups[:-1] == [None] * (len(order) - 1)
        assert [each.pno for each in groups[-1].packets] == [1, 2, 3]
        assert groups[-1].cp == "DataTime=20260301080000;w01011-Rtd=1;w01012-Rtd=1;w01013-Rtd=1"
        assert len(assembler) == 0
    assert PacketAssembler(10).add(decode(build_frame(**BASE)), 0).missing == ()


def test_packets_of_several_uploads_do_not_mix():
    assembler = PacketAssembler(10)
    assert assembler.add(packet(1, 2), 0) is None
    assert assembler.add(packet(2, 2, mn="F" * 24), 0) is None
    assert assembler.add(packet(2, 2, stamp="20260301090000"), 0) is None
    assert assembler.add(packet(2, 2), 0).packets[0].mn == MN
    other = decode(build_frame(**BASE | {"flag": 7}, pnum=2, pno=1, cp=""))
    assembler = PacketAssembler(10)
    assert assembler.add(other, 0) is None
    assert assembler.add(decode(build_frame(**BASE | {"flag": 7}, pnum=2, pno=2, cp="")), 0).cp == ""


def test_packets_that_never_come():
    assembler = PacketAssembler(10, limit=2)
    assembler.add(packet(1), 0)
    assembler.add(packet(3), 5)
    assert assembler.expire(9.9) == []
    (group,) = assembler.expire(10)
    assert group.missing == (2,) and len(assembler) == 0
    for number in range(3):
        assembler.add(packet(1, mn=f"{number:024X}"), number)
    assert len(assembler) == 2


def reply(cn, cp="", qn=QN):
    return decode(build_frame(qn=qn, st="91", cn=cn, pw="123456", mn=MN, flag=4, cp=cp))


def exchange():
    return Exchange(b"request", QN, "2061", over_time_s=10, resends=3)


def test_a_command_that_works():
    life = exchange()
    assert life.start(0) == b"request"
    assert life.tick(9) is None and life.state == "sent"
    assert not life.receive(reply("9014"), 1) and not life.receive(reply("9011", "QnRtn=1", qn="20260301080000999"), 1)
    assert life.receive(reply("9011", "QnRtn=1"), 5) and life.state == "accepted"
    data = decode(build_frame(**BASE | {"cn": "2061", "qn": "20260301080001000"}, cp="DataTime=20260301080000;w01018-Avg=1"))
    assert life.receive(data, 12) and life.received == [data]
    assert life.tick(21) is None and life.state == "accepted"
    assert life.receive(reply("9012", "ExeRtn=1"), 21) and life.state == "done" and life.is_over
    assert not life.receive(data, 22) and life.tick(99) is None


@pytest.mark.parametrize(
    ("answers", "state", "reason"),
    [
        ([("9011", "QnRtn=3")], "refused", "PW错误"), ([("9011", "QnRtn=77")], "refused", "77"), ([("9011", "")], "refused", "None"),
        ([("9011", "QnRtn=1"), ("9012", "ExeRtn=100")], "failed", "没有数据"), ([("9013", "")], "done", ""),
    ],
)  # fmt: skip
def test_commands_that_end(answers, state, reason):
    life = exchange()
    life.start(0)
    for cn, cp in answers:
        assert life.receive(reply(cn, cp), 1)
    assert life.state == state and reason in life.reason


def test_no_answer_is_asked_again_and_then_given_up():
    life = exchange()
    life.start(0)
    assert [life.tick(now) for now in (10, 20, 30)] == [b"request"] * 3
    assert life.tick(40) is None and life.state == "unreachable" and life.sent_times == 4
    life = exchange()
    life.start(0)
    life.receive(reply("9011", "QnRtn=1"), 1)
    assert life.tick(11) is None and life.state == "timed_out" and life.reason


KEY = b"0" * 16


def test_sm4_vectors():
    vector = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert crypt_group(vector, round_keys(vector)).hex() == "681edf34d206965e86b3e94f536e4246"
    # the first group of the region in HJ 212-2025 appendix A.2, key of sixteen ASCII zeros
    assert crypt_group(b"DataTime=2024052", round_keys(KEY)).hex().upper() == "E43E159ACFAB242CB53155FB8B9281A1"
    with pytest.raises(ValueError, match="16 bytes"):
        round_keys(b"short")


@pytest.mark.parametrize("raw", good_frames(), ids=lambda raw: raw[6:60].decode())
def test_encrypted_frames_in_every_split(raw):
    encrypted = encrypt_frame(raw, KEY)
    assert len(encrypted) == len(raw)
    for at in range(0, len(raw), 7):
        connection = Connection(decrypt=decrypter(KEY))
        connection.receive_data(encrypted[:at])
        first = connection.next_event()
        connection.receive_data(encrypted[at:])
        message = first if first is not NEED_DATA else connection.next_event()
        assert message.cp == decode(raw).cp and message.raw == encrypted
    assert decode(raw, decrypt=decrypter(KEY)).cp == decode(raw).cp


def test_what_cannot_be_decrypted():
    raw = encrypt_frame(good_frames()[6], KEY)
    with pytest.raises(RemoteProtocolError):
        decode(raw, LENIENT, decrypter(b"1" * 16))
    assert crypt_segment(b"no area", round_keys(KEY)) is None
    assert crypt_segment(b"CP=&&x", round_keys(KEY)) is None
    with pytest.raises(ValueError, match="data area"):
        encrypt_frame(b"##0004abcd0000\r\n", KEY)
    with pytest.raises(RemoteProtocolError):
        decode(b"##0004abcd0000\r\n", LENIENT, decrypter(KEY))


def run(tmp_path, capsys, content, *options):
    file = tmp_path / "frames.txt"
    file.write_bytes(content)
    status = main(["decode", str(file), *options])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command(tmp_path, capsys):
    frames = good_frames()
    status, lines = run(tmp_path, capsys, b"\r\n".join(frames))
    assert status == 0 and len(lines) == len(frames) and all(line["valid"] for line in lines)
    assert lines[7]["data"]["factors"]["w00000"]["Cou"] == "63.0"
    assert lines[7]["data"]["fields"]["DataTime"] == "2016-08-01T08:00:00+08:00"
    assert lines[7]["header"]["qn"] == "20160801085857534" and "pw" not in lines[7]["header"]
    status, lines = run(tmp_path, capsys, encrypt_frame(frames[7], KEY), "--key", KEY.hex())
    assert status == 0 and lines[0]["data"]["factors"]["w00000"]["Cou"] == "63.0"


def test_the_command_names_what_is_wrong(tmp_path, capsys):
    frame = good_frames()[0]
    content = b"log line " + frame + frame[:-6] + b"0000\r\n" + frame + b"  ##0900tail"
    status, lines = run(tmp_path, capsys, content)
    assert status == 1
    assert [(line["errors"] or [{"code": "good"}])[0]["code"] for line in lines] == [
        "garbage",
        "good",
        "crc_mismatch",
        "good",
        "length_mismatch",
    ]
    status, lines = run(tmp_path, capsys, frame[:-6] + frame[-6:-2].lower() + b"\r\n", "--strict", "--edition", "2017")
    assert status == 1 and lines[0]["errors"][0]["code"] == "crc_lower_case"
    status, lines = run(tmp_path, capsys, b" ##01 " + frame)
    assert status == 1 and lines[-1]["valid"]
    status, lines = run(tmp_path, capsys, b" ##0900 " + frame + b"#")
    assert [line["valid"] for line in lines] == [False, True, False]


def test_the_command_says_what_it_cannot_read(tmp_path, capsys, monkeypatch):
    assert main(["decode", str(tmp_path / "none")]) == 2
    assert "无法读取" in capsys.readouterr().err
    assert run(tmp_path, capsys, b"", "--key", "xyz")[0] == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(good_frames()[0])))
    assert main(["decode", "-"]) == 0


def test_the_command_runs_as_a_module(tmp_path, capsys, monkeypatch):
    file = tmp_path / "frame.txt"
    file.write_bytes(good_frames()[0])
    monkeypatch.setattr("sys.argv", ["hj212", "decode", str(file)])
    with pytest.raises(SystemExit) as ended, pytest.warns(RuntimeWarning, match="hj212"):
        runpy.run_module("shuangkong.hj212", run_name="__main__")
    assert ended.value.code == 0 and json.loads(capsys.readouterr().out)["valid"]


class Blank(Connection):
    """A connection whose silence gives a blank, as after a cut line end."""

    buffered = property(lambda self: self.left)
    left = 1

    def give_up(self):
        self.left = 0
        return Garbage(1, b" ", Fault("garbage"))


def test_silent_blanks_at_the_end_are_no_garbage():
    assert [event.cn for event in read_events(io.BytesIO(good_frames()[0]), Blank())] == ["1062"]
