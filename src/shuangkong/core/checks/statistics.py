"""The little statistics that the checks need, exact or on decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from math import comb


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value; of an even number the mean of the two in the middle. ``values`` is not empty."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def deviation(values: Sequence[Decimal]) -> Decimal:
    """The standard deviation of a sample of at least two."""
    mean = sum(values, Decimal(0)) / len(values)
    return (sum(((value - mean) ** 2 for value in values), Decimal(0)) / (len(values) - 1)).sqrt()


#: The median distance from the median of a normal sample is this part of its standard deviation.
_MEDIAN_DISTANCE = Decimal("0.6745")


def usual_deviation(values: Sequence[Decimal]) -> Decimal:
    """The deviation that is usual, whatever a few values do: from the median distance from the median."""
    middle = median(values)
    return median([abs(value - middle) for value in values]) / _MEDIAN_DISTANCE


def at_least(hits: int, trials: int, chance: Decimal) -> Decimal:
    """The probability of at least ``hits`` in ``trials`` with ``chance`` each (0 to 1)."""
    return sum((comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(hits, trials) if chance < 1), Decimal(0)) + (
        chance**trials if hits <= trials else Decimal(0)
    )


@lru_cache(maxsize=1 << 16)
def logarithm(value: Decimal) -> Decimal:
    """The natural logarithm of a positive value."""
    return value.ln()


def chi_square(observed: Sequence[int], expected: Sequence[Decimal]) -> Decimal:
    """Pearson's sum over the classes."""
    return sum(((seen - due) ** 2 / due for seen, due in zip(observed, expected, strict=True)), Decimal(0))


def significant_digits(value: Decimal) -> int:
    """How many digits a number has from its first to its last that is not zero: 2 for 1200, 3 for 0.0305, 0 for zero."""
    return len("".join(map(str, value.as_tuple().digits)).strip("0"))


def decimals(value: Decimal) -> int:
    """The digits after the point, as the value is written."""
    return max(0, -int(value.as_tuple().exponent))
