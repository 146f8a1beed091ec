"""The field of the demonstration is registered once, by the services that register any other; a live installation has none."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.monitoring.metered import registered
from shuangkong.apps.monitoring.models import Device, Meter, Point, PointLimit
from shuangkong.apps.monitoring.services import collecting
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.gateway import living_meters
from shuangkong.gateway.living import HABITS
from shuangkong.gateway.meters import CIVIL, read_batch, read_dialects, read_enterprises
from shuangkong.project import demonstration_field, run_command, simulate_command
from shuangkong.series.devices import read_devices
from shuangkong.series.schema import point_id

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def demonstration(settings, places, make_user):
    settings.DEMONSTRATION = True
    Subject.objects.filter(code="91-A").update(demonstration=True)
    make_user("city", demonstration=True)


def test_it_is_registered_once_with_points_and_limits_all_marked(demonstration):
    assert demonstration_field.register(NOW) == len(HABITS)
    assert demonstration_field.register(NOW) == 0
    assert set(read_devices(collecting.store())) == {habit.mn for habit in HABITS}, "a gateway that starts now knows them"
    devices = Device.objects.unscoped("test")
    assert devices.count() == len(HABITS) == devices.filter(demonstration=True, subject__code="91-A").count()
    points = Point.objects.unscoped("test")
    assert points.count() > len(HABITS) and not points.filter(demonstration=False).exists()
    limits = PointLimit.objects.unscoped("test")
    assert limits.count() > 4 and not limits.filter(demonstration=False).exists()
    assert Entry.objects.filter(action="monitoring.device.create").count() == len(HABITS)


def test_its_meters_send_with_the_key_that_the_intake_knows_and_what_they_send_counts(demonstration):
    demonstration_field.register(NOW)
    demonstration_field.register(NOW)
    root = collecting.store()
    (user,) = living_meters.read_users(root)
    collecting.step(NOW)
    known = read_enterprises(root)
    assert (known["91-A"].key_sm3, known["91-A"].demonstration) == (sm3_hex(user.key.encode()), True)
    dialect = read_dialects(root)["national"]
    sent = living_meters.rows_of(user, NOW - timedelta(hours=1), NOW)
    read = read_batch({"deviceId": user.device_id, "data": sent}, dialect, known["91-A"], NOW.astimezone(CIVIL))
    assert (len(read.readings), read.faults) == (8, [])
    keys = {f"meter/91-A/{reading['data_code']}" for reading in read.readings}
    assert keys == {meter.key for meter in Meter.objects.unscoped("test").filter(demonstration=True)}
    assert {of.point for of in registered().meters} == {point_id(key) for key in keys}


def test_without_an_invented_enterprise_nothing_is_registered(settings, places, make_user):
    settings.DEMONSTRATION = True
    demonstration_field.register(NOW)
    assert not Device.objects.unscoped("test").exists()


def test_a_live_installation_refuses_it(settings, db, monkeypatch):
    settings.DEMONSTRATION = False
    with pytest.raises(InputError):
        demonstration_field.register(NOW)
    monkeypatch.setenv("SHUANGKONG_MODE", "live")
    with pytest.raises(InputError):
        simulate_command.run_field(Namespace())


@pytest.mark.parametrize(("mode", "there"), [("demonstration", True), ("live", False)])
def test_only_make_run_has_the_field_among_its_children(mode, there):
    args = Namespace(port=1, gateway_port=2, intake_port=3, installation=mode)
    names = [service.name for service in run_command.services(args, Path("x"))]
    assert ("field" in names) is there
