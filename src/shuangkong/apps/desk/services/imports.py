"""The one import service: upload → check (a job) → report → confirm → write and apply (a job) → undo."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.imports.checking import LINES_FILE, Check, findings, staged
from shuangkong.apps.desk.imports.kinds import Form, kind_of
from shuangkong.apps.desk.models import Job, StoredFile
from shuangkong.apps.desk.services import files, jobs
from shuangkong.apps.desk.workbooks.marking import mark
from shuangkong.apps.desk.workbooks.sheet_xml import address
from shuangkong.core.errors import InputError

CHECK, APPLY, UNDO = "import.check", "import.apply", "import.undo"
FIRST_FINDINGS = 100
DOCUMENT_LENGTH = 120


def folder_of(job_id: int) -> Path:
    """Where a check stages its lines and findings."""
    return Path(settings.MEDIA_ROOT) / "imports" / str(job_id)


def form_of(arguments: dict[str, Any]) -> Form:
    """The form as the job keeps it."""
    return Form(date.fromisoformat(arguments["known_on"]), arguments["document"], arguments["origin"])


def check_form(kind: Any, user: Any, form: Form, today: date) -> None:
    """Whether the form may stand.

    Raises:
        InputError: an origin that is not the user's, no document for issued figures, a day to come.
    """
    if form.origin not in kind.origins(user):
        raise InputError(_("数据来源与您的角色不符"), why=_("县市区只能填报，下达和公开发布的数由市级部门导入"), do=_("改选数据来源"))
    if form.origin in {"issued", "published"} and not form.document.strip():
        raise InputError(_("缺少文号"), why=_("下达和公开发布的数要注明文件"), do=_("填写下达或发布文件的文号"))
    if len(form.document) > DOCUMENT_LENGTH:
        raise InputError(_("文号过长"), why=_("最多 {n} 个字").format(n=DOCUMENT_LENGTH), do=_("只填文号"))
    if form.known_on > today:
        raise InputError(_("发布（报送）日期在今天之后"), do=_("填写实际发布或报送的日期"))


def begin(kind_id: str, user: Any, name: str, chunks: Iterable[bytes], form: Form, today: date) -> Job:
    """Stores the workbook and queues its check.

    Raises:
        InputError: a kind or form that is not for this user; a file too large or empty.
    """
    kind = kind_of(kind_id, user)
    check_form(kind, user, form, today)
    stored = files.store(user, name, chunks, content_type=files.XLSX)
    arguments = {
        "kind": kind.id, "file": stored.pk, "known_on": form.known_on.isoformat(), "document": form.document.strip(), "origin": form.origin,
    }  # fmt: skip
    return jobs.start(CHECK, _("检查：{name}").format(name=stored.name), arguments, user)


def run_check(work: jobs.Work) -> None:
    """The job that reads and checks; its result holds the facts and counts, its folder the staged lines and findings."""
    kind = kind_of(work.arguments["kind"], work.user)
    stored = StoredFile.objects.visible_to(work.user).get(pk=work.arguments["file"])
    folder = folder_of(work.job.pk)
    shutil.rmtree(folder, ignore_errors=True)
    facts = Check(kind, work.user, form_of(work.arguments), folder, work).run(files.path_of(stored), stored.name)
    work.keep_result(**facts)
    if facts["findings"]:
        work.progress(0, 0, _("标注错误"))
        work.keep_file(marked_workbook(work, stored, folder, facts))


def marked_workbook(work: jobs.Work, stored: StoredFile, folder: Path, facts: dict[str, Any]) -> StoredFile:
    """The same workbook with the faulty cells coloured and the reasons beside each row."""
    relative, path = files.new_path(".xlsx")
    mark(files.path_of(stored), path, facts["part"], facts["header_row"], findings(folder), facts["result_column"])
    name = Path(stored.name)
    return files.keep(work.user, f"{name.stem}-{_('已标注')}.xlsx", relative, content_type=files.XLSX)


def first_findings(job: Job, limit: int = FIRST_FINDINGS) -> list[dict[str, str]]:
    """The first findings of a check for the report: place, severity, what, why, do."""
    if not (folder_of(job.pk) / "findings.jsonl").is_file():
        return []
    sheet = job.result.get("sheet", "")
    return [
        {"sheet": sheet, "cell": address(row, column), "severity": fault.severity, "what": fault.what, "why": fault.why, "do": fault.do}
        for row, column, fault in findings(folder_of(job.pk), limit)
    ]


def confirm(check_id: int, user: Any, *, keep_unusual: bool) -> Job:
    """Queues the application of a finished check; a second confirmation answers with the first one's job.

    Raises:
        InputError: no such check of this user, or nothing to write.
    """
    with transaction.atomic():
        check = Job.objects.visible_to(user).select_for_update().filter(pk=check_id, kind=CHECK, state=Job.State.DONE).first()
        if check is None or check.owner_id != user.pk:
            raise InputError(_("没有可入账的检查结果"), why=_("检查未完成，或不是您的"), do=_("重新上传"))
        earlier = Job.objects.visible_to(user).filter(pk=check.result.get("apply")).first()
        if earlier and not earlier.failed:
            return earlier
        counts = check.result["counts"]
        writable = counts["new"] + counts["corrected"] - (0 if keep_unusual else counts["ask"])
        if writable <= 0:
            raise InputError(_("没有可入账的行"), why=_("全部有错、待确认或与已入账的相同"), do=_("改正标注的单元格后重新上传"))
        title = check.title.partition("：")[2]
        arguments = {"check": check.pk, "keep_unusual": keep_unusual}
        if earlier and jobs.retry(earlier.pk, arguments, user):
            # the same job goes on: a batch that was applied before something failed is not written twice
            return earlier
        job = jobs.start(APPLY, _("入账：{name}").format(name=title), arguments, user)
        check.result = {**check.result, "apply": job.pk}
        check.save(update_fields=["result"])
    return job


def run_apply(work: jobs.Work) -> None:
    """The job that writes a batch and has the accounts computed anew. Picked up again it goes on where the batch stands."""
    check = Job.objects.visible_to(work.user).get(pk=work.arguments["check"])
    kind = kind_of(check.arguments["kind"], work.user)
    stored = StoredFile.objects.visible_to(work.user).get(pk=check.arguments["file"])
    form = form_of(check.arguments)
    check_form(kind, work.user, form, work.today)
    batch = kind.sink.batch_of(work, kind, stored, form)
    facts, folder = check.result["bounds"], folder_of(check.pk)
    try:
        counts = kind.sink.apply(batch, kind, lambda: staged(folder), form, facts, work)
    except jobs.Outrun:
        raise
    except Exception:
        kind.sink.discard(batch)
        raise
    work.keep_result(batch=batch.pk, counts=counts)
    work.progress(0, 0, _("重新计算"))
    kind.sink.recompute(work, _("批次 {number} 入账").format(number=batch.pk))
    (folder / LINES_FILE).unlink(missing_ok=True)


def undo(batch_id: int, kind_id: str, user: Any, *, reason: str) -> Job:
    """Withdraws a batch at once and queues the accounts.

    Raises:
        InputError: not applied, not the user's, or corrected by a later batch.
    """
    kind = kind_of(kind_id, user)
    with transaction.atomic():
        batch = kind.sink.withdraw(batch_id, actor=user, reason=reason)
        return jobs.start(UNDO, _("撤销批次 {number}").format(number=batch.pk), {"kind": kind.id, "batch": batch.pk}, user)


def run_undo(work: jobs.Work) -> None:
    """The job that has the accounts computed anew after a batch was withdrawn."""
    kind = kind_of(work.arguments["kind"], work.user)
    work.keep_result(batch=work.arguments["batch"])
    work.progress(0, 0, _("重新计算"))
    kind.sink.recompute(work, _("批次 {number} 撤销").format(number=work.arguments["batch"]))


def note_download(stored: StoredFile, user: Any) -> None:
    """Writes down that a file of another person was read."""
    if stored.owner_id != user.pk:
        with transaction.atomic():
            record("desk.file.read", stored, actor=user)
