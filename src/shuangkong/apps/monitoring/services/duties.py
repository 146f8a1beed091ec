"""Who must be connected: put by a workbook, by a pack, or by hand; each with its reason and document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.monitoring.models import ConnectionDuty
from shuangkong.apps.organisations.models import User
from shuangkong.core.errors import InputError

FIELDS = ("reason", "document", "until")
#: So many duties stand in one entry by themselves; of more the workbook is kept.
_SHOWN = 50


class Stated(NamedTuple):
    """A duty as it is stated: whose, why, since when, until when, by which document."""

    subject_id: int
    kind: str
    reason: str
    document: str
    since: date
    until: date | None = None

    @property
    def key(self) -> tuple[int, str, date]:
        """What makes two statements of one duty."""
        return self.subject_id, self.kind, self.since


class Change(NamedTuple):
    """A duty that was put, and what it was before; None where it is new."""

    duty: ConnectionDuty
    before: dict[str, Any] | None


def _duties() -> Any:
    return ConnectionDuty.objects.unscoped("the service that keeps the duties")


def standing(keys: Iterable[tuple[int, str, date]]) -> dict[tuple[int, str, date], ConnectionDuty]:
    """The duties of some keys as they are."""
    subjects = {key[0] for key in keys}
    return {(duty.subject_id, duty.kind, duty.since): duty for duty in _duties().filter(subject__in=subjects)}


def differs(duty: ConnectionDuty | None, stated: Stated) -> bool:
    """Whether a statement says anything new."""
    return duty is None or any(getattr(duty, name) != getattr(stated, name) for name in FIELDS)


def put(stated: Sequence[Stated], actor: Any = None, *, demonstration: bool = False, origin: str = "") -> list[Change]:
    """Puts duties, in the transaction of the caller or its own; what stands so already is left. A fixed number of statements.

    Raises:
        InputError: one ends before it begins.
    """
    for each in stated:
        if each.until is not None and each.until <= each.since:
            raise InputError(_("止日不晚于起日"), where=str(each.since), do=_("核对两个日期"))
    known = standing(each.key for each in stated)
    wanted = {each.key: each for each in stated if differs(known.get(each.key), each)}
    fresh = [
        ConnectionDuty(entered_by=actor, demonstration=demonstration, **each._asdict()) for key, each in wanted.items() if key not in known
    ]
    changes = [Change(duty, None) for duty in fresh]
    for key, each in wanted.items():
        if (duty := known.get(key)) is not None:
            changes.append(Change(duty, {name: getattr(duty, name) for name in FIELDS}))
            for name in FIELDS:
                setattr(duty, name, getattr(each, name))
    with transaction.atomic():
        ConnectionDuty.objects.bulk_create(fresh, batch_size=200)
        ConnectionDuty.objects.bulk_update([change.duty for change in changes if change.before], FIELDS, batch_size=200)
        if changes:
            first = [_entry(change.duty) for change in changes[:_SHOWN]]
            after = {"created": len(fresh), "changed": len(changes) - len(fresh), "duties": first}
            record("monitoring.duties.put", ConnectionDuty, actor=actor, after=after, origin=origin)
    return changes


def _entry(duty: ConnectionDuty) -> dict[str, Any]:
    return {"subject": duty.subject_id, "kind": duty.kind, "since": duty.since, **{name: getattr(duty, name) for name in FIELDS}}


def restore(changes: Sequence[tuple[int, dict[str, Any] | None]], actor: Any, reason: str) -> None:
    """Takes changes back, the last first: what was new goes, what was changed is as before."""
    duties = {duty.pk: duty for duty in _duties().filter(pk__in=[pk for pk, _before in changes])}
    gone = [pk for pk, before in changes if before is None]
    with transaction.atomic():
        back = []
        for pk, before in changes:
            if before is not None and pk in duties:
                for name in FIELDS:
                    setattr(duties[pk], name, before[name])
                back.append(duties[pk])
        ConnectionDuty.objects.bulk_update(back, FIELDS, batch_size=200)
        after = {"gone": [_entry(duties[pk]) for pk in gone if pk in duties], "back": len(back), "reason": reason}
        _duties().filter(pk__in=gone).delete()
        record("monitoring.duties.restored", ConnectionDuty, actor=actor, after=after)


def end(duty: ConnectionDuty, until: date, reason: str, actor: Any) -> None:
    """Ends a duty by hand.

    Raises:
        InputError: not by the city, no reason, or a day that is not after its first.
    """
    if actor.role != User.Role.CITY:
        raise InputError(_("您不能改应联网名单"), do=_("请市级主管处理"))
    if not reason.strip():
        raise InputError(_("没有写理由"), why=_("名单的变动会记入审计"), do=_("写明为什么不再要求联网"))
    stated = Stated(duty.subject_id, duty.kind, f"{duty.reason}；{reason.strip()}"[:200], duty.document, duty.since, until)
    put([stated], actor)
