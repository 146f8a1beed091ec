"""Accurate (准): what does not agree with itself, or with what others measured or issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from ..errors import InputError
from ..forms import Line, Table
from ..periods import Period
from ..quantities import to_base
from ..rounding import round_half_up
from .findings import NotApplicable, Parameters, Saw
from .returns import Group, Return, matching, number_at, percent, shown
from .statistics import median

_HUNDRED = Decimal(100)
_MONTHS_OF_A_YEAR = 12


class Balance(Parameters):
    """Flows with their sign (``-outflow`` is taken off), which of them must be filled in, and what may be missing, in percent, by product.

    ``across``: whether products are the ``columns`` of the table and flows its lines, or the other way round.
    """

    table: str
    across: Literal["columns", "lines"]
    available: tuple[str, ...]
    used: tuple[str, ...]
    needed: tuple[str, ...]
    tolerance_percent: Mapping[str, Decimal]


class Parts(Parameters):
    """A total and its parts, within a share of the total; ``at_most``: the parts may leave something out."""

    total: str
    parts: tuple[str, ...]
    tolerance_percent: Decimal
    at_most: bool = False


class Apart(Parameters):
    """Cells, and how far they may be from the other figure, in percent."""

    cells: tuple[str, ...]
    tolerance_percent: Decimal


def balance_difference(of: Return, parameters: Balance) -> list[Saw]:
    """available − used of each product, over its tolerance of what was available (accounting 2)."""
    found, asked = [], False
    for product, tolerance in parameters.tolerance_percent.items():
        if not all(_flow(of, parameters, flow, product)[1] is not None for flow in parameters.needed):
            continue
        asked = True
        available, supply = _added(of, parameters, parameters.available, product)
        used, use = _added(of, parameters, parameters.used, product)
        difference = supply - use
        if abs(difference) * _HUNDRED > tolerance * abs(supply):
            share = f"，为可供量的{percent(abs(difference / supply))}" if supply else ""
            name = _title(of, parameters, product)
            words = f"{name}可供量{shown(supply)}，去向合计{shown(use)}，平衡差额{shown(difference)}{share}，容许{tolerance}%。"
            found.append(Saw((*available, *used), words))
    if not asked:
        raise NotApplicable("没有一个品种的平衡项目填全")
    return found


def _flow(of: Return, parameters: Balance, flow: str, product: str) -> tuple[str, Decimal | None]:
    """The address of a flow of a product, and what is filed there, with its sign."""
    key, sign = flow.lstrip("-"), -1 if flow.startswith("-") else 1
    pair = f"{key}.{product}" if parameters.across == "columns" else f"{product}.{key}"
    address = f"{parameters.table}.{pair}"
    value = of.number(address)
    return address, None if value is None else sign * value


def _added(of: Return, parameters: Balance, flows: Sequence[str], product: str) -> tuple[list[str], Decimal]:
    """The filled-in flows: their addresses, and their sum."""
    filled = [(address, value) for address, value in (_flow(of, parameters, flow, product) for flow in flows) if value is not None]
    return [address for address, _ in filled], sum((value for _, value in filled), Decimal(0))


def _title(of: Return, parameters: Balance, product: str) -> str:
    table = of.form.table(parameters.table)
    titles = (table.columns if parameters.across == "columns" else table.lines) if table else ()
    return next((each.title for each in titles if each.key == product), product)


def parts_against_total(of: Return, parameters: Parts) -> list[Saw]:
    """Parts that do not add up to the total filed beside them."""
    total = of.number(parameters.total)
    parts = {address: value for address in parameters.parts if (value := of.number(address)) is not None}
    if total is None or not parts:
        raise NotApplicable("合计或分项没有填")
    if len(parts) < len(parameters.parts) and not parameters.at_most and sum(parts.values()) <= total:
        raise NotApplicable("分项没有填全")
    over = sum(parts.values(), Decimal(0)) - total
    apart = over if parameters.at_most else abs(over)
    if apart * _HUNDRED <= parameters.tolerance_percent * abs(total):
        return []
    words = f"分项之和{shown(total + over)}，合计{shown(total)}，相差{shown(over)}。"
    return [Saw((parameters.total, *parts), words)]


def months_against_year(of: Return, parameters: Apart) -> list[Saw]:
    """The year's figure against the sum of its twelve months, where all twelve were filed."""
    found, asked = [], False
    for address in matching(of.form, of.cells, parameters.cells):
        months = _months(of, address)
        if len(months) != _MONTHS_OF_A_YEAR:
            continue
        asked = True
        year, total = Decimal(of.cells[address]), sum(months, Decimal(0))
        if abs(year - total) * _HUNDRED > parameters.tolerance_percent * abs(total):
            words = f"{of.form.title_of(address)}全年{shown(year)}，十二个月合计{shown(total)}，相差{shown(year - total)}。"
            found.append(Saw((address,), words))
    if not asked:
        raise NotApplicable("这一年的十二个月没有报全")
    return found


def _months(of: Return, address: str) -> list[Decimal]:
    """The values of the months inside the year of the return."""
    inside = [cells for period, cells in of.history if _inside(period, of.period)]
    return [value for cells in inside if (value := number_at(of.form, cells, address)) is not None]


def _inside(period: Period, year: Period) -> bool:
    return period.kind == "month" and year.start <= period.start and period.end <= year.end


class Metered(Apart):
    """``early_percent``: which part of the period may lie after the day on which the meter was read."""

    early_percent: Decimal


def against_metered(of: Return, parameters: Metered) -> list[Saw]:
    """What was filed against what the meter of another counted (the grid's bill, for instance).

    A meter that is read some days early counts a part of the period before instead: the count may lie anywhere between what was filed
    and what would have been read that many days early, within the tolerance.
    """
    both = [address for address in matching(of.form, of.cells, parameters.cells) if address in of.metered]
    if not both:
        raise NotApplicable("没有计量数")
    found = []
    for address in both:
        apart = apart_from_meter(of, address, parameters)
        if apart > parameters.tolerance_percent:
            name, filed = of.form.title_of(address), shown(Decimal(of.cells[address]))
            words = f"{name}填报{filed}，计量数{shown(of.metered[address])}，按抄表日前后算仍相差{round_half_up(apart, 1)}%。"
            found.append(Saw((address,), words))
    return found


def apart_from_meter(of: Return, address: str, parameters: Metered) -> Decimal:
    """How far the meter's count is from what it may be, in percent of it."""
    filed, metered, before = Decimal(of.cells[address]), of.metered[address], of.beside(of.previous, address)
    early = filed + ((before if before is not None else filed) - filed) * parameters.early_percent / _HUNDRED
    low, high = min(filed, early), max(filed, early)
    outside = max(low - metered, metered - high, Decimal(0))
    return outside * _HUNDRED / abs(metered) if metered else outside * _HUNDRED


def against_issued(of: Return, parameters: Apart) -> list[Saw]:
    """What was filed against what the level above issued (accounting 6)."""
    both = [address for address in matching(of.form, of.cells, parameters.cells) if address in of.issued]
    if not both:
        raise NotApplicable("没有核定数")
    found = []
    for address in both:
        filed, issued = Decimal(of.cells[address]), of.issued[address]
        if abs(filed - issued) * _HUNDRED > parameters.tolerance_percent * abs(issued):
            name = of.form.title_of(address)
            found.append(Saw((address,), f"{name}填报{shown(filed)}，核定数{shown(issued)}，相差{shown(filed - issued)}。"))
    return found


class Jump(Parameters):
    """Cells, and how far they may change on the period before and on the same period last year, in percent."""

    cells: tuple[str, ...]
    on_previous_percent: Decimal
    on_year_ago_percent: Decimal


def jump(of: Return, parameters: Jump) -> list[Saw]:
    """A change that is large both on the period before and on a year ago; with one of them unknown, on the other."""
    found, asked = [], False
    for address in matching(of.form, of.cells, parameters.cells):
        changes = _changes(of, address, parameters)
        asked |= bool(changes)
        if changes and all(large for large, _ in changes):
            words = f"{of.form.title_of(address)}填报{of.cells[address]}，{'，'.join(words for _, words in changes)}。"
            found.append(Saw((address,), words))
    if not asked:
        raise NotApplicable("没有上期也没有上年同期")
    return found


def _changes(of: Return, address: str, parameters: Jump) -> list[tuple[bool, str]]:
    value, found = Decimal(of.cells[address]), []
    for name, cells, limit in (
        ("上期", of.previous, parameters.on_previous_percent),
        ("上年同期", of.year_ago, parameters.on_year_ago_percent),
    ):
        other = of.beside(cells, address)
        if other is not None:
            found.append((abs(value - other) * _HUNDRED > limit * abs(other), f"{name}{shown(other)}"))
    return found


def children_against_whole(of: Group, parameters: Apart) -> list[Saw]:
    """The sum of the children against the region's own figure (accounting 7). A child that is missing leaves the sum out."""
    if of.whole is None:
        raise NotApplicable("本级没有报")
    if missing := [name for code, name in of.expected.items() if code not in of.filed]:
        raise NotApplicable(f"下级没有报全：{missing[0]}")
    found = []
    for address in matching(of.form, of.whole, parameters.cells):
        parts = [number_at(of.form, cells, address) for cells in of.filed.values()]
        known = [value for value in parts if value is not None]
        whole, total = Decimal(of.whole[address]), sum(known, Decimal(0))
        if len(known) == len(parts) and abs(whole - total) * _HUNDRED > parameters.tolerance_percent * abs(whole):
            words = f"{of.form.title_of(address)}本级{shown(whole)}，下级合计{shown(total)}，不分县差额{shown(whole - total)}。"
            found.append(Saw((address,), words))
    return found


class UnitConsumption(Parameters):
    """The columns of a table that hold the product, what was used, what was made, and the factor to the unit of the limit.

    ``made_in``: the column that says in which unit of mass it was made; rows in other units are left out. Without it the column's own.
    ``margin_percent``: how far above a limit counts; ``peers_least``: how many peers are enough; ``spread``: how many robust
    deviations off their median counts.
    """

    table: str
    product: str
    used: str
    made: str
    made_in: str = ""
    factor: Decimal
    unit: str
    margin_percent: Decimal = Decimal(0)
    peers_least: int = 8
    spread: Decimal = Decimal(5)


def unit_limit(of: Return, parameters: UnitConsumption) -> list[Saw]:
    """Unit consumption above the limit of its standard, or so far below that the unit of a figure may be wrong."""
    found, asked = [], False
    for line, product, value in units_of(of.form.table(parameters.table), of, parameters):
        limit = of.limits.get(product)
        if limit is None or limit.unit != parameters.unit:
            continue
        asked = True
        if value > limit.value * (1 + parameters.margin_percent / _HUNDRED):
            words = f"{product}单耗{shown(round(value, 2))} {limit.unit}，限额{shown(limit.value)}（{limit.source}）。"
            found.append(Saw(tuple(f"{parameters.table}.{line}.{column}" for column in (parameters.used, parameters.made)), words))
    if not asked:
        raise NotApplicable("没有可比的能耗限额")
    return found


def unit_peers(of: Return, parameters: UnitConsumption) -> list[Saw]:
    """Unit consumption far off the median of those who make the same product."""
    table, found, asked = of.form.table(parameters.table), [], False
    others: dict[str, list[Decimal]] = {}
    for cells in of.peers:
        peer = Return(of.form, "", of.period, cells)
        for _, product, value in units_of(table, peer, parameters):
            others.setdefault(product, []).append(value)
    for line, product, value in units_of(table, of, parameters):
        values = others.get(product, [])
        if len(values) < parameters.peers_least:
            continue
        asked = True
        middle = median(values)
        deviation = max(median([abs(each - middle) for each in values]), middle / _HUNDRED)
        if abs(value - middle) > parameters.spread * deviation:
            words = f"{product}单耗{shown(round(value, 2))} {parameters.unit}，同行{len(values)}家的中位数{shown(round(middle, 2))}。"
            found.append(Saw(tuple(f"{parameters.table}.{line}.{column}" for column in (parameters.used, parameters.made)), words))
    if not asked:
        raise NotApplicable(f"同行不到{parameters.peers_least}家")
    return found


def units_of(table: Table | None, of: Return, parameters: UnitConsumption) -> list[tuple[str, str, Decimal]]:
    """Line, product and unit consumption of each line where both were filed and something was made."""
    rows = dict.fromkeys(address.split(".")[1] for address in sorted(of.cells) if address.startswith(f"{parameters.table}."))
    found = []
    for key in rows:
        line: Line | None = table.line(key) if table else None
        used, made = of.number(f"{parameters.table}.{key}.{parameters.used}"), _made(of, key, parameters)
        if used is not None and made and line is not None:
            product = of.cells.get(f"{parameters.table}.{key}.{parameters.product}", line.title)
            found.append((key, product, used * parameters.factor / made))
    return found


def _made(of: Return, key: str, parameters: UnitConsumption) -> Decimal | None:
    """What was made, in tonnes where the row says its unit."""
    made = of.number(f"{parameters.table}.{key}.{parameters.made}")
    unit = of.cells.get(f"{parameters.table}.{key}.{parameters.made_in}")
    if made is None or not parameters.made_in:
        return made
    try:
        return to_base(made, unit or "", "mass")
    except InputError:
        return None
