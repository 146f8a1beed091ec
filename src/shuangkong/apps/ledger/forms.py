"""What a reader of the data browser asks for, as it stands in the address."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.ledger.words import Words
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

_KINDS = Subject.Kind
#: The places that ledger rows are about, in the groups of the choice.
GROUPS = (
    (_("市、县市区"), (_KINDS.CITY, _KINDS.COUNTY, _KINDS.UNALLOCATED)),
    (_("园区"), (_KINDS.ZONE, _KINDS.PARK)),
    (_("全国、省"), (_KINDS.NATION, _KINDS.PROVINCE)),
)
#: Every filter in the order of the form.
FIELDS = ("measure", "subject", "period", "product", "flow", "origin", "release", "known_on")


class RowFilterForm(forms.Form):
    """Filters of ledger rows. What cannot be read is said at its field and left out."""

    measure = forms.ChoiceField(label=_("指标"), required=False)
    subject = forms.ChoiceField(label=_("地方"), required=False)
    period = forms.CharField(label=_("期别"), required=False, max_length=24)
    product = forms.ChoiceField(label=_("品种"), required=False)
    flow = forms.ChoiceField(label=_("流向"), required=False)
    origin = forms.ChoiceField(label=_("来源"), required=False)
    release = forms.ChoiceField(label=_("版次"), required=False)
    known_on = forms.DateField(label=_("截至某日所知"), required=False)

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        self.subjects = {s.code: s for s in Subject.objects.filter(kind__in=[kind for _word, kinds in GROUPS for kind in kinds])}
        choices = {
            "measure": [(code, measure.label) for code, measure in MEASURES.items()],
            "subject": _grouped(self.subjects.values()),
            "product": list(words.products.items()),
            "flow": list(words.flows.items()),
            "origin": list(words.origins.items()),
            "release": list(words.releases.items()),
        }
        for name, options in choices.items():
            self.fields[name].choices = [("", _("全部")), *options]
            self.fields[name].widget.attrs["class"] = "form-select"
        self.fields["period"].widget.attrs |= {"class": "form-control", "placeholder": _("如 2026、2026年1—9月")}
        self.fields["known_on"].widget = forms.DateInput({"class": "form-control", "type": "date"}, format="%Y-%m-%d")

    def clean_period(self) -> Period | int | None:
        """A period; a bare year means every period within it."""
        text = self.cleaned_data["period"].strip()
        if not text:
            return None
        if re.fullmatch(r"\d{4}年?", text):
            return int(text[:4])
        try:
            return Period.parse(text)
        except InputError as error:
            raise forms.ValidationError(str(error)) from error

    def filters(self) -> dict[str, Any]:
        """What could be read of the address, without what is empty."""
        self.is_valid()
        return {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data.get(name)}

    def in_words(self, filters: dict[str, Any]) -> list[tuple[str, Any, str]]:
        """(parameter, its word, its value in words) of each filter that is set."""
        shown = []
        for name, value in filters.items():
            if name == "subject":
                value = self.subjects[value].name
            elif name == "period":
                value = value.label if isinstance(value, Period) else f"{value}年"
            elif name == "known_on":
                value = value.isoformat()
            else:
                value = dict(self.fields[name].choices)[value]
            shown.append((name, self.fields[name].label, str(value)))
        return shown


def _grouped(subjects: Any) -> list[tuple[Any, list[tuple[str, str]]]]:
    rows = list(subjects)
    groups = [(word, [(s.code, s.name) for s in rows if s.kind in kinds]) for word, kinds in GROUPS]
    return [(word, options) for word, options in groups if options]
