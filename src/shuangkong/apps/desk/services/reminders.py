"""Reminders: at most one a day to a person, by mail and by the webhook that the person set.

In the morning of a working day everybody who has something due soon or overdue in the inbox gets one digest; whoever reminds others from a
list makes theirs at once. Either way the row (person, day) comes first: whoever has one today gets no second.
"""

from __future__ import annotations

import smtplib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk import webhooks
from shuangkong.apps.desk.models import DailyStep, InboxItem, Reminder, ReminderSetting
from shuangkong.apps.desk.sealing import seal, unseal
from shuangkong.apps.desk.workdays import Workdays, workdays
from shuangkong.apps.organisations.models import User
from shuangkong.core.errors import InputError, ShuangkongError

#: From this hour of the civil day on; so many working days before a deadline; so many tries; so many items in one text.
MORNING_HOUR = 9
DAYS_BEFORE = 3
TRIES = 3
LINES_MAX = 20
_AGAIN = timedelta(minutes=10)
_BULK = 200
_STEP = "desk.reminders"


def civil(now: datetime) -> datetime:
    """The moment in Asia/Shanghai."""
    return now.astimezone(timezone.get_default_timezone())


def begin_today(name: str, day: date) -> bool:
    """Whether this call is the first of the day for a daily step; of several workers one takes it."""
    made = DailyStep.objects.get_or_create(name=name, defaults={"day": day})
    return made[1] or (made[0].day < day and DailyStep.objects.filter(name=name, day__lt=day).update(day=day) == 1)


def step(now: datetime) -> bool:
    """Makes the digests of the day, or sends the next reminder; whether there was anything to do."""
    return plan(now) or send_next(now)


# making


def plan(now: datetime) -> bool:
    """The digests of today, once, from :data:`MORNING_HOUR` on; whether any were made."""
    at, calendar = civil(now), workdays()
    if at.hour < MORNING_HOUR or not calendar.works(at.date()):
        return False
    if DailyStep.objects.filter(name=_STEP, day__gte=at.date()).exists():
        return False
    with transaction.atomic():
        return begin_today(_STEP, at.date()) and bool(_digests(at.date(), calendar))


def _digests(today: date, calendar: Workdays) -> int:
    """One row for each person with something due. Four reads and a write, however many people."""
    last = calendar.after(today, DAYS_BEFORE)
    items = InboxItem.objects.unscoped("everybody is reminded of what waits for them").filter(closed_at=None, due_on__lte=last)
    items = list(items.order_by("due_on", "severity", "id"))
    by: defaultdict[tuple[str, int | None], list[InboxItem]] = defaultdict(list)
    for item in items:
        for field in ("user", "department", "subject"):
            by[field, getattr(item, f"for_{field}_id")].append(item)
    rows = []
    for user in User.objects.filter(is_active=True).filter(_addressed(items)).exclude(reminders__day=today):
        keys = (("user", user.pk), ("department", user.department_id), ("subject", user.subject_id))
        own = {item.pk: item for field, pk in keys if pk for item in by[field, pk]}
        if own:
            rows.append(_digest(user, list(own.values()), today, calendar))
    Reminder.objects.bulk_create(rows, batch_size=_BULK, ignore_conflicts=True)
    return len(rows)


def _addressed(items: Sequence[InboxItem]) -> Q:
    ids = {field: {getattr(item, f"for_{field}_id") for item in items} for field in ("user", "department", "subject")}
    return Q(pk__in=ids["user"]) | Q(department__in=ids["department"]) | Q(subject__in=ids["subject"])


def _digest(user: User, items: Sequence[InboxItem], today: date, calendar: Workdays) -> Reminder:
    late = sum(item.due_on < today for item in items)
    title = (_("{n}件事快到期或已超期，其中超期{late}件") if late else _("{n}件事快到期")).format(n=len(items), late=late)
    lines = [f"{item.title}：{item.due_on:%Y-%m-%d}，{calendar.left(today, item.due_on)}" for item in items[:LINES_MAX]]
    if len(items) > LINES_MAX:
        lines.append(_("……另有{n}件").format(n=len(items) - LINES_MAX))
    return _row(user, today, title, "\n".join(lines))


def _row(user: User, today: date, title: str, body: str, asked_by: Any = None) -> Reminder:
    shown = f"{body}\n\n{settings.SITE_ADDRESS}/inbox/"
    line = " ".join(title.split())[:200]
    return Reminder(user=user, day=today, title=line, body=shown, asked_by=asked_by, demonstration=settings.DEMONSTRATION)


@dataclass(frozen=True)
class Asked:
    """How a request to remind people ended: how many will be reminded, how many were already today, which units have nobody."""

    reminded: int
    already: int
    nobody: tuple[str, ...] = ()


@transaction.atomic
def remind(bodies: dict[User, tuple[str, str]], actor: Any, today: date, *, nobody: Iterable[str] = ()) -> Asked:
    """Reminds people at once (person → title, text); who was reminded today already is counted and left alone."""
    had = set(Reminder.objects.unscoped("who was reminded today").filter(user__in=bodies, day=today).values_list("user_id", flat=True))
    rows = [_row(user, today, title, body, actor) for user, (title, body) in bodies.items() if user.pk not in had]
    Reminder.objects.bulk_create(rows, batch_size=_BULK, ignore_conflicts=True)
    if rows:
        people = [row.user.username for row in rows][:50]
        record("desk.reminders.asked", Reminder, actor=actor, after={"count": len(rows), "people": people})
    return Asked(len(rows), len(had), tuple(nobody))


# sending


def send_next(now: datetime) -> bool:
    """Sends the oldest reminder that is due; whether there was one. The claim is committed before anything leaves the house."""
    waiting = Reminder.objects.unscoped("the service that sends reminders").filter(state=Reminder.State.WAITING)
    found = waiting.filter(Q(next_at=None) | Q(next_at__lte=now)).select_related("user", "user__reminder_setting").order_by("id").first()
    if found is None:
        return False
    if waiting.filter(pk=found.pk).update(state=Reminder.State.SENDING, attempts=F("attempts") + 1) != 1:
        return True
    found.attempts += 1
    _deliver(found)
    _close(found, now)
    return True


def _deliver(reminder: Reminder) -> None:
    """By each way that has not worked yet; what went wrong stands in ``error``."""
    user = reminder.user
    setting = getattr(user, "reminder_setting", None) or ReminderSetting(user=user)
    errors = []
    if user.email and setting.by_mail and settings.EMAIL_HOST and not reminder.mailed_to:
        try:
            _mail(reminder, user.email)
            reminder.mailed_to = user.email
        except (OSError, smtplib.SMTPException) as error:
            errors.append(_("邮件：{error}").format(error=str(error)[:150]))
    if setting.webhook_sealed and not reminder.hooked_to:
        try:
            url = unseal(setting.webhook_sealed, user.username)
            webhooks.send(url, setting.webhook_kind, reminder.title, reminder.body)
            reminder.hooked_to = webhooks.checked(url).hostname or ""
        except ShuangkongError as error:
            errors.append(_("webhook：{error}").format(error=str(error)[:200]))
    reminder.error = "；".join(errors)[:400]


def _mail(reminder: Reminder, to: str) -> None:
    mark = _("【演示】") if reminder.demonstration else ""
    EmailMessage(f"{mark}{reminder.title}", reminder.body, settings.DEFAULT_FROM_EMAIL, [to]).send()


def _close(reminder: Reminder, now: datetime) -> None:
    went = bool(reminder.mailed_to or reminder.hooked_to)
    if reminder.error and reminder.attempts < TRIES:
        state, again = Reminder.State.WAITING, now + _AGAIN * reminder.attempts
    else:
        state, again = (Reminder.State.SENT if went else Reminder.State.FAILED if reminder.error else Reminder.State.INBOX), None
    reminder.state, reminder.next_at, reminder.sent_at = state, again, now if went else None
    written = {name: getattr(reminder, name) for name in ("state", "next_at", "sent_at", "mailed_to", "hooked_to", "error")}
    Reminder.objects.unscoped("the service that sends reminders").filter(pk=reminder.pk).update(**written)


# how a person wants to be reminded


@transaction.atomic
def set_up(user: User, *, email: str, by_mail: bool, kind: str, url: str | None) -> None:
    """The person's own settings; ``url`` None leaves the webhook as it is, empty takes it away.

    Raises:
        InputError: an address that messages may not go to, or a robot of no kind.
    """
    setting = ReminderSetting.objects.unscoped("one's own").filter(user=user).first() or ReminderSetting(user=user)
    setting.by_mail = by_mail
    if url:
        webhooks.checked(url)
        if kind not in ReminderSetting.Kind.values:
            raise InputError(_("没有选机器人的种类"), do=_("选企业微信或钉钉"))
    if url is not None:
        setting.webhook_sealed, setting.webhook_kind = (seal(url), kind) if url else ("", "")
    setting.save()
    User.objects.filter(pk=user.pk).update(email=email)
    after = {"email": bool(email), "by_mail": by_mail, "webhook": setting.webhook_kind}
    record("desk.reminder_setting.change", setting, actor=user, after=after)
