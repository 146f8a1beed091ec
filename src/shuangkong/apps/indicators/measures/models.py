"""The library of control measures and the kept versions of a county's choice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.fields import CanonicalField
from shuangkong.apps.ledger.fields import QuantityField
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped
from shuangkong.core.measures import KINDS, Measure


class ControlMeasure(Scoped):
    """One measure that a place (none: every county) may take; amounts are of one unit, as :class:`shuangkong.core.measures.Measure`.

    ``rule`` is the parameter that allows it; ``source`` who estimated its amounts and how. Closed from ``closed_on`` on, never deleted.
    """

    code = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=list(KINDS.items()))
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    unit = models.CharField(max_length=24, blank=True)
    effect_tce = QuantityField()
    cost_10k_yuan = QuantityField()
    units = models.PositiveIntegerField(default=1)
    delay_months = models.PositiveSmallIntegerField(default=0)
    gdp_10k_yuan = QuantityField(default=Decimal(0))
    pollutants_t = models.JSONField(default=dict, blank=True)
    group = models.CharField(max_length=40, blank=True)
    needs = models.JSONField(default=list, blank=True)
    rule = models.CharField(max_length=80)
    source = models.CharField(max_length=200)
    evidence = models.CharField(max_length=16, default="design")
    demonstration = models.BooleanField(default=False)
    closed_on = models.DateField(null=True)

    class Meta:
        ordering = ["subject__position", "kind", "code"]
        verbose_name = _("调控措施")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """What every county may take, and one's own."""
        return models.Q() if user.sees_all else models.Q(subject__isnull=True) | models.Q(subject__in=user.own_subject_ids)

    def as_measure(self, months_before: int = 0) -> Measure:
        """As the optimisation takes it; ``months_before`` of its delay are over before the months that count begin."""
        pollutants = {name: Decimal(tonnes) for name, tonnes in self.pollutants_t.items()}
        return Measure(
            self.code, self.label, self.kind, self.effect_tce, self.cost_10k_yuan, self.units, max(self.delay_months - months_before, 0),
            self.gdp_10k_yuan, pollutants, self.group, tuple(self.needs), self.rule,
        )  # fmt: skip


class MeasurePlan(Scoped):
    """One kept version of a county's choice: what was asked, what came out, who kept and who decided it. The result never changes."""

    class Decision(models.TextChoices):
        """What became of it."""

        OPEN = "", _("待定")
        ADOPTED = "adopted", _("采用")
        REJECTED = "rejected", _("不采用")
        REPLACED = "replaced", _("已被新方案取代")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="measure_plans")
    version = models.PositiveSmallIntegerField()
    year = models.PositiveSmallIntegerField()
    asked = CanonicalField(default=dict)
    result = CanonicalField(default=dict)
    sm3 = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    document = models.CharField(max_length=120, blank=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["subject__position", "-version"]
        verbose_name = _("调控方案")
        constraints = [models.UniqueConstraint(fields=["subject", "version"], name="one_measure_plan_per_version")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own."""
        return models.Q() if user.sees_all else models.Q(subject__in=user.own_subject_ids)
