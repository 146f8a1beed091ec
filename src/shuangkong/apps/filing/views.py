"""Pages of filing that read: lists, a filing, what is to be reviewed, the register of duties, the forms themselves."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.desk.services.files import XLSX, clean_name
from shuangkong.apps.filing import acts, contract, reviewing, selectors, services
from shuangkong.apps.filing.filters import DutyForm, FilingFilterForm
from shuangkong.apps.filing.models import Obligation
from shuangkong.apps.filing.pages import filing_or_404, filing_page
from shuangkong.apps.filing.permissions import level_words
from shuangkong.apps.filing.services.obligations import may_oblige
from shuangkong.apps.filing.workbook_writing import write_workbook
from shuangkong.apps.ui.tables import Column, changed, chips, table
from shuangkong.core.errors import InputError
from shuangkong.core.forms import compute
from shuangkong.rulebook import forms

COLUMNS = (
    Column(_("报表"), "form_id"),
    Column(_("单位"), "subject__position"),
    Column(_("期别"), "period_end"),
    Column(_("状态"), "state"),
    Column(_("截止"), "due_on"),
    Column(_("轮次"), "round", numeric=True, hide="m"),
)
OBLIGATION_COLUMNS = (
    Column(_("单位"), "subject__position"),
    Column(_("报表"), "form_id"),
    Column(_("自"), "starts_on"),
    Column(_("至"), "ends_on"),
    Column(_("依据"), hide="m"),
)


@login_required
@require_safe
def filings(request: HttpRequest) -> HttpResponse:
    """All filings that one may see, the newest period first."""
    form = FilingFilterForm(request.GET)
    shown = table(request, form.filtered(selectors.filings_of(request.user)), COLUMNS, "-period_end")
    return render(request, "filing/filings.html", {"form": form, "table": shown, "chips": chips(request.GET, form.in_words())})


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """Units × periods of one form that one reviews."""
    known = reviewing.forms_reviewed(request.user)
    chosen = next((form for form in known if form.id == request.GET.get("form")), known[0] if known else None)
    until, unit = _day(request.GET.get("until", "")), request.GET.get("unit", "").strip()[:60]
    board = reviewing.board(request.user, chosen, until, request.GET.get("state", "")) if chosen else None
    context = {"forms": known, "chosen": chosen, "board": board, "unit": unit, "until": until.isoformat() if until else ""}
    if board:
        shown = table(request, reviewing.subjects(request.user, board, unit), ())
        counts = [(state, n, changed(request.GET, form=chosen.id, state=state, page=None)) for state, n in board.counts.items()]
        context |= {"table": shown, "rows": reviewing.units(request.user, board, list(shown.page)), "counts": counts}
    return render(request, "filing/review.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@login_required
@never_cache
@require_safe
def filing(request: HttpRequest, pk: int) -> HttpResponse:
    """One filing, table by table; the respondent fills it in, everybody else reads what was submitted."""
    found = filing_or_404(request, pk)
    record_read(request.user, found.subject, "filing.filing", origin=request.META.get("REMOTE_ADDR", ""))
    return filing_page(request, found)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cells(request: HttpRequest, pk: int) -> HttpResponse:
    """The grid's own address: everything of a filing as JSON; a save by POST."""
    found = filing_or_404(request, pk)
    if request.method == "POST":
        return acts.save_json(request, found)
    return JsonResponse(contract.sheet_json(found, request.user), json_dumps_params={"ensure_ascii": False})


@login_required
@never_cache
@require_safe
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    """The filing as a workbook: with the draft for its respondent, with what was submitted for others; ``?empty=1`` is the template."""
    found = filing_or_404(request, pk)
    record_read(request.user, found.subject, "filing.workbook", origin=request.META.get("REMOTE_ADDR", ""))
    cells = {} if request.GET.get("empty") else compute(found.form, selectors.cells_shown(found, request.user))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "filing.xlsx"
        write_workbook(path, found, cells, found.draft_revision)
        content = path.read_bytes()
    answer = HttpResponse(content, content_type=XLSX)
    name = f"{found.title}_{found.subject.name}_{found.period.code.replace('/', '-')}.xlsx"
    answer["Content-Disposition"] = content_disposition_header(True, clean_name(name))
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligations(request: HttpRequest) -> HttpResponse:
    """The register of who owes which form, as far as the reader may see it; those who keep it add to it here."""
    keeps = may_oblige(request.user)
    form = DutyForm(request.POST or None) if keeps else None
    problem = None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("填报义务名录由市级主管部门和系统管理员管理"))
        if form.is_valid():
            try:
                return _obliged(request, form.cleaned_data)
            except InputError as error:
                problem = error
    found = Obligation.objects.visible_to(request.user).select_related("subject")
    shown = table(request, found, OBLIGATION_COLUMNS, "subject__position")
    context = {"table": shown, "titles": _titles(), "form": form, "problem": problem}
    return render(request, "filing/obligations.html", context, status=400 if request.method == "POST" else 200)


def _obliged(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    made = services.oblige(
        given["subjects"], given["form"], given["starts_on"], request.user, ends_on=given["ends_on"], reason=given["reason"]
    )
    opened = services.open_due(request.today, actor=request.user)
    messages.success(request, _("登记 %(made)d 家，生成到期报表 %(opened)d 份") % {"made": len(made), "opened": opened})
    return redirect("filing:obligations")


def _titles() -> dict[str, str]:
    known = forms.current()
    return {name: known.newest(name).title for name in known.ids()}


@login_required
@require_safe
def form_list(request: HttpRequest) -> HttpResponse:
    """All forms with their editions."""
    known = forms.current()
    return render(request, "filing/forms.html", {"forms": [(name, known.editions_of(name)) for name in known.ids()]})


@login_required
@require_safe
def form_page(request: HttpRequest, form_id: str) -> HttpResponse:
    """One form: what it asks, of whom, until when, and what it rests on."""
    known = forms.current()
    if form_id not in known.ids():
        raise Http404
    edition = request.GET.get("edition", "")
    editions = known.editions_of(form_id)
    chosen = next((form for form in editions if form.edition == edition), editions[-1])
    return render(
        request, "filing/form.html", {"form": chosen, "editions": editions, "levels": [level_words(each) for each in chosen.review]}
    )
