"""Who has filed: units × periods of one form and year, with the completeness of each period over all units.

A fixed number of queries, however many units: a page of units, their filings, one count of filings and one of duties for all periods.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, Exists, Func, OuterRef, Q, QuerySet

from shuangkong.apps.filing.deadlines import due_on, note
from shuangkong.apps.filing.models import Filing, Obligation
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.forms import Form, periods_of
from shuangkong.core.periods import Period
from shuangkong.core.rounding import round_half_up
from shuangkong.rulebook import forms

#: Where the respondent still has to do something.
OPEN = (Filing.State.NOT_FILED, Filing.State.DRAFT, Filing.State.RETURNED)


class InTime(Func):
    """Whether a moment lies before the end of a civil day in Asia/Shanghai, which is 16:00 UTC: in the words of each database, since the
    general ones are worked out in Python row by row on SQLite."""

    output_field = BooleanField()
    arity = 2

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps moments as text in UTC; in PostgreSQL a date and a time make a moment. """
        if connection.vendor == "sqlite":
            return super().as_sql(compiler, connection, template="(%(expressions)s || ' 16:00:00')", arg_joiner=" < ", **context)
        words = "(%(expressions)s + time '16:00') AT TIME ZONE 'UTC')"
        return super().as_sql(compiler, connection, template=words, arg_joiner=" < (", **context)


class Cell(NamedTuple):
    """One unit and period: ``state`` of the newest version, or not_owed (no duty then), not_due (the period is not over), not_filed."""

    state: str
    filing: int | None = None
    late: bool = False
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One period: when it is due, and over all units how many owe it, have filed, have filed in time, are accepted."""

    period: Period
    due_on: date
    note: str
    owed: int = 0
    filed: int = 0
    timely: int = 0
    accepted: int = 0
    overdue: int = 0

    def rate(self, part: int) -> Decimal | None:
        """``part`` of what is owed in percent, to one decimal; None where nothing is owed."""
        return round_half_up(Decimal(100 * part) / self.owed, 1) if self.owed else None

    @property
    def completeness(self) -> Decimal | None:
        """The share that was filed, in percent."""
        return self.rate(self.filed)

    @property
    def timeliness(self) -> Decimal | None:
        """The share that was filed in time, in percent."""
        return self.rate(self.timely)


def form_of(form_id: str) -> Form | None:
    """The newest edition of a form."""
    known = forms.current()
    return known.newest(form_id) if form_id in known.ids() else None


def forms_of(user: Any) -> list[Form]:
    """The forms of which the person can see a duty."""
    ids = set(Obligation.objects.visible_to(user).order_by().values_list("form_id", flat=True).distinct())
    return [form for name in forms.current().ids() if name in ids and (form := form_of(name))]


@dataclass(frozen=True)
class Units:
    """Units whose number is known already, as a paginator takes them."""

    found: QuerySet[Subject]
    total: int

    def count(self) -> int:
        """How many there are."""
        return self.total

    def __getitem__(self, part: slice) -> QuerySet[Subject]:
        return self.found[part]


def units(user: Any, form: Form, year: int, words: str = "") -> QuerySet[Subject]:
    """The units that owe the form in a year, in order."""
    first, last = date(year, 1, 1), date(year + 1, 1, 1)
    owing = Obligation.objects.visible_to(user).filter(_in_year(first, last), subject=OuterRef("pk"), form_id=form.id)
    found = Subject.objects.filter(Exists(owing)).only("code", "name").order_by("position", "code")
    return found.filter(_named(words)) if words else found


def _named(words: str, prefix: str = "") -> Q:
    return Q(**{f"{prefix}name__icontains": words}) | Q(**{f"{prefix}code__iexact": words})


def _in_year(first: date, last: date) -> Q:
    return Q(starts_on__lt=last) & (Q(ends_on=None) | Q(ends_on__gt=first))


def periods(form: Form, year: int) -> list[Period]:
    """The periods of a year in which any edition of the form is filed."""
    made = {period.end: period for edition in forms.current().editions_of(form.id) for period in periods_of(edition, year)}
    return [made[end] for end in sorted(made)]


def _of(user: Any, form: Form, shown: Sequence[Period]) -> QuerySet[Filing]:
    ends, kinds = [period.end for period in shown], {period.kind for period in shown}
    return Filing.objects.visible_to(user).filter(form_id=form.id, period_end__in=ends, period_kind__in=kinds)


def columns(user: Any, form: Form, shown: Sequence[Period], today: date, year: int, words: str = "") -> tuple[list[Column], int]:
    """The periods with their rates over all units that the person may see, and how many units :func:`units` has. Two queries."""
    due = {period.end: due_on(_edition(form, period).deadline, period.end) for period in shown}
    timely = Count("first_submitted_at", filter=InTime("first_submitted_at", "due_on"))
    counted = (
        _of(user, form, shown)
        .filter(version=1)
        .order_by()
        .values_list("period_end", "state")
        .annotate(n=Count("*"), filed=Count("first_submitted_at"), timely=timely)
    )
    by_end: dict[date, Counter[str]] = {}
    for end, state, n, filed, timely in counted:
        into = by_end.setdefault(end, Counter())
        into.update(filed=filed, timely=timely)
        if state in (Filing.State.ACCEPTED, Filing.State.LOCKED):
            into["accepted"] += n
        elif state in OPEN and due[end] < today:
            into["overdue"] += n - filed
    owed, total = _owed(user, form, shown, year, words)
    made = []
    for period in shown:
        on = due[period.end]
        made.append(Column(period, on, note(form.deadline, period.end, on), owed.get(period.end, 0), **by_end.get(period.end, {})))
    return made, total


def _edition(form: Form, period: Period) -> Form:
    return next((each for each in forms.current().editions_of(form.id) if each.applies(period)), form)


def _owed(user: Any, form: Form, shown: Sequence[Period], year: int, words: str) -> tuple[dict[date, int], int]:
    """How many units owe each period (spans of one unit do not overlap), and how many that ``words`` ask for owe any of the year.

    One query: there are few different spans, however many units.
    """
    named = Count("subject", distinct=True, filter=_named(words, "subject__")) if words else Count("subject", distinct=True)
    owing = Obligation.objects.visible_to(user).filter(form_id=form.id).order_by()
    spans = list(owing.values_list("starts_on", "ends_on").annotate(n=Count("pk"), named=named))
    first, last = date(year, 1, 1), date(year + 1, 1, 1)
    owed = {p.end: sum(n for begins, ends, n, _named in spans if begins < p.end and (ends is None or ends >= p.end)) for p in shown}
    total = sum(named for begins, ends, _n, named in spans if begins < last and (ends is None or ends > first))
    return owed, total


def rows(user: Any, form: Form, shown: Sequence[Period], page: Sequence[Subject], today: date) -> list[tuple[Subject, list[Cell]]]:
    """The cells of a page of units. One query, and a second one where a unit has no filing of a period."""
    ids = [subject.pk for subject in page]
    newest: dict[tuple[int, date], Cell] = {}
    late = {period.end: due_on(_edition(form, period).deadline, period.end) < today for period in shown}
    values = _of(user, form, shown).filter(subject__in=ids).order_by("version")
    for subject_id, end, pk, state, version in values.values_list("subject_id", "period_end", "pk", "state", "version"):
        newest[subject_id, end] = Cell(state, pk, state in OPEN and late[end], version > 1)
    duties = _duties(user, form, ids) if len(newest) < len(ids) * len(shown) else {}
    return [
        (subject, [newest.get((subject.pk, p.end)) or _without(duties.get(subject.pk, ()), p, form, today) for p in shown])
        for subject in page
    ]


def _duties(user: Any, form: Form, ids: Sequence[int]) -> dict[int, list[tuple[date, date | None]]]:
    """From when until when each unit owes the form."""
    duties: dict[int, list[tuple[date, date | None]]] = {}
    owing = Obligation.objects.visible_to(user).filter(form_id=form.id, subject__in=ids)
    for subject_id, begins, ends in owing.order_by().values_list("subject_id", "starts_on", "ends_on"):
        duties.setdefault(subject_id, []).append((begins, ends))
    return duties


def _without(duties: Sequence[tuple[date, date | None]], period: Period, form: Form, today: date) -> Cell:
    """A cell without a filing."""
    if not any(begins < period.end and (ends is None or ends >= period.end) for begins, ends in duties):
        return Cell("not_owed")
    if period.end > today:
        return Cell("not_due")
    return Cell("not_filed", None, due_on(_edition(form, period).deadline, period.end) < today)


# reminding


def may_remind(user: Any) -> bool:
    """Reviewers: the city's people and departments with a department, and counties."""
    return bool(user.is_active and ((user.department_id and user.role in ("city", "department")) or user.role == "county"))


def open_filings(user: Any, form: Form, period: Period, subject_ids: Sequence[int] | None) -> list[Filing]:
    """What the chosen units (None: all) still have to file of a period, within the person's scope and not the person's own."""
    found = _of(user, form, [period]).filter(state__in=OPEN).select_related("subject").order_by("subject__position", "pk")
    if user.subject_id and not user.sees_all:
        found = found.exclude(subject=user.subject_id)
    return list(found if subject_ids is None else found.filter(subject__in=subject_ids))
