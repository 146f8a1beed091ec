"""Rows accepted in the transaction of who accepts them: compared with what counts now, superseding what they correct."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from shuangkong.apps.audit.services import record
from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.loading import Consignment, NewRow, Places, as_new, insert_new
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.apps.ledger.services import lock_ledger


def post(rows: Sequence[NewRow], consignment: Consignment, *, now: datetime, actor: Any = None) -> Batch | None:
    """Brings ``rows`` into the ledger as one applied batch; a cell that holds the same figure already is left out. None without new rows.

    A row of a cell that counts now is superseded by the new one. For at most some thousand rows: one short transaction.
    """
    places = Places()
    with transaction.atomic():
        lock_ledger()
        current = _current(rows, places)
        new = [row for row in rows if _differs(current.get(row.cell), row)]
        if not new:
            return None
        batch = Batch.objects.create(
            kind=consignment.kind, title=consignment.title, owner=actor, subject_id=places.ids.get(consignment.subject),
            document=new[0].document, demonstration=consignment.demonstration, rows_read=len(rows), rows_kept=len(new),
            rows_unchanged=len(rows) - len(new),
        )  # fmt: skip
        insert_new(batch, new, {cell: pk for cell, (pk, _) in current.items()}, places)
        proof = batch_root(batch.pk)
        rows_of_batch = Batch.objects.unscoped("the batch just written").filter(pk=batch.pk, applied_at=None)
        rows_of_batch.update(applied_at=now, rows_sm3=proof.sm3)
        after = {**proof.recorded(), "title": batch.title, "document": batch.document}
        record("ledger.batch.applied", batch, actor=actor, subject_id=batch.subject_id, after=after, origin=consignment.origin)
    batch.refresh_from_db(from_queryset=Batch.objects.unscoped("the batch just written"))
    return batch


def _differs(standing: tuple[int, NewRow] | None, row: NewRow) -> bool:
    return standing is None or (standing[1].micro, standing[1].rate) != (row.micro, row.rate)


def _current(rows: Sequence[NewRow], places: Places) -> dict[tuple[Any, ...], tuple[int, NewRow]]:
    """What counts now in the cells that ``rows`` can meet, by cell."""
    if not rows:
        return {}
    found = (
        selectors.accepted()
        .unscoped("what is accepted is compared with what counts")
        .filter(
            measure__in={row.measure for row in rows},
            subject__in={places.ids[row.subject] for row in rows},
            period_end__in={row.period_end for row in rows},
            origin__in={row.origin for row in rows},
        )
    )
    made = ((row.pk, as_new(row, places)) for row in found.order_by("id"))
    return {new.cell: (pk, new) for pk, new in made}
