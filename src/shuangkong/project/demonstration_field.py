"""The field of the demonstration is registered as any other: devices by the registry's service, as some invented enterprises'."""

from __future__ import annotations

from datetime import datetime

from shuangkong.apps.monitoring.models import Device
from shuangkong.apps.monitoring.services import registry
from shuangkong.apps.monitoring.services.registry import Asked
from shuangkong.apps.organisations.models import Subject
from shuangkong.gateway.living import HABITS, Habit
from shuangkong.gateway.plants import Plant
from shuangkong.gateway.simulator import PASSWORD
from shuangkong.project.packs.demonstration import require_demonstration

#: How many outlets each enterprise has.
OUTLETS = 2


def register(now: datetime) -> int:
    """Registers what is not yet registered of the demonstration's field; how many devices were new.

    Raises:
        InputError: this is not the demonstration.
    """
    require_demonstration()
    known = set(Device.objects.unscoped("which of them are registered").values_list("mn", flat=True))
    owners = list(Subject.objects.filter(kind=Subject.Kind.ENTERPRISE, demonstration=True).order_by("position", "code"))
    fresh = [habit for habit in HABITS if habit.mn not in known]
    for habit in fresh if owners else ():
        registry.register(_asked(habit, owners[habit.number // OUTLETS % len(owners)].pk), None, now, demonstration=True)
    return len(fresh)


def _asked(habit: Habit, subject_id: int) -> Asked:
    return Asked(habit.mn, habit.name, subject_id, PASSWORD, systems=(Plant(habit.seed).st,), edition=2017)
