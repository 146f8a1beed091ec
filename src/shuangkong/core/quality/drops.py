"""Values that fall away at once while the plant runs on: a probe pulled out, air let in, a meter bypassed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import percent, shown
from ..checks.statistics import median
from .findings import Saw
from .readings import Series

_HUNDRED = Decimal(100)


class Dropped(Parameters):
    """By how much it must fall against the middle of the ``before`` running hours, for ``hours`` hours, the load not fallen by more than
    ``load_percent``.

    Up to ``gap_hours`` without a value (a calibration) do not break a row of hours; a longer rest does. ``load_needed``: nothing is said
    where the load is not known. ``past_most``: so often may this series have done the same before (plants that often do are left alone);
    ``past_hours`` of own history are needed. ``same_hour_days``: the value must also lie so far under the smallest of the same hour of
    the day in so many days before (0: not asked), since a shift that ends is no drop.
    """

    fall_percent: Decimal
    before: int
    hours: int
    load_percent: Decimal
    load_needed: bool
    past_most: int
    past_hours: int
    gap_hours: int = 0
    same_hour_days: int = 0


class _Fall(NamedTuple):
    """A fall that lasted: its places [first, last), how many hours counted, the middle before it and the middle in it."""

    first: int
    last: int
    hours: int
    before: Decimal
    now: Decimal


def dropped(series: Series, parameters: Dropped) -> list[Saw]:
    """A fall to a fraction that lasts, with the load as it was, as this series does not usually do."""
    if parameters.load_needed and series.usual_load is None:
        raise NotApplicable("不知道同期负荷")
    falls = [fall for row in _rows(series, parameters.gap_hours) for fall in _falls(series, row, parameters)]
    fresh = [fall for fall in falls if fall.last > series.new]
    if not fresh:
        return []
    if sum(value is not None for value in series.values[: fresh[0].first]) < parameters.past_hours:
        raise NotApplicable(f"以前的运行小时不到{parameters.past_hours}个")
    return [_saw(series, fall) for fall in fresh] if len(falls) - len(fresh) <= parameters.past_most else []


def _rows(series: Series, gap_hours: int) -> Iterator[list[int]]:
    """The places with values, row by row; up to ``gap_hours`` without one do not break a row."""
    row: list[int] = []
    for place, value in enumerate(series.values):
        if value is None:
            continue
        if row and place - row[-1] > gap_hours + 1:
            yield row
            row = []
        row.append(place)
    if row:
        yield row


def _falls(series: Series, row: Sequence[int], parameters: Dropped) -> Iterator[_Fall]:
    """Each lasting fall in a row of places."""
    end = 0
    for index in range(parameters.before, len(row) - parameters.hours + 1):
        if index < end:
            continue
        before = row[index - parameters.before : index]
        middle = _middle(series, before)
        floor = middle * (1 - parameters.fall_percent / _HUNDRED)
        if middle <= 0 or _value(series, row[index]) >= floor:
            continue
        end = next((at for at in range(index, len(row)) if not _fallen(series, row[at], before, floor, parameters)), len(row))
        if end - index >= parameters.hours:
            yield _Fall(row[index], row[end - 1] + 1, end - index, middle, _middle(series, row[index:end]))


def _value(series: Series, place: int) -> Decimal:
    value = series.values[place]
    assert value is not None
    return value


def _middle(series: Series, places: Sequence[int]) -> Decimal:
    return median([_value(series, place) for place in places])


def _fallen(series: Series, place: int, before: Sequence[int], floor: Decimal, parameters: Dropped) -> bool:
    """Whether an hour lies under the floor, with a load that does not explain it, and unlike this hour of the days before."""
    if _value(series, place) >= floor or not _load_held(series, place, before, parameters):
        return False
    days = range(1, parameters.same_hour_days + 1)
    usual = [value for day in days if place >= 24 * day and (value := series.values[place - 24 * day]) is not None]
    if not parameters.same_hour_days:
        return True
    return bool(usual) and _value(series, place) < min(usual) * (1 - parameters.fall_percent / _HUNDRED)


def _load_held(series: Series, place: int, before: Sequence[int], parameters: Dropped) -> bool:
    """Whether the load of an hour has not fallen with the value; True where it is not known and need not be."""
    earlier = [load for at in before if series.load and (load := series.load[at]) is not None]
    load = series.load[place] if series.load else None
    if load is None or not earlier:
        return not parameters.load_needed
    return load * _HUNDRED >= median(earlier) * (_HUNDRED - parameters.load_percent)


def _saw(series: Series, fall: _Fall) -> Saw:
    share = percent(1 - fall.now / fall.before)
    load = "" if series.usual_load is None else "，同期负荷没有下降"
    change = f"从{shown(fall.before)}{series.unit}骤降到{shown(fall.now)}{series.unit}（降{share}）"
    words = f"{series.name}{change}，持续{fall.hours}小时{load}。"
    compared = {"之前中位": shown(fall.before), "之后中位": shown(fall.now), "降幅": share}
    return Saw(fall.first, fall.last, words, compared)
