"""Who sees points, outages and findings: the scope rule of telemetry, in one place."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from shuangkong.apps.organisations.models import Department, User

#: The topic of the plan's clause that names who runs telemetry.
TOPIC = "telemetry"
#: The roles in a clause that share what is measured; whoever only carries it out does not.
ROLES = ("lead", "support")


def telemetry_q(user: Any, path: str) -> Q:
    """The city sees all, so does a department that leads or is responsible for a clause on telemetry; others their own subjects."""
    return Q() if user.sees_all or is_named(user) else Q(**{f"{path}__in": user.own_subject_ids})


def is_named(user: Any) -> bool:
    """Whether the user is of a department that the clause on telemetry names. Asked of the database once for each request's user."""
    if user.role != User.Role.DEPARTMENT or user.department_id is None:
        return False
    if not hasattr(user, "_named_by_telemetry"):
        named = Department.objects.filter(pk=user.department_id, duties__clause__topic=TOPIC, duties__role__in=ROLES)
        user._named_by_telemetry = named.exists()
    return bool(user._named_by_telemetry)
