"""Values, places and targets as a page of many figures reads them: the driver's own rows made into small objects, no model.

Making models of some two hundred values costs more than reading them; a page shows them and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from shuangkong.apps.indicators.drafts import NO_LINES
from shuangkong.apps.indicators.models import INTERNAL
from shuangkong.apps.indicators.tables import Line as TableLine
from shuangkong.core.periods import Period

#: The columns of a value in the order of :func:`cells`; the day as text, because the engines disagree on days.
_OWN = (
    "pk", "subject_id", "period_kind", "end_text", "basis", "treatment", "lens", "value", "words", "severity", "status", "demonstration",
    "recalled", "sentence", "finding",
)  # fmt: skip
_INDICATOR = ("indicator__code", "indicator__name", "indicator__unit", "indicator__decimals", "indicator__position")
_JANUARY = 1


class Measure(NamedTuple):
    """What is shown of an indicator."""

    code: str
    name: str
    unit: str
    decimals: int
    position: int


class Place(NamedTuple):
    """What is shown of a subject; the fields are those of ``organisations.Subject``."""

    pk: int
    kind: str
    code: str
    name: str
    position: int


class PlanFacts(NamedTuple):
    """What is shown of a plan; the fields are those of ``plans.Plan``."""

    pk: int
    code: str
    title: str
    period_name: str
    document: str
    base_year: int
    first_year: int
    last_year: int
    demonstration: bool

    @property
    def years(self) -> int:
        """Number of years."""
        return self.last_year - self.first_year + 1


class RunFacts(NamedTuple):
    """What is shown of a computation; the fields are those of ``indicators.Run``."""

    made_at: datetime
    rulebook_sm3: str


class Item(NamedTuple):
    """What is shown of an open item; the fields are those of ``desk.InboxItem``."""

    title: str
    detail: str
    severity: int
    address: str
    due_on: date | None
    demonstration: bool


class Unit(NamedTuple):
    """What a target needs of its indicator."""

    code: str
    unit: str


class Aim(NamedTuple):
    """What is shown of a target; the fields are those of ``indicators.Target``."""

    indicator: Unit
    number: Decimal | None
    words: str
    demonstration: bool
    #: 内部管控目标: the city set it for itself, nobody handed it down.
    internal: bool = False


class Cell(NamedTuple):
    """What is shown of a value: the driver's row with names, its texts made into numbers and days when they are looked at.

    The fields are those of ``indicators.Value`` and, from ``code`` on, of its indicator: most of the rows that a page reads are only
    compared with a better one and never shown.
    """

    pk: int
    subject_id: int
    period_kind: str
    end_text: str
    basis: str
    treatment: str
    lens: str
    amount: str | Decimal | None
    words: str
    severity: int | None
    status: str
    demonstration: bool
    recalled: bool
    sentence: str
    finding: str
    code: str
    name: str
    unit: str
    decimals: int
    position: int

    @property
    def line(self) -> int | None:
        """The place of a line in its table; a value of its own has none."""
        return None

    @property
    def value(self) -> Decimal | None:
        """The number."""
        return None if self.amount is None else Decimal(self.amount)

    @property
    def period_end(self) -> date:
        """The first day after the period."""
        return _day(self.end_text)

    @property
    def indicator(self) -> Cell:
        """What it measures: code, name, unit, decimals and position stand in the same row."""
        return self

    @property
    def ref(self) -> str:
        """What names it in an address: its number, behind it that of the line of a table."""
        return str(self.pk) if self.line is None else f"{self.pk}/{self.line}"

    @property
    def period(self) -> Period:
        """The period with its label."""
        last = (self.period_end.year - 1, 12) if self.period_end.month == _JANUARY else (self.period_end.year, self.period_end.month - 1)
        year, month = last
        if self.period_kind == "year":
            return Period.year(year)
        if self.period_kind == "quarter":
            return Period.quarter(year, month // 3)
        return Period.rolling(year, month) if self.period_kind == "rolling" else Period.ytd(year, month)


class LineCell(Cell):
    """A line of a table, read as a value; behind the fields stands its place."""

    __slots__ = ()

    @property
    def line(self) -> int | None:
        """The place of the line."""
        return int(self[-1])


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)


def items(rows: Iterable[tuple[Any, ...]]) -> list[Item]:
    """Open items of driver rows: the day as text."""
    return [Item(title, detail, grave, to, _day(due) if due else None, bool(shown)) for title, detail, grave, to, due, shown in rows]


def columns(values: Any) -> Any:
    """A query set of values reduced to the columns of :func:`cells`, in no order."""
    return values.order_by().annotate(end_text=Cast("period_end", TextField())).values_list(*_OWN, *_INDICATOR)


def cells(rows: Iterable[tuple[Any, ...]]) -> list[Cell]:
    """Small objects of driver rows."""
    return list(map(Cell._make, rows))


def columns_and_lines(values: Any) -> Any:
    """A query set of values, some of them tables, reduced to the columns of :func:`cells_and_lines`, in no order."""
    return columns(values).values_list("lines", *_OWN, *_INDICATOR)


def cells_and_lines(rows: Iterable[tuple[Any, ...]], measures: Iterable[tuple[Any, ...]]) -> list[Cell]:
    """Small objects of values, and of those lines of tables whose indicators are among ``measures`` (the columns of :class:`Measure`)."""
    known = {row[0]: Measure(*row) for row in measures}
    stored = [(lines, Cell(*row)) for lines, *row in rows]
    found = [cell for lines, cell in stored if lines == NO_LINES]
    return found + [cell for lines, table in stored if lines != NO_LINES for cell in _lines(table, json.loads(lines), known)]


def _lines(table: Cell, lines: Iterable[Iterable[Any]], known: Mapping[str, Measure]) -> Iterator[Cell]:
    for place, line in enumerate(TableLine(*stored) for stored in lines):
        if line.code in known:
            own = table._replace(
                basis=line.basis, amount=line.value, words="", status=line.status, demonstration=bool(line.demonstration),
                recalled=bool(line.recalled), sentence=line.sentence, **known[line.code]._asdict(),
            )  # fmt: skip
            yield tuple.__new__(LineCell, (*own, place))


def aims(rows: Iterable[tuple[Any, ...]]) -> list[Aim]:
    """Targets of driver rows: indicator, unit, number, words, demonstration, kind."""
    return [
        Aim(Unit(code, unit), None if n is None else Decimal(n), words, bool(shown), kind == INTERNAL)
        for code, unit, n, words, shown, kind in rows
    ]


def run_facts(row: tuple[Any, ...]) -> RunFacts:
    """A computation of a driver row: SQLite gives moments in UTC without saying so."""
    made_at, sm3 = row
    return RunFacts(made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC), sm3)
