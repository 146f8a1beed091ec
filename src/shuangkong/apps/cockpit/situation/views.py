"""Pages of the situation report: list, draft, filed version, Word."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.cockpit.situation.compose import compose
from shuangkong.apps.cockpit.situation.document import render_docx
from shuangkong.apps.cockpit.situation.forms import ReportForm
from shuangkong.apps.cockpit.situation.selectors import DOCX, filed_reports, newest_period, versions_of
from shuangkong.apps.cockpit.situation.services import file_report, seal
from shuangkong.apps.indicators.selectors import newest_complete_period
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.plans.selectors import plan_of_year
from shuangkong.apps.ui.charts import Chart
from shuangkong.core.errors import ShuangkongError

PAGE_SIZE = 30


@login_required
def report_list(request: HttpRequest) -> HttpResponse:
    """Filed reports, and the form that makes a draft of the newest period."""
    page = Paginator(filed_reports(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    plan = Plan.objects.order_by("-first_year").first()
    period = (newest_complete_period(plan.subject) or newest_period(request.user, plan)) if plan else None
    plan = (plan_of_year(period.start.year) if period else None) or plan
    initial = {"plan": plan.code if plan else None, "period": period.code if period else "", "subject": _home(request.user, plan)}
    return render(
        request, "cockpit/report_list.html", {"page": page, "form": ReportForm(initial=initial, user=request.user, today=request.today)}
    )


def _home(user: Any, plan: Plan | None) -> str:
    """Whom a report is about at first: one's own county, else the plan's city."""
    own = user.subject.code if user.subject_id else ""
    return own or (plan.subject.code if plan else "")


@login_required
def report_draft(request: HttpRequest) -> HttpResponse:
    """The report as the current figures have it; not filed."""
    form = ReportForm(request.GET, user=request.user, today=request.today)
    if not form.is_valid():
        return render(request, "cockpit/report_list.html", {"form": form, "page": None}, status=400)
    asked = form.cleaned_data
    frozen = compose(request.user, asked["plan"], asked["subject"], asked["period"], request.today)
    if request.GET.get("format") == "docx":
        return _word(frozen, f"{frozen['title']}（未归档）")
    return render(request, "cockpit/report_draft.html", {"frozen": frozen, "blocks": _shown(frozen), "form": form, "asked": asked})


@login_required
@require_POST
def report_file(request: HttpRequest) -> HttpResponse:
    """Freeze it."""
    form = ReportForm(request.POST, user=request.user, today=request.today)
    if not form.is_valid():
        return render(request, "cockpit/report_list.html", {"form": form, "page": None}, status=400)
    asked = form.cleaned_data
    try:
        report = file_report(
            request.user, asked["plan"], asked["subject"], asked["period"], request.today, origin=request.META.get("REMOTE_ADDR", "")
        )
    except ShuangkongError as error:
        messages.error(request, str(error))
        return redirect("cockpit:report_list")
    return redirect("cockpit:report", report.pk)


@login_required
def report_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One filed version with its proof, its versions and what changed."""
    report = get_object_or_404(Report.objects.visible_to(request.user).select_related("plan", "subject", "filed_by"), pk=pk)
    context = {"report": report, "frozen": report.frozen, "blocks": _shown(report.frozen), "whole": seal(report.frozen) == report.sm3}
    return render(request, "cockpit/report.html", {**context, "versions": versions_of(request.user, report)})


@login_required
def report_word(request: HttpRequest, pk: int) -> HttpResponse:
    """The filed version as Word; it says its proof."""
    report = get_object_or_404(Report.objects.visible_to(request.user), pk=pk)
    proof = f"归档第{report.version}版，SM3 {report.sm3}"
    return _word({**report.frozen, "proof": proof}, f"{report.title}（第{report.version}版）")


def _shown(frozen: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks with their charts as the page draws them."""
    return [{**block, "chart": _chart(block)} if block["kind"] == "chart" else block for block in frozen["blocks"]]


def _chart(block: dict[str, Any]) -> Chart:
    return Chart(block["option"], block["caption"], tuple(block["columns"]), tuple(tuple(row) for row in block["rows"]))


def _word(frozen: dict[str, Any], name: str) -> HttpResponse:
    response = HttpResponse(render_docx(frozen), content_type=DOCX)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.docx")
    return response
