"""The cells of the matrix of who has filed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuangkong.apps.filing.matrix import Cell
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui import statuses
from shuangkong.apps.ui.words import language as reader_language

register = template.Library()


@register.simple_tag
def matrix_rows(rows: Iterable[tuple[Subject, Sequence[Cell]]], may_remind: bool) -> SafeString:
    """All rows in one piece, each a unit (to be chosen where one may remind) with its cells."""
    language, address = reader_language(), _address()
    return mark_safe("".join(f"<tr>{_unit(unit, may_remind)}{_cells(cells, address, language)}</tr>" for unit, cells in rows))


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
