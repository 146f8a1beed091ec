"""Template tags of measures: amounts of a kept text, what a choice says in one sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.ui import figures
from shuangkong.core import wording

register = template.Library()
_POLLUTANTS = {
    "cod": gettext_lazy("化学需氧量"), "nh3n": gettext_lazy("氨氮"), "nox": gettext_lazy("氮氧化物"), "vocs": gettext_lazy("挥发性有机物"),
    "so2": gettext_lazy("二氧化硫"),
}  # fmt: skip
_DECISIONS = {"adopted": "w-ok", "rejected": "st-ex", "replaced": "st-ex", "": "w-todo"}


@register.filter
def amount(text: str | None, places: int = 0) -> str:
    """A kept amount with commas; — when there is none."""
    return figures.NOT_COMPUTABLE if text is None else wording.number(Decimal(text), places)


@register.filter
def signed_amount(text: str | None, places: int = 0) -> str:
    """A kept amount with its sign; 0 without one."""
    if text is None:
        return figures.NOT_COMPUTABLE
    number = Decimal(text)
    return wording.signed(number, places) if number else "0"


@register.filter
def said_decline(text: str) -> str:
    """A kept decline in words: 降2.23%, 升1.09%."""
    return wording.short_decline(Decimal(text), 2)


@register.filter
def pollutant(name: str) -> str:
    """The Chinese name of a pollutant."""
    return str(_POLLUTANTS.get(name, name))


@register.filter
def decision_css(decision: str) -> str:
    """The class of a decision."""
    return _DECISIONS[decision]


@register.filter
def choice_css(result: dict[str, Any]) -> str:
    """The class of the strip: closed, or only a part."""
    if Decimal(result["gap_tce"]) == 0:
        return "a-3"
    return "a-3" if Decimal(result["remaining_tce"]) == 0 else "a-2"


@register.filter
def choice_says(result: dict[str, Any]) -> str:
    """What the choice comes to, in one sentence."""
    gap, rest = Decimal(result["gap_tce"]), Decimal(result["remaining_tce"])
    if gap == 0:
        return _("按预测没有缺口，不需要调控")
    said = {"gap": wording.number(gap, 0), "n": len(result["choices"]), "cost": wording.number(Decimal(result["cost_10k_yuan"]), 0)}
    if rest == 0:
        return _("缺口%(gap)stce，%(n)d项措施可以补足，成本%(cost)s万元") % said
    said |= {"closed": wording.number(gap - rest, 0), "rest": wording.number(rest, 0)}
    return _("缺口%(gap)stce补不足：可用的措施最多补%(closed)stce，还差%(rest)stce") % said
