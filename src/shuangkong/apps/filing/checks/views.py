"""Pages of the checks: the catalogue, what was found, one finding; and the decisions about a check."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.filing.checks import selectors, switches
from shuangkong.apps.filing.checks.groups import together
from shuangkong.apps.filing.filters import dress
from shuangkong.apps.filing.models import CheckSwitch, FoundFinding, Suppression
from shuangkong.apps.filing.permissions import reviews_at_all
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.checks import Kind, Outcome, Severity
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms as definitions
from shuangkong.rulebook.checks import catalogue

KINDS = {Kind.COMPLETE: gettext_lazy("全"), Kind.ACCURATE: gettext_lazy("准"), Kind.TRUE: gettext_lazy("真")}
SEVERITIES = {Severity.BLOCKS: gettext_lazy("须改正"), Severity.EXPLAIN: gettext_lazy("须说明"), Severity.NOTICE: gettext_lazy("提示")}
FINDING_COLUMNS = (
    Column(gettext_lazy("单位"), "round__filing__subject__position"),
    Column(gettext_lazy("报表与期别"), "round__filing__period_end"),
    Column(gettext_lazy("检查"), "check_number"),
    Column(gettext_lazy("看到了什么")),
    Column(gettext_lazy("说明"), "explained_at"),
)


class FindingFilterForm(forms.Form):
    """Check, gravity, form, period, subject, explained or not; an empty field does not filter."""

    check = forms.ChoiceField(label=gettext_lazy("检查"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("程度"), required=False, choices=[("", gettext_lazy("全部")), *SEVERITIES.items()])
    form = forms.ChoiceField(label=gettext_lazy("报表"), required=False)
    period = forms.CharField(label=gettext_lazy("期别"), required=False, max_length=20)
    subject = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=60)
    explained = forms.ChoiceField(
        label=gettext_lazy("说明"),
        required=False,
        choices=[("", gettext_lazy("全部")), ("yes", gettext_lazy("已说明")), ("no", gettext_lazy("未说明"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = definitions.current()
        self.fields["form"].choices = [("", _("全部")), *((name, known.newest(name).title) for name in known.ids())]
        self.fields["check"].choices = [("", _("全部")), *((check.number, f"{check.number} {check.title}") for check in catalogue())]
        dress(self)

    def clean_period(self) -> Period | None:
        """The period that was meant."""
        text = self.cleaned_data["period"].strip()
        try:
            return Period.parse(text) if text else None
        except InputError as error:
            raise forms.ValidationError(str(error)) from error

    def filtered(self, found: QuerySet) -> QuerySet:
        """``found`` with the filters that are set; nothing where one is wrong."""
        if not self.is_valid():
            return found.none()
        asked = self.cleaned_data
        wanted = Q()
        for name, field in (("check", "check_number"), ("severity", "severity"), ("form", "round__filing__form_id")):
            wanted &= Q(**{field: asked[name]}) if asked[name] else Q()
        if asked["period"]:
            wanted &= Q(round__filing__period_start__gte=asked["period"].start, round__filing__period_end__lte=asked["period"].end)
        if asked["subject"]:
            wanted &= Q(round__filing__subject__code__iexact=asked["subject"]) | Q(round__filing__subject__name__contains=asked["subject"])
        if asked["explained"]:
            wanted &= Q(explained_at__isnull=asked["explained"] == "no")
        return found.filter(wanted)

    def in_words(self) -> list[tuple[str, object, object]]:
        """For the chips."""
        if not self.is_valid():
            return []
        asked = self.cleaned_data
        chosen = [name for name in ("check", "severity", "form", "explained") if asked[name]]
        words = {name: dict(self.fields[name].choices).get(asked[name], "") for name in chosen}
        words |= {"period": asked["period"].label if asked["period"] else "", "subject": asked["subject"]}
        return [(name, field.label, words.get(name, "")) for name, field in self.fields.items()]


class SuppressionForm(forms.Form):
    """Why a check is not applied to a subject, and until when."""

    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500)
    until = forms.DateField(
        label=gettext_lazy("到哪一天（不含；空着为长期）"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@login_required
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """The catalogue: every check, how often it asked and was answered, and the decisions about it."""
    return _catalogue_page(request)


def _catalogue_page(request: HttpRequest, problem: InputError | None = None) -> HttpResponse:
    context = {
        "entries": selectors.entries(request.user), "decisions": selectors.decisions(request.user),
        "suppressions": selectors.suppressions(request.user), "may_switch": switches.may_switch(request.user), "kinds": KINDS,
        "problem": problem,
    }  # fmt: skip
    return render(request, "filing/checks/checks.html", context, status=400 if problem else 200)


@login_required
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Proposes to switch a check: ``on`` is ``yes`` or ``no``."""
    _require_city(request)
    try:
        switches.propose_switch(number, request.POST.get("on") == "yes", request.POST.get("reason", ""), request.user, now=request.now)
    except InputError as error:
        return _catalogue_page(request, error)
    messages.success(request, _("已提出，等另一位同事决定"))
    return redirect("filing:checks")


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decides about a proposal: ``granted`` is ``yes`` or ``no``."""
    _require_city(request)
    switch = CheckSwitch.objects.visible_to(request.user).filter(pk=pk).first()
    if switch is None:
        raise Http404
    try:
        switches.decide_switch(switch, request.POST.get("granted") == "yes", request.user, now=request.now)
    except InputError as error:
        return _catalogue_page(request, error)
    messages.success(request, _("已决定"))
    return redirect("filing:checks")


def _require_city(request: HttpRequest) -> None:
    if not switches.may_switch(request.user):
        raise Http404


@login_required
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """What the checks found in the returns that one may see."""
    form = FindingFilterForm(request.GET)
    shown = table(request, form.filtered(selectors.findings(request.user)), FINDING_COLUMNS, "-round__filing__period_end")
    context = {"form": form, "table": shown, "chips": chips(request.GET, form.in_words()), "together": _together(request, form)}
    return render(request, "filing/checks/findings.html", context)


def _together(request: HttpRequest, form: FindingFilterForm) -> Outcome | None:
    """With one form and period chosen: what the checks say of all its returns together."""
    asked = form.cleaned_data if form.is_valid() else {}
    return together(request.user, asked["form"], asked["period"]) if asked.get("form") and asked.get("period") else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding; who reviews the form may record that the check is not applied to the subject for a time."""
    found = selectors.findings(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    filing = found.round.filing
    may_suppress = reviews_at_all(filing, request.user) and catalogue().number(found.check_number) is not None
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and not may_suppress:
        raise Http404
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            switches.suppress(
                filing, found.check_number, form.cleaned_data["reason"], request.user, until=form.cleaned_data["until"], now=request.now
            )
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("已记录：这家单位暂不适用这条检查"))
            return redirect("filing:finding", pk)
    record_read(request.user, filing.subject, "filing.filing", origin=request.META.get("REMOTE_ADDR", ""))
    return _finding_page(request, found, form, may_suppress, problem)


def _finding_page(
    request: HttpRequest, found: FoundFinding, form: SuppressionForm, may_suppress: bool, problem: InputError | None
) -> HttpResponse:
    filing = found.round.filing
    definition = filing.form
    records = Suppression.objects.visible_to(request.user).filter(
        subject=filing.subject_id, form_id=filing.form_id, check_number=found.check_number
    )
    context = {
        "finding": found, "filing": filing, "check": catalogue().number(found.check_number), "kinds": KINDS, "form": form,
        "cells": [(definition.title_of(address), found.round.cells.get(address, "")) for address in found.addresses],
        "may_suppress": may_suppress, "suppressions": records.select_related("by"), "problem": problem,
    }  # fmt: skip
    status = 400 if problem or (request.method == "POST" and form.errors) else 200
    return render(request, "filing/checks/finding.html", context, status=status)
