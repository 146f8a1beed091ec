"""The one place where figures are rounded: half up, last, on decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import cache

#: Digits that a chain of ratios keeps before the one rounding at its end.
WORKING_DIGITS = 34
#: Arithmetic with that many digits, for single steps: a local context costs more than they do.
WORKING = Context(prec=WORKING_DIGITS)
#: Wide enough that rounding to decimals never runs out of digits.
_WIDE = Context(prec=WORKING_DIGITS + 16)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """``value`` to ``places`` decimals, halves away from zero (四舍五入)."""
    return value.quantize(_step(places), rounding=ROUND_HALF_UP, context=_WIDE)


def significant(value: Decimal, digits: int) -> Decimal:
    """``value`` to so many significant digits, halves away from zero."""
    return _digits(digits).plus(value)


@cache
def _digits(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_UP)


@cache
def _step(places: int) -> Decimal:
    """The smallest amount that ``places`` decimals can say: 0.01 for 2."""
    return Decimal(1).scaleb(-places)


def largest_remainder(shares: Sequence[Decimal], step: Decimal, total: Decimal) -> list[Decimal]:
    """``shares`` rounded to multiples of ``step`` so that they add up to ``total`` exactly (accounting 14).

    ``total`` must be a multiple of ``step`` and not below the sum of the floors.
    """
    floors = [(share / step).to_integral_value(rounding=ROUND_FLOOR) for share in shares]
    missing = int(total / step - sum(floors, Decimal(0)))
    order = sorted(range(len(shares)), key=lambda i: (floors[i] - shares[i] / step, i))
    for i in order[:missing]:
        floors[i] += 1
    return [floor * step for floor in floors]
