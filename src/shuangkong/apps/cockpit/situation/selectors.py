"""Reading filed reports."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def filed_reports(user: Any) -> Any:
    """The reports that ``user`` may see, newest first."""
    return Report.objects.visible_to(user).select_related("plan", "subject", "filed_by").defer("frozen")


def versions_of(user: Any, report: Report) -> Any:
    """All versions of one report, newest first."""
    return filed_reports(user).filter(plan=report.plan, subject=report.subject, period_code=report.period_code).order_by("-version")


def newest_period(user: Any, plan: Plan) -> Period | None:
    """The newest quarter-to-date of ``plan`` for which ``user`` sees an intensity change that is known."""
    known = Value.objects.visible_to(user).filter(
        current__isnull=False,
        indicator__code="energy_intensity_change_percent",
        value__isnull=False,
        period_kind="ytd",
        period_start__year__gte=plan.first_year,
        period_start__year__lte=plan.last_year,
    )
    end = known.aggregate(end=Max("period_end"))["end"]
    if end is None:
        return None
    return Period.ytd(end.year - 1, 12) if end.month == 1 else Period.ytd(end.year, end.month - 1)
