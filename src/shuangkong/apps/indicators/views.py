"""The list of indicators, and one through time and across places: parse the address, read, render."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shuangkong.apps.indicators import latest, pages
from shuangkong.apps.indicators.pages import Asked, IndicatorPage
from shuangkong.apps.indicators.revisions import revision_page
from shuangkong.apps.ui.tables import Chip, chips


@login_required
@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    """Every indicator with its newest value for one place; ``subject`` and ``q`` of the address choose."""
    options = latest.places(request.user)
    subject = latest.chosen_place(request.user, options, request.GET.get("subject", ""))
    words = request.GET.get("q", "").strip()
    groups = latest.latest_by_family(request.user, subject, words)
    active = chips(request.GET, [("q", _("文字"), words)])
    context = {"groups": groups, "places": options, "subject": subject, "words": words, "chips": active}
    return render(request, "indicators/indicators.html", context)


@login_required
@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """One indicator; plan, period, place, basis, lens and the day known stand in the address."""
    asked = asked_of(request.GET)
    known_wrong = bool(request.GET.get("known_on")) and asked.known_on is None
    if asked.known_on is not None and asked.known_on > request.today:  # type: ignore[attr-defined]
        asked, known_wrong = asked_of({**request.GET.dict(), "known_on": ""}), True
    page = pages.indicator_page(request.user, code, asked, request.now)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    context = {
        "page": page, "chips": _chips(request, page), "known_wrong": known_wrong, "lens_words": pages.LENSES, "basis_words": pages.BASES,
        "release_words": pages.RELEASES,
    }  # fmt: skip
    return render(request, "indicators/indicator.html", context)


@login_required
@require_safe
def revisions(request: HttpRequest) -> HttpResponse:
    """What a computation changed; ``run`` of the address chooses it."""
    page = revision_page(request.user, request.GET.get("run", ""))
    words = {"lens_words": pages.LENSES, "basis_words": pages.BASES, "release_words": pages.RELEASES}
    return render(request, "indicators/revisions.html", {"page": page, **words})


def asked_of(query: Mapping[str, Any]) -> Asked:
    """What an address asks for; a day that cannot be read is none."""
    names = ("plan", "period", "subject", "basis", "lens")
    known_on, treatment = _day(str(query.get("known_on", ""))), str(query.get("treatment", ""))
    return Asked(*(str(query.get(name, "")) for name in names), known_on=known_on, treatment=treatment)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _chips(request: HttpRequest, page: IndicatorPage) -> list[Chip]:
    asked = page.asked
    shown = [
        ("plan", _("方案"), page.plan.period_name if asked.plan and page.plan else ""),
        ("period", _("期别"), page.period.label if asked.period and page.period else ""),
        ("subject", _("地方"), page.subject.name if asked.subject and page.subject else ""),
        ("basis", _("口径"), pages.BASES.get(asked.basis, "") if asked.basis else ""),
        ("treatment", _("毛口径或考核口径"), _("考核口径") if asked.treatment == "assessed" else ""),
        ("lens", _("来源"), pages.LENSES.get(asked.lens, "")),
        ("known_on", _("截至某日所知"), asked.known_on or ""),
    ]
    return chips(request.GET, shown)
