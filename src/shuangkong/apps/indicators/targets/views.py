"""Pages of targets: the list by plan, one with its path, and changes that one person proposes and another decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.indicators.models import Target
from shuangkong.apps.indicators.targets import charts, paths, selectors, services
from shuangkong.apps.indicators.targets.forms import DecisionForm, NewTargetForm, TargetForm, initial_of
from shuangkong.apps.plans.models import Annex, Plan
from shuangkong.apps.ui.tables import Chip, Column, chips, table
from shuangkong.core.errors import InputError, ShuangkongError

COLUMNS = (
    Column(gettext_lazy("目标")),
    Column(gettext_lazy("谁"), "subject"),
    Column(gettext_lazy("基本目标"), "number", numeric=True),
    Column(gettext_lazy("激励目标"), numeric=True, hide="m"),
    Column(gettext_lazy("现在应达到"), numeric=True),
    Column(gettext_lazy("性质"), "kind", hide="m"),
    Column(gettext_lazy("谁定的、依据"), hide="m"),
)
_KEYS = {
    "subject": lambda line: line.target.subject.position,
    "number": lambda line: line.target.number,
    "kind": lambda line: line.target.kind,
}


@login_required
@require_safe
def targets(request: HttpRequest) -> HttpResponse:
    """The targets of one plan; ``plan``, ``of``, ``indicator``, ``subject`` and ``q`` of the address narrow."""
    asked = selectors.Asked(*(request.GET.get(name, "").strip() for name in ("plan", "of", "indicator", "subject", "q")))
    page = selectors.list_page(request.user, asked, request.today)  # type: ignore[attr-defined]
    context = {
        "page": page, "table": table(request, page.lines, COLUMNS, keys=_KEYS), "scopes": selectors.SCOPES, "chips": _chips(request, page),
    }  # fmt: skip
    return render(request, "indicators/targets/targets.html", context)


def _chips(request: HttpRequest, page: selectors.ListPage) -> list[Chip]:
    asked = page.asked
    indicator = next((i.name for i in page.indicators if i.code == asked.indicator), "")
    subject = next((s.name for s in page.subjects if s.code == asked.subject), "")
    shown = [("of", _("范围"), selectors.SCOPES.get(asked.of, "")), ("indicator", _("指标"), indicator), ("subject", _("地方"), subject)]
    return chips(request.GET, [*shown, ("q", _("文字"), asked.words)])


@login_required
@require_safe
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """One target with its path; ``at`` is the month whose requirement is asked."""
    page = selectors.target_page(request.user, pk, request.GET.get("at", "").strip(), request.today)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    context = {
        "page": page, "target": page.target, "chart": charts.path_chart(page), "trajectory": paths.trajectory_of(page.target),
        "shape": paths.shape_of(page.target), "rows": charts.rows(page),
    }  # fmt: skip
    return render(request, "indicators/targets/target.html", context, status=400 if page.problem and request.GET.get("at") else 200)


def _city_only(request: HttpRequest) -> None:
    """Only the city's people change targets: for all others there is no such page."""
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise Http404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """The form by which a target is changed."""
    standing = selectors.visible(request.user).filter(pk=pk).first()
    if standing is None:
        raise Http404
    _city_only(request)
    years = range(standing.first + 1, standing.last + 1)
    form = TargetForm(request.POST or None, initial=initial_of(standing), years=years)
    return _proposed(request, form, {"target": standing, "plan": standing.plan}, standing)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a target that is not there yet; ``plan`` of the address says of which plan."""
    _city_only(request)
    plan = get_object_or_404(Plan, code=request.GET.get("plan", ""))
    form = NewTargetForm(request.POST or None, plan=plan)
    return _proposed(request, form, {"plan": plan}, None)


def _proposed(request: HttpRequest, form: TargetForm, context: dict[str, Any], standing: Target | None) -> HttpResponse:
    problem = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        indicator, subject = (standing.indicator, standing.subject) if standing else (given["indicator"], given["subject"])
        kept = {"industry": standing.industry, "details": standing.details, "base_year": standing.base_year} if standing else {}
        kept |= {"target_year": standing.target_year, "yearly": standing.yearly, "comparison": standing.comparison} if standing else {}
        try:
            made = services.propose(
                context["plan"], indicator, subject, {**kept, **form.fields_of()}, actor=request.user, document=given["document"],
                reason=given["reason"], today=request.today, target=standing,  # type: ignore[attr-defined]
            )  # fmt: skip
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("已提出，等另一位市级主管确认后生效"))
            return redirect("targets:proposal", made.pk)
    failed = request.method == "POST"
    return render(request, "indicators/targets/propose.html", {**context, "form": form, "problem": problem}, status=400 if failed else 200)


@login_required
@require_safe
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to change, side by side, and who decides."""
    found = selectors.proposal_of(request.user, pk)
    if found is None:
        raise Http404
    mine = found.asked_by_id == request.user.pk
    return render(request, "indicators/targets/proposal.html", {"proposal": found, "changes": charts.changes(found), "mine": mine})


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person confirms or refuses; ``accept`` of the form says which."""
    found = selectors.proposal_of(request.user, pk)
    if found is None:
        raise Http404
    accept = request.POST.get("accept") == "yes"
    try:
        standing = services.decide(found, accept=accept, actor=request.user, now=request.now)  # type: ignore[attr-defined]
    except ShuangkongError as error:
        messages.error(request, str(error))
        return redirect("targets:proposal", pk)
    messages.success(request, _("已确认，目标生效；指标正按新目标重算") if accept else _("已退回，目标不变"))
    return redirect("targets:target", standing.pk) if standing is not None else redirect("targets:proposal", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_annex(request: HttpRequest, pk: int) -> HttpResponse:
    """The decision that opens an annex table to all who sign in."""
    annex = get_object_or_404(Annex.objects.select_related("plan"), pk=pk)
    _city_only(request)
    form, problem = DecisionForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            services.open_annex(annex, **form.cleaned_data, actor=request.user)
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("附件已公开，决定写入审计"))
            return redirect("plan:plan", annex.plan.code)
    return render(request, "indicators/targets/open_annex.html", {"annex": annex, "form": form, "problem": problem})
