"""True (真): tests of first and last digits. They apply to many figures over a wide range, and are silent otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from ..forms import plain
from .findings import NotApplicable, Parameters, Saw
from .returns import Return, matching
from .statistics import chi_square, decimals

_LAST = "0123456789"
_FIRST = "123456789"


class LastDigit(Parameters):
    """The least number of figures, the digits each must have, over how many periods, and the value of χ² (9 degrees) that is odd.

    ``past_critical``: the value from which a respondent's own past counts as uneven.
    """

    cells: tuple[str, ...]
    periods: int
    least: int
    digits: int
    critical: Decimal
    past_critical: Decimal


def last_digit(of: Return, parameters: LastDigit) -> list[Saw]:
    """Last digits of figures filed to the same resolution are even; invented ones are not (people avoid 0 and 5, or love them).

    Figures of a series whose own past fails the test as well (a meter with a factor, a weighbridge in tens) say nothing.
    """
    seen: list[str] = []
    addresses = []
    for address in matching(of.form, of.cells, parameters.cells):
        values = [value for _, value in of.series(address)]
        recent, past = (_last_digits(part, parameters.digits) for part in (values[-parameters.periods :], values[: -parameters.periods]))
        if _plausible(past, parameters):
            seen += recent
            addresses.append(address)
    if len(seen) < parameters.least:
        raise NotApplicable(f"可看的数只有{len(seen)}个，不到{parameters.least}个")
    found = _uneven(seen)
    if found <= parameters.critical:
        return []
    often, times = Counter(seen).most_common(1)[0]
    words = f"{len(seen)}个数的末位分布不匀（χ²={round(found, 1)}，界限{parameters.critical}）：末位是{often}的有{times}个。"
    return [Saw(tuple(addresses), words)]


def _plausible(past: Sequence[str], parameters: LastDigit) -> bool:
    """Whether the past was even enough; without a past nothing speaks against it."""
    return not past or _uneven(past) <= parameters.past_critical


def _uneven(seen: Sequence[str]) -> Decimal:
    counts = Counter(seen)
    return chi_square([counts[digit] for digit in _LAST], [Decimal(len(seen)) / len(_LAST)] * len(_LAST))


def _last_digits(values: Sequence[Decimal], digits: int) -> list[str]:
    """Last digits at the resolution of the series, of the values that have enough digits."""
    step = max((decimals(value) for value in values), default=0)
    texts = [f"{abs(value):.{step}f}".replace(".", "") for value in values]
    return [text[-1] for text in texts if len(text.lstrip("0")) >= digits]


class FirstDigit(Parameters):
    """The least number of figures, how many times the largest must be the smallest, and the value of χ² (8 degrees) that is odd."""

    cells: tuple[str, ...]
    least: int
    range_least: Decimal
    critical: Decimal


def first_digit(of: Return, parameters: FirstDigit) -> list[Saw]:
    """First digits over several orders of magnitude fall off as Benford says: 1 in 30 % of figures, 9 in 5 %."""
    filed = {address: abs(value) for address in matching(of.form, of.cells, parameters.cells) if (value := Decimal(of.cells[address]))}
    if len(filed) < parameters.least:
        raise NotApplicable(f"可看的数只有{len(filed)}个，不到{parameters.least}个")
    if max(filed.values()) < parameters.range_least * min(filed.values()):
        raise NotApplicable(f"最大数不到最小数的{parameters.range_least}倍")
    counts = Counter(plain(value).replace(".", "").lstrip("0")[0] for value in filed.values())
    due = [len(filed) * (1 + 1 / Decimal(digit)).log10() for digit in _FIRST]
    found = chi_square([counts[digit] for digit in _FIRST], due)
    if found <= parameters.critical:
        return []
    words = f"{len(filed)}个数的首位分布与常见规律不符（χ²={round(found, 1)}，界限{parameters.critical}）：首位是1的有{counts['1']}个。"
    return [Saw(tuple(filed), words)]
