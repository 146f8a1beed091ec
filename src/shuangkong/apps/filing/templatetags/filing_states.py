"""A state of work by its code, in shape, colour and word."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from shuangkong.apps.ui.statuses import state

register = template.Library()


@register.simple_tag
def work_state(code: str, extra: str = "") -> SafeString:
    """A state of the vocabulary."""
    return state(code, extra=extra)
