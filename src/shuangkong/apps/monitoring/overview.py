"""Where values come from, and how each of these sources stands now: 在线, 迟到, 中断, 从未上传.

A source is what falls silent together: a device with its factors, or an energy user with its meters. What is heard comes from the register
of points; that a line is lost, from the status files of the gateway, within seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from shuangkong.apps.monitoring.models import Device, Outage, Point, QualityFinding
from shuangkong.apps.monitoring.rules import whole
from shuangkong.apps.monitoring.selectors import Gateway
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.points import HJ212
from shuangkong.apps.organisations.models import Subject

#: The gravest first: how lists and maps are ordered.
STATES = ("cut", "late", "never", "online", "ended")
_FIELDS = (
    "pk", "source", "code", "name", "unit", "medium", "role", "interval_s", "active_to", "last_at", "last_received_at", "demonstration",
    "device_id", "device__mn", "device__name", "device__active", "subject_id", "subject__name", "subject__code", "subject__county_id",
    "subject__county__name", "subject__county__code", "subject__kind",
)  # fmt: skip

_OF_OUTAGES = ("source", "pk", "started_at", "point_id")


@dataclass(slots=True)
class Source:
    """A source as the list shows it. ``since``: when the state began, where that is known; ``points`` are rows of the register."""

    key: str
    name: str
    mn: str = ""
    device_id: int | None = None
    subject: str = ""
    county: str = ""
    county_code: str = ""
    state: str = "never"
    since: datetime | None = None
    heard_at: datetime | None = None
    interval_s: int = 0
    outage_id: int | None = None
    findings: int = 0
    demonstration: bool = False
    media: frozenset[str] = frozenset()
    points: list[dict[str, Any]] = field(default_factory=list)

    @property
    def first(self) -> dict[str, Any] | None:
        """The point that stands for it: a pollutant or a meter before others."""
        order = {Point.Role.POLLUTANT: 0, Point.Role.METER: 0, Point.Role.FLOW: 1}
        return min(self.points, key=lambda point: (order.get(point["role"], 2), point["code"]), default=None)

    @property
    def medium_words(self) -> str:
        """废气, 废水, 能源计量."""
        return "、".join(str(label) for value, label in Point.Medium.choices if value in self.media)


def sources(user: Any, gateway: Gateway, now: datetime) -> list[Source]:
    """What ``user`` may see, the gravest first. A fixed number of statements."""
    rows = Point.objects.visible_to(user).values(*_FIELDS).order_by("source", "code")
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["source"]].append(row)
    outages = _open_outages(user)
    findings = _open_findings(user)
    late_after = whole("on_time_factor", civil_day(now))
    found = [_source(key, points, outages.get(key), findings, gateway, now, late_after) for key, points in grouped.items()]
    return sorted([*found, *_silent_devices(user, grouped)], key=lambda s: (STATES.index(s.state), s.county_code, s.subject, s.name))


def source_of(user: Any, point: Point, gateway: Gateway, now: datetime) -> Source:
    """The source of one point."""
    rows = list(Point.objects.visible_to(user).filter(source=point.source).values(*_FIELDS).order_by("code"))
    outage = _open_outages(user, source=point.source).get(point.source)
    findings = _open_findings(user, point__source=point.source)
    return _source(point.source, rows, outage, findings, gateway, now, whole("on_time_factor", civil_day(now)))


def _open_outages(user: Any, **of: Any) -> dict[str, tuple[int, datetime]]:
    """The open outage of each source: of the whole before that of a point of it."""
    open_ones = Outage.objects.visible_to(user).filter(state__in=("open", "explained"), ended_at=None, **of)
    found: dict[str, tuple[int, datetime]] = {}
    for key, pk, started_at, point_id in open_ones.order_by("point_id", "-started_at").values_list(*_OF_OUTAGES):
        if point_id is None or key not in found:
            found[key] = (pk, started_at)
    return found


def _open_findings(user: Any, **of: Any) -> Mapping[str, int]:
    open_ones = QualityFinding.objects.visible_to(user).filter(state="open", **of)
    return dict(open_ones.order_by().values_list("point__source").annotate(n=Count("pk")))


def _source(
    key: str,
    points: Sequence[dict[str, Any]],
    outage: tuple[int, datetime] | None,
    findings: Mapping[str, int],
    gateway: Gateway,
    now: datetime,
    late_after: int,
) -> Source:
    first = points[0]
    state, since = state_of(points, outage[1] if outage else None, gateway, now, late_after)
    return Source(
        key, _name(first), first["device__mn"] or "", first["device_id"], first["subject__name"] or "", *_county(first), state, since,
        _newest(points, "last_received_at"), min(point["interval_s"] for point in points), outage[0] if outage else None,
        findings.get(key, 0), any(point["demonstration"] for point in points), frozenset(point["medium"] for point in points), list(points),
    )  # fmt: skip


def _name(row: dict[str, Any]) -> str:
    if row["role"] == Point.Role.METER and row["subject__name"]:
        return _("{name}能源计量").format(name=row["subject__name"])
    return str(row["device__name"] or row["subject__name"] or row["source"])


def _county(row: dict[str, Any]) -> tuple[str, str]:
    """Name and code of the county in which the subject lies (its own, where it is one)."""
    if row["subject__kind"] == Subject.Kind.COUNTY:
        return row["subject__name"], row["subject__code"]
    return row["subject__county__name"] or "", row["subject__county__code"] or ""


def _newest(points: Iterable[dict[str, Any]], name: str) -> datetime | None:
    return max((point[name] for point in points if point[name]), default=None)


def state_of(
    points: Sequence[dict[str, Any]], cut_at: datetime | None, gateway: Gateway, now: datetime, late_after: int
) -> tuple[str, datetime | None]:
    """How a source stands, and since when: an open outage or a lost line, then silence for more than ``late_after`` intervals."""
    active = [point for point in points if point["active_to"] is None or point["active_to"] > now]
    heard = _newest(points, "last_at")
    if not active or points[0]["device__active"] is False:
        return "ended", _newest(points, "active_to")
    lost_at = gateway.lost.get(points[0]["device__mn"] or "")
    if cut_at is not None or lost_at is not None:
        return "cut", min(at for at in (cut_at, lost_at) if at is not None)
    if heard is None:
        return "never", None
    quiet = now - heard > late_after * timedelta(seconds=min(point["interval_s"] for point in active))
    return ("late", heard) if quiet else ("online", None)


def _silent_devices(user: Any, known: Mapping[str, object]) -> list[Source]:
    """Registered devices of which no point is known: nothing has ever come from them."""
    devices = Device.objects.visible_to(user).filter(points=None).select_related("subject", "subject__county")
    return [
        Source(
            f"{HJ212}/{device.mn}", device.name, device.mn, device.pk, device.subject.name if device.subject else "",
            *_county_of(device.subject), "never" if device.active else "ended", None, device.last_frame_at,
            demonstration=device.demonstration or settings.DEMONSTRATION,
        )
        for device in devices
        if f"{HJ212}/{device.mn}" not in known
    ]  # fmt: skip


def _county_of(subject: Subject | None) -> tuple[str, str]:
    if subject is None:
        return "", ""
    place = subject if subject.kind == Subject.Kind.COUNTY else subject.county
    return (place.name, place.code) if place else ("", "")


def filtered(found: Iterable[Source], filters: Mapping[str, str]) -> list[Source]:
    """Those that the address asks for: by state, county, medium and words."""
    words = filters.get("q", "").lower()
    return [
        source
        for source in found
        if filters.get("state") in (None, "", source.state)
        and filters.get("county") in (None, "", source.county_code)
        and (not filters.get("medium") or filters["medium"] in source.media)
        and (not words or words in f"{source.name} {source.mn} {source.subject}".lower())
    ]


def counts(found: Iterable[Source]) -> dict[str, int]:
    """How many stand in each state, the gravest first."""
    counted = dict.fromkeys(STATES, 0)
    for source in found:
        counted[source.state] += 1
    return counted


def siblings(user: Any, source: str) -> list[Point]:
    """The points of a source that ``user`` may see, pollutants first."""
    order = {Point.Role.POLLUTANT: 0, Point.Role.METER: 0, Point.Role.FLOW: 1}
    found = Point.objects.visible_to(user).filter(source=source).order_by("code")
    return sorted(found, key=lambda each: (order.get(Point.Role(each.role), 2), each.code))

