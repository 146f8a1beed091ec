"""The register of points: made when a registered device's factors are known, or when its first value stands in the series.

The key of a point says where it belongs: ``hj212/MN/FACTOR`` of a device, ``meter/ENTERPRISE/CODE`` of an energy user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.monitoring.models import Device, Meter, Point, PointLimit
from shuangkong.apps.monitoring.rules import whole
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.errors import InputError
from shuangkong.hj212.catalogue import factors, factors_2005
from shuangkong.series.schema import Point as Known
from shuangkong.series.schema import point_of

HJ212, METER = "hj212", "meter"
_FLOWS = {"w00000", "a00000"}
#: Parameters of the state of the gas or the water, by the beginning of their code; the others are pollutants.
_CONDITIONS = ("a01", "a19001", "w01010", "w01014")
_ENERGY_USERS = (Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT)
_MEDIA = {"a": Point.Medium.GAS, "w": Point.Medium.WATER}


def _points() -> Any:
    return Point.objects.unscoped("the service that keeps the register of points")


def make_points(found: Iterable[Known], now: datetime, actor: Any = None) -> list[Point]:
    """Makes the points that are not there yet and whose device or energy user is registered. A fixed number of statements."""
    asked = {each.point: each for each in found}
    there = set(_points().filter(pk__in=asked).values_list("pk", flat=True))
    fresh = [each for each in asked.values() if each.point not in there]
    if not fresh:
        return []
    devices = {d.mn: d for d in _devices().filter(mn__in={each.device for each in fresh if each.system == HJ212})}
    codes = {each.device for each in fresh if each.system == METER}
    users = {subject.code: subject for subject in Subject.objects.filter(code__in=codes, kind__in=_ENERGY_USERS)}
    intervals = _intervals(now)
    made = [point for each in fresh if (point := _point(each, devices, users, intervals, now))]
    with transaction.atomic():
        Point.objects.bulk_create(made, batch_size=200, ignore_conflicts=True)
        if made:
            record("monitoring.points.created", Point, actor=actor, after={"count": len(made), "first": made[0].key})
    return made


def _devices() -> Any:
    return Device.objects.unscoped("whose points they are")


def _intervals(now: datetime) -> dict[str, int]:
    return {system: whole(f"realtime_interval_s.{system}", civil_day(now)) for system in (HJ212, METER)}


def _point(
    of: Known, devices: Mapping[str, Device], users: Mapping[str, Subject], intervals: Mapping[str, int], now: datetime
) -> Point | None:
    """A new point; None where nobody has registered what it belongs to."""
    owner: Any = devices.get(of.device) if of.system == HJ212 else users.get(of.device)
    if owner is None:
        return None
    device = owner if of.system == HJ212 else None
    name, unit, medium, role = _described(of)
    interval_s = int(device.link.get("interval_s", 0)) if device else 0
    return Point(
        id=of.point, key=of.key, source=f"{of.system}/{of.device}", device=device, subject_id=device.subject_id if device else owner.pk,
        code=of.code, name=name, unit=unit, medium=medium, role=role, interval_s=interval_s or intervals[of.system], active_from=now,
        demonstration=owner.demonstration,
    )  # fmt: skip


def _described(of: Known) -> tuple[str, str, str, str]:
    """Name, unit, medium and role of a point."""
    if of.system == METER:
        return _("计量数据{code}").format(code=of.code), "", Point.Medium.ENERGY, Point.Role.METER
    factor = factors().get(of.code) or factors_2005().get(of.code)
    if factor is None:
        return _("因子{code}").format(code=of.code), "", Point.Medium.OTHER, Point.Role.CONDITION
    medium = _MEDIA.get(factor.code[0], Point.Medium.OTHER)
    return factor.name, factor.unit, medium, _role(factor.code)


def _role(code: str) -> str:
    if code in _FLOWS:
        return Point.Role.FLOW
    return Point.Role.CONDITION if code.startswith(_CONDITIONS) or code[0] not in _MEDIA else Point.Role.POLLUTANT


def make_points_of(device: Device, now: datetime, actor: Any = None) -> list[Point]:
    """The points that a device is registered to report."""
    return make_points([point for code in device.factors if (point := point_of(HJ212, device.mn, code))], now, actor)


def name_meter(meter: Meter) -> None:
    """The point of a meter is called as the meter is, in its unit and with its interval, as soon as either is there."""
    _points().filter(pk=meter.point).update(name=meter.name, unit=meter.unit, interval_s=meter.interval_s)


def end_or_reopen(meter: Meter, now: datetime) -> None:
    """Nothing is expected any more of the point of a meter that was closed; of one that was opened again, it is."""
    _points().filter(pk=meter.point).update(active_to=None if meter.active else now)


def hand_over(device: Device) -> None:
    """The points of a device belong to whom the device belongs."""
    _points().filter(device=device).exclude(subject=device.subject_id).update(subject=device.subject_id)


class Change(NamedTuple):
    """What a person sets of a point; None leaves it as it is."""

    name: str | None = None
    unit: str | None = None
    interval_s: int | None = None
    active_to: datetime | None = None


def change_point(point: Point, change: Change, actor: Any) -> None:
    """Changes a point, with its entry.

    Raises:
        InputError: by one who only reads, or an interval that is none.
    """
    _must_write(actor)
    if change.interval_s is not None and change.interval_s < 1:
        raise InputError(_("间隔须是正的秒数"), where=point.name, do=_("填写设备实际的上传间隔（秒）"))
    after = {name: value for name, value in change._asdict().items() if value is not None and value != getattr(point, name)}
    if not after:
        return
    before = {name: getattr(point, name) for name in after}
    for name, value in after.items():
        setattr(point, name, value)
    with transaction.atomic():
        point.save(update_fields=list(after))
        record("monitoring.point.change", point, actor=actor, subject_id=point.subject_id, before=before, after=after)


class Bound(NamedTuple):
    """A limit as a person states it, with its document."""

    kind: str
    upper: Decimal | None
    lower: Decimal | None
    applies_from: date
    document: str
    locator: str = ""


def set_limit(point: Point, bound: Bound, actor: Any) -> PointLimit:
    """A bound from a day on; the one before ends on that day. Rows are added, never written over.

    Raises:
        InputError: no bound, no document, the lower not below the upper, or not later than the last one.
    """
    _must_write(actor)
    if bound.upper is None and bound.lower is None:
        raise InputError(_("没有填上限也没有填下限"), where=point.name, do=_("至少填一个"))
    if bound.upper is not None and bound.lower is not None and bound.lower >= bound.upper:
        raise InputError(_("下限应小于上限"), where=point.name, do=_("核对两个数"))
    if not bound.document.strip():
        raise InputError(_("没有填依据"), where=point.name, do=_("填写标准号、许可证编号或铭牌"))
    last = PointLimit.objects.unscoped("the limit before").filter(point=point, kind=bound.kind).order_by("-applies_from").first()
    if last is not None and last.applies_from >= bound.applies_from:
        raise InputError(
            _("已有自{day}起的限值").format(day=last.applies_from), where=point.name, do=_("新的限值应自更晚的一天起")
        )
    with transaction.atomic():
        if last is not None and (last.applies_to is None or last.applies_to > bound.applies_from):
            PointLimit.objects.unscoped("it ends").filter(pk=last.pk).update(applies_to=bound.applies_from)
        made = PointLimit.objects.create(point=point, entered_by=actor, demonstration=point.demonstration, **bound._asdict())
        record("monitoring.point.limit", point, actor=actor, subject_id=point.subject_id, after=bound._asdict())
    return made


def _must_write(actor: Any) -> None:
    if actor.role not in (User.Role.CITY, User.Role.ADMINISTRATOR):
        raise InputError(_("您不能改监测点"), why=_("间隔和限值决定数据如何判断"), do=_("请市级主管登记"))


def heard(latest: Mapping[int, tuple[datetime, datetime]]) -> int:
    """Notes of each point the time of its newest value and when the newest came; answers how many points moved on."""
    points: Sequence[Point] = list(_points().filter(pk__in=latest))
    moved = []
    for point in points:
        at, received = latest[point.pk]
        if point.last_at is None or at > point.last_at or point.last_received_at is None or received > point.last_received_at:
            point.last_at = max(at, point.last_at or at)
            point.last_received_at = max(received, point.last_received_at or received)
            moved.append(point)
    Point.objects.bulk_update(moved, ["last_at", "last_received_at"], batch_size=200)
    return len(moved)
