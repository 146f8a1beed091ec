"""True (真): figures that vary much less than the respondent's did before: smoothed, spread over months, last year's times a factor."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from ..periods import Period
from .findings import NotApplicable, Parameters, Saw
from .returns import Point, Return, matching, percent
from .statistics import deviation, logarithm, usual_deviation

_HUNDRED = Decimal(100)


class Even(Parameters):
    """What is looked at, how many recent values against how many past ones at least, and below which share of the past spread it is odd.

    ``change``: each value on the one before; ``year_on_year``: on the same period last year; ``ratio``: on the cell ``beside``.
    ``floor_percent``: a past spread below this says nothing: the respondent was as even before.
    """

    cells: tuple[str, ...]
    of: Literal["change", "year_on_year", "ratio"]
    beside: str = ""
    periods: int
    past_least: int
    share_percent: Decimal
    floor_percent: Decimal


def too_even(of: Return, parameters: Even) -> list[Saw]:
    """The spread of the last periods is a small part of what it was before."""
    found, asked = [], False
    for address in matching(of.form, of.cells, parameters.cells):
        values = _looked_at(of, address, parameters)
        recent, past = values[-parameters.periods :], values[: -parameters.periods]
        if len(recent) < parameters.periods or len(past) < parameters.past_least:
            continue
        now, before = deviation(recent), usual_deviation(past)
        if before * _HUNDRED < parameters.floor_percent:
            continue
        asked = True
        if now * _HUNDRED < parameters.share_percent * before:
            name, what = of.form.title_of(address), _WORDS[parameters.of]
            words = f"{name}最近{parameters.periods}期{what}的波动为{percent(now)}，以往为{percent(before)}。"
            found.append(Saw((address,), words))
    if not asked:
        raise NotApplicable("以前的期数太少，或以前也一样平稳")
    return found


_WORDS = {"change": "环比", "year_on_year": "同比", "ratio": "与另一项之比"}


def _looked_at(of: Return, address: str, parameters: Even) -> list[Decimal]:
    """The logarithms that are compared, oldest first; values that are not positive are left out."""
    points = [(period, value) for period, value in of.series(address) if value > 0 and period.months == _length(of.period)]
    by_period = dict(points)
    if parameters.of == "ratio":
        other = dict(of.series(parameters.beside)) if parameters.beside != address else {}
        pairs = [(value, other.get(period)) for period, value in points]
    elif parameters.of == "year_on_year":
        pairs = [(value, by_period.get(period.year_before())) for period, value in points]
    else:
        pairs = _neighbours(points)
    return [logarithm(value / below) for value, below in pairs if below is not None and below > 0]


def _length(period: Period) -> int:
    """Months that a value covers: of a cumulative figure what it adds is a month."""
    return 1 if period.kind == "ytd" else period.months


def _neighbours(points: Sequence[Point]) -> list[tuple[Decimal, Decimal | None]]:
    """Each value with the one right before it in time."""
    ends = {period.end: value for period, value in points}
    return [(value, ends.get(period.start)) for period, value in points]
