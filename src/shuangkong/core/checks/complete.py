"""Complete (全): what is not there."""

from __future__ import annotations

from decimal import Decimal

from ..forms import Form, period_before
from ..periods import Period
from .findings import NotApplicable, Parameters, Saw
from .returns import Group, Return, percent


class Nothing(Parameters):
    """No parameters."""


class AtLeast(Parameters):
    """A share that must be reached, in percent."""

    percent: Decimal


def gaps(of: Return, parameters: Nothing) -> list[Saw]:
    """Periods between the first that was filed and this one for which nothing was filed."""
    filed = {period for period, _ in of.history}
    if not filed:
        raise NotApplicable("以前没有报过")
    missing = [period for period in _between(of.form, min(filed), of.period) if period not in filed]
    if not missing:
        return []
    return [Saw((), f"{missing[-1].label}起有{len(missing)}期没有报：{'、'.join(period.label for period in reversed(missing[:6]))}。")]


def _between(form: Form, first: Period, last: Period) -> list[Period]:
    """The periods of the form after ``first`` and before ``last``, the latest first."""
    found: list[Period] = []
    period = _before(form, last)
    while period is not None and period.start >= first.start and period > first:
        found.append(period)
        period = _before(form, period)
    return found


def _before(form: Form, period: Period) -> Period | None:
    """The period before, over the turn of the year as well."""
    before = period_before(form, period)
    if before is None and form.months:
        before = Period.ytd(period.start.year - 1, form.months[-1])
    return before


def fill_rate(of: Return, parameters: AtLeast) -> list[Saw]:
    """How many of the fixed number cells are filled in."""
    wanted = [address for address, table, line, column in of.form.fixed_cells() if column.is_number and not table.computed(line, column)]
    if not wanted:
        raise NotApplicable("本表没有固定的数字格")
    empty = tuple(address for address in wanted if address not in of.cells)
    rate = 1 - Decimal(len(empty)) / len(wanted)
    if rate * 100 >= parameters.percent:
        return []
    return [Saw(empty[:50], f"{len(wanted)}个数字格中有{len(empty)}个没有填，填报率{percent(rate)}，低于{parameters.percent}%。")]


def not_filed(of: Group, parameters: Nothing) -> list[Saw]:
    """Who owes the return and has not filed it."""
    missing = [name for code, name in of.expected.items() if code not in of.filed]
    if not missing:
        return []
    more = f"等{len(missing)}家" if len(missing) > 5 else ""
    return [Saw((), f"{of.period.label}“{of.form.title}”应报{len(of.expected)}家，{'、'.join(missing[:5])}{more}没有报。")]


def filing_rate(of: Group, parameters: AtLeast) -> list[Saw]:
    """Which share of those who owe the return has filed it."""
    if not of.expected:
        raise NotApplicable("没有应报单位")
    came = sum(code in of.filed for code in of.expected)
    rate = Decimal(came) / len(of.expected)
    if rate * 100 >= parameters.percent:
        return []
    return [Saw((), f"应报{len(of.expected)}家，已报{came}家，报送率{percent(rate)}，低于{parameters.percent}%。")]
