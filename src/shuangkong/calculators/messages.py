"""What pydantic found, in Chinese: what, where, why. Numbers, choices and lengths are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from shuangkong.core.errors import InputError

_SHOWN = 60

#: type of the fault → its words from its context
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "缺少这个字段",
    "extra_forbidden": lambda _: "没有这个字段",
    "greater_than": lambda context: f"必须大于 {context['gt']}",
    "greater_than_equal": lambda context: f"不能小于 {context['ge']}",
    "less_than": lambda context: f"必须小于 {context['lt']}",
    "less_than_equal": lambda context: f"不能大于 {context['le']}",
    "literal_error": lambda context: f"只能是 {context['expected'].replace(' or ', '、')}",
    "string_type": lambda _: "应为文字",
    "list_type": lambda _: "应为一列",
    "too_short": lambda context: f"至少 {context['min_length']} 项",
    "too_long": lambda context: f"最多 {context['max_length']} 项",
    "model_type": lambda _: "应为对象",
    "invalid_key": lambda _: "字段名应为文字",
}

_FAMILIES = {"int_": "应为整数"}


def faults(error: ValidationError) -> list[tuple[str, str]]:
    """Every fault as where (``items[0].unit``) and what, for a form that shows each at its field."""
    return [(_where(fault["loc"]), _words(fault)) for fault in error.errors(include_url=False)]


def input_error(error: ValidationError, model: type[BaseModel]) -> InputError:
    """The first fault as what, where and why; the others are counted and listed in ``do``."""
    found = faults(error)
    (where, words), first = found[0], error.errors(include_url=False)[0]
    known = f"可用字段：{'、'.join(model.model_fields)}" if first["type"] == "extra_forbidden" and len(first["loc"]) == 1 else ""
    others = "；".join(f"{place}：{text}" for place, text in found[1:4])
    more = f"另有 {len(found) - 1} 处：{others}" if others else ""
    given = "" if first["type"] == "missing" else f"给出的是 {_shown(first['input'])}"
    return InputError(words, where=where, why=given, do="；".join(part for part in (known, more) if part))


def _where(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "输入"


def _words(fault: Any) -> str:
    kind = fault["type"]
    if kind in _WORDS:
        return _WORDS[kind](fault.get("ctx", {}))
    for head, words in _FAMILIES.items():
        if kind.startswith(head):
            return words
    return str(fault["msg"])


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
