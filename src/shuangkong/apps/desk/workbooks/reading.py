"""Reading a sheet: rows in pieces, so that a large workbook never stands in memory as objects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from shuangkong.apps.desk.workbooks.package import Package, SheetPart
from shuangkong.core.errors import InputError

PIECE_ROWS = 2000


def pieces(package: Package, sheet: SheetPart) -> Iterator[tuple[int, list[list[Any]]]]:
    """The rows of ``sheet`` in pieces: the sheet's number of the first row (from 1), and the rows from column A on.

    Raises:
        InputError: the sheet cannot be read.
    """
    try:
        with CalamineWorkbook.from_path(package.path) as book:
            content = book.get_sheet_by_name(sheet.name)
            rows = content.iter_rows()
            left = [""] * (content.start or (0, 0))[1]
            number = 1
            while piece := list(islice(rows, PIECE_ROWS)):
                yield number, [left + row for row in piece] if left else piece
                number += len(piece)
    except CalamineError as error:
        raise InputError(_("工作表读不出来"), where=sheet.name, why=str(error), do=_("用 Excel 或 WPS 另存后再上传")) from error
