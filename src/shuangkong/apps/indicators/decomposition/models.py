"""What counties put into a decomposition, and its versions."""

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
from shuangkong.apps.plans.models import Plan


class CountyInput(Scoped):
    """One figure of one county for a plan's decompositions, with who answers for it. Only ever added: the newest one counts."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    key = models.CharField(max_length=24)
    value = RatioField()
    owner = models.CharField(max_length=80)
    source = models.CharField(max_length=120, blank=True)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["plan", "subject", "key"], name="county_input_cell")]
        verbose_name = _("分解输入")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own; the city's people see all."""
        return models.Q() if user.sees_all else models.Q(subject__in=user.own_subject_ids)


class Decomposition(Scoped):
    """One version of a city's target shared out over its counties.

    ``asked``: target, reserve, step, the day whose regions count, bounds by county, and what is only tried (``what_if``). ``inputs``:
    the figures that were used, frozen when it was solved. ``result``: the shares, or the ``problem``; ``trial`` the same for what is
    tried. Decimals are text. ``rules`` are the rule rows used. A published version is never changed.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="decompositions")
    indicator = models.ForeignKey("indicators.Indicator", models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, default="draft")
    revision = models.PositiveIntegerField(default=0)
    asked = CanonicalField(default=dict)
    inputs = CanonicalField(default=dict)
    result = CanonicalField(default=dict)
    trial = CanonicalField(default=dict)
    rules = CanonicalField(default=list)
    note = models.CharField(max_length=200, blank=True)
    document = models.CharField(max_length=120, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan", "indicator", "-number"]
        constraints = [models.UniqueConstraint(fields=["plan", "indicator", "subject", "number"], name="one_decomposition_per_number")]
        verbose_name = _("目标分解")

    def __str__(self) -> str:
        return f"{self.indicator.name}第{self.number}版"

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city's people see all; a county's people what was published, of which they are shown their own share only."""
        if user.sees_all:
            return models.Q()
        if user.role == "county" and user.subject_id:
            return models.Q(state="published")
        return models.Q(pk__in=[])
