"""Framing: every split, garbage, damaged frames, silence, and a buffer that stays bounded."""

import random

import pytest

from shuangkong.hj212 import LENIENT, NEED_DATA, Connection, Framer, Garbage, Message, RemoteProtocolError, decode
from shuangkong.hj212 import message as message_room
from shuangkong.hj212.check import crc16, crc16_modbus
from shuangkong.hj212.connection import Unreadable
from shuangkong.hj212.framing import LONGEST_SEGMENT_BYTES
from shuangkong.hj212.writing import hull
from tests.hj212.frames import events_of, good_frames

SEGMENT = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
FRAME = b"##%04d%b1C80\r\n" % (len(SEGMENT), SEGMENT)


def feed(*chunks):
    connection = Connection()
    found = []
    for chunk in chunks:
        connection.receive_data(chunk)
        found += events_of(connection)
    return found


@pytest.mark.parametrize("raw", good_frames(), ids=lambda raw: raw[6:60].decode())
def test_each_good_frame_in_every_split(raw):
    for at in range(len(raw) + 1):
        found = feed(raw[:at], raw[at:])
        assert [type(event) for event in found] == [Message]
        assert found[0].raw == raw
    assert [event.raw for event in feed(*(raw[at : at + 1] for at in range(len(raw))))] == [raw]


def test_a_stream_of_all_frames_in_random_chunks():
    frames = good_frames() * 3
    stream = b"".join(frames)
    for seed in range(30):
        chance = random.Random(seed)
        cuts = sorted(chance.sample(range(len(stream)), 40))
        chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
        assert [event.raw for event in feed(*chunks)] == frames


@pytest.mark.parametrize(
    "garbage", [b"x", b"#", b"###", b"##", b"##12", b"##00x1", b"##9999", b"\r\n\r\n", b"##0101QN=broken", b"\xff\x00##" * 5]
)
def test_the_next_frame_is_found_behind_garbage(garbage):
    for at in range(len(garbage) + 1):
        found = feed(garbage[:at], garbage[at:] + FRAME + FRAME)
        assert [event.raw for event in found if isinstance(event, Message)] == [FRAME, FRAME]
        assert sum(event.size for event in found if isinstance(event, Garbage)) == len(garbage)


@pytest.mark.parametrize("length", [b"0000", b"0001", b"0100", b"0102", b"0108", b"0300", b"0214", b"0999"])
def test_a_damaged_length_swallows_no_good_frame(length):
    stream = b"##" + length + FRAME[6:] + FRAME * 12
    assert [event.raw for event in feed(stream) if isinstance(event, Message)] == [FRAME] * 12


def test_a_length_that_leads_exactly_to_a_later_tail_is_found_out():
    two = b"##%04d" % (2 * len(FRAME) - 12) + FRAME[6:] + FRAME
    found = feed(two)
    assert [event.raw for event in found if isinstance(event, Message)] == [FRAME]


def test_a_length_that_counts_check_and_tail():
    raw = b"##%04d%b1C80\r\n" % (len(SEGMENT) + 6, SEGMENT)
    for stream in ([raw], [raw, FRAME], [raw + FRAME]):
        found = feed(*stream)
        assert [fault.code for fault in found[0].all_faults] == ["length_counts_tail"]
        assert all(event.cn == "1062" for event in found)
    assert "length_counts_tail" not in str(feed(raw[:-6] + b"1C81\r\n" + b"123456"))


def test_silence_gives_up_a_frame_that_never_ends():
    connection = Connection()
    connection.receive_data(b"##0900" + FRAME)
    assert connection.next_event() is NEED_DATA
    given_up = connection.give_up()
    assert isinstance(given_up, Garbage) and given_up.fault.code == "length_mismatch"
    assert [event.raw for event in events_of(connection)] == [FRAME]
    assert connection.give_up() is NEED_DATA
    assert repr(NEED_DATA) == "NEED_DATA"


def test_silence_behind_half_a_head():
    connection = Connection()
    for rest in (b"#", b"##", b"##01", b"##01#"):
        connection.receive_data(rest)
        assert events_of(connection) == []
        while connection.buffered:
            assert isinstance(connection.give_up(), Garbage)


def test_checks_that_are_wrong():
    def code(check):
        (event,) = feed(FRAME[:-6] + check + b"\r\n")
        assert isinstance(event, Unreadable)
        return event.faults[0].code

    assert code(b"1C08") == "crc_mismatch"
    assert code(b"zz__") == "crc_not_hex"
    assert code(b"%04X" % crc16_modbus(SEGMENT)) == "crc_modbus"
    (message,) = feed(FRAME[:-6] + b"1c80\r\n")
    assert [fault.code for fault in message.warnings] == ["crc_lower_case"]
    assert "1c80" in str(message.warnings[0])


def test_the_longest_segments():
    for size, codes in ((1024, []), (1025, ["segment_too_long"]), (LONGEST_SEGMENT_BYTES, ["segment_too_long", "content_too_long"])):
        segment = SEGMENT[:-2] + b";x=" + b"1" * (size - len(SEGMENT) - 3) + b"&&"
        raw = b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))
        (message,) = feed(raw)
        assert [fault.code for fault in message.faults] == codes
    assert all(isinstance(event, Garbage) for event in feed(b"##%04d" % (LONGEST_SEGMENT_BYTES + 1) + b"x" * 5000))


def test_the_buffer_stays_bounded():
    framer = Framer()
    for chunk in (b"x" * 100_000, b"#" * 50_000, b"##4096" * 10_000):
        framer.receive_data(chunk)
        events_of(framer)
        assert framer.buffered <= LONGEST_SEGMENT_BYTES + 12


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        (b"CP=&&\xff&&", "not_utf8"),
        (b"QN=1", "content_missing"),
        (b"CP=&&a", "content_missing"),
        (b"CP=&&a&&b", "content_missing"),
        (b"", "content_missing"),
    ],
)
def test_what_holds_no_message(segment, code):
    (event,) = feed(hull(segment))
    assert isinstance(event, Unreadable) and event.faults[-1].code == code
    with pytest.raises(RemoteProtocolError, match=event.faults[-1].text[:4]):
        decode(hull(segment))


@pytest.mark.parametrize("raw", [b"", b"xx", FRAME[:-1], FRAME + b"x", b"##0101" + b"x" * 120])
def test_decode_wants_exactly_one_frame(raw):
    with pytest.raises(RemoteProtocolError):
        decode(raw)


def test_a_profile_by_device():
    connection = Connection(lambda mn: LENIENT._replace(edition=2025))
    connection.receive_data(FRAME)
    message = connection.next_event()
    assert [fault.code for fault in message.warnings] == ["edition_mismatch"]
    connection = Connection(lambda mn: LENIENT)
    connection.receive_data(FRAME)
    assert not connection.next_event().all_faults
    assert "1062" in repr(message)


def test_the_memory_of_minutes_stays_bounded(monkeypatch):
    monkeypatch.setattr(message_room._Minutes, "LIMIT", 3)
    minutes = message_room._Minutes()
    assert [minutes[f"2026030108{minute:02d}"] for minute in range(58, 62)] == [True, True, False, False]
    assert len(minutes) == 1


def test_the_modbus_check_only_where_somebody_approved_it():
    raw = FRAME[:-6] + b"%04X\r\n" % crc16_modbus(SEGMENT)
    approved = LENIENT._replace(modbus=True)
    for profile in (LENIENT, approved):
        connection = Connection(lambda mn, profile=profile: profile)
        connection.receive_data(raw)
        event = connection.next_event()
        assert isinstance(event, Message if profile is approved else Unreadable)
    assert [fault.code for fault in event.warnings] == ["crc_modbus"] and not event.errors
    assert decode(raw, approved).cn == "1062"
    with pytest.raises(RemoteProtocolError):
        decode(raw)


def test_known_headers_are_read_as_unknown_ones(monkeypatch):
    monkeypatch.setattr(message_room._Heads, "LIMIT", 2)
    heads = [SEGMENT.replace(b"ST=32", b"ST=%d" % st) for st in (31, 32, 33, 36, 31)]
    others = [
        SEGMENT.replace(b"085857223", b"086057223"), SEGMENT.replace(b"085857223", b"085867223"), SEGMENT[:-2],
        SEGMENT.replace(b"QN=", b"qn="),
        SEGMENT.replace(b"RtdInterval=30&&", b""), SEGMENT.replace(b"=30", "=三".encode()), SEGMENT.replace(b"2016", b"2o16"),
        SEGMENT[:-2] + b";x=" + b"1" * 890 + b"&&", *([SEGMENT.replace(b"Flag=5;", b"Flag=9;RF=1;")] * 2),
    ]  # fmt: skip
    for segment in [*heads, *heads, SEGMENT, *others, SEGMENT]:
        found = []
        for memory in (None, {}):
            if memory is not None:
                monkeypatch.setattr(message_room, "_HEADS", message_room._Heads())
            for profile in (LENIENT, LENIENT._replace(edition=2025), LENIENT._replace(edition=2017)):
                try:
                    message = decode(hull(segment), profile)
                    found.append((message.header, message.cp, message.faults, message.pw))
                except RemoteProtocolError as error:
                    found.append(error.faults)
        assert found[:3] == found[3:]
        decode(FRAME)
    assert len(message_room._HEADS) <= 2
