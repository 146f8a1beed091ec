"""What is wrong or odd in a draft: cells that cannot be read, cells that must be filled, and what the checks of ``settings`` find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from shuangkong.apps.filing.models import Filing
from shuangkong.core.forms import CellFault, missing_required, read_cells

BLOCKS, EXPLAIN, NOTICE = "blocks", "explain", "notice"
#: Numbers of the two checks that every form has.
UNREADABLE, REQUIRED = "cell", "required"


class Finding(Protocol):
    """What a check found: its number, how grave, at which cells, what it saw, why that is odd, what would settle it."""

    check: str
    severity: str
    addresses: tuple[str, ...]
    saw: str
    why_odd: str
    settle: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of the form itself."""

    check: str
    severity: str
    addresses: tuple[str, ...]
    saw: str
    why_odd: str = ""
    settle: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """A draft as it would be submitted: canonical cells with sums, and the findings."""

    cells: dict[str, str]
    findings: tuple[Finding, ...]

    def of(self, severity: str) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]


Finder = Callable[[Filing, dict[str, str]], Iterable[Finding]]


def finding_key(finding: Finding) -> str:
    """Under which an explanation is kept with the draft: the check and its cells."""
    return f"{finding.check}:{','.join(finding.addresses)}"


def examine(filing: Filing, raw: Mapping[str, str]) -> Examined:
    """What submitting ``raw`` would give."""
    reading = read_cells(filing.form, raw)
    unread = {fault.address for fault in reading.faults}
    findings: list[Any] = [_of(UNREADABLE, fault) for fault in reading.faults]
    findings += [_of(REQUIRED, fault) for fault in missing_required(filing.form, reading.cells) if fault.address not in unread]
    for path in settings.FILING_FINDERS:
        findings += import_string(path)(filing, reading.cells)
    return Examined(reading.cells, tuple(findings))


def _of(number: str, fault: CellFault) -> Found:
    return Found(number, BLOCKS, (fault.address,), fault.what, fault.why, fault.do)
