"""Who owes what, and the filings that follow from it when a period is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.filing.deadlines import due_on
from shuangkong.apps.filing.models import Filing, Obligation, mark_of
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Form, periods_of
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms

#: The kinds of subjects that can owe a form, by its respondent; what a bureau issues is about a region or zone.
KINDS = {
    "enterprise": ("enterprise", "establishment"),
    "county": ("county", "zone"),
    "zone": ("zone",),
    "department": ("city", "county", "zone", "unallocated"),
}
_BULK = 500


def may_oblige(user: Any) -> bool:
    """Whether the person keeps the register: the city's people with a department, and administrators."""
    return bool(user.is_active and (user.role == User.Role.ADMINISTRATOR or (user.sees_all and user.department_id)))


def oblige(
    subjects: Sequence[Subject],
    form_id: str,
    starts_on: date,
    user: Any,
    *,
    ends_on: date | None = None,
    reason: str = "",
    demonstration: bool = False,
) -> list[Obligation]:
    """Writes into the register that ``subjects`` owe a form from a day on; who owes it already stays as it is.

    Raises:
        InputError: an unknown form, a subject that cannot owe it, a wrong span, or the user does not keep the register.
    """  # fmt: skip
    form = forms.current().newest(form_id)
    _check(form, subjects, starts_on, ends_on, user)
    owing = Obligation.objects.unscoped("who owes it already").filter(form_id=form_id, subject__in=subjects)
    standing = set(owing.values_list("subject_id", flat=True))
    made = [
        Obligation(
            subject=subject,
            form_id=form_id,
            starts_on=starts_on,
            ends_on=ends_on,
            use=form.use,
            departments=mark_of(form.departments),
            reason=reason[:200],
            demonstration=demonstration or settings.DEMONSTRATION,
        )
        for subject in subjects
        if subject.pk not in standing
    ]
    with transaction.atomic():
        Obligation.objects.bulk_create(made, batch_size=_BULK)
        if made:
            after = {"form": form_id, "subjects": [each.subject.code for each in made], "from": starts_on, "to": ends_on, "reason": reason}
            record("filing.owing.put", Obligation, actor=user, after=after)
    return made


def _check(form: Form, subjects: Sequence[Subject], starts_on: date, ends_on: date | None, user: Any) -> None:
    if user is not None and not may_oblige(user):
        raise InputError(_("不能改填报义务名录"), why=_("由市级主管部门和系统管理员管理"))
    if ends_on is not None and ends_on <= starts_on:
        raise InputError(_("终止日期不晚于起始日期"), where="ends_on")
    for subject in subjects:
        if subject.kind not in KINDS[form.respondent]:
            raise InputError(
                _("“{subject}”不填“{form}”").format(subject=subject, form=form.title), why=_("填报单位的类别不符"), do=_("另选报表或单位")
            )


def end_obligation(obligation: Obligation, ends_on: date, user: Any, reason: str) -> None:
    """Ends a duty: periods that end on or after the day are not owed.

    Raises:
        InputError: the user does not keep the register, or the day is before the duty began.
    """
    if not may_oblige(user):
        raise InputError(_("不能改填报义务名录"), why=_("由市级主管部门和系统管理员管理"))
    if ends_on <= obligation.starts_on:
        raise InputError(_("终止日期不晚于起始日期"), where="ends_on")
    with transaction.atomic():
        Obligation.objects.unscoped("the duty just read").filter(pk=obligation.pk).update(ends_on=ends_on)
        after = {"ends_on": ends_on, "reason": reason}
        record("filing.owing.ended", obligation, actor=user, subject_id=obligation.subject_id, after=after)


def open_due(today: date, *, since: date | None = None, actor: Any = None) -> int:
    """Makes the filings of all periods that are over and owed and not there yet; answers how many.

    ``since`` leaves out what ended before; by default two years back.
    """
    since = since or date(today.year - 2, 1, 1)
    standing = set(
        Filing.objects.unscoped("what is there already")
        .filter(version=1, period_end__gte=since)
        .values_list("subject_id", "form_id", "period_kind", "period_end")
    )
    obligations = Obligation.objects.unscoped("what is owed").select_related("subject")
    made = [
        new_filing(form, obligation.subject, period, demonstration=obligation.demonstration)
        for obligation in obligations
        for form, period in _owed(obligation, since, today)
        if (obligation.subject_id, form.id, period.kind, period.end) not in standing
    ]
    with transaction.atomic():
        Filing.objects.bulk_create(made, batch_size=_BULK, ignore_conflicts=True)
        if made:
            record("filing.filings.opened", Filing, actor=actor, after={"count": len(made), "on": today})
    return len(made)


def _owed(obligation: Obligation, since: date, today: date) -> Iterator[tuple[Form, Period]]:
    for form in forms.current().editions_of(obligation.form_id):
        for year in range(since.year - 1, today.year + 1):
            for period in periods_of(form, year):
                begun = obligation.starts_on < period.end
                ended = obligation.ends_on is not None and obligation.ends_on < period.end
                if since <= period.end <= today and begun and not ended:
                    yield form, period


def new_filing(form: Form, subject: Subject, period: Period, *, demonstration: bool = False) -> Filing:
    """The unsaved filing of a form, subject and period."""
    return Filing(
        form_id=form.id, edition=form.edition, subject=subject, period_kind=period.kind, period_start=period.start, period_end=period.end,
        use=form.use, departments=mark_of(form.departments), respondent=form.respondent, due_on=due_on(form.deadline, period.end),
        demonstration=demonstration or settings.DEMONSTRATION,
    )  # fmt: skip
