"""Where rows of annex tables go: compared with the targets that stand, written in one transaction, undone as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.imports.kinds import Counts, Form
from shuangkong.apps.indicators.annexes import lines
from shuangkong.apps.indicators.annexes.lines import Saying
from shuangkong.apps.indicators.annexes.models import AnnexBatch
from shuangkong.apps.indicators.models import Indicator, Target
from shuangkong.apps.indicators.targets.content import as_text, from_text
from shuangkong.apps.ledger import services as ledger
from shuangkong.apps.ledger.imports.sink import BatchSink
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.apps.organisations.services import Change
from shuangkong.apps.plans.models import Annex, Plan
from shuangkong.core.errors import InputError

Pieces = Callable[[], Iterator[list[Sequence[Any]]]]
NEW, CORRECTED, UNCHANGED = "new", "corrected", "unchanged"


def _staged(pieces: Pieces) -> Iterator[tuple[int, int, int, list[Saying]]]:
    """Row, ask mark, plan and what the row says, of each staged line."""
    for piece in pieces():
        for number, ask, plan_id, sayings in piece:
            yield number, ask, plan_id, [Saying(*saying) for saying in json.loads(sayings)]


def _verdict(plan_id: int, sayings: Sequence[Saying], known: Mapping[tuple[Any, ...], Target]) -> str:
    targets = [known.get((plan_id, *saying.key)) for saying in sayings]
    if not any(lines.differs(target, saying) for target, saying in zip(targets, sayings, strict=True)):
        return UNCHANGED
    return CORRECTED if any(targets) else NEW


class AnnexSink(BatchSink):
    """The targets of plans, as the import service sees them."""

    def verdicts(self, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str, Any]]:
        """Row, ask mark and verdict of each staged line against the targets as they are now."""
        known = lines.standing(facts["plans"])
        for number, ask, plan_id, sayings in _staged(pieces):
            yield number, ask, _verdict(plan_id, sayings, known), None

    def apply(self, batch: Batch, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any], work: Any) -> dict[str, int]:
        """Writes the targets and marks the batch applied, in one transaction: an annex has some dozens of rows."""
        if batch.applied_at is not None:
            return Counts(batch.rows_read, batch.rows_kept, 0, batch.rows_unchanged, batch.rows_refused).as_dict()
        keep_unusual = bool(work.arguments.get("keep_unusual"))
        with transaction.atomic():
            work.fence()
            counts, changes = _write(kind, pieces, facts, batch, keep_unusual)
            AnnexBatch.objects.create(batch=batch, changes=changes)
            proof = batch_root(batch.pk)
            Batch.objects.unscoped("the batch just written").filter(pk=batch.pk).update(
                applied_at=Now(), rows_sm3=proof.sm3, rows_read=counts.read, rows_kept=counts.good, rows_unchanged=counts.unchanged,
                rows_refused=counts.refused,
            )  # fmt: skip
            after = {**proof.recorded(), "title": batch.title, "document": batch.document}
            record("ledger.batch.applied", batch, actor=work.user, subject_id=batch.subject_id, after=after)
            record("indicators.target.put", batch, actor=work.user, after={"document": batch.document, "changes": changes})
        return counts.as_dict()

    def discard(self, batch: Batch) -> None:
        """Nothing was written: the transaction was rolled back."""

    def recompute(self, work: Any, reason: str) -> None:
        """Has everything that rests on targets computed anew."""
        ledger.recompute(now=work.now, today=work.today, actor=work.user, reason=reason)

    def withdraw(self, batch_id: int, *, actor: Any, reason: str) -> Batch:
        """Undoes a batch: every target as it was before.

        Raises:
            InputError: not applied, not the actor's, or a target was changed since.
        """
        with transaction.atomic():
            batch = ledger.withdraw(batch_id, actor=actor, reason=reason)
            changes = AnnexBatch.objects.get(batch=batch).changes
            _restore(changes)
            record("indicators.target.put", batch, actor=actor, after={"withdrawn": batch.pk, "targets": len(changes)})
        return batch


def _write(
    kind: Any, pieces: Pieces, facts: Mapping[str, Any], batch: Batch, keep_unusual: bool
) -> tuple[Counts, list[dict[str, Any]]]:  # fmt: skip
    counts, changes = Counts(read=facts["rows"]), []
    known = lines.standing(facts["plans"])
    indicators = {i.code: i for i in Indicator.objects.all()}
    opened = dict(Annex.objects.filter(plan__in=facts["plans"], number=kind.annex).values_list("plan_id", "published"))
    for _number, ask, plan_id, sayings in _staged(pieces):
        if ask and not keep_unusual:
            continue
        verdict = _verdict(plan_id, sayings, known)
        setattr(counts, verdict, getattr(counts, verdict) + 1)
        for saying in sayings:
            target = known.get((plan_id, *saying.key))
            if lines.differs(target, saying):
                target, change = _put(target, saying, plan_id, kind.annex, indicators, batch, opened.get(plan_id, False))
                known[plan_id, *saying.key] = target
                changes.append(change)
    counts.refused = counts.read - counts.good - counts.unchanged
    return counts, changes


def _put(
    target: Target | None, saying: Saying, plan_id: int, annex: int, indicators: dict[str, Indicator], batch: Batch, opened: bool
) -> tuple[Target, dict[str, Any]]:  # fmt: skip
    before = {**as_text(target), "source": target.source, "demonstration": target.demonstration} if target is not None else {}
    if target is None:
        target = Target(
            plan_id=plan_id, indicator=lines.indicator_for(saying, indicators), subject_id=saying.subject_id, industry=saying.industry,
            annex=annex, public=opened,
        )  # fmt: skip
    action = target.action_id
    lines.put_on(target, saying.fields)
    target.action_id, target.source, target.demonstration = saying.action_id, batch.document, batch.demonstration
    target.save()
    return target, {"target": target.pk, "before": before, "action": action, "after": as_text(target)}


def put_sayings(plan: Plan, annex: int, sayings: Sequence[Saying], *, document: str, demonstration: bool, origin: str = "") -> Change:
    """Rows of an annex that come with a pack; what stands already is not touched. One audit entry."""
    known = lines.standing([plan.pk])
    indicators = {i.code: i for i in Indicator.objects.all()}
    new = [saying for saying in sayings if lines.differs(known.get((plan.pk, *saying.key)), saying)]
    made = 0
    with transaction.atomic():
        for saying in new:
            target = known.get((plan.pk, *saying.key))
            made += target is None
            _put(target, saying, plan.pk, annex, indicators, Batch(document=document, demonstration=demonstration), False)
        if new:
            record("indicators.target.put", plan, after={"annex": annex, "count": len(new)}, origin=origin)
    return Change(made, len(new) - made, len(sayings) - len(new))


def _restore(changes: Sequence[Mapping[str, Any]]) -> None:
    """Every target as it was, the last change first; one that was changed since refuses the whole."""
    found = Target.objects.unscoped("a batch is undone").select_related("indicator", "plan").in_bulk([c["target"] for c in changes])
    for change in reversed(changes):
        target = found.get(change["target"])
        if target is None or as_text(target) != change["after"]:
            name = target.indicator.name if target is not None else ""
            raise InputError(_("目标在导入以后又改过"), where=name, why=_("撤销会丢掉后来的修改"), do=_("用“提出修改”改回"))
        if not change["before"]:
            target.delete()
            continue
        for name, value in from_text(change["before"]).items():
            setattr(target, name, value)
        target.action_id = change["action"]
        target.source, target.demonstration = change["before"]["source"], change["before"]["demonstration"]
        target.save()
