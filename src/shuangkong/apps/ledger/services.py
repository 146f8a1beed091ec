"""Writes of the ledger: a batch is written in short transactions, becomes visible by one last update, and can be withdrawn.

No transaction holds more than 2 000 rows or 0.2 s: one that held longer would refuse other writers. Between the comparison with the
ledger and the last update another batch may have been applied or withdrawn; the last update sees it under the lock and the comparison
is made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.imports.kinds import Counts, Form
from shuangkong.apps.ledger import selectors, writing
from shuangkong.apps.ledger.imports import comparison
from shuangkong.apps.ledger.imports.lines import AT
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.core.errors import InputError

ROWS_PER_TRANSACTION = 2000
ROWS_PER_SLOW_TRANSACTION = 100
SECONDS_PER_TRANSACTION = 0.2
TRIES = 5
_LEDGER_LOCK = 0x1ED6E7
_START, _END = AT["subject"], AT["remark"] + 1


def after_batch_hooks() -> list[Callable[..., Any]]:
    """What is computed anew after a batch was applied or withdrawn: the list in ``settings.LEDGER_AFTER_BATCH``."""
    return [import_string(path) for path in settings.LEDGER_AFTER_BATCH]


def recompute(*, now: datetime, today: date, actor: Any, reason: str) -> None:
    """Calls the hooks, in their order."""
    for hook in after_batch_hooks():
        hook(now=now, today=today, actor=actor, reason=reason)


class _Stale(Exception):
    """The ledger moved on between comparison and application."""


def ledger_mark() -> tuple[Any, ...]:
    """What changes whenever a batch is applied or withdrawn."""
    found = Batch.objects.unscoped("whether the ledger moved is no figure").aggregate(
        applied=Count("applied_at"), withdrawn=Count("withdrawn_at"), last=Max("applied_at")
    )
    return found["applied"], found["withdrawn"], found["last"]


def lock_ledger() -> None:
    """One application or withdrawal at a time; SQLite's transactions are exclusive already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LEDGER_LOCK])


def open_batch(*, kind: str, title: str, owner: Any, subject: Any, file: Any, form: Form, demonstration: bool) -> Batch:
    """A batch without rows, in its own transaction."""
    with transaction.atomic():
        return Batch.objects.create(
            kind=kind, title=title, owner=owner, subject=subject, file=file, document=form.document, demonstration=demonstration
        )


def write_batch(
    batch: Batch, kind: Any, pieces: comparison.Pieces, form: Form, facts: Mapping[str, Any], work: Any, *, confirmed: bool
) -> Counts:
    """Writes the staged lines into ``batch`` and applies it; answers with the counts.

    ``confirmed`` keeps the lines that ask for it. ``work`` reports progress, guards each transaction and raises when the job was cancelled:
    then, and after a crash, the batch was never applied and its rows are thrown away.
    """
    for _attempt in range(TRIES):
        discard_rows(batch, work)
        mark = ledger_mark()
        counts = _write_rows(batch, kind, pieces, form, facts, work, confirmed)
        try:
            _apply(batch, counts, mark, work)
        except _Stale:
            continue
        return counts
    raise InputError(_("台账正被其他批次更新"), why=_("{n} 次尝试之间都有别的批次入账").format(n=TRIES), do=_("稍后再次确认入账"))


def discard_rows(batch: Batch, work: Any) -> int:
    """Throws the rows of a batch never applied away, in short transactions."""
    gone = 0
    while True:
        with transaction.atomic():
            work.fence()
            some = writing.delete_some(batch.pk, ROWS_PER_TRANSACTION)
        gone += some
        if some < ROWS_PER_TRANSACTION:
            return gone


def _write_rows(
    batch: Batch, kind: Any, pieces: comparison.Pieces, form: Form, facts: Mapping[str, Any], work: Any, confirmed: bool
) -> Counts:
    counts = Counts(read=facts["rows"])
    tail = (form.origin, batch.demonstration, form.document, form.known_on.isoformat())
    total = facts["staged"]
    for piece in comparison.Known.of(kind, form, facts).judged(pieces):
        rows = list(_kept(batch.pk, piece, tail, counts, confirmed))
        _insert_in_time(rows, work)
        done = counts.good + counts.unchanged + counts.ask
        work.progress(done, total, _("写入台账"))
    counts.refused = counts.read - counts.good - counts.unchanged
    return counts


def _kept(batch_id: int, piece: list[Any], tail: tuple[Any, ...], counts: Counts, confirmed: bool) -> Iterator[tuple[Any, ...]]:
    for line, verdict, detail in piece:
        if line[1] and not confirmed:
            counts.ask += 1
        elif verdict == comparison.UNCHANGED:
            counts.unchanged += 1
        elif verdict != comparison.REFUSED:
            if verdict == comparison.NEW:
                counts.new += 1
            else:
                counts.corrected += 1
            yield (batch_id, *line[_START:_END], detail, *tail)


def _insert_in_time(rows: list[tuple[Any, ...]], work: Any) -> None:
    """Inserts in transactions that shrink where the machine is slow."""
    size, start = ROWS_PER_TRANSACTION, 0
    while start < len(rows):
        began = time.monotonic()
        with transaction.atomic():
            work.fence()
            writing.insert(rows[start : start + size])
        start += size
        if time.monotonic() - began > SECONDS_PER_TRANSACTION:
            size = max(ROWS_PER_SLOW_TRANSACTION, size // 2)


def _apply(batch: Batch, counts: Counts, mark: tuple[Any, ...], work: Any) -> None:
    """The last update: the proof is read first, so that the transaction stays short."""
    work.progress(0, 0, _("核对并生效"))
    proof = batch_root(batch.pk)
    if proof.rows != counts.good:
        raise InputError(_("写入的行数不符"), why=f"{proof.rows} ≠ {counts.good}", do=_("重新确认入账"))
    with transaction.atomic():
        lock_ledger()
        work.fence()
        if ledger_mark() != mark:
            raise _Stale
        numbers = {"rows_read": counts.read, "rows_kept": counts.good, "rows_refused": counts.refused, "rows_unchanged": counts.unchanged}
        rows = Batch.objects.unscoped("the batch of this job").filter(pk=batch.pk, applied_at=None)
        if rows.update(applied_at=Now(), rows_sm3=proof.sm3, **numbers) != 1:
            raise InputError(_("这一批已经入账"), do=_("刷新页面"))
        after = {**proof.recorded(), "counts": counts.as_dict(), "kind": batch.kind, "document": batch.document}
        record(
            "ledger.batch.applied",
            batch,
            actor=batch.owner,
            subject_id=batch.subject_id,
            after=after,
            origin=batch.file.name if batch.file else "",
        )
    batch.refresh_from_db(from_queryset=Batch.objects.unscoped("the batch of this job"))


def withdraw(batch_id: int, *, actor: Any, reason: str) -> Batch:
    """Undoes a batch: its rows count no more, what they superseded counts again. Recomputing is the caller's next step.

    Raises:
        InputError: not applied, already withdrawn, or corrected by a later batch; not the actor's.
    """
    with transaction.atomic():
        lock_ledger()
        batch = Batch.objects.visible_to(actor).select_for_update().filter(pk=batch_id).first()
        if batch is None or not batch.accepted:
            raise InputError(_("没有可撤销的批次"), why=_("它未入账、已撤销，或不在您的范围内"), do=_("刷新批次列表"))
        if not (actor.sees_all or batch.owner_id == actor.pk):
            raise InputError(_("不能撤销别人的批次"), why=_("只有导入者和市级主管可以撤销"), do=_("请导入者撤销"))
        later = list(selectors.later_batches(batch)[:5])
        if later:
            names = "、".join(f"{found.pk} {found.title}" for found in later)
            raise InputError(
                _("这一批的数已被后来的批次更正"), why=_("更正它的批次：{names}").format(names=names), do=_("先撤销后来的批次")
            )
        rows = Batch.objects.unscoped("the batch just read").filter(pk=batch.pk, withdrawn_at=None)
        rows.update(withdrawn_at=Now())
        record(
            "ledger.batch.withdrawn", batch, actor=actor, subject_id=batch.subject_id,
            before={"state": "applied"}, after={"state": "withdrawn", "reason": reason},
        )  # fmt: skip
    batch.refresh_from_db(from_queryset=Batch.objects.unscoped("the batch just withdrawn"))
    return batch
