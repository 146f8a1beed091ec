"""Reads for the pages of the plan: clauses with their owners, the ten actions, annexes, local rules."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from shuangkong.apps.plans.models import Action, Annex, Clause, Duty, LocalRuleRow, ParentTarget, Plan


def plans() -> QuerySet[Plan]:
    """All plans, oldest first."""
    return Plan.objects.select_related("subject")


def plan_of_year(year: int) -> Plan | None:
    """The plan whose period holds ``year``; a demonstration plan only where no other does."""
    return Plan.objects.filter(first_year__lte=year, last_year__gte=year).order_by("demonstration", "-first_year").first()


def clauses(plan: Plan) -> QuerySet[Clause]:
    """The clauses in order, each with its duties (and their departments) and obligations: three queries whatever their number."""
    duties = Duty.objects.select_related("department")
    return Clause.objects.filter(plan=plan).prefetch_related(Prefetch("duties", duties), "obligations")


def actions(plan: Plan) -> QuerySet[Action]:
    """The key actions, each with what parent plans ask under it."""
    return Action.objects.filter(plan=plan).prefetch_related(Prefetch("parent_targets", ParentTarget.objects.all()))


def annexes(plan: Plan, user: Any) -> QuerySet[Annex]:
    """The annexes that ``user`` may open: a restricted one (附件不予公开) only for the city's people."""
    found = Annex.objects.filter(plan=plan)
    return found if user.sees_all else found.filter(published=True)


def restricted_annexes(plan: Plan, user: Any) -> QuerySet[Annex]:
    """The annexes of which ``user`` sees the title only."""
    found = Annex.objects.filter(plan=plan, published=False)
    return found.none() if user.sees_all else found


def local_rules(user: Any) -> QuerySet[LocalRuleRow]:
    """The place's own rules that ``user`` may see; proposals only the city's people."""
    return LocalRuleRow.objects.visible_to(user).select_related("proposed_by", "confirmed_by")
