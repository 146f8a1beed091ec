"""What a person states for a new key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.keys import MOST_DAYS
from shuangkong.apps.organisations.models import ApiKey, Department, Subject, User


class KeyForm(forms.Form):
    """Which system uses it, for what, and for how long."""

    name = forms.CharField(label=_("名称"), max_length=80, widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}))
    scopes = forms.MultipleChoiceField(label=_("用途"), choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple())
    days = forms.IntegerField(
        label=_("有效天数"), min_value=1, max_value=MOST_DAYS, initial=90, widget=forms.NumberInput({"class": "form-control"})
    )


_PLACES = (Subject.Kind.COUNTY, Subject.Kind.ZONE)
#: Of which kinds the subject of a role is; a role that is not named has none.
_SUBJECTS = {User.Role.COUNTY: _PLACES, User.Role.ENTERPRISE: (Subject.Kind.ENTERPRISE,)}


class PersonForm(forms.Form):
    """Who gets an account, in which role, and for which place or department."""

    username = forms.CharField(
        label=_("账号"), max_length=60, help_text=_("小写字母、数字、点、横线"),
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9.-]*$", _("只用小写字母、数字、点、横线"))],
        widget=forms.TextInput({"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(
        label=_("显示名称"), max_length=60, widget=forms.TextInput({"class": "form-control", "autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("角色"), choices=User.Role.choices, widget=forms.Select({"class": "form-select"}))
    subject = forms.ModelChoiceField(
        Subject.objects.filter(kind__in=[*_PLACES, Subject.Kind.ENTERPRISE]), label=_("县市区、园区或企业"), required=False,
        help_text=_("角色为县市区、园区或企业时必选"), widget=forms.Select({"class": "form-select"}),
    )  # fmt: skip
    department = forms.ModelChoiceField(
        Department.objects.all(), label=_("部门"), required=False,
        help_text=_("市级部门必选；市级主管选所在部门，待办按部门送达"), widget=forms.Select({"class": "form-select"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A place or an enterprise for the roles that have one, a department for a department."""
        given = super().clean() or self.cleaned_data
        role, subject = given.get("role", ""), given.get("subject")
        kinds = _SUBJECTS.get(role, ())
        if kinds and (subject is None or subject.kind not in kinds):
            self.add_error("subject", _("选这个角色所在的地方或企业"))
        if not kinds and subject is not None:
            self.add_error("subject", _("这个角色不属于某个地方或企业，请留空"))
        if role == User.Role.DEPARTMENT and given.get("department") is None:
            self.add_error("department", _("选所在部门"))
        return given
