"""Forecasts and their points. They stand apart from values: nothing that is judged by can rest on a forecast by accident."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.fields import CanonicalField
from shuangkong.apps.ledger.fields import RatioField
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped
from shuangkong.core.periods import Period


class Forecast(Scoped):
    """One forecast of one indicator for one subject, by the method with the best record.

    ``records`` holds every method with its error, the best first; ``history`` what was known (period code and number); ``inputs`` the
    series read: ``{"label", "code", "first", "last", "count", "sm3"}``. ``method`` is empty where no forecast could be made; ``sentence``
    then says why. Current while ``superseded_at`` is not set.
    """

    indicator = models.ForeignKey("indicators.Indicator", models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="forecasts")
    basis = models.CharField(max_length=12, blank=True)
    run = models.ForeignKey("indicators.Run", models.PROTECT, related_name="+")
    method = models.CharField(max_length=20, blank=True)
    label = models.CharField(max_length=40, blank=True)
    level_percent = RatioField(null=True)
    tested = models.PositiveSmallIntegerField(default=0)
    beats_naive = models.BooleanField(default=False)
    records = CanonicalField(default=list)
    history = CanonicalField(default=list)
    inputs = CanonicalField(default=list)
    sentence = models.TextField(blank=True)
    demonstration = models.BooleanField(default=False)
    recalled = models.BooleanField(default=False)
    sm3 = models.CharField(max_length=64)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["indicator__position", "subject__position"]
        verbose_name = _("预测")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "subject", "basis"], condition=models.Q(superseded_at__isnull=True), name="one_current_forecast"
            )
        ]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own: a forecast is never published."""
        return models.Q() if user.sees_all else models.Q(subject__in=user.own_subject_ids)


class ForecastPoint(Scoped):
    """A forecast period with the ends of its interval. ``required`` is what the plan asks then, ``verdict`` how the two compare."""

    class Verdict(models.TextChoices):
        """The whole interval reaches what is required, none of it does, or it lies across."""

        REACHED = "reached", _("按预测可达到")
        OPEN = "open", _("按预测难判定")
        MISSED = "missed", _("按预测达不到")

    forecast = models.ForeignKey(Forecast, models.CASCADE, related_name="points")
    period_kind = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField()
    value = RatioField()
    low = RatioField()
    high = RatioField()
    required = RatioField(null=True)
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True)

    class Meta:
        ordering = ["forecast", "period_end", "period_start"]
        verbose_name = _("预测点")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As the forecast that it belongs to."""
        return models.Q() if user.sees_all else models.Q(forecast__subject__in=user.own_subject_ids)

    @property
    def period(self) -> Period:
        """The period with its label."""
        return Period(self.period_start, self.period_end, self.period_kind)
