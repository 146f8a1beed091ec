"""Reads of filings: one's own, what waits for one's review, what is missing beside it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from shuangkong.apps.filing.models import Filing, FoundFinding, Round
from shuangkong.apps.filing.permissions import may_file
from shuangkong.core.forms import period_before
from shuangkong.core.periods import Period

_WITH_RESPONDENT = Q(state__in=[Filing.State.NOT_FILED, Filing.State.DRAFT, Filing.State.RETURNED])


def filings_of(user: Any) -> QuerySet:
    """The filings that a person may see, with what a list shows."""
    return Filing.objects.visible_to(user).select_related("subject", "corrects")


def filing_of(user: Any, pk: int) -> Filing | None:
    """One of them."""
    return filings_of(user).select_related("draft_by", "subject__county").filter(pk=pk).first()


def missing_beside(filing: Filing) -> list[str]:
    """Who in the same county has not come as far as this level with the same form and period (county before city).

    Only a form that the counties review first is waited for, and only its first version.
    """
    levels = filing.form.review
    county = filing.subject.county_id or filing.subject.parent_id
    if len(levels) == 1 or filing.version > 1 or county is None:
        return []
    beside = Filing.objects.unscoped("who is missing beside a filing under review: names only").filter(
        Q(subject__county=county) | Q(subject__parent=county),
        form_id=filing.form_id, period_kind=filing.period_kind, period_end=filing.period_end, version=1,
    )  # fmt: skip
    behind = beside.exclude(pk=filing.pk).filter(_WITH_RESPONDENT | Q(level__in=levels[: levels.index(filing.level)]))
    return list(behind.order_by("subject__position").values_list("subject__name", flat=True))


def cells_shown(filing: Filing, user: Any) -> dict[str, str]:
    """The cells that the person sees: the respondent's own people the draft, everybody else what was submitted last."""
    if filing.open and may_file(filing, user):
        return dict(filing.draft)
    made = rounds_of(filing, user).order_by("-number").first()
    return dict(made.cells) if made else {}


def rounds_of(filing: Filing, user: Any) -> QuerySet:
    """The rounds of a filing, oldest first."""
    return Round.objects.visible_to(user).filter(filing=filing).select_related("submitted_by", "reviewed_by").order_by("number")


def findings_of(made: Round, user: Any) -> QuerySet:
    """What was found in a round."""
    return FoundFinding.objects.visible_to(user).filter(round=made).select_related("explained_by")


def accepted_cells(form_id: str, subject_id: int, period: Period | None, user: Any) -> dict[str, str]:
    """What was last submitted and not returned for another period of the same form and subject; nothing where there is nothing."""
    if period is None:
        return {}
    made = (
        Round.objects.visible_to(user)
        .filter(
            filing__form_id=form_id,
            filing__subject_id=subject_id,
            filing__period_kind=period.kind,
            filing__period_end=period.end,
            filing__period_start=period.start,
        )
        .exclude(outcome=Round.Outcome.RETURNED)
        .order_by("-filing__version", "-number")
        .first()
    )
    return dict(made.cells) if made else {}


def beside_cells(filing: Filing, user: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The cells of the period before and of the same period a year ago."""
    period = filing.period
    before, year_ago = period_before(filing.form, period), period.year_before()
    return (
        accepted_cells(filing.form_id, filing.subject_id, before, user),
        accepted_cells(filing.form_id, filing.subject_id, year_ago, user),
    )


def waiting_for(user: Any) -> QuerySet:
    """What lies at the person's level, in the order of its deadline."""
    found = filings_of(user).filter(state__in=[Filing.State.SUBMITTED, Filing.State.UNDER_REVIEW])
    if user.role == user.Role.COUNTY:
        return found.filter(level="county", use="administrative").exclude(subject=user.subject_id).order_by("due_on", "id")
    if user.department_id is None:
        return found.none()
    return found.filter(level="city", departments__contains=f"|{user.department.code}|").order_by("due_on", "id")
