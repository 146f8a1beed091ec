"""What a reader asks of a report: plan, subject and period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

SELECT = forms.Select(attrs={"class": "form-select"})


def quarters(plans: Iterable[Plan], today: date) -> list[Period]:
    """The quarters-to-date of all plans that have ended by ``today``, newest first."""
    years = sorted({year for plan in plans for year in range(plan.first_year, plan.last_year + 1)}, reverse=True)
    return [p for year in years for month in (12, 9, 6, 3) if (p := Period.ytd(year, month)).end <= today]


class ReportForm(forms.Form):
    """One report: of whom, for which quarter-to-date, under which plan."""

    plan = forms.ModelChoiceField(Plan.objects.none(), to_field_name="code", label=_("方案"), empty_label=None, widget=SELECT)
    subject = forms.ModelChoiceField(Subject.objects.none(), to_field_name="code", label=_("地区"), empty_label=None, widget=SELECT)
    period = forms.CharField(max_length=16, label=_("期别"), widget=SELECT)

    def __init__(self, *args: Any, user: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = Plan.objects.order_by("-first_year")
        self.fields["plan"].queryset = plans
        self.fields["period"].widget.choices = [(p.code, p.spoken) for p in quarters(plans, today)]
        regions = Subject.objects.filter(kind__in=(Subject.Kind.CITY, Subject.Kind.COUNTY, Subject.Kind.ZONE))
        self.fields["subject"].queryset = regions if user.sees_all else regions.filter(pk__in=user.own_subject_ids)

    def clean_period(self) -> Period:
        """A quarter-to-date period: intensity is quarterly at the most (accounting 10)."""
        try:
            period = Period.parse(self.cleaned_data["period"])
        except InputError as error:
            raise forms.ValidationError(str(error)) from error
        if period.kind == "year":
            period = Period.ytd(period.start.year, 12)
        if period.kind != "ytd" or period.last_month % 3:
            raise forms.ValidationError(_("形势分析按季度累计：1—3月、1—6月、1—9月、1—12月"))
        return period

    def clean(self) -> dict[str, Any]:
        """The period lies in the plan."""
        cleaned = super().clean()
        plan, period = cleaned.get("plan"), cleaned.get("period")
        if plan and period and not plan.first_year <= period.start.year <= plan.last_year:
            self.add_error("period", _("这一期不在方案的年份之内"))
        return cleaned
