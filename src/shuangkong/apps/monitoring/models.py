"""Registered field devices, incidents of the gateway, and how far its batches were taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.ledger.fields import RatioField
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.monitoring.sharing import telemetry_q
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
    (passwords struck out), ``answer`` what the gateway answered to it (:class:`shuangkong.series.records.Incident`).
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


class Point(Scoped):
    """One series of values: a factor of a device, or a code of an energy user's meters. ``id`` is the point's number in the series.

    ``source`` is the key without its code (``hj212/MN``, ``meter/CODE``): what falls silent together. ``interval_s``: how far apart its
    real-time values are expected. ``last_at`` is the time of its newest value, ``last_received_at`` when the newest value came; both
    follow the series; ``looked_at`` is up to where the quality rules looked. ``active_to`` ends the expectation, never the history.
    """

    class Medium(models.TextChoices):
        """What is measured, which says the rules that apply."""

        GAS = "gas", _("废气")
        WATER = "water", _("废水")
        ENERGY = "energy", _("能源计量")
        OTHER = "other", _("其他")

    class Role(models.TextChoices):
        """What the series stands for among those of its source."""

        POLLUTANT = "pollutant", _("污染物")
        FLOW = "flow", _("流量")
        CONDITION = "condition", _("工况参数")
        METER = "meter", _("计量")

    id = models.BigIntegerField(primary_key=True, editable=False)
    key = models.CharField(max_length=100, unique=True)
    source = models.CharField(max_length=90, db_index=True)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="points")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="points")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, blank=True)
    medium = models.CharField(max_length=8, choices=Medium.choices)
    role = models.CharField(max_length=10, choices=Role.choices)
    interval_s = models.PositiveIntegerField()
    active_from = models.DateTimeField()
    active_to = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_received_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["source", "code"]
        verbose_name = _("监测点")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class PointLimit(Scoped):
    """A bound of a point's values from a day on: what a standard or permit allows, or what the instrument and the plant can do."""

    class Kind(models.TextChoices):
        """Whether it must not or cannot be exceeded."""

        STANDARD = "standard", _("限值")
        RANGE = "range", _("量程或能力")

    point = models.ForeignKey(Point, models.PROTECT, related_name="limits")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    lower = RatioField(null=True)
    upper = RatioField(null=True)
    applies_from = models.DateField()
    applies_to = models.DateField(null=True)
    document = models.CharField(max_length=80)
    locator = models.CharField(max_length=80, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["point_id", "kind", "applies_from"]
        verbose_name = _("监测点限值")
        constraints = [models.UniqueConstraint(fields=["point", "kind", "applies_from"], name="limit_once_from")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """Who sees the point."""
        return telemetry_q(user, "point__subject")


class Outage(Scoped):
    """A source, or one point of it, from which no value comes although values are expected: from the first that was missed.

    ``expected`` and ``filled`` count the real-time values of the gap and those that came later; ``due_on`` is the last working day for
    the repair. States by :data:`shuangkong.core.states.OUTAGE`.
    """

    source = models.CharField(max_length=90, db_index=True)
    point = models.ForeignKey(Point, models.PROTECT, null=True, related_name="outages")
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="outages")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="outages")
    started_at = models.DateTimeField(db_index=True)
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    due_on = models.DateField()
    state = models.CharField(max_length=10, default="open", db_index=True)
    cause = models.CharField(max_length=12)
    points = models.PositiveIntegerField(default=1)
    expected = models.PositiveBigIntegerField(default=0)
    filled = models.PositiveBigIntegerField(default=0)
    words = models.CharField(max_length=300, blank=True)
    words_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    words_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name = _("中断")
        constraints = [
            models.UniqueConstraint(fields=["source", "started_at"], condition=models.Q(point=None), name="outage_of_source_once"),
            models.UniqueConstraint(fields=["point", "started_at"], condition=models.Q(point__isnull=False), name="outage_of_point_once"),
        ]

    def __str__(self) -> str:
        return self.point.name if self.point else (self.device.name if self.device else self.source)

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class QualityFinding(Scoped):
    """What a quality rule saw in a window of a point, with its evidence, once. A question, not a verdict.

    ``evidence`` holds what the rule compared (:class:`shuangkong.core.quality.Finding` as data). States by
    :data:`shuangkong.core.states.QUALITY`.
    """

    point = models.ForeignKey(Point, models.PROTECT, related_name="findings")
    rule = models.CharField(max_length=12)
    title = models.CharField(max_length=60)
    severity = models.CharField(max_length=8)
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    found_at = models.DateTimeField(db_index=True)
    saw = models.CharField(max_length=400)
    evidence = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="open", db_index=True)
    outcome = models.CharField(max_length=12, blank=True)
    words = models.CharField(max_length=300, blank=True)
    words_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    words_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["-window_end", "-id"]
        verbose_name = _("数据质量疑点")
        constraints = [models.UniqueConstraint(fields=["point", "rule", "window_start"], name="finding_once_a_window")]

    def __str__(self) -> str:
        return f"{self.title} {self.point_id}"

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """Who sees the point."""
        return telemetry_q(user, "point__subject")


class PointDay(Scoped):
    """What came of a point on a civil day, as counts that add up (:class:`shuangkong.core.quality.Rates`): minutes expected, received and
    received in time; hours that came and hours that were valid; whether the day is valid.
    """

    point = models.ForeignKey(Point, models.PROTECT, related_name="days")
    day = models.DateField(db_index=True)
    expected = models.PositiveSmallIntegerField()
    received = models.PositiveSmallIntegerField()
    on_time = models.PositiveSmallIntegerField()
    hours = models.PositiveSmallIntegerField()
    valid = models.PositiveSmallIntegerField()
    is_valid = models.BooleanField()

    class Meta:
        ordering = ["day", "point_id"]
        verbose_name = _("监测点的一天")
        constraints = [models.UniqueConstraint(fields=["point", "day"], name="a_day_of_a_point_once")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """Who sees the point."""
        return telemetry_q(user, "point__subject")


class ConnectionDuty(Scoped):
    """Who must be connected (应联网), by which system, why, and since when; it is met when a point of the subject is active."""

    class Kind(models.TextChoices):
        """For what reason."""

        PERMIT = "permit", _("排污许可")
        VOC = "voc", _("挥发性有机物重点单位")
        PARK = "park", _("园区")
        ENERGY = "energy", _("重点用能单位")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="connection_duties")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=80, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["kind", "subject__code", "since"]
        verbose_name = _("应联网单位")
        constraints = [models.UniqueConstraint(fields=["subject", "kind", "since"], name="duty_to_connect_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id}"

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class DutyBatch(models.Model):
    """What a workbook changed in the list of who must be connected: each duty with what it was before, so that it can be undone."""

    batch = models.OneToOneField(Batch, models.PROTECT, primary_key=True, related_name="+")
    changes = models.JSONField(default=list)

    class Meta:
        verbose_name = _("应联网名单的导入")


class QualityProgress(models.Model):
    """How far the series was looked at: ``name`` is the work, done up to the moment ``at`` and the batch ``batch``."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    batch = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("质量检查进度")


from shuangkong.apps.monitoring.meter_models import (  # noqa: E402  (the file grew too long; Django looks for models here)
    EnergyUser,
    Meter,
    MeteredMonth,
    MeterTerm,
    VirtualMeter,
    VirtualMeterPart,
)

__all__ = [
    "Collection", "ConnectionDuty", "Device", "EnergyUser", "Incident", "Meter", "MeterTerm", "MeteredMonth", "Outage", "Point",
    "PointLimit", "QualityFinding", "QualityProgress", "VirtualMeter", "VirtualMeterPart",
]  # fmt: skip
