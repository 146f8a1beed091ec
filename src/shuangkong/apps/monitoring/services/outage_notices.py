"""The inbox of outages (待办): the subject's people, its county, and the departments that lead the plan's clause on telemetry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.monitoring.models import Outage
from shuangkong.apps.monitoring.sharing import TOPIC
from shuangkong.apps.organisations.models import Department, Subject

KIND = "telemetry.outage"
#: What the platform saw, in words.
CAUSES = {
    "line": gettext_lazy("设备断开连接"), "silent": gettext_lazy("收不到数据"), "point": gettext_lazy("其他因子正常，只缺这一个"),
}  # fmt: skip
_HUNDRED = 100


def tell(today: date) -> None:
    """Bring the inbox in line with the outages that are not closed. A fixed number of statements, however many there are."""
    open_ones = Outage.objects.unscoped("the inbox is written for everybody whom it concerns").exclude(state="closed")
    leads = list(Department.objects.filter(duties__role="lead", duties__clause__topic=TOPIC).distinct())
    related = ("device", "point", "subject", "subject__county", "subject__parent")
    notices = [notice for outage in open_ones.select_related(*related) for notice in _notices(outage, leads, today)]
    reconcile([KIND], notices, today)


def _notices(outage: Outage, leads: Sequence[Department], today: date) -> Iterable[Notice]:
    title, detail = title_of(outage), _detail(outage, today)
    severity = 1 if today > outage.due_on and outage.state != "restored" else 3 if outage.state == "restored" else 2
    page, stem = f"/monitoring/outages/{outage.pk}/", f"{KIND}:{outage.pk}"

    def to(whom: str, **address: Any) -> Notice:
        return Notice(f"{stem}:{whom}", KIND, title, page, detail, severity, due_on=outage.due_on, **address)

    if outage.subject is not None:
        yield to("own", subject_id=outage.subject_id)
        if (county := _county(outage.subject)) is not None and county.pk != outage.subject_id:
            yield to("county", subject_id=county.pk)
    for lead in leads:
        yield to(lead.code, department_id=lead.pk)


def _county(subject: Subject) -> Subject | None:
    """The county in which a subject lies."""
    if subject.county is not None:
        return subject.county
    parent = subject.parent
    return parent if parent is not None and parent.kind == Subject.Kind.COUNTY else None


def title_of(outage: Outage) -> str:
    """What is cut, in one line."""
    whose = f"{outage.subject.name}：" if outage.subject else ""
    if outage.state == "restored":
        return _("{whose}{what}已恢复，中断期间的数据待补传").format(whose=whose, what=outage)
    return _("{whose}{what}中断").format(whose=whose, what=outage)


def _detail(outage: Outage, today: date) -> str:
    """Since when, why as far as seen, what to do, until when."""
    began = _clock(outage.started_at)
    if outage.state == "restored":
        missing = outage.expected - outage.filled
        return _("{began}至{ended}缺{missing}个数据，补传了{share}。请设备补传；补不出的，说明修复情况。").format(
            began=began, ended=_clock(outage.ended_at or outage.noticed_at), missing=missing, share=share_of(outage)
        )
    words = _("自{began}起{cause}，影响{points}个测点。").format(began=began, cause=CAUSES.get(outage.cause, ""), points=outage.points)
    if today > outage.due_on:
        return words + _("已超过修复期限，须向省级报告，并人工填报。")
    return words + _("请在{due}前修复；不能修复的，说明原因。").format(due=outage.due_on)


def share_of(outage: Outage) -> str:
    """The part of the gap that came later, in percent."""
    return f"{outage.filled * _HUNDRED // outage.expected}%" if outage.expected else "0%"


def _clock(moment: datetime) -> str:
    local = moment.astimezone(timezone.get_default_timezone())
    return f"{local.month}月{local.day}日{local:%H:%M}"
