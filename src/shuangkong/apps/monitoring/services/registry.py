"""The registry of devices, and the files by which the gateway knows it and the energy users.

A change raises a number in its own transaction; the next step of the worker sees it and writes the file whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.sealing import seal, unseal
from shuangkong.apps.monitoring.models import Collection, Device, EnergyUser, Incident
from shuangkong.apps.monitoring.services import alerts, points
from shuangkong.core.errors import InputError
from shuangkong.series import devices as files
from shuangkong.series.files import write_json

USERS_FILE = "meters.json"

#: What is registered of a device and stands in the audit log; its password never does.
FIELDS = ("name", "subject_id", "systems", "edition", "profile", "addresses", "factors", "active")

#: What a change of a field sets right.
SETTLES = {"password": "password_wrong", "addresses": "address_wrong", "edition": "edition_mismatch", "systems": "st_not_registered"}


@dataclass(frozen=True)
class Asked:
    """What a person states of a device. ``password`` empty: as it was. ``subject_id`` None: nobody's yet, only the city sees it."""

    mn: str
    name: str
    subject_id: int | None
    password: str = ""
    systems: tuple[str, ...] = ()
    edition: int | None = None
    profile: str = "lenient"
    addresses: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    active: bool = True


def _devices() -> Any:
    return Device.objects.unscoped("the service that keeps the registry")


def _facts(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in FIELDS}


def register(asked: Asked, actor: Any, now: datetime, *, demonstration: bool = False) -> Device:
    """Registers a new device. What it sent as a stranger counts as settled.

    Raises:
        InputError: it is registered already, or has no password.
    """
    if not asked.password:
        raise InputError(_("没有填访问密码"), where=asked.mn, do=_("填写设备的访问密码（6位）"))
    with transaction.atomic():
        if _devices().filter(mn=asked.mn).exists():
            raise InputError(_("这台设备已登记"), where=asked.mn, do=_("在设备列表里打开它修改"))
        device = Device(mn=asked.mn, password=seal(asked.password), demonstration=demonstration)
        _put(device, asked)
        device.save()
        record("monitoring.device.create", device, actor=actor, subject_id=device.subject_id, after={"mn": device.mn, **_facts(device)})
        strangers = Incident.objects.unscoped("a stranger becomes known").filter(mn=device.mn, device=None)
        strangers.update(device=device)
        _settle(device, ("device_unknown",), actor, now, _("设备已登记"))
        points.make_points_of(device, now, actor)
        mark_changed()
    return device


def change(device: Device, asked: Asked, actor: Any, now: datetime) -> None:
    """Changes a device; what the change sets right counts as settled. The name in the standard (MN) stays."""
    before = _facts(device)
    with transaction.atomic():
        _put(device, asked)
        fresh = bool(asked.password)
        if fresh:
            device.password = seal(asked.password)
        device.save()
        after = _facts(device)
        changed = {name: after[name] for name in FIELDS if after[name] != before[name]} | ({"password": "***"} if fresh else {})
        if not changed:
            return
        was = {name: before[name] for name in changed if name in before}
        record("monitoring.device.change", device, actor=actor, subject_id=device.subject_id, before=was, after=changed)
        _settle(device, [code for name, code in SETTLES.items() if name in changed], actor, now, _("登记已改"))
        if "subject_id" in changed:
            points.hand_over(device)
        if "factors" in changed:
            points.make_points_of(device, now, actor)
        mark_changed()


def _put(device: Device, asked: Asked) -> None:
    device.name, device.subject_id, device.edition, device.profile = asked.name, asked.subject_id, asked.edition, asked.profile
    device.systems, device.addresses, device.factors = list(asked.systems), list(asked.addresses), list(asked.factors)
    device.active = asked.active


def _settle(device: Device, codes: Iterable[str], actor: Any, now: datetime, note: str) -> None:
    open_ones = Incident.objects.unscoped("settled by the registry").filter(device=device, code__in=list(codes), handled_at=None)
    if open_ones.update(handled_at=now, handled_by=actor, handled_note=note):
        alerts.raise_alerts(alerts.civil_day(now))


# the device file


def mark_changed() -> None:
    """Has the files of devices and energy users written anew."""
    Collection.objects.get_or_create(pk=1)
    Collection.objects.filter(pk=1).update(registry=F("registry") + 1)


def write_file(root: Path) -> bool:
    """Writes the device file of a store when the registry changed since; whether it did."""
    state = Collection.objects.filter(pk=1).first()
    if state is None or state.written == state.registry:
        return False
    files.write_devices(root, [_as_file(device) for device in _devices().filter(active=True)])
    _write_users(root)
    # a slower writer of an older registry leaves the number behind, and the next step writes anew
    Collection.objects.filter(pk=1, registry=state.registry).update(written=state.registry)
    return True


def _write_users(root: Path) -> None:
    """The file by which the intake knows who may send readings; written once the platform has registered anybody."""
    users = EnergyUser.objects.unscoped("the intake knows every user").select_related("subject", "subject__county")
    rows = [
        {
            "code": user.subject.code, "key_sm3": user.key_sm3, "device_id": user.device_id,
            "region": user.subject.county.code if user.subject.county else "", "demonstration": user.demonstration,
        }
        for user in users if user.active
    ]  # fmt: skip
    if users:
        write_json(root / USERS_FILE, {"enterprises": rows}, 0o640)


#: What the device file says beside what people register here; the key is sealed like a password.
_LINK = ("modbus_crc", "key", "key_created", "over_time_s", "resends")


def _as_file(device: Device) -> files.Device:
    link = dict(device.link)
    if link.get("key"):
        link["key"] = unseal(link["key"], device.mn)
    return files.Device(
        device.mn, unseal(device.password, device.mn), st=tuple(device.systems), edition=device.edition, profile=device.profile,
        addresses=tuple(device.addresses), demonstration=device.demonstration, **link,
    )  # fmt: skip


def adopt(known: Mapping[str, files.Device], actor: Any = None, *, subject_id: int | None = None, demonstration: bool = False) -> int:
    """Takes the devices of a device file that are not registered yet, as ``subject_id``'s or nobody's; answers with how many were new."""
    with transaction.atomic():
        there = set(_devices().filter(mn__in=known).values_list("mn", flat=True))
        fresh = [_from_file(device, subject_id, demonstration) for mn, device in known.items() if mn not in there]
        Device.objects.bulk_create(fresh, batch_size=200)
        if fresh:
            record("monitoring.devices.adopted", Device, actor=actor, after={"count": len(fresh), "first": fresh[0].mn})
            mark_changed()
    return len(fresh)


def _from_file(device: files.Device, subject_id: int | None, demonstration: bool) -> Device:
    link = {name: getattr(device, name) for name in _LINK}
    if device.key:
        link["key"] = seal(device.key)
    return Device(
        mn=device.mn, name=_("数采仪{end}").format(end=device.mn[-4:]), subject_id=subject_id, password=seal(device.pw),
        systems=list(device.st), edition=device.edition, profile=device.profile,
        addresses=list(device.addresses), demonstration=demonstration or device.demonstration, link=link,
    )  # fmt: skip
