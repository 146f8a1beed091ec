"""Filings over HTTP: what one owes, its definition, draft and submission. A key needs the scope ``file``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from shuangkong.apps.filing import contract, selectors
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import save_draft, submit
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, listed, part_of
from shuangkong.core.errors import InputError
from shuangkong.core.forms import TEXT_MAX
from shuangkong.rulebook import forms

router = Router()


class FilingLine(Schema):
    """Where a filing stands. ``revision`` is where a save of the draft starts from."""

    id: int
    form: str
    edition: str
    title: str
    subject: str
    period: str
    version: int
    round: int
    state: str
    level: str
    due_on: date
    revision: int

    @staticmethod
    def resolve_form(filing: Filing) -> str:
        """The form's id."""
        return filing.form_id

    @staticmethod
    def resolve_subject(filing: Filing) -> str:
        """The code of the subject."""
        return filing.subject.code

    @staticmethod
    def resolve_period(filing: Filing) -> str:
        """The period's code, such as 2026-09."""
        return filing.period.code

    @staticmethod
    def resolve_revision(filing: Filing) -> int:
        """The draft's revision."""
        return filing.draft_revision


class FilingsAnswer(PageAnswer):
    """Filings, the newest period first."""

    items: list[FilingLine]


class FormLine(Schema):
    """One edition of a form."""

    id: str
    edition: str
    title: str
    period_kind: str
    respondent: str
    use: str
    applies_from: date
    applies_to: date | None


class FormsAnswer(Answer):
    """All forms."""

    items: list[FormLine]


class FormAnswer(Answer):
    """A definition: tables with columns and lines."""

    id: str
    edition: str
    title: str
    about: str
    period_kind: str
    respondent: str
    review: list[str]
    departments: list[str]
    use: str
    deadline: dict[str, Any]
    legal_basis: dict[str, str]
    applies_from: date
    applies_to: date | None
    tables: list[dict[str, Any]]


class SheetAnswer(Answer):
    """A filing with its cells, sums, the periods beside it, and what the checks find."""

    filing: dict[str, Any]
    definition: dict[str, Any]
    cells: dict[str, str]
    computed: dict[str, str]
    previous: dict[str, Any]
    year_ago: dict[str, Any]
    findings: list[dict[str, Any]]
    explanations: dict[str, str]
    revision: int
    editable: bool
    allowed: list[str]
    returned: dict[str, Any] | None


class DraftIn(Schema):
    """Cells to lay over the draft: address → text as typed; null clears. ``revision`` is the one that was read."""

    revision: int = Field(0, ge=0, le=2_000_000_000)
    cells: dict[str, str | None] = Field(default={}, description="表.行.列 → 填的数或文字；null 清空")
    explanations: dict[str, str] = Field(default={}, description="校核疑问的 key → 说明")


class DraftAnswer(Answer):
    """The draft after a save."""

    revision: int
    state: str
    computed: dict[str, str]
    findings: list[dict[str, Any]]


class RoundAnswer(Answer):
    """What was submitted: its number, its SM3, and where the filing stands now."""

    filing: int
    round: int
    sm3: str
    submitted_at: datetime
    state: str
    level: str


def _filing_or_404(request: HttpRequest, filing_id: int) -> Filing:
    found = selectors.filing_of(request.user, filing_id) if 0 < filing_id < 2**63 else None
    if found is None:
        raise Http404
    return found


@router.get("", response=answers(FilingsAnswer), summary="报表：自己的和可看的")
def filings(request: HttpRequest, paging: Query[Paging], forms: str = "", states: str = "", subjects: str = "") -> dict[str, Any]:
    """Filings that the caller may see. ``forms``, ``states`` and ``subjects`` (codes) are lists parted by commas."""
    found = selectors.filings_of(request.user)
    for name, asked in (("form_id__in", forms), ("state__in", states), ("subject__code__in", subjects)):
        found = found.filter(**{name: listed(asked)}) if asked else found
    return part_of(found, paging)


@router.get("/forms", response=answers(FormsAnswer), summary="报表目录")
def form_list(request: HttpRequest) -> dict[str, Any]:
    """Every edition of every form."""
    known = forms.current()
    return {"items": [form for name in known.ids() for form in known.editions_of(name)]}


@router.get("/forms/{form_id}", response=answers(FormAnswer), summary="报表定义")
def form(request: HttpRequest, form_id: str, edition: str = "") -> dict[str, Any]:
    """The definition; without ``edition`` the newest."""
    known = forms.current()
    try:
        return contract.form_json(known.get(form_id, edition) if edition else known.newest(form_id))
    except InputError as error:
        raise Http404 from error


@router.get("/{filing_id}", response=answers(SheetAnswer), summary="一份报表")
def filing(request: HttpRequest, filing_id: int) -> dict[str, Any]:
    """One filing with its cells: the draft for the respondent, what was submitted last for others."""
    return contract.sheet_json(_filing_or_404(request, filing_id), request.user)


@router.put("/{filing_id}/draft", response=answers(DraftAnswer), summary="保存草稿")
def put_draft(request: HttpRequest, filing_id: int, asked: DraftIn) -> dict[str, Any]:
    """Lays cells over the draft. 409 when somebody else changed one of them since ``revision``: ``theirs`` holds both values."""
    found = _filing_or_404(request, filing_id)
    if any(len(text) > 2 * TEXT_MAX for text in asked.explanations.values()):
        raise InputError("说明太长", where="explanations")
    save_draft(found, asked.cells, asked.revision, request.user, now=request.now, explanations=asked.explanations)
    return contract.answer_json(found)


@router.post("/{filing_id}/submit", response=answers(RoundAnswer), summary="提交")
def post_submit(request: HttpRequest, filing_id: int) -> dict[str, Any]:
    """Submits the draft. 400 with ``findings`` when something must be corrected or explained first."""
    found = _filing_or_404(request, filing_id)
    made = submit(found, request.user, now=request.now)
    return {
        "filing": found.pk,
        "round": made.number,
        "sm3": made.sm3,
        "submitted_at": made.submitted_at,
        "state": found.state,
        "level": found.level,
    }
