"""What is due: filings open when a period is over. Each stands in its respondent's inbox until it is submitted; what waits for review
stands in the reviewers'. A step of the worker; and the reminders that a reviewer sends to those who have not filed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import DailyStep
from shuangkong.apps.desk.services import reminders
from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.desk.workdays import workdays
from shuangkong.apps.filing import matrix
from shuangkong.apps.filing.deadlines import due_on
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services.obligations import open_due
from shuangkong.apps.filing.waiting import respondent_notice, review_notice
from shuangkong.apps.organisations.models import Department, User
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Form
from shuangkong.core.periods import Period

#: The kinds of items that are brought in line here; the acts of a page write the same ones at once.
KINDS = ("filing.due", "filing.returned", "filing.review")
_STEP = "filing.due"
_MOVES = [f"filing.filing.{verb}" for verb in ("submit", "return", "accept", "lock", "unlock", "correct")] + ["filing.filings.opened"]
_BULK = 200


def step(now: datetime) -> bool:
    """Once a day opens what is due; whenever a filing moved brings the inboxes in line. Whether there was anything to do."""
    today = reminders.civil(now).date()
    state = DailyStep.objects.filter(name=_STEP).first() or DailyStep(name=_STEP, day=date.min)
    newest = _newest_move(state.mark)
    if state.day >= today and newest is None:
        return False
    with transaction.atomic():
        if reminders.begin_today(_STEP, today) and open_due(today):
            newest = _newest_move(state.mark)
        DailyStep.objects.filter(name=_STEP, mark__lt=newest or 0).update(mark=newest or 0)
        notify(today)
    return True


def _newest_move(mark: int) -> int | None:
    """The newest entry after ``mark`` by which a filing moved."""
    newest: int | None = Entry.objects.filter(id__gt=mark, action__in=_MOVES).aggregate(newest=Max("id"))["newest"]
    return newest


def notify(today: date) -> None:
    """One item for each filing that its respondent still owes, one a form for whoever reviews. A fixed number of statements."""
    owed = Filing.objects.unscoped("the inbox is written for every respondent").filter(state__in=matrix.OPEN).select_related("subject")
    departments = {department.code: department.pk for department in Department.objects.all()}
    notices = [notice for filing in owed.defer("draft", "draft_marks") for notice in _to_respondent(filing, departments, today)]
    reconcile(KINDS, [*notices, *_to_reviewers(departments)], today)


def _to_respondent(filing: Filing, departments: dict[str, int], today: date) -> Iterable[Notice]:
    """One; what a bureau is to issue stands with each department that issues it."""
    if filing.respondent != "department":
        return [notice] if (notice := respondent_notice(filing, today)) else []
    title = _("{form}（{period}）待发布：{place}").format(form=filing.title, period=filing.period.label, place=filing.subject.name)
    codes = [code for code in filing.departments.split("|") if code in departments]
    return [
        Notice(
            f"filing:{filing.pk}:{code}",
            "filing.due",
            title,
            f"/filings/{filing.pk}/",
            department_id=departments[code],
            due_on=filing.due_on,
        )
        for code in codes
    ]


def _to_reviewers(departments: dict[str, int]) -> Iterable[Notice]:
    """How many lie at a level: for a county by county, for the city by the departments that review the form."""
    waiting = Filing.objects.unscoped("the inbox is written for every reviewer").filter(
        state__in=[Filing.State.SUBMITTED, Filing.State.UNDER_REVIEW]
    )
    keys = ("form_id", "period_kind", "period_start", "period_end", "level", "departments")
    place = Coalesce("subject__county", "subject__parent")
    counts: defaultdict[tuple[str, Period, str, str, int], int] = defaultdict(int)
    for group in waiting.order_by().annotate(place=place).values(*keys, "place").annotate(n=Count("pk")):
        period = Period(group["period_start"], group["period_end"], group["period_kind"])
        if group["level"] == "county":
            counts[group["form_id"], period, "county", "subject_id", group["place"] or 0] += group["n"]
        else:
            for code in (code for code in group["departments"].split("|") if code in departments):
                counts[group["form_id"], period, group["level"], "department_id", departments[code]] += group["n"]
    for (form_id, period, level, field, pk), n in counts.items():
        yield review_notice(form_id, period, level, n, **{field: pk})


# reminding from the matrix


def remind(user: Any, form: Form, period: Period, subject_ids: Sequence[int] | None, today: date) -> reminders.Asked:
    """Reminds the people of units that have not filed a period (None: of all); at most once a day each.

    Raises:
        InputError: not a reviewer, or there is nobody to remind.
    """
    if not matrix.may_remind(user):
        raise InputError(_("不能催报"), why=_("由审核这张报表的人催报"))
    owed = matrix.open_filings(user, form, period, subject_ids)
    if not owed:
        raise InputError(_("没有要催的单位"), where=period.label, why=_("所选单位都已提交，或还没有到期要填的报表"))
    by_subject = {filing.subject_id: filing for filing in owed}
    people = list(User.objects.filter(is_active=True, subject__in=by_subject, role__in=["enterprise", "county"]))
    reached = {person.subject_id for person in people}
    bodies = {person: _words(by_subject[person.subject_id], today) for person in people}
    nobody = [filing.subject.name for filing in owed if filing.subject_id not in reached]
    return reminders.remind(bodies, user, today, nobody=nobody)


def _words(filing: Filing, today: date) -> tuple[str, str]:
    what = f"{filing.title}（{filing.period.label}）"
    body = f"{filing.subject.name}：{filing.due_on:%Y-%m-%d}，{workdays().left(today, filing.due_on)}"
    return _("请填报{what}").format(what=what), body


# deadlines when the calendar changes


def recount() -> int:
    """Counts anew the deadlines of what was not submitted yet, after the calendar of working days changed; answers how many moved."""
    found = Filing.objects.unscoped("a calendar was entered").filter(state__in=matrix.OPEN, first_submitted_at=None)
    moved = []
    for filing in found.only("form_id", "edition", "period_end", "due_on"):
        due = due_on(filing.form.deadline, filing.period_end)
        if due != filing.due_on:
            filing.due_on = due
            moved.append(filing)
    Filing.objects.bulk_update(moved, ["due_on"], batch_size=_BULK)
    return len(moved)
