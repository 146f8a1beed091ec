"""Pages of outages, of findings of the quality rules, and of who is connected."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from shuangkong.apps.monitoring import trouble
from shuangkong.apps.monitoring.point_forms import FindingFilters, OutageFilters
from shuangkong.apps.ui.tables import Column, chips, table

OUTAGE_COLUMNS = (
    Column(gettext_lazy("状态"), "state"),
    Column(gettext_lazy("监测点"), "source"),
    Column(gettext_lazy("所属单位"), "subject__name"),
    Column(gettext_lazy("开始"), "started_at", numeric=True),
    Column(gettext_lazy("历时"), numeric=True),
    Column(gettext_lazy("补传"), "filled", numeric=True, hide="m"),
    Column(gettext_lazy("修复期限"), "due_on", numeric=True),
    Column(gettext_lazy("说明"), hide="s"),
)
FINDING_COLUMNS = (
    Column(gettext_lazy("状态"), "state"),
    Column(gettext_lazy("疑点"), "rule"),
    Column(gettext_lazy("监测点"), "point__source"),
    Column(gettext_lazy("所属单位"), "point__subject__name", hide="m"),
    Column(gettext_lazy("时段"), "window_end", numeric=True),
)


@login_required
@require_safe
def outages(request: HttpRequest) -> HttpResponse:
    """Outages that wait for somebody, unless the filters ask for others."""
    form = OutageFilters(request.GET)
    filters = form.filters()
    shown = table(request, trouble.outages(request.user, filters), OUTAGE_COLUMNS, "due_on")
    context = {"form": form, "table": shown, "chips": chips(request.GET, form.in_words(filters))}
    return render(request, "monitoring/outages.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outage(request: HttpRequest, outage_id: int) -> HttpResponse:
    """One outage."""
    found = trouble.outage_of(request.user, outage_id)
    if found is None:
        raise Http404
    return render(request, "monitoring/outage.html", {"outage": found})


@login_required
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """Findings that wait for somebody, unless the filters ask for others."""
    form = FindingFilters(request.GET, rules=trouble.rules_met(request.user))
    filters = form.filters()
    shown = table(request, trouble.findings(request.user, filters), FINDING_COLUMNS, "-window_end")
    context = {"form": form, "table": shown, "chips": chips(request.GET, form.in_words(filters))}
    return render(request, "monitoring/findings.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """One finding with its evidence."""
    found = trouble.finding_of(request.user, finding_id)
    if found is None:
        raise Http404
    return render(request, "monitoring/finding.html", {"finding": found})
