"""Indicators, targets, runs and values: the one table that everything right of the accounts reads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.desk.two_persons import TwoPersons
from shuangkong.apps.indicators.annexes.models import AnnexBatch as AnnexBatch
from shuangkong.apps.indicators.decomposition.models import CountyInput as CountyInput
from shuangkong.apps.indicators.decomposition.models import Decomposition as Decomposition
from shuangkong.apps.indicators.fields import CanonicalField
from shuangkong.apps.ledger.fields import RatioField
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.scope import Scoped
from shuangkong.apps.plans.models import Action, Annex, Plan
from shuangkong.core.periods import Period


class Indicator(models.Model):
    """What can be measured of a subject in a period."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=24, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    family = models.CharField(max_length=24)
    lower_is_better = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("指标")

    def __str__(self) -> str:
        return self.name


#: A number that the city sets itself (内部管控目标): beside what is handed down, never counted as that.
INTERNAL = "internal"


class Target(Scoped):
    """What a plan asks of a subject. A target in words has ``words`` and no number (accounting 13).

    ``number`` is in the indicator's unit (decline: percent, positive when it falls). ``yearly`` maps a year to its own number. ``shape``
    says how the number is read: ``decline`` (percent since the base year), ``cumulative`` (amount since the base year) or ``level`` (what
    it is in the target year); empty: as the indicator's code says. ``by_year`` maps a year to the cumulative figure at its end, for a
    ``trajectory`` that is set by year. ``annex`` is the table of the plan in which it stands (0: none), ``rank`` its place among the
    plan's main indicators (1 first, 0 none), ``set_by`` who set it and ``source`` by which document.
    """

    class Kind(models.TextChoices):
        """How it binds."""

        BINDING = "binding", _("约束性")
        EXPECTED = "expected", _("预期性")
        QUALITATIVE = "qualitative", _("定性")
        INTERNAL = INTERNAL, _("内部管控目标")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="targets")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="targets")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="targets")
    industry = models.CharField(max_length=16, blank=True)
    action = models.ForeignKey(Action, models.PROTECT, null=True, related_name="targets")
    number = RatioField(null=True)
    incentive = RatioField(null=True)
    words = models.CharField(max_length=80, blank=True)
    comparison = models.CharField(max_length=4, blank=True)
    base_year = models.PositiveSmallIntegerField(null=True)
    base_value = RatioField(null=True)
    target_year = models.PositiveSmallIntegerField(null=True)
    shape = models.CharField(max_length=12, blank=True)
    trajectory = models.CharField(max_length=12, blank=True)
    yearly = models.JSONField(default=dict, blank=True)
    by_year = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=16, default=Kind.BINDING, choices=Kind.choices)
    rank = models.PositiveSmallIntegerField(default=0)
    annex = models.PositiveSmallIntegerField(default=0)
    details = models.JSONField(default=dict, blank=True)
    set_by = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=120, blank=True)
    public = models.BooleanField(default=False)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan", "indicator__position", "subject__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "indicator", "subject", "industry"], condition=~models.Q(kind=INTERNAL), name="one_target_handed_down"
            ),
            models.UniqueConstraint(
                fields=["plan", "indicator", "subject", "industry"], condition=models.Q(kind=INTERNAL), name="one_internal_target"
            ),
        ]
        verbose_name = _("目标")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own and what is public; annex tables stay restricted until opened."""
        return models.Q() if user.sees_all else models.Q(public=True) | models.Q(subject__in=user.own_subject_ids)

    @property
    def first(self) -> int:
        """The base year: its own, else the plan's."""
        return self.base_year or self.plan.base_year

    @property
    def last(self) -> int:
        """The year of the target: its own, else the plan's last."""
        return self.target_year or self.plan.last_year


#: Targets that count as handed down; the city's own internal numbers do not (accounting 13).
HANDED_DOWN = ~models.Q(kind=INTERNAL)


class Run(models.Model):
    """One computation: what was known on which day, by which rulebook and code, and which values it replaced.

    ``live`` runs hold only what changed and are published; a ``known_on`` run holds every value as known on a day and never is.
    ``computed`` counts the values that were made, without those of sections that were kept; ``finished_at`` is set when all its values are
    written.
    """

    kind = models.CharField(max_length=8, default="live", choices=[("live", _("现行")), ("known_on", _("按某日所知"))])
    known_on = models.DateField()
    had_at = models.DateTimeField(null=True)
    rulebook_sm3 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    computed = models.PositiveIntegerField(default=0)
    replaced = models.PositiveIntegerField(default=0)
    root = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("计算批次")


class RuleSet(models.Model):
    """The rule rows that a calculation used, stored once for all values that used the same ones."""

    sm3 = models.CharField(max_length=64, unique=True)
    rows = CanonicalField(default=list)


class Value(Scoped):
    """One value of one indicator for one subject and period. Never updated; the last published run's is current.

    ``key`` is the text of all that makes it one value: indicator, subject, period, basis, treatment, lens, release.
    ``value`` is None when nothing is known; ``words`` holds a label (a level) or a qualitative target's words. ``release`` is empty for
    the live figure (latest known), else the release that it stays on. ``lens`` is ``published`` (the bureau's own figure, open to all),
    ``issued`` or ``reported``. ``inputs`` is a list of ``{"label", "key"}`` (another value, as it was in this run) or
    ``{"label", "query", "arguments", "count", "sum", "sm3"}`` (the ledger). ``finding`` says what is wrong with it; ``uncertainty_points``
    is ± in percentage points. ``lines`` makes it a table (:mod:`indicators.tables`): then it has no number of its own.
    """

    #: Of a line that was taken out of a table: the stored value that is the table, and the number of the line in it.
    table: Value | None = None
    line: int | None = None

    run = models.ForeignKey(Run, models.PROTECT, related_name="values", db_index=False)
    key = models.CharField(max_length=160)
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="values", db_index=False)
    period_kind = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField()
    basis = models.CharField(max_length=12, blank=True)
    treatment = models.CharField(max_length=10, default="gross")
    lens = models.CharField(max_length=10, default="issued")
    release = models.CharField(max_length=12, blank=True)
    value = RatioField(null=True)
    words = models.CharField(max_length=80, blank=True)
    severity = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=12)
    demonstration = models.BooleanField(default=False)
    recalled = models.BooleanField(default=False)
    public = models.BooleanField(default=False)
    calculation = models.CharField(max_length=60)
    sentence = models.TextField(blank=True)
    finding = models.TextField(blank=True)
    uncertainty_points = RatioField(null=True)
    inputs = CanonicalField(default=list)
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, null=True, related_name="+", db_index=False)
    lines = CanonicalField(default=list)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("指标值")
        indexes = [models.Index(fields=["indicator", "subject", "period_end"], name="value_cell")]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="one_value_per_run")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """One's own, and what the statistics bureau or a recorded decision has published."""
        if user.sees_all:
            return models.Q()
        return models.Q(subject__in=user.own_subject_ids) | models.Q(public=True) | models.Q(disclosed__isnull=False)

    @property
    def period(self) -> Period:
        """The period with its label."""
        return Period(self.period_start, self.period_end, self.period_kind)

    @property
    def ref(self) -> str:
        """What names it in an address: its number, behind it that of the line."""
        return str(self.pk) if self.line is None else f"{self.pk}/{self.line}"

    @property
    def rules(self) -> list[dict[str, str]]:
        """The rule rows used, each as its fields."""
        return self.rule_set.rows if self.rule_set else []


class CurrentValue(models.Model):
    """Which value of each key is current: a pointer that can be rebuilt from the published runs at any time."""

    key = models.CharField(max_length=160, primary_key=True)
    value = models.OneToOneField(Value, models.CASCADE, related_name="current")


class Computed(models.Model):
    """The newest computation of what is current, also one that changed no value: when, and what its sections rested on.

    One row. It proves nothing and can be thrown away: then everything is computed again. ``sections`` maps the name of a section
    (``indicators.sections``) to the SM3 of its inputs; ``figures`` are those on which other sections rest.
    """

    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+", db_index=False)
    sections = CanonicalField(default=dict)
    figures = CanonicalField(default=dict)
    made_at = models.DateTimeField(db_default=Now())


class Disclosure(models.Model):
    """A recorded decision that opens values to all who sign in (and, later, to the public)."""

    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=120, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(db_default=Now())


class DisclosedValue(models.Model):
    """One value that a decision opened."""

    disclosure = models.ForeignKey(Disclosure, models.PROTECT, related_name="values")
    value = models.OneToOneField(Value, models.CASCADE, related_name="disclosed")


class DisclosedAnnex(models.Model):
    """An annex table that a decision opened, with all that stands in it."""

    disclosure = models.ForeignKey(Disclosure, models.PROTECT, related_name="annexes")
    annex = models.OneToOneField(Annex, models.PROTECT, related_name="disclosed")


class TargetProposal(TwoPersons, Scoped):
    """A target that is to stand, new or changed: proposed by one person, decided by another. Never changed once decided.

    ``body`` holds the fields as they are to be, ``before`` as they were (empty for a new target).
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    target = models.ForeignKey(Target, models.PROTECT, null=True, related_name="proposals")
    body = CanonicalField(default=dict)
    before = CanonicalField(default=dict)
    document = models.CharField(max_length=120)
    reason = models.CharField(max_length=200, blank=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("目标变更")
        constraints = [*TwoPersons.Meta.constraints]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The city's people."""
        return models.Q() if user.sees_all else models.Q(pk__in=[])


from shuangkong.apps.indicators.forecast.models import Forecast, ForecastPoint  # noqa: E402, F401  (they refer to the models above)
from shuangkong.apps.indicators.measures.models import ControlMeasure, MeasurePlan  # noqa: E402, F401
