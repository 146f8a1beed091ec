"""The cells of the matrix of who has filed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.filing.matrix import Cell, Column
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui import statuses
from shuangkong.apps.ui.templatetags.page import icon
from shuangkong.apps.ui.words import language as reader_language
from shuangkong.apps.ui.words import said as _
from shuangkong.core.forms import Form
from shuangkong.core.wording import number

register = template.Library()


@register.simple_tag
def matrix_rows(rows: Iterable[tuple[Subject, Sequence[Cell]]], may_remind: bool) -> SafeString:
    """All rows in one piece, each a unit (to be chosen where one may remind) with its cells."""
    language, address = reader_language(), _address()
    return mark_safe("".join(f"<tr>{_unit(unit, may_remind)}{_cells(cells, address, language)}</tr>" for unit, cells in rows))


@register.simple_tag(takes_context=True)
def period_rows(context: Any, columns: Iterable[Column], form: Form, may_remind: bool) -> SafeString:
    """All periods in one piece, each with its deadline and rates, and with what reminds all units that have not filed it."""
    today, token = context["request"].today, escape(str(context["csrf_token"]))
    labels = [f' data-l="{escape(_(word))}"' for word in ("截止", "应报", "已报", "完成率", "按时率", "通过", "超期未报")]
    made = []
    for column in columns:
        lacking = column.filed < column.owed and column.period.end <= today
        remind = f"<td>{_remind_all(form, column, token) if lacking else ''}</td>" if may_remind else ""
        made.append(f"<tr>{_period(column, today if lacking else None, labels)}{remind}</tr>")
    return mark_safe("".join(made))


def _period(column: Column, today: date | None, labels: Sequence[str]) -> str:
    """The cells of a period; ``today`` where something of it is still lacking."""
    when = statuses.due(column.due_on, today) if today else f'<span class="due">{column.due_on.isoformat()}</span>'
    note = f'<small class="blk t3 s12">{escape(column.note)}</small>' if column.note else ""
    rates = ("—" if rate is None else number(rate, 1) for rate in (column.completeness, column.timeliness))
    figures = (column.owed, column.filed, *rates, column.accepted, column.overdue)
    cells = "".join(f'<td class="num"{label}>{figure}</td>' for label, figure in zip(labels[1:], figures, strict=True))
    return f'<th scope="row">{escape(column.period.label)}</th><td{labels[0]}>{when}{note}</td>{cells}'


def _remind_all(form: Form, column: Column, token: str) -> str:
    given = {"csrfmiddlewaretoken": token, "form": escape(form.id), "period": column.period.code, "all": "1"}
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in given.items())
    button = f'<button class="btn btn-sm" type="submit">{icon("bell")}{escape(_("催全部未报"))}</button>'
    return f'<form method="post" action="{_reminding()}">{inputs}{button}</form>'


@lru_cache(maxsize=4)
def _reminding() -> str:
    return reverse("filing:remind")


def _unit(unit: Subject, may_remind: bool) -> str:
    name = escape(unit.name)
    chosen = f'<label class="chk"><input type="checkbox" name="unit" value="{unit.pk}"> {name}</label>' if may_remind else name
    return f'<th scope="row">{chosen}</th>'


def _cells(cells: Iterable[Cell], address: str, language: str) -> str:
    """Shape, colour and word of each state, leading to the filing where there is one."""
    made = []
    for state, filing, late, corrected in cells:
        shown = _shown(state, late, corrected, language)
        made.append(f'<td><a href="{address}{filing}/">{shown}</a></td>' if filing else f"<td>{shown}</td>")
    return "".join(made)


@lru_cache(maxsize=4)
def _address() -> str:
    return reverse("filing:filings")


@lru_cache(maxsize=128)
def _shown(state: str, late: bool, corrected: bool, language: str) -> str:
    """Overdue is the one thing to see first; a state that is no duty yet is words without a colour."""
    if state == "not_owed":
        return f'<span class="na" title="{_("不用报")}">·</span>'
    if state == "not_due":
        return f'<span class="na" title="{_("未到期")}">—</span>'
    if late and state in ("not_filed", "draft"):
        return statuses.state("overdue", extra="ico")
    mark = f'<small class="t3">{_("更")}</small>' if corrected else ""
    return f"{statuses.state(state, extra='ico')}{mark}"
