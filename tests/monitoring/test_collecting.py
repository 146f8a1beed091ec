"""What the gateway handed on is taken once, folded by day, limited for strangers, and asks for people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.desk.services.steps import database_now, run_steps
from shuangkong.apps.monitoring.frames import open_frame
from shuangkong.apps.monitoring.models import Collection, Device, Incident
from shuangkong.apps.monitoring.services import collecting, handling
from shuangkong.apps.monitoring.words import KINDS, kind_of
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, Plan
from shuangkong.core.errors import InputError
from shuangkong.hj212.faults import FAULTS
from tests.monitoring import kit

pytestmark = pytest.mark.django_db


def lines():
    return Incident.objects.unscoped("test").order_by("id")


def items():
    return InboxItem.objects.unscoped("test").filter(closed_at=None)


@pytest.fixture
def bureau(places):
    """The department that leads the clause on telemetry."""
    plan = Plan.objects.create(code="p", title="方案", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025)
    clause = Clause.objects.create(plan=plan, code="1", number="一", chapter="一", title="许可", summary="-", topic="telemetry")
    bureau = Department.objects.create(code="eeb", short_name="市生态环境局")
    Duty.objects.create(clause=clause, department=bureau, role="lead")
    return bureau


def test_frames_count_for_their_device_once(users):
    kit.register(users["city"])
    kit.take(kit.frame(1), kit.frame(2, faults=frozenset({"clock_off"})), kit.frame(3, mn="C" * 24), kit.frame(2))
    device = Device.objects.unscoped("test").get()
    assert (device.frames, device.marked, device.last_address) == (2, 1, "10.1.1.1")
    assert (device.last_frame_at - kit.NOW).total_seconds() == 2
    kit.take(kit.frame(4, address="10.1.1.2"))
    device.refresh_from_db(from_queryset=Device.objects.unscoped("test"))
    assert (device.frames, device.last_address) == (3, "10.1.1.2")


def test_a_batch_is_taken_exactly_once_also_when_two_ask(users, monkeypatch):
    kit.register(users["city"])
    kit.hand_on(collecting.store(), kit.frame(1), kit.met())
    read = collecting._next

    def while_another_takes_it(root, after):
        found = read(root, after)
        monkeypatch.setattr(collecting, "_next", read)
        assert collecting.take_next(collecting.store(), kit.NOW) is True
        return found

    monkeypatch.setattr(collecting, "_next", while_another_takes_it)
    assert collecting.take_next(collecting.store(), kit.NOW) is False
    assert Device.objects.unscoped("test").get().frames == 1
    assert lines().get().times == 1


def test_what_fails_in_the_middle_is_taken_again_whole(users, monkeypatch):
    kit.register(users["city"])
    kit.hand_on(collecting.store(), kit.frame(1), kit.met())
    with monkeypatch.context() as broken:
        broken.setattr(collecting, "keep_incidents", lambda met: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collecting.take_next(collecting.store(), kit.NOW)
    assert (Device.objects.unscoped("test").get().frames, Collection.objects.get().batch) == (0, 0)
    assert collecting.take_next(collecting.store(), kit.NOW) is True
    assert (Device.objects.unscoped("test").get().frames, lines().count()) == (1, 1)


def test_the_same_on_one_day_is_one_line_with_its_newest_frame(users):
    device = kit.register(users["city"])
    kit.take(kit.met(times=2), kit.met(times=3, minute=5, text="新的"))
    kit.take(kit.met(minute=10), kit.met(address="10.9.9.9"), kit.met(minute=60 * 24))
    first, other, tomorrow = lines()
    assert (first.times, first.text, first.device, first.answer) == (6, "设备密码不符", device, "none")
    assert (first.last_at - first.first_at).total_seconds() == 600
    assert (other.address, other.times, tomorrow.times) == ("10.9.9.9", 1, 1)
    assert str(tomorrow.day) == "2026-11-25"


def test_a_settled_line_stands_open_again_when_it_happens_again(users):
    kit.register(users["city"])
    kit.take(kit.met())
    assert handling.settle(lines().get(), "已核对", users["city"], kit.NOW) == 1
    assert lines().get().handled_at is not None
    kit.take(kit.met(minute=1))
    assert lines().get().handled_at is None


def test_what_cannot_be_shown_does_not_reach_the_database(users):
    kit.take(kit.met("device_unknown", "B\x00" + "C" * 60, sample=b"##\x00\x1b[31m<script>" + b"x" * 5000))
    line = lines().get()
    assert line.mn.startswith("B\\x00CC") and len(line.mn) == 40
    assert "\x00" not in line.sample and line.sample.startswith("##\\x00\\x1b[31m<script>")


def test_a_loud_stranger_costs_a_few_lines(users, monkeypatch):
    kit.take(*(kit.met("device_unknown", f"{number:024X}") for number in range(60)))
    assert lines().count() == collecting.NAMES_AN_ADDRESS + 1
    shared = lines().get(mn="")
    assert (shared.address, shared.times) == ("10.1.1.1", 40)
    monkeypatch.setattr(collecting, "STRANGERS_A_DAY", 30)
    kit.take(*(kit.met("device_unknown", "F" * 24, address=f"10.2.0.{number}", minute=number) for number in range(50)))
    assert lines().count() <= 33
    assert sum(line.times for line in lines()) == 110


def test_a_damaged_batch_is_named_and_the_next_is_taken(users):
    kit.register(users["city"])
    kit.hand_on(collecting.store(), kit.frame(1))
    path = collecting.store() / "batches" / f"{1:012d}.batch"
    path.write_bytes(path.read_bytes()[:-3])
    kit.hand_on(collecting.store(), kit.frame(2))
    while collecting.step(kit.NOW):
        pass
    assert Device.objects.unscoped("test").get().frames == 1
    assert lines().get().code == "batch_damaged"


def test_the_number_of_statements_does_not_grow(users):
    for number in range(30):
        kit.register(users["city"], f"{number:024X}")
    collecting.step(kit.NOW)

    def statements(devices, minute):
        met = [kit.met("clock_off", f"{number:024X}", minute=minute) for number in range(devices)]
        frames = [kit.frame(minute, mn=f"{number:024X}") for number in range(devices)]
        kit.hand_on(collecting.store(), *met, *frames)
        with CaptureQueriesContext(connection) as queries:
            assert collecting.take_next(collecting.store(), kit.NOW)
        return len(queries)

    assert statements(2, 1) >= statements(30, 2) - 4


# who is asked


def test_strangers_and_clocks_ask_at_once_a_password_after_the_third_time(users, bureau, places):
    kit.register(users["city"], subject_id=places["91-A"].pk)
    kit.take(kit.met(times=2), kit.met("factor_unknown", times=50))
    assert not items().exists()
    kit.take(kit.met(minute=2))
    mine, bureaus = items().get(for_subject=places["91-A"]), items().get(for_department=bureau)
    assert mine.title == bureaus.title == f"访问密码不符：总排口数采仪（{kit.MN}），3次"
    assert mine.address == f"/monitoring/incidents/?code=password_wrong&state=open&mn={kit.MN}"
    kit.take(kit.met("device_unknown", "B" * 24, "172.16.0.9"), kit.met("device_unknown", "D" * 24, "172.16.0.9"), kit.met("clock_off"))
    strangers = items().get(title__startswith="未登记的设备")
    assert (strangers.title, strangers.for_department) == ("未登记的设备：172.16.0.9，2次", bureau)
    assert items().filter(title__startswith="现场机时钟").count() == 2


def test_settling_closes_what_was_asked_and_needs_words(users, bureau, places):
    kit.register(users["city"], subject_id=places["91-A"].pk)
    kit.take(kit.met("clock_off"), kit.met("clock_off", address="10.1.1.7"))
    with pytest.raises(InputError, match="没有写处理情况"):
        handling.settle(lines()[0], " ", users["enterprise"], kit.NOW)
    assert items().count() == 2
    assert handling.settle(lines()[0], "已校时", users["enterprise"], kit.NOW) == 2
    assert not items().exists()


def test_every_kind_says_what_to_do():
    for code in (*KINDS, *FAULTS, "closed_unread", "never_heard_of"):
        kind = kind_of(code)
        assert str(kind.title) and str(kind.do).endswith("。") and kind.severity in (1, 2, 3), code
    assert kind_of("qn_missing").title == FAULTS["qn_missing"][0]


# the frame opened


def test_a_frame_is_opened_with_the_names_of_the_standard():
    data = "DataTime=20261124100000;w01018-Rtd=1.5,w01018-Flag=N;w99999-Rtd=2"
    opened = open_frame(f"##0100QN=20261124100000000;ST=32;CN=2011;PW=******;MN=A;Flag=5;CP=&&{data}&&0000\r\n")
    assert opened.header[1:3] == (("ST", "32", "系统编码：地表水体环境污染源"), ("CN", "2011", "命令编码：取/上传污染物实时数据"))
    known, unknown = opened.readings
    assert (known.code, known.name, known.unit) == ("w01018", "化学需氧量", "毫克/升")
    assert known.values == (("实时值", "1.5"), ("标记", "N（正常）"))
    assert (unknown.code, unknown.name) == ("w99999", "")
    assert open_frame("garbage").header == () and open_frame("##").header == ()


# the worker


def test_steps_run_until_there_is_nothing_and_one_that_fails_stops_no_other(users, settings, caplog):
    kit.register(users["city"])
    kit.hand_on(collecting.store(), kit.frame(1))
    settings.WORKER_STEPS = ["tests.monitoring.test_collecting.fails", *settings.WORKER_STEPS]
    rounds = 0
    while run_steps(database_now()):
        rounds += 1
    assert 1 <= rounds <= 3
    assert Device.objects.unscoped("test").get().frames == 1
    assert "ZeroDivisionError" in caplog.text


def fails(now):
    assert now.tzinfo is not None
    return 1 / 0
