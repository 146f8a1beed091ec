"""What is stated of a meter, of its exchange, and of a virtual meter."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring.forms import DeviceFilters
from shuangkong.apps.monitoring.meter_models import FLOWS
from shuangkong.apps.monitoring.models import Meter
from shuangkong.apps.monitoring.services.metering import Asked, Exchange
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_rulebook

_TEXT = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
_NUMBER = {**_TEXT, "inputmode": "decimal"}
_SELECT = {"class": "form-select"}
_WHEN = {"class": "form-control", "type": "datetime-local"}
_UNITS = (Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT)
_MEASURES = ("kWh", "MWh", "万kWh", "t", "kg", "m³", "万m³", "GJ", "MJ", "tce")
METER_STATES = (("", _("全部")), ("off", _("已停用")), ("register", _("表底数")), ("interval", _("各时段用量")))


class MeterFilters(DeviceFilters):
    """Which meters."""

    state = forms.ChoiceField(label=_("种类"), required=False, choices=METER_STATES, widget=forms.Select(_SELECT))


def _decimal(label: object, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=18, decimal_places=6, widget=forms.TextInput(_NUMBER), **more)


def _moment(label: object, **more: Any) -> forms.DateTimeField:
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return forms.DateTimeField(label=label, input_formats=formats, widget=forms.DateTimeInput(_WHEN, format=formats[0]), **more)


class MeterForm(forms.Form):
    """A meter as the city registers it; with ``meter`` its terms are left to the exchange."""

    subject = forms.ModelChoiceField(Subject.objects.filter(kind__in=_UNITS), label=_("用能单位"), widget=forms.Select(_SELECT))
    code = forms.CharField(
        label=_("采集数据编码"), max_length=24, help_text=_("上传数据用的编码，16位数字，可带连字符"), widget=forms.TextInput(_TEXT)
    )
    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("如：总降1号进线电表"), widget=forms.TextInput(_TEXT))
    product = forms.ChoiceField(label=_("能源品种"), widget=forms.Select(_SELECT))
    flow = forms.ChoiceField(label=_("计量的是"), choices=FLOWS, widget=forms.Select(_SELECT))
    unit = forms.CharField(
        label=_("读数单位"), max_length=16, help_text=_("如 {names}").format(names="、".join(_MEASURES)), widget=forms.TextInput(_TEXT)
    )
    kind = forms.ChoiceField(label=_("上传的数"), choices=Meter.Kind.choices, widget=forms.Select(_SELECT))
    reading = forms.ChoiceField(label=_("取哪种数据"), choices=Meter.Reading.choices, widget=forms.Select(_SELECT))
    interval_minutes = forms.IntegerField(
        label=_("间隔（分钟）"), min_value=1, max_value=1440, initial=15, widget=forms.NumberInput({"class": "form-control"})
    )
    modulus = _decimal(_("满度"), required=False, help_text=_("表走满归零时的数，如5位表为100000；不知道的留空"))
    largest_per_hour = _decimal(
        _("每小时最大用量"), required=False, help_text=_("按表的读数计，由额定容量得出；有它才能分清走满归零和读数倒退")
    )
    counted = forms.BooleanField(label=_("计入单位总量（分表不计）"), required=False, initial=True)
    active = forms.BooleanField(
        label=_("启用"), required=False, initial=True, help_text=_("停用自保存时起；此前的用量仍计入。误登记的取消“计入单位总量”")
    )
    since = _moment(_("启用时间"), required=False)
    multiplier = _decimal(_("倍率"), required=False, help_text=_("互感器倍率，没有的填1"))
    serial = forms.CharField(label=_("表号"), max_length=40, required=False, widget=forms.TextInput(_TEXT))
    first_register = _decimal(_("启用时的表底"), required=False, help_text=_("按启用时刻抄的数；没有抄的留空"))

    _OF_TERM = ("since", "multiplier", "serial", "first_register")

    def __init__(self, *args: Any, meter: Meter | None = None, **kwargs: Any) -> None:
        self._meter = meter
        if meter is not None:
            kwargs["initial"] = _initial(meter)
        super().__init__(*args, **kwargs)
        products = [(product.code, f"{product.label}（{product.base_unit}）") for product in current_rulebook().products]
        self.fields["product"].choices = products  # type: ignore[attr-defined]
        if meter is None:
            self.fields["since"].required = self.fields["multiplier"].required = True
        else:
            self.fields["subject"].disabled = self.fields["code"].disabled = True
            for name in self._OF_TERM:
                del self.fields[name]

    def clean_code(self) -> str:
        """Sixteen digits, whatever hyphens stand between them."""
        code = self.cleaned_data["code"].replace("-", "").strip()
        if not re.fullmatch(r"[0-9]{16}", code):
            raise forms.ValidationError(_("应为16位数字"))
        return str(code)

    def asked(self) -> Asked:
        """What the valid form says."""
        said = self.cleaned_data
        stated = {name: said[name] for name in ("subject", "code", "name", "product", "flow", "unit", "kind", "reading")}
        term = {} if self._meter else {name: said[name] for name in ("serial", "first_register")}
        return Asked(
            **stated, modulus=said["modulus"], largest_per_hour=said["largest_per_hour"], counted=said["counted"], active=said["active"],
            interval_s=said["interval_minutes"] * 60, since=said["since"] if self._meter is None else self._meter.registered_at,
            multiplier=said.get("multiplier") or Decimal(1), **term,
        )  # fmt: skip


def _initial(meter: Meter) -> dict[str, Any]:
    names = ("subject", "name", "product", "flow", "unit", "kind", "reading", "modulus", "largest_per_hour", "counted", "active")
    stated = {name: getattr(meter, name) for name in names}
    return stated | {"code": meter.key.rpartition("/")[2], "interval_minutes": max(meter.interval_s // 60, 1)}


class ExchangeForm(forms.Form):
    """A device taken off and another put on, or transformers changed."""

    at = _moment(_("换表时间"))
    last_register = _decimal(_("旧表止码"), required=False, help_text=_("没有抄的留空；换表前最后一段用量将不完整"))
    first_register = _decimal(_("新表起码"), required=False)
    multiplier = _decimal(_("新的倍率"))
    serial = forms.CharField(label=_("新表号"), max_length=40, required=False, widget=forms.TextInput(_TEXT))
    words = forms.CharField(label=_("原因"), max_length=200, widget=forms.TextInput({**_TEXT, "spellcheck": "true"}))

    def act(self) -> Exchange:
        """What the valid form says."""
        said = self.cleaned_data
        at: datetime = said["at"]
        return Exchange(at, said["words"], said["multiplier"], said["last_register"], said["first_register"], said["serial"])


class VirtualForm(forms.Form):
    """A weighted sum, one meter a line."""

    subject = forms.ModelChoiceField(Subject.objects.filter(kind__in=_UNITS), label=_("用能单位"), widget=forms.Select(_SELECT))
    name = forms.CharField(label=_("名称"), max_length=80, widget=forms.TextInput(_TEXT))
    parts = forms.CharField(
        label=_("成员"), max_length=2000, help_text=_("每行一只：采集数据编码 系数，如 0000000003300001 1；减去的写 -1"),
        widget=forms.Textarea({**_TEXT, "rows": 4}),
    )  # fmt: skip
    counted = forms.BooleanField(label=_("计入单位总量"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        """The lines as meters with their weights."""
        said = super().clean() or {}
        if said.get("subject") and said.get("parts"):
            said["weights"] = self._weights(said["subject"], said["parts"])
        return said

    def _weights(self, subject: Subject, text: str) -> list[tuple[Meter, Decimal]]:
        meters = {m.key.rpartition("/")[2]: m for m in Meter.objects.unscoped("the city names them").filter(subject=subject)}
        found = []
        for line in filter(None, map(str.strip, text.splitlines())):
            match = re.fullmatch(r"([0-9-]+)\s+([+-]?[0-9]+(?:\.[0-9]+)?)", line)
            meter = meters.get(match[1].replace("-", "")) if match else None
            if match is None or meter is None:
                self.add_error("parts", _("读不懂或不是这个单位的表计：{line}").format(line=line[:40]))
                continue
            found.append((meter, Decimal(match[2])))
        return found


class EnergyUserForm(forms.Form):
    """A unit that may send readings."""

    subject = forms.ModelChoiceField(Subject.objects.filter(kind__in=_UNITS), label=_("用能单位"), widget=forms.Select(_SELECT))
    do = forms.ChoiceField(label=_("操作"), choices=(("key", _("登记或换密钥")), ("close", _("停止接收"))), widget=forms.Select(_SELECT))
