"""True (真): values that come again, in this series, from last period, from last year; and values that are too round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from ..forms import Cells
from .findings import NotApplicable, Parameters, Saw
from .returns import Return, matching, percent, shown
from .statistics import at_least, decimals, significant_digits

_PPM = Decimal(1_000_000)
_HUNDRED = Decimal(100)
_TEN = Decimal(10)


class Repeated(Parameters):
    """How often a value must come within the last ``periods``; how rare that must be by chance; how much even a steady plant varies.

    Where values came as often in the ``past_least`` or more periods before, that is how the respondent files: nothing is said.
    """

    cells: tuple[str, ...]
    periods: int
    times: int
    digits: int
    past_least: int
    chance_ppm: Decimal
    varies_percent: Decimal


def repeated_values(of: Return, parameters: Repeated) -> list[Saw]:
    """The same value again and again, to the last digit, more often than its resolution explains."""
    found, asked = [], False
    for address in matching(of.form, of.cells, parameters.cells):
        value = Decimal(of.cells[address])
        values = [each for _, each in of.series(address)]
        others, past = values[-parameters.periods : -1], values[: -parameters.periods]
        if significant_digits(value) < parameters.digits or len(others) < parameters.times - 1:
            continue
        if len(past) >= parameters.past_least and max(Counter(past).values()) >= parameters.times:
            continue
        asked = True
        equal = sum(each == value for each in others)
        if equal >= parameters.times - 1 and _rare(value, others, equal, parameters):
            words = f"{of.form.title_of(address)}{shown(value)}，最近{len(others) + 1}期中第{equal + 1}次出现，一位不差。"
            found.append(Saw((address,), words))
    if not asked:
        raise NotApplicable("以前的期数太少，或数字太短")
    return found


def _rare(value: Decimal, others: Sequence[Decimal], equal: int, parameters: Repeated) -> bool:
    step = Decimal(1).scaleb(-max(decimals(each) for each in (value, *others)))
    spread = max(max(others) - min(others), abs(value) * parameters.varies_percent / _HUNDRED, step)
    return at_least(equal, len(others), step / spread) * _PPM < parameters.chance_ppm


class Copied(Parameters):
    """With what the cells are compared, how many digits a value must have to count, how many equal ones of those compared are odd."""

    cells: tuple[str, ...]
    beside: Literal["previous", "year_ago"]
    digits: int
    least: int
    share_percent: Decimal


def copied_cells(of: Return, parameters: Copied) -> list[Saw]:
    """Many cells equal to those of the period before, or of last year, to the last digit."""
    pairs = _pairs(of, parameters.cells, parameters.beside, parameters.digits)
    if len(pairs) < parameters.least:
        raise NotApplicable("可比的格太少")
    equal = [address for address, value, other in pairs if value == other]
    if len(equal) < parameters.least or len(equal) * _HUNDRED < parameters.share_percent * len(pairs):
        return []
    return [Saw(tuple(equal), f"可比的{len(pairs)}格中，有{len(equal)}格与{_NAMES[parameters.beside]}一位不差。")]


_NAMES = {"previous": "上期", "year_ago": "上年同期"}


def _pairs(of: Return, patterns: Sequence[str], beside: str, digits: int) -> list[tuple[str, Decimal, Decimal]]:
    """Cells with their value and the other one. Cells that hold the same figure twice (bought and used) count once."""
    other: Cells | None = of.previous if beside == "previous" else of.year_ago
    found: dict[tuple[Decimal, Decimal], str] = {}
    for address in matching(of.form, of.cells, patterns):
        value = of.beside(other, address)
        if value is not None and min(significant_digits(Decimal(of.cells[address])), significant_digits(value)) >= digits:
            found.setdefault((Decimal(of.cells[address]), value), address)
    return [(address, value, before) for (value, before), address in found.items()]


class Scaled(Parameters):
    """How many cells must have changed alike, and how alike, in parts per million."""

    cells: tuple[str, ...]
    beside: Literal["previous", "year_ago"]
    digits: int
    least: int
    within_ppm: Decimal


def scaled_copy(of: Return, parameters: Scaled) -> list[Saw]:
    """All cells grown by one and the same factor: last year's return, multiplied."""
    pairs = _pairs(of, parameters.cells, parameters.beside, parameters.digits)
    if len(pairs) < parameters.least:
        raise NotApplicable("可比的格太少")
    ratios = [value / other for _, value, other in pairs]
    if min(ratios) <= 0 or max(ratios) == 1 == min(ratios):
        raise NotApplicable("各格与以前相同或有负数")
    apart = (max(ratios) / min(ratios) - 1) * _PPM
    if apart > parameters.within_ppm:
        return []
    words = f"{len(pairs)}格与{_NAMES[parameters.beside]}之比都在{round(min(ratios), 4)}到{round(max(ratios), 4)}之间。"
    return [Saw(tuple(address for address, _, _ in pairs), words)]


class Round(Parameters):
    """Up to how many significant digits a value is round, over how many periods, and how rare that must be by chance.

    ``usual_percent``: the share of round values that is taken as usual at least; beyond it the respondent's own share among
    ``past_least`` or more earlier values. Without them it says nothing: some have always rounded.
    """

    cells: tuple[str, ...]
    digits: int
    periods: int
    least: int
    past_least: int
    usual_percent: Decimal
    chance_ppm: Decimal


def round_values(of: Return, parameters: Round) -> list[Saw]:
    """More round values lately than the respondent's own past, or chance, explains."""
    recent: list[tuple[str, bool]] = []
    past: list[bool] = []
    for address in matching(of.form, of.cells, parameters.cells):
        marks = _round_marks([value for _, value in of.series(address)], parameters.digits)
        recent += [(address, mark) for mark in marks[-parameters.periods :]]
        past += marks[: -parameters.periods]
    if len(recent) < parameters.least or len(past) < parameters.past_least:
        raise NotApplicable("可看的数太少，或以前的期数太少")
    usual = max(parameters.usual_percent / _HUNDRED, Decimal(sum(past) + 1) / (len(past) + 2))
    hits = sum(mark for _, mark in recent)
    if hits < parameters.least or at_least(hits, len(recent), usual) * _PPM >= parameters.chance_ppm:
        return []
    addresses = tuple(dict.fromkeys(address for address, mark in recent if mark))
    words = (
        f"最近{parameters.periods}期的{len(recent)}个数中，{hits}个只有{parameters.digits}位有效数字；以往这样的数约占{percent(usual)}。"
    )
    return [Saw(addresses, words)]


def _round_marks(values: Sequence[Decimal], digits: int) -> list[bool]:
    """Whether each value is round; values with too few digits at the resolution of the series to tell are left out."""
    step = max((decimals(value) for value in values), default=0)
    telling = [value for value in values if abs(value).scaleb(step) >= _TEN ** (digits + 1)]
    return [significant_digits(value) <= digits for value in telling]
