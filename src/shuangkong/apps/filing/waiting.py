"""What of a filing waits for whom, in the one inbox: with the respondent each form, with a reviewer one line per form, period and level."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.inbox import close_item, open_item
from shuangkong.apps.filing.models import Filing, Unlocking
from shuangkong.apps.organisations.models import Department, Subject

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


def _respondent(filing: Filing, today: date) -> None:
    key = f"filing:{filing.pk}"
    if not filing.open or filing.respondent == "department":
        close_item(key)
        return
    returned = filing.state == Filing.State.RETURNED
    what = _("被退回，请改后重报") if returned else _("待填报")
    title = _("{form}（{period}）{what}").format(form=filing.title, period=filing.period.label, what=what)
    open_item(
        key, kind="filing.returned" if returned else "filing.due", title=title, address=f"/filings/{filing.pk}/", today=today,
        severity=2 if returned or filing.due_on < today else 3, subject=filing.subject, due_on=filing.due_on,
    )  # fmt: skip


def _reviewers(filing: Filing, level: str, today: date) -> None:
    """One line for all filings of a form and period that lie at a level: who reviews acts on them together."""
    waiting = Filing.objects.unscoped("how many wait at a level, for the inbox").filter(
        form_id=filing.form_id, period_kind=filing.period_kind, period_end=filing.period_end, level=level, state__in=LIES_WITH_REVIEWER
    )
    county = _county_id(filing)
    if level == "county":
        waiting = waiting.filter(Q(subject__county=county) | Q(subject__parent=county, subject__county=None))
        addressees: list[dict[str, Any]] = [{"subject_id": county}]
    else:
        addressees = [{"department_id": pk} for pk in departments_of(filing)]
    count = waiting.count()
    last = (filing.period_end - timedelta(days=1)).isoformat()
    address = f"/filings/review/?form={filing.form_id}&until={last}"
    for to in addressees:
        key = f"filing.review:{level}:{filing.form_id}:{filing.period.code}:{next(iter(to.values()))}"
        if not count:
            close_item(key)
            continue
        title = _("{form}（{period}）{n} 份待审核").format(form=filing.title, period=filing.period.label, n=count)
        open_item(key, kind="filing.review", title=title, address=address, today=today, severity=2, **_to(to))


def _to(to: dict[str, Any]) -> dict[str, Any]:
    if "subject_id" in to:
        return {"subject": Subject.objects.get(pk=to["subject_id"])}
    return {"department": Department.objects.get(pk=to["department_id"])}


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
