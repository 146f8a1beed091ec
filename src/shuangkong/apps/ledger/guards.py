"""What the database refuses of the ledger: changes of a batch once applied, and of its rows. A batch never applied may be thrown away."""

from __future__ import annotations

from shuangkong.apps.audit.triggers import Guard, changed
from shuangkong.apps.ledger.models import Batch

_FROZEN = [field.column for field in Batch._meta.concrete_fields if field.name != "withdrawn_at"]
"""The columns of a batch that an applied one keeps for ever: all but ``withdrawn_at``, which is set once."""

_WITHDRAWN_AGAIN = f"(OLD.withdrawn_at IS NOT NULL AND {changed(['withdrawn_at'])})"
_APPLIED = 'EXISTS (SELECT 1 FROM ledger_batch b WHERE b.id = {0}."batch_id" AND b.applied_at IS NOT NULL)'

GUARDS = (
    Guard(
        "ledger_batch",
        refuse_update=f"(OLD.applied_at IS NOT NULL AND {changed(_FROZEN)}) OR {_WITHDRAWN_AGAIN}",
        refuse_delete="OLD.applied_at IS NOT NULL",
    ),
    Guard(
        "ledger_row",
        refuse_update=f"{_APPLIED.format('OLD')} OR {_APPLIED.format('NEW')}",
        refuse_delete=_APPLIED.format("OLD"),
    ),
    Guard("ledger_evidence", refuse_update="OLD.id IS NOT NULL", refuse_delete="OLD.id IS NOT NULL"),
)
