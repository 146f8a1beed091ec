"""Pages of points: states of sources, history with gaps, limits and versions, the dialogue, who sees what; exports and API."""

from __future__ import annotations

import html
import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.monitoring import drawing, history, overview
from shuangkong.apps.monitoring.models import ConnectionDuty, Outage, Point, PointLimit, QualityFinding
from shuangkong.apps.monitoring.selectors import Gateway, gateway
from shuangkong.apps.monitoring.services import collecting, points
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, Plan
from shuangkong.hj212 import decode
from shuangkong.hj212.writing import hull
from shuangkong.series.records import frame_record
from shuangkong.series.schema import point_of
from tests.monitoring import kit
from tests.monitoring.series_kit import gateway as running_gateway
from tests.monitoring.series_kit import realtime, send

pytestmark = pytest.mark.django_db
NOW, MINUTE = kit.NOW, timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The clock of the pages; a test moves it."""
    moment = [NOW]
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: moment[0])
    return moment


@pytest.fixture
def device(users, places):
    return kit.register(users["city"], subject_id=places["91-A"].pk)


@pytest.fixture
def client_of(users):
    def make(role):
        client = Client()
        client.force_login(users[role])
        return client

    return make


def outage_of(device):
    times = {"started_at": NOW, "noticed_at": NOW, "due_on": NOW.date()}
    return Outage.objects.create(source=f"hj212/{device.mn}", device=device, subject=device.subject, cause="line", **times)


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.content.decode())


def sent(minutes, clock, codes=("w01018", "w00000"), **more):
    """Values each minute from NOW on; the clock stands behind the last."""
    clock[0] = NOW + minutes * MINUTE
    running_gateway(clock[0])
    send(clock[0], *(realtime(NOW + n * MINUTE, codes, **more) for n in range(minutes + 1)))
    return Point.objects.unscoped("test").filter(code=codes[0]).get()


def states(client):
    return re.findall(r'<tr>\s*<td><span class="st [^"]*">([^<]+)</span>', text(client.get("/monitoring/")).partition("全部监测点")[2])


# states


def test_a_device_that_never_came_is_listed_and_turns_with_what_it_does(device, client_of, clock):
    city = client_of("city")
    running_gateway(NOW, online=())
    assert states(city) == ["从未上传"]
    sent(3, clock)
    assert states(city) == ["在线"]
    clock[0] += 3 * MINUTE
    running_gateway(clock[0])
    assert states(city) == ["迟到"]
    send(clock[0] + timedelta(seconds=1))
    assert states(city) == ["中断"]
    assert "查明原因并说明" in text(city.get("/monitoring/"))


def test_a_lost_line_shows_at_once_and_a_new_connection_takes_it_back(device, client_of, clock):
    sent(3, clock)
    at_ms = int(clock[0].timestamp() * 1000)
    lost = {"worker": "w0", "written_ms": at_ms, "online": [], "lost": {kit.MN: at_ms}}
    path = collecting.store() / "status" / "w0.json"
    path.write_text(json.dumps(lost), encoding="utf-8")
    assert states(client_of("city")) == ["中断"]
    assert "连接刚断" in text(client_of("enterprise").get("/monitoring/"))
    path.with_name("w1.json").write_text(json.dumps(lost | {"worker": "w1", "online": [kit.MN], "lost": {}}), encoding="utf-8")
    assert states(client_of("city")) == ["在线"]


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "online"), (120, "online"), (121, "late")],
)
def test_late_begins_behind_the_second_interval(seconds, state):
    row = {"active_to": None, "last_at": NOW, "interval_s": 60, "device__active": True, "device__mn": "x"}
    assert overview.state_of([row], None, Gateway(), NOW + timedelta(seconds=seconds), 2)[0] == state


def test_a_point_that_was_given_up_and_a_device_out_of_use_have_ended():
    row = {"active_to": NOW, "last_at": NOW, "interval_s": 60, "device__active": True, "device__mn": "x"}
    assert overview.state_of([row], None, Gateway(), NOW + MINUTE, 2)[0] == "ended"
    assert overview.state_of([row | {"active_to": None, "device__active": False}], None, Gateway(), NOW, 2)[0] == "ended"


def test_filters_stand_in_the_address_and_an_empty_list_says_so(device, client_of, clock):
    sent(2, clock)
    city = client_of("city")
    for query, found in (("state=online", True), ("state=cut", False), ("county=431002", True), ("county=431003", False),
                         ("medium=water", True), ("medium=gas", False), ("q=总排口", True), ("q=zzz", False)):  # fmt: skip
        page = text(city.get(f"/monitoring/?{query}"))
        assert (kit.MN in page.partition("全部监测点")[2]) is found, query
        assert ("清除筛选" in page) is not found, query


# who sees


def test_points_are_seen_by_the_city_the_county_and_the_enterprise_and_by_nobody_else(device, client_of, clock):
    point = sent(2, clock)
    seen = {"city", "county", "enterprise"}
    for role in ("city", "county", "other_county", "zone", "department", "enterprise", "reader", "administrator"):
        client = client_of(role)
        assert (kit.MN in client.get("/monitoring/").content.decode()) is (role in seen), role
        for address in (f"/monitoring/points/{point.pk}/", f"/data/export/readings/?point={point.pk}&format=csv"):
            assert client.get(address).status_code == (200 if role in seen else 404), (role, address)


def test_departments_that_the_clause_on_telemetry_names_share_the_points_but_not_the_devices(device, users, places, client_of, clock):
    point = sent(2, clock)
    plan = Plan.objects.create(code="p", title="方案", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025)
    clause = Clause.objects.create(plan=plan, code="2.7", number="七", chapter="二", title="监测", summary="-", topic="telemetry")
    gxj = Department.objects.get(code="gxj")
    client = client_of("department")
    address = f"/monitoring/points/{point.pk}/"
    duty = Duty.objects.create(clause=clause, department=gxj, role="implement")
    assert client.get(address).status_code == 404
    Duty.objects.filter(pk=duty.pk).update(role="support")
    assert "设备对话" not in text(client.get(address)) and "设备对话" in text(client_of("county").get(address))
    assert kit.MN in client.get("/monitoring/").content.decode()
    assert client.get(f"/monitoring/devices/{device.pk}/").status_code == 404
    assert client.get(f"/monitoring/devices/{device.pk}/dialogue/").status_code == 404
    outage = outage_of(device)
    page = client.get(f"/monitoring/outages/{outage.pk}/")
    assert "查到什么、做了什么" not in text(page) and "设备对话" not in text(page)
    assert client.post(f"/monitoring/outages/{outage.pk}/", {"do": "explain", "words": "停电"}).status_code == 400


# one point


def test_the_history_breaks_at_a_gap_and_marks_limits_flags_and_what_came_later(device, users, client_of, clock):
    sent(10, clock)
    moment = NOW + 40 * MINUTE
    later = [realtime(NOW + n * MINUTE, flag="M" if n > 36 else "N") for n in range(30, 41)]
    send(moment, *later, realtime(NOW + 20 * MINUTE, value=77.0, received=moment))
    clock[0] = moment
    point = Point.objects.unscoped("test").get(code="w01018")
    points.set_limit(point, points.Bound("standard", Decimal(50), None, date(2026, 1, 1), "GB 8978-1996"), users["city"])
    page = text(client_of("enterprise").get(f"/monitoring/points/{point.pk}/?level=realtime"))
    option = json.loads(re.search(r'<script id="series-option" type="application/json">(.*?)</script>', page, re.DOTALL)[1])
    line = option["series"][0]
    assert [value for _at, value in line["data"] if value is None] == [None, None]
    assert line["markLine"]["data"][0]["yAxis"] == 50 and "GB 8978-1996" in page
    assert {area[0]["name"] for area in line["markArea"]["data"]} == {"M", "缺数9分钟"}
    assert {series["name"]: len(series["data"]) for series in option["series"][1:]} == {"超限": 1}
    assert "有标记4个，不判超限" in page and "超限1个" in page


def test_a_gap_that_is_filled_closes_in_the_chart_and_in_the_calendar(device, client_of, clock):
    sent(5, clock)
    moment = NOW + 180 * MINUTE
    clock[0] = moment
    running_gateway(moment)
    send(moment, realtime(moment))
    point = Point.objects.unscoped("test").get(code="w01018")
    address = f"/monitoring/points/{point.pk}/?level=realtime"
    page = text(client_of("city").get(address))
    assert "11-24 11时 缺数" in page and "应有4小时，有数2小时" in page
    send(moment, *(realtime(NOW + n * MINUTE, received=moment) for n in range(6, 180)))
    page = text(client_of("city").get(address))
    assert "11-24 11时 缺数" not in page and "应有4小时，有数4小时" in page
    assert "缺数，不插补：" not in page


def test_a_corrected_value_opens_into_its_versions_down_to_the_frames(device, client_of, clock):
    sent(2, clock)
    send(NOW + 5 * MINUTE, realtime(NOW + MINUTE, value=12.5, received=NOW + 5 * MINUTE))
    point = Point.objects.unscoped("test").get(code="w01018")
    at = int((NOW + MINUTE).timestamp() * 1000)
    page = text(client_of("enterprise").get(f"/monitoring/points/{point.pk}/values/realtime/{at}/"))
    assert page.index("12.50") < page.index("w-ok\">作数") < page.index("30.10") < page.index("已被取代")
    assert page.count("w01018-Rtd=") >= 2 and kit.PW not in page and "PW=******" in page
    for wrong in (f"values/realtime/{at + 1}/", f"values/nothing/{at}/", f"values/realtime/{10**18}/"):
        assert client_of("enterprise").get(f"/monitoring/points/{point.pk}/{wrong}").status_code == 404


def test_a_password_is_struck_out_however_its_name_is_written(device, client_of, clock):
    """The lenient profile takes ``pw=`` for ``PW=``: the frame is kept as it came, and no page shows its password."""
    sent(1, clock)
    moment = NOW + 5 * MINUTE
    content = realtime(moment).body[6:-6].replace(b"PW=", b"pw=")
    send(moment, frame_record(decode(hull(content)), "10.1.1.1", "w0", set(), int(moment.timestamp() * 1000)))
    point = Point.objects.unscoped("test").get(code="w01018")
    at = int(moment.timestamp() * 1000)
    for address in (f"devices/{device.pk}/dialogue/", f"points/{point.pk}/", f"points/{point.pk}/values/realtime/{at}/"):
        page = text(client_of("enterprise").get(f"/monitoring/{address}"))
        assert "pw=******" in page and kit.PW not in page, address


def test_who_looks_into_the_frames_of_another_enterprise_stands_in_the_log(device, client_of, clock):
    sent(1, clock)
    point = Point.objects.unscoped("test").get(code="w01018")
    at = int(NOW.timestamp() * 1000)
    for role in ("enterprise", "city"):
        for address in (f"points/{point.pk}/values/realtime/{at}/", f"devices/{device.pk}/dialogue/"):
            text(client_of(role).get(f"/monitoring/{address}"))
    found = Entry.objects.filter(action="organisations.subject.read").order_by("id").values_list("actor__username", "payload")
    read = [(name, json.loads(payload)["after"]["what"]) for name, payload in found]
    assert read == [("city", "monitoring.value"), ("city", "monitoring.dialogue")]


def test_missing_long_and_wrong_addresses_are_answered(device, client_of, clock):
    point = sent(2, clock)
    city = client_of("city")
    wrong = ("level=nothing", "start=x", "start=2026-11-24&end=2026-11-01", "month=2026-13", "start=0001-01-01", "level=day&end=9999-12-31")
    for query in wrong:
        assert city.get(f"/monitoring/points/{point.pk}/?{query}").status_code == 200, query
    assert "止日早于起日" in text(city.get(f"/monitoring/points/{point.pk}/?start=2026-11-24&end=2026-11-01"))
    assert "这段时间没有值" in text(city.get(f"/monitoring/points/{point.pk}/?start=2026-01-01&end=2026-01-02"))
    assert city.get(f"/monitoring/points/{2**63}/").status_code == 404


def test_the_dialogue_shows_both_ways_without_the_password_and_is_bounded(device, client_of, clock):
    sent(60, clock)
    page = text(client_of("enterprise").get(f"/monitoring/devices/{device.pk}/dialogue/"))
    assert page.count("↑ 收") == page.count("↓ 发") == 20
    assert "9014 数据应答" in page and "化学需氧量" in page and kit.PW not in page
    assert client_of("other_county").get(f"/monitoring/devices/{device.pk}/dialogue/").status_code == 404


# the number of statements


def test_pages_take_a_fixed_number_of_statements(device, users, places, client_of, clock):
    sent(3, clock)
    client = client_of("city")
    point = Point.objects.unscoped("test").get(code="w01018")
    most = {
        "/monitoring/": 15, f"/monitoring/points/{point.pk}/": 17, "/monitoring/outages/": 8, "/monitoring/findings/": 9,
        "/monitoring/coverage/": 12,
    }  # fmt: skip

    def statements(address):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few = {address: statements(address) for address in most}
    for number in range(30):
        other = kit.register(users["city"], f"{number:024d}", name=f"设备{number}", subject_id=places["91-A"].pk)
        points.make_points([point_of("hj212", other.mn, code) for code in ("w01018", "w00000")], NOW)
        outage_of(other)
    for address, before in few.items():
        now = statements(address)
        assert now <= before + 1, (address, before, now)
        assert now <= most[address], (address, now)


# acts


def test_an_outage_is_explained_by_its_enterprise_and_written_off_by_the_city_alone(device, client_of, clock, users):
    sent(3, clock)
    outage = outage_of(device)
    address = f"/monitoring/outages/{outage.pk}/"
    enterprise = client_of("enterprise")
    assert "说明原因" in text(enterprise.get(address)) and 'value="withdraw"' not in text(enterprise.get(address))
    refused = enterprise.post(address, {"do": "explain", "words": " "})
    assert refused.status_code == 400 and "没有写情况说明" in refused.content.decode()
    assert enterprise.post(address, {"do": "explain", "words": "更换交换机"}).status_code == 302
    assert "更换交换机" in text(client_of("county").get(address))
    assert enterprise.post(address, {"do": "withdraw", "words": "x"}).status_code == 400
    assert enterprise.post(address, {"do": "nothing", "words": "x"}).status_code == 400
    assert client_of("other_county").post(address, {"do": "explain", "words": "x"}).status_code == 404
    assert client_of("city").post(address, {"do": "withdraw", "words": "重复登记"}).status_code == 302
    assert Outage.objects.unscoped("test").get(pk=outage.pk).state == "closed"
    assert "没有未办结的中断" in text(enterprise.get("/monitoring/outages/"))
    assert "已办结" in text(enterprise.get("/monitoring/outages/?state=closed"))


def test_a_finding_is_explained_settled_and_reopened(device, client_of, clock):
    point = sent(5, clock)
    evidence = {"why_odd": "真实的测量不会这样稳", "settle": "核对设备", "compared": {"最长不变": "6小时"}, "values": []}
    found = QualityFinding.objects.create(
        point=point, rule="Q04", title="数据恒定", severity="warn", window_start=NOW, window_end=NOW + 5 * MINUTE, found_at=clock[0],
        saw="6小时没有变化", evidence=evidence,
    )  # fmt: skip
    address = f"/monitoring/findings/{found.pk}/"
    enterprise, city = client_of("enterprise"), client_of("city")
    page = text(enterprise.get(address))
    assert all(word in page for word in ("6小时没有变化", "真实的测量不会这样稳", "核对设备", "最长不变", "series-option"))
    assert 'value="settle"' not in page and 'value="settle"' in text(city.get(address))
    assert enterprise.post(address, {"do": "explain", "words": ""}).status_code == 400
    assert enterprise.post(address, {"do": "explain", "words": "停产检修"}).status_code == 302
    assert "停产检修" in text(city.get(address))
    refused = city.post(address, {"do": "settle", "words": "属实"})
    assert refused.status_code == 400 and "没有选核实结果" in refused.content.decode()
    assert city.post(address, {"do": "settle", "outcome": "true_value", "words": "属实"}).status_code == 302
    assert "数据真实" in text(enterprise.get(address))
    assert "没有未办结的疑点" in text(enterprise.get("/monitoring/findings/"))
    assert "数据恒定" in text(enterprise.get("/monitoring/findings/?state=settled&rule=Q04&county=431002&q=总排口"))
    assert city.post(address, {"do": "reopen", "words": "再查"}).status_code == 302
    assert city.post(address, {"do": "x", "words": "x"}).status_code == 400
    assert client_of("other_county").get(address).status_code == 404


def test_coverage_shows_who_is_missing_first_and_adds_up(device, client_of, clock, places):
    sent(5, clock)
    ConnectionDuty.objects.create(subject=places["91-A"], kind="permit", reason="重点管理", since=date(2026, 1, 1))
    ConnectionDuty.objects.create(subject=places["91-A"], kind="energy", reason="年耗能5万吨", since=date(2026, 1, 1))
    ConnectionDuty.objects.create(subject=places["431003"], kind="park", reason="园区", since=date(2026, 1, 1))
    page = text(client_of("city").get("/monitoring/coverage/"))
    assert "应联网3家次，已联网1，33.3%" in page
    listed = page.partition("应联网单位</h2>")[2]
    assert listed.index("没有监测点") < listed.index("已联网</span>")
    missing = text(client_of("city").get("/monitoring/coverage/?missing=yes")).partition("应联网单位</h2>")[2]
    assert "年耗能5万吨" in listed and "重点管理" not in missing
    own = text(client_of("enterprise").get("/monitoring/coverage/"))
    assert "应联网2家次，已联网1，50%" in own or "应联网2家次，已联网1，50.0%" in own
    assert "导入应联网名单" not in own and "没有与您单位有关" in text(client_of("reader").get("/monitoring/coverage/"))
    answer = client_of("enterprise").get("/api/v1/points/coverage").json()
    assert (answer["total"]["required"], answer["total"]["connected"]) == (2, 1)


# export and API


def test_values_are_exported_with_flag_quality_and_batch_and_as_a_job_when_they_are_many(device, client_of, clock, monkeypatch):
    point = sent(5, clock)
    city = client_of("city")
    address = f"/data/export/readings/?point={point.pk}&level=realtime&start=2026-11-24&end=2026-11-24&format=csv"
    lines = b"".join(city.get(address).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("时间,数据,值,单位") and len([line for line in lines if "30.1" in line]) == 6
    monkeypatch.setattr("shuangkong.apps.desk.services.exports.ROWS_AT_ONCE", 3)
    assert city.get(address).url.startswith("/jobs/")
    listed = b"".join(city.get("/data/export/points/?medium=water&format=csv").streaming_content).decode()
    assert "化学需氧量" in listed and kit.MN in listed
    for wrong in ("", "x", "-1", str(2**70)):
        assert city.get(f"/data/export/readings/?point={wrong}&format=csv").status_code == 404


def test_points_and_their_values_are_read_over_the_api(device, client_of, clock):
    point = sent(5, clock)
    client = client_of("enterprise")
    found = client.get("/api/v1/points?codes=w01018").json()
    assert (found["count"], found["items"][0]["id"], found["items"][0]["subject"]) == (1, str(point.pk), "91-A")
    values = client.get(f"/api/v1/points/{point.pk}/readings?level=realtime").json()
    assert [item["value"] for item in values["items"]] == ["30.1"] * 6 and values["more"] is False
    assert values["items"][0]["time"].startswith("2026-11-24T02:00:00")
    for query in ("level=x", "start=2026-11-24T00:00:00", "level=realtime&start=2026-01-01T00:00:00Z&end=2026-11-01T00:00:00Z",
                  "start=2026-11-24T00:00:00Z&end=2026-11-23T00:00:00Z"):  # fmt: skip
        assert client.get(f"/api/v1/points/{point.pk}/readings?{query}").status_code == 400, query
    assert client_of("other_county").get(f"/api/v1/points/{point.pk}/readings").status_code == 404
    assert client_of("other_county").get("/api/v1/points").json()["count"] == 0


# windows


def test_a_window_is_whole_days_and_never_wider_than_its_level():
    window = history.window_of("realtime", date(2026, 1, 1), date(2026, 11, 24), NOW)
    assert window.end - window.start == timedelta(days=2) and window.end.isoformat() == "2026-11-25T00:00:00+08:00"
    assert history.window_of("x", None, None, NOW).level.code == "hour"
    old = history.window_of("hour", None, None, NOW, newest=NOW - timedelta(days=40))
    assert old.end == NOW - timedelta(days=40) + timedelta(milliseconds=1)
    assert history.window_of("hour", None, None, NOW, newest=NOW).end == NOW + timedelta(milliseconds=1)


def test_the_gateway_tells_who_was_lost(tmp_path):
    (tmp_path / "status").mkdir()
    content = {"worker": "w0", "written_ms": int(NOW.timestamp() * 1000), "online": ["A"], "lost": {"A": 1, "B": 2}}
    (tmp_path / "status" / "w0.json").write_text(json.dumps(content), encoding="utf-8")
    assert set(gateway(tmp_path, NOW).lost) == {"B"}


@pytest.mark.parametrize(("value", "beyond"), [(0.1, False), (0.1001, True), (0.7, True), (0.02, False), (0.0199, True), (None, False)])
def test_a_value_at_its_limit_is_not_beyond_it(value, beyond):
    """The float of 0.1 lies a little above 0.1, that of 0.02 as well."""
    limit = PointLimit(upper=Decimal("0.1"), lower=Decimal("0.02"))
    reading = history.Reading(kit.NOW, "realtime", value, "N", (), kit.NOW, 1)
    assert drawing.is_beyond(reading, [limit]) is beyond
