"""The words of a figure: sign and word agree in page, workbook and report (accounting 16)."""

from __future__ import annotations

from decimal import Decimal

from .rounding import round_half_up

MINUS = "−"


def number(value: Decimal, places: int) -> str:
    """``value`` rounded once, with thousands commas and the minus sign U+2212: 10,500 · −3.05."""
    return _written(round_half_up(value, places))


def change(percent: Decimal, places: int = 2) -> str:
    """A change in words, never with a doubled sign: 上升3.20%, 下降3.20%, 持平."""
    return _directed(percent, places, "上升", "下降", "%")


def growth(percent: Decimal, places: int = 1) -> str:
    """A growth in words: 增长5.5%, 下降0.3%, 持平."""
    return _directed(percent, places, "增长", "下降", "%")


def decline(percent: Decimal, places: int = 2) -> str:
    """A decline (positive when it falls) in words: 下降3.20% for 3.2, 上升0.62% for −0.62."""
    return change(-percent, places)


def short_decline(percent: Decimal, places: int = 2) -> str:
    """The same for a table cell: 降3.20% or 升0.62%."""
    return _directed(-percent, places, "升", "降", "%")


def points(difference: Decimal, places: int = 2, above: str = "高", below: str = "低") -> str:
    """A difference of two percentages: 高0.75个百分点, 低0.75个百分点, 持平."""
    return _directed(difference, places, above, below, "个百分点")


def signed(value: Decimal, places: int = 2) -> str:
    """A value with its sign for a table cell: +0.71, −3.05, 0.00."""
    rounded = round_half_up(value, places)
    return f"{'+' if rounded > 0 else ''}{_written(rounded)}"


def _written(rounded: Decimal) -> str:
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,f}"


def _directed(value: Decimal, places: int, up: str, down: str, unit: str) -> str:
    rounded = round_half_up(value, places)
    if rounded == 0:
        return "持平"
    return f"{up if rounded > 0 else down}{abs(rounded):,f}{unit}"
