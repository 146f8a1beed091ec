"""What a workbook is as a file: a ZIP package, judged before anything in it is unpacked.

Nothing here trusts the package: sizes and ratios are read from the directory first, every part that will be read is unpacked once
under those sizes with its checksum, and XML is parsed without entities or network.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _
from lxml import etree

from shuangkong.core.errors import InputError

MIB = 1024 * 1024
#: Limits of what is unpacked. Measured: an honest sheet unpacks 8 to 60 times, a deflate bomb about 1 000 times.
UNPACKED_MAX_BYTES = 768 * MIB
SMALL_PART_BYTES = 8 * MIB
RATIO_MAX = 250
PARTS_MAX = 2000
TABLE_PART_MAX_BYTES = 32 * MIB

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = re.compile(r"\{[^}]*relationships\}id$")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One sheet: its name, its part in the package, and whether it is shown."""

    name: str
    part: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook that passed the checks of its container."""

    path: Path
    sheets: tuple[SheetPart, ...]
    shared_strings: str
    styles: str

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A part as a stream.

        Raises:
            InputError: a broken checksum or a false size, when it is read to its end.
        """
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _no_workbook(name) from error


def open_package(path: Path, shown: str = "") -> Package:
    """The workbook at ``path``; ``shown`` is its name in messages.

    Raises:
        InputError: no workbook, a bomb, encrypted, with macros or external links; says which and what to do.
    """
    where = shown or path.name
    _check_head(path, where)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, where)
            return _read_workbook(archive, path, where)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, KeyError, ValueError, OSError, NotImplementedError) as error:
        raise _no_workbook(where) from error
    except etree.XMLSyntaxError as error:
        raise _no_workbook(where) from error


def _no_workbook(where: str) -> InputError:
    return InputError(
        _("文件损坏或不是 Excel 工作簿"),
        where=where,
        why=_("读不出 .xlsx 应有的内容"),
        do=_("用 Excel 或 WPS 打开后另存为“Excel 工作簿（*.xlsx）”再上传"),
    )


def _check_head(path: Path, where: str) -> None:
    with path.open("rb") as stream:
        head = stream.read(8)
    if head == _OLE:
        raise InputError(
            _("不能读取旧版 .xls 或加密的工作簿"),
            where=where,
            why=_("文件不是 .xlsx 格式"),
            do=_("去掉密码，另存为“Excel 工作簿（*.xlsx）”再上传"),
        )
    if not head.startswith(b"PK\x03\x04"):
        raise _no_workbook(where)


def _check_directory(archive: zipfile.ZipFile, where: str) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > PARTS_MAX or len(names) != len(parts):
        raise _bomb(where, _("文件内的部件过多或重名"))
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
        raise _bomb(where, _("文件内的部件名指向文件之外"))
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(_("工作簿有密码"), where=where, do=_("去掉密码再上传"))
    _check_sizes(parts, where)
    _check_contents(names, where)


def _check_sizes(parts: list[zipfile.ZipInfo], where: str) -> None:
    if sum(part.file_size for part in parts) > UNPACKED_MAX_BYTES:
        raise _bomb(where, _("解压后超过 {limit} MB").format(limit=UNPACKED_MAX_BYTES // MIB))
    for part in parts:
        if part.file_size > SMALL_PART_BYTES and part.file_size > RATIO_MAX * max(part.compress_size, 1):
            raise _bomb(where, _("部件 {name} 的压缩比超过 {ratio} 倍").format(name=part.filename, ratio=RATIO_MAX))
    ordered = sorted(parts, key=lambda part: part.header_offset)
    for before, after in pairwise(ordered):
        if before.header_offset + before.compress_size > after.header_offset:
            raise _bomb(where, _("文件内的部件互相重叠"))


def _bomb(where: str, why: str) -> InputError:
    return InputError(_("文件不正常，未读取"), where=where, why=why, do=_("把数据复制到新下载的模板中再上传"))


def _check_contents(names: set[str], where: str) -> None:
    if any(name.lower().endswith("vbaproject.bin") or "/macrosheets/" in name.lower() for name in names):
        raise InputError(
            _("工作簿含有宏"), where=where, why=_("平台不接收带宏的文件"), do=_("另存为不含宏的“Excel 工作簿（*.xlsx）”再上传")
        )
    if any("/externallinks/" in name.lower() for name in names):
        raise InputError(
            _("工作簿含有指向其他文件的链接"),
            where=where,
            why=_("链接的数值无法核对"),
            do=_("在“数据→编辑链接”中断开链接，把数值粘贴为值再上传"),
        )


def parse_small(archive: zipfile.ZipFile, name: str) -> etree._Element:
    """A small XML part, parsed without entities, document types or network."""
    if archive.getinfo(name).file_size > TABLE_PART_MAX_BYTES:
        raise ValueError(name)
    content = archive.read(name)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError(name)
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def _read_workbook(archive: zipfile.ZipFile, path: Path, where: str) -> Package:
    book = parse_small(archive, "xl/workbook.xml")
    targets = {r.get("Id"): r for r in parse_small(archive, "xl/_rels/workbook.xml.rels")}
    names = set(archive.namelist())
    sheets = tuple(_sheets(book, targets, names))
    if not sheets:
        raise InputError(_("工作簿里没有工作表"), where=where, do=_("使用下载的模板"))
    kinds = {(r.get("Type") or "").rsplit("/", 1)[-1]: _part_name(r.get("Target")) for r in targets.values()}
    # readers take the shared texts where they usually stand, whatever the relation says
    usual = next((name for name in names if name.lower() == "xl/sharedstrings.xml"), kinds.get("sharedStrings", ""))
    shared, styles = (name if name in names else "" for name in (usual, kinds.get("styles", "")))
    return Package(path, sheets, shared, styles)


def _sheets(book: etree._Element, targets: dict[str, etree._Element], names: set[str]) -> Iterator[SheetPart]:
    for sheet in book.iter(f"{MAIN}sheet", f"{STRICT}sheet"):
        key = next((value for name, value in sheet.attrib.items() if _RELATION.search(name)), None)
        part = _part_name(targets[key].get("Target")) if key in targets else ""
        if part in names and (targets[key].get("Type") or "").endswith("/worksheet"):
            yield SheetPart(sheet.get("name", ""), part, sheet.get("state", "visible") == "visible")


def _part_name(target: str | None) -> str:
    return (target or "").lstrip("/") if (target or "").startswith("/") else f"xl/{target}"
