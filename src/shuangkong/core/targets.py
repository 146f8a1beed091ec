"""Targets of several years: cumulative decline, annual rate, progress and the path that is required (accounting 17).

Declines are percentages, positive when the intensity falls. A rate chains; progress is logarithmic.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext

from .energy import PERCENT
from .errors import InputError
from .rounding import WORKING_DIGITS

MONTHS_OF_A_YEAR = 12


def _remaining(decline_percent: Decimal, where: str) -> Decimal:
    """1 − decline: what is left of the intensity.

    Raises:
        InputError: nothing is left.
    """
    if decline_percent >= PERCENT:
        raise InputError(f"降低率 {decline_percent}% 不可能", where=where, why="强度不能降低 100% 或更多")
    return 1 - decline_percent / PERCENT


def _target(decline_percent: Decimal) -> Decimal:
    if decline_percent <= 0:
        raise InputError("目标降低率必须大于 0", where="target_decline_percent", why=f"给出的是 {decline_percent}")
    return _remaining(decline_percent, "target_decline_percent")


def _years(years: int) -> int:
    if years <= 0:
        raise InputError("年数必须大于 0", where="years", why=f"给出的是 {years}")
    return years


def cumulative_decline_percent(yearly_decline_percent: Iterable[Decimal]) -> Decimal:
    """1 − Π(1 − r), in percent.

    Raises:
        InputError: a year's decline of 100 % or more.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        left = Decimal(1)
        for i, decline in enumerate(yearly_decline_percent):
            left *= _remaining(decline, f"yearly_decline_percent[{i}]")
        return (1 - left) * PERCENT


def annual_decline_percent(target_decline_percent: Decimal, years: int) -> Decimal:
    """The even yearly rate of a target: 1 − (1 − R)^(1/n), in percent.

    Raises:
        InputError: a target or a number of years that cannot be.
    """
    return path_decline_percent(target_decline_percent, Decimal(1) / _years(years))


def path_decline_percent(target_decline_percent: Decimal, progress: Decimal) -> Decimal:
    """The decline due when ``progress`` (0 to 1) of the way is over: 1 − (1 − R)^p, in percent.

    Raises:
        InputError: a target that cannot be.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return (1 - (_target(target_decline_percent).ln() * progress).exp()) * PERCENT


def progress_percent(cumulative_decline: Decimal, target_decline_percent: Decimal) -> Decimal:
    """完成进度 = ln(1 − R_n) ÷ ln(1 − R) × 100; negative when the intensity rose.

    Raises:
        InputError: a decline or a target that cannot be.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        left = _remaining(cumulative_decline, "cumulative_decline_percent")
        return left.ln() / _target(target_decline_percent).ln() * PERCENT


def overfulfilment_percent(cumulative_decline: Decimal, target_decline_percent: Decimal) -> Decimal:
    """超额 = (R_n − R) ÷ R × 100: linear, as the final announcements print it.

    Raises:
        InputError: a target that cannot be.
    """
    _target(target_decline_percent)
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return (cumulative_decline - target_decline_percent) / target_decline_percent * PERCENT


def required_progress_percent(years: int, elapsed_months: int) -> Decimal:
    """The part of the way that is over, in percent: 20, 40, 60, 80, 100 at the ends of five years.

    Raises:
        InputError: months outside the period.
    """
    months = _years(years) * MONTHS_OF_A_YEAR
    if not 0 <= elapsed_months <= months:
        raise InputError(
            f"已过月数应在 0 到 {months} 之间",
            where="elapsed_months",
            why=f"给出的是 {elapsed_months}，期限 {years} 年",
        )
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return Decimal(elapsed_months) / months * PERCENT


def required_cumulative_decline_percent(target_decline_percent: Decimal, years: int, elapsed_months: int) -> Decimal:
    """The decline due at the elapsed months: 1 − (1 − R)^(months ÷ 12n), in percent.

    Raises:
        InputError: a target that cannot be, or months outside the period.
    """
    return path_decline_percent(target_decline_percent, required_progress_percent(years, elapsed_months) / PERCENT)


def remaining_annual_decline_percent(
    target_decline_percent: Decimal, cumulative_decline: Decimal, remaining_years: int
) -> Decimal:
    """The yearly rate that still reaches the target: 1 − [(1 − R) ÷ (1 − R_n)]^(1/remaining); not above 0 when reached.

    Raises:
        InputError: a target, a decline or a number of years that cannot be.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        left = _target(target_decline_percent) / _remaining(cumulative_decline, "cumulative_decline_percent")
        return (1 - (left.ln() / _years(remaining_years)).exp()) * PERCENT


def required_in_year_percent(
    year_target_percent: Decimal | None, target_decline_percent: Decimal, years: int
) -> Decimal:
    """The rate that a year is graded on (accounting 17a): the year's own target where set, else the even yearly rate.

    Raises:
        InputError: a target or a number of years that cannot be.
    """
    return annual_decline_percent(target_decline_percent, years) if year_target_percent is None else year_target_percent
