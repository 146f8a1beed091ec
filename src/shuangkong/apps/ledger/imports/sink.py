"""Where the lines of the ledger's kinds go: compared, written as a batch, undone, and computed from. The import service knows no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from shuangkong.apps.desk.imports.kinds import Counts, Form
from shuangkong.apps.desk.models import StoredFile
from shuangkong.apps.ledger import services
from shuangkong.apps.ledger.imports.comparison import Pieces, verdicts
from shuangkong.apps.ledger.models import Batch, Row


class _Free:
    """Stands for the work where nobody can interrupt: throwing rows of a batch never applied away."""

    def fence(self) -> None:
        """Nothing holds."""


def _counts_of(batch: Batch) -> Counts:
    """The counts of a batch that an earlier attempt applied, from the batch and its rows."""
    rows = Row.objects.unscoped("the batch of this job").filter(batch=batch, supersedes__isnull=False)
    corrected = rows.count()
    return Counts(
        read=batch.rows_read,
        new=batch.rows_kept - corrected,
        corrected=corrected,
        unchanged=batch.rows_unchanged,
        refused=batch.rows_refused,
    )


class BatchSink:
    """What all sinks share whose imports are batches of the ledger."""

    def batch_of(self, work: Any, kind: Any, stored: StoredFile, form: Form) -> Batch:
        """The batch of this job: the one it began before it was interrupted, or a new one, noted with the job in one transaction."""
        known = work.job.result.get("batch")
        if known:
            return Batch.objects.unscoped("the batch of this job").get(pk=known)
        with transaction.atomic():
            work.fence()
            batch = services.open_batch(
                kind=kind.id,
                title=f"{kind.title} {stored.name}"[:200],
                owner=work.user,
                subject=work.user.subject,
                file=stored,
                form=form,
                demonstration=settings.DEMONSTRATION or work.user.demonstration,
            )
            work.keep_result(batch=batch.pk)
        return batch


class LedgerSink(BatchSink):
    """The ledger, as the import service sees it."""

    def verdicts(self, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str, Any]] | None:
        """Row, ask mark, verdict and detail of each staged line against the ledger as it is now."""
        return verdicts(kind, pieces, form, facts)

    def apply(self, batch: Batch, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any], work: Any) -> dict[str, int]:
        """Writes and applies the batch, unless an earlier attempt had applied it already; answers with the counts."""
        if batch.applied_at is None:
            confirmed = bool(work.arguments.get("keep_unusual"))
            return services.write_batch(batch, kind, pieces, form, facts, work, confirmed=confirmed).as_dict()
        return _counts_of(batch).as_dict()

    def discard(self, batch: Batch) -> None:
        """Throws a batch never applied away."""
        services.discard_rows(batch, _Free())

    def recompute(self, work: Any, reason: str) -> None:
        """Has everything that rests on the ledger computed anew."""
        services.recompute(now=work.now, today=work.today, actor=work.user, reason=reason)

    def withdraw(self, batch_id: int, *, actor: Any, reason: str) -> Batch:
        """Undoes a batch."""
        return services.withdraw(batch_id, actor=actor, reason=reason)
