"""Subjects, departments and people."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.scope import Scoped


class Installation(models.Model):
    """What this database is: the demonstration or a live installation. One row, written once; the two never share a database."""

    mode = models.CharField(max_length=16, primary_key=True)
    claimed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("安装")


class Subject(models.Model):
    """Whatever a value is about (主体): one small table, so that a value's key is one foreign key.

    The eleven counties and ``unallocated`` (不分县) partition the city; zones and parks are overlays (accounting 7, 8).
    Names and codes are public; what is known about a subject is not.
    """

    class Kind(models.TextChoices):
        """What the subject is."""

        NATION = "nation", _("全国")
        PROVINCE = "province", _("省")
        CITY = "city", _("市")
        COUNTY = "county", _("县市区")
        UNALLOCATED = "unallocated", _("不分县")
        ZONE = "zone", _("高新区、经开区")
        PARK = "park", _("园区")
        INDUSTRY = "industry", _("行业")
        ENTERPRISE = "enterprise", _("企业")
        ESTABLISHMENT = "establishment", _("产业活动单位")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    county = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="within")
    industry = models.CharField(max_length=16, blank=True)
    position = models.PositiveIntegerField(default=0)
    exists_from = models.DateField(null=True, blank=True)
    exists_to = models.DateField(null=True, blank=True)
    demonstration = models.BooleanField(default=False)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("主体")

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A body named by the plan: a lead, a support or an implementer."""

    code = models.CharField(max_length=40, unique=True)
    short_name = models.CharField(max_length=60, unique=True)
    full_name = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=40, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("部门")

    def __str__(self) -> str:
        return self.short_name


class User(AbstractUser):
    """A person who signs in. The role decides the reach; nothing else does."""

    class Role(models.TextChoices):
        """What a person does here."""

        CITY = "city", _("市级主管")
        COUNTY = "county", _("县市区、园区")
        DEPARTMENT = "department", _("市级部门")
        ENTERPRISE = "enterprise", _("企业")
        READER = "reader", _("查阅")
        ADMINISTRATOR = "administrator", _("系统管理员")

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.READER)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, blank=True, related_name="people")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="people")
    demonstration = models.BooleanField(default=False)
    password_change_due = models.BooleanField(default=False)

    class Meta(AbstractUser.Meta):
        verbose_name = _("用户")

    def get_role_display(self) -> str:
        """The role in words."""
        return str(dict(self.Role.choices).get(self.role, self.role))

    @property
    def display_name(self) -> str:
        """The name on the screen."""
        return self.first_name or self.username

    @property
    def sees_all(self) -> bool:
        """Whether the person works for the city as a whole (发改、统计、生态环境)."""
        return self.role == self.Role.CITY

    @cached_property
    def own_subject_ids(self) -> frozenset[int]:
        """The subjects whose unpublished figures the person may read, when not all.

        A county reads itself and what lies within it; a zone itself; an enterprise itself and its establishments.
        """
        if self.subject_id is None:
            return frozenset()
        within = Subject.objects.filter(models.Q(county=self.subject_id) | models.Q(parent=self.subject_id))
        if self.subject.kind == Subject.Kind.COUNTY:
            within = within.exclude(kind=Subject.Kind.ZONE)
        return frozenset({self.subject_id, *within.values_list("id", flat=True)})

    def reaches(self, subject_id: int) -> bool:
        """Whether the person may read the unpublished figures of a subject."""
        return self.sees_all or subject_id in self.own_subject_ids


class ApiKey(Scoped):
    """A key by which a program reads or writes as its owner: the owner's reach, narrowed to ``scopes``, until ``expires_at``.

    It stands beside people because it is a way to sign in. The secret is shown once and kept only as the SM3 of salt and secret (it is
    256 random bits, so a slow hash adds nothing).
    """

    class Scope(models.TextChoices):
        """What a key may be used for."""

        READ = "read", _("读取数据")
        CALCULATE = "calculate", _("运行计算器")
        IMPORT = "import", _("导入数据")
        FILE = "file", _("填报报表")

    owner = models.ForeignKey(User, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    salt = models.CharField(max_length=32)
    sm3 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("接口密钥")

    def __str__(self) -> str:
        return self.name

    @property
    def scope_words(self) -> list[str]:
        """The scopes in words."""
        return [str(self.Scope(scope).label) for scope in self.scopes]

    def usable(self, now: datetime) -> bool:
        """Whether it opens anything at ``now``."""
        return self.revoked_at is None and now < self.expires_at

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own; administrators see (and revoke) all."""
        return models.Q() if user.role == User.Role.ADMINISTRATOR else models.Q(owner=user)
