"""Jobs, files and the inbox."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped


def _own_or_city(user: Any, owner: str = "owner") -> models.Q:
    """What a person made, and for the city's own people what anyone made."""
    return models.Q() if user.sees_all else models.Q(**{owner: user})


class StoredFile(Scoped):
    """A file that someone uploaded or a job made, outside the database, with its SM3.

    A ``private`` one is its owner's alone, whatever the reach of others: a filled-in return is a draft until it is submitted, and one under
    the statistics law is never for the rest of the city.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size_bytes = models.PositiveBigIntegerField()
    sm3 = models.CharField(max_length=64)
    private = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("文件")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own; the city's people see all that is not private."""
        return models.Q(owner=user) | (_own_or_city(user) & models.Q(private=False))


class Job(Scoped):
    """Work in the background with its progress. Carries the user, whose reach is checked again when it runs and at download.

    ``attempt`` is the fence: each start raises it, and a run of an earlier attempt can write no more.
    """

    class State(models.TextChoices):
        """Where the job stands."""

        WAITING = "waiting", _("排队")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    stage = models.CharField(max_length=80, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("后台任务")

    def __str__(self) -> str:
        return self.title

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    @property
    def failed(self) -> bool:
        """Whether it ended without its result."""
        return self.state in {self.State.FAILED, self.State.CANCELLED}

    @property
    def percent(self) -> int:
        """Progress of the stage, 0 to 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own; the city's people see all."""
        return _own_or_city(user)


class InboxItem(Scoped):
    """What waits for a person or an office (待办). Made by services of every capability; closed by the act that settles it.

    ``key`` names the reason, so that the same reason never stands twice. Addressed to a department, a subject, or a person.
    """

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=400, blank=True)
    severity = models.PositiveSmallIntegerField(default=3)
    address = models.CharField(max_length=300)
    for_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    for_department = models.ForeignKey("organisations.Department", models.PROTECT, null=True, related_name="+")
    for_subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    opened_on = models.DateField()
    closed_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["due_on", "severity", "id"]
        verbose_name = _("待办")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """What is addressed to the person, the person's department or subject. Nobody else's."""
        mine = models.Q(for_user=user)
        if user.department_id:
            mine |= models.Q(for_department=user.department_id)
        if user.subject_id:
            mine |= models.Q(for_subject=user.subject_id)
        return mine


class Workday(models.Model):
    """One day on which the published holidays differ from what the calendar of the platform knows (or where it knows nothing yet)."""

    day = models.DateField(primary_key=True)
    works = models.BooleanField()
    document = models.CharField(max_length=120)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["day"]
        verbose_name = _("工作日调整")


class WorkdayYear(models.Model):
    """That the holidays of a year are published and entered whole, by a document. Without it an unknown year counts weekends only."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    document = models.CharField(max_length=120)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["year"]
        verbose_name = _("节假日安排")


class DailyStep(models.Model):
    """The civil day on which a regular step was last begun: of several workers one takes it. ``mark`` is how far it has read."""

    name = models.CharField(max_length=60, primary_key=True)
    day = models.DateField()
    mark = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("每日事务")


class ReminderSetting(Scoped):
    """How a person wants to be reminded: by mail to the account's address, by the webhook of a group. Without a row: by mail."""

    class Kind(models.TextChoices):
        """Whose form of message the webhook takes."""

        WECOM = "wecom", _("企业微信群机器人")
        DINGTALK = "dingtalk", _("钉钉群机器人")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminder_setting")
    by_mail = models.BooleanField(default=True)
    webhook_kind = models.CharField(max_length=12, choices=Kind.choices, blank=True)
    webhook_sealed = models.TextField(blank=True)

    class Meta:
        verbose_name = _("提醒设置")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own."""
        return models.Q(user=user)


class Reminder(Scoped):
    """What a person was reminded of on one day: the key (person, day) is what keeps it at one a day.

    It is sent at most once: ``sending`` is written before, so that a worker killed in the middle leaves 可能已发送 and no second one.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("待发送")
        SENDING = "sending", _("可能已发送")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("未能发送")
        INBOX = "inbox", _("只在待办")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminders")
    day = models.DateField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    mailed_to = models.CharField(max_length=254, blank=True)
    hooked_to = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=400, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["-day", "-id"]
        verbose_name = _("提醒")
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="reminder_once_a_day")]
        indexes = [models.Index(fields=["state", "next_at"], name="reminder_waiting")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own."""
        return models.Q(user=user)
