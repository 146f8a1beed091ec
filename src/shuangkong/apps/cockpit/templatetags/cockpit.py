"""Cells of the cockpit's tables, made in one piece each: a list of many rows has no include inside its loop."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.urls import get_script_prefix
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuangkong.apps.cockpit.overview import Headline, PlaceRow
from shuangkong.apps.cockpit.statements import plain
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.ui import bullets, figures, statuses
from shuangkong.core.periods import Period
from shuangkong.core.wording import growth

register = template.Library()


@register.filter
def quarter(end: date) -> str:
    """2026年三季度, from the first day after it."""
    return _quarter(end).label


@register.filter
def quarter_code(end: date) -> str:
    """2026Q3, from the first day after it."""
    return _quarter(end).code


def _quarter(end: date) -> Period:
    last = end - timedelta(days=1)
    return Period.quarter(last.year, (last.month + 2) // 3)


@register.filter
def aim(target: Target) -> str:
    """What a target asks: its number with the unit, or its words."""
    if target.number is None:
        return target.words
    return f"{plain(target.number)}{target.indicator.unit}"


@register.filter
def short_name(name: str) -> str:
    """原煤消费量（折标准煤） as 原煤: the column's heading says the rest."""
    for tail in (_("消费量（折标准煤）"), _("能源消费量")):
        name = name.removesuffix(tail)
    return name


@register.simple_tag
def place_cells(row: PlaceRow, query: str = "") -> SafeString:
    """One row of the list of counties or zones."""
    address = f"{get_script_prefix()}counties/{row.subject.code}/{query}"
    cell = figures.cell
    gap = f'<td class="num" data-l="{_("差距（百分点）")}">{cell(row.gap)}</td>'
    return mark_safe(
        f'<tr><td>{place_level(row, short=True)}</td><td data-l="{_("市")}">{_city_level(row)}</td>'
        f'<td class="nw n"><a href="{escape(address)}">{escape(row.subject.name)}</a></td>'
        f'<td class="num" data-l="{_("累计")}">{cell(row.decline)}</td><td class="num t2 hide-m hide-s">{cell(row.required)}</td>'
        f'{gap}<td class="num" data-l="{_("本年")}">{cell(row.change)}</td></tr>'
    )


@register.simple_tag
def place_level(row: PlaceRow, extra: str = "", prefix: object = "", short: bool = False) -> SafeString:
    """The national level of a place; 缺报 where its figure is due and absent."""
    if row.missing and not (row.national is not None and row.national.severity):
        return statuses.state(row.change.status if row.change is not None else "missing", extra=extra)
    return statuses.level(row.national, extra, prefix, short)


def _city_level(row: PlaceRow) -> SafeString:
    if row.city_scheme is None and row.missing:
        return mark_safe(f'<span class="na">{figures.NOT_COMPUTABLE}</span>')
    return statuses.level(row.city_scheme, short=True)


@register.simple_tag
def progress_bar(row: PlaceRow | None, elapsed_percent: Decimal, tall: bool = False) -> SafeString:
    """The bullet bar of a place's decline: done against the time that is over."""
    progress = row.progress.value if row is not None and row.progress is not None else None
    severity = row.national.severity if row is not None and row.national is not None else None
    css = {1: "b1", 2: "b2", 3: "b3"}.get(severity or 0, "")
    return bullets.bullet(progress, elapsed_percent, css, tall)


@register.simple_tag
def headline_value(line: Headline) -> SafeString:
    """The newest value; 缺报 where none was ever computed."""
    if line.value is None:
        return mark_safe(f'<span class="na">{_("缺报")}</span>')
    return figures.inline(line.value)


@register.simple_tag
def headline_target(line: Headline) -> SafeString:
    """The number with its unit, the words, or 未下达."""
    if line.target is None:
        return mark_safe(f'<span class="t3 s12">{_("未下达")}</span>')
    if line.in_words:
        return mark_safe(f'<span class="t3 s12 wrap">{_("定性：")}{escape(line.target.words)}</span>')
    return mark_safe(f'{plain(line.target.number)}<span class="u">{escape(line.target.indicator.unit)}</span>')


@register.simple_tag
def headline_progress(line: Headline, elapsed_percent: Decimal) -> SafeString:
    """A bar against a number, the trend for words, nothing where neither is."""
    if line.growth is not None and line.growth.value is not None:
        said = f'{_("同比")}<a class="fig" href="{figures.address(line.growth)}">{growth(line.growth.value)}</a>'
        return mark_safe(f'<span class="s12 t2 num">{said}</span>')
    if line.target is None or line.in_words:
        return mark_safe(f'<span class="na s12">{_("定性目标，不算完成率")}</span>' if line.target else "")
    amount = line.value.value if line.value is not None else None
    done = None if amount is None else amount / line.target.number * 100
    return bullets.bullet(done, elapsed_percent)


@register.simple_tag
def headline_state(line: Headline) -> SafeString:
    """缺报 where the value is missing, 不评级 for words or without a target, else its data status."""
    value: Any = line.value
    if value is None or value.value is None:
        return statuses.state(value.status if value is not None else "missing")
    if line.target is None or line.in_words:
        return statuses.state("not_rated")
    return statuses.state(value.status)
