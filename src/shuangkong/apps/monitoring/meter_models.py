"""Meters of energy users, what they counted when, virtual meters, and what the platform made of them month by month."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.ledger.fields import QuantityField, RatioField
from shuangkong.apps.monitoring.sharing import telemetry_q
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped

#: What a meter counts: what the unit bought, or what it used.
FLOWS = (("inflow", _("购进量")), ("terminal", _("消费量")))


class EnergyUser(Scoped):
    """A unit that may send readings to the intake: the SM3 of its key, which is shown once, and the name that its sender got."""

    subject = models.OneToOneField(Subject, models.PROTECT, related_name="energy_user")
    key_sm3 = models.CharField(max_length=64)
    device_id = models.CharField(max_length=40, unique=True)
    active = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False)
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["subject__code"]
        verbose_name = _("上传计量数据的单位")

    def __str__(self) -> str:
        return self.subject.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class Meter(Scoped):
    """A meter (计量器具) of a unit: which point sends its values, what it measures, and how a value becomes a quantity.

    ``key`` is that of the point (``meter/UNIT/DATA_CODE``), ``point`` its number in the series. ``modulus`` is the first number that the
    register cannot show, ``largest_per_hour`` the most that can be counted in an hour, both in units of the register. ``counted``: whether
    it is part of the unit's total (a sub-meter behind another is not).
    """

    class Kind(models.TextChoices):
        """What a value means."""

        REGISTER = "register", _("表底数（持续累计）")
        INTERVAL = "interval", _("各时段的用量")

    class Reading(models.TextChoices):
        """Which values count."""

        REALTIME = "meter.realtime", _("实时数据")
        DAY = "meter.day", _("日数据")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="meters")
    key = models.CharField(max_length=100, unique=True)
    point = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=80)
    product = models.CharField(max_length=32)
    flow = models.CharField(max_length=24, choices=FLOWS)
    unit = models.CharField(max_length=16)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reading = models.CharField(max_length=20, choices=Reading.choices, default=Reading.REALTIME)
    interval_s = models.PositiveIntegerField(default=900)
    modulus = RatioField(null=True)
    largest_per_hour = RatioField(null=True)
    counted = models.BooleanField(default=True)
    active = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False)
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["subject__code", "key"]
        verbose_name = _("计量器具")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class MeterTerm(models.Model):
    """One device with one multiplier at a meter's place, from ``starts_at`` until before ``ends_at``, with its registers then.

    It is read through its meter alone.
    """

    meter = models.ForeignKey(Meter, models.PROTECT, related_name="terms")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    serial = models.CharField(max_length=40, blank=True)
    multiplier = RatioField()
    first_register = RatioField(null=True)
    last_register = RatioField(null=True)
    words = models.CharField(max_length=200, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["meter_id", "starts_at"]
        verbose_name = _("表计时段")
        constraints = [models.UniqueConstraint(fields=["meter", "starts_at"], name="meter_term_once_from")]


class VirtualMeter(Scoped):
    """What no device counts but several do together: a weighted sum of meters of one unit and product."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="virtual_meters")
    name = models.CharField(max_length=80)
    product = models.CharField(max_length=32)
    flow = models.CharField(max_length=24, choices=FLOWS)
    counted = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["subject__code", "name"]
        verbose_name = _("虚拟表计")
        constraints = [models.UniqueConstraint(fields=["subject", "name"], name="virtual_meter_name_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")


class VirtualMeterPart(models.Model):
    """A meter in a virtual one, with its weight: 1 adds, −1 takes away. It is read through the virtual meter alone."""

    virtual = models.ForeignKey(VirtualMeter, models.PROTECT, related_name="parts")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="parts_of")
    weight = RatioField()

    class Meta:
        ordering = ["virtual_id", "meter_id"]
        verbose_name = _("虚拟表计的成员")
        constraints = [models.UniqueConstraint(fields=["virtual", "meter"], name="virtual_meter_part_once")]


class MeteredMonth(Scoped):
    """What the meters of a unit say of one product, flow and month, as last worked out: the whole, or what is known and what is missing.

    ``quantity`` is None where nothing is known. It follows the hourly table and can be made again from it. Only a complete month that is
    over goes into the ledger.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="metered_months")
    product = models.CharField(max_length=32)
    flow = models.CharField(max_length=24, choices=FLOWS)
    month = models.DateField()
    quantity = QuantityField(null=True)
    energy_tce = RatioField(null=True)
    equivalent_tce = RatioField(null=True)
    co2_t = RatioField(null=True)
    complete = models.BooleanField()
    why = models.CharField(max_length=200, blank=True)
    meters = models.PositiveIntegerField()
    incomplete = models.PositiveIntegerField()
    demonstration = models.BooleanField(default=False)
    worked_out_at = models.DateTimeField()

    class Meta:
        ordering = ["subject_id", "-month", "product", "flow"]
        verbose_name = _("计量月用量")
        constraints = [models.UniqueConstraint(fields=["subject", "product", "flow", "month"], name="metered_month_once")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As of :func:`telemetry_q`."""
        return telemetry_q(user, "subject")
