"""What is asked of a choice, and the entry of a measure in the library."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Subject
from shuangkong.core.measures import KINDS

#: Money of a form is in 万元, energy in tce: the base units of the ledger.
_SIDES = [("point", _("预测值")), ("low", _("区间不利一端"))]


def _text(label: Any, most: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=forms.TextInput({"class": "form-control"}), **kwargs)


def _whole(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, widget=forms.NumberInput({"class": "form-control"}))


def _number(label: Any, **kwargs: Any) -> forms.DecimalField:
    widget = forms.TextInput({"class": "form-control", "inputmode": "decimal"})
    return forms.DecimalField(label=label, widget=widget, max_digits=18, decimal_places=6, **kwargs)


class AskedForm(forms.Form):
    """The choice as asked in the address."""

    year = forms.TypedChoiceField(label=_("年末"), coerce=int, widget=forms.Select({"class": "form-select"}))
    side = forms.ChoiceField(label=_("缺口按"), choices=_SIDES, widget=forms.Select({"class": "form-select"}))
    cost = _number(_("成本不超过（万元）"), required=False, min_value=Decimal(0))
    gdp = _number(_("GDP损失不超过（万元）"), required=False, min_value=Decimal(0))

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, _("%(year)d年末") % {"year": year}) for year in years]


class MeasureForm(forms.Form):
    """A measure of the library; amounts are of one unit."""

    code = forms.SlugField(label=_("代码"), max_length=40, widget=forms.TextInput({"class": "form-control"}))
    label = _text(_("名称"), 80)
    kind = forms.ChoiceField(label=_("类别"), choices=list(KINDS.items()), widget=forms.Select({"class": "form-select"}))
    subject = forms.ChoiceField(label=_("县市区"), required=False, widget=forms.Select({"class": "form-select"}))
    unit = _text(_("单位名称"), 24, required=False)
    units = _whole(_("最多几个单位"), 1, 10**6)
    effect_tce = _number(_("每单位年节能（tce）"), min_value=Decimal("0.000001"))
    cost_10k_yuan = _number(_("每单位成本（万元）"), min_value=Decimal(0))
    gdp_10k_yuan = _number(_("每单位对年GDP的影响（万元，减少填负数）"), required=False)
    delay_months = _whole(_("见效滞后（月）"), 0, 120)
    rule = forms.ChoiceField(label=_("依据"), widget=forms.Select({"class": "form-select"}))
    group = _text(_("互斥组（同组只取一项）"), 40, required=False)
    source = _text(_("数据来源"), 200)

    def __init__(self, *args: Any, counties: list[Subject], rules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = [("", _("各县市区都可用")), *((county.code, county.name) for county in counties)]
        self.fields["rule"].choices = rules

    def row(self) -> dict[str, Any]:
        """As the service takes it."""
        return {**self.cleaned_data, "gdp_10k_yuan": self.cleaned_data["gdp_10k_yuan"] or Decimal(0)}
