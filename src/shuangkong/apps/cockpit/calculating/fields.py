"""A calculator's input shape as fields of a form: what each is called, what it takes, and what was entered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: What stands in the address for an explicit nothing (null).
NOTHING = "null"
#: The choices of a truth.
YES_NO = (("true", "是"), ("false", "否"))


@dataclass(slots=True)
class Field:
    """One entry. ``name`` is its parameter in the address (``items.0.unit``); ``kind`` text, number, integer, choice or date."""

    name: str
    label: str
    kind: str
    required: bool
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    value: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id of its element."""
        return f"f-{self.name.replace('.', '-')}"

    @property
    def list_name(self) -> str:
        """The name of the column or field without row numbers, for its list of suggestions."""
        return self.name.rpartition(".")[2] if not self.name[-1].isdigit() else self.name.split(".")[0]

    def content(self) -> Any:
        """As JSON: a whole number as such, the word for nothing as null, all else as written."""
        text = self.value.strip()
        if text == NOTHING and any(value == NOTHING for value, _label in self.choices):
            return None
        if self.choices == YES_NO and text in ("true", "false"):
            return text == "true"
        whole = self.kind == "integer" or (self.kind == "choice" and text.isdecimal())
        return int(text) if whole and text.isdecimal() and len(text) < 10 else text


def field_of(name: str, spec: Mapping[str, Any], required: bool) -> Field:
    """The field that a JSON schema describes."""
    flat = _flat(spec)
    described = str(spec.get("description", ""))
    label = _label(spec, described)
    choices = tuple((_code(c), _choice_word(c, described)) for c in flat.get("enum", ()))
    if choices and flat["nullable"]:
        choices += ((NOTHING, _choice_word(None, described)),)
    choices = YES_NO if flat["types"] == {"boolean"} else choices
    explained = choices and all(code != word and not code.isdecimal() for code, word in choices)
    default = spec.get("default")
    shown = "" if explained or described == label else described
    return Field(name, label, _kind(flat), required, shown, choices, "" if default is None else written(default))


def written(value: Any) -> str:
    """A value as the address writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The first real option of a schema, with whether nothing is allowed as well and all its types."""
    flat: dict[str, Any] = {"nullable": False, "types": set()}
    for option in spec.get("anyOf", [spec]):
        if option.get("type") == "null":
            flat["nullable"] = True
        elif "anyOf" in option:
            flat["types"] |= {inner.get("type") for inner in option["anyOf"]}
        else:
            flat["types"].add(option.get("type"))
            flat |= {key: option[key] for key in ("enum", "format") if key in option}
    return flat


def _kind(flat: Mapping[str, Any]) -> str:
    if "enum" in flat or flat["types"] == {"boolean"}:
        return "choice"
    if flat.get("format") == "date":
        return "date"
    if "number" in flat["types"]:
        return "number"
    return "integer" if flat["types"] == {"integer"} else "text"


def _label(spec: Mapping[str, Any], described: str) -> str:
    title = str(spec.get("title", ""))
    return title if _CHINESE.search(title) else described.partition("，")[0]


def _code(choice: Any) -> str:
    return NOTHING if choice is None else str(choice)


def _choice_word(choice: Any, described: str) -> str:
    """The word of a choice, as the description explains it: ``calorific 当量值``, ``4（省、市）``."""
    code = _code(choice)
    found = re.search(rf"(?<!\w){re.escape(code)}(?:（([^）]+)）| ([^，、；]+))", described)
    if found is None:
        return code
    word = found[1] or found[2]
    return f"{code}（{word}）" if code.isdecimal() else word
