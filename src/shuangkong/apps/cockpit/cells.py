"""Values as a page of many figures reads them: the driver's own rows made into small objects, no model.

Making models of some two hundred values costs more than reading them; a page shows them and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from shuangkong.apps.indicators.reading import raw_values
from shuangkong.core.periods import Period

_INDICATOR = ("indicator__code", "indicator__name", "indicator__unit", "indicator__decimals", "indicator__position")
_OWN = (
    "pk", "subject_id", "period_kind", "period_start", "period_end", "basis", "lens", "value", "words", "severity", "status",
    "demonstration", "recalled", "sentence", "finding",
)  # fmt: skip
_NUMBER = _OWN.index("value")


class Measure(NamedTuple):
    """What is shown of an indicator."""

    code: str
    name: str
    unit: str
    decimals: int
    position: int


@dataclass(slots=True)
class Cell:
    """What is shown of a value; the fields are those of ``indicators.Value``."""

    pk: int
    subject_id: int
    period_kind: str
    period_start: date
    period_end: date
    basis: str
    lens: str
    value: Decimal | None
    words: str
    severity: int | None
    status: str
    demonstration: bool
    recalled: bool
    sentence: str
    finding: str
    indicator: Measure

    @property
    def period(self) -> Period:
        """The period with its label."""
        return Period(self.period_start, self.period_end, self.period_kind)


@lru_cache(maxsize=4096)
def _day(stored: str | date) -> date:
    """A day as either engine gives it."""
    return date.fromisoformat(stored) if isinstance(stored, str) else stored


def read(values: Any) -> list[Cell]:
    """The values of a scoped query set, in one statement, in no order."""
    return list(_cells(raw_values(values, (*_OWN, *_INDICATOR))))


def _cells(rows: Iterable[tuple[Any, ...]]) -> Iterable[Cell]:
    measures: dict[str, Measure] = {}
    width = len(_OWN)
    for row in rows:
        measure = measures.get(row[width])
        if measure is None:
            measure = measures[row[width]] = Measure(*row[width:])
        number, words, severity, status, demonstration, recalled, *said = row[_NUMBER:width]
        value = None if number is None else Decimal(number)
        days = _day(row[3]), _day(row[4])
        yield Cell(*row[:3], *days, *row[5:_NUMBER], value, words, severity, status, bool(demonstration), bool(recalled), *said, measure)
