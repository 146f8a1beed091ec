"""What a parameter and one of its dated rows are. Pure data with their own small checks; :mod:`.reading` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property

from shuangkong.core.figures import RuleRow

#: Between the two ends of a range.
RANGE_MARK = ".."


class Local(StrEnum):
    """What a lower place may do with a parameter."""

    FORBIDDEN = "forbidden"
    REPLACES = "replaces"
    MAY_ONLY_RAISE = "may_only_raise"
    MAY_ONLY_LOWER = "may_only_lower"
    REQUIRED = "required"


class Shape(StrEnum):
    """What the text of a value means: one number, a range ``a..b``, numbers or words parted by blanks, or a text."""

    NUMBER = "number"
    RANGE = "range"
    NUMBERS = "numbers"
    WORDS = "words"
    TEXT = "text"


#: Seen in the text; recalled (shown 待核实); a rule of this platform (平台规则); invented for the demonstration (演示).
EVIDENCE = ("text", "recalled", "design", "demonstration")
DEMONSTRATION = "demonstration"


def finite(text: str) -> Decimal | None:
    """The finite decimal that ``text`` writes; None where it writes none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def well_shaped(value: str, shape: Shape) -> bool:
    """Whether ``value`` can be read as ``shape``."""
    if shape is Shape.NUMBER:
        return finite(value) is not None
    if shape is Shape.NUMBERS:
        return bool(value.split()) and all(finite(part) is not None for part in value.split())
    if shape is Shape.RANGE:
        ends = [finite(part) for part in value.split(RANGE_MARK)]
        return len(ends) == 2 and ends[0] is not None and ends[1] is not None and ends[0] < ends[1]
    return bool(value.strip())


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row stands: number of the document, locator inside, issuer."""

    number: str
    locator: str
    issuer: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.issuer, self.number, self.locator) if part)


@dataclass(frozen=True)
class Row:
    """One dated row of a parameter at one place. ``applies_to`` is the first day on which it applies no more."""

    row: str
    region: str
    applies_from: date
    applies_to: date | None
    published_on: date
    entered_on: date
    value: str
    source: Source
    evidence: str
    checked_on: date
    supersedes: str = ""
    note: str = ""
    file: str = ""

    @cached_property
    def number(self) -> Decimal:
        """The value as a decimal (of the shape ``number``)."""
        return Decimal(self.value)

    def applies(self, on: date) -> bool:
        """Whether it applies on that day."""
        return self.applies_from <= on and (self.applies_to is None or on < self.applies_to)

    def overlaps(self, other: Row) -> bool:
        """Whether some day has both."""
        return (self.applies_to is None or other.applies_from < self.applies_to) and (
            other.applies_to is None or self.applies_from < other.applies_to
        )

    def span(self) -> str:
        """In a message: 2021-04-01 起, or 2008-06-01 至 2021-04-01（不含）."""
        start = self.applies_from.isoformat()
        return f"{start} 起" if self.applies_to is None else f"{start} 至 {self.applies_to.isoformat()}（不含）"


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without a row that the rulebook declares, with the reason."""

    start: date
    end: date
    why: str


def in_effect(rows: Iterable[Row], known_on: date | None) -> list[Row]:
    """The rows published by ``known_on`` (None: all) that no row published by then supersedes, by date."""
    known = [row for row in rows if known_on is None or row.published_on <= known_on]
    replaced = {row.supersedes for row in known}
    return sorted((row for row in known if row.row not in replaced), key=lambda row: row.applies_from)


@dataclass(frozen=True)
class Parameter:
    """A number, list or word that a text prescribes: its declaration and its rows by place."""

    id: str
    title: str
    unit: str
    local: Local
    shape: Shape
    region: str
    file: str
    rows: Mapping[str, tuple[Row, ...]]
    gaps: Mapping[str, tuple[Gap, ...]]

    def all_rows(self) -> Iterable[Row]:
        """Every row of every place."""
        return (row for rows in self.rows.values() for row in rows)


@dataclass(frozen=True)
class Answer:
    """What the book answers: the value in force, with its row as the trace lists it."""

    value: str
    unit: str
    row: RuleRow

    @cached_property
    def number(self) -> Decimal:
        """The value as a decimal."""
        return Decimal(self.value)

    @cached_property
    def numbers(self) -> tuple[Decimal, ...]:
        """The value as several decimals (shape ``numbers``)."""
        return tuple(Decimal(part) for part in self.value.split())

    @cached_property
    def range(self) -> tuple[Decimal, Decimal]:
        """Lower and upper end (shape ``range``)."""
        low, high = self.value.split(RANGE_MARK)
        return Decimal(low), Decimal(high)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The value as several words (shape ``words``)."""
        return tuple(self.value.split())
