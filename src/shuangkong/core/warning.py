"""Warning levels: the national scheme and the city scheme by completion. ``severity`` orders, ``label`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .book import Book


@dataclass(frozen=True, slots=True)
class WarningLevel:
    """A level of one scheme; severity 1 is the worst."""

    severity: int
    label: str
    colour: str


def _words(book: Book, parameter: str, region: str, on: date) -> tuple[str, ...]:
    return tuple(book.at(parameter, region, on).value.split())


def _level(book: Book, scheme: str, severity: int, region: str, on: date) -> WarningLevel:
    """Labels and colours are listed from the worst to the best."""
    label = _words(book, f"{scheme}.labels", region, on)[severity - 1]
    colour = _words(book, f"{scheme}.colours", region, on)[severity - 1]
    return WarningLevel(severity, label, colour)


def national(
    intensity_change_percent: Decimal, required_decline_percent: Decimal, book: Book, region: str, on: date
) -> WarningLevel:
    """一级 when the intensity rose, 二级 when it fell by less than required, else 三级.

    Both rates are of the same period and base (accounting 17).

    Raises:
        NotInForce: the scheme is not in force on that day.
    """
    if intensity_change_percent > 0:
        severity = 1
    else:
        severity = 3 if -intensity_change_percent >= required_decline_percent else 2
    return _level(book, "warning.national", severity, region, on)


def by_completion(completion: Decimal, book: Book, region: str, on: date) -> WarningLevel:
    """By completion (actual ÷ required decline) and the rulebook's thresholds: 0级, 一级, 二级, 三级 (the worst).

    Raises:
        NotInForce: the scheme is not in force on that day.
    """
    if completion >= book.at("warning.by_completion.met_from", region, on).number:
        severity = 4
    elif completion >= book.at("warning.by_completion.near_from", region, on).number:
        severity = 3
    else:
        severity = 2 if completion > book.at("warning.by_completion.far_above", region, on).number else 1
    return _level(book, "warning.by_completion", severity, region, on)
