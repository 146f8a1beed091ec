"""A calculator's result as a page shows it: labels from its output shape, numbers rounded for reading with the exact one behind."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from shuangkong.calculators.definition import Calculator
from shuangkong.core import wording

#: Decimals that a page shows; the exact number stands behind and in the JSON.
PLACES = 6


class Shown(NamedTuple):
    """One number or word: as it is read, and exactly."""

    text: str
    exact: str = ""


class Line(NamedTuple):
    """A single output."""

    label: str
    shown: Shown


class Listed(NamedTuple):
    """An output that is a list of objects."""

    label: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]


def shown(value: Any) -> Shown:
    """A value as people read it; — for nothing."""
    if value is None or value == "":
        return Shown("—")
    if isinstance(value, bool):
        return Shown("是" if value else "否")
    try:
        number = Decimal(value) if isinstance(value, str | int) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        return Shown(str(value))
    exponent = number.normalize().as_tuple().exponent
    places = min(PLACES, max(0, -int(exponent)))
    text = wording.number(number, places)
    return Shown(text, str(value) if -int(exponent) > PLACES else "")


def outputs(calculator: Calculator, found: Mapping[str, Any]) -> tuple[list[Line], list[Listed]]:
    """The outputs of a result: single ones, and lists."""
    schema = calculator.outputs.model_json_schema(mode="serialization")
    lines, lists = [], []
    for name, spec in schema["properties"].items():
        label = str(spec.get("description", name))
        reference = str(spec.get("items", {}).get("$ref", "")).rpartition("/")[2]
        if reference:
            lists.append(_listed(label, schema["$defs"][reference]["properties"], found[name]))
        elif isinstance(found[name], list):
            lists.append(Listed(label, (label,), tuple((shown(item),) for item in found[name])))
        else:
            lines.append(Line(label, shown(found[name])))
    return lines, lists


def _listed(label: str, columns: Mapping[str, Any], rows: Any) -> Listed:
    headings = tuple(str(spec.get("description", name)) for name, spec in columns.items())
    return Listed(label, headings, tuple(tuple(shown(row[name]) for name in columns) for row in rows))


def steps(trace: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Shown]]]]:
    """The steps of the trace: formula, and what went in and came out."""
    return [(step["formula"], [(name, shown(value)) for name, value in step["values"].items()]) for step in trace["steps"]]
