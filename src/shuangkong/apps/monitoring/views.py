"""Pages of monitoring: incidents, devices, one of each."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from shuangkong.apps.monitoring import selectors
from shuangkong.apps.monitoring.forms import DeviceFilters, DeviceForm, IncidentFilters
from shuangkong.apps.monitoring.frames import open_frame
from shuangkong.apps.monitoring.services import handling, registry
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.monitoring.words import answer_words, kind_of
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.errors import InputError

INCIDENT_COLUMNS = (
    Column(gettext_lazy("异常"), "code"),
    Column(gettext_lazy("设备（报文所称）"), "mn"),
    Column(gettext_lazy("来自地址"), "address"),
    Column(gettext_lazy("次数"), "times", numeric=True),
    Column(gettext_lazy("最近一次"), "last_at", numeric=True),
    Column(gettext_lazy("网关怎样答复"), "answer"),
    Column(gettext_lazy("处理"), "handled_at"),
)
DEVICE_COLUMNS = (
    Column(gettext_lazy("设备"), "name"),
    Column(gettext_lazy("所属单位"), "subject__name"),
    Column(gettext_lazy("连接")),
    Column(gettext_lazy("最近来数"), "last_frame_at", numeric=True),
    Column(gettext_lazy("报文"), "frames", numeric=True, unit=gettext_lazy("条")),
    Column(gettext_lazy("有偏差"), "marked", numeric=True, unit=gettext_lazy("条"), hide="m"),
    Column(gettext_lazy("标准、读法"), "edition", hide="s"),
    Column(gettext_lazy("未处理异常"), "open_incidents", numeric=True),
)


@login_required
@require_safe
def incidents(request: HttpRequest) -> HttpResponse:
    """Incidents, the newest first, at most fifty on a page, and how the gateway stands."""
    form = IncidentFilters(request.GET, codes=selectors.codes_met(request.user))
    filters = form.filters()
    shown = table(request, selectors.incidents(request.user, filters), INCIDENT_COLUMNS, "-last_at")
    rows = [(line, kind_of(line.code), answer_words(line.answer)) for line in shown.page]
    context = {
        "form": form, "table": shown, "rows": rows, "chips": chips(request.GET, form.in_words(filters)), "gateway": _gateway(request),
    }  # fmt: skip
    return render(request, "monitoring/incidents.html", context)


def _gateway(request: HttpRequest) -> selectors.Gateway:
    return selectors.gateway(store(), request.now)  # type: ignore[attr-defined]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident with its frame opened; a post settles it and its like."""
    found = selectors.incident_of(request.user, incident_id)
    if found is None:
        raise Http404
    problem = None
    if request.method == "POST":
        try:
            count = handling.settle(found, request.POST.get("note", ""), request.user, request.now)  # type: ignore[attr-defined]
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("已处理 {count} 条同样的异常").format(count=count))
            return redirect("monitoring:incident", found.pk)
    context = {
        "line": found, "kind": kind_of(found.code), "answer": answer_words(found.answer), "frame": open_frame(found.sample),
        "problem": problem,
    }  # fmt: skip
    return render(request, "monitoring/incident.html", context, status=400 if problem else 200)


@login_required
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """The registered devices with their last contact and counts, at most fifty on a page."""
    form = DeviceFilters(request.GET)
    filters = form.filters()
    context = {
        "form": form, "table": table(request, selectors.devices(request.user, filters), DEVICE_COLUMNS, "name"),
        "chips": chips(request.GET, form.in_words(filters)), "gateway": _gateway(request),
    }  # fmt: skip
    return render(request, "monitoring/devices.html", context)


def _city_only(request: HttpRequest) -> None:
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise PermissionDenied(_("设备由市级主管登记和修改"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form of a new device; ``mn`` in the address fills in what a stranger called itself."""
    _city_only(request)
    form = DeviceForm(request.POST or None, initial={"mn": request.GET.get("mn", "")[:40], "profile": "lenient", "active": True})
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            made = registry.register(form.asked(), request.user, request.now)  # type: ignore[attr-defined]
        except InputError as error:
            problem = error
        else:
            return redirect("monitoring:device", made.pk)
    failed = request.method == "POST"
    return render(request, "monitoring/register.html", {"form": form, "problem": problem}, status=400 if failed else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """One device: what is registered, what was heard, its newest incidents; the city changes it here."""
    found = selectors.device_of(request.user, device_id)
    if found is None:
        raise Http404
    form, failed = None, False
    if request.user.sees_all:  # type: ignore[union-attr]
        form = DeviceForm(request.POST or None, device=found)
    if request.method == "POST":
        _city_only(request)
        if form is not None and form.is_valid():
            registry.change(found, form.asked(), request.user, request.now)  # type: ignore[attr-defined]
            messages.success(request, _("已保存；网关几秒内按新的登记接收"))
            return redirect("monitoring:device", found.pk)
        failed = True
    newest = selectors.incidents(request.user, {}).filter(device=found).order_by("-last_at")[:10]
    context = {
        "device": found, "form": form, "online": found.mn in _gateway(request).online,
        "rows": [(line, kind_of(line.code), answer_words(line.answer)) for line in newest],
    }  # fmt: skip
    return render(request, "monitoring/device.html", context, status=400 if failed else 200)
