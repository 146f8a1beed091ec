"""The inbox (待办): opened for a reason by any capability, closed by the act that settles it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

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
