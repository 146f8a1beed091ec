"""The form of a calculator: made from its input shape, filled from the address, so that a result can be passed on as a link.

A list is a table with one row for each entry; rows are added and removed by buttons of the form itself, so it needs no script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from pydantic import ValidationError

from shuangkong.apps.cockpit.calculating.fields import Field, field_of, written
from shuangkong.calculators.definition import Calculator
from shuangkong.calculators.messages import faults
from shuangkong.calculators.runner import run
from shuangkong.core.errors import ShuangkongError
from shuangkong.rulebook.loader import Rulebook

#: Rows of a list in the form; longer ones go through the command or the API.
MOST_ROWS = 100
#: The fields that every calculator has: the day and the place by which rules are looked up.
COMMON = ("on", "region")


@dataclass(slots=True)
class Rows:
    """A list of the input: its columns (one without a heading for a list of plain values) and a row of fields for each entry."""

    name: str
    label: str
    plain: bool
    columns: list[Field]
    rows: list[list[Field]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def content(self) -> list[Any]:
        """As JSON."""
        if self.plain:
            return [cells[0].content() for cells in self.rows if cells[0].value.strip()]
        return [_filled(cells) for cells in self.rows if any(cell.value.strip() for cell in cells)]


def _filled(cells: list[Field]) -> dict[str, Any]:
    return {cell.name.rpartition(".")[2]: cell.content() for cell in cells if cell.value.strip()}


class CalculatorForm:
    """The fields and lists of ``calculator``, as the address ``query`` fills them."""

    def __init__(self, calculator: Calculator, query: Mapping[str, str]) -> None:
        self.calculator, self.query = calculator, query
        self.fields: list[Field] = []
        self.lists: list[Rows] = []
        self.problem: ShuangkongError | None = None
        self.result: dict[str, Any] | None = None
        schema = calculator.inputs.model_json_schema()
        definitions = schema.get("$defs", {})
        for name, spec in schema["properties"].items():
            if spec.get("type") == "array":
                self.lists.append(self._rows(name, spec, definitions))
            elif "$ref" in spec:
                self.fields += [self._entered(entry) for entry in _parts(name, spec, definitions)]
            else:
                self.fields.append(self._entered(field_of(name, spec, name in schema.get("required", ()))))

    @property
    def own(self) -> list[Field]:
        """The calculator's own fields."""
        return [entry for entry in self.fields if entry.name not in COMMON]

    @property
    def common(self) -> list[Field]:
        """Day and place."""
        return [entry for entry in self.fields if entry.name in COMMON]

    def _entered(self, entry: Field) -> Field:
        entry.value = self.query.get(entry.name, "")
        return entry

    def _rows(self, name: str, spec: Mapping[str, Any], definitions: Mapping[str, Any]) -> Rows:
        inner = spec["items"]
        shape = definitions.get(str(inner.get("$ref", "")).rpartition("/")[2])
        label = field_of(name, spec, True).label
        found = Rows(name, label, shape is None, list(_columns(name, "", shape, inner, label)))
        for number, old in enumerate(self._row_numbers(name)):
            cells = list(_columns(name, f".{number}", shape, inner, label))
            for cell in cells:
                cell.value = self.query.get(cell.name.replace(f"{name}.{number}", f"{name}.{old}", 1), "")
            found.rows.append(cells)
        return found

    def _row_numbers(self, name: str) -> list[int]:
        """The numbers of the rows in the address that hold anything, without the removed one, and an empty one where it is asked for."""
        removed = self.query.get("remove", "")
        pattern = re.compile(rf"{re.escape(name)}\.(\d{{1,4}})(?:\.|$)")
        matches = ((pattern.match(key), value) for key, value in self.query.items() if value.strip())
        filled = sorted({int(match[1]) for match, _value in matches if match})
        filled = [number for number in filled if f"{name}.{number}" != removed][:MOST_ROWS]
        fresh = max(filled, default=-1) + 1
        more = self.query.get("add") == name and len(filled) < MOST_ROWS
        return [*filled, fresh] if more or not filled else filled

    def inputs(self) -> dict[str, Any]:
        """What was entered, as the JSON that the command takes."""
        content: dict[str, Any] = {rows.name: found for rows in self.lists if (found := rows.content())}
        for entry in self.fields:
            whole, _dot, part = entry.name.partition(".")
            holder = content.setdefault(whole, {}) if part else content
            if entry.value.strip():
                holder[part or whole] = entry.content()
        return content

    def run(self, today: date, rulebook: Rulebook) -> None:
        """Calculate; ``result`` is there afterwards, or errors stand at their fields, or ``problem`` says what no field can."""
        inputs = self.inputs()
        try:
            self.calculator.inputs.model_validate(inputs)
        except ValidationError as error:
            for where, words in faults(error):
                if not self._put(where, words):
                    self.problem = ShuangkongError(words, where=where)
            return
        try:
            self.result = run(self.calculator.id, inputs, on=today, rulebook=rulebook)
        except ShuangkongError as error:
            if not self._put(error.where, "；".join(part for part in (error.what, error.why, error.do) if part)):
                self.problem = error

    def _put(self, where: str, words: str) -> bool:
        """An error to its field; False when there is no such field."""
        name = re.sub(r"\[(\d+)\]", r".\1", where)
        places: list[Any] = [*self.fields, *self.lists, *(cell for rows in self.lists for cells in rows.rows for cell in cells)]
        place = next((place for place in places if place.name == name), None)
        if place is not None:
            place.errors.append(_("请填写") if words == _MISSING else words)
        return place is not None

    @property
    def command(self) -> str:
        """The command that gives the same result."""
        text = json.dumps(self.inputs(), ensure_ascii=False).replace("'", "'\\''")
        return f"shuangkong calc run {self.calculator.id} --json '{text}'"


_MISSING = "缺少这个字段"


def _columns(name: str, row: str, shape: Mapping[str, Any] | None, inner: Mapping[str, Any], label: str) -> Iterator[Field]:
    if shape is None:
        entry = field_of(f"{name}{row}", inner, True)
        entry.label = label
        yield entry
        return
    for key, spec in shape["properties"].items():
        yield field_of(f"{name}{row}.{key}", spec, key in shape.get("required", ()))


def _parts(name: str, spec: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Field]:
    """The fields of an object in the input, each called by the object and its own name."""
    shape = definitions[str(spec["$ref"]).rpartition("/")[2]]
    of = field_of(name, spec, True).label
    for key, inner in shape["properties"].items():
        entry = field_of(f"{name}.{key}", inner, key in shape.get("required", ()))
        entry.label = f"{of}：{entry.label}"
        yield entry


def example_address(calculator: Calculator) -> str:
    """The address that fills the form with the calculator's example and calculates it."""
    return f"?{urlencode([*_flat('', calculator.example), ('run', '1')])}"


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flat(f"{name}.{number}", inner)
    else:
        yield name, written(value)
