"""The law library: the list, one rule through time, one row, and a place's own row proposed by one person and confirmed by another."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.plans import library
from shuangkong.apps.plans.forms import ProposalForm
from shuangkong.apps.plans.models import LocalRuleRow
from shuangkong.apps.plans.services import confirm_rule, current_rulebook, propose_rule
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.errors import ShuangkongError
from shuangkong.rulebook.parameters import Parameter

COLUMNS = (
    Column(gettext_lazy("规定"), "title"),
    Column(gettext_lazy("现行值"), numeric=True),
    Column(gettext_lazy("来源")),
    Column(gettext_lazy("依据"), "evidence"),
    Column(gettext_lazy("适用"), "from"),
)
_KEYS = {
    "title": lambda entry: entry.parameter.title,
    "evidence": lambda entry: entry.row.evidence if entry.row else None,
    "from": lambda entry: entry.row.applies_from if entry.row else None,
}


@login_required
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Every parameter with its row in force today; ``q``, ``evidence`` and ``domain`` of the address narrow."""
    words, evidence, domain = (request.GET.get(name, "").strip() for name in ("q", "evidence", "domain"))
    found = library.entries(request.today, words, evidence, domain)  # type: ignore[attr-defined]
    rulebook, domains = current_rulebook(), library.domains()
    waiting = library.proposals(request.user)
    active = [("q", _("文字"), words), ("evidence", _("依据"), library.EVIDENCE.get(evidence, evidence))]
    context = {
        "table": table(request, found, COLUMNS, keys=_KEYS), "words": words, "evidence": evidence, "domain": domain,
        "domains": domains, "kinds": library.EVIDENCE, "permissions": library.PERMISSIONS, "rulebook": rulebook, "proposals": waiting,
        "chips": chips(request.GET, [*active, ("domain", _("门类"), dict(domains).get(domain, domain))]),
        "places": library.place_names({rulebook.default_region, *(p.region for p in waiting)}),
    }  # fmt: skip
    return render(request, "plans/rules.html", context)


def _parameter_or_404(name: str) -> Parameter:
    found = library.parameter(name)
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def rule(request: HttpRequest, name: str) -> HttpResponse:
    """One parameter: what is in force, every row by place, declared gaps, the place's own rows and proposals."""
    found = _parameter_or_404(name)
    today = request.today  # type: ignore[attr-defined]
    local = list(library.local_rows(request.user, name))
    region = current_rulebook().default_region
    context = {
        "entry": library.entry(found, today), "parameter": found, "history": library.history(found, today), "local": local,
        "gaps": [(place, gap) for place, gaps in found.gaps.items() for gap in gaps], "permission": library.PERMISSIONS[found.local],
        "places": library.place_names({*found.rows, *found.gaps, found.region, region, *(r.region for r in local)}), "region": region,
    }  # fmt: skip
    return render(request, "plans/rule.html", context)


@login_required
@require_safe
def row(request: HttpRequest, name: str, region: str, row: str) -> HttpResponse:
    """One row with its source, its days, and who entered it when it is the place's own."""
    found = _parameter_or_404(name)
    line = library.row_of(found, region, row, request.today)  # type: ignore[attr-defined]
    if line is None:
        raise Http404
    own = next((r for r in library.local_rows(request.user, name) if r.body.get("row") == row and r.confirmed_at), None)
    context = {"parameter": found, "line": line, "row": line.row, "own": own, "places": library.place_names({region})}
    return render(request, "plans/row.html", context)


def _city_only(request: HttpRequest) -> None:
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise PermissionDenied(_("本地规则由市级主管提出，另一位市级主管确认"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, name: str) -> HttpResponse:
    """The form of a new row; a good one waits for a second person."""
    found = _parameter_or_404(name)
    _city_only(request)
    own = current_rulebook().default_region
    places = library.place_names({own, found.region})
    form = ProposalForm(request.POST or None, parameter=found, places=places, own=own)
    problem = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            today = request.today  # type: ignore[attr-defined]
            propose_rule(name, given["region"], form.body(today), actor=request.user, document=given["number"], today=today)
        except ShuangkongError as error:
            problem = error
        else:
            messages.success(request, _("已提出，等另一位市级主管确认后生效"))
            return redirect("rules:rule", name)
    return render(request, "plans/propose.html", {"parameter": found, "form": form, "problem": problem})


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person puts a proposed row in force."""
    waiting = get_object_or_404(LocalRuleRow.objects.visible_to(request.user), pk=pk)
    _city_only(request)
    try:
        confirm_rule(waiting, actor=request.user, now=request.now)  # type: ignore[attr-defined]
    except ShuangkongError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已确认，从适用日起生效；指标正按新规则重算，进度见后台任务"))
    return redirect("rules:rule", waiting.parameter)
