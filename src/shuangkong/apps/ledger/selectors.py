"""Reads of the ledger: what is accepted now, was known on a day, or was had by this platform at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.functions import Cast

from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.scope import ScopedQuerySet


def live_batches(had_at: datetime | None = None) -> QuerySet:
    """Batches that count: applied and not withdrawn, now or as this platform had them at ``had_at``."""
    batches = Batch.objects.unscoped("a batch's state is no figure")
    if had_at is None:
        return batches.filter(applied_at__isnull=False, withdrawn_at__isnull=True)
    return batches.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=had_at), applied_at__lte=had_at)


def accepted(known_on: date | None = None, had_at: datetime | None = None) -> ScopedQuerySet:
    """Accepted rows: of a live batch, and superseded by no row of another live batch that was known as well.

    ``known_on`` asks for what had been published, issued or filed by that day; ``had_at`` for what this platform had at that
    moment. The query still wants ``.visible_to(user)`` or ``.unscoped(reason)``.
    """
    live = live_batches(had_at).order_by().values("id")
    rows = Row.objects.filter(batch_id__in=live)
    newer = Row.objects.unscoped("which rows supersede others is no figure").filter(supersedes__isnull=False, batch_id__in=live)
    if known_on is not None:
        rows, newer = rows.filter(known_on__lte=known_on), newer.filter(known_on__lte=known_on)
    return rows.exclude(id__in=newer.values("supersedes_id"))


def sums(rows: QuerySet, *keys: str) -> QuerySet:
    """``rows`` (scoped) grouped by ``keys``: dictionaries with the keys, ``micro`` (exact integer of 10⁻⁶ base units) and ``lines``.

    ``micro`` is None where the group holds rates only.
    """
    total = Cast(Sum(Cast("quantity", BigIntegerField())), BigIntegerField())
    return rows.order_by().values(*keys).annotate(micro=total, lines=Count("id"))


def raw_tuples(rows: QuerySet, *fields: str) -> Iterator[tuple[Any, ...]]:
    """``fields`` of ``rows`` (scoped) as the driver gives them: quantities as integers of 10⁻⁶ base units, rates as text, no model made."""
    rows._require_scope()
    try:
        sql, params = rows.order_by().values_list(*fields).query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking: an empty list was looked for
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while chunk := cursor.fetchmany(5000):
            yield from chunk


def later_batches(batch: Batch) -> QuerySet:
    """Live batches that correct rows of ``batch``: they have to be withdrawn first."""
    correcting = Row.objects.unscoped("which rows supersede others is no figure").filter(supersedes__batch=batch)
    return live_batches().filter(id__in=correcting.values("batch_id"))


def batches_of(user: Any) -> QuerySet:
    """The batches that a person may see, newest first."""
    return Batch.objects.visible_to(user).select_related("owner", "subject", "file")


def batch_of(user: Any, batch_id: int) -> Batch | None:
    """One of them."""
    return batches_of(user).filter(pk=batch_id).first()
