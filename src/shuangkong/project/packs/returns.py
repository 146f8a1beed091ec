"""Invented duties and filings, brought in all at once: what a filing holds is checked as a submission is, then written in bulk.

Only a filing that nobody has touched is filled, so that loading again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from shuangkong.apps.audit.services import record
from shuangkong.apps.filing.models import Filing, Pass, Round
from shuangkong.apps.filing.posting import Entered, enter, rows_of
from shuangkong.apps.filing.services import oblige, open_due
from shuangkong.apps.filing.services.submission import round_sm3
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.organisations.services import Change
from shuangkong.core.digest import rows_root
from shuangkong.core.errors import InputError
from shuangkong.core.forms import missing_required, read_cells
from shuangkong.rulebook.forms import form_sm3

from .demonstration import MARK, Demonstration, Duty, Return, require_demonstration

_REVIEWED_AFTER = timedelta(days=4)
_MORNING = time(9, 30)
_ACCEPTED = ("accepted", "locked", "in_ledger")
_BULK = 200


def load_returns(invented: Demonstration, *, now: datetime) -> Change:
    """Duties, the filings that follow from them, and what was filed; answers how many were filled."""
    require_demonstration()
    today = timezone.localdate(now)
    with transaction.atomic():
        _duties(invented.duties)
        open_due(today)
        return _Load(invented.returns, now).run(today)


def _duties(duties: Iterable[Duty]) -> None:
    subjects = {subject.code: subject for subject in Subject.objects.all()}
    together: dict[tuple[str, date, str], list[Subject]] = defaultdict(list)
    for duty in duties:
        together[duty.form_id, duty.starts_on, duty.reason].append(subjects[duty.subject])
    for (form_id, starts_on, reason), owing in together.items():
        oblige(owing, form_id, starts_on, None, reason=reason, demonstration=True)


class _Load:
    """One load: the filings by what they are about, the people by what they answer for."""

    def __init__(self, returns: Sequence[Return], now: datetime) -> None:
        self.returns, self.now = returns, now
        found = Filing.objects.unscoped("demonstration").filter(version=1).select_related("subject", "subject__county")
        self.filings = {(each.subject.code, each.form_id, each.period): each for each in found}
        people = list(User.objects.filter(demonstration=True).select_related("department"))
        self.of_subject = {person.subject_id: person for person in people if person.role in ("county", "enterprise")}
        self.of_department = {person.department.code: person for person in people if person.department}
        self.batches = {batch.title: batch for batch in Batch.objects.unscoped("demonstration").filter(demonstration=True)}
        self.rounds: list[Round] = []
        self.passes: list[Pass] = []
        self.accepted: dict[tuple[str, str], list[tuple[Filing, Round]]] = defaultdict(list)

    def run(self, today: date) -> Change:
        """Fills what is untouched and over."""
        filled, known = [], 0
        for made in self.returns:
            filing = self.filings.get((made.subject, made.form_id, made.period))
            if filing is None or made.filed_on > today:
                continue
            if filing.state != Filing.State.NOT_FILED:
                known += 1
                continue
            self._fill(filing, made)
            filled.append(filing)
        self._write(filled)
        return Change(created=len(filled), unchanged=known)

    def _fill(self, filing: Filing, made: Return) -> None:
        form = filing.form
        reading = read_cells(form, made.cells)
        wrong = [*reading.faults, *(missing_required(form, reading.cells) if made.fate != "draft" else ())]
        if wrong:
            raise InputError("演示报表不合定义", where=f"{filing} {wrong[0].address}", why=wrong[0].text)
        at = timezone.make_aware(datetime.combine(made.filed_on, _MORNING))
        filing.draft, filing.draft_revision, filing.draft_at = made.cells, 1, at
        filing.draft_by = self.of_subject.get(filing.subject_id)
        filing.state, filing.level = _stand(made.fate, form.review)
        if made.fate != "draft":
            filing.round, filing.first_submitted_at = 1, at
            self._round(filing, made, reading.cells, at)

    def _round(self, filing: Filing, made: Return, cells: dict[str, str], at: datetime) -> None:
        form, filer = filing.form, self.of_subject.get(filing.subject_id)
        kept = Round(
            filing=filing, number=1, cells=cells, edition_sm3=form_sm3(form), sm3=round_sm3(filing, 1, cells), submitted_by=filer,
            submitted_at=at, demonstration=True,
        )  # fmt: skip
        reviewer = next((self.of_department[code] for code in form.departments if code in self.of_department), None)
        if made.fate in (*_ACCEPTED, "returned"):
            kept.outcome = Round.Outcome.ACCEPTED if made.fate in _ACCEPTED else Round.Outcome.RETURNED
            kept.reviewed_by, kept.reviewed_at = reviewer, at + _REVIEWED_AFTER
            kept.reason, kept.pointed = made.reason, list(made.pointed)
        if form.review[:1] == ("county",) and made.fate in (*_ACCEPTED, "passed"):
            by = self.of_subject.get(filing.subject.county_id)
            self.passes.append(Pass(round=kept, level="county", by=by, at=at + _REVIEWED_AFTER / 2))
        if made.fate == "in_ledger":
            filing.batch = self.batches.get(f"{MARK}：{made.batch}")
        elif made.fate in _ACCEPTED and form.goes_to:
            self.accepted[filing.form_id, filing.period.code].append((filing, kept))
        self.rounds.append(kept)

    def _write(self, filled: list[Filing]) -> None:
        if not filled:
            return
        fields = ["draft", "draft_revision", "draft_at", "draft_by", "state", "level", "round", "first_submitted_at", "batch"]
        Filing.objects.bulk_update(filled, fields, batch_size=_BULK)
        Round.objects.bulk_create(self.rounds, batch_size=_BULK)
        Pass.objects.bulk_create(self.passes, batch_size=_BULK)
        root = rows_root(made.sm3 for made in self.rounds)
        record("filing.filings.loaded", Filing, after={"count": len(filled), "rounds_sm3": root, "title": MARK})
        for pairs in self.accepted.values():
            reviewer: Any = pairs[0][1].reviewed_by
            enter([Entered(filing, made, rows_of(filing, made)) for filing, made in pairs], reviewer, self.now, mark=f"{MARK}：")


def _stand(fate: str, review: tuple[str, ...]) -> tuple[str, str]:
    """State and level."""
    if fate in ("draft", "returned"):
        return fate, ""
    if fate == "submitted":
        return "submitted", review[0]
    if fate == "passed":
        return "submitted", review[-1]
    return ("locked" if fate == "locked" else "accepted"), review[-1]
