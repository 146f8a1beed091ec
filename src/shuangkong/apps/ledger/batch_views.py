"""Pages of the ledger: batches, and the undo of one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from shuangkong.apps.desk.imports.kinds import kinds
from shuangkong.apps.desk.services import files, imports
from shuangkong.apps.ledger import evidence, selectors
from shuangkong.apps.ledger.models import Batch, Evidence
from shuangkong.apps.ui.tables import Column, table
from shuangkong.core.errors import InputError

COLUMNS = (
    Column(_("批次"), "id"),
    Column(_("内容"), "title"),
    Column(_("状态"), "withdrawn_at"),
    Column(_("入账"), "rows_kept", numeric=True, unit=_("行")),
    Column(_("退回"), "rows_refused", numeric=True, unit=_("行"), hide="m"),
    Column(_("导入者"), hide="m"),
    Column(_("时间"), "made_at", numeric=True, hide="m"),
)


@login_required
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """Batches, the newest first."""
    return render(request, "ledger/batches.html", {"table": table(request, selectors.batches_of(request.user), COLUMNS, "-id")})


def _batch_or_404(request: HttpRequest, batch_id: int) -> Batch:
    found = selectors.batch_of(request.user, batch_id)
    if found is None:
        raise Http404
    return found


def _context(request: HttpRequest, found: Batch) -> dict[str, object]:
    may_undo = found.accepted and found.kind in kinds() and (request.user.sees_all or found.owner_id == request.user.pk)
    attached = Evidence.objects.visible_to(request.user).filter(batch=found).select_related("file", "added_by")
    return {
        "batch": found, "may_undo": may_undo, "later": selectors.later_batches(found)[:5] if found.accepted else (),
        "evidence": list(attached), "may_attach": evidence.may_attach(request.user, found),
        "may_confirm": evidence.may_confirm(request.user, found), "endings": ",".join(evidence.TYPES),
    }  # fmt: skip


@login_required
@require_safe
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One batch: what came, what was kept, whether it counts."""
    return render(request, "ledger/batch.html", _context(request, _batch_or_404(request, batch_id)))


@login_required
@require_POST
def attach(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Keeps a document behind a batch."""
    found = _batch_or_404(request, batch_id)
    try:
        upload = request.FILES.get("file")
        if upload is None:
            raise InputError(_("没有选文件"), do=_("选择一个文件再附"))
        evidence.attach(found, upload.name or "", upload.chunks(), request.POST.get("note", ""), actor=request.user)
    except InputError as error:
        return render(request, "ledger/batch.html", _context(request, found) | {"problem": error}, status=400)
    return redirect("ledger:batch", found.pk)


@login_required
@require_POST
def confirm(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Issues the deductions that a county stated."""
    found = _batch_or_404(request, batch_id)
    when = {"now": request.now, "today": request.today}  # type: ignore[attr-defined]
    try:
        made = evidence.confirm(found, request.POST.get("document", ""), actor=request.user, **when)
    except InputError as error:
        return render(request, "ledger/batch.html", _context(request, found) | {"problem": error}, status=400)
    return redirect("ledger:batch", made.pk)


@login_required
@require_safe
def evidence_file(request: HttpRequest, pk: int) -> FileResponse:
    """One attached document, for whoever may see its batch."""
    found = get_object_or_404(Evidence.objects.visible_to(request.user).select_related("file"), pk=pk)
    path = files.path_of(found.file)
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=found.file.name, content_type=found.file.content_type)


@login_required
@require_POST
def undo(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Withdraws a batch, with the reason."""
    found = _batch_or_404(request, batch_id)
    try:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            raise InputError(_("没有填撤销原因"), why=_("撤销会记入审计"), do=_("写明原因再撤销"))
        job = imports.undo(found.pk, found.kind, request.user, reason=reason[:200])
    except InputError as error:
        return render(request, "ledger/batch.html", _context(request, found) | {"problem": error}, status=400)
    return redirect("desk:job", job.pk)
