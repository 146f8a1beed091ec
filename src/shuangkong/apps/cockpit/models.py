"""Reports: what was said of a period, frozen when filed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.models import Run
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped
from shuangkong.apps.plans.models import Plan


class Report(Scoped):
    """A filed situation report. ``frozen`` holds every word, table, chart and figure; a later correction is a new version."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    period_code = models.CharField(max_length=16)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+")
    frozen = models.JSONField()
    differences = models.JSONField(default=list)
    sm3 = models.CharField(max_length=64)
    demonstration = models.BooleanField(default=False)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("形势分析")
        constraints = [models.UniqueConstraint(fields=["plan", "subject", "period_code", "version"], name="one_report_per_version")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city's people see all; others the reports about themselves."""
        return models.Q() if user.sees_all else models.Q(subject__in=user.own_subject_ids)
