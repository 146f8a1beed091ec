"""Meters: registered, changed and exchanged with words and log; the file of the intake; the pages and who sees them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.monitoring.metered import registered
from shuangkong.apps.monitoring.models import EnergyUser, Meter, MeterTerm, Point, VirtualMeter
from shuangkong.apps.monitoring.services import collecting, metering
from shuangkong.apps.monitoring.services.metering import Asked, Exchange
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.metering import MeterKind
from shuangkong.gateway.meters import read_enterprises
from shuangkong.series.schema import point_id
from tests.monitoring import kit

pytestmark = pytest.mark.django_db
CODE = "0000000003300010"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def asked(subject: Any, code: str = CODE, **more: Any) -> Asked:
    stated = {
        "name": "总降1号进线", "product": "electricity", "flow": "inflow", "unit": "kWh", "kind": "register", "since": SINCE,
        "multiplier": D(40), "modulus": D(1_000_000), "largest_per_hour": D(100),
    }  # fmt: skip
    return Asked(subject=subject, code=code, **(stated | more))


@pytest.fixture
def meter(users, places) -> Meter:
    return metering.register_meter(asked(places["91-A"]), users["city"])


@pytest.fixture
def client_of(users):
    def make(role):
        client = Client()
        client.force_login(users[role])
        return client

    return make


def actions() -> list[str]:
    return list(Entry.objects.filter(action__startswith="monitoring.").order_by("id").values_list("action", flat=True))


def test_a_meter_is_the_point_of_its_code_with_its_first_term(meter):
    assert meter.key == f"meter/91-A/{CODE}"
    assert meter.point == point_id(meter.key)
    found = registered()
    (metered,) = found.meters
    assert (metered.point, metered.reading, metered.unit_scale) == (meter.point, "meter.realtime", D("0.0001"))
    assert metered.meter.kind is MeterKind.REGISTER
    assert [(term.start, term.end, term.multiplier) for term in metered.meter.terms] == [(SINCE, None, D(40))]
    (entry,) = found.entries
    assert (entry.product, entry.points, entry.enterprise, entry.county) == ("electricity|inflow", ((meter.point, 1.0),), "91-A", "431002")
    assert actions() == ["monitoring.meter.create", "monitoring.points.created"]
    point = Point.objects.unscoped("test").get(pk=meter.point)
    assert (point.name, point.unit, point.interval_s, point.last_at) == (meter.name, "kWh", meter.interval_s, None)


@pytest.mark.parametrize(
    ("more", "words"),
    [({"code": "12"}, "16位"), ({"product": "wind"}, "能源品种"), ({"unit": "t"}, "不符"), ({"multiplier": D(0)}, "倍率"),
     ({"modulus": D(0)}, "满度"), ({"largest_per_hour": D(-1)}, "每小时最大用量"), ({"interval_s": 0}, "间隔")],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused(more, words, users, places):
    with pytest.raises(InputError, match=words):
        metering.register_meter(replace(asked(places["91-A"]), **more), users["city"])
    assert not Meter.objects.unscoped("test").exists()


def test_a_county_has_no_meter_and_a_code_has_one(meter, users, places):
    with pytest.raises(InputError, match="企业"):
        metering.register_meter(asked(places["431002"]), users["city"])
    with pytest.raises(InputError, match="已登记"):
        metering.register_meter(asked(places["91-A"]), users["city"])


def test_a_change_stands_in_the_log_with_before_and_after_and_nothing_is_no_change(meter, users, places):
    metering.change_meter(meter, asked(places["91-A"]), users["city"], kit.NOW)
    assert actions() == ["monitoring.meter.create", "monitoring.points.created"]
    metering.change_meter(meter, asked(places["91-A"], name="总降", largest_per_hour=D(120)), users["city"], kit.NOW)
    entry = json.loads(Entry.objects.get(action="monitoring.meter.change").payload)
    assert entry["before"] == {"largest_per_hour": "100", "name": "总降1号进线"}
    assert entry["after"] == {"largest_per_hour": "120", "name": "总降"}
    assert Point.objects.unscoped("test").get(pk=meter.point).name == "总降"


def test_closing_ends_the_term_and_opening_begins_another(meter, users, places):
    metering.change_meter(meter, asked(places["91-A"], active=False), users["city"], kit.NOW)
    (entry,) = registered().entries
    assert (entry.since, entry.until) == (SINCE, kit.NOW)
    point = Point.objects.unscoped("test").filter(pk=meter.point)
    assert point.get().active_to == kit.NOW
    with pytest.raises(InputError, match="已停用"):
        metering.exchange(meter, Exchange(kit.NOW, "换表", D(40)), users["city"], kit.NOW)
    later = kit.NOW + timedelta(days=1)
    metering.change_meter(meter, asked(places["91-A"]), users["city"], later)
    terms = list(MeterTerm.objects.filter(meter=meter).values_list("starts_at", "ends_at", "multiplier"))
    assert terms == [(SINCE, kit.NOW, D(40)), (later, None, D(40))]
    assert point.get().active_to is None
    (entry,) = registered().entries
    assert (entry.since, entry.until) == (SINCE, None)


def test_an_exchange_ends_one_term_and_begins_the_next(meter, users):
    at = datetime(2026, 6, 1, 2, tzinfo=UTC)
    act = Exchange(at, "旧表损坏，双方抄表", D(60), D("123.4"), D(0), "B-2")
    metering.exchange(meter, act, users["enterprise"], kit.NOW)
    terms = list(MeterTerm.objects.filter(meter=meter).values_list("starts_at", "ends_at", "multiplier", "first_register", "last_register"))
    assert terms == [(SINCE, at, D(40), None, D("123.4")), (at, None, D(60), D(0), None)]
    entry = json.loads(Entry.objects.get(action="monitoring.meter.exchange").payload)
    assert entry["after"]["reason"] == "旧表损坏，双方抄表"
    (metered,) = registered().meters
    assert [term.multiplier for term in metered.meter.terms] == [D(40), D(60)]


@pytest.mark.parametrize(
    ("role", "more", "words"),
    [("enterprise", {"words": " "}, "原因"), ("enterprise", {"multiplier": D(0)}, "倍率"), ("other_county", {}, "不能登记"),
     ("county", {"words": "县里改倍率"}, "不能登记"),
     ("enterprise", {"at": kit.NOW + timedelta(minutes=1)}, "未来"), ("enterprise", {"at": SINCE}, "启用时间")],
)  # fmt: skip
def test_an_exchange_that_cannot_be_is_refused(role, more, words, meter, users):
    act = replace(Exchange(datetime(2026, 6, 1, tzinfo=UTC), "换表", D(40)), **more)
    with pytest.raises(InputError, match=words):
        metering.exchange(meter, act, users[role], kit.NOW)
    assert MeterTerm.objects.filter(meter=meter).count() == 1


def test_a_virtual_meter_takes_meters_of_one_unit_and_use(meter, users, places):
    other = metering.register_meter(asked(places["91-A"], "0000000003300011", counted=False, name="转供"), users["city"])
    heat = metering.register_meter(asked(places["91-A"], "0000000003200010", product="heat", unit="GJ"), users["city"])
    virtual = metering.register_virtual(places["91-A"], "自用", [(meter, D(1)), (other, D(-1))], users["city"])
    entries = {entry.entry: entry.points for entry in registered().entries}
    assert entries[f"v{virtual.pk}"] == ((meter.point, 1.0), (other.point, -1.0))
    assert f"m{other.pk}" not in entries
    for weights, words in (([], "至少一只"), ([(meter, D(1)), (heat, D(1))], "同一品种"), ([(meter, D(0))], "系数不能是0")):
        with pytest.raises(InputError, match=words):
            metering.register_virtual(places["91-A"], "另一个", weights, users["city"])
    with pytest.raises(InputError, match="同名"):
        metering.register_virtual(places["91-A"], "自用", [(meter, D(1))], users["city"])
    assert VirtualMeter.objects.unscoped("test").count() == 1


def test_a_member_of_a_virtual_meter_keeps_what_it_measures(meter, users, places):
    metering.register_virtual(places["91-A"], "自用", [(meter, D(1))], users["city"])
    for more in ({"product": "heat", "unit": "GJ"}, {"flow": "terminal"}):
        with pytest.raises(InputError, match="自用"):
            metering.change_meter(meter, asked(places["91-A"], **more), users["city"], kit.NOW)
    metering.change_meter(meter, asked(places["91-A"], name="总降2号进线"), users["city"], kit.NOW)
    meter.refresh_from_db(from_queryset=Meter.objects.unscoped("test"))
    assert (meter.name, meter.product, meter.flow) == ("总降2号进线", "electricity", "inflow")


def test_an_exchange_that_was_read_before_another_is_told_of_the_later_term(meter, users):
    """Both asked with the meter as it was; the second is refused instead of ending the first term once more."""
    stale = Meter.objects.unscoped("test").get(pk=meter.pk)
    first, second = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    metering.exchange(meter, Exchange(first, "换表", D(40)), users["enterprise"], kit.NOW)
    with pytest.raises(InputError, match="启用时间"):
        metering.exchange(stale, Exchange(second, "换表", D(60)), users["city"], kit.NOW)
    ends = MeterTerm.objects.filter(meter=meter).order_by("starts_at").values_list("starts_at", "ends_at")
    assert list(ends) == [(SINCE, first), (first, None)]


def test_the_intake_knows_who_may_send_by_the_sm3_of_the_key_alone(users, places):
    made, secret = metering.register_user(places["91-A"], users["city"], demonstration=True)
    collecting.step(kit.NOW)
    known = read_enterprises(collecting.store())["91-A"]
    assert (known.key_sm3, known.device_id, known.region, known.demonstration) == (sm3_hex(secret.encode()), made.device_id, "431002", True)
    assert not any(secret in entry.payload for entry in Entry.objects.all())
    _same, renewed = metering.register_user(places["91-A"], users["city"])
    collecting.step(kit.NOW)
    assert renewed != secret
    assert read_enterprises(collecting.store())["91-A"].key_sm3 == sm3_hex(renewed.encode())
    metering.close_user(EnergyUser.objects.unscoped("test").get(), users["city"])
    collecting.step(kit.NOW)
    assert read_enterprises(collecting.store()) == {}
    assert actions() == ["monitoring.energyuser.create", "monitoring.energyuser.renew", "monitoring.energyuser.close"]
    with pytest.raises(InputError, match="企业"):
        metering.register_user(places["431002"], users["city"])


# pages


def form(subject: Any, **more: Any) -> dict[str, Any]:
    stated = {
        "subject": subject.pk, "code": "00-00-0000-033000-10", "name": "总降1号进线", "product": "electricity", "flow": "inflow",
        "unit": "kWh", "kind": "register", "reading": "meter.realtime", "interval_minutes": "15", "counted": "on", "active": "on",
        "since": "2026-01-01T08:00", "multiplier": "40",
    }  # fmt: skip
    return stated | more


def test_the_city_registers_a_meter_by_the_form_and_others_do_not(client_of, users, places):
    city = client_of("city")
    assert city.get("/monitoring/meters/register/").status_code == 200
    answer = city.post("/monitoring/meters/register/", form(places["91-A"]))
    meter = Meter.objects.unscoped("test").get()
    assert answer.headers["Location"] == f"/monitoring/meters/{meter.pk}/"
    assert MeterTerm.objects.get().starts_at == SINCE
    assert city.post("/monitoring/meters/register/", form(places["91-A"])).status_code == 400
    assert city.post("/monitoring/meters/register/", form(places["91-A"], code="1")).status_code == 400
    for role in ("county", "enterprise", "reader", "department"):
        assert client_of(role).get("/monitoring/meters/register/").status_code == 403
        assert client_of(role).post("/monitoring/meters/register/", form(places["91-A"])).status_code == 403
    assert Meter.objects.unscoped("test").count() == 1


def test_a_meter_is_seen_by_whom_it_concerns(meter, client_of):
    seen = {role: client_of(role).get(f"/monitoring/meters/{meter.pk}/").status_code for role in ("city", "county", "enterprise", "zone")}
    assert seen == {"city": 200, "county": 200, "enterprise": 200, "zone": 404}
    listed = {role: meter.name in client_of(role).get("/monitoring/meters/").content.decode() for role in ("city", "enterprise", "zone")}
    assert listed == {"city": True, "enterprise": True, "zone": False}
    assert client_of("other_county").post(f"/monitoring/meters/{meter.pk}/exchange/", {"words": "x"}).status_code == 404


def test_the_unit_tells_of_an_exchange_by_the_form(meter, client_of):
    unit = client_of("enterprise")
    said = {"at": "2026-06-01T10:00", "last_register": "123.4", "first_register": "0", "multiplier": "60", "words": "旧表损坏"}
    assert unit.post(f"/monitoring/meters/{meter.pk}/exchange/", said | {"words": ""}).status_code == 400
    assert unit.post(f"/monitoring/meters/{meter.pk}/exchange/", said | {"at": "2025-06-01T10:00"}).status_code == 400
    assert unit.post(f"/monitoring/meters/{meter.pk}/exchange/", said).status_code == 302
    shown = unit.get(f"/monitoring/meters/{meter.pk}/").content.decode()
    assert "旧表损坏" in shown
    assert "123.4" in shown
    assert unit.post(f"/monitoring/meters/{meter.pk}/", {}).status_code == 403


def test_the_city_changes_a_meter_by_the_form(meter, client_of, places):
    city = client_of("city")
    said = form(places["91-A"], name="总降", modulus="1000000")
    assert city.post(f"/monitoring/meters/{meter.pk}/", said).status_code == 302
    meter.refresh_from_db(from_queryset=Meter.objects.unscoped("test"))
    assert (meter.name, meter.modulus, meter.largest_per_hour) == ("总降", D(1_000_000), None)
    assert city.post(f"/monitoring/meters/{meter.pk}/", said | {"unit": "t"}).status_code == 400
    assert MeterTerm.objects.get().multiplier == D(40)


def test_virtual_meters_and_users_by_their_forms(meter, client_of, places):
    city = client_of("city")
    said = {"subject": places["91-A"].pk, "name": "自用", "parts": f"{CODE} 1", "counted": "on"}
    assert city.post("/monitoring/meters/virtual/", said | {"parts": "9999999999999999 1"}).status_code == 400
    assert city.post("/monitoring/meters/virtual/", said).status_code == 302
    assert city.post("/monitoring/meters/virtual/", said).status_code == 400
    assert "自用" in city.get("/monitoring/meters/").content.decode()
    answer = city.post("/monitoring/meters/users/", {"subject": places["91-A"].pk, "do": "key"})
    user = EnergyUser.objects.unscoped("test").get()
    assert answer.status_code == 200
    assert user.device_id in answer.content.decode()
    assert sm3_hex(answer.context["secret"].encode()) == user.key_sm3
    assert city.post("/monitoring/meters/users/", {"subject": places["91-A"].pk, "do": "close"}).status_code == 302
    assert not EnergyUser.objects.unscoped("test").get().active
    assert client_of("enterprise").get("/monitoring/meters/users/").status_code == 403


def test_the_list_is_filtered_and_takes_a_fixed_number_of_statements(meter, client_of, users, places):
    city = client_of("city")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert city.get("/monitoring/meters/").status_code == 200
        return len(captured)

    statements()
    before = statements()
    for number in range(20, 30):
        metering.register_meter(asked(places["91-A"], f"00000000033000{number}", kind="interval", name=f"分表{number}"), users["city"])
    assert statements() == before <= 12
    shown = city.get("/monitoring/meters/?state=interval&q=分表2").content.decode()
    assert "分表21" in shown
    assert meter.name not in shown
