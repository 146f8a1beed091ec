"""Tags of the pages of points: a source's state, states by their code."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from shuangkong.apps.ui import statuses

register = template.Library()


@register.simple_tag
def source_state(source: Any, extra: str = "") -> SafeString:
    """How a source stands."""
    return statuses.state(f"point_{source.state}", extra=extra)


@register.simple_tag
def status_word(code: str) -> SafeString:
    """A state of a source by its code."""
    return statuses.state(f"point_{code}")
