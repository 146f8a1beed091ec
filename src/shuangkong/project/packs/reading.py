"""Reading a pack folder into rows. What cannot be read becomes a fault with file, line, column and reason; reading goes on."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.core.periods import Period
from shuangkong.core.quantities import decimal_of

from .format import FORMAT, MANIFEST, MANIFEST_KEYS, TABLES, Column, Table, TableRow

_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a pack: file, line (0: the file as a whole), column ('' : the row as a whole) and reason."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """As ``pack check`` prints it."""
        place = self.file + (f" 第{self.line}行" if self.line else "") + (f" {self.column}" if self.column else "")
        return f"{place}：{self.reason}"


class PackError(ShuangkongError):
    """A pack that cannot be used; ``faults`` lists why."""

    def __init__(self, folder: Path, faults: list[Fault]) -> None:
        shown = "；".join(str(fault) for fault in faults[:3])
        super().__init__(
            f"数据包有 {len(faults)} 处错误", where=str(folder.name), why=shown, do="用 shuangkong pack check 看全部错误，改正后再装"
        )
        self.faults = faults


@dataclass(slots=True)
class Pack:
    """A pack that was read: its manifest, its rows by table, and the faults met so far."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[TableRow]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The pack's own code."""
        return str(self.manifest["code"])

    def rows(self, table: str) -> list[TableRow]:
        """The rows of a table; none where the pack has no such file."""
        return self.tables.get(table, [])

    def fault(self, file: str, line: int, column: str, reason: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, line, column, reason))


def read_pack(folder: Path) -> Pack:
    """Everything that stands in ``folder``; nothing is raised for its faults.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"没有数据包目录“{folder.name}”", where="DIR", do="给出含 pack.yaml 的目录")
    pack = Pack(folder)
    _read_manifest(pack)
    for table in TABLES:
        for path in _paths(folder, table):
            pack.tables.setdefault(table.name, []).extend(_read_table(pack, table, path))
    _refuse_unknown_files(pack)
    return pack


def _paths(folder: Path, table: Table) -> list[Path]:
    if table.folder:
        return sorted((folder / table.name).glob("*.csv"))
    path = folder / f"{table.name}.csv"
    return [path] if path.exists() else []


def _refuse_unknown_files(pack: Pack) -> None:
    known = {table.name for table in TABLES if not table.folder}
    for path in sorted(pack.folder.glob("*.csv")):
        if path.stem not in known:
            pack.fault(path.name, 0, "", f"不认识的表；可用的表：{'、'.join(sorted(known))}")


def _read_manifest(pack: Pack) -> None:
    text = _text_of(pack, pack.folder / MANIFEST)
    if text is None:
        return
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        pack.fault(MANIFEST, mark.line + 1 if mark else 0, "", "不是正确的 YAML")
        return
    if not isinstance(content, dict):
        pack.fault(MANIFEST, 0, "", "应是“键: 值”")
        return
    pack.manifest = content
    for key in sorted(set(map(str, content)) - set(MANIFEST_KEYS)):
        pack.fault(MANIFEST, 0, key, "不认识的键")
    for key, needed in MANIFEST_KEYS.items():
        if needed and not content.get(key):
            pack.fault(MANIFEST, 0, key, "缺少")
    if content.get("format") not in (None, FORMAT):
        pack.fault(MANIFEST, 0, "format", f"只认识格式 {FORMAT}")


def _text_of(pack: Pack, path: Path) -> str | None:
    shown = path.relative_to(pack.folder).as_posix()
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        pack.fault(shown, 0, "", "没有这个文件")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        pack.fault(shown, line, "", "不是 UTF-8 编码；用“CSV UTF-8”另存")
    return None


def _read_table(pack: Pack, table: Table, path: Path) -> list[TableRow]:
    text = _text_of(pack, path)
    shown = path.relative_to(pack.folder).as_posix()
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[TableRow] = []
    try:
        header = next(reader, [])
        if not _header_is_good(pack, table, shown, header):
            return []
        for cells in reader:
            if cells:
                rows += _row(pack, table, shown, reader.line_num, header, cells)
    except csv.Error:
        pack.fault(shown, reader.line_num, "", "引号不成对")
    return rows


def _header_is_good(pack: Pack, table: Table, shown: str, header: list[str]) -> bool:
    before = len(pack.faults)
    for name in table.names:
        if header.count(name) != 1:
            pack.fault(shown, 1, name, "缺少这一列" if name not in header else "这一列写了两次")
    for name in header:
        if name not in table.names:
            pack.fault(shown, 1, name or "（空列名）", f"不认识的列；可用的列：{'、'.join(table.names)}")
    return len(pack.faults) == before


def _row(pack: Pack, table: Table, shown: str, line: int, header: list[str], cells: list[str]) -> list[TableRow]:
    if len(cells) != len(header):
        pack.fault(shown, line, "", f"有 {len(cells)} 格，表头有 {len(header)} 列")
        return []
    row = TableRow(shown, line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    for column in table.columns:
        try:
            row.values[column.name] = value_of(column, row.cells[column.name])
        except InputError as error:
            pack.fault(shown, line, column.name, str(error))
    return [row]


def value_of(column: Column, cell: str) -> Any:
    """The value of one cell; '' (text) or None where an optional cell is empty.

    Raises:
        InputError: the cell is empty though required, or cannot be read.
    """
    if not cell:
        if column.required:
            raise InputError("不能为空")
        return "" if column.kind == "text" else None
    if column.choices and cell not in column.choices:
        raise InputError(f"“{cell}”不是可用的值：{'、'.join(choice for choice in column.choices if choice)}")
    if column.longest and len(cell) > column.longest:
        raise InputError(f"长 {len(cell)} 字，最长 {column.longest} 字")
    return _READERS[column.kind](cell)


def _integer(cell: str) -> int:
    if not cell.isdecimal():
        raise InputError(f"“{cell}”不是整数")
    return int(cell)


def _date(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise InputError(f"“{cell}”不是日期，写成 2023-10-28") from None


def _yes_no(cell: str) -> bool:
    if cell not in _YES_NO:
        raise InputError(f"“{cell}”不是 yes 或 no")
    return _YES_NO[cell]


_READERS: dict[str, Any] = {
    "text": str,
    "integer": _integer,
    "number": decimal_of,
    "date": _date,
    "period": Period.parse,
    "yesno": _yes_no,
}
