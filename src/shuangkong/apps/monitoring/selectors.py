"""Reads of monitoring: devices with their last contact, incidents by their filters, how the gateway stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Now

from shuangkong.apps.monitoring.models import Collection, Device, Incident, Point
from shuangkong.apps.monitoring.words import KINDS
from shuangkong.series.files import read_json

#: A process that has written its status within this time is running.
FRESH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Gateway:
    """How the gateway stands by the status files of its processes: running processes, open connections, devices online, alarms.

    ``lost``: devices that held their connection and lost it, with when; one that came back by whatever process is not among them.
    """

    processes: int = 0
    connections: int = 0
    online: frozenset[str] = frozenset()
    alarms: tuple[str, ...] = ()
    lost: Mapping[str, datetime] = field(default_factory=dict)


def gateway(root: Path, now: datetime) -> Gateway:
    """What the processes last wrote; a process that is silent for longer than :data:`FRESH` does not count."""
    live = [status for status in _statuses(root) if _is_fresh(status, now)]
    online = frozenset(mn for status in live for mn in status.get("online", ()))
    alarms = tuple(dict.fromkeys(alarm for status in live for alarm in status.get("alarms", ())))
    lost = {mn: _moment(ms) for status in live for mn, ms in status.get("lost", {}).items() if mn not in online}
    return Gateway(len(live), sum(status.get("connections", 0) for status in live), online, alarms, lost)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _statuses(root: Path) -> Iterable[dict[str, Any]]:
    for path in sorted((root / "status").glob("*.json")):
        try:
            status = read_json(path)
        except (OSError, ValueError):
            continue
        if isinstance(status, dict) and not status.get("stopping"):
            yield status


def _is_fresh(status: dict[str, Any], now: datetime) -> bool:
    return now - _moment(status.get("written_ms", 0)) < FRESH


def devices(user: Any, filters: dict[str, str]) -> QuerySet[Device]:
    """The devices that ``user`` may see, with how many incidents are open and how often the last days met any."""
    is_open = Q(incidents__handled_at=None)
    found = Device.objects.visible_to(user).select_related("subject").annotate(
        open_incidents=Count("incidents", filter=is_open), met=Coalesce(Sum("incidents__times", filter=is_open), 0)
    )  # fmt: skip
    if words := filters.get("q"):
        found = found.filter(Q(mn__icontains=words) | Q(name__icontains=words) | Q(subject__name__icontains=words))
    states = {"open": Q(open_incidents__gt=0), "silent": Q(last_frame_at=None), "off": Q(active=False)}
    return found.filter(states[filters["state"]]) if filters.get("state") in states else found


def device_of(user: Any, device_id: int) -> Device | None:
    """One of them."""
    return Device.objects.visible_to(user).select_related("subject").filter(pk=device_id).first()


def incidents(user: Any, filters: dict[str, Any]) -> QuerySet[Incident]:
    """The incidents that ``user`` may see and the filters ask for, the newest first, without their frames."""
    found = Incident.objects.visible_to(user).select_related("device", "device__subject", "handled_by").defer("sample")
    exact = {name: filters[name] for name in ("code", "address", "day") if filters.get(name)}
    found = found.filter(**exact)
    if mn := filters.get("mn"):
        found = found.filter(Q(mn__icontains=mn) | Q(device__name__icontains=mn))
    match filters.get("state"):
        case "open":
            found = found.filter(handled_at=None)
        case "settled":
            found = found.exclude(handled_at=None)
        case "strangers":
            found = found.filter(device=None)
    return found


def incident_of(user: Any, incident_id: int) -> Incident | None:
    """One of them, with its frame."""
    return Incident.objects.visible_to(user).select_related("device", "device__subject", "handled_by").filter(pk=incident_id).first()


def codes_met(user: Any) -> list[str]:
    """The codes that ``user`` can filter by: those with words of their own first."""
    met = set(Incident.objects.visible_to(user).order_by().values_list("code", flat=True).distinct())
    return [code for code in KINDS if code in met] + sorted(met - set(KINDS))


def point_of(user: Any, point_id: int) -> Point | None:
    """One point that ``user`` may see, with whose it is."""
    found = Point.objects.visible_to(user).select_related("device", "subject", "subject__county")
    return found.filter(pk=point_id).first() if point_id < 2**63 else None


def database_now() -> datetime:
    """The database's clock, for exports and jobs, which are handed none."""
    found = Collection.objects.get_or_create(pk=1)[0]
    return Collection.objects.filter(pk=found.pk).annotate(at=Now()).values_list("at", flat=True)[0]
