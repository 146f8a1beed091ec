"""The filters of the lists of filings, as they stand in the address."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.filing.models import Filing
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms as definitions


def dress(form: forms.Form) -> None:
    """Give the fields of ``form`` the look of the platform's fields."""
    for field in form.fields.values():
        field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"


class DutyForm(forms.Form):
    """Who is to owe which form from when: codes or names of subjects, parted by blanks, commas or lines."""

    form = forms.ChoiceField(label=_("报表"))
    subjects = forms.CharField(label=_("单位（代码或名称，多个用空格或逗号分开）"), max_length=20_000)
    starts_on = forms.DateField(label=_("自"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label=_("至（不含，可空）"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("依据"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = definitions.current()
        self.fields["form"].choices = [(name, known.newest(name).title) for name in known.ids()]
        dress(self)

    def clean_subjects(self) -> list[Subject]:
        """The subjects that were named; one that is not known is said."""
        words = list(dict.fromkeys(word for word in re.split(r"[\s,，、；;]+", self.cleaned_data["subjects"]) if word))
        found = {
            word: subject
            for subject in Subject.objects.filter(Q(code__in=words) | Q(name__in=words))
            for word in (subject.code, subject.name)
        }
        if unknown := [word for word in words if word not in found]:
            raise forms.ValidationError(_("不认识的单位：%(names)s") % {"names": "、".join(unknown[:5])})
        return list(dict.fromkeys(found[word] for word in words))


class FilingFilterForm(forms.Form):
    """Form, period, state, subject; an empty field does not filter, a wrong one finds nothing and says so."""

    form = forms.ChoiceField(label=_("报表"), required=False)
    period = forms.CharField(label=_("期别"), required=False, max_length=20)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("", _("全部")), *Filing.State.choices])
    subject = forms.CharField(label=_("单位"), required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = definitions.current()
        self.fields["form"].choices = [("", _("全部")), *((name, known.newest(name).title) for name in known.ids())]
        dress(self)

    def clean_period(self) -> Period | None:
        """The period that was meant."""
        text = self.cleaned_data["period"].strip()
        if not text:
            return None
        try:
            return Period.parse(text)
        except InputError as error:
            raise forms.ValidationError(str(error)) from error

    def filtered(self, found: QuerySet) -> QuerySet:
        """``found`` with the filters that are set."""
        if not self.is_valid():
            return found.none()
        asked = self.cleaned_data
        if asked["form"]:
            found = found.filter(form_id=asked["form"])
        if asked["state"]:
            found = found.filter(state=asked["state"])
        if asked["period"]:
            found = found.filter(period_start__gte=asked["period"].start, period_end__lte=asked["period"].end)
        if asked["subject"]:
            found = found.filter(Q(subject__code__iexact=asked["subject"]) | Q(subject__name__contains=asked["subject"]))
        return found

    def in_words(self) -> list[tuple[str, object, object]]:
        """For the chips."""
        if not self.is_valid():
            return []
        asked = self.cleaned_data
        choices = {name: dict(self.fields[name].choices) for name in ("form", "state")}
        words = {name: choices[name].get(asked[name], "") if asked[name] else "" for name in choices}
        words |= {"period": asked["period"].label if asked["period"] else "", "subject": asked["subject"]}
        return [(name, self.fields[name].label, words[name]) for name in ("form", "period", "state", "subject")]
