"""What one person asks for and another one decides: its fields, what the database refuses, and the one guard.

A model of such requests inherits :class:`TwoPersons` and its ``Meta.constraints``, and is decided by :func:`settle`. Where the first
person stands elsewhere (who submitted a version, who stated a rule), :func:`require_second` alone is the guard.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.states import Outdone
from shuangkong.core.errors import InputError

_DECIDED = {"decided_by__isnull": False, "decided_at__isnull": False, "granted__isnull": False}
_WAITS = dict.fromkeys(_DECIDED, True)


class TwoPersons(models.Model):
    """A request of one person that another one grants or refuses, once."""

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")),
                name="%(app_label)s_%(class)s_two_persons",
            ),
            models.CheckConstraint(condition=models.Q(**_DECIDED) | models.Q(**_WAITS), name="%(app_label)s_%(class)s_whole_decision"),
        ]


def require_second(first_id: int | None, user: Any, *, where: str, do: str = "") -> None:
    """Whoever decides is not the person ``first_id``, who asked.

    Raises:
        InputError: the same person.
    """
    if first_id == user.pk:
        raise InputError(
            _("提出人不能自己决定"), where=where, why=_("须由两人经手：一人提出，另一人决定"), do=do or _("请另一位有权的人决定")
        )


def settle(asked: Any, user: Any, *, granted: bool, now: datetime, where: str, do: str = "") -> None:
    """Another person's decision about a :class:`TwoPersons`, in the transaction of the caller, who writes the audit entry.

    Raises:
        InputError: the same person asked.
        Outdone: somebody decided meanwhile; says who and how.
    """
    require_second(asked.asked_by_id, user, where=where, do=do)
    everything = type(asked).objects.unscoped("a request is decided once")
    if everything.filter(pk=asked.pk, decided_at=None).update(decided_by=user, decided_at=now, granted=granted) != 1:
        raise _outdone(everything.select_related("decided_by").get(pk=asked.pk), where)
    asked.decided_by, asked.decided_at, asked.granted = user, now, granted


def _outdone(decided: Any, where: str) -> Outdone:
    at = decided.decided_at.astimezone(timezone.get_default_timezone())
    word = _("同意") if decided.granted else _("不同意")
    why = f"{decided.decided_by.display_name} {at.month}月{at.day}日 {at:%H:%M} {word}"
    return Outdone(
        _("已经有人决定了"), state="granted" if decided.granted else "refused", where=where, why=why, do=_("刷新页面，看最新状态")
    )
