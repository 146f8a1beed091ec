"""The spool: what returned is there, torn ends are cut, damage is named, a full disk loses nothing that was acknowledged."""

import os
import random
import subprocess
import sys

import pytest

from shuangkong.series import spool as room
from shuangkong.series.spool import (
    FRAME,
    SEGMENT_HEAD,
    Damage,
    Place,
    Record,
    SpoolBusy,
    SpoolWriter,
    identity,
    pack,
    read_segment,
    read_spool,
)


def record(number, size=40):
    body = f"{number}:".encode() + b"x" * size
    return Record(FRAME, identity(body), 1_700_000_000_000 + number, b'{"a":1}', body)


START = Place()


def records_of(directory, place=START):
    return [found for found, _ in read_spool(directory, place)]


def test_what_was_appended_is_read(tmp_path):
    writer = SpoolWriter(tmp_path)
    written = [record(number) for number in range(10)]
    writer.append([pack(each) for each in written[:6]])
    writer.append([pack(each) for each in written[6:]])
    assert records_of(tmp_path) == written
    places = [place for _, place in read_spool(tmp_path, Place())]
    assert records_of(tmp_path, places[3]) == written[4:]
    assert records_of(tmp_path, places[-1]) == []
    writer.close()


def test_segments_are_changed_and_read_through(tmp_path):
    writer = SpoolWriter(tmp_path, segment_bytes=300)
    written = [record(number) for number in range(30)]
    for each in written:
        writer.append([pack(each)])
    writer.close()
    assert len(list(tmp_path.glob("*.seg"))) > 5
    assert records_of(tmp_path) == written


def test_a_spool_has_one_writer(tmp_path):
    writer = SpoolWriter(tmp_path)
    with pytest.raises(SpoolBusy):
        SpoolWriter(tmp_path)
    writer.close()
    SpoolWriter(tmp_path).close()


def test_a_torn_end_is_cut_wherever_it_tore(tmp_path):
    whole, torn = pack(record(1)), pack(record(2))
    for cut in range(len(torn)):
        directory = tmp_path / str(cut)
        directory.mkdir()
        (directory / "000000000001.seg").write_bytes(SEGMENT_HEAD + whole + torn[:cut])
        assert records_of(directory) == [record(1)]
        writer = SpoolWriter(directory)
        assert writer.recovered_bytes == cut
        writer.append([pack(record(3))])
        writer.close()
        assert records_of(directory) == [record(1), record(3)]


def test_a_start_begins_a_new_segment_so_that_places_stay_right(tmp_path):
    writer = SpoolWriter(tmp_path)
    writer.append([pack(record(1))])
    writer.close()
    ((_, place),) = read_spool(tmp_path, Place())
    writer = SpoolWriter(tmp_path)
    writer.append([pack(record(2))])
    assert records_of(tmp_path, place) == [record(2)]
    writer.close()


def test_damage_in_a_sealed_segment_is_named_and_passed(tmp_path):
    parts = [pack(record(number)) for number in range(3)]
    data = SEGMENT_HEAD + b"".join(parts)
    at = len(SEGMENT_HEAD) + len(parts[0]) + 50
    path = tmp_path / "1.seg"
    path.write_bytes(data[:at] + b"\x00" + data[at + 1 :])
    found = [each for each, _ in read_segment(path, 0, sealed=True)]
    assert found == [record(0), Damage("1.seg", len(SEGMENT_HEAD) + len(parts[0]), len(parts[1])), record(2)]
    path.write_bytes(data + room.MAGIC + b"rubbish")
    assert isinstance([each for each, _ in read_segment(path, 0, sealed=True)][-1], Damage)
    assert [each for each, _ in read_segment(path, 0, sealed=False)] == [record(0), record(1), record(2)]


def test_a_failed_write_leaves_only_what_was_acknowledged(tmp_path, monkeypatch):
    writer = SpoolWriter(tmp_path)
    writer.append([pack(record(1))])
    real = os.write
    monkeypatch.setattr(room.os, "write", lambda file, data: real(file, data[:10]) if len(data) > 10 else _full())
    with pytest.raises(OSError, match="full"):
        writer.append([pack(record(2))])
    monkeypatch.setattr(room.os, "write", real)
    assert records_of(tmp_path) == [record(1)]
    writer.append([pack(record(3))])
    assert records_of(tmp_path) == [record(1), record(3)]
    writer.close()


def _full():
    raise OSError(28, "disk full")


def test_a_segment_that_cannot_be_begun_is_tried_again(tmp_path, monkeypatch):
    writer = SpoolWriter(tmp_path)
    monkeypatch.setattr(room, "sync_directory", lambda path: _full())
    with pytest.raises(OSError):
        writer.append([pack(record(1))])
    monkeypatch.undo()
    writer.append([pack(record(2))])
    assert records_of(tmp_path) == [record(2)]
    monkeypatch.setattr(room.os, "fdatasync", lambda file: _full())
    monkeypatch.setattr(room.os, "ftruncate", lambda file, size: _full())
    with pytest.raises(OSError):
        writer.append([pack(record(3))])
    monkeypatch.undo()
    writer.append([pack(record(4))])
    # the third may or may not have reached the disk; whoever sent it has no acknowledgement and sends again
    assert [each for each in records_of(tmp_path) if each != record(3)] == [record(2), record(4)]
    writer.close()


CHILD = """
import sys
from pathlib import Path
from shuangkong.series.spool import FRAME, Record, SpoolWriter, identity, pack
writer = SpoolWriter(Path(sys.argv[1]), segment_bytes=20_000)
number = int(sys.argv[2])
while True:
    group = [Record(FRAME, identity(b"%d" % each), each, b"", b"%d" % each) for each in range(number, number + 7)]
    writer.append([pack(each) for each in group])
    number += 7
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path):
    chance = random.Random(5)
    acknowledged = 0
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path), str(acknowledged)], stdout=subprocess.PIPE, text=True)
        for _ in range(chance.randint(1, 60)):
            acknowledged = int(child.stdout.readline())
        child.kill()
        rest = child.stdout.read().split()
        child.wait()
        acknowledged = int(rest[-1]) if rest else acknowledged
    found = [int(each.body) for each in records_of(tmp_path)]
    assert set(range(acknowledged)) <= set(found) <= set(range(acknowledged + 7))


def test_a_second_record_in_one_torn_segment_and_no_lone_magic(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_READ_BYTES", 64)
    parts = [pack(record(number)) for number in range(4)]
    (tmp_path / "000000000001.seg").write_bytes(SEGMENT_HEAD + b"".join(parts) + room.MAGIC)
    assert records_of(tmp_path) == [record(number) for number in range(4)]
    (tmp_path / "000000000002.seg").write_bytes(SEGMENT_HEAD)
    assert records_of(tmp_path)[-1] == Damage("000000000001.seg", len(SEGMENT_HEAD) + sum(map(len, parts)), 4)


def test_a_short_first_write_is_no_segment(tmp_path, monkeypatch):
    writer = SpoolWriter(tmp_path)
    monkeypatch.setattr(room.os, "write", lambda file, data: 3)
    with pytest.raises(OSError, match="short"):
        writer.append([pack(record(1))])
    assert not list(tmp_path.glob("*.seg"))
