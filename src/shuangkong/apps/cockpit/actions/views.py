"""The key actions: whether each is on time; entering and finishing its items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from shuangkong.apps.cockpit.actions import selectors, services
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans.models import Action, ActionItem, Obligation
from shuangkong.core.errors import InputError

_SELECT, _TEXT = forms.Select({"class": "form-select"}), forms.TextInput({"class": "form-control"})


class ItemForm(forms.Form):
    """A task or project."""

    action = forms.ModelChoiceField(Action.objects.none(), label=gettext_lazy("行动"), widget=_SELECT)
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=ActionItem.Kind.choices, widget=_SELECT)
    title = forms.CharField(label=gettext_lazy("事项"), max_length=120, widget=_TEXT)
    department = forms.ModelChoiceField(Department.objects.all(), label=gettext_lazy("牵头部门"), required=False, widget=_SELECT)
    subject = forms.ModelChoiceField(
        Subject.objects.filter(kind=Subject.Kind.COUNTY), label=gettext_lazy("县市区"), required=False, widget=_SELECT
    )
    obligation = forms.ModelChoiceField(Obligation.objects.none(), label=gettext_lazy("方案任务"), required=False, widget=_SELECT)
    due_on = forms.DateField(label=gettext_lazy("完成时限"), widget=forms.DateInput({"class": "form-control", "type": "date"}))
    source = forms.CharField(label=gettext_lazy("文号"), max_length=120, required=False, widget=_TEXT)

    def __init__(self, *args: Any, plan: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].queryset = Action.objects.filter(plan=plan)
        self.fields["action"].label_from_instance = lambda action: f"{action.number} {action.name}"
        self.fields["obligation"].queryset = Obligation.objects.filter(clause__plan=plan)
        self.fields["obligation"].label_from_instance = lambda obligation: obligation.text


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def actions(request: HttpRequest) -> HttpResponse:
    """Every key action of a plan; the city's people enter items."""
    may = request.user.sees_all  # type: ignore[union-attr]
    if request.method == "POST" and not may:
        raise Http404
    plans = selectors.plans_with_actions()
    plan = next((plan for plan in plans if plan.code == request.GET.get("plan")), plans[0] if plans else None)
    form = ItemForm(request.POST or None, plan=plan) if may and plan else None
    if form is not None and request.method == "POST" and form.is_valid():
        fields = {name: value for name, value in form.cleaned_data.items() if name != "action"}
        services.enter(form.cleaned_data["action"], fields, request.user)
        messages.success(request, _("已录入"))
        return redirect("actions:actions")
    lines = selectors.action_lines(request.user, plan, request.today) if plan else []  # type: ignore[attr-defined]
    context = {"plan": plan, "plans": plans, "lines": lines, "form": form}
    return render(request, "cockpit/actions/actions.html", context, status=400 if form is not None and form.errors else 200)


@login_required
@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Who owes an item, or the city, notes that it is done today."""
    item = get_object_or_404(ActionItem.objects.visible_to(request.user), pk=pk)
    try:
        services.finish(item, request.today, request.user)  # type: ignore[attr-defined]
    except InputError as error:
        messages.error(request, str(error))
    return redirect("actions:actions")
