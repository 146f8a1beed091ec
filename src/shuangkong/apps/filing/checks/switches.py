"""Checks on and off by a decision of two persons, and suppressions: each dated, signed, with its reason, in the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.two_persons import settle
from shuangkong.apps.filing.models import CheckSwitch, Filing, Suppression
from shuangkong.apps.filing.permissions import reviews_at_all
from shuangkong.apps.organisations.models import User
from shuangkong.core.checks import Check
from shuangkong.core.errors import InputError
from shuangkong.rulebook.checks import catalogue


def in_use() -> list[Check]:
    """The catalogue with the decisions in force laid over it."""
    decided = dict(
        CheckSwitch.objects.unscoped("which checks are on")
        .filter(granted=True)
        .order_by("decided_at", "id")
        .values_list("check_number", "on")
    )
    return [replace(check, on=decided.get(check.number, check.on)) for check in catalogue()]


def may_switch(user: Any) -> bool:
    """The city's people: two of them decide about a check."""
    return bool(user.is_active and user.role == User.Role.CITY)


def _require_city(user: Any, number: str) -> Check:
    check = catalogue().number(number)
    if check is None:
        raise InputError(_("没有这条检查"), where=number[:40])
    if not may_switch(user):
        raise InputError(_("不能启停检查"), where=number, why=_("由市级主管部门的两个人决定"))
    return check


def propose_switch(number: str, on: bool, reason: str, user: Any, *, now: datetime) -> CheckSwitch:
    """Proposes to switch a check on or off for everybody.

    Raises:
        InputError: no such check, no reason, already so, proposed already, or not the user's to decide.
    """
    check = _require_city(user, number)
    state = next(each.on for each in in_use() if each.number == number)
    if state == on:
        raise InputError(_("已经是这样"), where=f"{number} {check.title}")
    if not reason.strip():
        raise InputError(_("没有写理由"), where=f"{number} {check.title}", do=_("写明为什么启用或停用"))
    try:
        with transaction.atomic():
            made = CheckSwitch.objects.create(check_number=number, on=on, reason=reason[:500], asked_by=user, asked_at=now)
            record("filing.check.proposed", made, actor=user, after={"check": number, "on": on, "reason": reason[:500]})
    except IntegrityError as error:
        raise InputError(_("已有人提出，等第二个人决定"), where=f"{number} {check.title}") from error
    return made


def decide_switch(switch: CheckSwitch, granted: bool, user: Any, *, now: datetime) -> None:
    """Another person agrees or refuses.

    Raises:
        InputError: the same person, not the user's to decide, or decided meanwhile.
    """
    check = _require_city(user, switch.check_number)
    with transaction.atomic():
        settle(switch, user, granted=granted, now=now, where=f"{switch.check_number} {check.title}", do=_("请另一位同事决定"))
        record(
            "filing.check.confirmed" if granted else "filing.check.refused", switch, actor=user,
            after={"check": switch.check_number, "on": switch.on},
        )  # fmt: skip


def suppress(filing: Filing, number: str, reason: str, user: Any, *, until: date | None, now: datetime) -> Suppression:
    """A reviewer records that a check is not applied to the subject's form, from the period of ``filing`` until a day.

    Raises:
        InputError: no such check, no reason, the end before the beginning, or not the user's to review.
    """
    check = catalogue().number(number)
    if check is None or check.group:
        raise InputError(_("没有这条检查"), where=number[:40])
    if not reviews_at_all(filing, user):
        raise InputError(_("不在您的审核范围"), where=str(filing))
    if not reason.strip():
        raise InputError(_("没有写理由"), where=f"{number} {check.title}", do=_("写明为什么这家单位不适用这条检查"))
    if until is not None and until <= filing.period_start:
        raise InputError(_("结束日早于开始日"), where=until.isoformat(), do=_("填这一期之后的日期，或留空"))
    with transaction.atomic():
        made = Suppression.objects.create(
            subject=filing.subject, form_id=filing.form_id, check_number=number, starts_on=filing.period_start, ends_on=until,
            use=filing.use, departments=filing.departments, reason=reason[:500], by=user, at=now,
        )  # fmt: skip
        after = {"check": number, "form": filing.form_id, "from": filing.period_start.isoformat(), **filing.logged(reason[:500])}
        record("filing.suppression.made", made, actor=user, subject_id=filing.subject_id, after=after)
    return made
