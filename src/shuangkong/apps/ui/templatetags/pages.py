"""Small filters that pages of lists share: targets in words, look-ups, comparison signs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template

from shuangkong.core import wording

register = template.Library()
_SIGNS = {"=": "", ">": ">", "<": "<", ">=": "≥", "<=": "≤", "≥": "≥", "≤": "≤"}


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """``mapping[key]``, empty when it is not there."""
    return mapping.get(key, "")


@register.filter
def asks(target: Any) -> str:
    """What a target asks: its words as they stand, or its number (降15%, 10,500t). Words never become a number."""
    return target.words if target.number is None else _amount(target, target.number)


@register.filter
def asks_incentive(target: Any) -> str:
    """The incentive target in the same way."""
    return _amount(target, target.incentive)


def _amount(target: Any, number: Decimal) -> str:
    text = wording.number(number, max(0, min(2, -int(number.normalize().as_tuple().exponent))))
    if target.indicator.code.endswith("_decline_percent"):
        return f"降{text}%"
    return f"{text}{target.indicator.unit}"


@register.filter
def sign(ask: Any) -> str:
    """The comparison of a parent target as people write it; an equal sign is left out."""
    return _SIGNS.get(ask.comparison, ask.comparison)


@register.filter
def plain(number: Decimal | None) -> str:
    """A number at full precision with thousands commas, without zeros at its end; — when there is none."""
    if number is None:
        return "—"
    return wording.number(number, max(0, -int(number.normalize().as_tuple().exponent)))


@register.filter
def real_unit(unit: str) -> str:
    """A unit as the screen shows it: nothing for a bare number (the rulebook writes 1 or -)."""
    return "" if unit in ("1", "-") else unit
