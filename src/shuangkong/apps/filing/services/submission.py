"""Submitting: the draft becomes a round that nobody can change any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.states import Step, advance
from shuangkong.apps.filing.checking import BLOCKS, EXPLAIN, Examined, Finding, examine, finding_key
from shuangkong.apps.filing.models import Filing, FoundFinding, Round
from shuangkong.apps.filing.permissions import require_respondent
from shuangkong.apps.filing.posting import Entered, enter, recompute_later, rows_of
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING, Move
from shuangkong.rulebook.forms import form_sm3


class Unfit(InputError):
    """It cannot be submitted as it is; ``findings`` say which cells and why."""

    def __init__(self, what: str, findings: Sequence[Finding], *, do: str) -> None:
        first = findings[0]
        super().__init__(what, where=first.addresses[0] if first.addresses else "", why=first.saw, do=do)
        self.findings = list(findings)

    @property
    def details(self) -> dict[str, Any]:
        """For answers in JSON."""
        parts = ("check", "severity", "saw", "why_odd", "settle")
        return {"findings": [{part: getattr(each, part) for part in parts} | {"addresses": list(each.addresses)} for each in self.findings]}


def require_fit(filing: Filing, examined: Examined) -> None:
    """The guard ``complete``.

    Raises:
        Unfit: something must be corrected or explained first.
    """
    if blocking := examined.of(BLOCKS):
        raise Unfit(_("有 {n} 处须先改正").format(n=len(blocking)), blocking, do=_("按提示逐格改正后再提交"))
    if open_ := [found for found in examined.of(EXPLAIN) if not filing.explanations.get(finding_key(found))]:
        raise Unfit(_("有 {n} 处须先说明").format(n=len(open_)), open_, do=_("改正，或写明原因后再提交"))
    _require_standing(filing, examined)


def _require_standing(filing: Filing, examined: Examined) -> None:
    """What is in the ledger can be corrected to another figure, or to a reported zero, but not to a blank."""
    if filing.corrects_id is None:
        return
    before = last_round(filing.corrects)
    gone = [address for address in filing.form.goes_to if address in before.cells and address not in examined.cells]
    if gone:
        what = _("“{cell}”已入账，更正时不能清空").format(cell=filing.form.title_of(gone[0]))
        raise InputError(what, where=gone[0], why=_("空白是没有报，不等于零"), do=_("填更正后的数；没有发生填 0"))


def last_round(filing: Filing) -> Round:
    """The newest round; reading it is the caller's right already.

    Raises:
        InputError: nothing was submitted yet.
    """
    made = Round.objects.unscoped("the round of a filing that was read").filter(filing=filing).order_by("-number").first()
    if made is None:
        raise InputError(_("还没有提交过"), where=str(filing), do=_("等填报人提交后再审"))
    return made


def submit(filing: Filing, user: Any, *, now: datetime, recompute: bool = True) -> Round:
    """Makes a round of the draft and hands it to the first level; what a bureau issues is accepted at once.

    Raises:
        Unfit: something must be corrected or explained first.
        Outdone: somebody else changed or submitted it meanwhile.
        InputError: not the user's form.
    """
    require_respondent(filing, user)
    examined = examine(filing, filing.draft)
    form, number = filing.form, filing.round + 1

    def step(move: Move) -> Step:
        changes: dict[str, Any] = {
            "round": F("round") + 1, "level": form.review[0] if form.review else "",
            "first_submitted_at": Coalesce("first_submitted_at", now),
        }  # fmt: skip
        after = {"round": number, "sm3": round_sm3(filing, number, examined.cells), "cells": len(examined.cells)}
        return Step(
            "filing.filing.submit",
            user,
            filing.subject_id,
            changes,
            {"draft_revision": filing.draft_revision, "round": filing.round},
            after,
        )

    guards = {"issuer": lambda: _require_issuer(filing, examined), "complete": lambda: require_fit(filing, examined)}
    with transaction.atomic():
        move = advance(filing, FILING, "submit", guards, step)
        made = _round(filing, number, examined, user, now, form_sm3(form))
        if move.next == Filing.State.ACCEPTED:
            close_round(made, user, now, Round.Outcome.ACCEPTED)
            enter([Entered(filing, made, rows_of(filing, made))], user, now)
    filing.refresh_from_db(from_queryset=Filing.objects.unscoped("the filing just submitted").select_related("subject"))
    if move.next == Filing.State.ACCEPTED and recompute:
        recompute_later(user, str(filing))
    return made


def _require_issuer(filing: Filing, examined: Examined) -> None:
    if filing.form.review:
        raise InputError(_("要经审核"), where=str(filing))
    require_fit(filing, examined)


def round_sm3(filing: Filing, number: int, cells: dict[str, str]) -> str:
    """The SM3 of what is submitted: form, edition, subject, period, version, round and every cell."""
    of = [filing.form_id, filing.edition, filing.subject.code, filing.period.code, filing.version, number]
    return sm3_hex(canonical_json({"cells": cells, "of": of}).encode())


def _round(filing: Filing, number: int, examined: Examined, user: Any, now: datetime, edition_sm3: str) -> Round:
    made = Round.objects.create(
        filing=filing, number=number, cells=examined.cells, edition_sm3=edition_sm3, sm3=round_sm3(filing, number, examined.cells),
        submitted_by=user, submitted_at=now, demonstration=settings.DEMONSTRATION or filing.demonstration or user.demonstration,
    )  # fmt: skip
    FoundFinding.objects.bulk_create(_finding(made, found, filing, user, now) for found in examined.findings)
    return made


def _finding(made: Round, found: Finding, filing: Filing, user: Any, now: datetime) -> FoundFinding:
    words = filing.explanations.get(finding_key(found), "")
    signed = {"explanation": words[:1000], "explained_by": user, "explained_at": now} if words else {}
    return FoundFinding(
        round=made, check_number=found.check, severity=found.severity, addresses=list(found.addresses), saw=found.saw[:500],
        why_odd=found.why_odd[:500], settle=found.settle[:500], **signed,
    )  # fmt: skip


def close_round(made: Round, user: Any, now: datetime, outcome: str, *, reason: str = "", pointed: Sequence[str] = ()) -> None:
    """Writes once how the round ended."""
    ended = {"reviewed_by": user, "reviewed_at": now, "outcome": outcome, "reason": reason[:500], "pointed": list(pointed)}
    Round.objects.unscoped("the round under review").filter(pk=made.pk, outcome="").update(**ended)
    for name, value in ended.items():
        setattr(made, name, value)
