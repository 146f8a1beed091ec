"""Opening what is locked: one person asks with the reason, another one confirms. Both are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services.states import Step, advance
from shuangkong.apps.desk.two_persons import require_second, settle
from shuangkong.apps.filing.models import Filing, Unlocking
from shuangkong.apps.filing.permissions import require_keeper
from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING


def ask_unlock(filing: Filing, user: Any, reason: str, *, now: datetime) -> Unlocking:
    """Asks for opening a locked filing.

    Raises:
        InputError: not locked, no reason, asked already, or not the user's to keep.
    """
    require_keeper(filing, user)
    FILING.moves_of(filing.state, "unlock")
    if not reason.strip():
        raise InputError(_("没有写解锁理由"), where=str(filing), do=_("写明为什么要改动已锁定的数"))
    try:
        with transaction.atomic():
            asked = Unlocking.objects.create(filing=filing, reason=reason[:500], asked_by=user, asked_at=now)
            after = {"filing": filing.pk, **filing.logged(reason)}
            record("filing.unlocking.asked", asked, actor=user, subject_id=filing.subject_id, after=after)
    except IntegrityError as error:
        raise InputError(_("已有人申请解锁"), where=str(filing), do=_("请另一位审核人确认")) from error
    return asked


def _open_request(filing: Filing) -> Unlocking:
    found = Unlocking.objects.unscoped("the request about a filing that was read").filter(filing=filing, decided_at=None)
    asked = found.select_related("asked_by").first()
    if asked is None:
        raise InputError(_("没有待确认的解锁申请"), where=str(filing), do=_("先由一人申请，再由另一人确认"))
    return asked


def _require_second(filing: Filing, user: Any, asked: Unlocking) -> None:
    require_keeper(filing, user)
    require_second(asked.asked_by_id, user, where=str(filing), do=_("请另一位审核人确认"))


def confirm_unlock(filing: Filing, user: Any, *, now: datetime) -> None:
    """Another person confirms: the filing is accepted, no longer locked, and can be corrected.

    Raises:
        InputError: nobody asked, or the same person asked; not the user's to keep.
        Outdone: somebody else decided first.
    """
    asked = _open_request(filing)
    guards = {"second_person": lambda: _require_second(filing, user, asked)}
    step = Step("filing.filing.unlock", user, filing.subject_id, after={**filing.logged(asked.reason), "asked_by": asked.asked_by_id})
    with transaction.atomic():
        advance(filing, FILING, "unlock", guards, step)
        settle(asked, user, granted=True, now=now, where=str(filing))


def refuse_unlock(filing: Filing, user: Any, *, now: datetime) -> None:
    """Another person refuses: it stays locked; one may ask again."""
    asked = _open_request(filing)
    _require_second(filing, user, asked)
    with transaction.atomic():
        settle(asked, user, granted=False, now=now, where=str(filing))
        record("filing.unlocking.refused", asked, actor=user, subject_id=filing.subject_id, after={"filing": filing.pk})
