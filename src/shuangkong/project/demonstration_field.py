"""The field of the demonstration is registered as any other: devices by the registry's service, as some invented enterprises'."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from shuangkong.apps.monitoring.models import Device, Point
from shuangkong.apps.monitoring.services import points, registry
from shuangkong.apps.monitoring.services.registry import Asked
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.gateway.living import HABITS, Habit
from shuangkong.gateway.plants import Plant
from shuangkong.gateway.simulator import PASSWORD
from shuangkong.project.packs.demonstration import require_demonstration

#: How many outlets each enterprise has.
OUTLETS = 2
#: Invented upper limits by factor, in its unit: now and then one is exceeded.
LIMITS = {"a21002": "50", "a21026": "35", "a34013": "10", "w01018": "50", "w21003": "5", "w21011": "0.5", "w21001": "15"}
LIMIT_DOCUMENT = "演示限值（虚构）"
LIMITS_FROM = date(2026, 1, 1)


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
    for habit in fresh if owners else ():
        device = registry.register(_asked(habit, owners[habit.number // OUTLETS % len(owners)].pk), actor, now, demonstration=True)
        _limit(device, actor)
    return len(fresh)


def _asked(habit: Habit, subject_id: int) -> Asked:
    plant = Plant(habit.seed)
    factors = tuple(sensor.code for sensor in plant.sensors)
    return Asked(habit.mn, habit.name, subject_id, PASSWORD, systems=(plant.st,), edition=2017, factors=factors)


def _limit(device: Device, actor: User | None) -> None:
    """Sets the invented limits of a device's points."""
    found = Point.objects.unscoped("the demonstration's own points").filter(device=device, code__in=LIMITS)
    for point in found if actor else ():
        points.set_limit(point, points.Bound("standard", Decimal(LIMITS[point.code]), None, LIMITS_FROM, LIMIT_DOCUMENT), actor)
