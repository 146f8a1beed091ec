"""Template tags of figures: ``{% figure value %}`` alone, ``{% cell value %}`` in a table, status, level, marks, citation, bars."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from shuangkong.apps.ui import bullets, figures, statuses
from shuangkong.apps.ui.words import language
from shuangkong.core import wording
from shuangkong.core.periods import Period

register = template.Library()

register.simple_tag(figures.figure, name="figure")
register.simple_tag(figures.cell, name="cell")
register.simple_tag(figures.inline, name="inline")
register.simple_tag(figures.mark, name="mark")
register.simple_tag(figures.marks, name="marks")
register.simple_tag(figures.evidence, name="evidence")
register.simple_tag(figures.citation, name="cite")
register.simple_tag(statuses.state, name="status")
register.simple_tag(statuses.level, name="level")
register.simple_tag(bullets.bullet, name="bullet")


@register.simple_tag
def unit(indicator: Any, large: bool = True) -> str:
    """The unit of ``indicator`` as its column heading shows it."""
    return figures.screen_unit(indicator, large).unit


@register.filter
def words(value: Any) -> str:
    """A value as text without markup: 降2.38%."""
    return figures.text(value)


@register.filter
def explained(value: Any) -> str:
    """The address at which the explanation of ``value`` opens."""
    return figures.address(value)


@register.filter
def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """A bare number with thousands commas and the true minus; — when there is none."""
    return figures.NOT_COMPUTABLE if value is None else wording.number(Decimal(value), decimals)


@register.filter
def signed(value: Decimal | None, decimals: int = 2) -> str:
    """A number with its sign: +0.71."""
    return figures.NOT_COMPUTABLE if value is None else wording.signed(Decimal(value), decimals)


@register.filter
def day(value: date | None) -> str:
    """A day as 2025-07-22."""
    return value.isoformat() if value else figures.NOT_COMPUTABLE


@register.filter
def minute(value: datetime) -> str:
    """A moment to the minute, in local time: 2025-07-22 09:30."""
    return f"{timezone.template_localtime(value):%Y-%m-%d %H:%M}"


@register.filter
def period(value: Any) -> str:
    """The period of a value, or a :class:`Period`, as people read it: 2025年1—6月, 截至2026年9月的四个季度."""
    return value.label if isinstance(value, Period) else value.period.label


@register.simple_tag
def due(on: date | None, today: date) -> SafeString:
    """A deadline: 超1天 and today in red, otherwise the day."""
    return statuses.due(on, today)


@register.simple_tag
def urgency(severity: int, on: date | None, today: date) -> SafeString:
    """The icon of an open item."""
    return _urgency(severity, on, today, language())


@lru_cache(maxsize=512)
def _urgency(severity: int, on: date | None, today: date, language: str) -> SafeString:
    return statuses.urgency(severity, on, today)
