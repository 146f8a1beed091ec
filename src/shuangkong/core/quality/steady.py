"""Values that do not move: the same to three digits for hours, or moving far less than this series always did."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from ..checks.findings import NotApplicable, Parameters
from ..checks.returns import percent, shown
from ..checks.statistics import deviation, median
from ..rounding import significant
from .findings import Saw
from .readings import Series

_PPM = Decimal(1_000_000)
_HUNDRED = Decimal(100)


class Constant(Parameters):
    """From how many ``hours`` a value that stays the same to ``digits`` counts, from how many it is grave.

    The load must have moved by ``load_percent`` of its middle meanwhile. Own history: at least ``past_hours`` before it, in which the
    longest such row was shorter by the factor ``longer``, and by whose repetitions a row this long is rarer than ``chance_ppm``. A value
    under ``level_percent`` of the usual one is standing by (a line at rest) and says nothing.
    """

    hours: int
    grave_hours: int
    digits: int
    load_percent: Decimal
    past_hours: int
    longer: Decimal
    chance_ppm: Decimal
    level_percent: Decimal = Decimal(0)


def constant(series: Series, parameters: Constant) -> list[Saw]:
    """The same value hour after hour while the load moves, longer than this series ever stood still."""
    rounded = [None if value is None else significant(value, parameters.digits) for value in series.values]
    runs = _runs(rounded)
    found = [run for run in runs if run[1] > series.new and run[1] - run[0] >= parameters.hours]
    if not found:
        return []
    first_new = found[0][0]
    past = [value for value in rounded[:first_new] if value is not None]
    if len(past) < parameters.past_hours:
        raise NotApplicable(f"以前的运行小时不到{parameters.past_hours}个")
    longest = max((last - first for first, last in runs if last <= first_new), default=0)
    repeats = (sum(a == b for a, b in pairwise(past)) + 1, len(past) + 1)
    usual, seen = median(past), []
    for first, last in found:
        length = last - first
        moved = _moved(series.load[first:last])
        steady_load = moved is not None and moved * _HUNDRED < parameters.load_percent
        value = rounded[first] or Decimal(0)
        if value == 0 or value * _HUNDRED < usual * parameters.level_percent:
            # a row of zeros is another question
            continue
        rare = (Decimal(repeats[0]) / repeats[1]) ** (length - 1) * _PPM < parameters.chance_ppm
        if steady_load or not rare or length < longest * parameters.longer:
            continue
        load = f"，同期负荷变动{percent(moved)}" if moved is not None else ""
        words = f"{series.name}连续{length}小时为{shown(value)}{series.unit}{load}；以前最长连续相同{longest}小时。"
        compared = {"连续小时": str(length), "以前最长": str(longest), "负荷变动": percent(moved) if moved is not None else "未知"}
        seen.append(Saw(first, last, words, compared, length >= parameters.grave_hours))
    return seen


def _runs(values: Sequence[Decimal | None]) -> list[tuple[int, int]]:
    """Places [first, last) of each row of equal values."""
    runs, first = [], 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[first]:
            if values[first] is not None:
                runs.append((first, place))
            first = place
    return runs


def _moved(loads: Sequence[Decimal | None]) -> Decimal | None:
    """How far the load moved, as a share of its middle; None where it is not known."""
    known = [load for load in loads if load is not None]
    middle = median(known) if known else Decimal(0)
    return (max(known) - min(known)) / middle if middle > 0 else None


class Frozen(Parameters):
    """Over how many ``hours`` the scatter is taken; the largest that is odd, in percent of the middle; the least that must be usual.

    ``past_blocks``: how many such stretches of own history are needed; ``share_percent``: of the calmest of them, what is odd.
    """

    hours: int
    most_percent: Decimal
    usual_percent: Decimal
    past_blocks: int
    share_percent: Decimal


def frozen(series: Series, parameters: Frozen) -> list[Saw]:
    """The last hours scatter far less than any stretch of this length before, although they are not all the same."""
    counted = [place for place, value in enumerate(series.values) if value is not None]
    recent, past = counted[-parameters.hours :], counted[: -parameters.hours]
    if len(recent) < parameters.hours or recent[-1] < series.new:
        return []
    blocks = [past[end - parameters.hours : end] for end in range(len(past), parameters.hours - 1, -parameters.hours)]
    if len(blocks) < parameters.past_blocks:
        raise NotApplicable(f"以前的运行时间不到{parameters.past_blocks}段")
    now = _scatter(series, recent)
    if now is None or now == 0 or now * _HUNDRED >= parameters.most_percent:
        return []
    before = [share for block in blocks if (share := _scatter(series, block)) is not None]
    if len(before) < parameters.past_blocks or median(before) * _HUNDRED < parameters.usual_percent:
        return []
    if now * _HUNDRED >= min(before) * parameters.share_percent:
        return []
    words = (
        f"{series.name}最近{parameters.hours}个运行小时的变异系数{percent(now)}；"
        f"以前同样长的{len(before)}段中，最小{percent(min(before))}，中位{percent(median(before))}。"
    )
    compared = {"变异系数": percent(now), "以前最小": percent(min(before)), "以前中位": percent(median(before))}
    return [Saw(recent[0], recent[-1] + 1, words, compared)]


def _scatter(series: Series, places: Sequence[int]) -> Decimal | None:
    """The deviation as a share of the mean; None where the mean is not above zero."""
    values = [value for place in places if (value := series.values[place]) is not None]
    mean = sum(values, Decimal(0)) / len(values)
    return deviation(values) / mean if mean > 0 else None
