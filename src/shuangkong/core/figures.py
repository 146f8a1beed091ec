"""What stands beside a number: its status, which only gets worse along a calculation, and the rule rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
        return _RANKS[self]

    @property
    def label(self) -> str:
        """The word on the screen."""
        return {"ok": "已核定", "estimated": "估算", "incomplete": "不完整", "missing": "缺报"}[self.value]


_RANKS = {status: rank for rank, status in enumerate(Status)}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of ``statuses``; ``ok`` of none."""
    found = Status.OK
    for status in statuses:
        if status is not found and _RANKS[status] > _RANKS[found]:
            found = status
    return found


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

    def __hash__(self) -> int:
        """Of what names a row: thousands of sets of rows are looked up."""
        return hash((self.parameter, self.row))

    @property
    def recalled(self) -> bool:
        """Shown 待核实."""
        return self.evidence == "recalled"

    @property
    def demonstration(self) -> bool:
        """Invented for the demonstration: what rests on it is marked 演示."""
        return self.evidence == "demonstration"
