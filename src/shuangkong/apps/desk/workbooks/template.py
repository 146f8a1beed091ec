"""The template of a kind: units, drop-downs, an example row, instructions, a frozen head and a hidden mark of kind and version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from shuangkong.apps.desk.imports.checking import DATA_SHEET, EXAMPLE_WORD, MARK, MARK_SHEET, NUMBER_TITLE, RESULT_TITLE
from shuangkong.apps.desk.imports.kinds import Column
from shuangkong.apps.desk.workbooks.sheet_xml import column_letters

HEADER_ROW = 3
FILL_ROWS = 20_000
_LIST_SHEET = "选项"
_INSTRUCTIONS = "填写说明"


def write_template(path: Path, kind: Any, columns: list[Column], *, demonstration: bool) -> None:
    """Writes the template of ``kind`` to ``path``."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    formats = _formats(book)
    sheet = book.add_worksheet(DATA_SHEET)
    instructions = book.add_worksheet(_INSTRUCTIONS)
    options = book.add_worksheet(_LIST_SHEET)
    _write_data(sheet, kind, columns, formats, demonstration)
    _write_instructions(instructions, kind, columns, formats)
    _write_options(sheet, options, columns)
    options.hide()
    hidden = book.add_worksheet(MARK_SHEET)
    hidden.write_row(0, 0, [MARK, kind.id, kind.version])
    hidden.very_hidden()
    sheet.activate()
    book.close()


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
    return {
        "title": book.add_format({**base, "font_size": 14, "bold": True}),
        "note": book.add_format({**base, "font_color": "#5c6670"}),
        "head": book.add_format({**base, "bold": True, "bg_color": "#dfe7f3", "border": 1, "text_wrap": True, "align": "center"}),
        "optional": book.add_format({**base, "bg_color": "#eef2f7", "border": 1, "text_wrap": True, "align": "center"}),
        "example": book.add_format({**base, "italic": True, "font_color": "#7a8087", "bg_color": "#f6f6f4", "num_format": "@"}),
        "number": book.add_format({**base, "italic": True, "font_color": "#7a8087", "bg_color": "#f6f6f4"}),
        "text": book.add_format({**base, "num_format": "@"}),
        "plain": book.add_format(base),
        "wrap": book.add_format({**base, "text_wrap": True, "valign": "top"}),
    }


def _write_data(sheet: Any, kind: Any, columns: list[Column], formats: dict[str, Any], demonstration: bool) -> None:
    mark = _("（演示）") if demonstration else ""
    sheet.write_string(0, 0, f"{kind.title}{mark}", formats["title"])
    sheet.write_string(1, 0, _("从第 5 行起填写；带 * 的列必填；“示例”行不会导入；不要改动表头。"), formats["note"])
    head = HEADER_ROW - 1
    sheet.set_row(head, 32)
    sheet.set_column(0, 0, 7, formats["plain"])
    sheet.write_string(head, 0, NUMBER_TITLE, formats["optional"])
    sheet.write_string(head + 1, 0, EXAMPLE_WORD, formats["example"])
    for place, column in enumerate(columns, 1):
        is_number = isinstance(column.example, int | float)
        needed = column.required or is_number
        sheet.set_column(place, place, column.width, formats["plain" if is_number else "text"])
        sheet.write_string(head, place, f"{column.title}*" if needed else column.title, formats["head" if needed else "optional"])
        if is_number:
            sheet.write_number(head + 1, place, column.example, formats["number"])
        else:
            sheet.write_string(head + 1, place, str(column.example), formats["example"])
    last = len(columns) + 1
    sheet.set_column(last, last, 60, formats["wrap"])
    sheet.write_string(head, last, RESULT_TITLE, formats["optional"])
    sheet.freeze_panes(HEADER_ROW, 2)


def _write_options(sheet: Any, options: Any, columns: list[Column]) -> None:
    """Drop-downs that point to the hidden sheet of choices: a list in the cell itself may hold 255 characters only."""
    for place, column in enumerate(columns, 1):
        if not column.choices:
            continue
        options.write_column(0, place, column.choices)
        letter = column_letters(place + 1)
        rule = {
            "validate": "list",
            "source": f"={_LIST_SHEET}!${letter}$1:${letter}${len(column.choices)}",
            "error_type": "warning",
            "error_title": column.title,
            "error_message": column.hint[:200],
            "input_title": column.title[:32],
            "input_message": column.hint[:255],
        }
        sheet.data_validation(HEADER_ROW + 1, place, HEADER_ROW + FILL_ROWS, place, rule)


def _write_instructions(sheet: Any, kind: Any, columns: list[Column], formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 70)
    sheet.set_column(3, 3, 20)
    sheet.write_string(0, 0, str(kind.title), formats["title"])
    sheet.write_string(1, 0, str(kind.about), formats["note"])
    sheet.write_row(3, 0, [_("列"), _("必填"), _("怎样填写"), _("示例")], formats["head"])
    for row, column in enumerate(columns, 4):
        needed = _("是") if column.required or isinstance(column.example, int | float) else ""
        sheet.write_row(row, 0, [column.title, needed, column.hint, str(column.example)], formats["wrap"])
    rules = [
        _("一行一个数；同一地区、期别、品种、流向、行业只能有一行，重复的行会退回。"),
        _("单元格只填数值，不填公式，不合并；数字不带单位和说明文字。"),
        _("与已入账相同的行不会重复入账；数值不同的行作为更正，原数保留可查。"),
        _("检查后可下载标注了错误的原表：错误的格为红色，待确认的格为黄色，原因写在最后一列。"),
    ]
    for row, rule in enumerate(rules, 6 + len(columns)):
        sheet.write_string(row, 0, f"{row - 5 - len(columns)}. {rule}", formats["plain"])
