"""What the pages of targets show, within the reader's reach: a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.models import HANDED_DOWN, Indicator, Target, TargetProposal, Value
from shuangkong.apps.indicators.targets import paths
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

#: What a list of targets is narrowed to by ``of``.
SCOPES = {"place": _("地区"), "industry": _("行业"), "action": _("重点行动"), "internal": _("内部管控目标")}
_OF = {
    "place": Q(action=None, annex__in=(0, 2, 3)), "industry": Q(annex=4), "action": Q(action__isnull=False), "internal": ~HANDED_DOWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; an empty word asks for everything."""

    plan: str = ""
    of: str = ""
    indicator: str = ""
    subject: str = ""
    words: str = ""


@dataclass(slots=True)
class TargetLine:
    """A target of the list with what it requires by the end of the last month; ``why_not`` says why there is no such figure."""

    target: Target
    required: Decimal | None
    why_not: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """The targets of one plan that the reader may see."""

    plans: tuple[Plan, ...]
    plan: Plan | None
    asked: Asked
    lines: list[TargetLine]
    indicators: list[Indicator]
    subjects: list[Subject]
    proposals: list[TargetProposal]
    by: Period | None

    @property
    def main(self) -> list[TargetLine]:
        """The plan's main indicators, first and second."""
        return sorted((line for line in self.lines if line.target.rank), key=lambda line: line.target.rank)


def visible(user: Any) -> QuerySet[Target]:
    """The targets that ``user`` may see, with what a line needs."""
    return Target.objects.visible_to(user).select_related("plan", "indicator", "subject", "action")


def list_page(user: Any, asked: Asked, today: date) -> ListPage:
    """The targets of the asked plan, the running one by default: four statements."""
    plans = tuple(Plan.objects.select_related("subject").order_by("first_year"))
    running = next((p for p in plans if p.first_year <= today.year <= p.last_year), plans[-1] if plans else None)
    plan = next((p for p in plans if p.code == asked.plan), running)
    if plan is None:
        return ListPage(plans, None, asked, [], [], [], [], None)
    everything = list(visible(user).filter(plan=plan).order_by("indicator__position", "annex", "subject__position", "pk"))
    found = [target for target in everything if _asked_for(target, asked)]
    by = last_month(plan, today)
    waiting = TargetProposal.objects.visible_to(user).filter(decided_at=None, plan=plan)
    return ListPage(
        plans, plan, asked, [_line(target, by) for target in _in_order(found)], _distinct([t.indicator for t in everything]),
        _distinct([t.subject for t in everything]), list(waiting.select_related("indicator", "subject", "asked_by")), by,
    )  # fmt: skip


def _in_order(targets: Sequence[Target]) -> list[Target]:
    """The plan's main indicators first; else as they came."""
    return sorted(targets, key=lambda target: (target.rank == 0, target.rank))


def _distinct(rows: Sequence[Any]) -> list[Any]:
    return list({row.pk: row for row in rows}.values())


def _asked_for(target: Target, asked: Asked) -> bool:
    internal = target.kind == Target.Kind.INTERNAL
    kinds = {
        "place": target.action_id is None and target.annex in (0, 2, 3) and not internal, "industry": target.annex == 4,
        "action": target.action_id is not None, "internal": internal,
    }  # fmt: skip
    texts = (target.indicator.name, target.subject.name, target.words, target.source, target.set_by)
    return (
        kinds.get(asked.of, True) and (not asked.indicator or target.indicator.code == asked.indicator)
        and (not asked.subject or target.subject.code == asked.subject) and (not asked.words or any(asked.words in t for t in texts))
    )  # fmt: skip


def last_month(plan: Plan, today: date) -> Period:
    """The year to date to the end of the last month, within the plan: its base year before it begins, its last year after it ended."""
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    if year < plan.first_year:
        return Period.year(plan.base_year)
    return Period.year(plan.last_year) if year > plan.last_year else Period.ytd(year, month)


def _line(target: Target, by: Period) -> TargetLine:
    try:
        return TargetLine(target, paths.required(target, paths.months_to(target, by.last_year, by.last_month)), "")
    except InputError as error:
        return TargetLine(target, None, error.why if target.number is None else error.what)


@dataclass(frozen=True)
class TargetPage:
    """One target: its path, what is required at the asked month, what is known beside it, how it came to stand."""

    user: Any
    target: Target
    at: tuple[int, int]
    problem: InputError | None

    @cached_property
    def path(self) -> list[paths.Point]:
        """The path at the ends of the quarters; empty in words or where something is missing (``problem`` says what)."""
        return [] if self.problem else paths.path(self.target)

    @cached_property
    def required(self) -> Decimal | None:
        """What is required at the asked month."""
        return paths.required(self.target, paths.months_to(self.target, *self.at)) if self.path else None

    @cached_property
    def known(self) -> dict[int, Value]:
        """Current values of the same indicator and subject by elapsed months, as far as the reader may see them: one statement."""
        if self.target.industry or self.target.action_id:
            return {}
        target = self.target
        rows = Value.objects.visible_to(self.user).filter(
            current__isnull=False, indicator=target.indicator, subject=target.subject, release="", value__isnull=False,
            period_end__year__gt=target.first, period_end__year__lte=target.last + 1,
            period_kind__in=("rolling", "year"),
        )  # fmt: skip
        found: dict[int, Value] = {}
        for value in rows.select_related("indicator").order_by("-treatment", "-lens", "period_kind", "pk"):  # the assessed one judges
            if value.basis != "calorific" and value.lens in ("issued", "published"):
                found[(value.period.last_year - target.first - 1) * 12 + value.period.last_month] = value
        return found

    @cached_property
    def changes(self) -> list[TargetProposal]:
        """How it was changed by hand, newest first: one statement."""
        found = TargetProposal.objects.visible_to(self.user).filter(target=self.target)
        return list(found.select_related("asked_by", "decided_by"))

    @cached_property
    def internal(self) -> Target | None:
        """The city's own number beside a target that is handed down, as far as the reader may see it: one statement."""
        if self.target.kind == Target.Kind.INTERNAL:
            return None
        same = visible(self.user).filter(~HANDED_DOWN, plan=self.target.plan, indicator=self.target.indicator)
        return same.filter(subject=self.target.subject, industry=self.target.industry).first()


def target_page(user: Any, pk: int, at: str, today: date) -> TargetPage | None:
    """The target ``pk``; None where there is none that the reader may see. ``at`` is a month as 2027-06; else the last one that is over."""
    target = visible(user).filter(pk=pk).first()
    if target is None:
        return None
    month, problem = _month(target, at, today)
    if problem is None and target.number is not None:
        problem = _cannot(target)
    return TargetPage(user, target, month, problem)


def _month(target: Target, at: str, today: date) -> tuple[tuple[int, int], InputError | None]:
    by = last_month(target.plan, today)
    month = (min(max(by.last_year, target.first), target.last), by.last_month)
    if not at:
        return month, None
    try:
        asked = Period.parse(at)
        if asked.kind == "month":
            paths.months_to(target, asked.last_year, asked.last_month)
            return (asked.last_year, asked.last_month), None
    except InputError as error:
        return month, error
    return month, InputError(f"“{at}”不是月份", where="at", do="写成 2027-06")


def _cannot(target: Target) -> InputError | None:
    try:
        paths.path(target)
    except InputError as error:
        return error
    return None


def proposal_of(user: Any, pk: int) -> TargetProposal | None:
    """One proposal that the reader may see."""
    found = TargetProposal.objects.visible_to(user).select_related("plan", "indicator", "subject", "asked_by", "decided_by", "target")
    return found.filter(pk=pk).first()
