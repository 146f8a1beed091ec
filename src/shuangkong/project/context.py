"""What every page knows of the installation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from shuangkong import __version__


def installation(request: HttpRequest) -> dict[str, object]:
    """Version and whether all that is shown is demonstration."""
    return {"demonstration": settings.DEMONSTRATION, "version": __version__}
