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
    """A file that someone uploaded or a job made, outside the database, with its SM3."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size_bytes = models.PositiveBigIntegerField()
    sm3 = models.CharField(max_length=64)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("文件")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own; the city's people see all."""
        return _own_or_city(user)


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
