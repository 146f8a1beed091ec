"""What a target may say: checked before it is proposed, confirmed or imported, always by the same function."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shuangkong.apps.indicators.models import HANDED_DOWN, INTERNAL, Indicator, Target
from shuangkong.apps.indicators.targets.paths import CUMULATIVE, DECLINE, SHAPES, ends_of_years, shape_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.energy import PERCENT
from shuangkong.core.errors import InputError
from shuangkong.core.trajectories import Trajectory

#: The fields that a proposal states, with what stands where nothing is said.
FIELDS: dict[str, Any] = {
    "number": None, "incentive": None, "words": "", "comparison": "", "base_year": None, "base_value": None, "target_year": None,
    "shape": "", "trajectory": "", "yearly": {}, "by_year": {}, "kind": "binding", "rank": 0, "set_by": "", "industry": "",
    "details": {},
}  # fmt: skip
DECIMALS = ("number", "incentive", "base_value")


def made(plan: Plan, indicator: Indicator, subject: Subject, fields: Mapping[str, Any]) -> Target:
    """An unsaved target with these fields."""
    return Target(plan=plan, indicator=indicator, subject=subject, **{**FIELDS, **fields})


def as_text(target: Target) -> dict[str, Any]:
    """The fields of a target as a proposal keeps them: decimals as plain text."""
    return {name: _plain(getattr(target, name)) for name in FIELDS}


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


def from_text(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a proposal as a target takes them."""
    return {name: Decimal(value) if name in DECIMALS and value is not None else value for name, value in body.items() if name in FIELDS}


def check(target: Target) -> None:
    """What a target says by itself.

    Raises:
        InputError: numbers, words, years or a path that cannot be; the field is named.
    """
    if (target.number is None) == (not target.words):
        raise InputError("目标要写数或写文字，只写一样", where="number", why="写文字的目标没有数（如“合理控制”）", do="留下一样")
    if target.shape and target.shape not in SHAPES:
        raise InputError(f"不认识的读法“{target.shape}”", where="shape")
    if target.first >= target.last:
        raise InputError(f"目标年 {target.last} 不晚于基期 {target.first}", where="target_year", do="核对基期和目标年")
    if target.number is None:
        if target.incentive is not None or target.trajectory or target.by_year:
            raise InputError("文字目标没有激励目标和路径", where="incentive", do="只写文字，或改写成数")
        return
    _check_amounts(target, target.number)
    if target.trajectory == Trajectory.BY_YEAR:
        _check_years(target, ends_of_years(target))
    elif target.by_year:
        raise InputError("填了年度目标，路径却不是按年度目标", where="trajectory", do="路径选“按年度目标”，或清空年度目标")
    if target.trajectory == Trajectory.GEOMETRIC and shape_of(target) == CUMULATIVE:
        why = "重点工程减排量按吨累计，是线性的"
        raise InputError("减排量不能按年均降低率推算", where="trajectory", why=why, do="选按时间均匀或按年度目标")


def _check_amounts(target: Target, number: Decimal) -> None:
    shape, incentive = shape_of(target), target.incentive
    if shape != "level" and number <= 0:
        raise InputError("目标必须大于 0", where="number", why=f"给出的是 {number}", do="降低为正数，写 15 而不是 −15")
    if number < 0:
        raise InputError("目标不能小于 0", where="number", why=f"给出的是 {number}")
    highest = max(number, incentive or number)
    if shape == DECLINE and highest >= PERCENT:
        raise InputError(f"降低率 {highest}% 不可能", where="number", why="强度不能降低 100% 或更多")
    if target.indicator.unit == "%" and highest > PERCENT:
        raise InputError(f"比例 {highest}% 高于 100%", where="number", why="部分不会大于全部")
    if incentive is not None and shape != "level" and incentive < number:
        raise InputError("激励目标低于基本目标", where="incentive", why=f"基本 {number}，激励 {incentive}", do="激励目标应高于基本目标")
    if target.base_value is not None and target.base_value < 0:
        raise InputError("基期值不能小于 0", where="base_value", why=f"给出的是 {target.base_value}")


def _check_years(target: Target, ends: list[Decimal]) -> None:
    if ends[-1] != target.number:
        raise InputError("最后一年的年度目标应等于总目标", where="by_year", why=f"{ends[-1]} 对 {target.number}")
    if any(end < 0 for end in ends):
        raise InputError("年度目标不能小于 0", where="by_year")
    if shape_of(target) != "level" and ends != sorted(ends):
        raise InputError("累计的年度目标不能一年比一年小", where="by_year", do="填的是各年末的累计数，不是当年数")


def check_against_others(target: Target) -> None:
    """What a target says beside the others: one subject has one target of an indicator in a year.

    Raises:
        InputError: a plan whose years overlap asks the same, or the region does not exist in the target's years.
    """
    subject, first, last = target.subject, target.plan.first_year, target.plan.last_year
    gone = subject.exists_to is not None and subject.exists_to.year < first
    if gone or (subject.exists_from is not None and subject.exists_from.year > last):
        raise InputError(f"{subject.name}在{first}—{last}年不存在", where="subject", do="选当时存在的地区")
    if target.kind == INTERNAL:
        return
    same = Target.objects.unscoped("a year has one target").filter(
        HANDED_DOWN, indicator=target.indicator, subject=subject, industry=target.industry, plan__first_year__lte=last,
        plan__last_year__gte=first,
    )  # fmt: skip
    for other in same.exclude(plan=target.plan).select_related("plan"):
        raise InputError(
            f"{subject.name}的这个指标在“{other.plan.title}”里已有目标", where="plan",
            why=f"两份方案的年份重叠：{other.plan.first_year}—{other.plan.last_year} 与 {first}—{last}", do="先理清两份方案的起止年份",
        )  # fmt: skip
