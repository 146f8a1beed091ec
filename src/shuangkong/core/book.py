"""What the arithmetic needs of the rulebook, stated as a protocol so that core does not know files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

from .figures import RuleRow


class Answer(Protocol):
    """One answer of the book: the value in force with its row."""

    @property
    def value(self) -> str:
        """The value as the rule states it."""

    @property
    def number(self) -> Decimal:
        """The value as a decimal."""

    @property
    def row(self) -> RuleRow:
        """The rule row, as the trace lists it."""


class Book(Protocol):
    """Parameters by id, place and day. Records every row that it gave out."""

    def at(self, parameter: str, region: str, on: date, known_on: date | None = None) -> Answer:
        """The row in force; raises :class:`~shuangkong.core.errors.NotInForce`."""

    @property
    def used(self) -> tuple[RuleRow, ...]:
        """Every row given out so far, each once, in order."""
