"""Hand-over exactly once: across processes, repeats and kills at every point."""

from datetime import UTC, datetime

import pytest

from shuangkong.series import handover as room
from shuangkong.series.commands import CommandFiles, FieldCommand, Outcome, ask_history, ask_sample, set_interval, set_time
from shuangkong.series.devices import Device, read_device, read_devices, write_devices
from shuangkong.series.files import read_json, write_atomically, write_json
from shuangkong.series.handover import KEEP_DAYS, Handover, Step, committed_batches, read_batch
from shuangkong.series.spool import FRAME, Record, SpoolBusy, SpoolWriter, identity, pack


def record(number):
    body = b"%d" % number
    return Record(FRAME, identity(body), number, b"", body)


def fill(store, spool, numbers, segment_bytes=10_000):
    writer = SpoolWriter(store / "spool" / spool, segment_bytes)
    for number in numbers:
        writer.append([pack(record(number))])
    writer.close()


def handed(handover):
    return sorted(int(each.body) for _, records in handover.batches() for each in records)


def test_all_spools_are_handed_on_once(tmp_path):
    fill(tmp_path, "a", range(10))
    fill(tmp_path, "b", range(5, 20))
    handover = Handover(tmp_path)
    steps = []
    while step := handover.step(limit=7):
        steps.append(step)
    assert handed(handover) == list(range(20))
    assert sum(step.repeated for step in steps) == 5 and handover.step() is None
    fill(tmp_path, "a", [3, 100])
    assert handover.step() == Step(steps[-1].number + 1, 1, 1, 0)
    assert [int(each.body) for _, records in handover.batches(after=steps[-1].number) for each in records] == [100]
    handover.close()
    handover = Handover(tmp_path)
    assert handover.step() is None and handed(handover) == [*range(20), 100]
    handover.close()


def test_a_batch_is_bounded_however_many_spools_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST_BATCH_RECORDS", 10)
    for spool in range(3):
        fill(tmp_path, f"w{spool}", range(10 * spool, 10 * spool + 9))
    handover = Handover(tmp_path)
    steps = []
    while step := handover.step():
        steps.append(step.records)
    assert steps == [9, 9, 9] and len(handed(handover)) == 27
    handover.close()


def test_a_batch_is_bounded_by_its_bytes_and_every_spool_gets_its_share(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST_BATCH_BYTES", 12)
    fill(tmp_path, "a", range(1000, 1009))
    fill(tmp_path, "b", range(2000, 2004))
    handover = Handover(tmp_path)
    steps = []
    while step := handover.step():
        steps.append(step.records)
    assert steps == [4, 4, 2, 2, 1] and len(handed(handover)) == 13
    handover.close()


def test_a_kill_between_file_and_transaction_repeats_nothing(tmp_path, monkeypatch):
    fill(tmp_path, "a", range(10))
    handover = Handover(tmp_path)

    class Killed(BaseException):
        pass

    def killed(path, content):
        write_atomically(path, content)
        raise Killed

    monkeypatch.setattr(room, "write_atomically", killed)
    with pytest.raises(Killed):
        handover.step()
    monkeypatch.undo()
    handover.close()
    fill(tmp_path, "a", range(10, 12))
    handover = Handover(tmp_path)
    assert handed(handover) == []
    handover.step()
    assert handed(handover) == list(range(12))
    handover.close()


def test_a_failed_transaction_changes_nothing(tmp_path):
    fill(tmp_path, "a", range(3))
    handover = Handover(tmp_path)
    handover._database.execute("CREATE TRIGGER no BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(Exception, match="no"):
        handover.step()
    handover._database.execute("DROP TRIGGER no")
    assert handover.step().records == 3 and handed(handover) == [0, 1, 2]
    handover.close()


def test_sealed_segments_retire_and_records_stay(tmp_path):
    fill(tmp_path, "a", range(200), segment_bytes=1000)
    handover = Handover(tmp_path)
    handover.step(limit=100)
    assert handover.retire() >= 3
    while handover.step():
        pass
    handover.retire()
    assert len(list((tmp_path / "spool" / "a").glob("*.seg"))) == 1
    assert handed(handover) == list(range(200))
    assert handover.forget(199 + KEEP_DAYS * 86_400_000) == 199
    handover.close()


def test_one_hand_over_at_a_time(tmp_path):
    handover = Handover(tmp_path)
    with pytest.raises(SpoolBusy):
        Handover(tmp_path)
    handover.close()


def test_a_damaged_batch_is_refused(tmp_path):
    fill(tmp_path, "a", range(3))
    handover = Handover(tmp_path)
    handover.step()
    path = next((tmp_path / "batches").glob("*.batch"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="damaged"):
        read_batch(path)
    handover.close()


def test_devices_by_file(tmp_path):
    assert read_devices(tmp_path) == {}
    device = Device("0" * 24, "123456", st=("32",), edition=2017, addresses=("10.0.0.0/8",))
    write_devices(tmp_path, [device])
    (read,) = read_devices(tmp_path).values()
    assert read == device
    assert read.may_call_from("10.1.2.3") and not read.may_call_from("11.1.2.3") and not read.may_call_from("nonsense")
    assert device.may_call_from("11.1.2.3")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"mn": "1"},
        {"mn": "1", "pw": "", "x": 1},
        {"mn": "1", "pw": "", "profile": "soft"},
        {"mn": "1", "pw": "", "edition": 1999},
        {"mn": "1", "pw": "", "addresses": ["ten"]},
    ],
)
def test_a_wrong_device_is_refused(row):
    with pytest.raises(ValueError):
        read_device(row)


def test_a_command_goes_to_one_process(tmp_path):
    files = CommandFiles(tmp_path)
    command = FieldCommand("c-1", "0" * 24, "1012", "SystemTime=20260301080000", "市局")
    files.put(command)
    assert files.waiting() == [command] and files.outcome("c-1") is None
    assert files.take(command, "w0") and not files.take(command, "w1")
    assert files.taken("w0") == [command] and files.taken("w1") == files.waiting() == []
    (tmp_path / "commands" / "new" / "gone.json").symlink_to(tmp_path / "nowhere")
    assert files.waiting() == []
    files.tell(Outcome("c-1", command.mn, "1012", "sent"))
    assert files.outcome("c-1").state == "sent" and files.taken("w0")
    files.finish(Outcome("c-1", command.mn, "1012", "done"), "w0")
    assert files.outcome("c-1").state == "done" and not files.taken("w0")
    assert files.outcome("../c") is None
    with pytest.raises(ValueError):
        FieldCommand("../c", "", "1012")


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"a": "双"})
    assert read_json(path) == {"a": "双"} and read_json(tmp_path / "none") is None
    path.parent.chmod(0o755)
    with pytest.raises(OSError):
        write_atomically(path / "below", b"")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "x").touch()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "directory", b"x")
    assert not list(tmp_path.glob(".*.part"))


def test_the_usual_commands():
    moment = datetime(2026, 3, 1, 0, tzinfo=UTC)
    assert set_time("a", "M", moment, "x").cp == "SystemTime=20260301080000"
    assert set_interval("a", "M", "x", realtime_s=60).cp == "RtdInterval=60"
    assert set_interval("a", "M", "x", minutes=10).cn == "1064"
    assert ask_history("a", "M", "2061", moment, moment, "x").cp == "BeginTime=20260301080000;EndTime=20260301080000"
    assert ask_sample("a", "M", "w01018", "x").cp == "PolId=w01018"


def test_a_reader_beside_the_hand_over(tmp_path):
    root = tmp_path / "a store with ? and # in its name"
    assert list(committed_batches(root)) == []
    (root / "batches").mkdir(parents=True)
    (root / "batches" / "handover.sqlite").touch()
    assert list(committed_batches(root)) == [], "a hand-over that is just starting has no tables yet"
    fill(root, "a", range(4))
    handover = Handover(root)
    handover.step(limit=3)
    ((first, records),) = committed_batches(root)
    assert len(records) == 3
    handover.step()
    assert [(number, len(found)) for number, found in committed_batches(root, after=first)] == [(first + 1, 1)]
    handover.close()
