"""Pages of one's reminders and of the calendar of working days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from shuangkong.apps.desk.models import Reminder, ReminderSetting, Workday, WorkdayYear
from shuangkong.apps.desk.services import calendar
from shuangkong.apps.desk.services import reminders as services
from shuangkong.apps.desk.webhooks import listed
from shuangkong.apps.desk.workdays import known_to_library, workdays
from shuangkong.core.errors import InputError

_TEXT = {"class": "form-control", "autocomplete": "off"}
_SHOWN = 20
_YEARS_BACK, _YEARS_AHEAD = 2, 3


class SettingForm(forms.Form):
    """How one wants to be reminded."""

    email = forms.EmailField(label=gettext_lazy("电子邮箱"), required=False, max_length=254, widget=forms.EmailInput(_TEXT))
    by_mail = forms.BooleanField(label=gettext_lazy("用邮件提醒"), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("群机器人"), required=False, choices=[("", gettext_lazy("不用")), *ReminderSetting.Kind.choices],
        widget=forms.Select({"class": "form-select"}),
    )  # fmt: skip
    url = forms.CharField(
        label=gettext_lazy("webhook 地址"), required=False, max_length=500, widget=forms.TextInput(_TEXT),
        help_text=gettext_lazy("从群机器人的设置里整段复制；保存后不再显示，留空为不改"),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest) -> HttpResponse:
    """One's settings and the last reminders."""
    user: Any = request.user
    setting = ReminderSetting.objects.visible_to(user).first() or ReminderSetting(user=user)
    initial = {"email": user.email, "by_mail": setting.by_mail, "kind": setting.webhook_kind}
    form, problem = SettingForm(request.POST or None, initial=initial), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        url = "" if not given["kind"] else given["url"].strip() or None
        try:
            services.set_up(user, email=given["email"], by_mail=given["by_mail"], kind=given["kind"], url=url)
        except InputError as error:
            problem = error
        else:
            messages.success(request, _("提醒设置已保存"))
            return redirect("desk:reminders")
    context = {
        "form": form, "problem": problem, "setting": setting, "hosts": sorted(listed()),
        "sent": Reminder.objects.visible_to(user).select_related("asked_by")[:_SHOWN],
    }  # fmt: skip
    return render(request, "desk/reminders.html", context, status=400 if request.method == "POST" else 200)


class WorkdayForm(forms.Form):
    """Days of the published notice, or that a year is entered whole."""

    days = forms.CharField(
        label=gettext_lazy("日期"), required=False, max_length=2000, widget=forms.TextInput(_TEXT),
        help_text=gettext_lazy("如 2027-01-01、2027-01-02，可用空格或逗号隔开"),
    )  # fmt: skip
    works = forms.ChoiceField(
        label=gettext_lazy("这些日子"), choices=[("", gettext_lazy("放假")), ("1", gettext_lazy("上班（调休）"))], required=False,
        widget=forms.Select({"class": "form-select"}),
    )  # fmt: skip
    document = forms.CharField(label=gettext_lazy("通知文号"), max_length=120, required=False, widget=forms.TextInput(_TEXT))

    def clean_days(self) -> list[date]:
        """Days in ISO form."""
        listed = []
        for text in self.cleaned_data["days"].replace("、", " ").replace("，", " ").replace(",", " ").split():
            try:
                listed.append(date.fromisoformat(text))
            except ValueError as error:
                raise forms.ValidationError(_("“%(text)s”不是日期"), params={"text": text}) from error
        return listed


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def workday_list(request: HttpRequest) -> HttpResponse:
    """The years with what is known of them, the entered days, and the form of who may enter."""
    form, problem = WorkdayForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            _enter(request.POST.get("do", ""), request.POST.get("of", ""), form.cleaned_data, request.user)
        except (InputError, ValueError) as error:
            problem = error if isinstance(error, InputError) else InputError(_("年份或日期写得不对"))
        else:
            messages.success(request, _("工作日历已更新"))
            return redirect("desk:workdays")
    this = request.today.year  # type: ignore[attr-defined]
    known = workdays()
    entered = {year.year: year for year in WorkdayYear.objects.select_related("entered_by")}
    years = [
        (year, known_to_library(year), entered.get(year), known.published(year)) for year in range(this - _YEARS_BACK, this + _YEARS_AHEAD)
    ]
    context = {
        "form": form, "problem": problem, "years": years, "days": Workday.objects.select_related("entered_by").order_by("-day")[:200],
        "may": calendar.may_enter(request.user),
    }  # fmt: skip
    return render(request, "desk/workdays.html", context, status=400 if request.method == "POST" else 200)


def _enter(do: str, of: str, given: dict[str, Any], user: Any) -> None:
    if do == "complete":
        calendar.complete(int(of) if of.isascii() and of.isdigit() and len(of) == 4 else 0, given["document"], user)
    elif do == "remove":
        calendar.remove(date.fromisoformat(of), user)
    else:
        calendar.enter(given["days"], bool(given["works"]), given["document"], user)
