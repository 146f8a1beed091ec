"""What every page knows of the installation and of who reads it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shuangkong import __version__
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.organisations.models import Subject


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
    return Subject.objects.filter(kind=Subject.Kind.CITY).values_list("name", flat=True).first() or ""


def _inbox_count(request: HttpRequest) -> int:
    """Open items addressed to the person."""
    user = getattr(request, "user", None)
    return InboxItem.objects.visible_to(user).filter(closed_at=None).count() if user else 0
