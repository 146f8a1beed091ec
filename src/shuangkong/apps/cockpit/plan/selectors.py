"""What the pages of the plan show: a fixed number of statements, however many clauses a plan has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from shuangkong.apps.indicators import selectors as values
from shuangkong.apps.indicators.models import HANDED_DOWN, Target
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans import selectors
from shuangkong.apps.plans.models import Action, Annex, Clause, Plan
from shuangkong.core.periods import Period

#: The three kinds of duty in the order of the plan's words.
ROLES = ("lead", "support", "implement")


class Owners(NamedTuple):
    """The departments with one role in a clause. ``open_ended``: the plan's list ends with 等, so it names not all of them."""

    role: str
    departments: list[Department]
    open_ended: bool


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """A clause with its owners by role and its obligations; a role that the plan does not name is not there."""

    clause: Clause
    owners: tuple[Owners, ...]
    obligations: tuple[Any, ...]
    mine: tuple[str, ...] = ()

    @property
    def leaderless(self) -> bool:
        """Whether the plan names no lead: none is invented."""
        return not any(owners.role == "lead" for owners in self.owners)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for: a department, one of its roles, words in title, summary or obligations."""

    department: Department | None = None
    role: str = ""
    words: str = ""

    def holds(self, line: ClauseLine) -> bool:
        """Whether the clause is asked for."""
        if self.department is not None and (not line.mine or (self.role and self.role not in line.mine)):
            return False
        texts = (line.clause.title, line.clause.summary, line.clause.number, *(o.text for o in line.obligations))
        return not self.words or any(self.words in text for text in texts)


@dataclass(frozen=True, slots=True)
class PlanPage:
    """One plan as one person may see it."""

    plan: Plan
    plans: tuple[Plan, ...]
    closed: bool
    period: Period | None
    lines: tuple[ClauseLine, ...]
    asked: tuple[ClauseLine, ...]
    filters: Filters
    departments: tuple[Department, ...]
    standings: tuple[Any, ...]
    place_targets: tuple[Target, ...]
    actions: tuple[Action, ...]
    annexes: tuple[Annex, ...]
    restricted: tuple[Annex, ...]

    @property
    def chapters(self) -> list[tuple[str, list[ClauseLine]]]:
        """The asked clauses by chapter, in the plan's order."""
        return [(word, list(lines)) for word, lines in groupby(self.asked, key=lambda line: line.clause.chapter)]

    @property
    def duties(self) -> int:
        """Number of clause-department-role rows."""
        return sum(len(owners.departments) for line in self.lines for owners in line.owners)

    @property
    def obligations(self) -> int:
        """Number of obligations."""
        return sum(len(line.obligations) for line in self.lines)

    @property
    def tally(self) -> list[tuple[str, int]]:
        """In how many clauses the asked department has each role."""
        counts = [(role, sum(role in line.mine for line in self.lines)) for role in ROLES]
        return [(role, count) for role, count in counts if count]


def plan_page(user: Any, code: str, year_now: int, asked: dict[str, str]) -> PlanPage | None:
    """The plan ``code`` with its filters; None for an unknown plan. Eleven statements at most."""
    plans = tuple(selectors.plans())
    plan = next((plan for plan in plans if plan.code == code), None)
    if plan is None:
        return None
    departments = tuple(_departments(plan))
    filters = _filters(departments, asked)
    lines = tuple(_lines(plan, filters.department))
    closed = plan.last_year < year_now
    period = Period.year(plan.last_year) if closed else values.newest_complete_period(plan.subject)
    return PlanPage(
        plan, plans, closed, period, lines, tuple(line for line in lines if filters.holds(line)), filters, departments,
        tuple(values.standings(user, plan, plan.subject, period or Period.year(plan.first_year))), tuple(_place_targets(user, plan)),
        tuple(selectors.actions(plan)), tuple(selectors.annexes(plan, user)), tuple(selectors.restricted_annexes(plan, user)),
    )  # fmt: skip


def _departments(plan: Plan) -> Any:
    """The departments that the plan names, with the number of their clauses."""
    clauses = Count("duties__clause", filter=Q(duties__clause__plan=plan), distinct=True)
    return Department.objects.annotate(clause_count=clauses).filter(clause_count__gt=0)


def _filters(departments: Sequence[Department], asked: dict[str, str]) -> Filters:
    found = next((d for d in departments if d.code == asked.get("department")), None)
    role = asked.get("role", "") if found is not None and asked.get("role") in ROLES else ""
    return Filters(found, role, asked.get("q", "").strip())


def _lines(plan: Plan, department: Department | None) -> Iterator[ClauseLine]:
    for clause in selectors.clauses(plan):
        duties = list(clause.duties.all())
        mine = tuple(duty.role for duty in duties if department is not None and duty.department_id == department.pk)
        yield ClauseLine(clause, _owners(clause, duties), tuple(clause.obligations.all()), mine)


def _owners(clause: Clause, duties: Sequence[Any]) -> tuple[Owners, ...]:
    """By role. 等 stands behind the support list, which is the one that the plan leaves open; without it behind the last one."""
    named = {role: [duty.department for duty in duties if duty.role == role] for role in ROLES}
    given = [role for role in ROLES if named[role]]
    open_role = "support" if "support" in given else (given or [""])[-1]
    return tuple(Owners(role, named[role], clause.open_ended and role == open_role) for role in given)


def _place_targets(user: Any, plan: Plan) -> Any:
    """The rates of counties and zones that ``user`` may see: the content of a restricted annex. All others stand on the page of targets."""
    found = Target.objects.visible_to(user).filter(HANDED_DOWN, plan=plan, annex__in=(0, 2)).exclude(subject=plan.subject)
    return found.select_related("indicator", "subject").order_by("indicator__position", "subject__position")


def plan_list(user: Any) -> list[tuple[Plan, list[Target]]]:
    """Every plan, newest first, with the targets for its own place: two statements."""
    plans = list(selectors.plans().annotate(clause_count=Count("clauses", distinct=True), action_count=Count("actions", distinct=True)))
    targets = list(Target.objects.visible_to(user).filter(HANDED_DOWN, annex=0).select_related("indicator").order_by("indicator__position"))
    return [(p, [t for t in targets if t.plan_id == p.pk and t.subject_id == p.subject_id]) for p in reversed(plans)]


def role_words() -> dict[str, str]:
    """The words of the three kinds of duty."""
    return {"lead": _("牵头"), "support": _("责任"), "implement": _("落实")}
