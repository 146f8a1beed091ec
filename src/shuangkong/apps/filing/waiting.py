"""What of a filing waits for whom, in the one inbox: with the respondent each form, with a reviewer one line per form, period and level."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.inbox import Notice, close_item, open_item
from shuangkong.apps.filing.models import Filing, Unlocking
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms

LIES_WITH_REVIEWER = (Filing.State.SUBMITTED, Filing.State.UNDER_REVIEW)


@transaction.atomic
def tell(filings: Iterable[Filing], today: date) -> None:
    """Brings the inbox in line with where ``filings`` stand now; called after each step, with a filing as it was read or written."""
    groups: dict[tuple[Any, ...], Filing] = {}
    pks = [filing.pk for filing in filings]
    standing = Filing.objects.unscoped("where they stand, for the inbox").select_related("subject").filter(pk__in=pks)
    for filing in standing:
        _respondent(filing, today)
        for level in filing.form.review:
            groups[level, filing.form_id, filing.period_kind, filing.period_end, _county_id(filing) if level == "county" else 0] = filing
    for (level, *_rest), filing in groups.items():
        _reviewers(filing, level, today)


def _county_id(filing: Filing) -> int:
    return filing.subject.county_id or filing.subject.parent_id or 0


def respondent_notice(filing: Filing, today: date) -> Notice | None:
    """What stands in the respondent's inbox; None where nothing waits there, or a bureau is to issue it."""
    if not filing.open or filing.respondent == "department":
        return None
    returned = filing.state == Filing.State.RETURNED
    what = _("被退回，请改后重报") if returned else _("待填报")
    title = _("{form}（{period}）{what}").format(form=filing.title, period=filing.period.label, what=what)
    return Notice(
        f"filing:{filing.pk}", "filing.returned" if returned else "filing.due", title, f"/filings/{filing.pk}/",
        severity=2 if returned or filing.due_on < today else 3, subject_id=filing.subject_id, due_on=filing.due_on,
    )  # fmt: skip


def _respondent(filing: Filing, today: date) -> None:
    notice = respondent_notice(filing, today)
    if notice is None:
        close_item(f"filing:{filing.pk}")
    else:
        _open(notice, today)


def review_notice(form_id: str, period: Period, level: str, count: int, **to: int) -> Notice:
    """One line for all filings of a form and period at a level: to a county (``subject_id``) or a department (``department_id``)."""
    last = (period.end - timedelta(days=1)).isoformat()
    title = _("{form}（{period}）{n} 份待审核").format(form=forms.current().newest(form_id).title, period=period.label, n=count)
    key = f"filing.review:{level}:{form_id}:{period.code}:{next(iter(to.values()))}"
    return Notice(key, "filing.review", title, f"/filings/review/?form={form_id}&until={last}", severity=2, **to)


def _open(notice: Notice, today: date) -> None:
    subject = Subject.objects.get(pk=notice.subject_id) if notice.subject_id else None
    department = Department.objects.get(pk=notice.department_id) if notice.department_id else None
    open_item(
        notice.key, kind=notice.kind, title=notice.title, address=notice.address, today=today, severity=notice.severity, subject=subject,
        department=department, due_on=notice.due_on,
    )  # fmt: skip


def _reviewers(filing: Filing, level: str, today: date) -> None:
    """One line for all filings of a form and period that lie at a level: who reviews acts on them together."""
    waiting = Filing.objects.unscoped("how many wait at a level, for the inbox").filter(
        form_id=filing.form_id, period_kind=filing.period_kind, period_end=filing.period_end, level=level, state__in=LIES_WITH_REVIEWER
    )
    county = _county_id(filing)
    if level == "county":
        waiting = waiting.filter(Q(subject__county=county) | Q(subject__parent=county, subject__county=None))
        addressees: list[dict[str, int]] = [{"subject_id": county}]
    else:
        addressees = [{"department_id": pk} for pk in departments_of(filing)]
    count = waiting.count()
    for to in addressees:
        notice = review_notice(filing.form_id, filing.period, level, count, **to)
        if count:
            _open(notice, today)
        else:
            close_item(notice.key)


def departments_of(filing: Filing) -> list[int]:
    """The departments that review a filing at the city, by id."""
    codes = [code for code in filing.departments.split("|") if code]
    return list(Department.objects.filter(code__in=codes).order_by("pk").values_list("pk", flat=True))


def tell_unlocking(filing: Filing, today: date) -> None:
    """An open request to unlock waits for a second person of the departments that review."""
    asked = Unlocking.objects.unscoped("whether a request is open, for the inbox").filter(filing=filing, decided_at=None).first()
    for pk in departments_of(filing):
        key = f"filing.unlock:{filing.pk}:{pk}"
        if asked is None:
            close_item(key)
            continue
        open_item(
            key, kind="filing.unlock", title=_("{filing}：申请解锁，待另一人确认").format(filing=filing), detail=asked.reason[:400],
            address=f"/filings/{filing.pk}/", today=today, severity=2, department=Department.objects.get(pk=pk),
        )  # fmt: skip
