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
    except (CalamineError, ValueError, OSError) as error:
        raise _unreadable(sheet) from error
    except BaseException as error:
        # a panic of the reader's Rust is no Exception: it must not take the worker for the file's fault
        if type(error).__name__ == "PanicException":
            raise _unreadable(sheet) from error
        raise


def _unreadable(sheet: SheetPart) -> InputError:
    return InputError(_("工作表读不出来"), where=sheet.name, why=_("内容损坏"), do=_("用 Excel 或 WPS 另存后再上传"))
