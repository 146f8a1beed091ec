"""Who owes which form, what was filed, round by round, and what was found in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.desk.two_persons import TwoPersons
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.organisations.scope import Scoped
from shuangkong.core.digest import sm3_hex
from shuangkong.core.forms import Form
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms

STATISTICS, ADMINISTRATIVE = "statistics", "administrative"
#: What a subject of a kind may read of its own form, and a county of those in it, stands in :func:`readable`.
REVIEWING_ROLES = (User.Role.CITY, User.Role.DEPARTMENT)


def mark_of(codes: tuple[str, ...]) -> str:
    """Department codes as one text that a query can look into: ``|stat|drc|``."""
    return "".join(f"|{code}" for code in codes) + "|" if codes else ""


def readable(user: Any, prefix: str = "") -> models.Q:
    """The filings that a person may see.

    Administrative reports: one's own and those within one's county; the city's people all; a reviewing department its forms. Returns
    under the statistics law: the respondent and the people of the statistics bureau that reviews, nobody else.
    """
    if user.sees_all:
        own = models.Q(**{f"{prefix}use": ADMINISTRATIVE})
    else:
        own = models.Q(**{f"{prefix}use": ADMINISTRATIVE, f"{prefix}subject__in": user.own_subject_ids})
        if user.subject_id:
            own |= models.Q(**{f"{prefix}subject": user.subject_id})
    if user.department_id and user.role in REVIEWING_ROLES:
        own |= models.Q(**{f"{prefix}departments__contains": f"|{user.department.code}|"})
    return own


class Obligation(Scoped):
    """That a subject owes a form from a day on (the register of who must be surveyed). ``ends_on`` is the first day without it."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="obligations")
    form_id = models.CharField(max_length=60)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    use = models.CharField(max_length=16)
    departments = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    demonstration = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["form_id", "subject__position", "id"]
        verbose_name = _("填报义务")
        constraints = [
            models.UniqueConstraint(fields=["subject", "form_id", "starts_on"], name="filing_obligation_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gt=models.F("starts_on")), name="filing_obligation_span"
            ),
        ]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As the filings that follow from it."""
        return readable(user)


class Filing(Scoped):
    """One form of one subject for one period: where it stands, and the draft.

    ``version`` counts corrections after acceptance: each is a filing of its own, the earlier one stays. ``round`` is the number of
    submissions so far. ``draft`` holds what was typed, address → text, right or wrong; ``draft_revision`` is the optimistic lock,
    ``draft_marks`` tells in which revision a cell last changed.
    ``use`` and ``departments`` are those of the definition, so that the scope rule is a query. ``level`` says at which level it lies.
    """

    class State(models.TextChoices):
        """Where it stands; the moves are in ``core.states.FILING``."""

        NOT_FILED = "not_filed", _("未报")
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("已提交")
        UNDER_REVIEW = "under_review", _("审核中")
        RETURNED = "returned", _("退回")
        ACCEPTED = "accepted", _("通过")
        LOCKED = "locked", _("锁定")

    form_id = models.CharField(max_length=60)
    edition = models.CharField(max_length=20)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="filings")
    period_kind = models.CharField(max_length=8)
    period_start = models.DateField()
    period_end = models.DateField()
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.NOT_FILED)
    level = models.CharField(max_length=16, blank=True)
    use = models.CharField(max_length=16)
    departments = models.CharField(max_length=200, blank=True)
    respondent = models.CharField(max_length=16)
    due_on = models.DateField()
    round = models.PositiveIntegerField(default=0)
    first_submitted_at = models.DateTimeField(null=True)
    draft = models.JSONField(default=dict)
    draft_revision = models.PositiveIntegerField(default=0)
    draft_marks = models.JSONField(default=dict)
    draft_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    draft_at = models.DateTimeField(null=True)
    explanations = models.JSONField(default=dict)
    correction_reason = models.CharField(max_length=300, blank=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="correction")
    batch = models.ForeignKey("ledger.Batch", models.PROTECT, null=True, related_name="filings")
    demonstration = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-period_end", "form_id", "subject__position", "-version"]
        verbose_name = _("填报")
        constraints = [
            models.UniqueConstraint(
                fields=["form_id", "subject", "period_kind", "period_start", "period_end", "version"], name="filing_filing_once"
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "form_id", "period_end"], name="filing_of_subject"),
            # Holds all that is counted for a period, so that counting reads no draft.
            models.Index(
                fields=[
                    "form_id", "period_end", "state", "version", "period_kind", "use", "respondent", "departments",
                    "first_submitted_at", "due_on",
                ],
                name="filing_counted",
            ),
            models.Index(fields=["state", "level"], name="filing_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.title} {self.period.label}"

    @property
    def form(self) -> Form:
        """The edition on which it was filed: a later one changes nothing here."""
        return forms.current().get(self.form_id, self.edition)

    @property
    def title(self) -> str:
        """The title of the form."""
        return self.form.title

    @property
    def period(self) -> Period:
        """The period."""
        return Period(self.period_start, self.period_end, self.period_kind)

    def logged(self, words: str, name: str = "reason") -> dict[str, str]:
        """What the log holds of ``words`` about it. People read the log who may not see a return under the statistics law: of such a one
        it holds the words' SM3, the words stand with the return."""
        return {name: words} if self.use == ADMINISTRATIVE else {f"{name}_sm3": sm3_hex(words.encode())}

    @property
    def open(self) -> bool:
        """Whether the respondent may still write."""
        return self.state in {self.State.NOT_FILED, self.State.DRAFT, self.State.RETURNED}

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """See :func:`readable`; what a bureau prepares to issue is its own until it is issued."""
        issued = ~models.Q(respondent="department") | models.Q(state__in=[cls.State.ACCEPTED, cls.State.LOCKED])
        code = user.department.code if user.department_id and user.role in REVIEWING_ROLES else "-"
        return readable(user) & (issued | models.Q(departments__contains=f"|{code}|"))


class Round(Scoped):
    """One submission as it was (immutable): canonical cells with their sums, and once how the review of it ended."""

    class Outcome(models.TextChoices):
        """How a round ended."""

        RETURNED = "returned", _("退回")
        ACCEPTED = "accepted", _("通过")

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    edition_sm3 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    pointed = models.JSONField(default=list)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["filing", "number"]
        verbose_name = _("填报轮次")
        constraints = [models.UniqueConstraint(fields=["filing", "number"], name="filing_round_once")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As its filing."""
        return readable(user, "filing__")


class Pass(Scoped):
    """That a level let a round through to the next one (immutable)."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="passes")
    level = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name = _("逐级通过")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As its filing."""
        return readable(user, "round__filing__")


class FoundFinding(Scoped):
    """What a check found in a round, and how it was explained (once, signed)."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="findings")
    check_number = models.CharField(max_length=40)
    severity = models.CharField(max_length=16)
    addresses = models.JSONField(default=list)
    saw = models.CharField(max_length=500)
    why_odd = models.CharField(max_length=500, blank=True)
    settle = models.CharField(max_length=500, blank=True)
    explanation = models.CharField(max_length=1000, blank=True)
    explained_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    explained_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["round", "id"]
        verbose_name = _("校验疑问")
        indexes = [models.Index(fields=["check_number"], name="filing_finding_check")]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As its filing."""
        return readable(user, "round__filing__")


class Suppression(Scoped):
    """That a check is not applied to a subject's form for a time: dated, signed, with the reason; ended, never deleted."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    form_id = models.CharField(max_length=60)
    check_number = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    use = models.CharField(max_length=16)
    departments = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("停用校验")

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As the filings that it is about."""
        return readable(user)


class CheckSwitch(TwoPersons, Scoped):
    """A check switched on or off for everybody by two persons: one proposes with the reason, another one decides."""

    check_number = models.CharField(max_length=40)
    on = models.BooleanField()
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("检查启停")
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["check_number"], condition=models.Q(decided_at=None), name="filing_checkswitch_open_once"),
        ]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """What was decided is open to all who sign in; what is proposed, to the city's people."""
        return models.Q() if user.sees_all else models.Q(granted=True)


class Unlocking(TwoPersons, Scoped):
    """A locked filing opened by two persons: one asks with the reason, another one confirms or refuses."""

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="unlockings")
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("解锁")
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["filing"], condition=models.Q(decided_at=None), name="filing_unlocking_open_once"),
        ]

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """As its filing."""
        return readable(user, "filing__")
