"""What a person states for a new key."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.keys import MOST_DAYS
from shuangkong.apps.organisations.models import ApiKey


class KeyForm(forms.Form):
    """Which system uses it, for what, and for how long."""

    name = forms.CharField(label=_("名称"), max_length=80, widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}))
    scopes = forms.MultipleChoiceField(label=_("用途"), choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple())
    days = forms.IntegerField(
        label=_("有效天数"), min_value=1, max_value=MOST_DAYS, initial=90, widget=forms.NumberInput({"class": "form-control"})
    )
