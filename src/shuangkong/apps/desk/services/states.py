"""The one service that leads a thing from state to state: by the table of ``core.states``, by a filtered UPDATE, with its audit entry.

The UPDATE names the state that was read; of two people who act at the same moment one changes one row, the other none, and is told who did
what. Guards are handed in by name; each raises :class:`InputError` when it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.audit.services import record
from shuangkong.core.errors import InputError
from shuangkong.core.states import Machine, Move

Guards = Mapping[str, Callable[[], None]]


class Outdone(InputError):
    """Somebody else was first: the thing no longer stands where it was read. ``state`` is where it stands now."""

    def __init__(self, what: str, *, state: str, where: str = "", why: str = "", do: str = "") -> None:
        super().__init__(what, where=where, why=why, do=do)
        self.state = state


@dataclass(frozen=True)
class Step:
    """What one step writes beside the state: ``changes`` to the row, only where ``narrow`` also holds, and what the entry says."""

    action: str
    actor: Any
    subject_id: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    narrow: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def choose(machine: Machine, state: str, verb: str, guards: Guards) -> Move:
    """The first move of ``verb`` from ``state`` whose guard holds.

    Raises:
        InputError: the table has no such move, or no guard holds (the reason of the last one).
    """
    refused: InputError | None = None
    for move in machine.moves_of(state, verb):
        try:
            guards[move.guard]()
        except InputError as error:
            refused = error
        else:
            return move
    assert refused is not None
    raise refused


def allowed(machine: Machine, state: str, guards: Guards) -> tuple[str, ...]:
    """The verbs that may be offered now: those with a move whose guard holds."""
    return tuple(verb for verb in machine.allowed(state) if _may(machine, state, verb, guards))


def _may(machine: Machine, state: str, verb: str, guards: Guards) -> bool:
    try:
        choose(machine, state, verb, guards)
    except InputError:
        return False
    return True


def advance(thing: Any, machine: Machine, verb: str, guards: Guards, step: Step | Callable[[Move], Step]) -> Move:
    """Leads ``thing`` (as it was read) on by ``verb`` and writes the entry, in the transaction of the caller or its own.

    ``step`` may depend on which move is made.

    Raises:
        Outdone: it does not stand any more where it was read; says who did what.
        InputError: the table or a guard refuses.
    """
    if thing.state not in machine.sources(verb):
        raise outdone(thing, machine, verb)
    move = choose(machine, thing.state, verb, guards)
    if callable(step):
        step = step(move)
    with transaction.atomic():
        rows = type(thing).objects.unscoped("one step of the state machine").filter(pk=thing.pk, state=thing.state, **step.narrow)
        if rows.update(state=move.next, **step.changes) != 1:
            raise outdone(thing, machine, verb)
        after = {"state": move.next, **step.after}
        record(step.action, thing, actor=step.actor, subject_id=step.subject_id, before={"state": move.state}, after=after)
    thing.state = move.next
    return move


def outdone(thing: Any, machine: Machine, verb: str) -> Outdone:
    """The error for who came too late: where it stands now, who did what, when."""
    now = type(thing).objects.unscoped("where it stands now").filter(pk=thing.pk).values_list("state", flat=True).first()
    state = now or thing.state
    last = (
        Entry.objects.filter(target_kind=thing._meta.label_lower, target_id=str(thing.pk)).select_related("actor").order_by("-id").first()
    )
    return Outdone(
        _("没有{verb}：已是“{state}”").format(verb=machine.verbs[verb], state=machine.states[state]),
        state=state,
        where=str(thing),
        why=_last_words(last, machine) if last else "",
        do=_("刷新页面，看最新状态"),
    )


def _last_words(entry: Entry, machine: Machine) -> str:
    """市统计局 11月26日 18:03 通过."""
    who = entry.actor.display_name if entry.actor else _("平台")
    at = entry.recorded_at.astimezone(timezone.get_default_timezone())
    verb = entry.action.rpartition(".")[2]
    return f"{who} {at.month}月{at.day}日 {at:%H:%M} {machine.verbs.get(verb, verb)}"
