"""What a person states beside a workbook, and when confirming it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong import rulebook
from shuangkong.apps.desk.imports.kinds import Form, Kind


class _Day(forms.DateInput):
    input_type = "date"


class ImportForm(forms.Form):
    """The workbook, where its figures come from, since when they are known, and the document."""

    file = forms.FileField(label=_("工作簿"), widget=forms.FileInput({"class": "form-control", "accept": ".xlsx"}))
    origin = forms.ChoiceField(label=_("数据来源"), widget=forms.Select({"class": "form-select"}))
    known_on = forms.DateField(label=_("发布（报送）日期"), widget=_Day({"class": "form-control"}, format="%Y-%m-%d"))
    document = forms.CharField(label=_("文号"), required=False, max_length=120, widget=forms.TextInput({"class": "form-control"}))

    def __init__(self, *args: Any, kind: Kind, user: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = rulebook.current().terms("origins")
        origins = kind.origins(user)
        self.fields["file"].help_text = _("用本页的模板填写，.xlsx，最多 30 万行")
        self.fields["origin"].choices = [(origin, labels.find(origin).label) for origin in origins]
        self.fields["known_on"].initial = today
        self.fields["known_on"].help_text = _("这些数首次发布、下达或报送的日期；“按某日所知”据此回看")
        if origins == ("reported",):
            self.fields["document"].widget = forms.HiddenInput()
        else:
            self.fields["document"].required = True
            self.fields["document"].error_messages["required"] = _("缺少文号：下达和公开发布的数要注明文件")
            self.fields["document"].help_text = _("下达或发布文件的文号")

    def stated(self) -> Form:
        """What was stated."""
        cleaned = self.cleaned_data
        return Form(cleaned["known_on"], cleaned["document"].strip(), cleaned["origin"])


class ConfirmForm(forms.Form):
    """Whether unusual values are kept."""

    keep_unusual = forms.BooleanField(label=_("待确认的数已核对无误，一并入账"), required=False)
