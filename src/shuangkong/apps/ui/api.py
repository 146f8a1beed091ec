"""What the routers of all apps share: the mark of the demonstration, problems, paging, lists in the address."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from ninja import Schema
from pydantic import Field

MOST_ROWS = 500
"""The most rows of one answer."""
_MOST_OFFSET = 10_000_000
PROBLEMS = frozenset({400, 401, 403, 404, 409, 422, 429})
"""Every status that an answer may have instead of the one that was asked for."""


class Answer(Schema):
    """Base of every answer. ``demonstration`` is true for all answers of the demonstration."""

    demonstration: bool = False


class Problem(Answer):
    """What went wrong, where, why, and what to do; ``nearest`` names rule rows around a day on which none is in force."""

    what: str
    where: str = ""
    why: str = ""
    do: str = ""
    nearest: list[str] = []


class Paging(Schema):
    """Which part of a long list: at most 500 rows."""

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="最多给多少行")
    offset: int = Field(0, ge=0, le=_MOST_OFFSET, description="跳过多少行")


class PageAnswer(Answer):
    """Base of a part of a long list; ``count`` is the length of the whole."""

    count: int
    limit: int
    offset: int


def part_of(found: QuerySet, paging: Paging) -> dict[str, Any]:
    """The asked part of ``found`` (scoped and ordered) with the length of the whole: two statements."""
    rows = list(found[paging.offset : paging.offset + paging.limit])
    return {"count": found.count(), "limit": paging.limit, "offset": paging.offset, "items": rows}


def listed(text: str) -> list[str]:
    """The parts of a list in the address, ``431002,431003``."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def number_text(number: Decimal | None) -> str | None:
    """A number in full precision, as text; None where it is missing."""
    return None if number is None else format(number, "f")


def answers(schema: Any) -> dict[Any, Any]:
    """The answer that was asked for, and the problems that may stand in its place, for ``response=``."""
    return {200: schema, PROBLEMS: Problem}
