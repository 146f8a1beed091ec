"""Writing to the log: one call, inside the transaction that it describes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Model

from shuangkong.apps.audit.models import Entry
from shuangkong.core.digest import canonical_json, sm3_hex


def record(
    action: str,
    target: Model,
    *,
    actor: Any = None,
    subject_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    origin: str = "",
) -> Entry:
    """Append one entry: ``actor`` did ``action`` (``area.object.verb``) to ``target``, from ``before`` to ``after``, from ``origin``.

    Raises:
        TransactionManagementError: outside a transaction: an entry stands or falls with what it describes.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action}: record() stands in the transaction that it describes")
    payload = canonical_json(
        {
            "action": action,
            "actor": getattr(actor, "pk", None),
            "after": after or {},
            "before": before or {},
            "origin": origin,
            "target": [target._meta.label_lower, str(target.pk)],
        }
    )
    return Entry.objects.create(
        actor=actor,
        action=action,
        target_kind=target._meta.label_lower,
        target_id=str(target.pk),
        subject_id=subject_id,
        payload=payload,
        sm3=sm3_hex(payload.encode()),
    )
