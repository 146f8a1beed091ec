"""Filed situation reports over HTTP, as they were frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, part_of

router = Router()


class ReportLine(Schema):
    """A filed version and its proof."""

    id: int
    plan: str
    subject: str
    period: str
    version: int
    title: str
    sm3: str
    filed_at: datetime
    invented: bool

    @staticmethod
    def resolve_plan(report: Report) -> str:
        """The code."""
        return report.plan.code

    @staticmethod
    def resolve_subject(report: Report) -> str:
        """The code."""
        return report.subject.code

    @staticmethod
    def resolve_period(report: Report) -> str:
        """The code."""
        return report.period_code

    @staticmethod
    def resolve_invented(report: Report) -> bool:
        """Whether an invented input is in it."""
        return report.demonstration


class ReportsAnswer(PageAnswer):
    """Reports, the newest first."""

    items: list[ReportLine]


class ReportAnswer(Answer, ReportLine):
    """A filed version with every word and figure, and what changed since the version before."""

    frozen: dict[str, Any]
    differences: list[Any]


def _reports(user: Any) -> QuerySet:
    return Report.objects.visible_to(user).select_related("plan", "subject")


@router.get("", response=answers(ReportsAnswer), summary="形势分析")
def reports(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Filed reports that the caller may see."""
    return part_of(_reports(request.user).defer("frozen", "differences"), paging)


@router.get("/{int:report_id}", response=answers(ReportAnswer), summary="一份形势分析")
def report(request: HttpRequest, report_id: int) -> Report:
    """One filed version."""
    return get_object_or_404(_reports(request.user), pk=report_id)
