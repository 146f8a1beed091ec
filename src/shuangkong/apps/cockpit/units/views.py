"""Industries and units, and one unit: parse, read, render. Another's figures that are opened are written down."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shuangkong.apps.audit.services import record
from shuangkong.apps.cockpit.units import selectors
from shuangkong.apps.cockpit.units.metered import opened
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.organisations.models import Subject


@login_required
@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """Industries of high energy consumption, and the key units within reach."""
    lines = selectors.unit_lines(request.user)
    industries = selectors.industry_lines(request.user, lines, request.today)  # type: ignore[attr-defined]
    return render(request, "cockpit/units/units.html", {"lines": lines, "industries": industries})


@login_required
@require_safe
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """One unit. Who is not of the unit itself leaves an entry in the log: single enterprises' data are restricted."""
    page = selectors.unit_page(request.user, code, request.today)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    _note_reading(request, page.subject)
    return render(request, "cockpit/units/unit.html", {"page": page})


@login_required
@require_safe
def metered(request: HttpRequest, code: str, month_id: int) -> HttpResponse:
    """One month of a unit's meters, opened into meters, days and rules."""
    page = selectors.unit_page(request.user, code, request.today)  # type: ignore[attr-defined]
    found = opened(request.user, month_id, page.subject, store()) if page is not None else None
    if page is None or found is None:
        raise Http404
    _note_reading(request, page.subject)
    return render(request, "cockpit/units/metered.html", {"page": page, "opened": found})


def _note_reading(request: HttpRequest, subject: Subject) -> None:
    if subject.pk != request.user.subject_id:  # type: ignore[union-attr]
        with transaction.atomic():
            record("units.unit.read", subject, actor=request.user, subject_id=subject.pk, after={"path": request.path})
