"""Small filters that pages of lists share: targets in words, look-ups, comparison signs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template

from shuangkong.apps.ui import figures
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


@register.filter
def asks_number(target: Any, number: Decimal) -> str:
    """Any number in the way of the target, rounded as figures of the indicator are: what it requires by now, or was at its base."""
    screen = figures.screen_unit(target.indicator)
    return _in_words(target, wording.number(figures.scaled(number, screen), screen.decimals), screen.unit)


def _amount(target: Any, number: Decimal) -> str:
    """The number as it was set: all its decimals, of large amounts those of the unit on the screen."""
    screen = figures.screen_unit(target.indicator)
    shown = number.scaleb(-screen.power)
    text = _in_words(target, wording.number(shown, max(0, min(2, -int(shown.normalize().as_tuple().exponent)))), screen.unit)
    return f"{_SIGNS.get(getattr(target, 'comparison', ''), '')}{text}"


def _in_words(target: Any, text: str, unit: str) -> str:
    if getattr(target, "shape", "") == "decline" or target.indicator.code.endswith("_decline_percent"):
        return f"降{text}%"
    return f"{text}{unit}"


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
