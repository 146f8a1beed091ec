"""Reads of outages and findings by their filters, within the reader's scope."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from shuangkong.apps.monitoring.models import Device, Outage, Point, QualityFinding
from shuangkong.apps.monitoring.overview import siblings

#: What a list shows unasked: what still waits for somebody.
OPEN = "waiting"
_OUTAGES_OPEN = ("open", "explained", "restored")
_FINDINGS_OPEN = ("open", "explained")


def outages(user: Any, filters: dict[str, Any]) -> QuerySet[Outage]:
    """Outages that ``user`` may see and the filters ask for."""
    found = Outage.objects.visible_to(user).select_related("device", "point", "subject", "subject__county")
    found = _in_state(found, filters.get("state", ""), _OUTAGES_OPEN)
    found = _in_county(found, filters.get("county", ""), "subject")
    if words := filters.get("q"):
        found = found.filter(Q(source__icontains=words) | Q(device__name__icontains=words) | Q(subject__name__icontains=words))
    return found


def outage_of(user: Any, outage_id: int) -> Outage | None:
    """One of them."""
    found = Outage.objects.visible_to(user).select_related("device", "point", "subject", "subject__county", "words_by")
    return found.filter(pk=outage_id).first()


def first_point(user: Any, outage: Outage) -> Point | None:
    """The point that stands for the source of an outage."""
    beside = [outage.point] if outage.point else siblings(user, outage.source)
    return beside[0] if beside else None


def may_open_device(user: Any, outage: Outage) -> bool:
    """Whether ``user`` may see the device of an outage: who shares the points does not see the devices."""
    return outage.device_id is not None and Device.objects.visible_to(user).filter(pk=outage.device_id).exists()


def findings(user: Any, filters: dict[str, Any]) -> QuerySet[QualityFinding]:
    """Findings of the quality rules that ``user`` may see and the filters ask for, without their evidence."""
    related = ("point", "point__device", "point__subject", "point__subject__county")
    found = QualityFinding.objects.visible_to(user).select_related(*related).defer("evidence")
    found = _in_state(found, filters.get("state", ""), _FINDINGS_OPEN)
    found = _in_county(found, filters.get("county", ""), "point__subject")
    if rule := filters.get("rule"):
        found = found.filter(rule=rule)
    if words := filters.get("q"):
        asked = ("point__key", "point__name", "point__device__name", "point__subject__name")
        found = found.filter(_any(asked, words))
    return found


def _any(names: tuple[str, ...], words: str) -> Q:
    asked = Q()
    for name in names:
        asked |= Q(**{f"{name}__icontains": words})
    return asked


def finding_of(user: Any, finding_id: int) -> QualityFinding | None:
    """One of them, with its evidence."""
    related = ("point", "point__device", "point__subject", "point__subject__county", "words_by")
    return QualityFinding.objects.visible_to(user).select_related(*related).filter(pk=finding_id).first()


def rules_met(user: Any) -> list[tuple[str, str]]:
    """The rules that found something, with their titles."""
    return list(QualityFinding.objects.visible_to(user).order_by("rule").values_list("rule", "title").distinct())


def _in_state(found: Any, state: str, waiting: tuple[str, ...]) -> Any:
    if state == "all":
        return found
    return found.filter(state__in=waiting) if state in ("", OPEN) else found.filter(state=state)


def _in_county(found: Any, county: str, path: str) -> Any:
    return found.filter(Q(**{f"{path}__county__code": county}) | Q(**{f"{path}__code": county})) if county else found
