"""The national series: read, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shuangkong.apps.cockpit.nation.page import national_page


@login_required
@require_safe
def series(request: HttpRequest) -> HttpResponse:
    """Year by year what the bureau published, what the growths give, and where the definition changed."""
    return render(request, "cockpit/nation.html", {"page": national_page(request.user)})
