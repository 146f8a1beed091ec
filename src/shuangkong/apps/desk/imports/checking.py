"""The check of a workbook: rows are converted by column, refused rows get their reasons, good ones are staged beside the job.

A piece of 2 000 rows is turned into columns; each different value of a column is converted once. What a kind adds per row is its
``checker``. Staged lines are JSON, one piece a line, so that applying them needs neither the workbook nor much memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.imports.kinds import CONFIRM, Column, Converted, Counts, Fault, Form
from shuangkong.apps.desk.workbooks.package import Package, SheetPart, open_package
from shuangkong.apps.desk.workbooks.reading import pieces
from shuangkong.apps.desk.workbooks.sheet_xml import SheetFacts, address, inspect_sheet
from shuangkong.core.errors import InputError

DATA_SHEET = "填报"
MARK_SHEET = "_shuangkong"
MARK = "shuangkong-import"
NUMBER_TITLE = "序号"
EXAMPLE_WORD = "示例"
RESULT_TITLE = "校验结果"
HEADER_SEARCH_ROWS = 20
LINES_FILE, FINDINGS_FILE = "lines.jsonl", "findings.jsonl"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns stand: the header's row, and the place (from 1) of each key; ``number`` of the running number, if any;
    ``result`` is where the reasons go."""

    sheet: SheetPart
    header_row: int
    places: Mapping[str, int]
    number: int = 0
    result: int = 0

    def titled(self, key: str) -> int:
        """The column of ``key``; of an absent optional column, the first one."""
        return self.places.get(key) or min(self.places.values())


def _title(raw: Any) -> str:
    return "".join(str(raw).split()).rstrip("*＊").replace("（必填）", "")


def choose_sheet(package: Package, kind: Any) -> SheetPart:
    """The sheet that holds the figures.

    Raises:
        InputError: the template of another kind or version, or no such sheet.
    """
    for sheet in package.sheets:
        if sheet.name == MARK_SHEET:
            _check_mark(package, sheet, kind)
    shown = [sheet for sheet in package.sheets if sheet.visible]
    named = [sheet for sheet in shown if sheet.name == DATA_SHEET]
    if not named and len(shown) != 1:
        names = "、".join(sheet.name for sheet in shown[:8])
        raise InputError(
            _("找不到工作表“{name}”").format(name=DATA_SHEET),
            why=_("文件中有：{names}").format(names=names),
            do=_("使用“{kind}”的模板，数据写在“{name}”中").format(kind=kind.title, name=DATA_SHEET),
        )
    return (named or shown)[0]


def _check_mark(package: Package, sheet: SheetPart, kind: Any) -> None:
    inspect_sheet(package, sheet)
    for _number, rows in pieces(package, sheet):
        mark = [str(value) for value in rows[0][:3]]
        if mark[:1] != [MARK]:
            return
        if mark[1:2] != [kind.id]:
            raise InputError(
                _("这个文件不是“{kind}”的模板").format(kind=kind.title),
                where=sheet.name,
                why=_("它是另一类数据的模板"),
                do=_("选择对应的数据类别，或重新下载模板"),
            )
        if int(float(mark[2])) != kind.version:
            raise InputError(_("模板已经更新"), why=_("文件用的是旧版模板"), do=_("重新下载模板，把数据复制进去"))
        return


def find_layout(sheet: SheetPart, rows: list[list[Any]], columns: list[Column]) -> Layout:
    """The header among the first rows.

    Raises:
        InputError: no header, a missing or doubled column.
    """
    wanted = {_title(title): column.key for column in columns for title in (column.title, *column.aliases)}
    best: tuple[int, int, list[str]] = (0, 0, [])
    for number, row in enumerate(rows[:HEADER_SEARCH_ROWS], 1):
        titles = [_title(value) for value in row]
        best = max(best, (len(wanted.keys() & set(titles)), -number, titles))
    hits, row, titles = best
    if hits < 2:
        raise InputError(
            _("找不到表头"),
            where=sheet.name,
            why=_("前 {n} 行里没有“{titles}”等列").format(n=HEADER_SEARCH_ROWS, titles="、".join(list(wanted)[:4])),
            do=_("使用下载的模板，不要改动表头"),
        )
    return _layout_of(sheet, -row, titles, columns, wanted)


def _layout_of(sheet: SheetPart, row: int, titles: list[str], columns: list[Column], wanted: dict[str, str]) -> Layout:
    places: dict[str, int] = {}
    for place, title in enumerate(titles, 1):
        key = wanted.get(title)
        if key in places:
            raise InputError(
                _("“{title}”列出现了两次").format(title=title), where=f"{sheet.name} {address(row, place)}", do=_("只保留一列")
            )
        if key:
            places[key] = place
    missing = [column.title for column in columns if column.required and column.key not in places]
    if missing:
        raise InputError(
            _("缺少列：{titles}").format(titles="、".join(missing)), where=f"{sheet.name} {row}", do=_("使用下载的模板，不要改动表头")
        )
    number = titles.index(NUMBER_TITLE) + 1 if NUMBER_TITLE in titles else 0
    result = titles.index(RESULT_TITLE) + 1 if RESULT_TITLE in titles else len(titles) + 1
    return Layout(sheet, row, places, number, result)


def _forbidden_cells(facts: SheetFacts, layout: Layout) -> dict[int, list[tuple[int, Fault]]]:
    """Formulas and merged cells among the rows and columns that are read, by row."""
    keys = {place: key for key, place in layout.places.items()}
    cells: dict[int, list[tuple[int, Fault]]] = {}
    formula, merged = _("单元格是公式"), _("单元格是合并的")
    for row, column in facts.formulas:
        if row > layout.header_row and column in keys:
            fault = Fault(keys[column], formula, _("公式的结果无法核对"), _("复制后“粘贴为数值”"))
            cells.setdefault(row, []).append((column, fault))
    for top, left, bottom, right in facts.merged:
        within = [column for column in keys if left <= column <= right]
        for row in range(max(top, layout.header_row + 1), min(bottom, facts.last_row) + 1):
            for column in within:
                cells.setdefault(row, []).append((column, Fault(keys[column], merged, _("合并后只有左上角有值"), _("取消合并，逐格填写"))))
    return cells


class Check:
    """One check of one workbook. ``run`` leaves staged lines and findings in ``folder`` and counts in ``counts``."""

    def __init__(self, kind: Any, user: Any, form: Form, folder: Path, work: Any) -> None:
        self.kind, self.form, self.folder, self.work = kind, form, folder, work
        self.columns = list(kind.columns(user))
        self.checker = kind.checker(user, form)
        self.counts = Counts()
        self.findings: list[tuple[int, int, Fault]] = []
        self._seen: dict[tuple[Any, ...], int] = {}
        self._staged = 0

    def run(self, path: Path, shown: str = "") -> dict[str, Any]:
        """Reads and checks; answers with the facts that the report and the application need.

        Raises:
            InputError: the file as a whole cannot be used.
        """
        package = open_package(path, shown)
        self.sheet = choose_sheet(package, self.kind)
        self.work.progress(0, 0, _("检查文件"))
        facts = inspect_sheet(package, self.sheet)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stage(package, facts)
        if not self.counts.read:
            raise InputError(_("没有数据行"), where=self.sheet.name, why=_("表头以下都是空行"), do=_("从表头的下一行开始填写"))
        self._compare()
        self._save_findings()
        return self._facts()

    def _stage(self, package: Package, facts: SheetFacts) -> None:
        with (self.folder / LINES_FILE).open("w", encoding="utf-8") as out:
            for number, rows in pieces(package, self.sheet):
                if number == 1:
                    self._find_columns(rows, facts)
                lines = self._piece(number, rows)
                if lines:
                    self._staged += len(lines)
                    out.write(_staged_text(lines))
                self.work.progress(min(number + len(rows), facts.last_row), facts.last_row, _("读取并检查"))

    def _find_columns(self, rows: list[list[Any]], facts: SheetFacts) -> None:
        self.layout = find_layout(self.sheet, rows, self.columns)
        self._forbidden = _forbidden_cells(facts, self.layout)
        self._converters = [(c, self.layout.places.get(c.key, 0), Converted(c)) for c in self.columns]

    def _piece(self, first: int, rows: list[list[Any]]) -> list[list[Any]]:
        numbers, rows = self._rows_to_read(first, rows)
        if not rows:
            return []
        self.counts.read += len(rows)
        raw = list(zip(*rows, strict=True))
        empty = ("",) * len(rows)
        values = {}
        bad: set[int] = set()
        for column, place, converted in self._converters:
            cells = raw[place - 1] if 0 < place <= len(raw) else empty
            values[column.key] = cells = cells if column.raw else [converted[value] for value in cells]
            if converted.faulty:
                bad.update(self._note_faults(numbers, cells))
        bad.update(self._note_forbidden(numbers))
        if bad:
            kept = [i for i in range(len(rows)) if i not in bad]
            numbers = [numbers[i] for i in kept]
            values = {key: [cells[i] for i in kept] for key, cells in values.items()}
            self.counts.refused += len(bad)
        return self._lines(numbers, values)

    def _rows_to_read(self, first: int, rows: list[list[Any]]) -> tuple[list[int], list[list[Any]]]:
        """All but blank rows, rows that hold only a running number, and the example."""
        below = max(0, self.layout.header_row + 1 - first)
        rows, first, number = rows[below:], first + below, self.layout.number - 1
        width = len(rows[0]) if rows else 0
        if number < 0:
            kept = [i for i, row in enumerate(rows) if row.count("") < width]
        else:
            kept = [
                i
                for i, row in enumerate(rows)
                if row[number] != EXAMPLE_WORD and (row.count("") < width - 1 or (row.count("") < width and row[number] == ""))
            ]
        self.counts.blank += len(rows) - len(kept)
        if len(kept) == len(rows):
            return list(range(first, first + len(rows))), rows
        return [first + i for i in kept], [rows[i] for i in kept]

    def _note_faults(self, numbers: list[int], cells: list[Any]) -> Iterator[int]:
        for i, value in enumerate(cells):
            if type(value) is Fault:
                self._note(numbers[i], value)
                yield i

    def _note_forbidden(self, numbers: list[int]) -> Iterator[int]:
        if not self._forbidden:
            return
        for i, number in enumerate(numbers):
            for column, fault in self._forbidden.get(number, ()):
                self.findings.append((number, column, fault))
                yield i

    def _note(self, number: int, fault: Fault) -> None:
        self.findings.append((number, self.layout.titled(fault.column), fault))

    def _lines(self, numbers: list[int], values: dict[str, list[Any]]) -> list[list[Any]]:
        kept, seen = [], self._seen
        for number, (key, line, faults) in zip(numbers, self.checker.lines(values), strict=True):
            ask = 0
            if faults:
                for fault in faults:
                    self._note(number, fault)
                if line is None or any(fault.severity != CONFIRM for fault in faults):
                    self.counts.refused += 1
                    continue
                ask = 1
            first = seen.setdefault(key, number)
            if first != number:
                self._note(number, self._doubled(first))
                self.counts.refused += 1
                continue
            self.counts.ask += ask
            kept.append([number, ask, *line])
        return kept

    def _doubled(self, first: int) -> Fault:
        return Fault(
            self.kind.place_column,
            _("与第 {row} 行重复").format(row=first),
            _("同一地区、期别、品种等只能有一行"),
            _("删除其中一行，或改正填错的列"),
        )

    def _compare(self) -> None:
        self.work.progress(0, 0, _("与已入账数据比对"))
        sink = self.kind.sink
        found = sink.verdicts(self.kind, lambda: staged(self.folder), self.form, self.checker.facts())
        if found is None:
            self.counts.new = self._staged
            return
        for number, ask, verdict, fault in found:
            if verdict == "refused":
                self._note(number, fault)
                self.counts.refused += 1
                self.counts.ask -= ask
            else:
                setattr(self.counts, verdict, getattr(self.counts, verdict) + 1)

    def _save_findings(self) -> None:
        self.findings.sort(key=lambda found: (found[0], found[1]))
        with (self.folder / FINDINGS_FILE).open("w", encoding="utf-8") as out:
            for row, column, fault in self.findings:
                out.write(json.dumps([row, column, fault.severity, fault.what, fault.why, fault.do], ensure_ascii=False) + "\n")

    def _facts(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet.name,
            "part": self.sheet.part,
            "header_row": self.layout.header_row,
            "result_column": self.layout.result,
            "counts": self.counts.as_dict(),
            "findings": len(self.findings),
            "bounds": {**self.checker.facts(), "rows": self.counts.read, "staged": self._staged},
        }


def _staged_text(lines: list[list[Any]]) -> str:
    """A piece as one line of JSON: the number of lines and the columns, a column of one value as that value."""
    columns = [list(column) for column in zip(*lines, strict=True)]
    shrunk = [column[0] if column.count(column[0]) == len(column) else column for column in columns]
    return json.dumps([len(lines), shrunk], ensure_ascii=False, separators=(",", ":")) + "\n"


def staged(folder: Path) -> Iterator[list[tuple[Any, ...]]]:
    """The staged lines in pieces, in the order of the workbook."""
    with (folder / LINES_FILE).open(encoding="utf-8") as source:
        for text in source:
            count, columns = json.loads(text)
            whole = (column if type(column) is list else [column] * count for column in columns)
            yield list(zip(*whole, strict=True))


def findings(folder: Path, limit: int | None = None) -> Iterator[tuple[int, int, Fault]]:
    """The findings of a check by place."""
    with (folder / FINDINGS_FILE).open(encoding="utf-8") as source:
        for i, text in enumerate(source):
            if limit is not None and i >= limit:
                return
            row, column, severity, what, why, do = json.loads(text)
            yield row, column, Fault("", what, why, do, severity)
