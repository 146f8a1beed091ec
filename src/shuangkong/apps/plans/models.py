"""The plan as data: clauses, duties, targets, actions, annexes, the law library and a place's own rules."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.organisations.scope import Scoped

#: How a figure was seen → what the screen adds to its citation
EVIDENCE_REMARKS = {"published": "", "reposted": "转载，待核实", "recalled": "凭记忆录入，待核实"}


class Plan(models.Model):
    """One plan of one place for one period, e.g. 郴政发〔2023〕6号 for 2021–2025."""

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    period_name = models.CharField(max_length=20)
    document = models.CharField(max_length=80, blank=True)
    issued_on = models.DateField(null=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="plans")
    base_year = models.PositiveSmallIntegerField()
    first_year = models.PositiveSmallIntegerField()
    last_year = models.PositiveSmallIntegerField()
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["first_year"]
        verbose_name = _("方案")

    def __str__(self) -> str:
        return self.title

    @property
    def years(self) -> int:
        """Number of years."""
        return self.last_year - self.first_year + 1


class Clause(models.Model):
    """A clause of the plan with the words of its duty."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=20)
    number = models.CharField(max_length=20)
    chapter = models.CharField(max_length=80)
    section = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=80)
    summary = models.TextField()
    responsibility_kind = models.CharField(max_length=40)
    responsibility_text = models.TextField(blank=True)
    open_ended = models.BooleanField(default=False)
    topic = models.CharField(max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["plan", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "code"], name="one_clause_per_code")]
        verbose_name = _("条款")


class Duty(models.Model):
    """A department's role in a clause: lead (牵头), support (责任) or implement (落实)."""

    clause = models.ForeignKey(Clause, models.PROTECT, related_name="duties")
    department = models.ForeignKey(Department, models.PROTECT, related_name="duties")
    role = models.CharField(max_length=12, choices=[("lead", _("牵头")), ("support", _("责任")), ("implement", _("落实"))])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["clause", "position"]
        constraints = [models.UniqueConstraint(fields=["clause", "department", "role"], name="one_duty_per_role")]


class Obligation(models.Model):
    """An actionable rule or recurring duty that a clause states."""

    code = models.CharField(max_length=20)
    clause = models.ForeignKey(Clause, models.PROTECT, related_name="obligations")
    text = models.CharField(max_length=300)
    frequency = models.CharField(max_length=60)
    owner = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["clause", "code"], name="one_obligation_per_code")]


class Action(models.Model):
    """One of the ten key actions (十大行动)."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="actions")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="one_action_per_number")]


class ActionItem(Scoped):
    """A task or a project of a key action: who, by when, and when it was done. What nobody entered is not there: the page says so."""

    class Kind(models.TextChoices):
        """What it is."""

        TASK = "task", _("任务")
        PROJECT = "project", _("项目")

    action = models.ForeignKey(Action, models.PROTECT, related_name="items")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TASK)
    title = models.CharField(max_length=120)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    obligation = models.ForeignKey(Obligation, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    done_on = models.DateField(null=True)
    source = models.CharField(max_length=120, blank=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["action", "due_on", "id"]
        verbose_name = _("行动事项")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city's people all; a department its own; a place its own."""
        if user.sees_all:
            return models.Q()
        own = models.Q(subject__in=user.own_subject_ids)
        return own | models.Q(department=user.department_id) if user.department_id else own


class ParentTarget(models.Model):
    """What a parent plan (national, provincial) asks under the same action. ``evidence``: published, reposted or recalled.

    Either ``number`` (as printed, with ``comparison`` and ``unit``) or ``words``; it is shown, never computed with.
    """

    action = models.ForeignKey(Action, models.PROTECT, related_name="parent_targets")
    place = models.CharField(max_length=40)
    document = models.CharField(max_length=80)
    indicator = models.CharField(max_length=120)
    comparison = models.CharField(max_length=4, blank=True)
    number = models.CharField(max_length=24, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=80, blank=True)
    target_year = models.PositiveSmallIntegerField()
    evidence = models.CharField(max_length=12)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["action", "position"]
        constraints = [models.UniqueConstraint(fields=["action", "place", "document", "indicator"], name="one_parent_target")]

    @property
    def remark(self) -> str:
        """What the screen adds: 转载，待核实 or 凭记忆录入，待核实."""
        return EVIDENCE_REMARKS[self.evidence]


class Annex(models.Model):
    """A table annexed to the plan; restricted until a recorded decision opens it (附件不予公开)."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="annexes")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    published = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="one_annex_per_number")]


class LocalRuleRow(Scoped):
    """A place's own row of a rulebook parameter, or a verified one: proposed by one person, confirmed by another."""

    parameter = models.CharField(max_length=120)
    region = models.CharField(max_length=20)
    body = models.JSONField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    document = models.CharField(max_length=120, blank=True)
    demonstration = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("本地规则")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """Confirmed rules are law and open; proposals only to the city's people."""
        return models.Q() if user.sees_all else models.Q(confirmed_at__isnull=False)
