"""The form in which a target is proposed: only text and numbers here; what they may say is checked in one place (``content``)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.models import Indicator, Target
from shuangkong.apps.indicators.targets.paths import SHAPES
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.trajectories import Trajectory

_PLACES = (Subject.Kind.CITY, Subject.Kind.COUNTY, Subject.Kind.ZONE)
_SHAPE_WORDS = {"decline": _("比基年降低率"), "cumulative": _("五年累计数"), "level": _("目标年达到的数")}


def _text(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, required=kwargs.pop("required", False), widget=forms.TextInput({"class": "form-control"}), **kwargs)


def _number(label: Any, **kwargs: Any) -> forms.DecimalField:
    widget = forms.TextInput({"class": "form-control", "inputmode": "decimal"})
    return forms.DecimalField(label=label, required=False, widget=widget, **kwargs)


def _choice(label: Any, choices: Any, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=forms.Select({"class": "form-select"}), **kwargs)


class TargetForm(forms.Form):
    """How a target is to stand, and by which document."""

    kind = _choice(_("性质"), Target.Kind.choices, help_text=_("市里自己定的数选“内部管控目标”，不算上级下达"))
    number = _number(_("基本目标"))
    incentive = _number(_("激励目标"))
    words = _text(_("文字目标"), max_length=80, help_text=_("方案只写文字的照写，不填数"))
    base_value = _number(_("基期值"), help_text=_("目标是“达到多少”的，要有起点才有路径"))
    shape = _choice(_("读法"), [("", _("按指标")), *((code, _SHAPE_WORDS[code]) for code in SHAPES)])
    trajectory = _choice(_("路径"), [("", _("按指标的通行做法")), *((kind.value, kind.label) for kind in Trajectory)])
    by_year = _text(_("各年末累计"), help_text=_("按年度目标的填，用空格隔开，最后一个等于总目标，如 3 6 9 12.5 15"))
    rank = forms.IntegerField(
        label=_("主要指标次序"), required=False, min_value=0, max_value=9, widget=forms.NumberInput({"class": "form-control"}),
        help_text=_("1 为首位，2 为其次；0 或空为一般指标"),
    )  # fmt: skip
    set_by = _text(_("下达的机关"), max_length=80)
    document = _text(_("文号"), max_length=120, required=True)
    reason = _text(_("说明"), max_length=200)

    def __init__(self, *args: Any, years: range, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.years = years

    def clean_by_year(self) -> dict[str, str]:
        """Year → number as text."""
        words = self.cleaned_data["by_year"].replace("，", " ").replace(",", " ").split()
        if not words:
            return {}
        if len(words) != len(self.years):
            raise forms.ValidationError(_("应有 %(n)d 个数，一年一个") % {"n": len(self.years)})
        try:
            return {str(year): format(Decimal(word), "f") for year, word in zip(self.years, words, strict=True)}
        except ArithmeticError:
            raise forms.ValidationError(_("只填数和空格")) from None

    def fields_of(self) -> dict[str, Any]:
        """The fields of the target."""
        given = self.cleaned_data
        names = ("kind", "number", "incentive", "words", "base_value", "shape", "trajectory", "by_year", "set_by")
        return {**{name: given[name] for name in names}, "kind": given["kind"] or Target.Kind.BINDING, "rank": given["rank"] or 0}


def initial_of(target: Target) -> dict[str, Any]:
    """How the form begins: the target as it stands."""
    names = ("kind", "number", "incentive", "words", "base_value", "shape", "trajectory", "rank", "set_by")
    ends = " ".join(str(target.by_year[year]) for year in sorted(target.by_year))
    return {**{name: getattr(target, name) for name in names}, "by_year": ends}


class NewTargetForm(TargetForm):
    """A target that is not there yet: of which plan's indicator and place."""

    field_order = ("indicator", "subject", "kind")

    indicator = forms.ModelChoiceField(Indicator.objects.none(), label=_("指标"), widget=forms.Select({"class": "form-select"}))
    subject = forms.ModelChoiceField(Subject.objects.none(), label=_("地区"), widget=forms.Select({"class": "form-select"}))

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, years=range(plan.first_year, plan.last_year + 1), **kwargs)
        self.fields["indicator"].queryset = Indicator.objects.exclude(family__in=("warning", "product", "sector", "electricity_sector"))
        self.fields["subject"].queryset = Subject.objects.filter(kind__in=_PLACES)


class DecisionForm(forms.Form):
    """Why and by which document an annex table is opened."""

    reason = _text(_("理由"), required=True, max_length=200)
    document = _text(_("文号"), required=True, max_length=120)
