"""Values against what a standard allows and what nature and the plant allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import shown
from ..checks.statistics import at_least
from .findings import Saw
from .readings import Series

_HUNDRED = Decimal(100)
_PPM = Decimal(1_000_000)
_HALF = Decimal("0.5")


class AtLimit(Parameters):
    """How wide the bands beside the limit are, in percent of it; how many values of the last ``hours`` must lie in them.

    ``times``: how many times as many must lie under the limit as over it, by chance rarer than ``chance_ppm`` for even odds. By own
    history: of the values near the limit before (``past_least`` at least), those over it make what is seen now rarer than ``chance_ppm``.
    """

    hours: int
    band_percent: Decimal
    least: int
    times: Decimal
    chance_ppm: Decimal
    past_least: int


def at_limit(series: Series, parameters: AtLimit) -> list[Saw]:
    """Many values just under the limit and hardly one over it, where this series used to exceed it now and then."""
    limit = series.upper
    if limit is None:
        raise NotApplicable("没有登记限值")
    first = max(0, len(series.hours) - parameters.hours)
    under, over = _near(series, first, len(series.hours), limit, parameters)
    if under + over < parameters.least or Decimal(under) < parameters.times * over:
        return []
    past_under, past_over = _near(series, 0, first, limit, parameters)
    if past_under + past_over < parameters.past_least:
        raise NotApplicable(f"以前靠近限值的小时不到{parameters.past_least}个")
    usual = Decimal(past_over + 1) / (past_under + past_over + 2)
    if not (_rare(under, over, _HALF, parameters) and _rare(under, over, usual, parameters)):
        return []
    words = (
        f"{series.name}限值{shown(limit)}{series.unit}。最近{len(series.hours) - first}小时有{under}个值在限值下"
        f"{parameters.band_percent}%以内，超过限值同样范围的{over}个；以前靠近限值的{past_under + past_over}个值中{past_over}个超过。"
    )
    counts = {"限值下": under, "限值上": over, "以前限值下": past_under, "以前限值上": past_over}
    compared = {"限值": shown(limit)} | {name: str(count) for name, count in counts.items()}
    return [Saw(first, len(series.hours), words, compared)]


def _near(series: Series, first: int, last: int, limit: Decimal, parameters: AtLimit) -> tuple[int, int]:
    """How many values lie in the bands under and over the limit."""
    band = limit * parameters.band_percent / _HUNDRED
    values = [value for value in series.values[first:last] if value is not None]
    return sum(limit - band <= value <= limit for value in values), sum(limit < value <= limit + band for value in values)


def _rare(under: int, over: int, share_over: Decimal, parameters: AtLimit) -> bool:
    """Whether at most so many over the limit are rare when each near value lies over it with ``share_over``."""
    return at_least(under, under + over, 1 - share_over) * _PPM < parameters.chance_ppm


class Range(Parameters):
    """The bounds of what can be, for at least ``hours`` on end; without any they are the point's own (instrument, capacity)."""

    hours: int
    least: Decimal | None = None
    most: Decimal | None = None


def outside_range(series: Series, parameters: Range) -> list[Saw]:
    """Values that cannot be: negative, over the range of the instrument, over what the plant can do."""
    least, most = parameters.least, parameters.most
    if least is None and most is None:
        least, most = series.least, series.most
    if least is None and most is None:
        raise NotApplicable("没有登记量程或能力")

    def beyond(place: int) -> bool:
        value = series.values[place]
        return value is not None and ((least is not None and value < least) or (most is not None and value > most))

    bounds = {"不低于": shown(least) if least is not None else "", "不高于": shown(most) if most is not None else ""}
    stated = "、".join(f"{name}{value}{series.unit}" for name, value in bounds.items() if value)
    found = []
    for first, last in _rows(series, beyond, parameters.hours):
        values = f"{_ends(series, first, last)}{series.unit}"
        found.append(Saw(first, last, f"{series.name}有{last - first}个小时在可能的范围以外（{values}），应{stated}。", bounds))
    return found


def _ends(series: Series, first: int, last: int) -> str:
    values = [value for value in series.values[first:last] if value is not None]
    low, high = min(values), max(values)
    return shown(low) if low == high else f"{shown(low)}至{shown(high)}"


def _rows(series: Series, odd: Callable[[int], bool], hours: int) -> Iterator[tuple[int, int]]:
    """Places [first, last) of each row of at least ``hours`` odd hours on end that reaches what is new."""
    begin, first = series.new, None
    while begin > 0 and odd(begin - 1):
        begin -= 1
    for place in range(begin, len(series.hours) + 1):
        if place < len(series.hours) and odd(place):
            first = place if first is None else first
        elif first is not None:
            if place - first >= hours and place > series.new:
                yield first, place
            first = None


class Other(Parameters):
    """The code of the factor that contains the other one or is contained, and by how much measuring may be off."""

    other: str
    hours: int
    margin_percent: Decimal


def below_part(series: Series, parameters: Other) -> list[Saw]:
    """A whole that is smaller than one of its parts: COD below BOD5, total nitrogen below ammonia nitrogen."""
    part = series.beside.get(parameters.other)
    if part is None:
        raise NotApplicable(f"同一排口没有{parameters.other}")

    def smaller(place: int) -> bool:
        value, other = series.values[place], part[place]
        return value is not None and other is not None and value < other * (1 - parameters.margin_percent / _HUNDRED)

    found = []
    for first, last in _rows(series, smaller, parameters.hours):
        values = _ends(series, first, last)
        words = f"{series.name}有{last - first}个小时（{values}{series.unit}）小于它所包含的{parameters.other}。"
        found.append(Saw(first, last, words, {"所包含的因子": parameters.other, "容差": f"{parameters.margin_percent}%"}))
    return found


class Air(Parameters):
    """The codes of gas temperature and flow; from which oxygen, above which temperature and which share of the usual flow it is odd."""

    temperature: str
    oxygen_percent: Decimal
    above_celsius: Decimal
    flow_percent: Decimal
    hours: int


def air_while_hot(series: Series, parameters: Air) -> list[Saw]:
    """Oxygen as in free air while hot gas flows: the probe breathes air."""
    heat, usual = series.beside.get(parameters.temperature), series.usual_load
    if heat is None or usual is None:
        raise NotApplicable("没有同一排口的烟温或流量")

    def airy(place: int) -> bool:
        value, celsius, flow = series.values[place], heat[place], series.load[place]
        if value is None or celsius is None or flow is None or value < parameters.oxygen_percent:
            return False
        return celsius > parameters.above_celsius and flow * _HUNDRED > parameters.flow_percent * usual

    found = []
    for first, last in _rows(series, airy, parameters.hours):
        hot = shown(min(celsius for celsius in heat[first:last] if celsius is not None))
        words = (
            f"{series.name}{_ends(series, first, last)}{series.unit}，同时烟温不低于{hot}℃、流量在常量的{parameters.flow_percent}%以上，"
            f"持续{last - first}小时。"
        )
        found.append(Saw(first, last, words, {"最低烟温": hot, "流量下限": f"{parameters.flow_percent}%"}))
    return found


class Zero(Parameters):
    """How many hours on end, and how many hours of own history without a zero are needed."""

    hours: int
    past_hours: int


def zero_while_flowing(series: Series, parameters: Zero) -> list[Saw]:
    """Exactly nothing for hours while the source runs, from a series that was not zero before."""
    if series.usual_load is None:
        raise NotApplicable("不知道同期负荷")
    found = list(_rows(series, lambda place: series.values[place] == 0, parameters.hours))
    if not found:
        return []
    past = [value for value in series.values[: found[0][0]] if value is not None]
    if len(past) < parameters.past_hours or 0 in past:
        raise NotApplicable("以前也有零值，或以前的运行小时太少")
    compared = {"以前运行小时": str(len(past)), "以前零值": "0"}
    words = "{name}连续{hours}小时为0，同期有负荷；以前{past}个小时没有零值。"
    return [
        Saw(first, last, words.format(name=series.name, hours=last - first, past=len(past)), compared) for first, last in found
    ]
