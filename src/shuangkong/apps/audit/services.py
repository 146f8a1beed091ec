"""Writing to the log: inside the transaction that it describes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model

from shuangkong.apps.audit.models import Entry
from shuangkong.core.digest import canonical_json, sm3_hex

SINGLE_ENTERPRISE_KINDS = frozenset({"enterprise", "establishment"})
ENTRIES_PER_STATEMENT = 400


@dataclass(frozen=True)
class Act:
    """One act to be recorded: ``actor`` did ``action`` (``area.object.verb``) to ``target``, from ``before`` to ``after``.

    ``subject_id`` is whom it is about, ``origin`` from where it came (a network address, a command, a job).
    """

    action: str
    target: Model | type[Model]
    actor: Any = None
    subject_id: int | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    origin: str = ""

    def entry(self) -> Entry:
        """The unsaved entry. ``target`` may be a model class where no row exists (a failed sign-in under an unknown name)."""
        kind = self.target._meta.label_lower
        target_id = str(self.target.pk) if isinstance(self.target, Model) else ""
        payload = canonical_json(
            {
                "action": self.action,
                "actor": getattr(self.actor, "pk", None),
                "after": self.after,
                "before": self.before,
                "origin": self.origin,
                "subject": self.subject_id,
                "target": [kind, target_id],
            }
        )
        return Entry(
            actor=self.actor,
            action=self.action,
            target_kind=kind,
            target_id=target_id,
            subject_id=self.subject_id,
            payload=payload,
            sm3=sm3_hex(payload.encode()),
        )


def _require_transaction(action: str) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action}: an entry stands in the transaction that it describes")


def record(
    action: str,
    target: Model | type[Model],
    *,
    actor: Any = None,
    subject_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    origin: str = "",
) -> Entry:
    """Append one entry; the arguments are those of :class:`Act`.

    Raises:
        TransactionManagementError: outside a transaction: an entry stands or falls with what it describes.
    """
    _require_transaction(action)
    entry = Act(action, target, actor, subject_id, before or {}, after or {}, origin).entry()
    entry.save(force_insert=True)
    return entry


def record_many(acts: Iterable[Act]) -> int:
    """Append many entries in their order with few statements; returns how many. Of a bulk batch record one entry with its root instead.

    Raises:
        TransactionManagementError: outside a transaction.
    """
    entries = [act.entry() for act in acts]
    if entries:
        _require_transaction(entries[0].action)
        Entry.objects.bulk_create(entries, batch_size=ENTRIES_PER_STATEMENT)
    return len(entries)


def record_read(actor: Any, subject: Model, what: str, *, origin: str = "") -> Entry | None:
    """Record that ``actor`` read ``what`` of a single enterprise; None where nothing is to be recorded: no enterprise, or one's own."""
    if subject.kind not in SINGLE_ENTERPRISE_KINDS or subject.pk in actor.own_subject_ids:
        return None
    with transaction.atomic():
        return record("organisations.subject.read", subject, actor=actor, subject_id=subject.pk, after={"what": what}, origin=origin)
