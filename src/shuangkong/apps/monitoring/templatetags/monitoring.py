"""Tags of the pages of points: a source's state, states by their code."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.monitoring import drawing
from shuangkong.apps.monitoring.models import ConnectionDuty
from shuangkong.apps.monitoring.series_words import quality_words
from shuangkong.apps.ui import statuses
from shuangkong.core.rounding import round_half_up

register = template.Library()


@register.simple_tag
def source_state(source: Any, extra: str = "") -> SafeString:
    """How a source stands."""
    return statuses.state(f"point_{source.state}", extra=extra)


@register.simple_tag
def status_word(code: str) -> SafeString:
    """A state of a source by its code."""
    return statuses.state(f"point_{code}")


@register.simple_tag
def value_address(point: Any, reading: Any) -> str:
    """Where the versions of a value open."""
    return drawing.value_address(point, reading)


@register.simple_tag
def flag_words(reading: Any) -> str:
    """The flag of a value, and what else is said of it."""
    return "，".join(filter(None, (drawing.flag_words(reading.flag), quality_words(reading.marks))))


@register.simple_tag
def trouble_state(kind: str, line: Any, extra: str = "") -> SafeString:
    """How an outage or a finding stands (``kind``: outage, quality)."""
    return statuses.state(f"{kind}_{line.state}", extra=extra)


@register.simple_tag
def outage_name(line: Any) -> str:
    """Whose outage it is: of a device, of one item of it, of an energy user's meters."""
    whole = line.device.name if line.device else line.subject.name if line.subject else line.source
    return f"{whole}，{line.point.name}" if line.point else str(whole)


@register.simple_tag
def lasted(line: Any, now: datetime) -> str:
    """How long an outage lasted, or has lasted: 3天4小时, 2小时5分, 4分."""
    minutes = int(((line.ended_at or now) - line.started_at).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return _("%(d)d天%(h)d小时") % {"d": days, "h": hours}
    return _("%(h)d小时%(m)d分") % {"h": hours, "m": minutes % 60} if hours else _("%(m)d分") % {"m": minutes}


#: Why a unit that must be connected is not: its state and word.
MISSING = {
    "": ("w-ok", gettext_lazy("已联网")), "silent": ("w-stop", gettext_lazy("一周没有数据")), "never": ("st-2", gettext_lazy("从未上传")),
    "no_point": ("st-1", gettext_lazy("没有监测点")),
}  # fmt: skip


@register.simple_tag
def connection(unit: Any) -> SafeString:
    """Whether a unit that must be connected is, or why not."""
    return statuses.tag(*MISSING[unit.missing])


@register.simple_tag
def duty_kind(kind: str) -> str:
    """For what reason a unit must be connected."""
    return str(ConnectionDuty.Kind(kind).label)


@register.simple_tag
def percent(share: Decimal | None) -> str:
    """A share as percent with one place; — where there is none."""
    return "—" if share is None else f"{round_half_up(100 * share, 1)}%"
