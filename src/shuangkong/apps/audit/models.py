"""The log of changes and its chain of blocks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EntryQuerySet(models.QuerySet):
    """Reads of the log."""

    def visible_to(self, user: Any) -> EntryQuerySet:
        """The city's people and administrators see all; anyone else their own acts; nobody signed out anything.

        The scope rule's base class stands in ``organisations``, above this app; only :mod:`audit.selectors` reads the log for a person.
        """
        if not getattr(user, "is_authenticated", False):
            return self.none()
        if user.sees_all or user.role == "administrator":
            return self.all()
        return self.filter(actor=user)


class Entry(models.Model):
    """One change of a value or state: who, when, what, from what to what, from where.

    Written in the transaction that it describes. ``payload`` is canonical JSON text, ``sm3`` its hash. Never updated or deleted:
    triggers refuse both.
    """

    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=80)
    target_kind = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True)
    payload = models.TextField()
    sm3 = models.CharField(max_length=64)

    objects: ClassVar[models.Manager] = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("审计记录")
        indexes = [models.Index(fields=["target_kind", "target_id"]), models.Index(fields=["action"])]


class Block(models.Model):
    """A sealed run of entries: ``sm3 = hash(previous, root, count, first, last)``. Laid by the sealer over committed entries.

    ``leaves`` holds one line ``id hash`` for each entry, ``root`` is the SM3 of that text: so ``verify`` can name the very entry.
    """

    number = models.BigIntegerField(primary_key=True)
    previous = models.CharField(max_length=64)
    root = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    sm3 = models.CharField(max_length=64)
    leaves = models.TextField()
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["number"]
        verbose_name = _("审计块")
