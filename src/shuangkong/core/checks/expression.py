"""Expressions that a city writes into the catalogue, in CEL: they see the cells of one return and nothing else.

An expression says what must hold; a finding is raised where it does not. A cell is named by its address, ``balance.terminal.coal``, and
is a whole number: quantities in 10⁻⁶ base units, figures in percent in parts per million, other numbers in 10⁻⁶; words stay words.
``has(table.line.column)`` asks whether a cell is filled in; an expression over a cell that is not says nothing. Ours are

* ``sum("table", "column")``: the column over all lines that are filled in;
* ``prev("table.line.column")`` and ``year_ago(…)``: the cell in the period before and in the same period last year;
* ``abs(number)``, ``share(part, whole)``: the second in parts per million.

Bounds: length of the text, depth of brackets, no loops (``map``, ``all`` …), no numbers with a point, no functions but those listed. So
an expression takes steps in proportion to its length and to the number of cells, and reaches nothing outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..forms import Cells, Form
from ..quantities import MICRO_LIMIT, to_micro
from .findings import NotApplicable
from .returns import Return, factor_of

if TYPE_CHECKING:
    from cel.cel import Program

TEXT_MAX = 1000
DEPTH_MAX = 20

PARTS_PER_MILLION = 1_000_000
_PERCENT_TO_PPM = Decimal(10_000)
_OPERATORS = {
    "_+_", "_-_", "_*_", "_/_", "_%_", "_>_", "_>=_", "_<_", "_<=_", "_==_", "_!=_", "_&&_", "_||_", "!_", "-_", "_?_:_", "@in",
    "startsWith", "endsWith", "contains",
}  # fmt: skip
_OURS = {"sum": 2, "prev": 1, "year_ago": 1, "abs": 1, "share": 2}
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_WORDS = {"true", "false", "null", "in", "has", "startsWith", "endsWith", "contains", *_OURS}
_REFUSED = (
    (re.compile(r"//|[{};@#`$]"), "含有不允许的符号", "只用运算符、括号、地址、整数和引号里的文字"),
    (re.compile(r"\b(?:map|filter|all|exists\w*|bind|transform\w*|matches)\b"), "不允许循环和正则", "用 sum 求合计"),
    (re.compile(r"(?<!\w)\d+\.|\.\d|(?<!\w)\d+[a-zA-Z]\w*"), "不允许小数", "数量用10⁻⁶基本单位的整数，比例用百万分之一的整数"),
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_ESCAPES = re.compile(r"\\|'''|\"\"\"")
_ADDRESS = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_CALL = re.compile(r"\b(prev|year_ago)\(\s*(['\"])(.*?)\2\s*\)")


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression with the addresses that it names."""

    text: str
    program: Program
    tables: tuple[str, ...]
    addresses: tuple[str, ...]

    def check_against(self, form: Form) -> None:
        """Makes sure that the form has the cells that are named.

        Raises:
            InputError: it has not.
        """
        for address in self.addresses:
            if form.place(address) is None:
                raise InputError(f"报表“{form.title}”没有“{address}”这一格", where=self.text, do="核对表、行、列的编号")


def compiled(text: str) -> Expression:
    """The expression, checked.

    Raises:
        InputError: too long or too deep, a syntax error, or something that is not allowed.
    """
    _bounded(text)
    bare = _STRING.sub("''", text)
    for pattern, what, do, within in ((_ESCAPES, *_REFUSED[0][1:], text), *((*each, bare) for each in _REFUSED)):
        if match := pattern.search(within):
            raise InputError(f"{what}“{match.group()}”", where=text, do=do)
    if loose := [word for word in _IDENTIFIER.findall(_ADDRESS.sub(" ", bare)) if word not in _WORDS]:
        raise InputError(f"不认识“{loose[0]}”", where=text, do=f"格写成 表.行.列；函数只有 {'、'.join(sorted(_OURS))}")
    # The library brings a command line of its own along, which takes a quarter of a second to import: only who uses it waits.
    from cel.cel import compile as cel_compile

    try:
        program = cel_compile(text)
    except ValueError as error:
        raise InputError("表达式读不懂", where=text, why=str(error).splitlines()[0][:200]) from None
    if unknown := sorted(set(program.functions()) - _OPERATORS - set(_OURS)):
        raise InputError(f"不允许运算“{unknown[0]}”", where=text, do="只用 + - * / % 比较、&& || ! ? : 和 in")
    named = dict.fromkeys(".".join(match.groups()) for match in _ADDRESS.finditer(bare))
    named |= dict.fromkeys(match[3] for match in _CALL.finditer(text))
    return Expression(text, program, tuple(program.variables()), tuple(named))


def _bounded(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise InputError(f"表达式有 {len(text)} 个字符", why=f"最多 {TEXT_MAX} 个", do="拆成几条")
    depth = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if depth > DEPTH_MAX:
            raise InputError(f"括号超过 {DEPTH_MAX} 层", where=text[:60], do="拆成几条")


def holds(expression: Expression, of: Return) -> bool:
    """Whether what the expression states holds for the return.

    Raises:
        NotApplicable: a cell that it needs is not filled in, or a figure is beyond what can be computed.
        InputError: it gives no truth value, or compares what cannot be compared.
    """
    gaps: list[str] = []
    values = {table: _table(of.form, of.cells, table) for table in expression.tables}
    from cel.cel import Context

    try:
        found = expression.program.execute(Context(variables=values, functions=_functions(of, gaps)))
    except KeyError as error:
        raise NotApplicable(f"有格没有填：{error.args[0]}") from None
    except (OverflowError, ZeroDivisionError):
        raise NotApplicable("数值超出可算范围或除数为零") from None
    except (TypeError, RuntimeError, ValueError) as error:
        if not gaps:
            raise InputError("表达式算不出", where=expression.text, why=str(error).splitlines()[0][:200]) from None
    if gaps:
        raise NotApplicable(gaps[0])
    if not isinstance(found, bool):
        raise InputError("表达式的结果不是真或假", where=expression.text, do="写成一个比较")
    return found


def _table(form: Form, cells: Cells, table: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for address in cells:
        if address.startswith(f"{table}."):
            _, line, column = address.split(".")
            rows.setdefault(line, {})[column] = value_of(form, cells, address)
    return rows


def value_of(form: Form, cells: Cells, address: str) -> int | str:
    """A filled-in cell as an expression sees it."""
    place = form.place(address)
    if place is None or not place[2].is_number:
        return cells[address]
    if place[0].unit(place[1], place[2]) == "%":
        return int(Decimal(cells[address]) * _PERCENT_TO_PPM)
    return to_micro(Decimal(cells[address]) * (factor_of(form, address) or 1))


def _functions(of: Return, gaps: list[str]) -> dict[str, Callable[..., int | str | None]]:
    """Our functions. They never raise: what is missing is noted in ``gaps`` and is null to the expression."""

    def missing(why: str) -> int | None:
        gaps.append(why)
        return None

    def cell(cells: Cells | None, address: object, where: str) -> int | str | None:
        if cells is None or not isinstance(address, str) or address not in cells:
            return missing(f"{where}没有“{address}”")
        return value_of(of.form, cells, address)

    def bounded(value: int) -> int | None:
        return value if abs(value) <= MICRO_LIMIT else missing("数值超出可算范围")

    def total(table: object, column: object) -> int | None:
        rows = [line.get(str(column)) for line in _table(of.form, of.cells, str(table)).values()]
        numbers = [value for value in rows if isinstance(value, int)]
        return bounded(sum(numbers)) if numbers else missing(f"“{table}.{column}”一格也没有填")

    def share(part: object, whole: object) -> int | None:
        if not isinstance(part, int) or not isinstance(whole, int) or whole == 0:
            return missing("比例的分母为零或没有填")
        return bounded(part * PARTS_PER_MILLION // whole)

    def absolute(value: object) -> int | None:
        return bounded(abs(value)) if isinstance(value, int) else missing("没有可取绝对值的数")

    return {
        "sum": total,
        "prev": lambda address: cell(of.previous, address, "上期"),
        "year_ago": lambda address: cell(of.year_ago, address, "上年同期"),
        "abs": absolute,
        "share": share,
    }
