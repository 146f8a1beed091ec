"""The inbox (待办): opened for a reason by any capability, closed by the act that settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.models import InboxItem
from shuangkong.core.errors import InputError


def open_item(
    key: str,
    *,
    kind: str,
    title: str,
    address: str,
    today: date,
    detail: str = "",
    severity: int = 3,
    user: Any = None,
    department: Any = None,
    subject: Any = None,
    due_on: date | None = None,
) -> InboxItem:
    """Opens an item, or renews the one with the same ``key`` (a closed one opens again). ``severity`` 1 is the gravest.

    Raises:
        InputError: addressed to nobody.
    """
    if user is None and department is None and subject is None:
        raise InputError("待办没有收件人", where=key, do="指定人员、部门或主体")
    values = {
        "kind": kind, "title": title, "detail": detail, "severity": severity, "address": address, "for_user": user,
        "for_department": department, "for_subject": subject, "due_on": due_on, "closed_at": None,
        "demonstration": settings.DEMONSTRATION,
    }  # fmt: skip
    items = InboxItem.objects.unscoped("the service that writes the inbox")
    item, _made = items.update_or_create(key=key, defaults=values, create_defaults={**values, "opened_on": today})
    return item


def close_item(key: str) -> bool:
    """Closes the open item with ``key``; tells whether there was one."""
    items = InboxItem.objects.unscoped("the service that writes the inbox")
    return items.filter(key=key, closed_at=None).update(closed_at=Now()) == 1


def close_items(stem: str) -> int:
    """Closes every open item whose key begins with ``stem``; tells how many."""
    items = InboxItem.objects.unscoped("the service that writes the inbox")
    return items.filter(key__startswith=stem, closed_at=None).update(closed_at=Now())


@dataclass(frozen=True, slots=True)
class Notice:
    """An item that should stand open: its key, kind, words, where it leads, and to which department or place it is addressed."""

    key: str
    kind: str
    title: str
    address: str
    detail: str = ""
    severity: int = 3
    department_id: int | None = None
    subject_id: int | None = None
    due_on: date | None = None


@transaction.atomic
def reconcile(kinds: Sequence[str], notices: Sequence[Notice], today: date) -> tuple[int, int]:
    """Let exactly ``notices`` stand open among the items of ``kinds``; answers with how many opened and how many closed.

    One read and at most three writes, however many there are. What stands open already is left as it is.
    """
    items = InboxItem.objects.unscoped("the service that writes the inbox").filter(kind__in=kinds)
    known = {item.key: item for item in items}
    wanted = {notice.key: notice for notice in notices}
    opened = [_item(notice, today) for key, notice in wanted.items() if key not in known]
    again = [_renew(known[key], notice, today) for key, notice in wanted.items() if key in known and _differs(known[key], notice)]
    gone = [item.pk for key, item in known.items() if key not in wanted and item.closed_at is None]
    InboxItem.objects.bulk_create(opened)
    InboxItem.objects.bulk_update(again, ["kind", "title", "detail", "severity", "address", "opened_on", "closed_at", "due_on"])
    items.filter(pk__in=gone).update(closed_at=Now())
    if opened or again or gone:
        keys = [item.key for item in [*opened, *again]]
        record("desk.inbox.reconciled", InboxItem, after={"opened": keys, "closed": len(gone)})
    return len(opened) + len(again), len(gone)


def _item(notice: Notice, today: date) -> InboxItem:
    return InboxItem(
        key=notice.key, kind=notice.kind, title=notice.title[:200], detail=notice.detail[:400], severity=notice.severity,
        address=notice.address, for_department_id=notice.department_id, for_subject_id=notice.subject_id, opened_on=today,
        due_on=notice.due_on,
        demonstration=settings.DEMONSTRATION,
    )  # fmt: skip


def _differs(item: InboxItem, notice: Notice) -> bool:
    words = (notice.kind, notice.title[:200], notice.detail[:400], notice.severity, notice.due_on)
    return item.closed_at is not None or (item.kind, item.title, item.detail, item.severity, item.due_on) != words


def _renew(item: InboxItem, notice: Notice, today: date) -> InboxItem:
    """The same reason again: open, in the words of today; since when it stands open stays where it never closed."""
    if item.closed_at is not None:
        item.opened_on, item.closed_at = today, None
    item.title, item.detail, item.severity, item.address = notice.title[:200], notice.detail[:400], notice.severity, notice.address
    item.kind, item.due_on = notice.kind, notice.due_on
    return item
