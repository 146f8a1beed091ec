"""Registered field devices, incidents of the gateway, and how far its batches were taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped


class Device(Scoped):
    """A field device (现场机, 数采仪) as the city registered it, with what was last heard of it.

    ``password`` is sealed (:mod:`shuangkong.apps.desk.sealing`): the standard sends it in the clear and the gateway compares it, so a
    digest would not do. ``addresses`` are networks from which it may call (none: any), ``factors`` the codes it is to report (none: any).
    ``link`` holds what else its line in the device file says (time-outs, an approved check, its key sealed).
    """

    class Profile(models.TextChoices):
        """How strictly its frames are read."""

        LENIENT = "lenient", _("宽松：可辨认的偏差照收并记录")
        STRICT = "strict", _("严格：有偏差不收")

    class Edition(models.IntegerChoices):
        """The edition of the standard that it speaks."""

        E2005 = 2005, "HJ/T 212-2005"
        E2017 = 2017, "HJ 212-2017"
        E2025 = 2025, "HJ 212-2025"

    mn = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, blank=True, related_name="devices")
    password = models.CharField(max_length=200)
    systems = models.JSONField(default=list)
    edition = models.PositiveSmallIntegerField(choices=Edition.choices, null=True, blank=True)
    profile = models.CharField(max_length=8, choices=Profile.choices, default=Profile.LENIENT)
    addresses = models.JSONField(default=list)
    factors = models.JSONField(default=list)
    link = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False)
    registered_at = models.DateTimeField(db_default=Now())
    frames = models.PositiveBigIntegerField(default=0)
    marked = models.PositiveBigIntegerField(default=0)
    last_frame_at = models.DateTimeField(null=True)
    last_address = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["mn"]
        verbose_name = _("监测设备")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city sees all; a county, a zone and an enterprise see their own."""
        return models.Q() if user.sees_all else models.Q(subject__in=user.own_subject_ids)


class Incident(Scoped):
    """What the gateway met, once a civil day for each code, claimed device and address, with how often.

    ``mn`` is what the frame claimed; ``device`` the registered device of that name, none for a stranger's. ``sample`` is the newest frame
    (passwords struck out), ``answer`` what the gateway answered to it (:class:`shuangkong.gateway.records.Incident`).
    """

    day = models.DateField()
    code = models.CharField(max_length=40)
    mn = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=64, blank=True)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="incidents")
    text = models.CharField(max_length=300)
    times = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    answer = models.CharField(max_length=12, blank=True)
    sample = models.TextField(blank=True)
    demonstration = models.BooleanField(default=False)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    handled_note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-last_at", "-id"]
        verbose_name = _("监测异常")
        constraints = [models.UniqueConstraint(fields=["day", "code", "mn", "address"], name="incident_once_a_day")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city sees all, strangers' frames too; others what concerns their own devices."""
        return models.Q() if user.sees_all else models.Q(device__subject__in=user.own_subject_ids)


class Collection(models.Model):
    """How far the gateway's store was taken. One row.

    ``batch`` is the last batch that was taken; ``registry`` rises with each change of devices, ``written`` is the one that the device file
    holds.
    """

    batch = models.PositiveBigIntegerField(default=0)
    registry = models.PositiveBigIntegerField(default=0)
    written = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("监测数据交接")
