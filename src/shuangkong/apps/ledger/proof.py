"""The proof of a batch: the SM3 root of its rows, recorded in its one audit entry when it is applied.

The service that applies a batch calls, in the same transaction as the update of ``applied_at``::

    proof = batch_root(batch.pk)
    Batch.objects.filter(pk=batch.pk, applied_at=None).update(applied_at=now, rows_sm3=proof.sm3, …)
    record("ledger.batch.applied", batch, actor=…, after=proof.recorded())

and the one that withdraws it records ``ledger.batch.withdrawn``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shuangkong.apps.audit.rows import Root, RowForm, form_of, read_root
from shuangkong.apps.audit.rows import row_line as row_line
from shuangkong.apps.audit.verify import RowsProof
from shuangkong.apps.ledger.models import Batch

ROW_FORM = RowForm(
    number=1,
    table="ledger_row",
    parent="batch_id",
    columns=(
        ("batch_id", "number"), ("subject_id", "number"), ("county_id", "number"), ("zone_id", "number"), ("measure", "text"),
        ("industry", "text"), ("product", "text"), ("flow", "text"), ("period_kind", "text"), ("period_start", "date"),
        ("period_end", "date"), ("quantity", "number"), ("rate", "text"), ("unit_filed", "text"), ("filed", "text"),
        ("price_base", "number"), ("origin", "text"), ("release", "text"), ("comparable", "flag"), ("demonstration", "flag"),
        ("document", "text"), ("remark", "text"), ("known_on", "date"), ("recorded_at", "moment"), ("supersedes_id", "number"),
    ),
)  # fmt: skip
FORMS = (ROW_FORM,)
"""A column added to the table later makes form 2; form 1 stays, old batches are checked by it."""


def batch_root(batch_id: int) -> Root:
    """The root of the batch's rows as the database holds them, streamed in the order of their ids."""
    return read_root(ROW_FORM, batch_id)


def _applied() -> Iterable[tuple[int, datetime]]:
    return Batch.objects.unscoped("audit verify").filter(applied_at__isnull=False).values_list("id", "applied_at")


def _withdrawn() -> Iterable[tuple[int, datetime]]:
    return Batch.objects.unscoped("audit verify").filter(withdrawn_at__isnull=False).values_list("id", "withdrawn_at")


def _difference(batch_id: int, after: dict[str, Any]) -> str:
    kept = Root.from_recorded(after)
    now = read_root(form_of(kept.form, FORMS), batch_id)
    return kept.difference(now)


PROOF = RowsProof("ledger.batch", "台账批次", "ledger.batch.applied", "ledger.batch.withdrawn", _applied, _withdrawn, _difference)
