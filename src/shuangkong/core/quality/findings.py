"""What a quality rule says: where it looked, what it saw there, with what it compared, why that is odd, and what would settle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .readings import HOUR, Series


class Severity(StrEnum):
    """``alarm``: somebody must look at once; ``warn``: it needs an explanation; ``notice``: to be looked at."""

    ALARM = "alarm"
    WARN = "warn"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Saw:
    """What was seen from place ``first`` up to ``last`` of the hours; ``compared`` names what it was held against; ``grave`` raises it."""

    first: int
    last: int
    words: str
    compared: Mapping[str, str] = field(default_factory=dict)
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding with its evidence. ``values`` are the hours of the window as they stand in the series: start, value, flag."""

    rule: str
    title: str
    severity: Severity
    start: datetime
    end: datetime
    saw: str
    why_odd: str
    settle: str
    values: tuple[tuple[datetime, Decimal | None, str], ...]
    compared: Mapping[str, str]

    def evidence(self) -> dict[str, object]:
        """The finding as data that can be stored: numbers and times as text."""
        rows = [[start.isoformat(), None if value is None else format(value, "f"), flag] for start, value, flag in self.values]
        return {"why_odd": self.why_odd, "settle": self.settle, "compared": dict(self.compared), "values": rows}


#: So many hours of a window are kept as evidence: its end counts most.
KEPT = 96


def window(series: Series, saw: Saw) -> tuple[datetime, datetime, tuple[tuple[datetime, Decimal | None, str], ...]]:
    """Start and end of what was seen, and the values in it, the last :data:`KEPT` of a long one."""
    hours = series.hours[saw.first : saw.last]
    return hours[0].start, hours[-1].start + HOUR, tuple((hour.start, hour.value, hour.flag) for hour in hours[-KEPT:])
