"""The ledger over HTTP: accepted rows with their origin, and batches, as far as the caller sees them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.measures import MEASURES, PERCENT
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, listed, number_text, part_of
from shuangkong.core.periods import Period
from shuangkong.core.quantities import BASE_UNITS

rows_router = Router()
batches_router = Router()


class RowFilters(Schema):
    """Which rows: lists are parted by commas. ``known_on``: only what was published, issued or filed by that day."""

    measures: str = Field("", description="energy, electricity, gdp, …")
    subjects: str = Field("", description="主体代码")
    zones: str = Field("", description="园区代码")
    products: str = ""
    flows: str = ""
    industries: str = ""
    periods: str = Field("", description="2026-09、2026Q3、2026-01/09、2026")
    origins: str = ""
    releases: str = ""
    batches: list[int] = Field([], description="批次号")
    known_on: date | None = None


class RowLine(Schema):
    """One accepted quantity (in the base unit of its measure) or rate; numbers are texts in full precision."""

    id: int
    batch: int
    subject: str
    zone: str | None
    measure: str
    industry: str
    product: str
    flow: str
    period: str
    quantity: str | None
    rate: str | None
    unit: str
    price_base: int | None
    origin: str
    release: str
    invented: bool
    document: str
    remark: str
    known_on: date
    recorded_at: datetime

    @staticmethod
    def resolve_batch(row: Row) -> int:
        """Its number."""
        return row.batch_id

    @staticmethod
    def resolve_subject(row: Row) -> str:
        """The code."""
        return row.subject.code

    @staticmethod
    def resolve_zone(row: Row) -> str | None:
        """The code."""
        return row.zone.code if row.zone else None

    @staticmethod
    def resolve_period(row: Row) -> str:
        """The code."""
        return Period(row.period_start, row.period_end, row.period_kind).code

    @staticmethod
    def resolve_quantity(row: Row) -> str | None:
        """In full."""
        return number_text(row.quantity)

    @staticmethod
    def resolve_rate(row: Row) -> str | None:
        """In full."""
        return number_text(row.rate)

    @staticmethod
    def resolve_unit(row: Row, context: dict[str, Any]) -> str:
        """The base unit of the quantity, or percent."""
        if row.quantity is None:
            return MEASURES[row.measure].unit if row.measure in MEASURES else PERCENT
        if row.product:
            request = context["request"]
            if not hasattr(request, "base_units"):
                request.base_units = {product.code: product.base_unit for product in current_rulebook().products}
            return request.base_units.get(row.product, "")
        measure = MEASURES.get(row.measure)
        return BASE_UNITS.get(measure.dimension, "") if measure else ""

    @staticmethod
    def resolve_invented(row: Row) -> bool:
        """Whether the row itself is a demonstration."""
        return row.demonstration


class RowsAnswer(PageAnswer):
    """Rows."""

    items: list[RowLine]


class RowAnswer(Answer, RowLine):
    """One row."""


class BatchLine(Schema):
    """Rows that came together."""

    id: int
    kind: str
    title: str
    subject: str | None
    document: str
    rows_read: int
    rows_kept: int
    rows_refused: int
    rows_unchanged: int
    rows_sm3: str
    made_at: datetime
    applied_at: datetime | None
    withdrawn_at: datetime | None
    invented: bool

    @staticmethod
    def resolve_subject(batch: Batch) -> str | None:
        """The code."""
        return batch.subject.code if batch.subject else None

    @staticmethod
    def resolve_invented(batch: Batch) -> bool:
        """Whether the batch itself is a demonstration."""
        return batch.demonstration


class BatchesAnswer(PageAnswer):
    """Batches, the newest first."""

    items: list[BatchLine]


class BatchAnswer(Answer, BatchLine):
    """One batch."""


def filtered_rows(user: Any, filters: RowFilters) -> QuerySet:
    """Accepted rows that ``user`` may see and ``filters`` ask for.

    Raises:
        InputError: a period that cannot be read.
    """
    found = selectors.accepted(filters.known_on).visible_to(user)
    columns = {
        "measure": filters.measures, "subject__code": filters.subjects, "zone__code": filters.zones, "product": filters.products,
        "flow": filters.flows, "industry": filters.industries, "origin": filters.origins, "release": filters.releases,
    }  # fmt: skip
    for column, text in columns.items():
        if text:
            found = found.filter(**{f"{column}__in": listed(text)})
    if filters.batches:
        found = found.filter(batch__in=filters.batches)
    spans = [Period.parse(text) for text in listed(filters.periods)]
    if spans:
        found = found.filter(period_end__in=[p.end for p in spans], period_kind__in=[p.kind for p in spans])
    return found.select_related("subject", "zone").order_by("measure", "subject__position", "period_end", "id")


@rows_router.get("", response=answers(RowsAnswer), summary="台账行")
def rows(request: HttpRequest, filters: Query[RowFilters], paging: Query[Paging]) -> dict[str, Any]:
    """Accepted rows in the order of measure, place and period."""
    answer = part_of(filtered_rows(request.user, filters), paging)
    for subject in {row.subject for row in answer["items"]}:
        record_read(request.user, subject, "ledger.rows", origin=request.META.get("REMOTE_ADDR", ""))
    return answer


@rows_router.get("/{int:row_id}", response=answers(RowAnswer), summary="一行台账")
def row(request: HttpRequest, row_id: int) -> Row:
    """One accepted row."""
    found = get_object_or_404(selectors.accepted().visible_to(request.user).select_related("subject", "zone"), pk=row_id)
    record_read(request.user, found.subject, "ledger.row", origin=request.META.get("REMOTE_ADDR", ""))
    return found


def _batches(user: Any) -> QuerySet:
    return Batch.objects.visible_to(user).select_related("subject")


@batches_router.get("", response=answers(BatchesAnswer), summary="批次")
def batches(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Batches, the newest first."""
    return part_of(_batches(request.user), paging)


@batches_router.get("/{int:batch_id}", response=answers(BatchAnswer), summary="一个批次")
def batch(request: HttpRequest, batch_id: int) -> Batch:
    """One batch."""
    return get_object_or_404(_batches(request.user), pk=batch_id)
