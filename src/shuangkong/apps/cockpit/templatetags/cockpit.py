"""Cells of the cockpit's tables, made in one piece each: a list of many rows has no include inside its loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.cockpit.cells import Aim, Item, Measure
from shuangkong.apps.cockpit.overview import Headline, PlaceRow
from shuangkong.apps.cockpit.statements import plain
from shuangkong.apps.ui import bullets, figures, statuses
from shuangkong.apps.ui.words import said as _
from shuangkong.core.periods import Period
from shuangkong.core.wording import growth

register = template.Library()


@register.filter
def quarter(end: date) -> str:
    """2026年三季度, from the first day after it."""
    return _quarter(end).label


@lru_cache(maxsize=512)
def _quarter(end: date) -> Period:
    last = end - timedelta(days=1)
    return Period.quarter(last.year, (last.month + 2) // 3)


@register.filter
def aim(target: Aim) -> str:
    """What a target asks: its number with the unit, or its words."""
    if target.number is None:
        return target.words
    return f"{plain(target.number)}{target.indicator.unit}"


@register.filter
def large_aim(target: Aim) -> str:
    """A target of an amount in the unit of a region's page: 120.5万tce."""
    screen = figures.screen_unit(Measure(target.indicator.code, "", target.indicator.unit, 0, 0))
    assert target.number is not None
    return f"{plain(figures.scaled(target.number, screen))}{screen.unit}"


@register.filter
def short_name(name: str) -> str:
    """原煤消费量（折标准煤） as 原煤: the column's heading says the rest."""
    for tail in (_("消费量（折标准煤）"), _("能源消费量")):
        name = name.removesuffix(tail)
    return name


@register.simple_tag
def place_rows(rows: Iterable[PlaceRow], query: str = "", result: bool = False) -> SafeString:
    """The rows of the list of counties or zones, in one piece; ``result`` of a plan that is over: met or not comes first."""
    labels = [f' data-l="{escape(_(word))}"' for word in ("末年" if result else "市", "累计", "差距（百分点）", "本年")]
    prefix, tail = f"{get_script_prefix()}counties/", f"/{escape(query)}"
    return mark_safe("".join(_place_row(row, labels, prefix, tail, result) for row in rows))


def _place_row(row: PlaceRow, labels: Sequence[str], prefix: str, tail: str, result: bool) -> str:
    city, decline, gap, change = labels
    cell = figures.cell
    levels = (place_result(row), place_level(row, short=True)) if result else (place_level(row, short=True), _city_level(row))
    return (
        f"<tr><td>{levels[0]}</td><td{city}>{levels[1]}</td>"
        f'<td class="nw n"><a href="{prefix}{escape(row.subject.code)}{tail}">{escape(row.subject.name)}</a>{_exempt(row)}</td>'
        f'<td class="num"{decline}>{cell(row.decline)}</td><td class="num t2 hide-m hide-s">{cell(row.required)}</td>'
        f'<td class="num"{gap}>{cell(row.gap)}</td><td class="num"{change}>{cell(row.change)}</td></tr>'
    )


def _exempt(row: PlaceRow) -> str:
    """免考 behind a place whose total energy is not assessed; it opens into the rule."""
    if not row.exempt or row.exemption is None:
        return ""
    return f' <a class="mk" href="{figures.address(row.exemption)}" title="{escape(row.exemption.words)}">{escape(_("总量免考"))}</a>'


@register.simple_tag
def place_level(row: PlaceRow, extra: str = "", prefix: object = "", short: bool = False) -> SafeString:
    """The national level of a place; 缺报 where its figure is due and absent."""
    if row.withheld:
        return statuses.state("withheld", extra=extra)
    if row.missing and not (row.national is not None and row.national.severity):
        return statuses.state(row.change.status if row.change is not None else "missing", extra=extra)
    return statuses.level(row.national, extra, prefix, short)


@register.simple_tag
def place_result(row: PlaceRow, extra: str = "") -> SafeString:
    """Whether a place met its target when the plan was over."""
    if row.withheld:
        return statuses.state("withheld", extra=extra)
    gap = row.gap.value if row.gap is not None else None
    if gap is None:
        return statuses.state("missing" if row.gap is not None else "not_rated", extra=extra)
    return statuses.tag("st-3", _("完成"), extra) if gap >= 0 else statuses.tag("st-1", _("未完成"), extra)


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
def headline_rows(lines: Iterable[Headline], elapsed_percent: Decimal) -> SafeString:
    """The rows of the headline indicators: newest value, target, progress, state."""
    newest, asked, state = escape(_("最新值")), escape(_("目标")), escape(_("状态"))
    rows = [
        f'<tr><td class="nw b6">{escape(line.name)}</td><td class="num" data-l="{newest}"><span>{_newest(line)}</span></td>'
        f'<td class="num" data-l="{asked}">{_asked(line)}</td><td class="full">{_progress(line, elapsed_percent)}</td>'
        f'<td data-l="{state}">{_state(line)}</td></tr>'
        for line in lines
    ]
    return mark_safe("".join(rows))


def _newest(line: Headline) -> str:
    """The newest value; 缺报 where none was ever computed."""
    if line.withheld:
        return f'<span class="na">{_("未公开")}</span>'
    return f'<span class="na">{_("缺报")}</span>' if line.value is None else figures.inline(line.value)


def _asked(line: Headline) -> str:
    """The number with its unit, the words, or 未下达."""
    if line.target is None:
        return f'<span class="t3 s12">{_("未下达")}</span>'
    if line.target.number is None:
        return f'<span class="t3 s12 wrap">{_("定性：")}{escape(line.target.words)}</span>'
    return f'{plain(line.target.number)}<span class="u">{escape(line.target.indicator.unit)}</span>'


def _progress(line: Headline, elapsed_percent: Decimal) -> str:
    """A bar against a number, the trend for words, nothing where neither is."""
    if line.progress is not None:
        return bullets.bullet(line.progress.value, elapsed_percent)
    if line.growth is not None and line.growth.value is not None:
        said = f'{_("同比")}<a class="fig" href="{figures.address(line.growth)}">{growth(line.growth.value)}</a>'
        return f'<span class="s12 t2 num">{said}</span>'
    if line.target is None or line.target.number is None:
        return f'<span class="na s12">{_("定性目标，不算完成率")}</span>' if line.target else ""
    amount = line.value.value if line.value is not None else None
    done = None if amount is None else amount / line.target.number * 100
    return bullets.bullet(done, elapsed_percent)


def _state(line: Headline) -> str:
    """缺报 where the value is missing, 不评级 for words or without a target, else its data status."""
    if line.withheld:
        return statuses.state("withheld")
    if line.value is None or line.value.value is None:
        return statuses.state(line.value.status if line.value is not None else "missing")
    if line.target is None or line.in_words:
        return statuses.state("not_rated")
    return statuses.state(line.value.status)


@register.simple_tag
def todo_rows(items: Iterable[Item], today: date) -> SafeString:
    """What is open for the person: urgency, title and way, detail, deadline."""
    return mark_safe("".join(_todo(item, today) for item in items))


def _todo(item: Item, today: date) -> str:
    invented = f" {figures.mark('demonstration')}" if item.demonstration else ""
    detail = f"<small>{escape(item.detail)}</small>" if item.detail else ""
    words = f'<div class="m"><a href="{escape(item.address)}">{escape(item.title)}</a>{invented}{detail}</div>'
    return f"<li>{statuses.urgency(item.severity, item.due_on, today)}{words}{statuses.due(item.due_on, today)}</li>"


@register.simple_tag
def quarter_options(ends: Iterable[date], shown: date | None) -> SafeString:
    """The quarters to choose from, the one shown selected."""
    quarters = [(end, _quarter(end)) for end in ends]
    chosen = {True: " selected", False: ""}
    return mark_safe("".join(f'<option value="{q.code}"{chosen[end == shown]}>{escape(q.label)}</option>' for end, q in quarters))
