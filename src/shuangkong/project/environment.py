"""How a command enters an installation: its mode, its folder, Django."""

from __future__ import annotations

import os

import django
from django.apps import apps
from django.utils import translation

MODES = ("demonstration", "live")


def enter(mode: str | None = None) -> None:
    """Start Django for the installation of ``mode`` (else of ``SHUANGKONG_MODE``, else live); once entered, stay."""
    if mode and not apps.ready:
        os.environ["SHUANGKONG_MODE"] = mode
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangkong.project.settings")
    django.setup()
    translation.activate("zh-hans")
