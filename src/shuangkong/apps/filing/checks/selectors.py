"""Reads of the checks: the catalogue with how often each asked and was answered, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from shuangkong.apps.filing.checks.switches import in_use
from shuangkong.apps.filing.models import CheckSwitch, FoundFinding, Suppression
from shuangkong.core.checks import Check

SHOWN_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A check as the catalogue shows it: how often it was raised and explained in what the reader may see, and an open proposal."""

    check: Check
    raised: int
    explained: int
    proposal: CheckSwitch | None


def entries(user: Any) -> list[Entry]:
    """The catalogue, in two queries beside the switches."""
    counts = {
        row["check_number"]: (row["raised"], row["explained"])
        for row in FoundFinding.objects.visible_to(user)
        .order_by()
        .values("check_number")
        .annotate(raised=Count("id"), explained=Count("id", filter=Q(explained_at__isnull=False)))
    }
    proposals = CheckSwitch.objects.visible_to(user).filter(decided_at=None).select_related("asked_by")
    open_ = {proposal.check_number: proposal for proposal in proposals}
    return [Entry(check, *counts.get(check.number, (0, 0)), open_.get(check.number)) for check in in_use()]


def decisions(user: Any) -> QuerySet:
    """The newest decisions about checks."""
    return CheckSwitch.objects.visible_to(user).exclude(decided_at=None).select_related("asked_by", "decided_by")[:SHOWN_RECORDS]


def suppressions(user: Any) -> QuerySet:
    """The newest records that a check is not applied to a subject, as far as the reader may see them."""
    return Suppression.objects.visible_to(user).select_related("subject", "by")[:SHOWN_RECORDS]


def findings(user: Any) -> QuerySet:
    """What was found in rounds that the reader may see, with what a list shows."""
    return FoundFinding.objects.visible_to(user).select_related("round__filing__subject", "explained_by")
