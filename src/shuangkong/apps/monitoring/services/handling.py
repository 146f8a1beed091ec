"""Settling incidents by hand: who, when, and what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.monitoring.models import Incident
from shuangkong.apps.monitoring.services import alerts
from shuangkong.apps.organisations.models import User
from shuangkong.core.errors import InputError


@transaction.atomic
def settle(incident: Incident, note: str, actor: Any, now: datetime) -> int:
    """Settles an incident and the open ones like it (same code, and same device or same stranger's address); answers how many.

    Raises:
        InputError: it is not said what was done, or by one who only reads.
    """
    if actor.role == User.Role.READER:
        raise InputError(_("查阅账号不能处理异常"), do=_("请设备所属单位或市级主管处理"))
    if not note.strip():
        raise InputError(_("没有写处理情况"), why=_("处理会记入审计"), do=_("写明查到什么、做了什么"))
    alike = Incident.objects.visible_to(actor).filter(code=incident.code, handled_at=None)
    alike = alike.filter(device=incident.device) if incident.device_id else alike.filter(device=None, address=incident.address)
    count = alike.update(handled_at=now, handled_by=actor, handled_note=note.strip()[:200])
    if count:
        subject_id = incident.device.subject_id if incident.device else None
        after = {"code": incident.code, "mn": incident.mn, "address": incident.address, "count": count, "reason": note.strip()[:200]}
        record("monitoring.incident.settled", incident, actor=actor, subject_id=subject_id, after=after)
        alerts.raise_alerts(alerts.civil_day(now))
    return count
