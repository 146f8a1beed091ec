"""The reference page of the calculators, written from their definitions. A test keeps the committed page current."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from shuangkong.rulebook import Rulebook

from . import CALCULATORS
from .definition import Calculator
from .runner import run

#: The day on which the examples are worked, so that the page does not change by itself.
EXAMPLES_ON = date(2026, 1, 1)

_HEAD = """# Calculators

Written from the definitions by `shuangkong calc reference --output docs/reference/calculators.md`; do not edit by hand.

`shuangkong calc run ID --json '{…}'` prints one JSON object with `id`, `outputs`, `status`, `trace` and `sources`, and exits 0.
`--json -` reads standard input. A list in gives a list out; a bad item is `{"error": {"what", "where", "why", "do"}}`.
Bad input exits 2 and says what, where and why; a rule that is not in force exits 3 and names the nearest rows.
Numbers may be written as numbers or texts; results are texts in full precision. Every input may also hold `on` (a date, today
if left out) and `region` (43, 4310, 431021 or cn; the installed pack's region if left out): rules are looked up by them.
"""


def page(rulebook: Rulebook) -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *(_section(calculator, rulebook) for calculator in CALCULATORS)])


def _section(calculator: Calculator, rulebook: Rulebook) -> str:
    schemas = calculator.schemas()
    result = run(calculator.id, calculator.example, on=EXAMPLES_ON, rulebook=rulebook)
    return "\n".join(
        [
            f"## `{calculator.id}` {calculator.title_zh}\n",
            f"{calculator.title_en}. {calculator.formula}\n",
            f"Basis: {'; '.join(calculator.basis)}.\n",
            *([*(f"- {note}" for note in calculator.notes), ""] if calculator.notes else []),
            "| input | type | needed | meaning |", "|---|---|---|---|", *_rows(schemas["inputs"], True),
            "", "| output | type | meaning |", "|---|---|---|", *_rows(schemas["outputs"], False),
            "", "```console", f"$ shuangkong calc run {calculator.id} --json '{_json(calculator.example)}'",
            _json(result["outputs"]), "```", "",
        ]
    )  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(schema: Mapping[str, Any], inputs: bool) -> list[str]:
    """One line for each field, those of objects in lists below theirs."""
    lines = []
    for name, field, needed in _fields(schema, schema.get("$defs", {}), ""):
        middle = f" {'yes' if needed else 'no'} |" if inputs else ""
        if name not in ("on", "region"):
            lines.append(f"| `{name}` | {_type(field)} |{middle} {field.get('description', '')} |")
    return lines


def _fields(schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str) -> list[tuple[str, Mapping[str, Any], bool]]:
    fields = []
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        fields.append((f"{prefix}{name}", field, name in required))
        inner = field.get("items", {}).get("$ref")
        if inner:
            fields += _fields(definitions[inner.rpartition("/")[2]], definitions, f"{prefix}{name}[].")
        if "$ref" in field:
            fields += _fields(definitions[field["$ref"].rpartition("/")[2]], definitions, f"{prefix}{name}.")
    return fields


def _type(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(option) for option in field["anyOf"]))
    kind = "date" if field.get("format") == "date" else str(field.get("type", "object"))
    return f"list of {_type(field['items'])}" if kind == "array" else kind
