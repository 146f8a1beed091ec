"""The registry of devices and the file by which the gateway knows it."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.sealing import seal, unseal
from shuangkong.apps.monitoring.models import Collection, Device, Incident
from shuangkong.apps.monitoring.services import collecting, registry
from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.series import devices as files
from tests.monitoring import kit

pytestmark = pytest.mark.django_db


def in_file():
    collecting.step(kit.NOW)
    return files.read_devices(collecting.store())


def test_a_registered_device_stands_in_the_file_of_the_gateway(users, places):
    kit.register(users["city"], subject_id=places["91-A"].pk, addresses=("10.0.0.0/8",), profile="strict")
    device = in_file()[kit.MN]
    assert (device.pw, device.st, device.edition, device.profile) == (kit.PW, ("32",), 2017, "strict")
    assert device.may_call_from("10.2.3.4")
    assert not device.may_call_from("192.168.0.1")
    path = collecting.store() / files.DEVICES_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_database_and_the_log_hold_no_open_password(users):
    device = kit.register(users["city"], password="secret")
    assert "secret" not in Device.objects.unscoped("test").values_list("password", flat=True).get()
    assert unseal(device.password, device.mn) == "secret"
    assert seal("secret") != seal("secret")
    registry.change(device, kit.asked(password="other1"), users["city"], kit.NOW)
    entries = Entry.objects.filter(action__startswith="monitoring.device.")
    assert [entry.action for entry in entries.order_by("id")] == ["monitoring.device.create", "monitoring.device.change"]
    assert not any(word in entry.payload for entry in entries for word in ("secret", "other1", device.password))
    assert in_file()[kit.MN].pw == "other1"


def test_a_password_of_another_installation_is_said_and_not_guessed(users, settings):
    device = kit.register(users["city"])
    settings.SECRET_KEY = "another"
    with pytest.raises(ShuangkongError, match="另一把密钥"):
        unseal(device.password, device.mn)


def test_a_change_reaches_the_file_with_the_next_step_and_once(users):
    device = kit.register(users["city"])
    assert list(in_file()) == [kit.MN]
    assert collecting.step(kit.NOW) is False
    registry.change(device, kit.asked(password="", active=False), users["city"], kit.NOW)
    assert in_file() == {}
    registry.change(device, kit.asked(password="", active=True, name="换名"), users["city"], kit.NOW)
    assert in_file()[kit.MN].pw == kit.PW


def test_a_save_without_a_change_writes_nothing(users):
    device = kit.register(users["city"])
    before = (Entry.objects.count(), Collection.objects.get(pk=1).registry)
    registry.change(device, kit.asked(password=""), users["city"], kit.NOW)
    assert (Entry.objects.count(), Collection.objects.get(pk=1).registry) == before


def test_what_cannot_be_registered(users):
    kit.register(users["city"])
    with pytest.raises(InputError, match="已登记"):
        kit.register(users["city"])
    with pytest.raises(InputError, match="没有填访问密码"):
        kit.register(users["city"], "B" * 24, password="")
    assert Device.objects.unscoped("test").count() == 1


def test_a_device_file_from_before_is_taken_over_whole(users):
    old = files.Device(kit.MN, "old", st=("31",), edition=2005, addresses=("10.0.0.0/8",), modbus_crc="张三", key="0" * 32, resends=5)
    assert registry.adopt({kit.MN: old}) == 1
    assert registry.adopt({kit.MN: old}) == 0
    assert in_file()[kit.MN] == old
    kept = Device.objects.unscoped("test").get()
    assert "0" * 32 not in str(kept.link)
    registry.change(kept, replace(kit.asked(password=""), name="改名", systems=("31",), edition=2005), users["city"], kit.NOW)
    assert in_file()[kit.MN] == replace(old, addresses=(), networks=())


def test_what_a_change_sets_right_is_settled(users):
    device = kit.register(users["city"], addresses=("10.0.0.0/8",))
    kit.take(kit.met(times=5), kit.met("address_wrong"), kit.met("clock_off"), kit.met("device_unknown", "B" * 24))
    registry.change(device, kit.asked(password="654321", addresses=("10.0.0.0/8",)), users["city"], kit.NOW)
    open_ones = Incident.objects.unscoped("test").filter(handled_at=None)
    assert {line.code for line in open_ones} == {"address_wrong", "clock_off", "device_unknown"}
    made = kit.register(users["city"], "B" * 24)
    assert {line.code for line in open_ones.all()} == {"address_wrong", "clock_off"}
    stranger = Incident.objects.unscoped("test").get(code="device_unknown")
    assert (stranger.device, stranger.handled_by) == (made, users["city"])
