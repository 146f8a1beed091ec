"""Reviewing: return with the reason, pass on to the next level, accept at the last one, lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.states import Outdone, Step, advance
from shuangkong.apps.filing.models import Filing, Pass, Round
from shuangkong.apps.filing.permissions import require_keeper, require_reviewer
from shuangkong.apps.filing.posting import Entered, enter, recompute_later, rows_of
from shuangkong.apps.filing.selectors import missing_beside
from shuangkong.apps.filing.services.submission import close_round, last_round
from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING, Move

#: As many ledger rows as one transaction of a bulk acceptance writes at most.
ROWS_PER_TRANSACTION = 2000
_NAMED = 5


def require_seen(filing: Filing, seen: str) -> None:
    """A decision is about the round that was looked at; what was submitted since wants another look.

    From here on the moves hold the round as it was read, so that one submitted in the same moment is not accepted either.

    Raises:
        Outdone: ``seen`` names no round, or not the one that lies there now.
    """
    if seen == str(filing.round):
        return
    why = _("您看的是第 {seen} 次报，现在是第 {now} 次报").format(seen=seen[:9], now=filing.round) if seen else _("没有写明看的是第几次报")
    raise Outdone(_("没有办理：填报人已重新提交"), state=filing.state, where=str(filing), why=why, do=_("刷新页面，看过新报的数再办"))


def start_review(filing: Filing, user: Any) -> None:
    """Says that one has begun; others see it."""
    step = Step("filing.filing.start_review", user, filing.subject_id, narrow=_narrow(filing))
    advance(filing, FILING, "start_review", {"reviewer": lambda: require_reviewer(filing, user)}, step)


def return_(filing: Filing, user: Any, reason: str, pointed: Sequence[str] = (), *, now: datetime) -> None:
    """Gives the form back with the reason, which may point at cells. The draft is what was submitted.

    Raises:
        InputError: no reason, a cell that the form does not have, not the user's to review.
        Outdone: somebody else was first.
    """
    if not reason.strip():
        raise InputError(_("没有写退回理由"), where=str(filing), why=_("填报人要知道改什么"), do=_("写明理由，可以点到格"))
    if unknown := [address for address in pointed if filing.form.place(address) is None]:
        raise InputError(_("表中没有这个格"), where=unknown[0][:120])
    made = last_round(filing)
    after = {**filing.logged(reason), "pointed": list(pointed), "round": made.number}
    step = Step("filing.filing.return", user, filing.subject_id, {"level": ""}, _narrow(filing), after)
    with transaction.atomic():
        advance(filing, FILING, "return", {"reviewer": lambda: require_reviewer(filing, user)}, step)
        close_round(made, user, now, Round.Outcome.RETURNED, reason=reason, pointed=pointed)
    filing.level = ""


def _narrow(filing: Filing) -> dict[str, Any]:
    return {"level": filing.level, "round": filing.round}


def accept(filing: Filing, user: Any, *, now: datetime, despite: str = "", recompute: bool = True) -> None:
    """Accepts at the level where it lies: the next level has it then, or, at the last one, the ledger.

    ``despite`` is the reason for accepting at the last level although forms of the same county are still missing.

    Raises:
        InputError: not the user's to review, or forms beside it are missing.
        Outdone: somebody else was first.
    """
    with transaction.atomic():
        entered = _accept(filing, user, now, despite)
        if entered is not None:
            enter([entered], user, now)
    if entered is not None and entered.rows and recompute:
        recompute_later(user, str(filing))


def _accept(filing: Filing, user: Any, now: datetime, despite: str) -> Entered | None:
    """The step of one filing, within a transaction; what goes to the ledger, if it was the last level."""
    made, levels = last_round(filing), filing.form.review
    place = levels.index(filing.level) if filing.level in levels else -1
    below = 0 <= place < len(levels) - 1

    def step(move: Move) -> Step:
        level = levels[place + 1] if below else filing.level
        after = {"round": made.number, "level": filing.level, **(filing.logged(despite, "despite") if despite else {})}
        return Step("filing.filing.accept", user, filing.subject_id, {"level": level}, _narrow(filing), after)

    guards = {
        "level_below": lambda: _require_below(filing, user, below),
        "last_level": lambda: _require_last(filing, user, below, despite),
    }
    with transaction.atomic():
        move = advance(filing, FILING, "accept", guards, step)
        if move.next == Filing.State.SUBMITTED:
            Pass.objects.create(round=made, level=filing.level, by=user, at=now)
            filing.level = levels[place + 1]
            return None
        close_round(made, user, now, Round.Outcome.ACCEPTED)
        return Entered(filing, made, rows_of(filing, made))


def _require_below(filing: Filing, user: Any, below: bool) -> None:
    require_reviewer(filing, user)
    if not below:
        raise InputError(_("已是末级"), where=str(filing))


def _require_last(filing: Filing, user: Any, below: bool, despite: str) -> None:
    require_reviewer(filing, user)
    if below:
        raise InputError(_("还要上一级审核"), where=str(filing))
    missing = missing_beside(filing)
    if missing and not despite.strip():
        names = "、".join(missing[:_NAMED]) + (_("等") if len(missing) > _NAMED else "")
        raise InputError(
            _("下级还没有齐"),
            where=str(filing),
            why=_("同一县市区还缺 {n} 份：{names}").format(n=len(missing), names=names),
            do=_("等齐后一并通过；确需先通过的，写明理由"),
        )


@dataclass(slots=True)
class Bulk:
    """What a bulk acceptance came to."""

    accepted: list[Filing] = field(default_factory=list)
    refused: list[tuple[Filing, InputError]] = field(default_factory=list)


def accept_many(
    filings: Iterable[Filing], user: Any, *, now: datetime, despite: str = "", recompute: bool = True, seen: Mapping[int, str] | None = None
) -> Bulk:
    """Accepts each that can be accepted; what cannot is told with its reason. Figures go to the ledger in batches of short transactions.

    ``seen``: which round was looked at, by the filing's id; without it, that which was read with each filing.
    """
    bulk, waiting, written = Bulk(), list(filings), False
    while waiting:
        with transaction.atomic():
            entries: list[Entered] = []
            while waiting and sum(len(entry.rows) for entry in entries) < ROWS_PER_TRANSACTION:
                filing = waiting.pop(0)
                entries += _one_of_many(filing, str(filing.round) if seen is None else seen[filing.pk], user, now, despite, bulk)
            enter(entries, user, now)
        written = written or any(entry.rows for entry in entries)
    if written and recompute:
        recompute_later(user, _("批量通过 {n} 份").format(n=len(bulk.accepted)))
    return bulk


def _one_of_many(filing: Filing, seen: str, user: Any, now: datetime, despite: str, bulk: Bulk) -> list[Entered]:
    try:
        require_seen(filing, seen)
        entered = _accept(filing, user, now, despite)
    except InputError as error:
        bulk.refused.append((filing, error))
        return []
    bulk.accepted.append(filing)
    return [entered] if entered is not None else []


def lock(filing: Filing, user: Any) -> None:
    """Locks what was accepted: from now on two persons are needed to open it.

    Raises:
        InputError: it is being corrected, which a lock would not stop; or not the user's to keep.
        Outdone: somebody else was first.
    """
    step = Step("filing.filing.lock", user, filing.subject_id, narrow=_narrow(filing))
    with transaction.atomic():
        advance(filing, FILING, "lock", {"reviewer": lambda: require_keeper(filing, user)}, step)
        # after the write: whoever opens a correction holds the same row until it stands
        ended = [Filing.State.ACCEPTED, Filing.State.LOCKED]
        if Filing.objects.unscoped("whether a correction is open").filter(corrects=filing.pk).exclude(state__in=ended).exists():
            filing.state = Filing.State.ACCEPTED
            raise InputError(_("正在更正，不能锁定"), where=str(filing), do=_("等更正通过后，锁定更正后的那一版"))
