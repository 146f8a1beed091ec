"""A filing as a workbook by its definition: one sheet a table, locked sums, drop-downs, units, instructions with an example.

The first column and the third row of each sheet hold the keys of lines and columns, hidden, so that the workbook is read back by keys and
not by places. Text that begins like a formula is written as text with a quote prefix: it does not run, here or after another save.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from shuangkong.apps.desk.workbooks.sheet_xml import column_letters
from shuangkong.apps.filing.models import Filing
from shuangkong.core.forms import Column, Form, Line, Table, rows_of

MARK, MARK_SHEET = "shuangkong-filing", "_shuangkong"
KEY_ROW, FIRST_ROW = 3, 4
"""From 0: the hidden row of column keys, and the first line below the heading."""
KEY_COLUMN, TITLE_COLUMN, UNIT_COLUMN, FIRST_COLUMN = 0, 1, 2, 3
SPARE_ROWS = 60
#: A number with more digits would not survive as a double.
_DOUBLE_DIGITS = 15
_LIST_MAX = 250
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAME_MAX = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_INSTRUCTIONS = "填写说明"


def sheet_names(form: Form) -> dict[str, str]:
    """The name of the sheet of each table: numbered, so that two never meet."""
    return {table.key: f"{n}_{table.title.translate(_NOT_IN_NAMES)}"[:_NAME_MAX] for n, table in enumerate(form.tables, 1)}


def write_workbook(path: Path, filing: Filing, cells: Mapping[str, str], revision: int) -> None:
    """Writes the workbook of ``filing`` with ``cells`` (none: an empty template) to ``path``."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        _Writer(book, filing, cells).write(revision)


class _Writer:
    def __init__(self, book: Any, filing: Filing, cells: Mapping[str, str]) -> None:
        self.book, self.filing, self.form, self.cells = book, filing, filing.form, cells
        base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "border": 1, "border_color": "#c9d1da"}
        self.formats = {
            "title": book.add_format({"font_name": "宋体", "font_size": 14, "bold": True}),
            "note": book.add_format({"font_name": "宋体", "font_color": "#5c6670"}),
            "head": book.add_format({**base, "bold": True, "bg_color": "#dfe7f3", "text_wrap": True, "align": "center"}),
            "name": book.add_format({**base, "bg_color": "#f3f5f8"}),
            "input": book.add_format({**base, "locked": False}),
            "text": book.add_format({**base, "locked": False, "num_format": "@"}),
            "quoted": book.add_format({**base, "locked": False, "num_format": "@", "quote_prefix": True}),
            "sum": book.add_format({**base, "bg_color": "#eceff3", "bold": True}),
            "none": book.add_format({**base, "bg_color": "#e3e6ea", "pattern": 13, "fg_color": "#c9d1da"}),
            "wrap": book.add_format({"font_name": "宋体", "text_wrap": True, "valign": "top"}),
        }

    def write(self, revision: int) -> None:
        names = sheet_names(self.form)
        for table in self.form.tables:
            self._table(self.book.add_worksheet(names[table.key]), table)
        self._instructions(self.book.add_worksheet(_INSTRUCTIONS))
        hidden = self.book.add_worksheet(MARK_SHEET)
        filing = self.filing
        hidden.write_row(
            0, 0, [MARK, filing.form_id, filing.edition, filing.subject.code, filing.period.code, str(filing.version), str(revision)]
        )
        hidden.very_hidden()

    def _table(self, sheet: Any, table: Table) -> None:
        filing, formats = self.filing, self.formats
        demonstration = _("（演示）") if filing.demonstration else ""
        sheet.write_string(0, 1, f"{self.form.title} · {table.title}{demonstration}", formats["title"])
        sheet.write_string(
            1, 1, f"{filing.subject.name} {filing.period.label}　{_('空白是没有填，0 是确为零；灰色为自动合计，不用填')}", formats["note"]
        )
        sheet.write_row(2, TITLE_COLUMN, [_("项目"), _("单位")], formats["head"])
        for place, column in enumerate(table.columns, FIRST_COLUMN):
            unit = f"\n{column.unit}" if column.unit else ""
            sheet.write_string(2, place, f"{column.title}{'*' if column.required else ''}{unit}", formats["head"])
            sheet.write_string(KEY_ROW, place, column.key)
            sheet.set_column(place, place, 26 if not column.is_number else 14)
        sheet.set_row(2, 34)
        sheet.set_row(KEY_ROW, None, None, {"hidden": True})
        sheet.set_column(KEY_COLUMN, KEY_COLUMN, None, None, {"hidden": True})
        sheet.set_column(TITLE_COLUMN, TITLE_COLUMN, 32)
        lines = self._lines(table)
        for row, line in enumerate(lines, FIRST_ROW):
            self._line(sheet, table, row, line)
        self._choices(sheet, table, FIRST_ROW + len(lines))
        sheet.freeze_panes(FIRST_ROW, FIRST_COLUMN)
        sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})

    def _lines(self, table: Table) -> list[Line]:
        if table.shape == "fixed":
            return list(table.lines)
        used = rows_of(table, self.cells)
        return [Line(f"r{n}", str(n)) for n in range(1, (int(used[-1][1:]) if used else 0) + SPARE_ROWS + 1) if table.line(f"r{n}")]

    def _line(self, sheet: Any, table: Table, row: int, line: Line) -> None:
        formats = self.formats
        sheet.write_string(row, KEY_COLUMN, line.key)
        sheet.write_string(row, TITLE_COLUMN, f"{'　' * line.level}{line.title}{'*' if line.required else ''}", formats["name"])
        sheet.write_string(row, UNIT_COLUMN, line.unit, formats["name"])
        for place, column in enumerate(table.columns, FIRST_COLUMN):
            address = f"{table.key}.{line.key}.{column.key}"
            if not table.applies(line, column):
                sheet.write_blank(row, place, None, formats["none"])
            elif table.computed(line, column):
                sheet.write_formula(row, place, self._formula(table, line, place), formats["sum"], _number(self.cells.get(address, "")))
            else:
                self._cell(sheet, row, place, column, self.cells.get(address, ""))

    def _formula(self, table: Table, line: Line, place: int) -> str:
        """The sum in the sheet's words: blank while a part is blank, as the platform counts."""
        letter, rows = column_letters(place + 1), {each.key: row for row, each in enumerate(table.lines, FIRST_ROW + 1)}
        column = table.columns[place - FIRST_COLUMN]
        parts = [(key, sign) for key, sign in line.sum_of if column.key not in (table.line(key) or line).not_applicable]
        cells = [f"{letter}{rows[key]}" for key, _sign in parts]
        terms = "".join(f"{'+' if sign > 0 else '-'}{letter}{rows[key]}" for key, sign in parts).removeprefix("+")
        return f'=IF(COUNT({",".join(cells)})={len(cells)},{terms},"")'

    def _cell(self, sheet: Any, row: int, place: int, column: Column, text: str) -> None:
        formats = self.formats
        if column.is_number:
            number = _number(text)
            if number == "" and text:
                sheet.write_string(row, place, text, formats["quoted"])
            elif number == "":
                sheet.write_blank(row, place, None, formats["input"])
            else:
                sheet.write_number(row, place, number, formats["input"])
        elif text:
            sheet.write_string(row, place, text, formats["quoted" if text.startswith(_DANGEROUS) else "text"])
        else:
            sheet.write_blank(row, place, None, formats["text"])

    def _choices(self, sheet: Any, table: Table, end: int) -> None:
        for place, column in enumerate(table.columns, FIRST_COLUMN):
            rule: dict[str, Any] = {"input_title": column.title[:32], "input_message": column.hint[:255]} if column.hint else {}
            if column.choices and len(",".join(column.choices)) <= _LIST_MAX:
                rule |= {"validate": "list", "source": list(column.choices), "error_type": "stop"}
            elif column.is_number:
                least = -1e15 if column.signed else 0
                kind = "integer" if column.kind == "integer" else "decimal"
                rule |= {"validate": kind, "criteria": "between", "minimum": int(least), "maximum": 10**15, "error_type": "warning"}
            elif rule:
                rule |= {"validate": "any"}
            if rule:
                sheet.data_validation(FIRST_ROW, place, end - 1, place, rule)

    def _instructions(self, sheet: Any) -> None:
        formats = self.formats
        sheet.set_column(0, 1, 22)
        sheet.set_column(2, 3, 12)
        sheet.set_column(4, 4, 50)
        sheet.set_column(5, 5, 18)
        basis = self.form.legal_basis
        sheet.write_string(0, 0, self.form.title, formats["title"])
        sheet.write_string(1, 0, f"{self.form.about}　{_('依据')}：{basis.number} {basis.locator}", formats["note"])
        sheet.write_row(3, 0, [_("表"), _("列"), _("单位"), _("必填"), _("怎样填写"), _("示例")], formats["head"])
        row = 4
        for table in self.form.tables:
            for column in table.columns:
                said = column.hint or "、".join(column.choices) or _words(column)
                line = [table.title, column.title, column.unit, _("是") if column.required else "", said, _example(column)]
                for place, text in enumerate(line):
                    sheet.write_string(row, place, text, formats["wrap"])
                row += 1


def _words(column: Column) -> str:
    if column.is_number:
        return _("整数") if column.kind == "integer" else _("数，最多 {n} 位小数，不带单位").format(n=column.decimals)
    return _("日期，写成 2026-03-31") if column.kind == "date" else _("文字")


def _example(column: Column) -> str:
    if column.choices:
        return column.choices[0]
    return {"date": "2026-03-31", "text": _("文字"), "integer": "12", "ratio": "3.5"}.get(column.kind, "1234.56")


def _number(text: str) -> float | str:
    """A double that reads back as the same text; empty where there is none."""
    try:
        number = float(text)
    except ValueError:
        return ""
    return number if len(text.replace("-", "").replace(".", "").strip("0")) <= _DOUBLE_DIGITS else ""
