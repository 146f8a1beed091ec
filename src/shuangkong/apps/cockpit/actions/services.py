"""Entering an item of a key action, and noting that it is done."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.plans.models import Action, ActionItem
from shuangkong.core.errors import InputError


def enter(action: Action, fields: dict[str, Any], actor: Any) -> ActionItem:
    """Add a task or project to an action.

    Raises:
        InputError: not for this person.
    """
    if not actor.sees_all:
        raise InputError(_("行动事项由市级主管部门录入"))
    with transaction.atomic():
        item = ActionItem.objects.create(action=action, **fields)
        record("plans.action_item.entered", item, actor=actor, after={"title": item.title, "due_on": item.due_on.isoformat()})
    return item


def finish(item: ActionItem, done_on: date, actor: Any) -> None:
    """Note the day on which an item was done, once.

    Raises:
        InputError: done already.
    """
    with transaction.atomic():
        open_ = ActionItem.objects.unscoped("the service that notes it").filter(pk=item.pk, done_on__isnull=True)
        if open_.update(done_on=done_on) != 1:
            raise InputError(_("这一项已经记为完成"))
        record("plans.action_item.finished", item, actor=actor, after={"done_on": done_on.isoformat()})
