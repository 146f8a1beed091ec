"""What every page knows of the installation and of who reads it."""

from __future__ import annotations

from functools import cache, lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shuangkong import __version__
from shuangkong.apps.cockpit import prepared
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.organisations.models import Subject, User


def installation(request: HttpRequest) -> dict[str, object]:
    """Version, whether all that is shown is demonstration, the place, and how much waits for the person. Read when shown."""
    return {
        "demonstration": settings.DEMONSTRATION,
        "version": __version__,
        "place_name": SimpleLazyObject(_place_name),
        "inbox_count": SimpleLazyObject(lambda: _inbox_count(request)),
    }


def _place_name() -> str:
    """The city of the installed pack; empty before a pack is loaded."""
    return next((name for (name,) in prepared.rows(_cities())), "")


@cache
def _cities() -> prepared.Statement:
    return prepared.compiled(Subject.objects.filter(kind=Subject.Kind.CITY).values_list("name")[:1])


def _inbox_count(request: HttpRequest) -> int:
    """Open items addressed to the person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    return int(prepared.rows(_open_items(user.pk, user.department_id, user.subject_id))[0][0])


@lru_cache(maxsize=256)
def _open_items(user_id: int, department_id: int | None, subject_id: int | None) -> prepared.Statement:
    person = User(pk=user_id, department_id=department_id, subject_id=subject_id)
    found = InboxItem.objects.visible_to(person).filter(closed_at=None).order_by()
    return prepared.counted(prepared.compiled(found.values_list("pk")))
