"""From the text of a rule file to parameters and rows. A fault names the file, the parameter, the row and the reason.

A file holds ``parameters`` and, to save repetition, ``defaults`` (fields of every row and declaration that does not
state its own) and ``sources`` (named; ``source: name`` in a row takes number, locator, issuer and any row field of it).
The id of a parameter is the path of its file below the place's folder and its key, joined by dots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Never

from shuangkong.core.errors import RulebookError

from .parameters import EVIDENCE, Gap, Local, Row, Shape, Source, well_shaped
from .places import folder_region
from .yaml_text import read

_FILE_KEYS = {"defaults", "sources", "parameters"}
_DECLARATION = {"title", "unit", "local", "shape"}
_ENTRY_KEYS = _DECLARATION | {"gaps", "rows"}
_SOURCE_KEYS = {"number", "locator", "issuer"}
_DATES = ("applies_from", "applies_to", "published_on", "entered_on", "checked_on")
_ROW_FIELDS = {*_DATES, "value", "source", "evidence", "supersedes", "note"}
_REQUIRED = ("row", "value", "applies_from", "published_on", "entered_on", "checked_on", "source", "evidence")

#: What a message calls the rows that come from the law library of the database.
LIBRARY = "法规库"


@dataclass(slots=True)
class Draft:
    """One entry of one file: a declaration, rows of one place, or both."""

    id: str
    region: str
    file: str
    declaration: dict[str, str]
    rows: list[dict[str, Any]]
    gaps: list[dict[str, Any]] = field(default_factory=list)


def fault(reason: str, file: str, parameter: str = "", row: str = "", why: str = "") -> Never:
    """Raises the error of a broken rule file."""
    places = [file, parameter and f"参数 {parameter}", row and f"行 {row}"]
    raise RulebookError(reason, where=" ".join(part for part in places if part), why=why)


def drafts_below(root: Path) -> list[Draft]:
    """Every entry of every rule file in the place folders (``cn``, ``cn-43`` …) below ``root``, in a stable order."""
    drafts: list[Draft] = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name.startswith("cn")):
        region = folder_region(folder.name)
        if region is None:
            fault("文件夹名不是地区（cn、cn-43、cn-4310）", folder.name)
        for path in sorted(folder.rglob("*.yaml")):
            drafts += _drafts_of(path, folder, region)
    return drafts


def _drafts_of(path: Path, folder: Path, region: str) -> Iterable[Draft]:
    shown = f"{folder.name}/{path.relative_to(folder).as_posix()}"
    content = read(path, shown)
    _known_keys(content, _FILE_KEYS, shown)
    defaults, sources = _mapping(content, "defaults", shown), _mapping(content, "sources", shown)
    _known_keys(defaults, _ROW_FIELDS | {"unit", "local", "shape"}, shown)
    prefix = ".".join(path.relative_to(folder).with_suffix("").parts)
    for key, entry in _mapping(content, "parameters", shown).items():
        yield _draft(f"{prefix}.{key}", region, shown, entry, defaults, sources)


def _draft(
    parameter: str, region: str, file: str, entry: object, defaults: dict[str, Any], sources: dict[str, Any]
) -> Draft:
    if not isinstance(entry, dict):
        fault("参数应是键值", file, parameter)
    _known_keys(entry, _ENTRY_KEYS, file, parameter)
    declaration = {key: value for key, value in {**defaults, **entry}.items() if key in _DECLARATION}
    rows = [_with_defaults(row, defaults, sources, file, parameter) for row in _listed(entry, "rows", file, parameter)]
    return Draft(
        parameter, region, file, declaration if "title" in entry else {}, rows, _listed(entry, "gaps", file, parameter)
    )


def _with_defaults(
    row: dict[str, Any], defaults: dict[str, Any], sources: dict[str, Any], file: str, parameter: str
) -> dict[str, Any]:
    base = {key: value for key, value in defaults.items() if key in _ROW_FIELDS}
    named = row.get("source", base.get("source"))
    if isinstance(named, str):
        if not isinstance(sources.get(named), dict):
            fault(f"没有名为“{named}”的来源", file, parameter, str(row.get("row", "")))
        stated = dict(sources[named])
        base |= {key: stated.pop(key) for key in sorted(_ROW_FIELDS & set(stated))}
        row = {**row, "source": stated}
    return {**base, **row}


def _mapping(content: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    value = content.get(key) or {}
    if not isinstance(value, dict):
        fault(f"{key} 应是键值", file)
    return value


def _listed(entry: dict[str, Any], key: str, file: str, parameter: str) -> list[dict[str, Any]]:
    value = entry.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        fault(f"{key} 应是一列键值", file, parameter)
    return value


def _known_keys(content: Mapping[str, Any], known: set[str], file: str, parameter: str = "", row: str = "") -> None:
    if unknown := sorted(set(content) - known):
        fault(f"不认识的键“{unknown[0]}”", file, parameter, row)


def declared(draft: Draft) -> tuple[str, str, Local, Shape]:
    """Title, unit, ``local`` and shape of a declaration.

    Raises:
        RulebookError: something is missing or not one of the words.
    """
    stated = draft.declaration
    if not str(stated.get("unit", "")).strip():
        fault("缺少 unit（没有单位写 1 或 -）", draft.file, draft.id)
    local, shape = stated.get("local", ""), stated.get("shape", "number")
    if local not in set(Local):
        fault(f"local 不能是“{local}”", draft.file, draft.id, why=f"只能是 {'、'.join(Local)}")
    if shape not in set(Shape):
        fault(f"shape 不能是“{shape}”", draft.file, draft.id, why=f"只能是 {'、'.join(Shape)}")
    return stated["title"], stated["unit"], Local(local), Shape(shape)


def row_of(stated: dict[str, Any], draft: Draft, shape: Shape) -> Row:
    """The checked row.

    Raises:
        RulebookError: a field is missing, unknown or cannot be read.
    """
    name = str(stated.get("row") or "")
    _known_keys(stated, _ROW_FIELDS | {"row"}, draft.file, draft.id, name)
    for key in _REQUIRED:
        if not stated.get(key):
            fault(f"缺少 {key}", draft.file, draft.id, name)
    dates = {key: _day(stated.get(key), key, draft, name) for key in _DATES}
    row = Row(
        name, draft.region, dates["applies_from"] or date.min, dates["applies_to"], dates["published_on"] or date.min,
        dates["entered_on"] or date.min, str(stated["value"]), _source(stated["source"], draft, name),
        str(stated["evidence"]), dates["checked_on"] or date.min, str(stated.get("supersedes") or ""),
        str(stated.get("note") or ""), draft.file,
    )  # fmt: skip
    _check_row(row, draft, shape)
    return row


def _check_row(row: Row, draft: Draft, shape: Shape) -> None:
    if row.applies_to is not None and row.applies_to <= row.applies_from:
        fault("applies_to 不晚于 applies_from", draft.file, draft.id, row.row, row.span())
    if row.evidence not in EVIDENCE:
        fault(f"evidence 不能是“{row.evidence}”", draft.file, draft.id, row.row, f"只能是 {'、'.join(EVIDENCE)}")
    if not well_shaped(row.value, shape):
        fault(f"值“{row.value}”不是 {shape}", draft.file, draft.id, row.row)
    if row.supersedes == row.row:
        fault("不能取代自己", draft.file, draft.id, row.row)
    if row.entered_on < row.published_on:
        fault("录入日早于发布日", draft.file, draft.id, row.row)


def _day(text: object, key: str, draft: Draft, row: str) -> date | None:
    if not text or isinstance(text, date):
        return text or None  # type: ignore[return-value]
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        fault(f"{key} “{text}”不是日期", draft.file, draft.id, row, "写成 2021-04-01")


def _source(stated: object, draft: Draft, row: str) -> Source:
    if not isinstance(stated, dict) or not stated.get("number") or not stated.get("locator"):
        fault("来源缺文号（number）或条款（locator）", draft.file, draft.id, row)
    _known_keys(stated, _SOURCE_KEYS, draft.file, draft.id, row)
    return Source(str(stated["number"]), str(stated["locator"]), str(stated.get("issuer") or ""))


def gaps_of(draft: Draft) -> tuple[Gap, ...]:
    """The declared gaps of an entry.

    Raises:
        RulebookError: a gap without its two days or without a reason.
    """
    gaps = []
    for stated in draft.gaps:
        start, end = (_day(stated.get(key), key, draft, "") for key in ("from", "to"))
        if start is None or end is None or not stated.get("why"):
            fault("空档要写 from、to 和 why", draft.file, draft.id)
        gaps.append(Gap(start, end, str(stated["why"])))
    return tuple(gaps)


def library_draft(stated: Mapping[str, Any]) -> Draft:
    """The entry of one row confirmed in the law library: a row with ``parameter`` and ``region`` beside its fields."""
    row = dict(stated)
    parameter, folder = str(row.pop("parameter", "")), f"cn-{row.pop('region', '')}"
    region = folder_region("cn" if folder == "cn-cn" else folder)
    if region is None:
        fault("地区不是 GB/T 2260 代码", LIBRARY, parameter, str(row.get("row", "")))
    return Draft(parameter, region, LIBRARY, {}, [row])
