"""Pages of the desk: the import wizard, jobs with their progress, files, the inbox."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.desk import selectors
from shuangkong.apps.desk.forms import ConfirmForm, ImportForm
from shuangkong.apps.desk.imports.kinds import Kind, kinds
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import exports, files, imports, jobs
from shuangkong.apps.desk.workbooks.template import write_template
from shuangkong.apps.ui.tables import Column, table
from shuangkong.core.errors import InputError

#: What a job's page shows once it is done, by kind.
RESULT_PARTIALS = {
    imports.CHECK: "desk/partials/check.html",
    imports.APPLY: "desk/partials/applied.html",
    imports.UNDO: "desk/partials/applied.html",
}
JOB_COLUMNS = (
    Column(gettext_lazy("任务"), "title"),
    Column(gettext_lazy("状态"), "state"),
    Column(gettext_lazy("谁"), hide="m"),
    Column(gettext_lazy("开始"), "made_at", numeric=True),
    Column(gettext_lazy("结束"), "ended_at", numeric=True, hide="m"),
)


@login_required
@require_safe
def import_start(request: HttpRequest) -> HttpResponse:
    """Which kind of figures to import."""
    mine = [kind for kind in kinds().values() if kind.may_import(request.user)]
    return render(request, "desk/import_start.html", {"kinds": mine})


def _kind_or_404(request: HttpRequest, kind_id: str) -> Kind:
    kind = kinds().get(kind_id)
    if kind is None or not kind.may_import(request.user):
        raise Http404
    return kind


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_kind(request: HttpRequest, kind_id: str) -> HttpResponse:
    """Template and upload of one kind; a good upload leads to the job that checks it."""
    kind = _kind_or_404(request, kind_id)
    form = ImportForm(request.POST or None, request.FILES or None, kind=kind, user=request.user, today=request.today)
    problem = None
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            job = imports.begin(kind.id, request.user, upload.name, upload.chunks(), form.stated(), request.today)
            return redirect("desk:job", job.pk)
        except InputError as error:
            problem = error
    context = {"kind": kind, "form": form, "problem": problem, "columns": kind.columns(request.user)}
    return render(request, "desk/import_kind.html", context, status=400 if request.method == "POST" else 200)


@login_required
@require_safe
def import_template(request: HttpRequest, kind_id: str) -> FileResponse:
    """The template of a kind, with what this person may file in its drop-downs."""
    kind = _kind_or_404(request, kind_id)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template(path, kind, list(kind.columns(request.user)), demonstration=settings.DEMONSTRATION)
        stream = path.open("rb")
    return FileResponse(stream, as_attachment=True, filename=f"{kind.title}{_('模板')}.xlsx", content_type=files.XLSX)


def _job_or_404(request: HttpRequest, job_id: int) -> Job:
    job = selectors.job_of(request.user, job_id)
    if job is None:
        raise Http404
    return job


def _job_context(request: HttpRequest, job: Job) -> dict[str, Any]:
    context: dict[str, Any] = {
        "job": job,
        "interrupted": selectors.is_interrupted(job, request.now),
        "result": RESULT_PARTIALS.get(job.kind, "desk/partials/made.html") if job.state == Job.State.DONE else "",
        "mine": job.owner_id == request.user.pk,
    }
    if job.kind == imports.CHECK and job.state == Job.State.DONE:
        counts = job.result["counts"]
        context |= {"counts": counts, "findings": imports.first_findings(job), "form": ConfirmForm()}
        context["writable"] = counts["new"] + counts["corrected"]
        context["applying"] = selectors.job_of(request.user, job.result["apply"]) if "apply" in job.result else None
    return context


@login_required
@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """A job with its progress, which is fetched again until it ends."""
    return render(request, "desk/job.html", _job_context(request, _job_or_404(request, job_id)))


@login_required
@require_safe
def job_state(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of a job's page that changes."""
    return render(request, "desk/partials/job.html", _job_context(request, _job_or_404(request, job_id)))


@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """The jobs that the person may see."""
    return render(request, "desk/jobs.html", {"table": table(request, selectors.jobs_of(request.user), JOB_COLUMNS, "-made_at")})


@login_required
@require_POST
def job_confirm(request: HttpRequest, job_id: int) -> HttpResponse:
    """Has a checked workbook written to the ledger."""
    checked = _job_or_404(request, job_id)
    form = ConfirmForm(request.POST)
    form.is_valid()
    try:
        job = imports.confirm(checked.pk, request.user, keep_unusual=form.cleaned_data["keep_unusual"])
    except InputError as error:
        context = _job_context(request, checked) | {"problem": error}
        return render(request, "desk/job.html", context, status=400)
    return redirect("desk:job", job.pk)


@login_required
@require_POST
def job_cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Asks a job to stop."""
    job = _job_or_404(request, job_id)
    jobs.ask_to_cancel(job.pk, request.user)
    return redirect("desk:job", job.pk)


@login_required
@require_POST
def job_resume(request: HttpRequest, job_id: int) -> HttpResponse:
    """Lets an interrupted job go on."""
    job = _job_or_404(request, job_id)
    jobs.resume(job.pk)
    return redirect("desk:job", job.pk)


@login_required
@require_safe
def file(request: HttpRequest, file_id: int) -> FileResponse:
    """A file, always as an attachment; what one may not have, or no longer, is 404."""
    stored = selectors.file_of(request.user, file_id)
    if stored is None or not exports.still_within_reach(stored, request.user) or not files.path_of(stored).is_file():
        raise Http404
    imports.note_download(stored, request.user)
    return FileResponse(files.path_of(stored).open("rb"), as_attachment=True, filename=stored.name, content_type=stored.content_type)


@login_required
@require_safe
def export(request: HttpRequest, kind_id: str) -> HttpResponse:
    """What a page shows as xlsx or csv: at once, or by a job when it is long."""
    arguments = {key: value for key, value in request.GET.items() if key not in {"format", "page"}}
    made = exports.begin(kind_id, request.user, arguments, request.GET.get("format", "xlsx"))
    if made is None:
        raise Http404
    if isinstance(made, Job):
        return redirect("desk:job", made.pk)
    path, name, content_type = made
    stream = path.open("rb")
    path.unlink()
    return FileResponse(stream, as_attachment=True, filename=name, content_type=content_type)


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for me, with deadlines; or what was settled."""
    closed = request.GET.get("state") == "closed"
    shown = table(request, selectors.Lines(selectors.inbox(request.user, closed=closed)), ())
    context = {"table": shown, "closed": closed, "today": request.today}
    if not closed:  # the count of the frame is the count of these rows
        context["inbox_count"] = shown.page.paginator.count
    return render(request, "desk/inbox.html", context)
