"""Forecasts of all places, one forecast, and asking for new ones."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shuangkong.apps.desk.services.jobs import start
from shuangkong.apps.indicators.forecast import services
from shuangkong.apps.indicators.forecast.pages import forecast_page
from shuangkong.apps.indicators.forecast.selectors import ForecastList


@login_required
@require_safe
def forecasts(request: HttpRequest) -> HttpResponse:
    """All places side by side; ``indicator`` of the address chooses what is forecast."""
    return render(request, "indicators/forecasts.html", {"page": ForecastList(request.user, request.GET.get("indicator", ""))})


@login_required
@require_safe
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    """One forecast: years, interval, methods with their records, what it rests on."""
    page = forecast_page(request.user, pk)
    if page is None:
        raise Http404
    return render(request, "indicators/forecast.html", {"page": page})


@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Have all forecasts made anew in the background; only the city's people."""
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise Http404
    job = start(services.JOB, _("预测"), {}, request.user)
    return redirect("desk:job", job.pk)
