"""The field of the demonstration is registered as any other: devices and meters by the registry's services, as some invented
enterprises'."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from shuangkong.apps.monitoring.models import Device, Meter, Point
from shuangkong.apps.monitoring.services import collecting, metering, points, registry
from shuangkong.apps.monitoring.services.registry import Asked
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.gateway import living_meters
from shuangkong.gateway.living import HABITS, HISTORY, Habit
from shuangkong.gateway.plants import Plant
from shuangkong.gateway.simulator import PASSWORD
from shuangkong.project.packs.demonstration import require_demonstration

#: How many outlets each enterprise has.
OUTLETS = 2
#: Invented upper limits by factor, in its unit: now and then one is exceeded.
LIMITS = {"a21002": "50", "a21026": "35", "a34013": "10", "w01018": "50", "w21003": "5", "w21011": "0.5", "w21001": "15"}
LIMIT_DOCUMENT = "演示限值（虚构）"
LIMITS_FROM = date(2026, 1, 1)
#: How many enterprises have meters, and how many times its usual load a meter can count at most.
METER_OWNERS = 2
MOST_TIMES = 4


class Stated(NamedTuple):
    """A meter of the demonstration: its data code, what it measures, its usual load in units of the register an hour."""

    code: str
    name: str
    product: str
    unit: str
    load: float
    multiplier: int


METERS = (
    Stated("0000000002330030", "总降1号进线电表", "electricity", "kWh", 310.0, 40),
    Stated("0000000001150030", "天然气总表", "ng_gasfield", "m³", 95.0, 1),
)


def register(now: datetime) -> int:
    """Registers what is not yet registered of the demonstration's field; how many devices were new.

    Raises:
        InputError: this is not the demonstration.
    """
    require_demonstration()
    known = set(Device.objects.unscoped("which of them are registered").values_list("mn", flat=True))
    owners = list(Subject.objects.filter(kind=Subject.Kind.ENTERPRISE, demonstration=True).order_by("position", "code"))
    fresh = [habit for habit in HABITS if habit.mn not in known]
    actor = User.objects.filter(role=User.Role.CITY, demonstration=True).order_by("pk").first()
    _register_meters(owners[:METER_OWNERS], actor, now - HISTORY)
    for habit in fresh if owners else ():
        device = registry.register(_asked(habit, owners[habit.number // OUTLETS % len(owners)].pk), actor, now, demonstration=True)
        _limit(device, actor)
    # before anything sends: a gateway that starts without the file takes the field for strangers
    registry.write_file(collecting.store())
    return len(fresh)


def _register_meters(owners: list[Subject], actor: User | None, since: datetime) -> None:
    """Lets some enterprises send readings, with the meters that do; their keys stand in the store for the field that sends."""
    root = collecting.store()
    users = living_meters.read_users(root)
    known = {user.code for user in users}
    for owner in owners:
        if owner.code not in known:
            made, key = metering.register_user(owner, actor, demonstration=True)
            for number, stated in enumerate(METERS):
                if not Meter.objects.unscoped("which of them are registered").filter(subject=owner, key__endswith=stated.code).exists():
                    metering.register_meter(_meter(owner, stated, number, since), actor, demonstration=True)
            registers = tuple(living_meters.Register(stated.code, stated.load) for stated in METERS)
            users.append(living_meters.User(owner.code, key, made.device_id, registers))
    if len(users) > len(known):
        living_meters.write_users(root, users)


def _meter(owner: Subject, stated: Stated, number: int, since: datetime) -> metering.Asked:
    return metering.Asked(
        owner, stated.code, stated.name, stated.product, "inflow", stated.unit, "register", since, Decimal(stated.multiplier),
        modulus=Decimal(living_meters.Register.modulus), largest_per_hour=Decimal(str(stated.load)) * MOST_TIMES,
        serial=f"演示-{number + 1}",
    )  # fmt: skip


def _asked(habit: Habit, subject_id: int) -> Asked:
    plant = Plant(habit.seed)
    factors = tuple(sensor.code for sensor in plant.sensors)
    return Asked(habit.mn, habit.name, subject_id, PASSWORD, systems=(plant.st,), edition=2017, factors=factors)


def _limit(device: Device, actor: User | None) -> None:
    """Sets the invented limits of a device's points."""
    found = Point.objects.unscoped("the demonstration's own points").filter(device=device, code__in=LIMITS)
    for point in found if actor else ():
        points.set_limit(point, points.Bound("standard", Decimal(LIMITS[point.code]), None, LIMITS_FROM, LIMIT_DOCUMENT), actor)
