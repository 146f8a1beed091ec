"""Pages of outages, of findings of the quality rules, and of who is connected."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from shuangkong.apps.desk.services.states import Guards
from shuangkong.apps.monitoring import coverage as coverage_of
from shuangkong.apps.monitoring import drawing, history, trouble
from shuangkong.apps.monitoring.models import QualityFinding
from shuangkong.apps.monitoring.point_forms import CoverageFilters, FindingFilters, OutageFilters
from shuangkong.apps.monitoring.rules import whole
from shuangkong.apps.monitoring.services import findings as finding_services
from shuangkong.apps.monitoring.services import outage_notices
from shuangkong.apps.monitoring.services import outages as outage_services
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.errors import InputError
from shuangkong.core.states import OUTAGE, QUALITY, Machine

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
    """One outage; a post explains it, tells its repair, or writes it off."""
    found = trouble.outage_of(request.user, outage_id)
    if found is None:
        raise Http404
    words, problem = request.POST.get("words", ""), None
    if request.method == "POST":
        act = {"explain": outage_services.explain, "settle": outage_services.settle, "withdraw": outage_services.withdraw}.get(
            request.POST.get("do", "")
        )
        if act is None:
            raise BadRequest("no such act")
        problem = _tried(lambda: act(found, words, request.user, request.now))  # type: ignore[attr-defined]
        if problem is None:
            messages.success(request, _("已保存，记入审计"))
            return redirect("monitoring:outage", found.pk)
    acts = _acts(OUTAGE, found.state, outage_services.guards(found, PROBE, request.user))
    context = {
        "outage": found, "first": trouble.first_point(request.user, found),
        "talks": trouble.may_open_device(request.user, found), "acts": acts, "problem": problem, "words": words,
        "cause": outage_notices.CAUSES.get(found.cause, ""), "days": whole("repair_working_days", request.today),  # type: ignore[attr-defined]
        "why_not": "" if acts or found.state == "closed" else _("由所属单位、所在县市区或市级主管处理。"),
    }  # fmt: skip
    return render(request, "monitoring/outage.html", context, status=400 if problem else 200)


#: What a page asks the guards with, which want words.
PROBE = "…"


def _tried(act: Callable[[], None]) -> InputError | None:
    """What was wrong with an act; it is shown beside what was written, which stays."""
    try:
        act()
    except InputError as error:
        return error
    return None


def _acts(machine: Machine, state: str, guards: Guards) -> list[tuple[str, str]]:
    """The verbs that the reader may use now, with their words."""
    found = []
    for verb in machine.allowed(state):
        names = {move.guard for move in machine.moves_of(state, verb)}
        if any(_tried(guards[name]) is None for name in names if name in guards):
            found.append((verb, machine.verbs[verb]))
    return found


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
    """One finding with its evidence and the values that it is about; a post explains, settles or reopens it."""
    found = trouble.finding_of(request.user, finding_id)
    if found is None:
        raise Http404
    words, outcome, problem = request.POST.get("words", ""), request.POST.get("outcome", ""), None
    if request.method == "POST":
        problem = _tried(lambda: _finding_act(found, request, outcome, words))
        if problem is None:
            messages.success(request, _("已保存，记入审计"))
            return redirect("monitoring:finding", found.pk)
    acts = _acts(QUALITY, found.state, finding_services.guards(found, PROBE, request.user))
    window, readings = history.around(found.point_id, found.window_start, found.window_end)
    context = {
        "finding": found, "level": window.level.code, "acts": acts, "problem": problem, "words": words,
        "outcomes": finding_services.OUTCOMES.items() if any(verb == "settle" for verb, _word in acts) else (),
        "outcome": finding_services.OUTCOMES.get(found.outcome, found.outcome), "evidence": found.evidence,
        "compared": found.evidence.get("compared", {}).items(),
        "drawn": drawing.draw(found.point, window, readings, drawing.limits_on(found.point, window), request.now),  # type: ignore[attr-defined]
        "why_not": "" if acts else _("所属单位说明，市级主管核实。"),
    }  # fmt: skip
    return render(request, "monitoring/finding.html", context, status=400 if problem else 200)


def _finding_act(found: QualityFinding, request: HttpRequest, outcome: str, words: str) -> None:
    """The act that the form names."""
    now = request.now  # type: ignore[attr-defined]
    match request.POST.get("do", ""):
        case "explain":
            finding_services.explain(found, words, request.user, now)
        case "settle":
            finding_services.settle(found, outcome, words, request.user, now)
        case "reopen":
            finding_services.reopen(found, words, request.user, now)
        case _:
            raise BadRequest("no such act")


COVERAGE_COLUMNS = (
    Column(gettext_lazy("联网"), "missing"),
    Column(gettext_lazy("单位"), "name"),
    Column(gettext_lazy("为什么应联网"), "kind"),
    Column(gettext_lazy("自"), "since", numeric=True, hide="m"),
    Column(gettext_lazy("监测项目"), "points", numeric=True),
    Column(gettext_lazy("最近来数"), "heard", numeric=True),
    Column(gettext_lazy("传输率"), "rate", numeric=True, hide="m"),
)
_COVERAGE_KEYS = {
    "missing": lambda unit: MISSING_FIRST.index(unit.missing), "name": lambda unit: unit.name, "kind": lambda unit: unit.kind,
    "since": lambda unit: unit.since, "points": lambda unit: unit.points, "heard": lambda unit: unit.last_received_at,
    "rate": lambda unit: unit.rates.completeness,
}  # fmt: skip
#: Who is not connected stands before who is.
MISSING_FIRST = ("no_point", "never", "silent", "")


@login_required
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Who must be connected against who is: by county and reason, and the units, those that are not connected first."""
    form = CoverageFilters(request.GET)
    filters = form.filters()
    today, now = request.today, request.now  # type: ignore[attr-defined]
    found = coverage_of.coverage(request.user, today, now, county=filters.get("county", ""), kind=filters.get("kind", ""))
    units = [unit for unit in found.units if not filters.get("missing") or unit.missing]
    rows = [(line, [(kind.name, found.by_both.get((line.code, kind.code))) for kind in found.by_kind]) for line in found.by_county]
    context = {
        "form": form, "found": found, "rows": rows, "chips": chips(request.GET, form.in_words(filters)),
        "table": table(request, units, COVERAGE_COLUMNS, "missing", keys=_COVERAGE_KEYS),
    }  # fmt: skip
    return render(request, "monitoring/coverage.html", context)
