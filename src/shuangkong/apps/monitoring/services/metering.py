"""The registry of energy users and their meters.

An exchange is an act: it ends the term of the old device at a moment with its last register, begins the next one's, and stands in the log
with its words. What it changes follows: the hourly table is computed anew where meters changed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.monitoring.models import EnergyUser, Meter, MeterTerm, VirtualMeter, VirtualMeterPart
from shuangkong.apps.monitoring.services import points, registry
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.series.schema import point_of

_KEY_BYTES, _ID_BYTES = 32, 16
_CODE = re.compile(r"[0-9]{16}")
_UNITS = (Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT)
#: What is registered of a meter and may be changed; its point stays.
FIELDS = ("name", "product", "flow", "unit", "kind", "reading", "interval_s", "modulus", "largest_per_hour", "counted", "active")


@dataclass(frozen=True)
class Asked:
    """What a person states of a meter. ``code`` is the data code without hyphens; ``since`` and the rest begin its first term."""

    subject: Subject
    code: str
    name: str
    product: str
    flow: str
    unit: str
    kind: str
    since: datetime
    multiplier: Decimal = Decimal(1)
    reading: str = "meter.realtime"
    interval_s: int = 900
    modulus: Decimal | None = None
    largest_per_hour: Decimal | None = None
    counted: bool = True
    active: bool = True
    serial: str = ""
    first_register: Decimal | None = None


@dataclass(frozen=True)
class Exchange:
    """A device taken off and another put on at ``at``; registers as they were read, None where nobody read them; why, in words."""

    at: datetime
    words: str
    multiplier: Decimal
    last_register: Decimal | None = None
    first_register: Decimal | None = None
    serial: str = ""


def _meters() -> Any:
    return Meter.objects.unscoped("the service that keeps the registry of meters")


# energy users


def register_user(subject: Subject, actor: Any, *, key: str = "", demonstration: bool = False) -> tuple[EnergyUser, str]:
    """Lets a unit send readings, or gives it a new key; answers with the key, once.

    Raises:
        InputError: not a unit that uses energy.
    """
    if subject.kind not in _UNITS:
        raise InputError(_("只有企业和产业活动单位可以上传计量数据"), where=subject.name, do=_("选择用能单位"))
    secret = key or secrets.token_urlsafe(_KEY_BYTES)
    with transaction.atomic():
        users = EnergyUser.objects.unscoped("the service that registers energy users")
        user, made = users.get_or_create(
            subject=subject,
            defaults={"key_sm3": "", "device_id": secrets.token_hex(_ID_BYTES), "demonstration": demonstration or subject.demonstration},
        )
        user.key_sm3, user.active = sm3_hex(secret.encode()), True
        user.save(update_fields=["key_sm3", "active"])
        name = "monitoring.energyuser.create" if made else "monitoring.energyuser.renew"
        record(name, user, actor=actor, subject_id=subject.pk, after={"code": subject.code, "device_id": user.device_id, "key": "***"})
        registry.mark_changed()
    return user, secret


def close_user(user: EnergyUser, actor: Any) -> None:
    """Takes no more readings of a unit; what it sent stays."""
    with transaction.atomic():
        if EnergyUser.objects.unscoped("closed").filter(pk=user.pk, active=True).update(active=False):
            record("monitoring.energyuser.close", user, actor=actor, subject_id=user.subject_id, after={"active": False})
            registry.mark_changed()


# meters


def register_meter(asked: Asked, actor: Any, *, demonstration: bool = False) -> Meter:
    """Registers a meter with its first term.

    Raises:
        InputError: what is stated does not hold together, or the point has a meter already.
    """
    _checked(asked)
    point = point_of("meter", asked.subject.code, asked.code)
    if point is None:
        raise InputError(_("单位代码不能用作数据编码的一部分"), where=asked.subject.code, why=_("只能有字母、数字、下划线、点和横线"))
    with transaction.atomic():
        if _meters().filter(key=point.key).exists():
            raise InputError(_("这个采集数据编码已登记过表计"), where=asked.code, do=_("在表计列表里打开它修改，或登记换表"))
        stated = {name: getattr(asked, name) for name in FIELDS}
        marked = demonstration or asked.subject.demonstration
        meter = Meter.objects.create(subject=asked.subject, key=point.key, point=point.point, demonstration=marked, **stated)
        MeterTerm.objects.create(
            meter=meter, starts_at=asked.since, serial=asked.serial, multiplier=asked.multiplier, first_register=asked.first_register,
            entered_by=actor,
        )  # fmt: skip
        after = {"key": point.key, **_shown(stated), "since": asked.since, "multiplier": str(asked.multiplier)}
        record("monitoring.meter.create", meter, actor=actor, subject_id=meter.subject_id, after=after)
        points.make_points([point], asked.since, actor)
        points.name_meter(meter)
    return meter


def change_meter(meter: Meter, asked: Asked, actor: Any, now: datetime) -> None:
    """Changes what is registered of a meter; its point stays. Closing it ends its term at ``now``, so that what it counted before still
    counts; opening it again begins another.

    Raises:
        InputError: what is stated does not hold together.
    """
    _checked(asked)
    before = {name: getattr(meter, name) for name in FIELDS}
    after = {name: getattr(asked, name) for name in FIELDS if getattr(asked, name) != before[name]}
    if not after:
        return
    if {"product", "flow"} & set(after) and (part := VirtualMeterPart.objects.filter(meter=meter).select_related("virtual").first()):
        raise InputError(
            _("表计是虚拟表计“{name}”的成员，不能改品种和用途").format(name=part.virtual.name), where=meter.name,
            why=_("虚拟表计按成员共同的品种和用途相加"), do=_("停用这只表计，用正确的品种另行登记"),
        )  # fmt: skip
    with transaction.atomic():
        for name, value in after.items():
            setattr(meter, name, value)
        meter.save(update_fields=list(after))
        if "active" in after:
            _open_or_close(meter, actor, now)
            points.end_or_reopen(meter, now)
        was = _shown({name: before[name] for name in after})
        record("monitoring.meter.change", meter, actor=actor, subject_id=meter.subject_id, before=was, after=_shown(after))
        points.name_meter(meter)


def _open_or_close(meter: Meter, actor: Any, now: datetime) -> None:
    last = MeterTerm.objects.select_for_update().filter(meter=meter).order_by("-starts_at").first()
    if not meter.active:
        MeterTerm.objects.filter(meter=meter, ends_at=None, starts_at__lt=now).update(ends_at=now)
    elif last is not None and last.ends_at is not None:
        MeterTerm.objects.create(
            meter=meter, starts_at=now, serial=last.serial, multiplier=last.multiplier, words=_("重新启用"), entered_by=actor
        )


def _shown(stated: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in stated.items()}


def _checked(asked: Asked) -> None:
    if asked.subject.kind not in _UNITS:
        raise InputError(_("表计属于企业或产业活动单位"), where=asked.name, do=_("选择用能单位"))
    if not _CODE.fullmatch(asked.code):
        raise InputError(_("采集数据编码应为16位数字"), where=asked.code, do=_("去掉连字符后填写"))
    product = current_rulebook().products.get(asked.product)
    if product is None:
        raise InputError(_("不认识能源品种“{word}”").format(word=asked.product), do=_("从列表中选择"))
    product.to_base(Decimal(1), asked.unit)
    if asked.multiplier <= 0:
        raise InputError(_("倍率必须大于0"), where=asked.name, why=_("给出的是{n}").format(n=asked.multiplier), do=_("没有互感器的填1"))
    if asked.interval_s < 1:
        raise InputError(_("间隔须是正的秒数"), where=asked.name, do=_("填写实际的上传间隔（秒）"))
    for value, name in ((asked.modulus, _("满度")), (asked.largest_per_hour, _("每小时最大用量"))):
        if value is not None and value <= 0:
            raise InputError(_("{name}必须大于0").format(name=name), where=asked.name, do=_("不知道的留空"))


def may_exchange(actor: Any, meter: Meter) -> bool:
    """Whether the person tells of exchanges of a meter: the city, and the unit itself. Who only watches over the unit does not."""
    return bool(actor.sees_all or (actor.role == User.Role.ENTERPRISE and actor.reaches(meter.subject_id)))


def exchange(meter: Meter, act: Exchange, actor: Any, now: datetime) -> MeterTerm:
    """Records that a meter, or its transformers, was exchanged.

    Raises:
        InputError: without words, by one who only reads or of another unit, of a closed meter, before the present term began, or in the
            future.
    """
    if not may_exchange(actor, meter):
        raise InputError(_("您不能登记换表"), do=_("请用能单位或市级主管登记"))
    if not act.words.strip():
        raise InputError(_("没有写换表的原因"), why=_("换表会记入审计，影响用量"), do=_("写明为什么换、谁抄的表底"))
    if act.multiplier <= 0:
        raise InputError(_("倍率必须大于0"), where=meter.name, do=_("没有互感器的填1"))
    if act.at > now:
        raise InputError(_("换表时间在未来"), where=f"{act.at:%Y-%m-%d %H:%M}", do=_("换表之后再登记"))
    with transaction.atomic():
        # two who tell of one meter come one after the other: the second sees what the first did
        if not _meters().select_for_update().get(pk=meter.pk).active:
            raise InputError(_("表计已停用"), where=meter.name, do=_("先启用，再登记换表"))
        last = MeterTerm.objects.select_for_update().filter(meter=meter).order_by("-starts_at").first()
        if last is None or act.at <= last.starts_at:
            raise InputError(_("换表时间不晚于现用表的启用时间"), where=meter.name, do=_("核对换表时间"))
        MeterTerm.objects.filter(pk=last.pk).update(ends_at=act.at, last_register=act.last_register)
        term = MeterTerm.objects.create(
            meter=meter, starts_at=act.at, serial=act.serial, multiplier=act.multiplier, first_register=act.first_register,
            words=act.words.strip()[:200], entered_by=actor,
        )  # fmt: skip
        after = {
            "at": act.at, "last_register": _text(act.last_register), "first_register": _text(act.first_register),
            "multiplier": str(act.multiplier), "serial": act.serial, "reason": act.words.strip()[:200],
        }  # fmt: skip
        before = {"serial": last.serial, "multiplier": str(last.multiplier)}
        record("monitoring.meter.exchange", meter, actor=actor, subject_id=meter.subject_id, before=before, after=after)
    return term


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


# virtual meters


def register_virtual(
    subject: Subject, name: str, weights: Sequence[tuple[Meter, Decimal]], actor: Any, *, counted: bool = True
) -> VirtualMeter:  # fmt: skip
    """A weighted sum of meters of one unit, product and flow.

    Raises:
        InputError: no name, no meters, meters of several units or products, a weight of nothing.
    """
    meters = [meter for meter, _weight in weights]
    if not name.strip() or not meters:
        raise InputError(_("虚拟表计要有名称和至少一只表计"), do=_("填写名称，选择表计"))
    if len({meter.pk for meter in meters}) != len(meters) or any(weight == 0 for _meter, weight in weights):
        raise InputError(_("一只表计只能出现一次，系数不能是0"), where=name, do=_("合并成一个系数"))
    if any((meter.product, meter.flow) != (meters[0].product, meters[0].flow) or meter.subject_id != subject.pk for meter in meters):
        raise InputError(_("虚拟表计的成员应是同一单位、同一品种、同一用途的表计"), where=name, do=_("分开登记"))
    with transaction.atomic():
        if VirtualMeter.objects.unscoped("its name is free").filter(subject=subject, name=name.strip()).exists():
            raise InputError(_("这个单位已有同名的虚拟表计"), where=name, do=_("换一个名称"))
        virtual = VirtualMeter.objects.create(
            subject=subject, name=name.strip(), product=meters[0].product, flow=meters[0].flow, counted=counted,
            demonstration=any(meter.demonstration for meter in meters),
        )  # fmt: skip
        VirtualMeterPart.objects.bulk_create([VirtualMeterPart(virtual=virtual, meter=meter, weight=weight) for meter, weight in weights])
        after = {"name": virtual.name, "counted": counted, "parts": {meter.key: str(weight) for meter, weight in weights}}
        record("monitoring.virtualmeter.create", virtual, actor=actor, subject_id=subject.pk, after=after)
    return virtual
