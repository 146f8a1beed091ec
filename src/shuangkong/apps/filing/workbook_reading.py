"""A filled-in workbook back into cells, by the keys that it carries; what does not belong is said with sheet and cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.workbooks.package import Package, SheetPart, open_package
from shuangkong.apps.desk.workbooks.reading import pieces
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.workbook_writing import FIRST_ROW, KEY_COLUMN, KEY_ROW, MARK, MARK_SHEET, sheet_names
from shuangkong.core.errors import InputError
from shuangkong.core.forms import plain

ROWS_MAX = 2000
COLUMNS_MAX = 200
_DOUBLE = 15


@dataclass(slots=True)
class Filled:
    """What a workbook holds: cells as typed (blank ones too), where each stands, and the revision from which it was made."""

    revision: int
    cells: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, int, int]] = field(default_factory=dict)


def read_workbook(path: Path, filing: Filing, shown: str = "") -> Filled:
    """The cells of the workbook at ``path``, which must be that of ``filing``.

    Raises:
        InputError: no workbook, another form's, edition's, subject's or period's, or without the keys of its template.
    """
    package = open_package(path, shown)
    sheets = {sheet.name: sheet for sheet in package.sheets}
    filled = Filled(_revision(package, sheets, filing))
    for key, name in sheet_names(filing.form).items():
        if name not in sheets:
            raise InputError(_("缺少工作表“{name}”").format(name=name), where=shown, do=_("用下载的模板填写，不要改工作表的名称"))
        _read_sheet(package, sheets[name], key, filing, filled)
    return filled


def _revision(package: Package, sheets: dict[str, SheetPart], filing: Filing) -> int:
    if MARK_SHEET not in sheets:
        raise InputError(_("不是从这里下载的工作簿"), why=_("缺少模板标记"), do=_("下载模板，把数据填进去再上传"))
    rows = _rows(package, sheets[MARK_SHEET])
    said = [_text(cell) for cell in rows[0]] if rows else []
    wanted = [MARK, filing.form_id, filing.edition, filing.subject.code, filing.period.code, str(filing.version)]
    if said[:6] != wanted:
        of = " ".join(said[1:6])
        raise InputError(
            _("不是这一份报表的工作簿"), where=str(filing), why=_("工作簿是：{of}").format(of=of), do=_("下载这一份报表的模板再填")
        )
    return int(said[6]) if len(said) > 6 and said[6].isascii() and said[6].isdigit() else 0


def _rows(package: Package, sheet: SheetPart) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for number, piece in pieces(package, sheet):
        rows += [[]] * (number - 1 - len(rows)) + piece
        if len(rows) > ROWS_MAX:
            raise InputError(_("行数太多"), where=sheet.name, why=_("最多 {n} 行").format(n=ROWS_MAX), do=_("按模板填写"))
    return rows


def _read_sheet(package: Package, sheet: SheetPart, table: str, filing: Filing, filled: Filled) -> None:
    rows = _rows(package, sheet)
    keys = [_text(cell) for cell in rows[KEY_ROW][:COLUMNS_MAX]] if len(rows) > KEY_ROW else []
    form = filing.form
    if not any(keys):
        raise InputError(_("表头被改动"), where=sheet.name, why=_("找不到列的标记（隐藏的第 4 行）"), do=_("重新下载模板，把数据填进去"))
    for number, row in enumerate(rows[FIRST_ROW:], FIRST_ROW + 1):
        line = _text(row[KEY_COLUMN]) if len(row) > KEY_COLUMN else ""
        for place, key in enumerate(keys):
            address = f"{table}.{line}.{key}"
            if line and key and (found := form.place(address)) is not None and not found[0].computed(found[1], found[2]):
                text = _text(row[place]) if len(row) > place else ""
                filled.cells[address] = text
                filled.places[address] = (sheet.name, number, place + 1)


def _text(value: Any) -> str:
    """A cell as the text that was meant: doubles as their shortest decimal of fifteen digits, days as days."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return plain(Decimal(f"{value:.{_DOUBLE}g}"))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).strip()
