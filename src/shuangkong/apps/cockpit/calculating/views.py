"""The list of calculators, and one with its form and result."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shuangkong.apps.cockpit.calculating import results
from shuangkong.apps.cockpit.calculating.forms import MOST_ROWS, CalculatorForm, example_address
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.calculators import CALCULATORS, get
from shuangkong.core.errors import InputError

DOMAINS = {"energy": _("能耗"), "warning": _("预警"), "carbon": _("碳排放"), "telemetry": _("自动监测")}


@login_required
@require_safe
def calculators(request: HttpRequest) -> HttpResponse:
    """Every calculator by domain; ``q`` of the address narrows by title, id or basis."""
    words = request.GET.get("q", "").strip().lower()
    asked = [c for c in CALCULATORS if words in f"{c.id} {c.title_zh} {c.title_en} {' '.join(c.basis)}".lower()]
    groups = [(DOMAINS.get(domain, domain), list(found)) for domain, found in groupby(asked, key=lambda c: c.id.partition(".")[0])]
    return render(request, "cockpit/calculating/calculators.html", {"groups": groups, "words": request.GET.get("q", "")})


@login_required
@require_safe
def calculator(request: HttpRequest, calculator_id: str) -> HttpResponse:
    """One calculator: the form as the address fills it, and with ``run`` its result."""
    try:
        found = get(calculator_id)
    except InputError:
        raise Http404 from None
    rulebook = current_rulebook()
    form = CalculatorForm(found, request.GET.dict())
    if request.GET.get("run"):
        form.run(request.today, rulebook)  # type: ignore[attr-defined]
    context: dict[str, Any] = {"calculator": found, "form": form, "example": example_address(found), "most_rows": MOST_ROWS}
    context["suggestions"] = {name: [product.label for product in rulebook.products] for name in ("product", "fuel")}
    context["region"] = rulebook.default_region
    if form.result is not None:
        lines, lists = results.outputs(found, form.result["outputs"])
        context |= {"result": form.result, "lines": lines, "lists": lists, "steps": results.steps(form.result["trace"])}
        context["json"] = json.dumps(form.result["outputs"], ensure_ascii=False, indent=2)
    return render(request, "cockpit/calculating/calculator.html", context)
