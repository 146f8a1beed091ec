"""Carbon: parse the address, read, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shuangkong.apps.cockpit.carbon.page import carbon_page
from shuangkong.apps.cockpit.views import quarter_asked, run_asked
from shuangkong.apps.organisations.models import Subject


@login_required
@require_safe
def carbon(request: HttpRequest, code: str = "") -> HttpResponse:
    """CO2 of the city, or of the county or zone ``code``, at a quarter of a plan."""
    kinds = [Subject.Kind.COUNTY, Subject.Kind.ZONE, Subject.Kind.CITY]
    named = Subject.objects.filter(kind__in=kinds)
    subject = named.filter(code=code).first() if code else named.filter(kind=Subject.Kind.CITY).order_by("position").first()
    if subject is None:
        raise Http404
    asked = (request.GET.get("plan", ""), quarter_asked(request), run_asked(request))
    page = carbon_page(request.user, subject, request.today, *asked)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    return render(request, "cockpit/carbon.html", {"page": page})
