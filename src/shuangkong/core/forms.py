"""What a form (报表) is, and what its cells hold: reading what people typed, and the sums.

A cell has the address ``table.line.column``; in a repeating table the line of the nth row is ``rn``. Cells are a mapping from address to
text: canonical decimal text, or words. A cell that is absent was not filled in; ``0`` is a reported zero; the two never mix: a sum
with a missing part is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from functools import cached_property

from .errors import InputError
from .periods import Period
from .quantities import decimal_of

Cells = Mapping[str, str]

COLUMN_KINDS = ("quantity", "integer", "ratio", "text", "choice", "date")
NUMBER_KINDS = ("quantity", "integer", "ratio")
SHAPES = ("fixed", "repeating")
RESPONDENTS = ("enterprise", "county", "zone", "department")
LEVELS = ("county", "city")
USES = ("statistics", "administrative")
COUNTED = ("calendar", "working")

#: No cell holds more characters, no repeating table more rows: bounds against abuse, far above any honest return.
TEXT_MAX = 500
ROWS_MAX = 300
#: Digits before the point that a number may have.
DIGITS_MAX = 15
_SUM_DIGITS = 60
_ROW = re.compile(r"r([1-9]\d{0,2})")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``decimals`` are the most that a number may have; ``signed`` lets it be negative; ``means`` says what its figures are."""

    key: str
    title: str
    unit: str = ""
    kind: str = "quantity"
    required: bool = False
    choices: tuple[str, ...] = ()
    decimals: int = 2
    hint: str = ""
    signed: bool = False
    means: tuple[tuple[str, str], ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether its cells hold numbers."""
        return self.kind in NUMBER_KINDS


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a fixed table. ``sum_of`` names the lines that make it up, each with +1 or −1; ``unit`` overrules the column's."""

    key: str
    title: str
    code: str = ""
    level: int = 0
    sum_of: tuple[tuple[str, int], ...] = ()
    not_applicable: tuple[str, ...] = ()
    unit: str = ""
    required: bool = False
    means: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the same lines for all (``fixed``), or as many rows as the respondent has (``repeating``)."""

    key: str
    title: str
    shape: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...] = ()
    note: str = ""

    def column(self, key: str) -> Column | None:
        """A column by its key."""
        return next((column for column in self.columns if column.key == key), None)

    def line(self, key: str) -> Line | None:
        """A line by its key; in a repeating table ``r1`` and so on."""
        if self.shape == "repeating":
            match = _ROW.fullmatch(key)
            return Line(key, match[1]) if match and int(match[1]) <= ROWS_MAX else None
        return next((line for line in self.lines if line.key == key), None)

    def unit(self, line: Line, column: Column) -> str:
        """The unit of a cell."""
        return (line.unit or column.unit) if column.is_number else ""

    def computed(self, line: Line, column: Column) -> bool:
        """Whether the cell is a sum."""
        return bool(line.sum_of) and column.is_number and column.kind != "ratio"

    def applies(self, line: Line, column: Column) -> bool:
        """Whether there is such a cell at all."""
        return column.key not in line.not_applicable and not (line.sum_of and not self.computed(line, column))


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long after the end of the period a form is due: ``days``, counted as calendar or working days."""

    days: int
    counted: str = "calendar"


@dataclass(frozen=True, slots=True)
class Basis:
    """The text that a form rests on: number and place in it, and how sure we are of it (``text``, ``recalled``, ``design``)."""

    number: str
    locator: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Posting:
    """Where an accepted cell goes in the ledger. ``price_base``: empty, ``0`` (current prices) or ``in_force``."""

    measure: str
    unit: str
    product: str = ""
    flow: str = ""
    industry: str = ""
    price_base: str = ""
    comparable: bool = False


@dataclass(frozen=True)
class Form:
    """One edition of a form. ``applies_to`` is the first day of a period's end that it no longer serves; ``goes_to`` maps addresses.

    ``review`` are the levels in order, ``departments`` the codes of those who review at the city; an empty ``review`` means that the
    one who files is the one who issues. ``months`` are the last months of its cumulative periods. ``release_cell``,
    ``document_cell`` and ``known_cell`` hold release, document number and day of publication of what is issued.
    """

    id: str
    edition: str
    title: str
    applies_from: date
    applies_to: date | None
    period_kind: str
    respondent: str
    review: tuple[str, ...]
    departments: tuple[str, ...]
    deadline: Deadline
    use: str
    legal_basis: Basis
    tables: tuple[Table, ...]
    goes_to: Mapping[str, Posting] = field(default_factory=dict)
    about: str = ""
    origin: str = "reported"
    months: tuple[int, ...] = ()
    release_cell: str = ""
    document_cell: str = ""
    known_cell: str = ""

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return {table.key: table for table in self.tables}

    def table(self, key: str) -> Table | None:
        """A table by its key."""
        return self._tables.get(key)

    def place(self, address: str) -> tuple[Table, Line, Column] | None:
        """What an address names; None for no cell of this form."""
        parts = address.split(".")
        if len(parts) != 3 or parts[0] not in self._tables:
            return None
        table = self._tables[parts[0]]
        line, column = table.line(parts[1]), table.column(parts[2])
        if line is None or column is None or not table.applies(line, column):
            return None
        return table, line, column

    def applies(self, period: Period) -> bool:
        """Whether this edition serves a period: by the last day of it."""
        last = date.fromordinal(period.end.toordinal() - 1)
        return self.applies_from <= last and (self.applies_to is None or last < self.applies_to)

    def fixed_cells(self) -> Iterator[tuple[str, Table, Line, Column]]:
        """Every cell of the fixed tables with its address, in reading order."""
        for table in self.tables:
            for line in table.lines:
                for column in table.columns:
                    if table.applies(line, column):
                        yield f"{table.key}.{line.key}.{column.key}", table, line, column

    def title_of(self, address: str) -> str:
        """An address in words: 能源平衡 终端消费 原煤."""
        place = self.place(address)
        if place is None:
            return address
        table, line, column = place
        row = f"第{line.title}行" if table.shape == "repeating" else line.title
        return f"{table.title} {row} {column.title}"


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong at a cell."""

    address: str
    what: str
    why: str = ""
    do: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        return "；".join(part for part in (self.what, self.why, self.do) if part)


@dataclass(frozen=True, slots=True)
class Reading:
    """Cells that could be read, in canonical text with the sums filled in, and what could not."""

    cells: dict[str, str]
    faults: tuple[CellFault, ...]


def read_cells(form: Form, raw: Mapping[str, str]) -> Reading:
    """What people typed as canonical cells. What was typed into a sum is left out: sums are computed."""
    cells, faults = {}, []
    for address, text in raw.items():
        place = form.place(address)
        if place is None:
            faults.append(CellFault(address, "表中没有这个格", "地址不在报表定义中", "按下载的模板或报表定义填写"))
            continue
        table, line, column = place
        if table.computed(line, column) or not text.strip():
            continue
        try:
            cells[address] = canonical(column, text)
        except InputError as error:
            faults.append(CellFault(address, error.what, error.why, error.do))
    return Reading(compute(form, cells), tuple(faults))


def canonical(column: Column, text: str) -> str:
    """One cell in canonical text.

    Raises:
        InputError: not what the column holds.
    """
    squeezed = text.strip()
    if column.is_number:
        return _number(column, squeezed)
    if len(squeezed) > TEXT_MAX:
        raise InputError("文字太长", why=f"最多 {TEXT_MAX} 字", do="缩短后再填")
    if column.kind == "choice" and squeezed not in column.choices:
        raise InputError(f"“{squeezed}”不在可选项中", why=f"可选：{'、'.join(column.choices)}", do="从下拉列表中选择")
    if column.kind == "date":
        return _day(squeezed)
    return squeezed


def _number(column: Column, text: str) -> str:
    number = decimal_of(text)
    shown = plain(number)
    whole, _, fraction = shown.lstrip("-").partition(".")
    if len(whole) > DIGITS_MAX:
        raise InputError("数太大", why=f"整数部分超过 {DIGITS_MAX} 位", do="核对数值与单位")
    if column.kind == "integer" and fraction:
        raise InputError(f"“{text}”不是整数", do="填整数")
    if len(fraction) > column.decimals:
        raise InputError(f"小数位数多于 {column.decimals} 位", why=f"填的是 {shown}", do=f"四舍五入到 {column.decimals} 位小数")
    if number < 0 and not column.signed:
        raise InputError("数是负数", why="这一项不会小于零", do="核对正负号")
    return shown


def plain(number: Decimal) -> str:
    """A decimal as canonical text: no exponent, no trailing zeros, no minus before zero."""
    with localcontext() as context:
        context.prec = max(_SUM_DIGITS, len(number.as_tuple().digits))
        shown = format(number.normalize(), "f")
    return "0" if shown in {"-0", "0"} else shown


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f"“{text}”不是日期", do="写成 2026-03-31") from None


def compute(form: Form, cells: Cells) -> dict[str, str]:
    """``cells`` with every sum made anew, exactly; a sum with a missing part is absent, never zero."""
    found = dict(cells)
    for table in form.tables:
        for line in (line for line in table.lines if line.sum_of):
            for column in table.columns:
                found.pop(f"{table.key}.{line.key}.{column.key}", None)
        for column in (column for column in table.columns if column.is_number):
            for line in table.lines:
                _fill(table, line, column, found)
    return found


def _fill(table: Table, line: Line, column: Column, found: dict[str, str]) -> str | None:
    """The cell of ``line``; a sum is worked out, its parts first. The loader refuses sums that lead in a circle."""
    address = f"{table.key}.{line.key}.{column.key}"
    if address in found or not (table.computed(line, column) and table.applies(line, column)):
        return found.get(address)
    total = Decimal(0)
    with localcontext() as context:
        context.prec = _SUM_DIGITS
        for key, sign in line.sum_of:
            part = table.line(key)
            if part is None or column.key in part.not_applicable:
                continue
            value = _fill(table, part, column, found)
            if value is None:
                return None
            total += sign * Decimal(value)
    found[address] = plain(total)
    return found[address]


def missing_required(form: Form, cells: Cells) -> tuple[CellFault, ...]:
    """Cells that must be filled in and are not; of a repeating table those of the rows that were begun."""
    return tuple(
        CellFault(address, f"“{form.title_of(address)}”没有填", "这一格必填", "没有发生填 0；确实没有的，在说明中写明")
        for address in _required(form, cells)
        if address not in cells
    )


def _required(form: Form, cells: Cells) -> Iterator[str]:
    for address, table, line, column in form.fixed_cells():
        if (line.required or column.required) and not table.computed(line, column):
            yield address
    for table in form.tables:
        if table.shape == "repeating":
            for row in rows_of(table, cells):
                yield from (f"{table.key}.{row}.{column.key}" for column in table.columns if column.required)


def rows_of(table: Table, cells: Iterable[str]) -> list[str]:
    """The rows of a repeating table that were begun, in order."""
    prefix = f"{table.key}."
    found = {address.split(".")[1] for address in cells if address.startswith(prefix)}
    return sorted(found, key=lambda row: int(row[1:]))


def changes(before: Cells, after: Cells) -> dict[str, tuple[str | None, str | None]]:
    """The addresses whose value differs, with both values; None is not filled."""
    both = sorted(set(before) | set(after))
    return {address: (before.get(address), after.get(address)) for address in both if before.get(address) != after.get(address)}


def periods_of(form: Form, year: int) -> list[Period]:
    """The periods of a calendar year that the form is filed for and this edition serves."""
    if form.period_kind == "month":
        made = [Period.month(year, month) for month in (form.months or range(1, 13))]
    elif form.period_kind == "quarter":
        made = [Period.quarter(year, quarter) for quarter in range(1, 5)]
    elif form.period_kind == "ytd":
        made = [Period.ytd(year, month) for month in form.months]
    else:
        made = [Period.year(year)]
    return [period for period in made if form.applies(period)]


def period_before(form: Form, period: Period) -> Period | None:
    """The period before in the form's own series; None for the first of a cumulative year."""
    months = [each.last_month for each in periods_of(form, period.start.year) if each.end < period.end]
    if period.kind == "ytd":
        return Period.ytd(period.start.year, months[-1]) if months else None
    if period.kind == "year":
        return Period.year(period.start.year - 1)
    if period.kind == "quarter":
        quarter = period.last_month // 3
        return Period.quarter(period.start.year, quarter - 1) if quarter > 1 else Period.quarter(period.start.year - 1, 4)
    if months:
        return Period.month(period.start.year, months[-1])
    return Period.month(period.start.year - 1, max(form.months, default=12))
