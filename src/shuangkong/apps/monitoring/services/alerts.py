"""Which incidents ask for a person (待办): strangers, refused passwords, clocks that are off. They follow from the open incidents alone.

To the departments that lead the plan's clause on telemetry, and to the owner of a registered device.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from django.utils import timezone

from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.monitoring.models import Incident
from shuangkong.apps.monitoring.words import KINDS, kind_of
from shuangkong.apps.organisations.models import Department

#: The kind of items that are kept here; no other capability writes them.
KIND = "telemetry"
_ASKING = [code for code, kind in KINDS.items() if kind.after]


def civil_day(now: datetime) -> date:
    """The day in Asia/Shanghai."""
    return now.astimezone(timezone.get_default_timezone()).date()


def raise_alerts(today: date) -> None:
    """Bring the inbox in line with the open incidents. Two reads beside the inbox's own, however many there are."""
    leads = list(Department.objects.filter(duties__role="lead", duties__clause__topic="telemetry").distinct())
    found = Incident.objects.unscoped("the inbox is written for every owner").filter(handled_at=None, code__in=_ASKING)
    groups: defaultdict[tuple[str, str, str], list[Incident]] = defaultdict(list)
    for incident in found.select_related("device").defer("sample").order_by("id"):
        groups[_reason(incident)].append(incident)
    notices = [notice for reason, lines in groups.items() if _is_due(lines) for notice in _notices(reason, lines, leads)]
    reconcile([KIND], notices, today)


def _reason(incident: Incident) -> tuple[str, str, str]:
    """A device's own incidents stand together whatever the address; a stranger's by its address, whatever it claims."""
    return (incident.code, incident.mn, "") if incident.device else (incident.code, "", incident.address)


def _is_due(lines: Sequence[Incident]) -> bool:
    """Whether it happened so often on one day that a person should look."""
    by_day: defaultdict[date, int] = defaultdict(int)
    for line in lines:
        by_day[line.day] += line.times
    return max(by_day.values()) >= kind_of(lines[0].code).after


def _notices(reason: tuple[str, str, str], lines: Sequence[Incident], leads: Iterable[Department]) -> list[Notice]:
    code, mn, address = reason
    kind, device = kind_of(code), lines[-1].device
    whose = f"{device.name}（{mn}）" if device else address
    title = f"{kind.title}：{whose}，{sum(line.times for line in lines)}次" if whose else str(kind.title)
    asked = {"code": code, "state": "open", "mn": mn, "address": address}
    page = f"/monitoring/incidents/?{urlencode({name: value for name, value in asked.items() if value})}"
    stem = f"{KIND}:{code}:{mn or address}"
    to_leads = [Notice(f"{stem}:{lead.code}", KIND, title, page, str(kind.do), kind.severity, department_id=lead.pk) for lead in leads]
    if device is None or device.subject_id is None:
        return to_leads
    return [*to_leads, Notice(f"{stem}:own", KIND, title, page, str(kind.do), kind.severity, subject_id=device.subject_id)]
