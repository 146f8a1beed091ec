"""The pages of devices and incidents: scope, filters, paging, a fixed number of statements, the forms."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.monitoring.models import Device, Incident
from shuangkong.apps.monitoring.services import collecting
from shuangkong.project import cli
from shuangkong.series.files import write_json
from tests.monitoring import kit

pytestmark = pytest.mark.django_db
STRANGER = "B" * 24


@pytest.fixture
def client_of(users):
    def make(role):
        client = Client()
        client.force_login(users[role])
        return client

    return make


@pytest.fixture
def met(users, places):
    """An enterprise's device with two incidents, another county's with one, a stranger."""
    kit.register(users["city"], subject_id=places["91-A"].pk)
    kit.register(users["city"], "C" * 24, name="苏仙区水站", subject_id=places["431003"].pk)
    kit.take(
        kit.frame(1), kit.met(times=4), kit.met("clock_off", text="现场机时钟2016-11-24"), kit.met("clock_off", "C" * 24, "10.3.3.3"),
        kit.met("device_unknown", STRANGER, "172.16.5.5", text="未登记的设备"),
    )  # fmt: skip


def text(answer):
    return answer.content.decode()


def test_the_city_sees_all_an_owner_its_own_and_nobody_else_anything(met, client_of):
    roles = ("city", "enterprise", "county", "other_county", "zone", "reader")
    pages = {role: text(client_of(role).get("/monitoring/incidents/")) for role in roles}
    shown = {role: (kit.MN in page, "苏仙区水站" in page, STRANGER in page) for role, page in pages.items()}
    assert shown == {
        "city": (True, True, True), "enterprise": (True, False, False), "county": (True, False, False),
        "other_county": (False, True, False), "zone": (False, False, False), "reader": (False, False, False),
    }  # fmt: skip
    assert "您单位的设备发来不合标准的报文时" in pages["reader"]
    stranger = Incident.objects.unscoped("test").get(mn=STRANGER)
    device = Device.objects.unscoped("test").get(mn="C" * 24)
    for address in (f"/monitoring/incidents/{stranger.pk}/", f"/monitoring/devices/{device.pk}/"):
        assert client_of("enterprise").get(address).status_code == 404
        assert client_of("enterprise").post(address, {"note": "x"}).status_code == 404
        assert client_of("city").get(address).status_code == 200


def test_who_only_reads_settles_nothing(met, client_of, users, places, make_user):
    users["own_reader"] = make_user("reader", "own_reader", subject=places["91-A"])
    mine = Incident.objects.unscoped("test").filter(mn=kit.MN).first()
    assert client_of("own_reader").get(f"/monitoring/incidents/{mine.pk}/").status_code == 200
    assert client_of("own_reader").post(f"/monitoring/incidents/{mine.pk}/", {"note": "已校时"}).status_code == 400
    mine.refresh_from_db(from_queryset=Incident.objects.unscoped("test"))
    assert mine.handled_at is None


def test_filters_stand_in_the_address(met, client_of):
    city = client_of("city")

    def titles(query):
        shown = text(city.get(f"/monitoring/incidents/?{query}"))
        return re.findall(r'<td class="b"><a href="/monitoring/incidents/\d+/">([^<]+)</a>', shown)

    assert sorted(titles("")) == ["未登记的设备", "现场机时钟偏差过大", "现场机时钟偏差过大", "访问密码不符"]
    assert titles("code=password_wrong") == titles("mn=AAAA&code=password_wrong") == ["访问密码不符"]
    assert titles("state=strangers") == titles("address=172.16.5.5") == ["未登记的设备"]
    assert titles("mn=水站") == ["现场机时钟偏差过大"]
    assert titles("day=2026-11-23") == titles("state=settled") == []
    assert "没有符合条件的异常" in text(city.get("/monitoring/incidents/?state=settled"))
    assert len(titles("day=oops")) == 4
    assert "清除筛选" in text(city.get("/monitoring/devices/?q=zzz"))


def test_at_most_fifty_on_a_page_and_a_fixed_number_of_statements(users, client_of):
    client = client_of("city")
    kit.register(users["city"], "0" * 24, name="设备0")
    kit.take(kit.met("clock_off", "0" * 24))

    def statements(address):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            page = text(client.get(address))
        return len(queries), page.count("<tr>")

    few = {address: statements(address)[0] for address in ("/monitoring/incidents/", "/monitoring/devices/")}
    for number in range(1, 61):
        kit.register(users["city"], f"{number:024d}", name=f"设备{number}")
    kit.take(*(kit.met("clock_off", f"{number:024d}") for number in range(1, 61)))
    for address, before in few.items():
        now, rows = statements(address)
        assert (now, rows) == (before, 51), address
        assert now <= 12
    assert statements("/monitoring/incidents/?page=2")[1] == 12


def test_an_incident_shows_the_frame_opened_the_answer_and_what_to_do(met, client_of):
    line = Incident.objects.unscoped("test").get(code="password_wrong")
    page = text(client_of("enterprise").get(f"/monitoring/incidents/{line.pk}/"))
    for words in ("不应答", "与运维单位核对该设备的访问密码", "10.1.1.1", kit.MN, "化学需氧量", "PW=******", "4次", "总排口数采仪"):
        assert words in page, words
    assert kit.PW not in page
    assert "登记它" in text(client_of("city").get(f"/monitoring/incidents/{Incident.objects.unscoped('test').get(mn=STRANGER).pk}/"))


def test_markup_in_a_frame_is_harmless(client_of):
    kit.take(
        kit.met("device_unknown", "<script>1</script>", sample=b"##0100QN=<xb>;ST=32;CN=2011;PW=1;MN=<xi>;Flag=5;CP=&&x-Rtd=<xu>&&0000")
    )
    city = client_of("city")
    only = Incident.objects.unscoped("test").get()
    for page in (text(city.get("/monitoring/incidents/")), text(city.get(f"/monitoring/incidents/{only.pk}/"))):
        assert "&lt;script&gt;1" in page
        assert not any(tag in page for tag in ("<script>1", "<xb>", "<xi>", "<xu>"))


def test_settling_is_asked_with_words_and_shown(met, client_of):
    line = Incident.objects.unscoped("test").get(code="password_wrong")
    client = client_of("enterprise")
    refused = client.post(f"/monitoring/incidents/{line.pk}/", {"note": ""})
    assert refused.status_code == 400 and "没有写处理情况" in text(refused)
    assert client.post(f"/monitoring/incidents/{line.pk}/", {"note": "已换密码"}).status_code == 302
    page = text(client.get(f"/monitoring/incidents/{line.pk}/"))
    assert "已处理 1 条" in page and "已换密码" in page


def test_registering_and_changing_by_the_forms(places, client_of):
    city = client_of("city")
    assert f'value="{STRANGER}"' in text(city.get(f"/monitoring/devices/register/?mn={STRANGER}"))
    form = {
        "mn": STRANGER, "name": "新设备", "subject": places["91-A"].pk, "password": kit.PW, "systems": "32、31", "edition": "2017",
        "profile": "lenient", "addresses": "10.0.0.0/8", "factors": "w01018", "active": "on",
    }  # fmt: skip
    for wrong, words in (
        ({"password": ""}, "必填"), ({"systems": "99"}, "标准里没有系统编码99"), ({"addresses": "abc"}, "不是地址或网段"),
        ({"factors": "x1"}, "标准里没有因子x1"), ({"mn": "A;B"}, "只能有字母"), ({"password": "a;b"}, "不能有空格"),
    ):  # fmt: skip
        refused = city.post("/monitoring/devices/register/", form | wrong)
        assert refused.status_code == 400 and (words in text(refused) or words == "必填"), wrong
    assert not Device.objects.unscoped("test").exists()
    made = city.post("/monitoring/devices/register/", form)
    device = Device.objects.unscoped("test").get()
    assert made.url == f"/monitoring/devices/{device.pk}/"
    assert (device.systems, device.addresses, device.factors, device.edition) == (["32", "31"], ["10.0.0.0/8"], ["w01018"], 2017)
    page = text(city.get(made.url))
    assert kit.PW not in page and device.password not in page and "新设备" in page
    assert "已登记" in text(city.post("/monitoring/devices/register/", form))
    changed = {name: value for name, value in form.items() if name not in ("mn", "password", "active")} | {"name": "改名"}
    assert city.post(made.url, changed).status_code == 302
    device.refresh_from_db(from_queryset=Device.objects.unscoped("test"))
    assert (device.name, device.mn, device.active) == ("改名", STRANGER, False)


@pytest.mark.parametrize("role", ["county", "enterprise", "reader", "administrator"])
def test_only_the_city_registers(role, places, users, client_of):
    device = kit.register(users["city"], subject_id=places["91-A"].pk)
    client = client_of(role)
    assert client.get("/monitoring/devices/register/").status_code == 403
    assert client.post("/monitoring/devices/register/", {"mn": "X"}).status_code == 403
    assert client.post(f"/monitoring/devices/{device.pk}/", {"name": "x"}).status_code in (403, 404)
    assert Device.objects.unscoped("test").get().name == "总排口数采仪"


def test_what_the_gateway_says_of_itself(met, client_of, monkeypatch):
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: kit.NOW)
    status = {
        "written_ms": int(kit.NOW.timestamp() * 1000),
        "stopping": False,
        "connections": 7,
        "online": [kit.MN],
        "alarms": ["存储无法写入"],
    }
    city = client_of("city")
    assert "网关没有运行" in text(city.get("/monitoring/incidents/"))
    write_json(collecting.store() / "status" / "w0.json", status)
    (collecting.store() / "status" / "w1.json").write_text("{broken")
    page = text(city.get("/monitoring/devices/"))
    assert "7个连接" in page and "存储无法写入" in page
    assert page.count("在线</span>") - page.count("不在线</span>") == 1
    assert "存储无法写入" not in text(client_of("enterprise").get("/monitoring/devices/"))
    write_json(collecting.store() / "status" / "w0.json", status | {"written_ms": int(kit.NOW.timestamp() * 1000) - 60_000})
    assert "网关没有运行" in text(city.get("/monitoring/incidents/"))


def test_the_command_of_the_machine_room(met, capsys, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: kit.NOW)
    monkeypatch.setattr("shuangkong.project.environment.enter", lambda: None)
    assert cli.main(["telemetry", "incidents"]) == 1
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 4
    assert any("访问密码不符（password_wrong）" in line and "10.1.1.1" in line and "不应答" in line for line in listed)
    assert cli.main(["telemetry", "incidents", "--code", "device_unknown", "--json"]) == 0
    (one,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (one["mn"], one["device"], one["answer"]) == (STRANGER, None, "none") and kit.PW not in one["sample"]
    assert cli.main(["telemetry", "incidents", "--state", "settled"]) == 0
    assert cli.main(["telemetry", "incidents", "--days", "0"]) == 2
    assert cli.main(["telemetry", "collect"]) == 0


def test_the_command_says_what_to_do_without_a_database(tmp_path):
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path), "SHUANGKONG_HOME": str(tmp_path), "SHUANGKONG_MODE": "demonstration"}
    done = subprocess.run(
        [sys.executable, "-m", "shuangkong", "telemetry", "incidents"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "先运行 make run" in done.stderr and "Traceback" not in done.stderr
