"""The review list: units × periods of one form, where each stands, and what of the current period one may accept now and what not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from shuangkong.apps.filing.checking import BLOCKS, EXPLAIN
from shuangkong.apps.filing.models import ADMINISTRATIVE, REVIEWING_ROLES, Filing, Round
from shuangkong.apps.filing.permissions import may_review
from shuangkong.apps.filing.selectors import filings_of
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.forms import Form
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms

#: As many periods as stand beside each other.
PERIODS = 6
STATES = tuple(Filing.State.values)
_WITH_REVIEWER = (Filing.State.SUBMITTED, Filing.State.UNDER_REVIEW)


@dataclass(slots=True)
class Unit:
    """One row: the unit, its filing of each period, and of the current one what a reviewer wants to know."""

    subject: Subject
    cells: list[Filing | None]
    current: Filing | None
    findings: dict[str, int] = field(default_factory=dict)
    passed_at: datetime | None = None
    submitted: Round | None = None
    missing: int = 0
    mine: bool = False

    @property
    def why_not(self) -> str:
        """Why it cannot be accepted in bulk now; empty if it can."""
        if self.current is None or self.current.state not in _WITH_REVIEWER:
            return _("没有提交")
        if not self.mine:
            return _("不在本级")
        return _("同县还缺{n}份").format(n=self.missing) if self.missing else ""


@dataclass(frozen=True)
class Board:
    """The list as one page shows it."""

    form: Form
    periods: list[Period]
    current: Period
    counts: dict[str, int]
    state: str


def forms_reviewed(user: Any) -> list[Form]:
    """The forms that the person reviews at a level, in their newest edition."""
    known = forms.current()
    return [form for form in map(known.newest, known.ids()) if _reviews(form, user)]


def _reviews(form: Form, user: Any) -> bool:
    if user.role == User.Role.COUNTY:
        return "county" in form.review and form.use == ADMINISTRATIVE and form.respondent == "enterprise"
    return bool(form.review and user.role in REVIEWING_ROLES and user.department_id and user.department.code in form.departments)


def board(user: Any, form: Form, until: date | None, state: str) -> Board | None:
    """Which periods stand beside each other, the newest or ``until`` last; None while nothing is there."""
    found = filings_of(user).filter(form_id=form.id).order_by()
    if until is not None:
        found = found.filter(period_end__lte=until + timedelta(days=1))
    counted = found.filter(correction=None).values_list("period_end", "period_start", "period_kind", "state")
    by_span: dict[tuple[date, date, str], dict[str, int]] = {}
    for end, start, kind, each, count in counted.annotate(n=Count("pk")).order_by("-period_end"):
        by_span.setdefault((end, start, kind), {})[each] = count
    if not by_span:
        return None
    periods = [Period(start, end, kind) for end, start, kind in sorted(list(by_span)[:PERIODS])]
    counts = by_span[periods[-1].end, periods[-1].start, periods[-1].kind]
    return Board(form, periods, periods[-1], {each: counts.get(each, 0) for each in STATES}, state if state in STATES else "")


def _of(form: Form, period: Period) -> Q:
    return Q(form_id=form.id, period_kind=period.kind, period_start=period.start, period_end=period.end)


def subjects(user: Any, shown: Board, name: str) -> QuerySet:
    """The units of the list, in their order; those that wait for review first would jump about, so they stand where they stand."""
    found = filings_of(user).filter(form_id=shown.form.id, period_end__in=[period.end for period in shown.periods])
    if shown.state:
        found = found.filter(_of(shown.form, shown.current), state=shown.state, correction=None)
    if name:
        found = found.filter(Q(subject__name__contains=name) | Q(subject__code=name))
    return Subject.objects.filter(pk__in=found.order_by().values("subject")).order_by("position", "code")


def units(user: Any, shown: Board, page: Sequence[Subject]) -> list[Unit]:
    """The rows of one page. Three statements, however many."""
    known: dict[tuple[int, date], Filing] = {}
    kept = filings_of(user).filter(form_id=shown.form.id, subject__in=page, period_end__in=[period.end for period in shown.periods])
    for filing in kept.order_by("version"):
        known[filing.subject_id, filing.period_end] = filing
    rows = [Unit(each, cells := [known.get((each.pk, period.end)) for period in shown.periods], cells[-1]) for each in page]
    _fill(user, shown, [row for row in rows if row.current is not None])
    return rows


def _fill(user: Any, shown: Board, rows: list[Unit]) -> None:
    current = {row.current.pk: row for row in rows if row.current is not None}
    for made in _rounds(user, list(current)):
        row = current[made.filing_id]
        row.submitted, row.passed_at = made, made.passed_at
        row.findings = {"error": made.errors, "warning": made.open_warnings, "explained": made.explained}
    missing = _missing_by_county(shown)
    for row in rows:
        _judge(row, user, shown, missing)


def _rounds(user: Any, filings: list[int]) -> QuerySet:
    """The rounds of filings, the newest of each last, with what was found in them and when the level below let them through."""
    odd, silent = Q(findings__severity=EXPLAIN), Q(findings__explanation="")
    counts = {"errors": Q(findings__severity=BLOCKS), "open_warnings": odd & silent, "explained": odd & ~silent}
    numbers = {name: Count("findings", filter=which, distinct=True) for name, which in counts.items()}
    found = Round.objects.visible_to(user).filter(filing__in=filings).defer("cells")
    return found.annotate(**numbers, passed_at=Max("passes__at")).order_by("number")


def _missing_by_county(shown: Board) -> dict[int, int]:
    """By county, how many have not come as far as the last level: what the last level waits for, as ``selectors.missing_beside`` says."""
    if len(shown.form.review) == 1:
        return {}
    behind = Filing.objects.unscoped("how many are behind in each county: numbers only").filter(
        _of(shown.form, shown.current),
        Q(state__in=[Filing.State.NOT_FILED, Filing.State.DRAFT, Filing.State.RETURNED]) | Q(level__in=shown.form.review[:-1]), version=1,
    )  # fmt: skip
    found: dict[int, int] = defaultdict(int)
    for county, parent in behind.values_list("subject__county", "subject__parent"):
        found[county or parent or 0] += 1
    return found


def _judge(row: Unit, user: Any, shown: Board, missing: dict[int, int]) -> None:
    filing = row.current
    assert filing is not None
    row.mine = filing.state in _WITH_REVIEWER and may_review(filing, user)
    if row.mine and filing.level == shown.form.review[-1] and filing.version == 1:
        row.missing = missing.get(row.subject.county_id or row.subject.parent_id or 0, 0)
