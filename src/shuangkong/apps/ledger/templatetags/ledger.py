"""Template tags of ledger rows: what they measure, how much, in which words."""

from __future__ import annotations

from typing import Any

from django import template

from shuangkong.apps.ledger import words as of
from shuangkong.apps.ledger.words import Words
from shuangkong.core.periods import Period

register = template.Library()
register.filter("amount", of.amount)
register.filter("price_base", of.price_base)


@register.filter
def measure(row: Any, words: Words) -> str:
    """The measure in words."""
    return words.measure(row)


@register.filter
def what(row: Any, words: Words) -> str:
    """Product, flow and industry in words."""
    return words.what(row)


@register.filter
def base_unit(row: Any, words: Words) -> str:
    """The unit of the base quantity."""
    return words.unit(row)


@register.filter
def origin(row: Any, words: Words) -> str:
    """Where the row comes from, in words."""
    return words.origins.get(row.origin, row.origin)


@register.filter
def release(row: Any, words: Words) -> str:
    """The release in words."""
    return words.releases.get(row.release, row.release)


@register.filter
def row_period(row: Any) -> str:
    """The period of a row as people read it."""
    return Period(row.period_start, row.period_end, row.period_kind).label


@register.filter
def doubted(row: Any) -> bool:
    """Whether the row was only seen as a repost or is recalled."""
    return "待核实" in row.remark
