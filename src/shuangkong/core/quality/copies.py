"""Days that come again: the hours of one day equal to those of another, or all of them the same multiple."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations, islice
from typing import NamedTuple

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import percent
from ..checks.statistics import significant_digits
from .findings import Saw
from .readings import Series

_HUNDRED = Decimal(100)


class Copied(Parameters):
    """Of how many hours at least (``hours``) which share of two days must be equal, or all in one proportion within ``within_percent``.

    A day counts when it has ``different`` values at least, of ``digits`` digits, that vary by ``varies_percent``. ``past_share_percent``:
    days of this series were never equal before in so many of their hours, nor in proportion within ``past_within_percent``;
    ``past_days`` are needed to know.
    """

    hours: int
    share_percent: Decimal
    within_percent: Decimal
    different: int
    digits: int
    varies_percent: Decimal
    past_days: int
    past_share_percent: Decimal
    past_within_percent: Decimal


class _Day(NamedTuple):
    day: date
    first: int
    last: int
    values: Sequence[Decimal | None]


def copied_days(series: Series, parameters: Copied) -> list[Saw]:
    """A day that is another day again, where days of this series were never alike before."""
    every = [_Day(day, first, last, series.values[first:last]) for day, first, last in series.days()]
    telling = [day for day in every if _telling(day, parameters)]
    fresh = [day for day in telling if day.last > series.new]
    past = [day for day in telling if day.last <= series.new]
    if fresh and len(past) < parameters.past_days:
        raise NotApplicable(f"以前可比的日子不到{parameters.past_days}天")
    found = []
    for day in fresh:
        match = next((pair for other in reversed(past) if (pair := _alike(day, other, parameters))), None)
        if match is None:
            continue
        if any(_alike(one, other, parameters, usual=True) for one, other in combinations(past, 2)):
            break
        found.append(Saw(day.first, day.last, f"{series.name}{day.day}{match[0]}", match[1]))
    return found


def _telling(day: _Day, parameters: Copied) -> bool:
    """Whether the values of a day could not be those of another by chance."""
    values = [value for value in day.values if value is not None and value > 0]
    if len(values) < parameters.hours or len(set(values)) < parameters.different:
        return False
    if (max(values) - min(values)) * _HUNDRED < parameters.varies_percent * max(values):
        return False
    long = (value for value in values if significant_digits(value) >= parameters.digits)
    return len(list(islice(long, parameters.different))) == parameters.different


def _alike(day: _Day, other: _Day, parameters: Copied, *, usual: bool = False) -> tuple[str, dict[str, str]] | None:
    """The words for two days that are alike; with ``usual``, already when a smaller share of their hours is equal."""
    pairs = [(a, b) for a, b in zip(day.values, other.values, strict=False) if a is not None and b is not None and b > 0]
    if len(pairs) < parameters.hours:
        return None
    equal = sum(a == b for a, b in pairs)
    if equal * _HUNDRED >= len(pairs) * (parameters.past_share_percent if usual else parameters.share_percent):
        return f"与{other.day}有{equal}个小时一位不差（可比{len(pairs)}个小时）。", {"相同小时": str(equal), "另一日": str(other.day)}
    ratios = [a / b for a, b in pairs]
    within = parameters.past_within_percent if usual else parameters.within_percent
    if min(ratios) <= 0 or (max(ratios) / min(ratios) - 1) * _HUNDRED > within:
        return None
    factor = sum(ratios, Decimal(0)) / len(ratios)
    words = f"的{len(pairs)}个小时都是{other.day}同一小时的{percent(factor)}。"
    return words, {"倍数": percent(factor), "另一日": str(other.day)}
