"""How a target is read: as a decline, a cumulative amount or a level; by which path; and what it requires at any month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shuangkong.apps.indicators.models import Target
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.core.trajectories import Trajectory, required_decline_percent, required_level, required_t

DECLINE, CUMULATIVE, LEVEL = "decline", "cumulative", "level"
SHAPES = (DECLINE, CUMULATIVE, LEVEL)
MONTHS = 12
#: The points of a path that a page draws: the ends of the quarters.
QUARTER = 3


class Point(NamedTuple):
    """What is required when ``months`` are over."""

    months: int
    period: Period
    required: Decimal


def shape_of(target: Target) -> str:
    """How the number is read: as stated, else as the indicator's code says."""
    return target.shape or shape_by_code(target.indicator.code)


def shape_by_code(code: str) -> str:
    """Declines and reductions count from the base year; anything else is a level."""
    if code.endswith("_decline_percent"):
        return DECLINE
    return CUMULATIVE if code.endswith("_reduction_t") else LEVEL


def trajectory_of(target: Target) -> Trajectory:
    """The path that was chosen; else geometric for a decline, as the national assessment reads it, and linear for all else."""
    if target.trajectory:
        return Trajectory(target.trajectory)
    return Trajectory.GEOMETRIC if shape_of(target) == DECLINE else Trajectory.LINEAR


def years_of(target: Target) -> int:
    """Number of years from the base year to the target's."""
    return target.last - target.first


def required(target: Target, elapsed_months: int) -> Decimal:
    """What the target requires when ``elapsed_months`` since the base year's end are over.

    Raises:
        InputError: a target in words, months outside its years, a base value that is missing, or figures that cannot be.
    """
    if target.number is None:
        raise InputError("文字目标没有逐月要求", where=target.indicator.name, why=f"方案写的是“{target.words}”", do="只看走势，不评进度")
    kind, years = trajectory_of(target), years_of(target)
    set_ = ends_of_years(target) if kind is Trajectory.BY_YEAR else ()
    shape = shape_of(target)
    if shape == DECLINE:
        return required_decline_percent(kind, target.number, years, elapsed_months, set_)
    if shape == CUMULATIVE:
        return required_t(kind, target.number, years, elapsed_months, set_)
    if target.base_value is None:
        raise InputError(
            f"缺少{target.first}年基期值", where=target.indicator.name, why="没有起点就画不出到目标的路径；缺的数不是 0", do="补填基期值"
        )
    return required_level(kind, target.base_value, target.number, years, elapsed_months, set_)


def ends_of_years(target: Target) -> list[Decimal]:
    """The figures set for the ends of the years.

    Raises:
        InputError: a year is missing.
    """
    years = range(target.first + 1, target.last + 1)
    absent = [str(year) for year in years if str(year) not in target.by_year]
    if absent:
        raise InputError(f"缺少{'、'.join(absent)}年的年度目标", where=target.indicator.name, do="每年填一个年末累计数，最后一年等于总目标")
    return [Decimal(str(target.by_year[str(year)])) for year in years]


def months_to(target: Target, year: int, month: int) -> int:
    """Months since the base year's end that are over at the end of ``month``.

    Raises:
        InputError: outside the target's years.
    """
    months = (year - target.first - 1) * MONTHS + month
    if not 0 <= months <= years_of(target) * MONTHS:
        raise InputError(f"{year}年{month}月不在目标期内", where=target.indicator.name, why=f"目标期是{target.first + 1}—{target.last}年")
    return months


def path(target: Target) -> list[Point]:
    """What is required at the end of each quarter, from the base year's end on; empty for a target in words.

    Raises:
        InputError: see :func:`required`.
    """
    if target.number is None:
        return []
    ends = range(0, years_of(target) * MONTHS + 1, QUARTER)
    return [Point(months, period_at(target, months), required(target, months)) for months in ends]


def period_at(target: Target, months: int) -> Period:
    """The year to date that ends when ``months`` are over; the base year at 0."""
    year, month = divmod(months, MONTHS)
    return Period.ytd(target.first + year + 1, month) if month else Period.year(target.first + year)


def in_force(target: Target, on: date) -> bool:
    """Whether the subject exists on a day: a region that was split or merged has no requirement after its end."""
    subject = target.subject
    return (subject.exists_from is None or subject.exists_from <= on) and (subject.exists_to is None or on < subject.exists_to)
