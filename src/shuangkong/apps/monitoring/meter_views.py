"""Pages of meters: the list, one meter with its terms, registration, exchange, virtual meters, who may send readings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.monitoring.meter_forms import EnergyUserForm, ExchangeForm, MeterFilters, MeterForm, VirtualForm
from shuangkong.apps.monitoring.models import EnergyUser, Meter, MeterTerm, Point, VirtualMeter
from shuangkong.apps.monitoring.services import metering
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.errors import InputError

COLUMNS = (
    Column(gettext_lazy("表计"), "name"),
    Column(gettext_lazy("用能单位"), "subject__name"),
    Column(gettext_lazy("品种与用途"), "product"),
    Column(gettext_lazy("上传的数"), "kind", hide="s"),
    Column(gettext_lazy("倍率"), numeric=True),
    Column(gettext_lazy("计入总量"), "counted", hide="m"),
)


def _visible(user: Any, filters: dict[str, str]) -> QuerySet[Meter]:
    found = Meter.objects.visible_to(user).select_related("subject").prefetch_related("terms")
    if words := filters.get("q"):
        found = found.filter(Q(name__icontains=words) | Q(key__icontains=words) | Q(subject__name__icontains=words))
    states = {"off": Q(active=False), "register": Q(kind="register"), "interval": Q(kind="interval")}
    return found.filter(states[filters["state"]]) if filters.get("state") in states else found


def _labels() -> dict[str, str]:
    return {product.code: product.label for product in current_rulebook().products}


@login_required
@require_safe
def meters(request: HttpRequest) -> HttpResponse:
    """The meters within reach, with what each measures and its present multiplier."""
    form = MeterFilters(request.GET)
    filters = form.filters()
    shown = table(request, _visible(request.user, filters), COLUMNS, "subject__name")
    labels = _labels()
    rows = [(meter, labels.get(meter.product, meter.product), list(meter.terms.all())[-1:]) for meter in shown.page]
    virtual = VirtualMeter.objects.visible_to(request.user).select_related("subject").prefetch_related("parts__meter")
    context = {
        "form": form, "table": shown, "rows": rows, "chips": chips(request.GET, form.in_words(filters)),
        "virtual": [(each, labels.get(each.product, each.product)) for each in virtual[:100]],
    }  # fmt: skip
    return render(request, "monitoring/meters.html", context)


def _city_only(request: HttpRequest) -> None:
    if not request.user.sees_all:  # type: ignore[union-attr]
        raise PermissionDenied(_("表计由市级主管登记和修改"))


def _page(request: HttpRequest, title: str, form: Any, problem: InputError | None, **more: Any) -> HttpResponse:
    status = 400 if request.method == "POST" else 200
    context = {"title": title, "form": form, "problem": problem, **more}
    return render(request, "monitoring/meter_form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form of a new meter."""
    _city_only(request)
    form = MeterForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            made = metering.register_meter(form.asked(), request.user)
        except InputError as error:
            problem = error
        else:
            return redirect("monitoring:meter", made.pk)
    return _page(request, _("登记表计"), form, problem)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def virtual(request: HttpRequest) -> HttpResponse:
    """The form of a new virtual meter."""
    _city_only(request)
    form = VirtualForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            metering.register_virtual(said["subject"], said["name"], said["weights"], request.user, counted=said["counted"])
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("已登记虚拟表计"))
            return redirect("monitoring:meters")
    return _page(request, _("登记虚拟表计"), form, problem)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    """Who may send readings; a key is shown once."""
    _city_only(request)
    form = EnergyUserForm(request.POST or None)
    known = EnergyUser.objects.visible_to(request.user).select_related("subject")
    shown: dict[str, Any] = {}
    problem = None
    if request.method == "POST" and form.is_valid():
        subject = form.cleaned_data["subject"]
        found = known.filter(subject=subject).first()
        if form.cleaned_data["do"] == "close":
            if found is not None:
                metering.close_user(found, request.user)
            return redirect("monitoring:energy_users")
        made, secret = metering.register_user(subject, request.user)
        shown = {"made": made, "secret": secret}
    if shown:
        return render(request, "monitoring/energy_users.html", {"form": EnergyUserForm(), "users": known, **shown})
    context = {"form": form, "users": known, "problem": problem}
    return render(request, "monitoring/energy_users.html", context, status=400 if request.method == "POST" else 200)


def _meter_of(request: HttpRequest, meter_id: int) -> Meter:
    found = Meter.objects.visible_to(request.user).select_related("subject").filter(pk=meter_id).first()  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meter(request: HttpRequest, meter_id: int) -> HttpResponse:
    """One meter: what is registered, its terms; the city changes it, and whoever it belongs to tells of its exchange."""
    found = _meter_of(request, meter_id)
    form, problem = None, None
    if request.user.sees_all:  # type: ignore[union-attr]
        form = MeterForm(request.POST or None, meter=found)
    if request.method == "POST":
        _city_only(request)
        if form is not None and form.is_valid():
            try:
                metering.change_meter(found, form.asked(), request.user, request.now)  # type: ignore[attr-defined]
            except InputError as error:
                problem = error
            else:
                messages.success(request, _("已保存；有关月份的用量会重新计算"))
                return redirect("monitoring:meter", found.pk)
    return _shown(request, found, form, ExchangeForm() if metering.may_exchange(request.user, found) else None, problem)


def _shown(request: HttpRequest, found: Meter, form: Any, exchange_form: Any, problem: InputError | None) -> HttpResponse:
    terms = MeterTerm.objects.filter(meter=found).select_related("entered_by").order_by("-starts_at")
    point = Point.objects.visible_to(request.user).filter(pk=found.point).first()  # type: ignore[arg-type]
    label = _labels().get(found.product, found.product)
    context = {
        "meter": found, "form": form, "exchange": exchange_form, "terms": terms, "point": point, "product": label, "problem": problem,
    }  # fmt: skip
    return render(request, "monitoring/meter.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_POST
def exchange(request: HttpRequest, meter_id: int) -> HttpResponse:
    """Tells that the meter was exchanged."""
    found = _meter_of(request, meter_id)
    if not metering.may_exchange(request.user, found):
        raise PermissionDenied(_("换表由用能单位或市级主管登记"))
    form, problem = ExchangeForm(request.POST), None
    if form.is_valid():
        try:
            metering.exchange(found, form.act(), request.user, request.now)  # type: ignore[attr-defined]
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("已登记换表；有关月份的用量会重新计算"))
            return redirect("monitoring:meter", found.pk)
    city_form = MeterForm(meter=found) if request.user.sees_all else None  # type: ignore[union-attr]
    return _shown(request, found, city_form, form, problem)
