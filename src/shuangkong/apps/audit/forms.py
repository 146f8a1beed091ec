"""The filters of the audit page, as they stand in the address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.audit.selectors import Filters
from shuangkong.apps.audit.words import AREAS


class _Day(forms.DateInput):
    input_type = "date"


class FilterForm(forms.Form):
    """Who, what, from when to when, which object. What cannot be read is said and left out."""

    who = forms.CharField(label=_("谁"), required=False, max_length=150, widget=forms.TextInput({"class": "form-control"}))
    what = forms.CharField(label=_("做了什么"), required=False, max_length=80, widget=forms.Select({"class": "form-select"}))
    since = forms.DateField(label=_("从"), required=False, widget=_Day({"class": "form-control"}, format="%Y-%m-%d"))
    until = forms.DateField(label=_("到"), required=False, widget=_Day({"class": "form-control"}, format="%Y-%m-%d"))
    kind = forms.CharField(label=_("对象种类"), required=False, max_length=60, widget=forms.TextInput({"class": "form-control"}))
    id = forms.CharField(label=_("对象编号"), required=False, max_length=60, widget=forms.TextInput({"class": "form-control"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.data.get("what", "")
        choices = [("", _("全部")), *((f"{area}.", word) for area, word in AREAS.items())]
        known = {value for value, _word in choices}
        self.fields["what"].widget.choices = choices if asked in known else [*choices, (asked, asked)]

    def filters(self) -> Filters:
        """What could be read of the address."""
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})
