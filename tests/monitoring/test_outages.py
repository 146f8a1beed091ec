"""Gaps: noticed within an interval, told to whom it concerns, explained, closed by what comes later or by words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.monitoring.models import Outage, Point
from shuangkong.apps.monitoring.services import outages, points
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, Plan
from shuangkong.core.errors import InputError
from tests.monitoring import kit
from tests.monitoring.series_kit import gateway, realtime, send

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOW = kit.NOW


def lines():
    return Outage.objects.unscoped("test").order_by("id")


def inbox() -> dict[str, tuple[str, str, int]]:
    """Whom the open items of outages are addressed to: title, detail, severity."""
    items = InboxItem.objects.unscoped("test").filter(closed_at=None, kind="telemetry.outage")
    return {
        (item.for_department.code if item.for_department else item.for_subject.code): (item.title, item.detail, item.severity)
        for item in items.select_related("for_subject", "for_department")
    }


@pytest.fixture
def device(users, places):
    """A device of the enterprise that sends two factors each minute; the bureau leads the clause on telemetry."""
    plan = Plan.objects.create(code="p", title="方案", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025)
    clause = Clause.objects.create(plan=plan, code="1", number="一", chapter="一", title="许可", summary="-", topic="telemetry")
    Duty.objects.create(clause=clause, department=Department.objects.create(code="eeb", short_name="市生态环境局"), role="lead")
    return kit.register(users["city"], subject_id=places["91-A"].pk)


def running(minutes: int, start=NOW, codes=("w01018", "w00000")) -> None:
    """Values each minute, the last of them at ``minutes``."""
    end = start + minutes * MINUTE
    gateway(end)
    send(end, *(realtime(start + n * MINUTE, codes) for n in range(minutes + 1)))


def test_what_comes_makes_points_that_know_when_they_were_heard(device):
    running(3)
    found, last = Point.objects.unscoped("test").order_by("code"), NOW + 3 * MINUTE
    assert [(p.code, p.last_at, p.last_received_at) for p in found] == [("w00000", last, last), ("w01018", last, last)]
    assert lines().count() == 0
    assert send(NOW + 3 * MINUTE) is False


def test_a_lost_line_is_noticed_when_one_interval_has_lapsed_and_told_to_all_whom_it_concerns(device):
    running(3)
    gateway(NOW + 4 * MINUTE, online=())
    send(NOW + 4 * MINUTE)
    assert lines().count() == 0
    moment = NOW + 4 * MINUTE + timedelta(seconds=1)
    send(moment)
    outage = lines().get()
    assert (outage.started_at, outage.noticed_at, outage.cause, outage.points, outage.point) == (NOW + 4 * MINUTE, moment, "line", 2, None)
    # Tuesday; the third working day after it
    assert outage.due_on == date(2026, 11, 27)
    assert set(inbox()) == {"91-A", "431002", "eeb"}
    title, detail, severity = inbox()["eeb"]
    assert title == "演示企业甲：总排口数采仪中断"
    assert detail == "自11月24日10:04起设备断开连接，影响2个测点。请在2026-11-27前修复；不能修复的，说明原因。"
    assert severity == 2
    send(moment + MINUTE)
    assert lines().count() == 1
    assert Entry.objects.filter(action="monitoring.outage.begin").count() == 1


def test_silence_on_an_open_line_takes_three_intervals(device):
    running(3)
    for minute, count in ((5, 0), (6, 0), (7, 1)):
        gateway(NOW + minute * MINUTE)
        send(NOW + minute * MINUTE)
        assert lines().count() == count
    assert lines().get().cause == "silent"


def test_one_factor_that_stays_away_is_an_outage_of_its_point(device):
    running(2)
    running(6, NOW + 3 * MINUTE, ("w01018",))
    outage = lines().get()
    assert (outage.point.code, outage.cause, outage.points, outage.started_at) == ("w00000", "point", 1, NOW + 3 * MINUTE)
    gateway(NOW + 30 * MINUTE, online=())
    send(NOW + 30 * MINUTE)
    assert {o.point_id is None for o in lines()} == {True, False}


def test_while_the_gateway_is_down_nobody_is_cut(device):
    running(3)
    gateway(NOW + 3 * MINUTE)
    send(NOW + 20 * MINUTE)
    assert lines().count() == 0
    gateway(NOW + 21 * MINUTE, online=())
    send(NOW + 21 * MINUTE)
    assert lines().count() == 0
    gateway(NOW + 22 * MINUTE, online=())
    send(NOW + 22 * MINUTE)
    assert lines().get().started_at == NOW + 4 * MINUTE


def cut_and_back(minutes: int = 10) -> Outage:
    """Cut after minute 3, back ``minutes`` later."""
    running(3)
    gateway(NOW + 5 * MINUTE, online=())
    send(NOW + 5 * MINUTE)
    back = NOW + (4 + minutes) * MINUTE
    gateway(back)
    send(back, realtime(back, ("w01018", "w00000")))
    return lines().first()


def test_when_values_come_again_the_gap_waits_for_what_was_missed(device):
    outage = cut_and_back()
    assert (outage.state, outage.ended_at, outage.expected, outage.filled) == ("restored", NOW + 14 * MINUTE, 20, 0)
    title, detail, severity = inbox()["91-A"]
    assert title == "演示企业甲：总排口数采仪已恢复，中断期间的数据待补传"
    assert "缺20个数据，补传了0%" in detail
    assert severity == 3


def test_a_back_fill_closes_the_gap_and_says_what_share_came(device):
    cut_and_back()
    late = NOW + 20 * MINUTE
    gateway(late)
    half = [realtime(NOW + n * MINUTE, ("w01018", "w00000"), received=late) for n in range(4, 9)]
    send(late, *half, *half[:2])
    outage = lines().get()
    assert (outage.state, outage.expected, outage.filled) == ("restored", 20, 10)
    assert "缺10个数据，补传了50%" in inbox()["eeb"][1]
    later = late + MINUTE
    gateway(later)
    send(later, *(realtime(NOW + n * MINUTE, ("w01018", "w00000"), received=later) for n in range(9, 14)))
    outage = lines().get()
    assert (outage.state, outage.filled) == ("closed", 20)
    assert inbox() == {}
    entry = Entry.objects.get(action="monitoring.outage.fill")
    assert '"filled":20' in entry.payload


def test_a_late_repair_is_grave_and_says_what_the_rule_asks(device):
    running(3)
    for day in (0, 4):
        moment = NOW + 10 * MINUTE + timedelta(days=day)
        gateway(moment, online=())
        send(moment)
    _title, detail, severity = inbox()["eeb"]
    assert severity == 1
    assert "须向省级报告，并人工填报" in detail


def test_people_explain_and_settle_with_words_and_only_whom_it_concerns(device, users):
    running(3)
    gateway(NOW + 5 * MINUTE, online=())
    send(NOW + 5 * MINUTE)
    outage = lines().get()
    for role in ("other_county", "reader", "department"):
        with pytest.raises(InputError, match="您不能处理这次中断"):
            outages.explain(outage, "停电", users[role], NOW)
    with pytest.raises(InputError, match="没有写情况说明"):
        outages.explain(outage, " ", users["enterprise"], NOW)
    outages.explain(outage, "停电检修", users["enterprise"], NOW)
    assert (lines().get().state, lines().get().words) == ("explained", "停电检修")
    with pytest.raises(InputError, match="没有说明修复：已是"):
        outages.settle(outage, "换了电源", users["enterprise"], NOW)
    back = NOW + 14 * MINUTE
    gateway(back)
    send(back, realtime(back, ("w01018", "w00000")))
    outages.settle(lines().get(), "换了电源；缺的按规定替代", users["county"], NOW)
    assert lines().get().state == "closed"
    said = list(Entry.objects.filter(action__startswith="monitoring.outage").order_by("id").values_list("action", flat=True))
    assert [action.rpartition(".")[2] for action in said] == ["begin", "explain", "restore", "settle"]


def test_the_city_can_withdraw_what_is_no_outage(device, users):
    running(3)
    gateway(NOW + 5 * MINUTE, online=())
    send(NOW + 5 * MINUTE)
    with pytest.raises(InputError, match="您不能处理"):
        outages.withdraw(lines().get(), "已拆除", users["enterprise"], NOW)
    outages.withdraw(lines().get(), "已拆除", users["city"], NOW)
    assert lines().get().state == "closed"


def test_a_point_that_is_not_expected_any_more_is_never_cut(device, users):
    running(3)
    for point in Point.objects.unscoped("test"):
        points.change_point(point, points.Change(active_to=NOW + 4 * MINUTE), users["city"])
    gateway(NOW + 30 * MINUTE, online=())
    send(NOW + 30 * MINUTE)
    assert lines().count() == 0


def test_many_outages_cost_a_fixed_number_of_statements(device, users, django_assert_max_num_queries):
    running(3)
    first = Point.objects.unscoped("test").first()
    for n in range(30):
        mn = f"{n:024}"
        other = kit.register(users["city"], mn)
        Point.objects.create(
            id=n, key=f"hj212/{mn}/x", source=f"hj212/{mn}", device=other, code="x", name="x", medium="water", role="pollutant",
            interval_s=60, active_from=NOW - MINUTE, last_at=first.last_at, last_received_at=first.last_received_at,
        )  # fmt: skip
    gateway(NOW + 30 * MINUTE, online=())
    with django_assert_max_num_queries(40):
        send(NOW + 30 * MINUTE)
    assert lines().count() == 31
