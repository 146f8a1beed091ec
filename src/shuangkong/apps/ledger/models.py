"""Batches and ledger rows: accepted quantities, immutable."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.ledger.fields import QuantityField, RatioField
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped


class Batch(Scoped):
    """Rows that came together. Invisible until ``applied_at`` is set by one last update; undo sets ``withdrawn_at``."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    file = models.ForeignKey("desk.StoredFile", models.PROTECT, null=True, related_name="+")
    document = models.CharField(max_length=120, blank=True)
    demonstration = models.BooleanField(default=False)
    rows_read = models.PositiveIntegerField(default=0)
    rows_kept = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_sm3 = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("批次")

    def __str__(self) -> str:
        return self.title

    @property
    def accepted(self) -> bool:
        """Whether its rows count now."""
        return self.applied_at is not None and self.withdrawn_at is None

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own and one's subject's; the city's people see all."""
        if user.sees_all:
            return models.Q()
        return models.Q(owner=user) | models.Q(subject__in=user.own_subject_ids)


class Evidence(Scoped):
    """A document attached to a batch: what its figures rest on. Added, never changed."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="evidence")
    file = models.ForeignKey("desk.StoredFile", models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        verbose_name = _("依据文件")

    def __str__(self) -> str:
        return self.file.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As its batch."""
        if user.sees_all:
            return models.Q()
        return models.Q(batch__owner=user) | models.Q(batch__subject__in=user.own_subject_ids)


class Row(Scoped):
    """One accepted quantity or rate. Never updated, never deleted once its batch was applied (triggers refuse both).

    Exactly one of ``quantity`` (base units of the measure) and ``rate`` (percent, e.g. comparable growth) is set.
    Regional rows have ``subject`` = the county; ``zone`` is an overlay (accounting 8). A city's or province's own issued or
    published figure has that subject and no county. ``flow`` and ``product`` are empty where the measure has none.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="rows")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    county = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+", db_index=False)
    zone = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+", db_index=False)
    measure = models.CharField(max_length=32)
    industry = models.CharField(max_length=16, blank=True)
    product = models.CharField(max_length=32, blank=True)
    flow = models.CharField(max_length=24, blank=True)
    period_kind = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField()
    quantity = QuantityField(null=True)
    rate = RatioField(null=True)
    unit_filed = models.CharField(max_length=16, blank=True)
    filed = models.CharField(max_length=40, blank=True)
    price_base = models.PositiveSmallIntegerField(null=True)
    origin = models.CharField(max_length=12)
    release = models.CharField(max_length=12)
    comparable = models.BooleanField(default=False)
    demonstration = models.BooleanField(default=False)
    document = models.CharField(max_length=120, blank=True)
    remark = models.CharField(max_length=200, blank=True)
    known_on = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="superseded_by", db_index=False)

    class Meta:
        verbose_name = _("台账行")
        indexes = [
            models.Index(fields=["measure", "subject", "period_end"], name="ledger_row_cell"),
            models.Index(fields=["supersedes"], name="ledger_row_supersedes", condition=models.Q(supersedes__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__isnull=False, rate__isnull=True) | models.Q(quantity__isnull=True, rate__isnull=False),
                name="ledger_row_quantity_or_rate",
            ),
            models.CheckConstraint(condition=models.Q(period_end__gt=models.F("period_start")), name="ledger_row_period"),
        ]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """A county sees its own rows, a zone those in it; published rows are open to all who sign in."""
        if user.sees_all:
            return models.Q()
        own = models.Q(subject__in=user.own_subject_ids) | models.Q(zone__in=user.own_subject_ids)
        return own | models.Q(origin="published")
