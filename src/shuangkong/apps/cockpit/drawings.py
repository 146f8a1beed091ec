"""The charts of these pages, as data: the path of a plan, the map by level, bars of sectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.urls import get_script_prefix

from shuangkong.apps.cockpit.cells import Aim, Cell, PlanFacts
from shuangkong.apps.ui import charts, statuses
from shuangkong.apps.ui.figures import address, text
from shuangkong.apps.ui.words import language
from shuangkong.apps.ui.words import said as _
from shuangkong.core.targets import required_cumulative_decline_percent
from shuangkong.core.wording import decline, number

QUARTERS = 4


def quarter_ends(plan: PlanFacts) -> tuple[date, ...]:
    """The ends (first days after) of the plan's quarters."""
    return _quarter_ends(plan.first_year, plan.last_year)


@lru_cache(maxsize=64)
def _quarter_ends(first_year: int, last_year: int) -> tuple[date, ...]:
    return tuple(
        date(year + (quarter == QUARTERS), 1 if quarter == QUARTERS else 3 * quarter + 1, 1)
        for year in range(first_year, last_year + 1)
        for quarter in range(1, QUARTERS + 1)
    )


def month_before(end: date) -> str:
    """The last month inside, as the axis shows it: 2025年12月."""
    return _month_before(end, language())


@lru_cache(maxsize=1024)
def _month_before(end: date, language: str) -> str:
    year, month = (end.year - 1, 12) if end.month == 1 else (end.year, end.month - 1)
    return _("%(year)d年%(month)d月") % {"year": year, "month": month}


def path_chart(plan: PlanFacts, values: Iterable[Cell], target: Aim | None, name: str) -> charts.Chart:
    """Cumulative decline by quarters against the required path and the target; without a target only what happened."""
    ends = quarter_ends(plan)
    by_end = {value.period_end: value for value in values}
    known = [by_end[end].value if end in by_end else None for end in ends]
    links = [address(by_end[end]) if end in by_end else "" for end in ends]
    lines = [charts.Line(_("实绩"), known, "actual", links)]
    aim = target.number if target is not None else None
    if aim is not None:
        lines.append(charts.Line(_("应达到路径"), required_path(aim, plan.years), "required"))
    line = (aim, _("目标%s%%") % number(aim, 0 if aim == aim.to_integral_value() else 1)) if aim is not None else None
    labels = [month_before(end) for end in ends]
    due = max((number for number, end in enumerate(ends, start=1) if end in by_end), default=0)
    return charts.line_chart(labels, lines, _label(name, ends, known), target=line, zero=_positive(known), every=QUARTERS, due=due)


@lru_cache(maxsize=256)
def required_path(aim: Decimal, years: int) -> tuple[Decimal, ...]:
    """The decline due at the end of each quarter: many pages ask for the same few."""
    return tuple(required_cumulative_decline_percent(aim, years, 3 * quarter) for quarter in range(1, QUARTERS * years + 1))


def _positive(points: Sequence[Decimal | None]) -> bool:
    """Whether the axis may start at 0: not when the intensity ever stood above its base."""
    return all(point is None or point >= 0 for point in points)


def _label(name: str, ends: Sequence[date], points: Sequence[Decimal | None]) -> str:
    last = next(((end, point) for end, point in zip(reversed(ends), reversed(points), strict=True) if point is not None), None)
    if last is None:
        return _("%s能耗强度累计降低率：还没有数") % name
    said = {"name": name, "month": month_before(last[0]), "decline": decline(last[1])}
    return _("%(name)s能耗强度累计降低率：至%(month)s%(decline)s") % said


def map_of(rows: Iterable[tuple[str, str, Cell | None, Cell | None]]) -> charts.Chart:
    """The map of counties: (code, name, level, in-year change)."""
    counties = f"{get_script_prefix()}counties/"
    areas = [charts.Area(name, *_area(level, change), f"{counties}{code}/") for code, name, level, change in rows]
    return charts.map_chart(areas, _("县市区预警等级地图，旁边的列表为同一内容"))


def map_of_results(rows: Iterable[tuple[str, str, Cell | None, Cell | None]]) -> charts.Chart:
    """The map of a plan that is over: (code, name, gap to the target, cumulative decline)."""
    counties = f"{get_script_prefix()}counties/"
    areas = [charts.Area(name, *_met(gap, decline), f"{counties}{code}/") for code, name, gap, decline in rows]
    return charts.map_chart(areas, _("县市区目标完成地图，旁边的列表为同一内容"))


def _met(gap: Cell | None, decline: Cell | None) -> tuple[str, str, str]:
    said = text(decline) if decline is not None else ""
    if gap is None:
        return "ex", _("无数据"), ""
    if gap.value is None:
        return "na", _("缺报"), ""
    return ("3", _("完成"), said) if gap.value >= 0 else ("1", _("未完成"), said)


def _area(level: Cell | None, change: Cell | None) -> tuple[str, str, str]:
    said = text(change) if change is not None else ""
    if level is None or not level.severity:
        if change is None:
            return "ex", _("无数据"), ""
        missing = change.value is None
        return ("na", _("缺报"), "") if missing else ("ex", _("不评级"), said)
    css = statuses.level_class(level.indicator.code, level.severity)
    return css.removeprefix("st-"), level.words, said


def bars_of(pairs: Sequence[tuple[Cell, Cell | None]], label: str, unit: str, power: int) -> charts.Chart:
    """Bars of amounts in the order given, each with the same period a year ago behind it."""
    bars = []
    for value, before in pairs:
        amount = value.value.scaleb(-power) if value.value is not None else None
        known = before is not None and before.value is not None
        behind = _("上年%s") % number(before.value.scaleb(-power), 1) if known else ""
        bars.append(charts.Bar(value.indicator.name.removesuffix(_("能源消费量")), amount, behind, address(value)))
    return charts.bar_chart(bars, label, unit)
