"""The quality rules over a real store: hours, days, findings kept once, told, explained, settled, opened anew by a person."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.monitoring.models import Point, PointDay, QualityFinding
from shuangkong.apps.monitoring.services import collecting, findings, looking, points
from shuangkong.apps.monitoring.services.hours import hours_of
from shuangkong.core.errors import InputError
from shuangkong.series.reading import Reader
from shuangkong.series.schema import KINDS, QUALITY, READINGS, point_of
from shuangkong.series.store import Readings
from tests.monitoring import kit

pytestmark = pytest.mark.django_db
DAYS = 12
#: Midnight in Asia/Shanghai, twelve days before the day on which is looked.
BEGIN = datetime.fromisoformat("2026-11-10T00:00:00+08:00")
END = BEGIN + timedelta(days=DAYS)
#: When the worker looks: the last day is over, and its hours are settled.
NOON = END + timedelta(hours=3)
INTERVAL_S = 1200


def usual(minute: int) -> float:
    """A value that is never twice the same and moves with the day."""
    return round(30 + 6 * math.sin(minute / 229.18) + (minute * 7919 % 1013) / 400, 2)


def write(
    code: str, values: dict[int, float | None], batch: int, *, system="hj212", device=kit.MN, kind="realtime", flags=None, late=None,
    invalid=(),
):  # fmt: skip
    """Values by minute since :data:`BEGIN`, received at once or ``late`` minutes after."""
    number = point_of(system, device, code)
    rows = [
        {
            "point": number.point, "time": at, "kind": KINDS[kind], "value": value, "flag": (flags or {}).get(minute, "N"),
            "quality": QUALITY["invalid"] if minute in invalid else 0,
            "received": at + timedelta(minutes=(late or {}).get(minute, 0)), "source": batch * 65536,
        }
        for minute, value in values.items()
        for at in [(BEGIN + timedelta(minutes=minute)).replace(tzinfo=None) - timedelta(hours=8)]
    ]  # fmt: skip
    with Readings(collecting.store()) as readings:
        known = set(readings.catalogue.points())
        readings.append(pa.Table.from_pylist(rows, schema=READINGS), batch, points={number} - known)


def every(function=usual, days: int = DAYS, step: int = INTERVAL_S // 60) -> dict[int, float | None]:
    return {minute: function(minute) for minute in range(0, days * 24 * 60, step)}


def register(users, places, codes=("w01018", "w00000")) -> dict[str, Point]:
    kit.register(users["city"], subject_id=places["91-A"].pk, factors=codes)
    every_point = Point.objects.unscoped("test")
    every_point.update(interval_s=INTERVAL_S, last_at=END, last_received_at=END, active_from=BEGIN)
    return {point.code: point for point in every_point}


def found() -> list[QualityFinding]:
    return list(QualityFinding.objects.unscoped("test").order_by("rule", "window_start"))


def look(now=NOON) -> bool:
    did = False
    while looking.step(now):
        did = True
    return did


def test_readings_become_hours_with_their_minutes_flags_and_lateness(users, places):
    point = register(users, places)["w01018"]
    values = every(days=1)
    flags = {minute: "C" for minute in values if 60 <= minute < 120}
    del values[180], values[200]
    write("w01018", values, 1, flags=flags, late={240: 90, 260: 39})
    write("w01018", {300: 99.5}, 2, kind="hour.avg")
    with Reader(collecting.store()) as reader:
        hours = hours_of(reader, [point], BEGIN, BEGIN + timedelta(hours=24), Decimal(2), 45)[point.pk]
    assert len(hours) == 24
    assert [(h.flag, h.got, h.valid, h.late) for h in hours[:6]] == [
        ("N", 60, 60, 0), ("C", 60, 0, 0), ("N", 60, 60, 0), ("N", 20, 20, 0), ("N", 60, 60, 20), ("N", 60, 60, 0),
    ]  # fmt: skip
    assert hours[0].value == (Decimal(str(usual(0))) + Decimal(str(usual(20))) + Decimal(str(usual(40)))) / 3
    assert hours[1].value is None
    assert hours[3].value is None
    assert hours[5].value == Decimal("99.5")
    assert hours[0].start == BEGIN


def test_what_its_sender_calls_invalid_is_neither_valid_nor_used(users, places):
    code = "0000000033000080"
    points.make_points([point_of("meter", "91-A", code)], BEGIN)
    Point.objects.unscoped("test").update(interval_s=900, last_at=END, last_received_at=END, active_from=BEGIN)
    used = {minute: 10.0 + minute % 45 for minute in range(0, 240, 15)}
    write(code, used | {60: 9000.0}, 1, system="meter", device="91-A", kind="meter.realtime", invalid=(60, 120, 135, 150))
    with Reader(collecting.store()) as reader:
        point = Point.objects.unscoped("test").get()
        hours = hours_of(reader, [point], BEGIN, BEGIN + timedelta(hours=3), Decimal(2), 45)[point.pk]
    assert [(h.got, h.valid) for h in hours] == [(60, 60), (60, 45), (60, 15)]
    assert [h.value for h in hours] == [sum(Decimal(used[m]) for m in (0, 15, 30, 45)), sum(Decimal(used[m]) for m in (75, 90, 105)), None]


def test_a_day_is_counted_and_what_comes_late_is_counted_again(users, places):
    register(users, places)
    values = every()
    gap = {minute: values.pop(minute) for minute in list(values) if 9 * 1440 <= minute < 9 * 1440 + 6 * 60}
    write("w01018", values, 1)
    write("w00000", every(lambda minute: usual(minute) * 2), 2)
    assert look() is True
    day = PointDay.objects.unscoped("test").get(point__code="w01018", day=date(2026, 11, 19))
    assert (day.expected, day.received, day.hours, day.valid, day.is_valid) == (1440, 1080, 18, 18, False)
    assert PointDay.objects.unscoped("test").filter(day__lt=date(2026, 11, 15)).count() == 0
    assert [(f.rule, f.severity, f.saw) for f in found()] == []
    write("w01018", gap, 3)
    assert look() is False
    look(NOON + timedelta(hours=6))
    day.refresh_from_db(from_queryset=PointDay.objects.unscoped("test"))
    assert (day.received, day.on_time, day.is_valid) == (1440, 1440, True)


def constant(users, places, hours: int = 14) -> None:
    """A concentration that stands still on the last day, with a flow that moves."""
    register(users, places)
    held = {minute: 33.3 for minute in every() if 11 * 1440 <= minute < 11 * 1440 + hours * 60}
    write("w01018", every() | held, 1)
    write("w00000", every(lambda minute: usual(minute) * 2), 2)


def test_a_constant_is_found_once_with_its_evidence_and_told(users, places):
    constant(users, places)
    look()
    (finding,) = found()
    assert (finding.rule, finding.title, finding.severity, finding.state) == ("Q11", "恒值", "alarm", "open")
    assert (finding.window_start, finding.window_end) == (END - timedelta(days=1), END - timedelta(hours=10))
    assert finding.saw.startswith("化学需氧量连续14小时为33.3毫克/升，同期负荷变动")
    assert finding.evidence["values"][0] == ["2026-11-21T00:00:00+08:00", "33.3", "N"]
    assert finding.evidence["settle"]
    items = InboxItem.objects.unscoped("test").filter(closed_at=None, kind="telemetry.quality")
    assert [(item.for_subject.code, item.title, item.severity) for item in items] == [("91-A", "演示企业甲：1项监测数据疑点待说明", 2)]
    assert Entry.objects.filter(action="monitoring.finding.raise").count() == 1
    look(NOON + timedelta(hours=6))
    assert len(found()) == 1


def test_a_window_that_goes_on_grows_and_after_settling_is_a_new_one(users, places):
    constant(users, places, hours=8)
    looking.step(END - timedelta(hours=15))
    (finding,) = found()
    assert finding.window_end == END - timedelta(hours=16)
    more = dict.fromkeys(range(11 * 1440 + 480, 12 * 1440, 20), 33.3)
    write("w01018", more, 3)
    look()
    (finding,) = found()
    assert finding.window_end == END
    assert Entry.objects.filter(action="monitoring.finding.extend").count() == 1
    findings.settle(finding, "faulty", "探头结垢，已标记", users["city"], NOON)
    write("w01018", dict.fromkeys(range(12 * 1440, 12 * 1440 + 720, 20), 33.3), 4)
    write("w00000", {minute: usual(minute) * 2 for minute in range(12 * 1440, 12 * 1440 + 720, 20)}, 5)
    look(END + timedelta(hours=15))
    settled, again = found()
    assert (settled.state, settled.window_end) == ("settled", END)
    assert (again.state, again.window_start, again.window_end) == ("open", END, END + timedelta(hours=12))


def test_a_finding_is_explained_by_its_owner_settled_by_the_city_and_opened_anew_with_a_reason(users, places):
    constant(users, places)
    look()
    (finding,) = found()
    for role in ("reader", "other_county", "department"):
        with pytest.raises(InputError, match="您不能处理这项疑点"):
            findings.explain(finding, "标样", users[role], NOON)
    with pytest.raises(InputError, match="没有写情况说明"):
        findings.explain(finding, "  ", users["enterprise"], NOON)
    findings.explain(finding, "采样泵坏了", users["enterprise"], NOON)
    with pytest.raises(InputError, match="您不能处理"):
        findings.settle(finding, "faulty", "属实", users["enterprise"], NOON)
    with pytest.raises(InputError, match="没有选核实结果"):
        findings.settle(finding, "", "属实", users["city"], NOON)
    findings.settle(finding, "faulty", "属实，数据已标记", users["city"], NOON)
    assert [(f.state, f.outcome, f.words) for f in found()] == [("settled", "faulty", "属实，数据已标记")]
    assert InboxItem.objects.unscoped("test").filter(closed_at=None, kind="telemetry.quality").count() == 0
    findings.reopen(finding, "又发现记录不符", users["city"], NOON)
    assert [(f.state, f.outcome) for f in found()] == [("open", "")]
    said = list(Entry.objects.filter(action__startswith="monitoring.finding").order_by("id").values_list("action", flat=True))
    assert [action.rpartition(".")[2] for action in said] == ["raise", "explain", "settle", "reopen"]


def test_a_limit_and_a_range_of_the_point_are_held_against_it(users, places):
    point = register(users, places)["w01018"]
    bound = points.Bound("range", Decimal(40), Decimal(0), date(2026, 1, 1), "铭牌")
    points.set_limit(point, bound, users["city"])
    high = dict.fromkeys(range(11 * 1440 + 600, 11 * 1440 + 800, 20), 55.5)
    write("w01018", every() | high, 1)
    write("w00000", every(lambda minute: usual(minute) * 2), 2)
    look()
    assert [f.rule for f in found()] == ["Q22"]
    assert "应不低于0毫克/升、不高于40毫克/升" in found()[0].saw


def test_meters_are_looked_at_by_what_they_used_whether_they_send_registers_or_intervals(users, places):
    codes = ["0000000033000080", "0000000033010080", "0000000033020080"]
    points.make_points([point_of("meter", "91-A", code) for code in codes], BEGIN)
    Point.objects.unscoped("test").update(interval_s=900, last_at=END, last_received_at=END, active_from=BEGIN)
    total, register_values = 1000.0, {}
    for minute in range(0, DAYS * 1440, 15):
        register_values[minute] = round(total, 2)
        total += usual(minute)
    intervals = {minute: usual(minute + 3) for minute in range(0, DAYS * 1440, 15)}
    bypassed = {minute: 0.5 if minute >= 11 * 1440 else usual(minute + 5) for minute in intervals}
    for batch, (code, values) in enumerate(zip(codes, (register_values, intervals, bypassed), strict=True), 1):
        write(code, values, batch, system="meter", device="91-A", kind="meter.realtime")
    with Reader(collecting.store()) as reader:
        every_point = list(Point.objects.unscoped("test").order_by("code"))
        hours = hours_of(reader, every_point, BEGIN, BEGIN + timedelta(hours=48), Decimal(2), 45)
    first, second, _third = (hours[point.pk][1].value for point in every_point)
    assert first == pytest.approx(Decimal(str(sum(usual(minute) for minute in (60, 75, 90, 105)))), abs=Decimal("0.05"))
    assert second == Decimal(str(round(sum(usual(minute + 3) for minute in (60, 75, 90, 105)), 2)))
    look()
    assert {(f.rule, f.point.code) for f in found()} >= {("Q15", codes[2])}
    assert {f.point.code for f in found()} == {codes[2]}


def test_a_source_that_cannot_be_looked_at_does_not_keep_the_others_waiting(users, places, monkeypatch, caplog):
    constant(users, places)
    monkeypatch.setattr(looking, "look", lambda *asked: 1 / 0)
    assert looking.step(NOON) is True
    assert looking.step(NOON) is False
    assert "quality rules of hj212/" in caplog.text


def test_nothing_is_looked_at_without_a_table_or_a_point_that_sends(users, places):
    assert looking.step(NOON) is False
    kit.register(users["city"], factors=("w01018",))
    write("w01018", every(days=1), 1)
    assert looking.step(NOON) is False


def test_a_round_costs_a_fixed_number_of_statements(users, places, django_assert_max_num_queries):
    constant(users, places)
    with django_assert_max_num_queries(40):
        looking.step(NOON)
