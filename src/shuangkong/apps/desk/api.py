"""Imports and jobs over HTTP: upload a workbook, follow its check, confirm it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Query, Router, Schema
from ninja import Form as FormData
from ninja.files import UploadedFile

from shuangkong.apps.desk.imports.kinds import Form, kinds
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import imports
from shuangkong.apps.desk.services import jobs as job_services
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, part_of

jobs_router = Router()
cancel_router = Router()
imports_router = Router()


class JobLine(Schema):
    """A job and how far it is."""

    id: int
    kind: str
    title: str
    state: str
    stage: str
    done: int
    total: int
    message: str
    file: int | None
    made_at: datetime
    ended_at: datetime | None

    @staticmethod
    def resolve_file(job: Job) -> int | None:
        """The file that it made, at ``/files/<id>/``."""
        return job.file_id


class JobsAnswer(PageAnswer):
    """Jobs, the newest first."""

    items: list[JobLine]


class Finding(Schema):
    """What is wrong at a cell."""

    sheet: str
    cell: str
    severity: str
    what: str
    why: str
    do: str


class JobAnswer(Answer, JobLine):
    """A job with its counts; a check also with its first findings, an application with its batch."""

    counts: dict[str, int]
    batch: int | None
    findings: list[Finding]

    @staticmethod
    def resolve_counts(job: Job) -> dict[str, int]:
        """Rows read, new, corrected, unchanged, refused, to be confirmed."""
        return job.result.get("counts", {})

    @staticmethod
    def resolve_batch(job: Job) -> int | None:
        """The batch that it wrote."""
        return job.result.get("batch")

    @staticmethod
    def resolve_findings(job: Job) -> list[dict[str, str]]:
        """The first hundred."""
        return imports.first_findings(job) if job.kind == imports.CHECK and job.state == Job.State.DONE else []


class KindLine(Schema):
    """A kind of workbook that the caller may import, and the origins that may be stated."""

    id: str
    title: str
    about: str
    origins: list[str]


class KindsAnswer(Answer):
    """The kinds."""

    items: list[KindLine]


class Stated(Schema):
    """What is stated beside the workbook."""

    known_on: date
    origin: str
    document: str = ""


class Confirmation(Schema):
    """Whether unusual values are kept."""

    keep_unusual: bool = False


def _jobs(user: Any) -> QuerySet:
    return Job.objects.visible_to(user)


@jobs_router.get("", response=answers(JobsAnswer), summary="后台任务")
def jobs(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Jobs that the caller may see."""
    return part_of(_jobs(request.user), paging)


@jobs_router.get("/{int:job_id}", response=answers(JobAnswer), summary="一个任务的进度和结果")
def job(request: HttpRequest, job_id: int) -> Job:
    """One job."""
    return get_object_or_404(_jobs(request.user), pk=job_id)


@cancel_router.post("/{int:job_id}/cancel", response=answers(JobAnswer), summary="取消任务")
def cancel(request: HttpRequest, job_id: int) -> Job:
    """Asks a job to stop; one that has ended stays as it is."""
    get_object_or_404(_jobs(request.user), pk=job_id)
    job_services.ask_to_cancel(job_id, request.user)
    return _jobs(request.user).get(pk=job_id)


@imports_router.get("", response=answers(KindsAnswer), summary="能导入的数据种类")
def import_kinds(request: HttpRequest) -> dict[str, Any]:
    """The kinds that the caller may import."""
    user = request.user
    mine = [kind for kind in kinds().values() if kind.may_import(user)]
    facts = [{"id": k.id, "title": str(k.title), "about": str(k.about), "origins": list(k.origins(user))} for k in mine]
    return {"items": facts}


@imports_router.post("/{kind_id}", response=answers(JobAnswer), summary="上传工作簿，排队检查")
def upload(request: HttpRequest, kind_id: str, stated: FormData[Stated], file: File[UploadedFile]) -> Job:
    """Stores the workbook and queues its check; answers with the job to follow."""
    kind = kinds().get(kind_id)
    if kind is None or not kind.may_import(request.user):
        raise Http404
    form = Form(stated.known_on, stated.document, stated.origin)
    return imports.begin(kind_id, request.user, file.name or "", file.chunks(), form, request.today)


@imports_router.post("/{int:job_id}/confirm", response=answers(JobAnswer), summary="确认检查结果，排队入账")
def confirm(request: HttpRequest, job_id: int, confirmation: Confirmation) -> Job:
    """Queues the application of a finished check; answers with the job to follow. A second time it answers with the same job."""
    get_object_or_404(_jobs(request.user), pk=job_id)
    return imports.confirm(job_id, request.user, keep_unusual=confirmation.keep_unusual)
