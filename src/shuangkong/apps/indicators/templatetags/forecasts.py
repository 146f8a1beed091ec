"""Template tags of forecasts: a point with its mark and interval, and what it says of the target. Never a point alone."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shuangkong.apps.indicators.forecast.models import ForecastPoint
from shuangkong.apps.indicators.forecast.pages import interval_words, words
from shuangkong.apps.ui import figures, statuses
from shuangkong.core import wording

register = template.Library()
register.filter("interval", interval_words)


@register.simple_tag
def forecast_point(point: ForecastPoint | None) -> SafeString:
    """The number with its mark, leading to the forecast, and its interval behind."""
    if not point:
        return format_html('<span class="na">{}</span>', figures.NOT_COMPUTABLE)
    level = wording.number(point.forecast.level_percent, 0) if point.forecast.level_percent else ""
    return format_html(
        '<a class="fig num" href="{}">{}</a> {} <span class="t3 s12 num">{}%：{}</span>',
        reverse("forecast:forecast", args=[point.forecast_id]), words(point, point.value), figures.mark("forecast"), level,
        interval_words(point),
    )  # fmt: skip


@register.simple_tag
def forecast_number(point: ForecastPoint | None) -> SafeString:
    """The number alone for a table whose columns hold mark and interval."""
    if not point:
        return format_html('<span class="na">{}</span>', figures.NOT_COMPUTABLE)
    shown = words(point, point.value, unit=False)
    return format_html('<a class="fig num" href="{}">{}</a>', reverse("forecast:forecast", args=[point.forecast_id]), shown)


@register.simple_tag
def forecast_verdict(point: ForecastPoint | None, extra: str = "") -> SafeString:
    """按预测可达到, 难判定 or 达不到; nothing where no plan asks anything then."""
    return statuses.state(f"forecast_{point.verdict}", extra=extra) if point and point.verdict else SafeString("")


@register.filter
def percent(text: Any, places: int = 2) -> str:
    """An error as 1.39%."""
    from decimal import Decimal

    return f"{wording.number(Decimal(str(text)), places)}%"
