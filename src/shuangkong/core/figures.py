"""Figures: a value that can explain itself, and a status that only gets worse along a calculation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Data status, from best to worst. An incomplete or missing figure has no level."""

    OK = "ok"
    ESTIMATED = "estimated"
    INCOMPLETE = "incomplete"
    MISSING = "missing"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _RANKS[self.value]

    @property
    def label(self) -> str:
        """The word on the screen."""
        return {"ok": "已核定", "estimated": "估算", "incomplete": "不完整", "missing": "缺报"}[self.value]


_RANKS = {status.value: rank for rank, status in enumerate(Status)}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of ``statuses``; ``ok`` of none."""
    return max(statuses, key=lambda status: status.rank, default=Status.OK)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule row that a calculation used: what the trace calls a source."""

    parameter: str
    row: str
    value: str
    source: str
    evidence: str
    applies_from: str = ""
    applies_to: str = ""
    warning: str = ""
    title: str = ""
    unit: str = ""
    region: str = ""

    @property
    def recalled(self) -> bool:
        """Shown 待核实."""
        return self.evidence == "recalled"

    @property
    def demonstration(self) -> bool:
        """Invented for the demonstration: what rests on it is marked 演示."""
        return self.evidence == "demonstration"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with what explains it. ``value`` is None exactly when nothing is known; ``unit`` belongs to the value."""

    value: Decimal | None
    unit: str
    label: str = ""
    status: Status = Status.OK
    demonstration: bool = False
    formula: str = ""
    inputs: tuple[Figure, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    note: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def levelled(self) -> bool:
        """Whether a level may be given: not when incomplete or missing."""
        return self.value is not None and self.status.rank < Status.INCOMPLETE.rank
