"""Pages of points: all sources with their state, one point with its history, gaps and dialogue, and what makes them live."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.monitoring import dialogue, drawing, gap_calendar, history, live, overview, selectors, summary, watching
from shuangkong.apps.monitoring.models import Point
from shuangkong.apps.monitoring.point_forms import SourceFilters, WindowForm
from shuangkong.apps.monitoring.series_words import kind_words, quality_words
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.monitoring.tiles import tiles
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.navigation import exists
from shuangkong.apps.ui.tables import Column, chips, table

SOURCE_COLUMNS = (
    Column(gettext_lazy("状态"), "state"),
    Column(gettext_lazy("监测点"), "name"),
    Column(gettext_lazy("所属单位"), "subject"),
    Column(gettext_lazy("县市区"), "county", hide="m"),
    Column(gettext_lazy("监测项目"), hide="s"),
    Column(gettext_lazy("最近来数"), "heard", numeric=True),
    Column(gettext_lazy("疑点"), "findings", numeric=True),
)
_KEYS = {
    "state": lambda source: overview.STATES.index(source.state), "name": lambda source: source.name,
    "subject": lambda source: source.subject or None, "county": lambda source: source.county_code or None,
    "heard": lambda source: source.heard_at, "findings": lambda source: source.findings,
}  # fmt: skip
MAP = "map.geojson"


def gateway_of(request: HttpRequest) -> selectors.Gateway:
    """How the gateway stands now."""
    return selectors.gateway(store(), request.now)  # type: ignore[attr-defined]


@login_required
@require_safe
def points(request: HttpRequest) -> HttpResponse:
    """All sources that the reader may see: what is wrong first, the map, and the list by its filters."""
    gateway = gateway_of(request)
    found = overview.sources(request.user, gateway, request.now)  # type: ignore[attr-defined]
    form = SourceFilters(request.GET)
    filters = form.filters()
    shown = table(request, overview.filtered(found, filters), SOURCE_COLUMNS, keys=_KEYS)
    context = {
        "form": form, "table": shown, "chips": chips(request.GET, form.in_words(filters)), "gateway": gateway,
        "summary": summary.of(found, request.user), "state": watching.digest(found), "total": len(found),
        "map_address": get_script_prefix() + MAP if exists(MAP) else "",
    }  # fmt: skip
    return render(request, "monitoring/points.html", context)


@login_required
@require_safe
def points_live(request: HttpRequest) -> HttpResponse:
    """Tells the list of sources when the state of one changes."""
    return live.Stream(request, watching.all_sources).response()


def point_or_404(request: HttpRequest, point_id: int) -> Point:
    """One point within the reader's scope."""
    found = selectors.point_of(request.user, point_id)
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def point(request: HttpRequest, point_id: int) -> HttpResponse:
    """One point: what its source reads now, its history, its gaps, and the newest frames."""
    found = point_or_404(request, point_id)
    with history.reader():
        context = _point_context(request, found)
    return render(request, "monitoring/point.html", context)


def _point_context(request: HttpRequest, found: Point) -> dict[str, Any]:
    now = request.now  # type: ignore[attr-defined]
    form = WindowForm(request.GET)
    window = form.window(now, found)
    readings = history.values([found.pk], window)[found.pk]
    limits = drawing.limits_on(found, window)
    beside = overview.siblings(request.user, found.source)
    month = gap_calendar.first_of(request.GET.get("month", ""), request.today)  # type: ignore[attr-defined]
    places = drawing.places_of(readings)
    source = overview.source_of(request.user, found, gateway_of(request), now)
    talks = found.device_id is not None and selectors.device_of(request.user, found.device_id) is not None
    return {
        "point": found, "form": form, "window": window, "limits": limits, "levels": history.LEVELS.values(),
        "drawn": drawing.draw(found, window, readings, limits, now), "source": source,
        "tiles": tiles(beside, now), "beside": beside,
        "newest": [(reading, drawing.number_text(reading.value, places)) for reading in readings[:-15:-1]],
        "month": gap_calendar.month_of(found, month, limits, now), "words": gap_calendar.WORDS, "hours": range(24),
        "is_live": window.level.code == "realtime" and not form.is_dated,
        "talks": talks, "frames": dialogue.dialogue_of(found.device, 6).frames if talks and found.device else [],
    }  # fmt: skip


@login_required
@require_safe
def point_live(request: HttpRequest, point_id: int) -> HttpResponse:
    """Tells the page of a point its new values, and when the state of its source changes."""
    found = point_or_404(request, point_id)
    return live.Stream(request, watching.one_point(found.pk)).response()


def _note_reading(request: HttpRequest, subject: Subject | None, what: str) -> None:
    """Who looks into the frames of a single enterprise that is not theirs stands in the log."""
    if subject is not None:
        record_read(request.user, subject, what, origin=request.META.get("REMOTE_ADDR", ""))


@login_required
@require_safe
def value(request: HttpRequest, point_id: int, kind: str, at_ms: int) -> HttpResponse:
    """One value: all its versions, each with the frame that held it."""
    found = point_or_404(request, point_id)
    versions = history.versions(found, kind, watching.moment(at_ms))
    if not versions:
        raise Http404
    _note_reading(request, found.subject, "monitoring.value")
    places = drawing.places_of([version.reading for version in versions])
    rows = [
        (version, drawing.number_text(version.reading.value, places), drawing.flag_words(version.reading.flag),
         quality_words(version.reading.marks), dialogue.raw_of(version.reading.source))
        for version in versions
    ]  # fmt: skip
    return render(request, "monitoring/value.html", {"point": found, "rows": rows, "at": versions[0].reading.at, "kind": kind_words(kind)})


@login_required
@require_safe
def device_dialogue(request: HttpRequest, device_id: int) -> HttpResponse:
    """What a device and the gateway said to each other of late, each frame opened."""
    found = selectors.device_of(request.user, device_id)
    if found is None:
        raise Http404
    _note_reading(request, found.subject, "monitoring.dialogue")
    context = {"device": found, "dialogue": dialogue.dialogue_of(found), "gateway": gateway_of(request)}
    return render(request, "monitoring/dialogue.html", context)
