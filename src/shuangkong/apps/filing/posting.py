"""From accepted cells to ledger rows, and to the accounts that rest on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.filing.models import Filing, Round
from shuangkong.apps.ledger import services as ledger
from shuangkong.apps.ledger.loading import Consignment, NewRow
from shuangkong.apps.ledger.measures import MEASURES, PERCENT
from shuangkong.apps.ledger.posting import post
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.forms import Posting
from shuangkong.core.quantities import to_micro, unit_of

BATCH_KIND = "filing"
RECOMPUTE = "filing.recompute"
_PRELIMINARY = "preliminary"


def rows_of(filing: Filing, made: Round) -> list[NewRow]:
    """The ledger rows that a round makes: one for each cell of its form that goes there and was filled in.

    Raises:
        InputError: a price base that is not known for the period, or a zone that lies in no county.
    """
    form, known_on = filing.form, _known_on(filing, made)
    release = made.cells.get(form.release_cell, "") if form.release_cell else _PRELIMINARY
    document = made.cells.get(form.document_cell, "")[:120] if form.document_cell else ""
    subject, zone = _place(filing.subject)
    made_rows = []
    for address, posting in form.goes_to.items():
        if (text := made.cells.get(address)) is not None:
            micro, rate = _amount(posting, text)
            made_rows.append(
                NewRow(
                    subject,
                    zone,
                    posting.measure,
                    posting.industry,
                    posting.product,
                    posting.flow,
                    filing.period_kind,
                    filing.period_start,
                    filing.period_end,
                    micro,
                    rate,
                    posting.unit,
                    text,
                    _price_base(posting, filing.period_end),
                    form.origin,
                    _release_code(release),
                    posting.comparable,
                    document,
                    _remark(filing),
                    known_on,
                )
            )
    return made_rows


def _known_on(filing: Filing, made: Round) -> date:
    """The day of publication that the form states, else that of the submission."""
    submitted_on = made.submitted_at.astimezone(timezone.get_default_timezone()).date()
    stated = made.cells.get(filing.form.known_cell, "")
    if not stated:
        return submitted_on
    if not filing.period_end <= date.fromisoformat(stated) <= submitted_on:
        raise InputError(
            _("发布日期不对"),
            where=filing.form.known_cell,
            why=_("应在期末之后、今天之前，写的是 {day}").format(day=stated),
            do=_("核对发布日期"),
        )
    return date.fromisoformat(stated)


def _remark(filing: Filing) -> str:
    return _("第{n}版").format(n=filing.version) if filing.version > 1 else ""


def _place(subject: Subject) -> tuple[str, str]:
    """Region and zone of the rows; a zone's figures are part of its county's (accounting 8)."""
    if subject.kind != Subject.Kind.ZONE:
        return subject.code, ""
    if subject.county is None:
        raise InputError(
            _("园区没有所在县市区"), where=str(subject), why=_("台账的每一行都属于一个县市区"), do=_("请管理员补上园区所在县市区")
        )
    return subject.county.code, subject.code


def _amount(posting: Posting, text: str) -> tuple[int | None, str | None]:
    if MEASURES[posting.measure].is_rate:
        assert posting.unit == PERCENT
        return None, text
    return to_micro(Decimal(text) * unit_of(posting.unit)[1]), None


def _price_base(posting: Posting, period_end: date) -> int | None:
    if not posting.price_base:
        return None
    if posting.price_base != "in_force":
        return int(posting.price_base)
    book = current_rulebook()
    try:
        return int(book.at("statistics.gdp_price_base", book.default_region, period_end - timedelta(days=1)).number)
    except NotInForce as error:
        raise InputError(_("没有这一期的不变价基期"), why=str(error), do=_("先在法规标准库补上基期")) from error


def _release_code(stated: str) -> str:
    term = current_rulebook().terms("releases").get(stated)
    return term.code if term else _PRELIMINARY


class Entered(NamedTuple):
    """An accepted round and the rows that it makes."""

    filing: Filing
    made: Round
    rows: list[NewRow]


def enter(entries: Sequence[Entered], user: Any, now: datetime, *, mark: str = "") -> None:
    """Brings the rounds' figures into the ledger as one batch, within the transaction of who accepts them; ``mark`` heads its title."""
    entries = [entry for entry in entries if entry.rows]
    if not entries:
        return
    first = entries[0].filing
    one = len(entries) == 1
    title = str(first) if one else _("{title} {period} 等 {n} 份").format(title=first.title, period=first.period.label, n=len(entries))
    demonstration = settings.DEMONSTRATION or any(entry.made.demonstration for entry in entries)
    about = Consignment(BATCH_KIND, f"{mark}{title}"[:200], "filing", first.subject.code if one else "", demonstration)
    batch = post([row for entry in entries for row in entry.rows], about, now=now, actor=user)
    if batch is not None:
        ids = [entry.filing.pk for entry in entries]
        Filing.objects.unscoped("the filings just accepted").filter(pk__in=ids).update(batch=batch)


def recompute_later(user: Any, reason: str) -> None:
    """Queues the accounts; one that waits already will read the new rows too."""
    waiting = Job.objects.unscoped("whether one waits already").filter(kind=RECOMPUTE, state=Job.State.WAITING)
    with transaction.atomic():
        if not waiting.exists():
            jobs.start(RECOMPUTE, _("重新计算：{reason}").format(reason=reason)[:200], {}, user)


def run_recompute(work: jobs.Work) -> None:
    """The job: everything that rests on the ledger, again."""
    work.progress(0, 0, _("重新计算"))
    ledger.recompute(now=work.now, today=work.today, actor=work.user, reason=work.job.title)
