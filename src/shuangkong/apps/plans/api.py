"""Plans over HTTP: clauses with their duties and obligations, the actions, annexes as far as they are open."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from shuangkong.apps.plans import selectors
from shuangkong.apps.plans.models import Action, Clause, Plan
from shuangkong.apps.ui.api import Answer, answers

router = Router()


class PlanLine(Schema):
    """A plan and its years."""

    code: str
    title: str
    period_name: str
    document: str
    issued_on: date | None
    subject: str
    base_year: int
    first_year: int
    last_year: int
    invented: bool

    @staticmethod
    def resolve_subject(plan: Plan) -> str:
        """The code of its place."""
        return plan.subject.code

    @staticmethod
    def resolve_invented(plan: Plan) -> bool:
        """Whether the plan itself is a demonstration."""
        return plan.demonstration


class DutyLine(Schema):
    """A department's role in a clause: lead, support or implement."""

    department: str
    role: str


class ClauseLine(Schema):
    """A clause with who answers for it."""

    code: str
    number: str
    chapter: str
    section: str
    title: str
    summary: str
    duties: list[DutyLine]
    obligations: list[str]

    @staticmethod
    def resolve_duties(clause: Clause) -> list[dict[str, str]]:
        """By department."""
        return [{"department": duty.department.short_name, "role": duty.role} for duty in clause.duties.all()]

    @staticmethod
    def resolve_obligations(clause: Clause) -> list[str]:
        """Their words."""
        return [obligation.text for obligation in clause.obligations.all()]


class ActionLine(Schema):
    """A key action."""

    number: int
    name: str


class AnnexLine(Schema):
    """An annex; ``open`` tells whether the caller may read its table."""

    number: int
    title: str
    open: bool


class PlansAnswer(Answer):
    """All plans, oldest first."""

    items: list[PlanLine]


class PlanAnswer(Answer, PlanLine):
    """One plan by clause."""

    clauses: list[ClauseLine]
    actions: list[ActionLine]
    annexes: list[AnnexLine]

    @staticmethod
    def resolve_clauses(plan: Plan) -> list[Clause]:
        """In order."""
        return list(selectors.clauses(plan))

    @staticmethod
    def resolve_actions(plan: Plan) -> list[Action]:
        """In order."""
        return list(plan.actions.all())

    @staticmethod
    def resolve_annexes(plan: Plan, context: dict[str, Any]) -> list[dict[str, Any]]:
        """All titles, and whether the caller may open the table."""
        readable = {annex.pk for annex in selectors.annexes(plan, context["request"].user)}
        return [{"number": a.number, "title": a.title, "open": a.pk in readable} for a in plan.annexes.all()]


@router.get("", response=answers(PlansAnswer), summary="方案")
def plans(request: HttpRequest) -> dict[str, Any]:
    """Every plan."""
    return {"items": list(selectors.plans())}


@router.get("/{code}", response=answers(PlanAnswer), summary="一个方案的条款、行动和附件")
def plan(request: HttpRequest, code: str) -> Plan:
    """One plan by its code."""
    return get_object_or_404(selectors.plans(), code=code)
