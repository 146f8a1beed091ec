"""The import of who must be connected: one row for each subject and reason. Only the city's people load it, with its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.imports.kinds import Column, Counts, Fault, Form, words_of
from shuangkong.apps.ledger import services as ledger
from shuangkong.apps.ledger.imports.sink import BatchSink
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.apps.monitoring.models import ConnectionDuty, DutyBatch
from shuangkong.apps.monitoring.services import duties
from shuangkong.apps.monitoring.services.duties import Stated
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.errors import InputError

Pieces = Callable[[], Iterator[list[Sequence[Any]]]]
_WORDS = {str(label): value for value, label in ConnectionDuty.Kind.choices}
_KINDS = (Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT, Subject.Kind.PARK, Subject.Kind.ZONE)
_REASON_MOST, _DOCUMENT_MOST = 200, 80


class Line(NamedTuple):
    """A row as it is staged: dates as text."""

    subject_id: int
    kind: str
    reason: str
    document: str
    since: str
    until: str

    @property
    def stated(self) -> Stated:
        """What it says."""
        until = date.fromisoformat(self.until) if self.until else None
        return Stated(self.subject_id, self.kind, self.reason, self.document, date.fromisoformat(self.since), until)


def _stated(pieces: Pieces) -> Iterator[tuple[int, int, Stated]]:
    for piece in pieces():
        for number, ask, *line in piece:
            yield number, ask, Line(*line).stated


class DutySink(BatchSink):
    """The list of who must be connected, as the import service sees it."""

    def verdicts(self, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str, Any]]:
        """Row, ask mark and verdict of each staged line against the list as it is now."""
        known = duties.standing(each.key for _n, _a, each in _stated(pieces))
        for number, ask, each in _stated(pieces):
            yield number, ask, _verdict(known.get(each.key), each), None

    def apply(self, batch: Batch, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any], work: Any) -> dict[str, int]:
        """Writes the duties and marks the batch applied, in one transaction: some hundreds of rows at most."""
        if batch.applied_at is not None:
            return Counts(batch.rows_read, batch.rows_kept, 0, batch.rows_unchanged, batch.rows_refused).as_dict()
        with transaction.atomic():
            work.fence()
            stated = [each for _number, _ask, each in _stated(pieces)]
            changes = duties.put(stated, work.user, demonstration=batch.demonstration, origin=f"batch {batch.pk}")
            counts = Counts(read=facts["rows"], new=sum(change.before is None for change in changes))
            counts.corrected = len(changes) - counts.new
            counts.unchanged = len(stated) - len(changes)
            counts.refused = counts.read - len(stated)
            kept = [[change.duty.pk, _as_text(change.before)] for change in changes]
            DutyBatch.objects.create(batch=batch, changes=kept)
            proof = batch_root(batch.pk)
            Batch.objects.unscoped("the batch just written").filter(pk=batch.pk).update(
                applied_at=Now(), rows_sm3=proof.sm3, rows_read=counts.read, rows_kept=counts.good, rows_unchanged=counts.unchanged,
                rows_refused=counts.refused,
            )  # fmt: skip
            after = {**proof.recorded(), "title": batch.title, "document": batch.document}
            record("ledger.batch.applied", batch, actor=work.user, subject_id=batch.subject_id, after=after)
        return counts.as_dict()

    def discard(self, batch: Batch) -> None:
        """Nothing was written: the transaction was rolled back."""

    def recompute(self, work: Any, reason: str) -> None:
        """Nothing is computed from the list."""

    def withdraw(self, batch_id: int, *, actor: Any, reason: str) -> Batch:
        """Undoes a batch: the list as it was before.

        Raises:
            InputError: not applied, or not the actor's.
        """
        with transaction.atomic():
            batch = ledger.withdraw(batch_id, actor=actor, reason=reason)
            kept = DutyBatch.objects.get(batch=batch).changes
            duties.restore([(pk, _from_text(before)) for pk, before in kept], actor, reason)
        return batch


def _verdict(duty: ConnectionDuty | None, stated: Stated) -> str:
    if duty is None:
        return "new"
    return "corrected" if duties.differs(duty, stated) else "unchanged"


def _as_text(before: dict[str, Any] | None) -> dict[str, str] | None:
    return None if before is None else {name: "" if value is None else str(value) for name, value in before.items()}


def _from_text(before: dict[str, str] | None) -> dict[str, Any] | None:
    return None if before is None else {**before, "until": date.fromisoformat(before["until"]) if before["until"] else None}


class DutyKind:
    """Who must be connected."""

    id = "connection_duty"
    title = gettext_lazy("应联网单位名单")
    about = gettext_lazy("一行一个单位的一个理由：排污许可、挥发性有机物重点单位、园区、重点用能单位")
    version = 1
    place_column = "subject"
    sink = DutySink()

    def may_import(self, user: Any) -> bool:
        """The city's people."""
        return bool(user.is_active and user.role == User.Role.CITY)

    def origins(self, user: Any) -> tuple[str, ...]:
        """The list is issued, by a document."""
        return ("issued",)

    def columns(self, user: Any) -> list[Column]:
        """Subject, reason by kind, words, document, since, until."""
        words = tuple(_WORDS)
        day = _("写成 2026-01-01")
        first = Subject.objects.filter(kind__in=_KINDS).order_by("position", "code").first()
        return [
            Column("subject", _("单位"), _("单位的代码或名称"), first.code if first else "", convert=_text, width=30),
            Column("kind", _("类别"), _("从下拉列表中选择"), words[0], choices=words, convert=_kind, width=24),
            Column("reason", _("理由"), _("许可证编号、名录、年综合能源消费量等"), _("重点管理排污许可"), convert=_text, width=40),
            Column("document", _("依据"), _("文号；可不填"), "", required=False, convert=_text, width=24),
            Column("since", _("起日"), day, "2026-01-01", convert=_day),
            Column("until", _("止日"), _("不再要求的那一天；可不填"), "", required=False, convert=_day),
        ]

    def checker(self, user: Any, form: Form) -> DutyChecker:
        """A fresh check of one file."""
        return DutyChecker()


def _text(raw: Any) -> str:
    return "" if raw is None else words_of(raw).strip()


def _kind(raw: Any) -> str:
    text = words_of(raw).strip()
    if text not in _WORDS:
        raise InputError(_("不认识类别“{text}”").format(text=text), do=_("从下拉列表中选择"))
    return _WORDS[text]


def _day(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, datetime | date):
        return f"{raw:%Y-%m-%d}"
    try:
        return date.fromisoformat(words_of(raw).strip()).isoformat()
    except ValueError:
        raise InputError(_("“{text}”不是日期").format(text=raw), do=_("写成 2026-01-01")) from None


class DutyChecker:
    """The check of one file: whose the row is, and that its days follow each other."""

    def __init__(self) -> None:
        subjects = Subject.objects.filter(kind__in=_KINDS)
        self.subjects = {word: subject for subject in subjects for word in (subject.name, subject.code)}

    def facts(self) -> dict[str, Any]:
        """Nothing beside the lines."""
        return {}

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[tuple[tuple[Any, ...], Any, tuple[Fault, ...]]]:
        """A line or the reason against it for each row."""
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            fault = self._fault(row)
            subject = self.subjects.get(row["subject"])
            if fault is not None or subject is None:
                yield (), None, (fault,) if fault else ()
                continue
            line = Line(subject.pk, row["kind"], row["reason"], row["document"], row["since"], row["until"])
            yield (subject.pk, row["kind"], row["since"]), line, ()

    def _fault(self, row: Mapping[str, Any]) -> Fault | None:
        if row["subject"] not in self.subjects:
            what = _("不认识单位“{text}”").format(text=row["subject"])
            return Fault("subject", what, _("名录里没有这个企业、产业活动单位或园区"), _("写名录里的代码或名称；新单位先登记"))
        if len(row["reason"]) > _REASON_MOST or len(row["document"]) > _DOCUMENT_MOST:
            return Fault("reason", _("理由或依据过长"), "", _("理由不超过{n}字，依据不超过{m}字").format(n=_REASON_MOST, m=_DOCUMENT_MOST))
        if row["until"] and row["until"] <= row["since"]:
            return Fault("until", _("止日不晚于起日"), "", _("核对两个日期"))
        return None


KIND = DutyKind()
