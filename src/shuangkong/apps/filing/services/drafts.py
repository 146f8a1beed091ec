"""Drafts: saved cell by cell, wrong ones too; two who edit at once are told what the other wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.states import Outdone, Step, advance
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.permissions import require_respondent
from shuangkong.core.errors import InputError
from shuangkong.core.forms import TEXT_MAX
from shuangkong.core.states import FILING

#: How many cells one save may carry.
CELLS_PER_SAVE = 5000
KEY_MAX, EXPLANATION_MAX = 300, 1000
#: NUL, and halves of a letter: what JSON can carry and PostgreSQL cannot hold.
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


class DraftConflict(InputError):
    """Another save came first. ``theirs`` holds the cells that differ, address → (mine, theirs); ``revision`` is the one to start from."""

    def __init__(self, revision: int, theirs: Mapping[str, tuple[str, str]], who: str) -> None:
        super().__init__(
            _("这张报表刚被别人改过"),
            why=_("{who}已保存；有 {n} 格与您填的不同").format(who=who, n=len(theirs)),
            do=_("逐格选择保留哪个值，再保存"),
        )
        self.revision, self.theirs = revision, dict(theirs)

    @property
    def details(self) -> dict[str, Any]:
        """For answers in JSON."""
        both = {address: {"mine": mine, "theirs": theirs} for address, (mine, theirs) in self.theirs.items()}
        return {"revision": self.revision, "theirs": both}


def save_draft(
    filing: Filing,
    cells: Mapping[str, str | None],
    revision: int,
    user: Any,
    *,
    now: datetime,
    explanations: Mapping[str, str] | None = None,
) -> Filing:
    """Lays ``cells`` (address → text as typed; empty or None clears) over the draft that had ``revision``.

    ``explanations`` (key of a finding → words) are laid over those that are there.

    Raises:
        DraftConflict: the draft has moved on and differs in some of these cells.
        Outdone: it was submitted meanwhile.
        InputError: not the user's form, a cell that the form does not have, or too much.
    """
    require_respondent(filing, user)  # before anything is compared: a conflict tells what stands in the draft
    _check(filing, cells, explanations or {})
    changed = _differing(filing.draft, cells)
    theirs = {address: both for address, both in changed.items() if filing.draft_marks.get(address, 0) > revision}
    if theirs:
        raise DraftConflict(filing.draft_revision, theirs, filing.draft_by.display_name if filing.draft_by else "")
    draft = {address: text for address, text in {**filing.draft, **_typed(cells)}.items() if text}
    marks = {**filing.draft_marks, **dict.fromkeys(changed, filing.draft_revision + 1)}
    written = {"draft": draft, "draft_revision": F("draft_revision") + 1, "draft_marks": marks, "draft_by": user, "draft_at": now}
    if explanations:
        written["explanations"] = _explained(filing, explanations)
    step = Step(
        "filing.filing.save", user, filing.subject_id, changes=written, narrow={"draft_revision": filing.draft_revision},
        after={"cells": len(draft), "changed": len(changed)},
    )  # fmt: skip
    try:
        with transaction.atomic():
            advance(filing, FILING, "save", {"respondent": lambda: require_respondent(filing, user)}, step)
    except Outdone:
        return _again(filing, cells, user, now, explanations)
    filing.refresh_from_db(from_queryset=_one())
    return filing


def _one() -> Any:
    return Filing.objects.unscoped("the filing just written").select_related("subject", "draft_by")


def _explained(filing: Filing, explanations: Mapping[str, str]) -> dict[str, str]:
    kept = {**filing.explanations, **{key[:KEY_MAX]: words.strip()[:EXPLANATION_MAX] for key, words in explanations.items()}}
    if len(kept) > CELLS_PER_SAVE:
        raise InputError(_("说明太多"), where=str(filing))
    return {key: words for key, words in kept.items() if words}


def _again(filing: Filing, cells: Mapping[str, str | None], user: Any, now: datetime, explanations: Mapping[str, str] | None) -> Filing:
    """A save that lost the race: with what stands now. It ends because each turn finds a newer revision or a closed filing."""
    before = filing.draft_revision
    filing.refresh_from_db(from_queryset=_one())
    if filing.draft_revision == before or not filing.open:
        raise InputError(_("已提交，不能再改"), where=str(filing), why=_("状态已是“{state}”").format(state=filing.get_state_display()))
    return save_draft(filing, cells, before, user, now=now, explanations=explanations)


def _check(filing: Filing, cells: Mapping[str, str | None], explanations: Mapping[str, str]) -> None:
    if len(cells) > CELLS_PER_SAVE:
        raise InputError(_("一次保存的格太多"), why=_("最多 {n} 格").format(n=CELLS_PER_SAVE))
    form = filing.form
    for text in chain(cells.values(), explanations, explanations.values()):
        if text and _UNSTORABLE.search(text):
            raise InputError(_("含有不能保存的字符"), why=_("空字符或残缺的字符"), do=_("删去后重新输入"))
    for address, text in cells.items():
        if form.place(address) is None:
            raise InputError(_("表中没有这个格"), where=address[:120], do=_("按报表定义中的地址填写"))
        if text is not None and len(text) > TEXT_MAX:
            raise InputError(_("文字太长"), where=form.title_of(address), why=_("最多 {n} 字").format(n=TEXT_MAX))


def _typed(cells: Mapping[str, str | None]) -> dict[str, str]:
    return {address: (text or "").strip() for address, text in cells.items()}


def _differing(draft: Mapping[str, str], cells: Mapping[str, str | None]) -> dict[str, tuple[str, str]]:
    return {address: (mine, draft.get(address, "")) for address, mine in _typed(cells).items() if draft.get(address, "") != mine}
