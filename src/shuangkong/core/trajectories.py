"""Trajectories of a target: what is required at any month on the way, by the path that the plan chose.

``linear``: in proportion to time. ``geometric``: the same rate every year, as the national assessment reads an intensity target
(:mod:`.targets`). ``by_year``: the cumulative figures that the plan sets for the ends of its years; between two of them a rate goes
on geometrically and tonnes linearly. A target in words has no trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from enum import StrEnum

from .energy import PERCENT
from .errors import InputError
from .rounding import WORKING_DIGITS
from .targets import MONTHS_OF_A_YEAR, required_cumulative_decline_percent, required_progress_percent


class Trajectory(StrEnum):
    """The kinds of path."""

    LINEAR = "linear"
    GEOMETRIC = "geometric"
    BY_YEAR = "by_year"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"linear": "按时间均匀", "geometric": "按年均降低率", "by_year": "按年度目标"}[self.value]


def required_decline_percent(
    kind: Trajectory, target_decline_percent: Decimal, years: int, elapsed_months: int, by_year: Sequence[Decimal] = ()
) -> Decimal:
    """The cumulative decline that is required when ``elapsed_months`` of ``years`` are over; ``by_year``: as set for the ends of the years.

    Raises:
        InputError: a target, months or yearly figures that cannot be.
    """
    whole = required_cumulative_decline_percent(target_decline_percent, years, elapsed_months)
    if kind is Trajectory.GEOMETRIC:
        return whole
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        if kind is Trajectory.LINEAR:
            return target_decline_percent * required_progress_percent(years, elapsed_months) / PERCENT
        ends = _set_for_years(by_year, target_decline_percent, years)
        if max(ends) >= PERCENT:
            raise InputError(f"降低率 {max(ends)}% 不可能", where="by_year", why="强度不能降低 100% 或更多")
        before, after, part = _between(ends, elapsed_months)
        if part == 0:
            return before
        left, next_ = PERCENT - before, PERCENT - after
        return PERCENT - left * ((next_ / left).ln() * part).exp()


def required_t(
    kind: Trajectory, target_t: Decimal, years: int, elapsed_months: int, by_year: Sequence[Decimal] = ()
) -> Decimal:
    """The cumulative tonnes that are required; tonnes are linear, so there is no geometric path (accounting 13).

    Raises:
        InputError: a target, months or yearly figures that cannot be, or a geometric path.
    """
    progress = required_progress_percent(years, elapsed_months)
    if target_t <= 0:
        raise InputError("目标必须大于 0", where="target_t", why=f"给出的是 {target_t}")
    if kind is Trajectory.GEOMETRIC:
        raise InputError("减排量不能按年均降低率推算", where="kind", why="重点工程减排量按吨累计，是线性的", do="选按时间均匀或按年度目标")
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        if kind is Trajectory.LINEAR:
            return target_t * progress / PERCENT
        before, after, part = _between(_set_for_years(by_year, target_t, years), elapsed_months)
        return before + (after - before) * part


def required_level(
    kind: Trajectory, base: Decimal, target: Decimal, years: int, elapsed_months: int, by_year: Sequence[Decimal] = ()
) -> Decimal:
    """The level that is required on the way from ``base`` to ``target`` (tce, t, a share in percent), rising or falling.

    ``by_year``: the levels as set for the ends of the years; between two of them it goes on linearly.

    Raises:
        InputError: months or yearly figures that cannot be, or a geometric path from or to a level that is not above 0.
    """
    progress = required_progress_percent(years, elapsed_months) / PERCENT
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        if kind is Trajectory.LINEAR:
            return base + (target - base) * progress
        if kind is Trajectory.GEOMETRIC:
            if base <= 0 or target <= 0:
                why = f"基期 {base}，目标 {target}"
                raise InputError("按年均变化率推算要求基期值和目标都大于 0", where="base", why=why, do="选按时间均匀")
            return base * ((target / base).ln() * progress).exp()
        ends = [base, *_set_for_years(by_year, target, years)[1:]]
        before, after, part = _between(ends, elapsed_months)
        return before + (after - before) * part


def _set_for_years(by_year: Sequence[Decimal], target: Decimal, years: int) -> list[Decimal]:
    """The figures of the ends of the years with the beginning, checked: one for each year, the last is the target."""
    if len(by_year) != years:
        raise InputError(f"应有 {years} 个年度目标", where="by_year", why=f"给出的是 {len(by_year)} 个")
    if by_year[-1] != target:
        raise InputError("最后一年的年度目标应等于总目标", where="by_year", why=f"{by_year[-1]} 对 {target}")
    if any(figure < 0 for figure in by_year):
        raise InputError("累计的年度目标不能小于 0", where="by_year")
    return [Decimal(0), *by_year]


def _between(ends: Sequence[Decimal], elapsed_months: int) -> tuple[Decimal, Decimal, Decimal]:
    """The figures before and after the month, and the part of the way between them."""
    year, months = divmod(elapsed_months, MONTHS_OF_A_YEAR)
    after = ends[year + 1] if months else ends[year]
    return ends[year], after, Decimal(months) / MONTHS_OF_A_YEAR
