"""The one loader of the rulebook: files shipped, a city pack's own, and rows confirmed in the law library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.figures import RuleRow

from .checking import parameters_of
from .lists import Terms, read_lists
from .lookup import find
from .parameters import Answer, Parameter, Row
from .places import Places
from .products import Products
from .reading import drafts_below, library_draft
from .yaml_text import read

#: Where the shipped rules stand.
SHIPPED = Path(__file__).parent

_PLACES_FILE = "places.yaml"
_CACHED_ANSWERS = 200_000


def pack_rule_folders(pack: Path, *, demonstration: bool) -> list[Path]:
    """The folders of a city pack that hold rules: its own, and in the demonstration its invented ones; those that are there."""
    names = ("rules", "rules_demonstration") if demonstration else ("rules",)
    return [pack / name for name in names if (pack / name).is_dir()]


class Rulebook:
    """Every parameter, list and product, checked and immutable. Make one with :meth:`load`."""

    def __init__(self, parameters: Mapping[str, Parameter], places: Places, lists: Mapping[str, Terms]) -> None:
        self.parameters = parameters
        self.places = places
        self.lists = lists
        self.products = Products(lists["products"], parameters)
        self.hash = _hash(parameters, places, lists)
        self._answers: dict[tuple[str, str, date, date | None], Answer] = {}

    @classmethod
    def load(cls, extra_dirs: Iterable[Path | str] = (), extra_rows: Iterable[Mapping[str, Any]] = ()) -> Rulebook:
        """The shipped rules, those of ``extra_dirs`` (folders ``cn``, ``cn-43`` …, ``places.yaml``), and rows.

        A row of ``extra_rows`` is a mapping with ``parameter``, ``region`` and the fields of a row in a file.

        Raises:
            RulebookError: a file or row is broken; names file, parameter, row and reason.
        """
        return cls.load_from([SHIPPED, *map(Path, extra_dirs)], extra_rows)

    @classmethod
    def load_from(cls, roots: Iterable[Path], extra_rows: Iterable[Mapping[str, Any]] = ()) -> Rulebook:
        """The rules of exactly these roots; lists are the shipped ones."""
        drafts, places = [], Places()
        for root in roots:
            drafts += drafts_below(root)
            if (root / _PLACES_FILE).exists():
                places = places.joined(_PLACES_FILE, read(root / _PLACES_FILE, _PLACES_FILE))
        drafts += [library_draft(row) for row in extra_rows]
        return cls(parameters_of(drafts), places, read_lists(SHIPPED / "lists"))

    @property
    def default_region(self) -> str:
        """The region of the installed pack; ``cn`` without one."""
        return self.places.region

    def terms(self, name: str) -> Terms:
        """One of the lists: ``sectors``, ``industries``, ``flows``, ``releases``, ``origins``, ``products``."""
        return self.lists[name]

    def at(self, parameter: str, region: str, on: date, known_on: date | None = None) -> Answer:
        """The row in force ``on`` that day at ``region``, of those published by ``known_on``.

        Raises:
            NotInForce: none is; never None and never another year's.
            InputError: an unknown parameter or region.
        """
        key = (parameter, region, on, known_on)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _CACHED_ANSWERS:
                self._answers.clear()
            answer = find(self._parameter(parameter), self.places.resolve(region), on, known_on)
            self._answers[key] = answer
        return answer

    def _parameter(self, name: str) -> Parameter:
        if name not in self.parameters:
            raise InputError(f"规则库没有参数“{name}”", where="parameter")
        return self.parameters[name]

    def book(self, region: str | None = None, known_on: date | None = None) -> RecordingBook:
        """A fresh book for one calculation: it records every row that it gave out."""
        return RecordingBook(self, self.places.resolve(region or self.default_region), known_on)


class RecordingBook:
    """Look-up that records: its record is the ``sources`` of the trace. ``region`` is what the calculation is for."""

    def __init__(self, rulebook: Rulebook, region: str, known_on: date | None = None) -> None:
        self.rulebook = rulebook
        self.region = region
        self.known_on = known_on
        self._used: dict[int, Answer] = {}

    def at(self, parameter: str, region: str, on: date, known_on: date | None = None) -> Answer:
        """As :meth:`Rulebook.at`, recorded; ``known_on`` defaults to the book's."""
        answer = self.rulebook.at(parameter, region, on, known_on or self.known_on)
        self._used[id(answer)] = answer
        return answer

    @property
    def used(self) -> tuple[RuleRow, ...]:
        """Every row given out so far, each once, in order."""
        return tuple(dict.fromkeys(answer.row for answer in self._used.values()))


def _hash(parameters: Mapping[str, Parameter], places: Places, lists: Mapping[str, Terms]) -> str:
    content = {
        "parameters": {name: _content(parameter) for name, parameter in parameters.items()},
        "places": {"region": places.region, "zones": dict(places.zones)},
        "lists": {name: [term.content() for term in terms] for name, terms in lists.items()},
    }
    return sm3_hex(canonical_json(content).encode())


def _content(parameter: Parameter) -> dict[str, Any]:
    gaps = [[region, str(gap.start), str(gap.end), gap.why] for region, of in parameter.gaps.items() for gap in of]
    return {
        "declaration": [parameter.title, parameter.unit, parameter.local, parameter.shape, parameter.region],
        "gaps": sorted(gaps),
        "rows": sorted(_row_content(row) for row in parameter.all_rows()),
    }


def _row_content(row: Row) -> list[str]:
    source = row.source
    return [
        row.row, row.region, str(row.applies_from), str(row.applies_to or ""), str(row.published_on),
        str(row.entered_on), row.value, source.number, source.locator, source.issuer, row.evidence,
        str(row.checked_on), row.supersedes, row.note,
    ]  # fmt: skip
