"""What the lists of checks and of quality rules have in common: how a file states its entries, and how a fault is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Never

from shuangkong.core.errors import RulebookError

from .yaml_text import read

EVIDENCE = ("text", "recalled", "design")
ON = {"yes": True, "no": False}


def fault(reason: str, *where: str, why: str = "") -> Never:
    """Raises the error of a broken list."""
    raise RulebookError(reason, where=" ".join(part for part in where if part), why=why)


def entries_of(folder: Path, key: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each entry of the list ``key`` in the files of a folder, laid over the ``defaults`` of its file, with the file's name.

    Raises:
        RulebookError: the list is none.
    """
    for path in sorted(folder.glob("*.yaml")):
        content = read(path, path.name)
        defaults, stated = content.get("defaults") or {}, content.get(key)
        if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
            fault(f"{key} 应是一列键值", path.name)
        for each in stated:
            yield {**defaults, **each}, path.name


def checked_keys(stated: Mapping[str, Any], keys: set[str], needed: Sequence[str], *where: str) -> None:
    """Refuses unknown and missing keys."""
    if unknown := sorted(set(stated) - keys):
        fault(f"不认识的键“{unknown[0]}”", *where)
    if missing := [key for key in needed if not stated.get(key)]:
        fault(f"缺少 {missing[0]}", *where)


def checked_words(stated: Mapping[str, Any], allowed: Mapping[str, Sequence[str]], *where: str) -> None:
    """Refuses a word that is not among those allowed for its key."""
    for key, words in allowed.items():
        if key in stated and stated[key] not in words:
            fault(f"{key} 不能是“{stated[key]}”", *where, why=f"只能是 {'、'.join(words)}")


def source_text(stated: Mapping[str, Any], *where: str) -> str:
    """The source in one line."""
    source = stated["source"]
    if not isinstance(source, dict) or not source.get("number") or not source.get("locator"):
        fault("来源缺文号（number）或条款（locator）", *where)
    return f"{source['number']} {source['locator']}"


def day_of(stated: Mapping[str, Any], key: str, *where: str) -> date:
    """The day under a key."""
    try:
        return date.fromisoformat(stated[key])
    except ValueError:
        fault(f"{key} “{stated[key]}”不是日期", *where, why="写成 2026-01-01")


def repeated(numbers: Sequence[str]) -> None:
    """Refuses a number that stands twice."""
    if twice := [number for number in numbers if numbers.count(number) > 1]:
        fault("编号写了两次", twice[0])
