"""What a person asks of the lists, and what is stated of a device."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring.models import Device
from shuangkong.apps.monitoring.services.registry import Asked
from shuangkong.apps.monitoring.words import kind_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.hj212.catalogue import factors, factors_2005, standard

TEXT = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
SELECT = {"class": "form-select"}
_K = Subject.Kind
#: Whose a device can be.
OWNERS = (_K.ENTERPRISE, _K.ESTABLISHMENT, _K.ZONE, _K.PARK, _K.COUNTY, _K.CITY)
STATES = (("", _("全部")), ("open", _("未处理")), ("settled", _("已处理")), ("strangers", _("未登记设备")))
DEVICE_STATES = (("", _("全部")), ("open", _("有未处理异常")), ("silent", _("从未来过数据")), ("off", _("已停用")))


class Filters(forms.Form):
    """Filters stand in the address; what cannot be read is said and left out."""

    def filters(self) -> dict[str, Any]:
        """What could be read, without what is empty."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def in_words(self, filters: dict[str, Any]) -> list[tuple[str, Any, str]]:
        """(parameter, its word, its value in words) of each filter that is set."""
        shown = []
        for name, value in filters.items():
            choices = dict(getattr(self.fields[name], "choices", ()))
            shown.append((name, self.fields[name].label, str(choices.get(value, value))))
        return shown


class IncidentFilters(Filters):
    """Which incidents."""

    code = forms.ChoiceField(label=_("异常"), required=False, widget=forms.Select(SELECT))
    state = forms.ChoiceField(label=_("处理"), required=False, choices=STATES, widget=forms.Select(SELECT))
    mn = forms.CharField(label=_("设备名称或编码"), required=False, max_length=40, widget=forms.TextInput(TEXT))
    address = forms.CharField(label=_("来自地址"), required=False, max_length=64, widget=forms.TextInput(TEXT))
    day = forms.DateField(label=_("日期"), required=False, widget=forms.DateInput({"class": "form-control", "type": "date"}))

    def __init__(self, *args: Any, codes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", _("全部")), *((code, kind_of(code).title) for code in codes)]


class DeviceFilters(Filters):
    """Which devices."""

    q = forms.CharField(label=_("名称、编码或单位"), required=False, max_length=60, widget=forms.TextInput(TEXT))
    state = forms.ChoiceField(label=_("状态"), required=False, choices=DEVICE_STATES, widget=forms.Select(SELECT))


def _listed(text: str) -> list[str]:
    """What stands between commas, blanks and line ends."""
    return [part for part in re.split(r"[\s,，、;；]+", text) if part]


class DeviceForm(forms.Form):
    """A device as the city registers it."""

    mn = forms.CharField(
        label=_("设备唯一标识（MN）"), max_length=40, help_text=_("数采仪里设置的编码，2017年起的标准为24位"), widget=forms.TextInput(TEXT)
    )
    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("如：某厂总排口数采仪"), widget=forms.TextInput(TEXT))
    subject = forms.ModelChoiceField(
        Subject.objects.filter(kind__in=OWNERS), label=_("所属单位"), required=False, empty_label=_("暂不指定，只有市级可见"),
        widget=forms.Select(SELECT),
    )  # fmt: skip
    password = forms.CharField(
        label=_("访问密码（PW）"), max_length=40, required=False, widget=forms.PasswordInput({**TEXT, "autocomplete": "new-password"})
    )
    systems = forms.CharField(label=_("系统编码（ST）"), max_length=60, required=False, widget=forms.TextInput(TEXT))
    edition = forms.TypedChoiceField(
        label=_("标准版本"), required=False, coerce=int, empty_value=None, widget=forms.Select(SELECT),
        choices=[("", _("不限定")), *Device.Edition.choices],
    )  # fmt: skip
    profile = forms.ChoiceField(label=_("读法"), choices=Device.Profile.choices, widget=forms.Select(SELECT))
    addresses = forms.CharField(
        label=_("可从哪些地址连接"), required=False, max_length=400, help_text=_("地址或网段，如 10.1.2.0/24；留空为不限"),
        widget=forms.TextInput(TEXT),
    )  # fmt: skip
    factors = forms.CharField(
        label=_("应报因子"), required=False, max_length=400, help_text=_("因子编码，如 w01018；留空为不限"), widget=forms.TextInput(TEXT)
    )
    active = forms.BooleanField(label=_("启用（停用后网关不再接收）"), required=False, initial=True)

    def __init__(self, *args: Any, device: Device | None = None, **kwargs: Any) -> None:
        if device is not None:
            kwargs["initial"] = _initial(device)
        super().__init__(*args, **kwargs)
        if device is None:
            self.fields["password"].required = True
            self.fields["password"].help_text = _("6位，与数采仪一致；保存后不再显示")
        else:
            self.fields["mn"].disabled = True
            self.fields["password"].help_text = _("留空为不改；保存后不再显示")
        self.fields["systems"].help_text = _("如 32（水）、31（气）；留空为不限")

    def clean_mn(self) -> str:
        """Letters and digits: it stands between separators in a frame."""
        mn = self.cleaned_data["mn"].strip()
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", mn):
            raise forms.ValidationError(_("只能有字母、数字、下划线、横线"))
        return mn

    def clean_password(self) -> str:
        """What can stand in a frame."""
        password = self.cleaned_data["password"]
        if re.search(r"[;&=#\s]|[^\x21-\x7e]", password):
            raise forms.ValidationError(_("不能有空格、分号、&、=、# 和中文"))
        return password

    def clean_systems(self) -> list[str]:
        """Codes of the standard."""
        return _known(self.cleaned_data["systems"], set(standard()["systems"]), _("标准里没有系统编码%(codes)s"))

    def clean_factors(self) -> list[str]:
        """Codes of the standard's table."""
        return _known(self.cleaned_data["factors"], {*factors(), *factors_2005()}, _("标准里没有因子%(codes)s"))

    def clean_addresses(self) -> list[str]:
        """Addresses or networks, in their canonical form."""
        networks = []
        for text in _listed(self.cleaned_data["addresses"]):
            try:
                networks.append(str(ipaddress.ip_network(text)))
            except ValueError as error:
                raise forms.ValidationError(_("“%(text)s”不是地址或网段"), params={"text": text}) from error
        return networks

    def asked(self) -> Asked:
        """What was stated, once it is valid."""
        given = self.cleaned_data
        subject = given["subject"]
        return Asked(
            given["mn"], given["name"].strip(), subject.pk if subject else None, given["password"], tuple(given["systems"]),
            given["edition"], given["profile"], tuple(given["addresses"]), tuple(given["factors"]), given["active"],
        )  # fmt: skip


def _known(text: str, known: set[str], words: Any) -> list[str]:
    codes = _listed(text)
    if unknown := [code for code in codes if code not in known]:
        raise forms.ValidationError(words, params={"codes": "、".join(unknown)})
    return codes


def _initial(device: Device) -> dict[str, Any]:
    lists = {name: "、".join(getattr(device, name)) for name in ("systems", "addresses", "factors")}
    plain = {name: getattr(device, name) for name in ("mn", "name", "edition", "profile", "active")}
    return {**plain, **lists, "subject": device.subject_id}
