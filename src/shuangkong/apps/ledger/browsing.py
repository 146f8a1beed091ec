"""Reads of the data browser: accepted rows with their filters, and one row with the history of its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.ledger.words import amount
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.periods import Period

#: What makes two rows figures of the same cell, whatever their origin and release.
CELL = (
    "measure", "subject_id", "zone_id", "industry", "product", "flow", "period_kind", "period_start", "period_end", "price_base",
)  # fmt: skip
_WITH = ("subject", "zone", "batch", "batch__owner")


def filtered(user: Any, filters: dict[str, Any], subjects: dict[str, Subject]) -> QuerySet[Row]:
    """The accepted rows that ``user`` may see and that the filters ask for, newest period first."""
    rows = accepted(filters.get("known_on")).visible_to(user).select_related(*_WITH)
    exact = {name: filters[name] for name in ("measure", "product", "flow", "origin", "release") if name in filters}
    rows = rows.filter(**exact)
    if "subject" in filters:
        subject = subjects[filters["subject"]]
        rows = rows.filter(Q(subject=subject) | Q(zone=subject))
    period = filters.get("period")
    if isinstance(period, Period):
        return rows.filter(period_kind=period.kind, period_start=period.start, period_end=period.end)
    return rows.filter(period_start__year=period) if period else rows


def visible_batches(user: Any, rows: Sequence[Row]) -> set[int]:
    """The batches of ``rows`` whose titles and files ``user`` may see."""
    ids = {row.batch_id for row in rows}
    return set(Batch.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Version:
    """One row of a cell's history. ``superseded_by`` is the accepted row that corrects it; ``difference`` is to what it corrects."""

    row: Row
    superseded_by: Row | None
    difference: Decimal | None

    @property
    def state(self) -> str:
        """``withdrawn`` with its batch, ``superseded``, or ``current``."""
        if not self.row.batch.accepted:
            return "withdrawn"
        return "current" if self.superseded_by is None else "superseded"


@dataclass(frozen=True, slots=True)
class RowPage:
    """One row, the rows of the same origin in its cell newest first, and accepted rows of other origins in the same cell."""

    version: Version
    history: tuple[Version, ...]
    beside: tuple[Version, ...]
    batch_visible: bool
    batches: set[int]


def row_page(user: Any, pk: int) -> RowPage | None:
    """The row with its history; None when it is not there, not applied, or not for this person. Four statements."""
    rows = Row.objects.visible_to(user).filter(batch__applied_at__isnull=False)
    row = rows.select_related(*_WITH, "batch__file").filter(pk=pk).first()
    if row is None:
        return None
    same = list(rows.filter(**{name: getattr(row, name) for name in CELL}).select_related(*_WITH).order_by("-known_on", "-pk"))
    versions = _versions(same)
    shown = visible_batches(user, same)
    history = tuple(v for v in versions if v.row.origin == row.origin)
    beside = tuple(v for v in versions if v.row.origin != row.origin and v.state == "current")
    return RowPage(next(v for v in versions if v.row.pk == row.pk), history, beside, row.batch_id in shown, shown)


def _versions(rows: Sequence[Row]) -> list[Version]:
    by_id = {row.pk: row for row in rows}
    corrected = {row.supersedes_id: row for row in rows if row.supersedes_id and row.batch.accepted}
    return [Version(row, corrected.get(row.pk), _difference(row, by_id.get(row.supersedes_id))) for row in rows]


def _difference(row: Row, before: Row | None) -> Decimal | None:
    return None if before is None else amount(row) - amount(before)
