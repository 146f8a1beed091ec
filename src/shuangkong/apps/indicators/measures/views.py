"""Gaps of the counties, the choice that closes one, kept versions and the library: parse, call, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.indicators.measures import selectors, services
from shuangkong.apps.indicators.measures.forms import AskedForm, MeasureForm
from shuangkong.apps.indicators.measures.models import ControlMeasure
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.errors import InputError
from shuangkong.core.measures import Limits


@login_required
@require_safe
def measures(request: HttpRequest) -> HttpResponse:
    """Every county with its gap; ``year`` of the address chooses the year-end."""
    usual = services.usual_year(request.today)  # type: ignore[attr-defined]
    years = [request.today.year + step for step in range(5)]  # type: ignore[attr-defined]
    asked = request.GET.get("year", "")
    year = int(asked) if asked in map(str, years) else usual
    context = {"lines": selectors.county_lines(request.user, year), "year": year, "years": years}
    return render(request, "indicators/measures/measures.html", context)


def _county(request: HttpRequest, code: str) -> Subject:
    """A county within the reader's reach."""
    subject = get_object_or_404(Subject, code=code, kind=Subject.Kind.COUNTY)
    if not request.user.reaches(subject.pk):  # type: ignore[union-attr]
        raise Http404
    return subject


def _asked(request: HttpRequest, data: Any, years: list[int]) -> tuple[AskedForm, services.Asked | None]:
    usual = services.usual_year(request.today)  # type: ignore[attr-defined]
    given = {name: data.get(name, "") for name in ("year", "side", "cost", "gdp")}
    given["year"] = given["year"] or (usual if usual in years else years[0] if years else "")
    given["side"] = given["side"] or "point"
    form = AskedForm(given, years=years)
    if not form.is_valid():
        return form, None
    found: dict[str, Any] = form.cleaned_data
    return form, services.Asked(found["year"], found["side"], Limits(found["cost"], found["gdp"]))


@login_required
@require_safe
def county(request: HttpRequest, code: str) -> HttpResponse:
    """The choice for one county, as the address asks."""
    subject = _county(request, code)
    years = selectors.years_of(request.user, subject)
    form, asked = _asked(request, request.GET, years)
    drawn, problem = None, None
    if asked is not None:
        try:
            drawn = services.draw_up(request.user, subject, asked, request.today)  # type: ignore[attr-defined]
        except InputError as error:
            problem = error
    context = {
        "subject": subject, "form": form, "drawn": drawn, "result": services.frozen(drawn) if drawn else None, "problem": problem,
        "versions": selectors.versions(request.user, subject), "years": years,
    }  # fmt: skip
    wrong = bool(years) and (problem is not None or asked is None)
    return render(request, "indicators/measures/county.html", context, status=400 if wrong else 200)


@login_required
@require_POST
def keep(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the choice as it would be drawn up now."""
    if request.user.role == User.Role.READER:  # type: ignore[union-attr]
        raise Http404
    subject = _county(request, code)
    _form, asked = _asked(request, request.POST, selectors.years_of(request.user, subject))
    try:
        if asked is None:
            raise InputError(_("填的数不对"), do=_("核对年末和限额"))
        drawn = services.draw_up(request.user, subject, asked, request.today)  # type: ignore[attr-defined]
    except InputError as error:
        messages.error(request, str(error))
        return redirect("measures:county", code)
    kept = services.keep(drawn, note=request.POST.get("note", "").strip(), actor=request.user)
    messages.success(request, _("已保存为第%(n)d版，等市级主管部门决定") % {"n": kept.version})
    return redirect("measures:plan", kept.pk)


@login_required
@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One kept version, as it was."""
    found = selectors.plan_of(request.user, pk)
    if found is None:
        raise Http404
    return render(request, "indicators/measures/plan.html", {"plan": found, "result": found.result, "subject": found.subject})


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt or reject a kept version; ``adopt`` of the form says which."""
    found = selectors.plan_of(request.user, pk)
    if found is None or not request.user.sees_all:  # type: ignore[union-attr]
        raise Http404
    adopt, document = request.POST.get("adopt") == "yes", request.POST.get("document", "").strip()
    try:
        services.decide(found, adopt=adopt, document=document, actor=request.user, now=request.now)  # type: ignore[attr-defined]
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已采用") if adopt else _("已记为不采用"))
    return redirect("measures:plan", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def library(request: HttpRequest) -> HttpResponse:
    """The library; the city's people enter a measure."""
    may = request.user.sees_all  # type: ignore[union-attr]
    if request.method == "POST" and not may:
        raise Http404
    bases = selectors.bases(request.today)  # type: ignore[attr-defined]
    rules = [(basis.parameter, basis.title) for basis in bases]
    counties = list(Subject.objects.filter(kind=Subject.Kind.COUNTY)) if may else []
    form = MeasureForm(request.POST or None, counties=counties, rules=rules, initial={"units": 1, "delay_months": 0}) if may else None
    if form is not None and request.method == "POST" and form.is_valid():
        if ControlMeasure.objects.unscoped("a code is taken once").filter(code=form.cleaned_data["code"]).exists():
            form.add_error("code", _("已有这个代码；换一个，或先停用原来的"))
        else:
            services.put_measures([form.row()], actor=request.user)
            messages.success(request, _("已登记"))
            return redirect("measures:library")
    context = {"measures": selectors.library(request.user), "form": form, "bases": {basis.parameter: basis for basis in bases}}
    return render(request, "indicators/measures/library.html", context, status=400 if form is not None and form.errors else 200)


@login_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a measure out of the library."""
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise Http404
    found = get_object_or_404(ControlMeasure.objects.visible_to(request.user), pk=pk)
    services.close(found, actor=request.user, today=request.today)  # type: ignore[attr-defined]
    messages.success(request, _("已停用，保存过的方案不变"))
    return redirect("measures:library")


