"""How a filing's state, deadline, cells and basis are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shuangkong.apps.ui import figures, statuses

register = template.Library()
_SEVERITIES = {"blocks": "error", "explain": "warning", "notice": "notice"}


@register.simple_tag
def filing_state(filing: Any) -> SafeString:
    """The state of the vocabulary."""
    return statuses.state(filing.state)


@register.simple_tag
def filing_due(filing: Any, today: date) -> SafeString:
    """The deadline: beside today while one still has to file, plain afterwards."""
    if filing.open:
        return statuses.due(filing.due_on, today)
    return format_html('<span class="due t3">{}</span>', filing.due_on.isoformat())


@register.simple_tag
def finding_severity(severity: str) -> SafeString:
    """错误, 须说明, 提示."""
    return statuses.state(_SEVERITIES.get(severity, "notice"), extra="s12")


@register.filter
def of(found: Mapping[str, str], key: str) -> str:
    """A value by its key; the key where there is none."""
    return found.get(key, key)


@register.filter
def respondent_word(respondent: str) -> str:
    """Who files, in words."""
    return {"enterprise": _("企业"), "county": _("县市区、园区"), "zone": _("园区"), "department": _("市级部门")}.get(
        respondent, respondent
    )


@register.filter
def use_word(use: str) -> str:
    """What a return may be used for, in words."""
    return {"statistics": _("统计调查：只用于统计，不作执法依据"), "administrative": _("行政报告")}.get(use, use)


@register.simple_tag
def basis(form: Any) -> SafeString:
    """The text that a form rests on, with the mark of how sure we are."""
    rests = form.legal_basis
    return format_html("{} {} {}", rests.number, rests.locator, figures.evidence(rests.evidence))


@register.simple_tag
def cell_input(cell: Any) -> SafeString:
    """The input of a cell: a list for choices, a line of text otherwise."""
    required = " aria-required=true" if cell.required else ""
    if cell.column.choices:
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((each, " selected" if each == cell.text else "", each) for each in ("", *cell.column.choices)),
        )
        return format_html(
            '<select class="form-select" name="{}" aria-label="{}"{}>{}</select>', cell.address, cell.label, required, options
        )
    mode = "decimal" if cell.column.is_number else "text"
    kind = "date" if cell.column.kind == "date" else "text"
    markup = '<input class="form-control" type="{}" name="{}" value="{}" inputmode="{}" maxlength="500" title="{}" aria-label="{}"{}>'
    return format_html(markup, kind, cell.address, cell.text, mode, cell.column.hint, cell.label, required)
