"""What a person asks of the lists of sources, outages and findings. Filters stand in the address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring import history
from shuangkong.apps.monitoring.forms import SELECT, TEXT, Filters
from shuangkong.apps.monitoring.models import ConnectionDuty, Point
from shuangkong.apps.monitoring.overview import STATES
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.statuses import VOCABULARY
from shuangkong.core.states import OUTAGE, QUALITY, Machine


class SourceFilters(Filters):
    """Which sources."""

    state = forms.ChoiceField(label=_("状态"), required=False, widget=forms.Select(SELECT))
    county = forms.ChoiceField(label=_("县市区"), required=False, widget=forms.Select(SELECT))
    medium = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("全部")), *Point.Medium.choices], widget=forms.Select(SELECT)
    )
    q = forms.CharField(label=_("名称、编码或单位"), required=False, max_length=60, widget=forms.TextInput(TEXT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [("", _("全部")), *((state, VOCABULARY[f"point_{state}"].word) for state in STATES)]
        self.fields["county"].choices = [("", _("全部")), *_counties()]


def _counties() -> Iterable[tuple[str, str]]:
    """Codes and names; they are public."""
    return Subject.objects.filter(kind=Subject.Kind.COUNTY).values_list("code", "name")


_DAY = {"class": "form-control", "type": "date"}


class WindowForm(forms.Form):
    """Which values of a point: how fine, from a day to a day (both included)."""

    level = forms.ChoiceField(required=False, choices=[(level.code, level.word) for level in history.LEVELS.values()])
    start = forms.DateField(label=_("自"), required=False, widget=forms.DateInput(_DAY))
    end = forms.DateField(label=_("至"), required=False, widget=forms.DateInput(_DAY))

    def clean(self) -> dict[str, Any]:
        """The end is not before the start."""
        given = super().clean() or {}
        start, end = given.get("start"), given.get("end")
        if start and end and end < start:
            raise forms.ValidationError(_("止日早于起日；已按默认时段显示"))
        return given

    @property
    def is_dated(self) -> bool:
        """Whether the address asks for certain days."""
        self.is_valid()
        return bool(self.cleaned_data.get("start") or self.cleaned_data.get("end"))

    def window(self, now: datetime, point: Point) -> history.Window:
        """What is asked for; what cannot be read is said beside the fields and left out."""
        ok = self.is_valid()
        given = self.cleaned_data if ok or "__all__" not in self.errors else {}
        level = given.get("level") or ("realtime" if point.medium == Point.Medium.ENERGY else "hour")
        return history.window_of(level, given.get("start"), given.get("end"), now, newest=point.last_at)


class _TroubleFilters(Filters):
    """What outages and findings are filtered by alike."""

    state = forms.ChoiceField(label=_("状态"), required=False, widget=forms.Select(SELECT))
    county = forms.ChoiceField(label=_("县市区"), required=False, widget=forms.Select(SELECT))
    q = forms.CharField(label=_("名称、编码或单位"), required=False, max_length=60, widget=forms.TextInput(TEXT))

    def __init__(self, *args: Any, machine: Machine, prefix_of: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(state, VOCABULARY[f"{prefix_of}_{state}"].word) for state in machine.states]
        self.fields["state"].choices = [("", _("未办结")), ("all", _("全部")), *states]
        self.fields["county"].choices = [("", _("全部")), *_counties()]


class OutageFilters(_TroubleFilters):
    """Which outages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, machine=OUTAGE, prefix_of="outage", **kwargs)


class FindingFilters(_TroubleFilters):
    """Which findings."""

    rule = forms.ChoiceField(label=_("规则"), required=False, widget=forms.Select(SELECT))

    def __init__(self, *args: Any, rules: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, machine=QUALITY, prefix_of="quality", **kwargs)
        self.fields["rule"].choices = [("", _("全部")), *((rule, f"{rule} {title}") for rule, title in rules)]
        self.order_fields(["state", "rule", "county", "q"])


class CoverageFilters(Filters):
    """Which units that must be connected."""

    county = forms.ChoiceField(label=_("县市区"), required=False, widget=forms.Select(SELECT))
    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("全部")), *ConnectionDuty.Kind.choices], widget=forms.Select(SELECT)
    )
    missing = forms.ChoiceField(
        label=_("联网"), required=False, choices=[("", _("全部")), ("yes", _("没有联网的"))], widget=forms.Select(SELECT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["county"].choices = [("", _("全部")), *_counties()]
