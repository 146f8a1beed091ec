"""True (真): values that stop at a line, that pass it narrowly after a return, and hours that there are not."""

from __future__ import annotations

from decimal import Decimal

from .accurate import Metered, UnitConsumption, apart_from_meter, units_of
from .findings import NotApplicable, Parameters, Saw
from .returns import Return, matching, percent, shown
from .statistics import at_least

_HUNDRED = Decimal(100)
_PPM = Decimal(1_000_000)


class Capped(Parameters):
    """How near the highest value of the last ``periods`` the others lie, and how rare that must be by the respondent's own past."""

    cells: tuple[str, ...]
    periods: int
    past_least: int
    within_percent: Decimal
    least: int
    chance_ppm: Decimal


def capped(of: Return, parameters: Capped) -> list[Saw]:
    """Many recent values lie just below the highest of them, where the respondent's past went over it."""
    found, asked = [], False
    for address in matching(of.form, of.cells, parameters.cells):
        values = [value for _, value in of.series(address)]
        recent, past = values[-parameters.periods :], values[: -parameters.periods]
        if len(recent) < parameters.periods or len(past) < parameters.past_least:
            continue
        asked = True
        top = max(recent)
        low = top * (1 - parameters.within_percent / _HUNDRED)
        hits = sum(value >= low for value in recent)
        usual = Decimal(sum(low <= value <= top for value in past) + 1) / (len(past) + 2)
        over = sum(value > top for value in past)
        if hits >= parameters.least and over and at_least(hits - 1, len(recent) - 1, usual) * _PPM < parameters.chance_ppm:
            words = (
                f"{of.form.title_of(address)}最近{len(recent)}期有{hits}期在{shown(top)}以下{parameters.within_percent}%之内，没有一期超过；"
                f"此前{len(past)}期有{over}期超过。"
            )
            found.append(Saw((address,), words))
    if not asked:
        raise NotApplicable("以前的期数太少")
    return found


class JustBelow(Parameters):
    """Lines that mean something (a size class, a quota), in the unit of the cell, and how near below is odd, in percent."""

    cells: tuple[str, ...]
    lines: tuple[Decimal, ...]
    within_percent: Decimal


def just_below(of: Return, parameters: JustBelow) -> list[Saw]:
    """A value that ends just below a line."""
    found = []
    for address in matching(of.form, of.cells, parameters.cells):
        value = Decimal(of.cells[address])
        for line in parameters.lines:
            if line * (1 - parameters.within_percent / _HUNDRED) <= value < line:
                words = f"{of.form.title_of(address)}填报{shown(value)}，比界线{shown(line)}只低{percent(1 - value / line)}。"
                found.append(Saw((address,), words))
    return found


class NarrowPass(Parameters):
    """The checks that may be passed narrowly, and how near to their line that is, in percent of it."""

    within_percent: Decimal
    unit: UnitConsumption | None = None
    metered: Metered | None = None


def narrow_pass(of: Return, parameters: NarrowPass) -> list[Saw]:
    """What was over a line before the return is now just within it."""
    if of.before_return is None:
        raise NotApplicable("没有被退回过")
    before = Return(of.form, of.subject_code, of.period, of.before_return, of.previous, metered=of.metered, limits=of.limits)
    now, then = _measures(of, parameters), _measures(before, parameters)
    found = []
    for address, (value, line, name) in now.items():
        if address not in then or then[address][0] <= line:
            continue
        if line * (1 - parameters.within_percent / _HUNDRED) <= value <= line:
            was, now_is = shown(round(then[address][0], 2)), shown(round(value, 2))
            words = f"{of.form.title_of(address)}退回前{name}{was}，改后{now_is}，界线{shown(line)}。"
            found.append(Saw((address,), words))
    return found


def _measures(of: Return, parameters: NarrowPass) -> dict[str, tuple[Decimal, Decimal, str]]:
    """Per cell: the measure, its line, and what it is called."""
    found: dict[str, tuple[Decimal, Decimal, str]] = {}
    unit, metered = parameters.unit, parameters.metered
    if unit is not None:
        for line, product, value in units_of(of.form.table(unit.table), of, unit):
            limit = of.limits.get(product)
            if limit is not None and limit.unit == unit.unit:
                found[f"{unit.table}.{line}.{unit.used}"] = (value, limit.value, f"{product}单耗")
    if metered is not None:
        for address in matching(of.form, of.cells, metered.cells):
            if address in of.metered:
                found[address] = (apart_from_meter(of, address, metered), metered.tolerance_percent, "与计量数相差（%）")
    return found


class Hours(Parameters):
    """A table with hours of operation and what was made in them; the cell that says on how many days was worked."""

    table: str
    hours: str
    made: str
    days: str = ""


def hours_fit(of: Return, parameters: Hours) -> list[Saw]:
    """More hours than the period has, or than its working days have; production without hours, hours without production."""
    found = []
    days = of.number(parameters.days)
    if days is not None and days * 24 > of.hours:
        found.append(Saw((parameters.days,), f"生产天数{shown(days)}天，本期只有{of.hours // 24}天。"))
    for at in matching(of.form, of.cells, [f"{parameters.table}.*.{parameters.hours}"]):
        made_at = f"{at.rpartition('.')[0]}.{parameters.made}"
        hours, made = Decimal(of.cells[at]), of.number(made_at)
        if hours > of.hours:
            found.append(Saw((at,), f"运行{shown(hours)}小时，本期只有{of.hours}小时。"))
        elif days is not None and hours > days * 24:
            found.append(Saw((at, parameters.days), f"运行{shown(hours)}小时，{shown(days)}个生产日只有{shown(days * 24)}小时。"))
        if made is not None and (made > 0) != (hours > 0):
            found.append(Saw((at, made_at), f"运行{shown(hours)}小时，产量{shown(made)}。"))
    return found
