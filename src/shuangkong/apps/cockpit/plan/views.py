"""The plan and its clauses: parse the address, read, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shuangkong.apps.cockpit.plan import selectors
from shuangkong.apps.ui.tables import Chip, chips


@login_required
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan with its targets; the newest first."""
    year = request.today.year  # type: ignore[attr-defined]
    return render(request, "cockpit/plan/plans.html", {"lines": selectors.plan_list(request.user), "year": year})


@login_required
@require_safe
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """One plan by clause; ``department``, ``role`` and ``q`` of the address narrow the clauses."""
    asked = {name: request.GET.get(name, "") for name in ("department", "role", "q")}
    page = selectors.plan_page(request.user, code, request.today.year, asked)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    context = {"page": page, "chips": _chips(request, page.filters), "roles": selectors.role_words()}
    return render(request, "cockpit/plan/plan.html", context)


def _chips(request: HttpRequest, filters: selectors.Filters) -> list[Chip]:
    role = selectors.role_words().get(filters.role, "")
    return chips(request.GET, [("department", _("部门"), filters.department), ("role", _("职责"), role), ("q", _("文字"), filters.words)])
