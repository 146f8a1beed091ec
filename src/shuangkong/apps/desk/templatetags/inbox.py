"""The items of the inbox, in one piece: a page holds fifty of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from html import escape
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuangkong.apps.ui import statuses

register = template.Library()


@register.simple_tag
def inbox_items(items: Iterable[Any], today: date) -> SafeString:
    """Urgency, title and way, detail, whose it is, the deadline or when it was settled; ``items`` as the selector gives them."""
    demonstration = f' <span class="mk mk-demo">{_("演示")}</span>'
    shown = _Shown(today)
    return mark_safe("".join(_item(item, shown, demonstration if item.demonstration else "") for item in items))


class _Shown:
    """How urgency and deadlines are shown: few differ on a page, so each is made once."""

    def __init__(self, today: date) -> None:
        self.state = cache(lambda severity, due_on: statuses.urgency(severity, due_on, today))
        self.due = cache(lambda due_on: statuses.due(due_on, today))


def _item(item: Any, shown: _Shown, mark: str) -> str:
    detail = f'<br><span class="note">{escape(item.detail)}</span>' if item.detail else ""
    whose = item.for_department__short_name or item.for_subject__name
    of = f'<br><span class="note">{escape(whose)}</span>' if whose else ""
    words = f'<div class="m"><a href="{escape(item.address)}">{escape(item.title)}</a>{mark}{detail}{of}</div>'
    if item.closed_at:
        on = timezone.template_localtime(item.closed_at)
        settled = f'<span class="due">{_("%(on)s 办结") % {"on": f"{on:%m-%d %H:%M}"}}</span>'
        return f'<li><span class="st w-ok ico">{_("已办结")}</span>{words}{settled}</li>'
    return f"<li>{shown.state(item.severity, item.due_on)}{words}{shown.due(item.due_on) if item.due_on else ''}</li>"
