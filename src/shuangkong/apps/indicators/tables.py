"""Values that are tables: an account with all its lines is one value, and each line is read as a value of its own.

Tens of thousands of small values cost more to write than to compute, and nobody reads one of them without its neighbours. A line has
an indicator, a basis, a number, a status with its sentence, marks and rules. What a value has besides, a line has from its table: subject,
period, lens, release, run, who may see it, and whether it was opened by a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from shuangkong.apps.indicators.models import Indicator, Value
from shuangkong.core.digest import canonical_json

#: The table of one energy account.
ACCOUNT = "energy_account_tce"
#: Which table holds the lines of an indicator, with their calculation; a code that ends with ``:`` is a family.
STANDS_IN: dict[str, tuple[str, str]] = {
    "energy_terminal_tce": (ACCOUNT, "energy.terminal"),
    "energy_transformation_loss_tce": (ACCOUNT, "energy.transformation_loss"),
    "energy_loss_tce": (ACCOUNT, "energy.loss"),
    "energy_recovery_tce": (ACCOUNT, "energy.recovery"),
    "energy_balance_difference_tce": (ACCOUNT, "energy.difference"),
    "energy_product_tce:": (ACCOUNT, "energy.product"),
    "energy_sector_tce:": (ACCOUNT, "energy.sector"),
}


class Line(NamedTuple):
    """One line of a table, in the order in which it is stored; the number is text, the marks are 0 or 1."""

    code: str
    basis: str
    value: str | None
    status: str
    demonstration: int
    recalled: int
    rule_set_id: int | None
    sentence: str


def line_tail(status: str, demonstration: bool, recalled: bool, rule_set_id: int | None, sentence: str) -> str:
    """How the canonical text of a :class:`Line` goes on behind its number."""
    return canonical_json([status, int(demonstration), int(recalled), rule_set_id, sentence])[1:]


def table_of(code: str) -> str | None:
    """The indicator of the table in which the lines of ``code`` stand; None for an indicator that has values of its own."""
    found = STANDS_IN.get(_family(code))
    return found[0] if found else None


def calculation_of(code: str) -> str:
    """The calculation of a line."""
    return STANDS_IN[_family(code)][1]


def _family(code: str) -> str:
    head, colon, _ = code.partition(":")
    return head + colon


def with_tables(codes: Iterable[str]) -> list[str]:
    """``codes`` and the tables in which their lines stand."""
    wanted = list(codes)
    return [*wanted, *dict.fromkeys(table for code in wanted if (table := table_of(code)) is not None and table not in wanted)]


def asks_for(codes: Iterable[str]) -> Callable[[str], bool]:
    """Whether a code is among ``codes``, or begins with one of them that ends with ``:``."""
    wanted = set(codes)
    return lambda code: code in wanted or _family(code) in wanted


def key_of_table(key: str) -> str:
    """The key of the table in which the line with ``key`` stands; its own key where it stands in none."""
    code, subject, period, _basis, *rest = key.split("|")
    table = table_of(code)
    return key if table is None else "|".join((table, subject, period, "", *rest))


def key_of_line(key: str, like: Value) -> str:
    """The key of that line in the table with ``key`` which ``like`` is in its own."""
    _table, subject, period, _basis, *rest = key.split("|")
    return "|".join((like.indicator.code, subject, period, like.basis, *rest))


def opened(values: Iterable[Value], wanted: Callable[[str], bool]) -> list[Value]:
    """``values`` with those lines of the tables among them whose code is ``wanted``, and without tables that are not. One statement."""
    found: list[Value] = []
    lines: list[tuple[Value, int, Line]] = []
    for value in values:
        if not value.lines or wanted(value.indicator.code):
            found.append(value)
        lines += [(value, place, line) for place, line in enumerate(lines_of(value)) if wanted(line.code)]
    indicators = {row.code: row for row in Indicator.objects.filter(code__in={line.code for _, _, line in lines})} if lines else {}
    return found + [line_of(table, place, line, indicators[line.code]) for table, place, line in lines]


def lines_of(table: Value) -> list[Line]:
    """The lines of a table, in their order."""
    return [Line(*stored) for stored in table.lines]


def line_at(table: Value, place: int) -> Value | None:
    """The line with that number; None where the table has none. One statement."""
    lines = lines_of(table)
    if not 0 <= place < len(lines):
        return None
    line = lines[place]
    return line_of(table, place, line, Indicator.objects.get(code=line.code))


def line_of(table: Value, place: int, line: Line, indicator: Indicator) -> Value:
    """A line as a value that is stored nowhere else."""
    subject, period, *rest = table.key.split("|")[1:]
    value = Value(
        pk=table.pk, run_id=table.run_id, key="|".join((line.code, subject, period, line.basis, *rest[1:])), indicator=indicator,
        period_kind=table.period_kind, period_start=table.period_start, period_end=table.period_end, basis=line.basis,
        treatment=table.treatment, lens=table.lens, release=table.release, public=table.public, recorded_at=table.recorded_at,
        value=None if line.value is None else Decimal(line.value), status=line.status, demonstration=bool(line.demonstration),
        recalled=bool(line.recalled), rule_set_id=line.rule_set_id, sentence=line.sentence, calculation=calculation_of(line.code),
        inputs=table.inputs,
    )  # fmt: skip
    for relation in ("subject", "run"):
        if relation in table._state.fields_cache:
            setattr(value, relation, getattr(table, relation))
        else:
            setattr(value, f"{relation}_id", getattr(table, f"{relation}_id"))
    value._state.adding = False
    value.table, value.line = table, place
    return value
