"""Flags that come too conveniently: an exceedance, and the next hour is maintenance."""

from __future__ import annotations

from decimal import Decimal

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import percent, shown
from ..checks.statistics import at_least
from .findings import Saw
from .readings import EXCUSED, Series

_PPM = Decimal(1_000_000)


class FlagAbuse(Parameters):
    """How often within the last ``hours`` an exceedance may be followed within ``within`` hours by 维护, 故障 or 校准; how rare by chance.

    By chance: with the share of all other hours after which such a flag begins.
    """

    hours: int
    within: int
    more_than: int
    chance_ppm: Decimal


def flag_abuse(series: Series, parameters: FlagAbuse) -> list[Saw]:
    """Exceedances that end under a flag, more often than flags come otherwise."""
    if series.upper is None:
        raise NotApplicable("没有登记限值")
    first = max(0, len(series.hours) - parameters.hours)
    over, others = [0, 0], [0, 0]
    places = []
    for place in range(first, len(series.hours) - parameters.within):
        value = series.values[place]
        if value is None:
            continue
        excused = any(hour.flag in EXCUSED for hour in series.hours[place + 1 : place + 1 + parameters.within])
        counted = over if value > series.upper else others
        counted[0] += 1
        counted[1] += excused
        if excused and value > series.upper:
            places.append(place)
    if over[1] <= parameters.more_than or places[-1] < series.new - parameters.within - 1:
        return []
    usual = Decimal(others[1] + 1) / (others[0] + 2)
    if at_least(over[1], over[0], usual) * _PPM >= parameters.chance_ppm:
        return []
    words = (
        f"{series.name}超过限值{shown(series.upper)}{series.unit}的{over[0]}个小时中，{over[1]}个紧接着标记为维护、故障或校准；"
        f"其他小时之后出现这种标记的占{percent(usual)}。"
    )
    compared = {"超限小时": str(over[0]), "随后标记": str(over[1]), "平常标记": percent(usual), "限值": shown(series.upper)}
    return [Saw(places[0], places[-1] + 1 + parameters.within, words, compared)]
