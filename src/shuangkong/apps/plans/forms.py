"""The form by which a place's own row of a rule is proposed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.plans import library
from shuangkong.rulebook.parameters import Parameter


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__({"class": "form-control"}, format="%Y-%m-%d")


def _text(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.TextInput({"class": "form-control"}), **kwargs)


class ProposalForm(forms.Form):
    """One dated row with its source; the rulebook itself decides whether it fits."""

    region = forms.ChoiceField(label=_("地方"), widget=forms.Select({"class": "form-select"}))
    value = _text(_("值"), max_length=200)
    applies_from = forms.DateField(label=_("从哪天起适用"), widget=_Day())
    applies_to = forms.DateField(label=_("到哪天不再适用"), widget=_Day(), required=False)
    number = _text(_("文号"), max_length=120)
    locator = _text(_("条款"), max_length=120, help_text=_("如 第三条、附件2"))
    issuer = _text(_("发文机关"), max_length=80, required=False)
    published_on = forms.DateField(label=_("发布日期"), widget=_Day())
    evidence = forms.ChoiceField(label=_("依据"), widget=forms.Select({"class": "form-select"}))
    supersedes = forms.ChoiceField(label=_("取代哪一行"), required=False, widget=forms.Select({"class": "form-select"}))
    note = _text(_("备注"), max_length=200, required=False)

    def __init__(self, *args: Any, parameter: Parameter, places: dict[str, str], own: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parameter = parameter
        regions = dict.fromkeys([own, parameter.region])
        self.fields["region"].choices = [(code, places.get(code, code)) for code in regions]
        self.fields["value"].help_text = parameter.unit
        self.fields["evidence"].choices = [(code, library.EVIDENCE[code]) for code in ("text", "recalled")]
        rows = [row for code in regions for row in parameter.rows.get(code, ())]
        named = [(row.row, f"{places.get(row.region, row.region)} {row.row}：{row.value}") for row in rows]
        self.fields["supersedes"].choices = [("", _("不取代")), *named]

    def clean(self) -> dict[str, Any]:
        """The last day comes after the first."""
        cleaned = super().clean()
        first, last = cleaned.get("applies_from"), cleaned.get("applies_to")
        if first and last and last <= first:
            self.add_error("applies_to", _("要晚于开始适用的那天"))
        return cleaned

    def body(self, today: date) -> dict[str, Any]:
        """The row in the rulebook's shape. Its name is the place, the first day and, for a further one, a number."""
        given = self.cleaned_data
        taken = {row.row for row in self.parameter.all_rows()}
        name = f"{given['region']}-{given['applies_from'].isoformat()}"
        names = [name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))]
        source = {key: given[key] for key in ("number", "locator", "issuer") if given[key]}
        days = {key: given[key].isoformat() for key in ("applies_from", "applies_to", "published_on") if given[key]}
        texts = {key: given[key] for key in ("value", "evidence", "supersedes", "note") if given[key]}
        stamps = {"entered_on": today.isoformat(), "checked_on": today.isoformat()}
        return {"row": next(n for n in names if n not in taken), **texts, **days, **stamps, "source": source}
