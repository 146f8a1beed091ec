"""Pages of decompositions: versions, one version with its task and result, figures of the counties, quality of air and water."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.indicators.decomposition import reading, selectors, services
from shuangkong.apps.indicators.decomposition.schemes import INPUTS, RATE, SCHEMES
from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.organisations.selectors import city
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError


@login_required
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """The versions of one plan by indicator; ``plan`` of the address says of which."""
    page = selectors.list_page(request.user, request.GET.get("plan", ""), request.today)  # type: ignore[attr-defined]
    return render(request, "indicators/decomposition/versions.html", {"page": page})


def _city_only(request: HttpRequest) -> None:
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise Http404


def _whole(text: str) -> int | None:
    """A number that a form carries along; 0 for none, None for what is no number."""
    return int(text or 0) if len(text) < 10 and (not text or (text.isascii() and text.isdigit())) else None


@login_required
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """A new version: of a plan and an indicator, or ``like`` another one."""
    _city_only(request)
    plan = get_object_or_404(Plan.objects.select_related("subject"), code=request.POST.get("plan", ""))
    indicator = get_object_or_404(Indicator, code=request.POST.get("indicator", ""))
    asked = _whole(request.POST.get("like", ""))
    if asked is None:
        raise Http404
    like = selectors.visible(request.user).filter(plan=plan, indicator=indicator, pk=asked).first()
    try:
        made = services.begin(plan, indicator, actor=request.user, today=request.today, like=like)  # type: ignore[attr-defined]
    except InputError as error:
        messages.error(request, str(error))
        return redirect("decomposition:versions")
    return redirect("decomposition:version", made.pk)


def _page_or_404(request: HttpRequest, pk: int) -> selectors.VersionPage:
    page = selectors.version_page(request.user, pk)
    if page is None:
        raise Http404
    return page


def _shown(request: HttpRequest, page: selectors.VersionPage, problem: Any = None, status: int = 200) -> HttpResponse:
    kinds = [INPUTS[key] for key in page.scheme.inputs]
    context = {"page": page, "version": page.version, "kinds": kinds, "rate": page.scheme.kind == RATE, "problem": problem}
    return render(request, "indicators/decomposition/version.html", context, status=status)


@login_required
@require_safe
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: for the city's people with its task, for a county its own share and why."""
    return _shown(request, _page_or_404(request, pk))


@login_required
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps the task and solves it again; a wrong cell is named and nothing is kept."""
    page = _page_or_404(request, pk)
    _city_only(request)
    found, query = page.version, request.POST
    try:
        asked = reading.asked_of(query, selectors.regions_of(found), page.scheme, date.fromisoformat(found.asked["on"]))
        revision = _whole(query.get("revision", ""))
        if revision is None:
            raise InputError(_("请求读不懂"), where="revision", do=_("刷新页面再试"))
        services.save(found, asked, revision=revision, note=query.get("note", "")[:200], actor=request.user)
    except InputError as error:
        return _shown(request, _page_or_404(request, pk), error, 400)
    return redirect("decomposition:version", pk)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Submit, return or publish."""
    found = _page_or_404(request, pk).version
    _city_only(request)
    now, today = request.now, request.today  # type: ignore[attr-defined]
    try:
        if verb == "submit":
            services.submit(found, actor=request.user, now=now, today=today)
        elif verb == "return":
            services.return_(found, actor=request.user, now=now, reason=request.POST.get("reason", ""))
        elif verb == "publish":
            services.publish(found, actor=request.user, now=now, document=request.POST.get("document", ""))
        else:
            raise Http404
    except InputError as error:
        return _shown(request, _page_or_404(request, pk), error, 400)
    words = {"submit": _("已提交，等另一位市级主管确认"), "return": _("已退回"), "publish": _("已发布，分解结果成为各县市区目标")}
    messages.success(request, words[verb])
    return redirect("decomposition:version", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inputs(request: HttpRequest) -> HttpResponse:
    """The figures that decompositions rest on: a county states its own growth, the city's people the others."""
    code = request.GET.get("plan", "")
    page = selectors.input_page(request.user, code, request.today)  # type: ignore[attr-defined]
    problem = None
    if request.method == "POST":
        if page.plan is None or not page.lines:
            raise Http404
        try:
            count = _state(request, page)
            messages.success(request, _("已保存%(n)d个数") % {"n": count} if count else _("没有改动"))
            return redirect(f"{request.path}?plan={page.plan.code}")
        except InputError as error:
            problem = error
    context = {"page": page, "problem": problem}
    return render(request, "indicators/decomposition/inputs.html", context, status=400 if problem else 200)


@transaction.atomic
def _state(request: HttpRequest, page: selectors.InputPage) -> int:
    """Keeps every cell that differs; all or none."""
    assert page.plan is not None
    known = {s.code: (s, {cell.kind.key: cell.row for cell in cells}) for s, cells in page.lines}
    source, count = request.POST.get("source", "").strip()[:120], 0
    for code, key, value in reading.figures_of(request.POST, known):
        subject, cells = known[code]
        row = cells[key]
        if row is None or row.value != value:
            services.state_input(page.plan, subject, key, value, actor=request.user, source=source)
            count += 1
    return count


@login_required
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """PM2.5, ozone and water sections by county; ``year`` of the address."""
    page = selectors.quality_page(request.user, city(), request.GET.get("year", ""), request.today)  # type: ignore[attr-defined]
    return render(request, "indicators/decomposition/quality.html", {"page": page, "pollutants": [s for s in SCHEMES.values() if s.task]})
