"""A table of a form as the plain page shows it: rows of cells, each with its address, text and faults. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shuangkong.core.forms import ROWS_MAX, Column, Form, Line, Table, rows_of

BLANK_ROWS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    address: str
    label: str
    column: Column
    text: str
    previous: str
    computed: bool
    applies: bool
    required: bool
    faults: tuple[str, ...]
    pointed: bool


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its cells."""

    line: Line
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """One table of a filing."""

    form: Form
    table: Table
    lines: tuple[ShownLine, ...]
    has_units: bool


def sheet(form: Form, table: Table, told: Mapping[str, Any]) -> Sheet:
    """The table with what :func:`contract.sheet_json` tells of the filing."""
    faults: dict[str, list[str]] = {}
    for finding in told["findings"]:
        for address in finding["addresses"]:
            faults.setdefault(address, []).append(finding["saw"])
    pointed = set(told["returned"]["pointed"]) if told["returned"] else set()
    lines = table.lines if table.shape == "fixed" else _rows(table, told)
    shown = tuple(
        ShownLine(line, line.unit, tuple(_cell(table, line, column, told, faults, pointed) for column in table.columns)) for line in lines
    )
    return Sheet(form, table, shown, any(line.unit for line in lines))


def _rows(table: Table, told: Mapping[str, Any]) -> list[Line]:
    used = rows_of(table, told["cells"])
    last = int(used[-1][1:]) if used else 0
    count = min(ROWS_MAX, last + (BLANK_ROWS if told["editable"] else 0))
    return [Line(f"r{number}", str(number)) for number in range(1, count + 1)]


def _cell(table: Table, line: Line, column: Column, told: Mapping[str, Any], faults: Mapping[str, list[str]], pointed: set[str]) -> Cell:
    address = f"{table.key}.{line.key}.{column.key}"
    computed = table.computed(line, column)
    text = told["computed"].get(address, "") if computed else told["cells"].get(address, "")
    return Cell(
        address,
        f"{line.title} {column.title}",
        column,
        text,
        told["previous"]["cells"].get(address, ""),
        computed,
        table.applies(line, column),
        (line.required or column.required) and not computed,
        tuple(faults.get(address, ())),
        address in pointed,
    )
