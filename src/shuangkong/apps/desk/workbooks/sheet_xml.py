"""A sheet's XML as a stream of whole rows: what must be known before a reader builds the sheet in memory.

A reader gives values only, so formulas, merged cells, far corners and over-long texts are found here, with their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from django.utils.translation import gettext as _

from shuangkong.apps.desk.workbooks.package import MIB, Package, SheetPart
from shuangkong.core.errors import InputError

BLOCK_BYTES = 1 * MIB
ROW_MAX_BYTES = 8 * MIB
#: Rows and columns beyond which a sheet is refused; the memory that repeated long texts may take.
ROWS_MAX = 300_000
COLUMNS_MAX = 120
TEXTS_MAX_BYTES = 192 * MIB

_SHEET_DATA = re.compile(rb"<(\w+:)?sheetData\b")
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_CELL_OR_FORMULA = re.compile(rb"<(?:\w+:)?(?:c\b([^>]*)>|f[ >/])")
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
#: Every address but A1 to Z299999 (and the number of a row) is looked at.
_FAR_CELL = re.compile(rb' r="(?![A-Z]?(?:\d{1,5}|[12]\d{5})")([A-Z]*)(\d*)("?)[^>]*>')
#: An address in single quotes, or with white space other than one blank before it.
_ODD_ADDRESS = re.compile(rb"[\t\r\n]r[\s=]|\sr\s*=\s*'| r\s+=| r=\s")
_ROW_NUMBER = re.compile(rb'row\b[^>]*?\br="(\d+)"')
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')


@dataclass(slots=True)
class SheetFacts:
    """What the XML of a sheet says: formula cells, merged areas (first row, first column, last row, last column), the last valued row."""

    formulas: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    last_row: int = 0


def column_number(letters: str | bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """A for 1, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """The cell as people write it: B7."""
    return f"{column_letters(column)}{row}"


def row_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML in pieces of about one MiB, no row cut in two; what follows the rows comes in pieces of whole tags.

    Raises:
        InputError: one row is longer than any honest row.
    """
    kept, row, end = b"", b"", b"</"
    while chunk := stream.read(BLOCK_BYTES):
        kept += chunk
        if not row and (found := _SHEET_DATA.search(kept)):
            row, end = b"<%srow" % (found[1] or b""), b"</%ssheetData>" % (found[1] or b"")
        if row and end in kept:
            cut = kept.rfind(b">") + 1
            row = end = b">"
        else:
            cut = kept.rfind(row) if row else 0
        if cut > 0:
            yield kept[:cut]
            kept = kept[cut:]
        elif len(kept) > ROW_MAX_BYTES:
            raise InputError(_("工作表有一行过长"), do=_("把数据复制到新下载的模板中再上传"))
    yield kept


def inspect_sheet(package: Package, sheet: SheetPart) -> SheetFacts:
    """Reads the sheet once.

    Raises:
        InputError: a sheet that cannot be read safely (too far, too long, cells without addresses, other encodings).
    """
    facts = SheetFacts()
    texts = 0
    with package.part(sheet.part) as stream:
        for number, block in enumerate(row_blocks(stream)):
            if number == 0:
                _check_opening(block, sheet)
            _look_at(block, facts, sheet)
            texts += block.count(b't="s"')
            if facts.last_row > ROWS_MAX:
                raise _too_long(sheet, facts.last_row)
    _check_texts(package, texts, sheet)
    return facts


def _check_opening(block: bytes, sheet: SheetPart) -> None:
    head = block[:400]
    plain = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"\x00" not in head and b"utf-16" not in head.lower()
    if not plain or b"<!DOCTYPE" in block or b"<!ENTITY" in block:
        raise InputError(_("工作表的编码不能读取"), where=sheet.name, do=_("用 Excel 或 WPS 另存后再上传"))
    first = re.search(rb"<(?:\w+:)?c\b([^>]*)>", block)
    if first and not _ADDRESS.search(first[1]):
        raise InputError(_("工作表的单元格没有坐标"), where=sheet.name, do=_("用 Excel 或 WPS 打开并另存后再上传"))


def _look_at(block: bytes, facts: SheetFacts, sheet: SheetPart) -> None:
    if (b"<f" in block or b":f" in block) and _ANY_FORMULA.search(block):
        facts.formulas += _formula_cells(block)
    valued = max(block.rfind(b"v></"), block.rfind(b"is></"))
    if valued >= 0:
        start = block.rfind(b"row ", 0, valued)
        match = _ROW_NUMBER.match(block, start) if start >= 0 else None
        facts.last_row = max(facts.last_row, int(match[1]) if match else 0)
    for far in _FAR_CELL.finditer(block):
        _check_far(far, sheet)
    if _is_oddly_written(block):
        raise _unusual(sheet)
    for area in _MERGED.finditer(block) if b"mergeCell" in block else ():
        facts.merged.append((int(area[2]), column_number(area[1]), int(area[4]), column_number(area[3])))


def _is_oddly_written(block: bytes) -> bool:
    """Whether some address may be written in a way that the patterns here do not see; single bytes are looked for first, which is quick."""
    plain = block.count(b' r="') == block.count(b" r") and not any(odd in block for odd in (b"'", b"\t", b"\r", b"\n"))
    return not plain and _ODD_ADDRESS.search(block) is not None


def _check_far(far: re.Match[bytes], sheet: SheetPart) -> None:
    """A reader makes room for every cell up to the farthest address: addresses far beyond the rows are refused, also in a near row."""
    letters, digits, closed = far[1], far[2], far[3]
    if not closed or not digits or len(letters) > 3 or len(digits) > 7:
        raise _unusual(sheet)
    empty = far[0].endswith(b"/>")
    if letters and not empty and column_number(letters) > COLUMNS_MAX:
        raise InputError(_("工作表太宽"), where=f"{sheet.name} {letters.decode()} 列", do=_("删除模板以外的列，或使用新下载的模板"))
    if letters and not empty and int(digits) > ROWS_MAX:
        raise _too_long(sheet, int(digits))


def _unusual(sheet: SheetPart) -> InputError:
    return InputError(_("工作表的单元格坐标不能读取"), where=sheet.name, do=_("用 Excel 或 WPS 打开并另存后再上传"))


def _formula_cells(block: bytes) -> Iterator[tuple[int, int]]:
    cell: tuple[int, int] | None = None
    for token in _CELL_OR_FORMULA.finditer(block):
        if token[1] is not None:
            found = _ADDRESS.search(token[1])
            cell = (int(found[2]), column_number(found[1])) if found else None
        elif cell:
            yield cell


def _too_long(sheet: SheetPart, row: int) -> InputError:
    return InputError(
        _("工作表太长：第 {row} 行还有内容").format(row=row),
        where=sheet.name,
        why=_("一次最多导入 {limit} 行").format(limit=ROWS_MAX),
        do=_("分成几个文件，或删除末尾多余的内容"),
    )


def _check_texts(package: Package, references: int, sheet: SheetPart) -> None:
    """One long shared text in a million cells would fill the memory: each reference is a copy."""
    if not package.shared_strings or not references:
        return
    longest = 0
    with package.part(package.shared_strings) as stream:
        kept = b""
        while chunk := stream.read(BLOCK_BYTES):
            *whole, kept = (kept + chunk).split(b"si>")
            longest = max([longest, len(kept), *map(len, whole)])
            if longest * references > TEXTS_MAX_BYTES and longest > 4096:
                raise InputError(_("单元格的文字过长"), where=sheet.name, why=_("文字合计超出可读的范围"), do=_("删除过长的文字再上传"))
