"""Correcting what was accepted: a filing of the next version, which begins as the earlier one ended."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services.states import outdone
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.permissions import may_file, reviews_at_all
from shuangkong.apps.filing.services.submission import last_round
from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING


def correct(filing: Filing, user: Any, reason: str) -> Filing:
    """Opens the next version, on the edition of the first: the draft is what was accepted. The earlier one counts until then.

    Respondent and reviewers may open it; the respondent fills it in and submits it.

    Raises:
        InputError: not accepted (locked ones are opened by two persons first), corrected already, no reason, not the user's.
        Outdone: somebody locked it meanwhile.
    """
    if not (may_file(filing, user) or reviews_at_all(filing, user)):
        raise InputError(_("不在您的填报或审核范围"), where=str(filing))
    if filing.state == Filing.State.LOCKED:
        raise InputError(_("已锁定，不能更正"), where=str(filing), do=_("先由两位审核人解锁"))
    if filing.state != Filing.State.ACCEPTED:
        raise InputError(_("还没有通过，不用更正"), where=str(filing), do=_("直接修改草稿，或请审核人退回"))
    if not reason.strip():
        raise InputError(_("没有写更正理由"), where=str(filing), do=_("写明为什么更正"))
    try:
        with transaction.atomic():
            _require_accepted_still(filing)
            made = _next_version(filing, user, reason)
            after = {"version": made.version, **filing.logged(reason), "corrects": filing.pk}
            record("filing.filing.correct", made, actor=user, subject_id=filing.subject_id, after=after)
    except IntegrityError as error:
        raise InputError(_("已经在更正"), where=str(filing), do=_("打开第 {n} 版继续填写").format(n=filing.version + 1)) from error
    return made


def _require_accepted_still(filing: Filing) -> None:
    """Holds the row until the next version stands, so that nobody locks it in between, and whoever locked it first wins."""
    standing = Filing.objects.unscoped("the filing that is corrected").select_for_update().filter(pk=filing.pk).order_by("pk")
    if standing.values_list("state", flat=True).first() != Filing.State.ACCEPTED:
        raise outdone(filing, FILING, "lock")


def _next_version(filing: Filing, user: Any, reason: str) -> Filing:
    standing = filing.form
    computed = {address for address, table, line, column in standing.fixed_cells() if table.computed(line, column)}
    draft = {address: text for address, text in last_round(filing).cells.items() if address not in computed}
    return Filing.objects.create(
        form_id=filing.form_id, edition=filing.edition, subject=filing.subject, period_kind=filing.period_kind,
        period_start=filing.period_start, period_end=filing.period_end, version=filing.version + 1, state=Filing.State.DRAFT,
        use=filing.use, departments=filing.departments, respondent=filing.respondent, due_on=filing.due_on, draft=draft, draft_by=user,
        correction_reason=reason[:300], corrects=filing, demonstration=filing.demonstration,
    )  # fmt: skip
