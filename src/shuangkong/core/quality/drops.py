"""Values that fall away at once while the plant runs on: a probe pulled out, air let in, a meter bypassed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import percent, shown
from ..checks.statistics import median
from .findings import Saw
from .readings import Series

_HUNDRED = Decimal(100)


class Dropped(Parameters):
    """By how much it must fall against the middle of the ``before`` running hours, for ``hours`` hours, the load within ``load_percent``.

    ``load_needed``: nothing is said where the load is not known. ``past_most``: so often may this series have done the same before
    (plants that often do are left alone); ``past_hours`` of own history are needed. ``same_hour_days``: the value must also lie so far
    under the smallest of the same hour of the day in so many days before (0: not asked), since a shift that ends is no drop.
    """

    fall_percent: Decimal
    before: int
    hours: int
    load_percent: Decimal
    load_needed: bool
    past_most: int
    past_hours: int
    same_hour_days: int = 0


def dropped(series: Series, parameters: Dropped) -> list[Saw]:
    """A fall to a fraction that lasts, with the load as it was, as this series does not usually do."""
    if parameters.load_needed and series.usual_load is None:
        raise NotApplicable("不知道同期负荷")
    falls = list(_falls(series, parameters))
    fresh = [fall for fall in falls if fall[1] > series.new]
    if not fresh:
        return []
    if sum(value is not None for value in series.values[: fresh[0][0]]) < parameters.past_hours:
        raise NotApplicable(f"以前的运行小时不到{parameters.past_hours}个")
    if len(falls) - len(fresh) > parameters.past_most:
        return []
    return [_saw(series, *fall) for fall in fresh]


def _falls(series: Series, parameters: Dropped) -> Iterator[tuple[int, int, Decimal, Decimal]]:
    """Each lasting fall: its places, the middle before it and the middle in it."""
    end = 0
    for first, last in series.stretches():
        for place in range(first + parameters.before, last - parameters.hours + 1):
            if place < end:
                continue
            middle = _middle(series, place - parameters.before, place)
            floor = middle * (1 - parameters.fall_percent / _HUNDRED)
            if not _under(series, place, floor):
                continue
            end = _fallen_until(series, place, last, floor, parameters)
            if end - place >= parameters.hours:
                yield place, end, middle, _middle(series, place, end)


def _under(series: Series, place: int, floor: Decimal) -> bool:
    value = series.values[place]
    return value is not None and value < floor


def _middle(series: Series, first: int, last: int) -> Decimal:
    return median([value for value in series.values[first:last] if value is not None])


def _fallen_until(series: Series, place: int, last: int, floor: Decimal, parameters: Dropped) -> int:
    """The place up to which it stays fallen with the load as before."""
    def fallen(hour: int) -> bool:
        held = _under(series, hour, floor) and _load_held(series, place, hour, parameters)
        return held and _odd_for_the_hour(series, hour, parameters)

    return next((hour for hour in range(place, last) if not fallen(hour)), last)


def _load_held(series: Series, place: int, now: int, parameters: Dropped) -> bool:
    """Whether the load of an hour is what it was before the fall; True where it is not known."""
    earlier = [load for load in series.load[place - parameters.before : place] if load is not None]
    load = series.load[now] if series.load else None
    if load is None or not earlier:
        return not parameters.load_needed
    middle = median(earlier)
    return abs(load - middle) * _HUNDRED <= parameters.load_percent * middle


def _odd_for_the_hour(series: Series, place: int, parameters: Dropped) -> bool:
    """Whether the value lies as far under what this hour of the day showed on each of the days before."""
    if not parameters.same_hour_days:
        return True
    days = range(1, parameters.same_hour_days + 1)
    before = [value for day in days if place >= 24 * day and (value := series.values[place - 24 * day]) is not None]
    value = series.values[place]
    return bool(before) and value is not None and value < min(before) * (1 - parameters.fall_percent / _HUNDRED)


def _saw(series: Series, first: int, last: int, before: Decimal, now: Decimal) -> Saw:
    fall = percent(1 - now / before)
    load = "" if series.usual_load is None else "，同期负荷基本不变"
    words = f"{series.name}从{shown(before)}{series.unit}骤降到{shown(now)}{series.unit}（降{fall}），持续{last - first}小时{load}。"
    return Saw(first, last, words, {"之前中位": shown(before), "之后中位": shown(now), "降幅": fall})
