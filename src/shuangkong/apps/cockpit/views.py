"""The cockpit and the pages of counties: parse the address, read, render."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_http_date_safe

from shuangkong.apps.cockpit import searching, selectors, statements
from shuangkong.apps.cockpit.county import county_page
from shuangkong.apps.cockpit.overview import Overview, inbox, number_of, overview
from shuangkong.apps.indicators.explanation import explain
from shuangkong.apps.indicators.models import Run, Value
from shuangkong.apps.indicators.selectors import run_for
from shuangkong.apps.indicators.tables import line_at
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.tables import Column, Table, chips, table
from shuangkong.apps.ui.words import said_lazy as _
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

_LIST = (
    Column(_("国家"), "national"),
    Column(_("市"), "city_scheme"),
    Column(_("县市区"), "name"),
    Column(_("累计降低率"), "decline", numeric=True, unit="%"),
    Column(_("应达到"), "required", numeric=True, unit="%", hide="s"),
    Column(_("差距"), "gap", numeric=True, unit=_("百分点")),
    Column(_("本年"), "change", numeric=True),
)
#: When the plan is over: whether the target was met, then the level of its last year.
_RESULTS = (Column(_("结果"), "result"), Column(_("末年等级"), "national"), *_LIST[2:])
_KEYS: dict[str, Any] = {
    "result": lambda row: number_of(row.gap),
    "name": lambda row: row.subject.position,
    **{name: (lambda row, name=name: number_of(getattr(row, name))) for name in ("decline", "required", "gap", "change")},
    **{name: (lambda row, name=name: severity_of(getattr(row, name))) for name in ("national", "city_scheme")},
}


def severity_of(value: Any) -> int | None:
    """The severity of a level, None when there is none."""
    return value.severity if value is not None else None


@login_required
def cockpit(request: HttpRequest) -> HttpResponse:
    """The cockpit of a plan at a quarter: what is wrong, where, what must I do."""
    page = _asked(request)
    if page is None:
        return render(request, "cockpit/empty.html", {"error": InputError(_("还没有装入方案"), do=_("请系统管理员装入城市数据包"))})
    items, counted = inbox(request.user)
    context = {
        "page": page,
        "statement": statements.of_overview(page),
        "table": _county_table(request, page),
        "inbox": items,
        "chips": _chips(request, page),
        "place_name": page.city.subject.name if page.city else "",
        "inbox_count": counted,
    }
    return render(request, "cockpit/cockpit.html", context)


def _asked(request: HttpRequest) -> Overview | None:
    run = run_asked(request)
    return overview(request.user, request.today, request.GET.get("plan", ""), quarter_asked(request), run)  # type: ignore[attr-defined]


def run_asked(request: HttpRequest) -> Run | None:
    """The run as known on the day that the address names (``known_on=2026-05-01``); None for now.

    The city's people have it computed when it is not there; others read what is.

    Raises:
        InputError: nobody has had that day computed yet.
    """
    try:
        day = date.fromisoformat(request.GET.get("known_on", ""))
    except ValueError:
        return None
    if day >= request.today:  # type: ignore[attr-defined]
        return None
    if request.user.sees_all:  # type: ignore[union-attr]
        return run_for(day, now=request.now, actor=request.user)  # type: ignore[attr-defined]
    kept = selectors.kept_run(day)
    if kept is None:
        why, do = _("按这一天所知的数还没有算过"), _("请市级主管部门先打开这一天，或换一天")
        raise InputError(_("看不了%(day)s") % {"day": day.isoformat()}, why=why, do=do)
    return kept


def quarter_asked(request: HttpRequest) -> date | None:
    """The end of the quarter that the address names (``2026Q3``); None when it names none that can be read."""
    try:
        period = Period.parse(request.GET.get("period", ""))
    except InputError:
        return None
    return period.end


def _county_table(request: HttpRequest, page: Overview) -> Table:
    return table(request, page.counties, _RESULTS if page.closed else _LIST, keys=_KEYS)


def _chips(request: HttpRequest, page: Overview) -> list[Any]:
    named = request.GET.get("plan") and page.plan.period_name
    quarter = quarter_label(page.moment.end) if page.moment and request.GET.get("period") else ""
    known = page.moment.run.known_on if page.moment and page.moment.run else ""
    return chips(request.GET, [("plan", _("方案期"), named), ("period", _("截至"), quarter), ("known_on", _("按某日所知"), known)])


def quarter_label(end: date) -> str:
    """2026年三季度, from the first day after it."""
    last = end - timedelta(days=1)
    return Period.quarter(last.year, (last.month + 2) // 3).label


@login_required
def map_shapes(request: HttpRequest) -> HttpResponse | FileResponse:
    """The schematic map of the installed pack; 404 when it has none."""
    path = settings.PACKS_DIR / settings.PACK / "map.geojson"
    if not path.is_file():
        raise Http404
    changed = int(path.stat().st_mtime)
    if changed <= (parse_http_date_safe(request.headers.get("If-Modified-Since", "")) or 0):
        return HttpResponse(status=304)
    answer = FileResponse(path.open("rb"), content_type="application/geo+json")
    answer["Last-Modified"] = http_date(changed)
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@login_required
def counties(request: HttpRequest) -> HttpResponse:
    """All counties side by side; zones in a table of their own."""
    page = _asked(request)
    if page is None:
        raise Http404
    return render(request, "cockpit/counties.html", {"page": page, "table": _county_table(request, page), "chips": _chips(request, page)})


@login_required
def county(request: HttpRequest, code: str) -> HttpResponse:
    """One county or zone: why its figure is what it is, and how far it is from the path."""
    subject = get_object_or_404(Subject, code=code, kind__in=[Subject.Kind.COUNTY, Subject.Kind.ZONE, Subject.Kind.CITY])
    asked = (request.GET.get("plan", ""), quarter_asked(request), run_asked(request))
    page = county_page(request.user, subject, request.today, *asked)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    result = statements.of_county_result(page.row, page.plan.period_name, page.target) if page.closed else None
    statement = result or statements.of_county(page.row, page.plan.period_name, page.target is not None or not page.reached, page.unfiled)
    return render(request, "cockpit/county.html", {"page": page, "statement": statement})


#: What the person reads of a value's key.
_FACTS = {
    "equivalent": _("等价值"), "calorific": _("当量值"), "gross": _("毛口径"), "assessed": _("考核口径"), "published": _("统计局公布"),
    "issued": _("上级核定"), "reported": _("本级填报"), "preliminary": _("初步核算"), "verified": _("初步核实"), "final": _("最终核实"),
    "census": _("普查修订"),
}  # fmt: skip


@login_required
def explain_value(request: HttpRequest, pk: int, line: int | None = None) -> HttpResponse:
    """One figure, or one line of a table, opened one level: beside the page that asked (HTMX), or as a page of its own."""
    rows = Value.objects.visible_to(request.user).select_related("indicator", "subject", "run", "rule_set")
    value = get_object_or_404(rows, pk=pk)
    if line is not None and (value := line_at(value, line)) is None:
        raise Http404
    facts = [_FACTS[part] for part in (value.basis, value.treatment, value.lens, value.release) if part in _FACTS]
    template = "cockpit/partials/explanation.html" if request.htmx else "cockpit/explain.html"  # type: ignore[attr-defined]
    answer = render(request, template, {"told": explain(request.user, value), "facts": facts})
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """What bears a name or holds a word: places, indicators, clauses, calculators."""
    words = request.GET.get("q", "").strip()
    return render(request, "cockpit/search.html", {"words": words, "groups": searching.find(words, request.user)})
