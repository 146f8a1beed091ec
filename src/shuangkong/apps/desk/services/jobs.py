"""Jobs: work in the background that shows its progress, can be cancelled, and is picked up again after a crash.

The queue is django-tasks' (``job_worker`` runs it); the :class:`Job` row is what people see. ``settings.JOB_KINDS`` lists the kinds:
a function ``(work: Work) -> None`` each. A start raises ``attempt``; every write of a run goes through :meth:`Work.fence`, so a run that
was taken for dead can change nothing any more. The clock of a job is the database's: ``work.now`` is when this attempt began.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tasks import task

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.models import Job, StoredFile
from shuangkong.core.errors import InputError, ShuangkongError

#: After so long without a sign of life a running job counts as interrupted.
SILENT_SECONDS = 60
BEAT_SECONDS = 0.5
#: A job whose worker died so often is not tried again.
ATTEMPTS_MAX = 5

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """The user asked to stop."""


class Outrun(Exception):
    """Another attempt of the same job has begun: this one may write nothing more."""


def _jobs() -> Any:
    return Job.objects.unscoped("the service that runs jobs")


class Work:
    """One attempt at a job, handed to the function of its kind."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.user = job.owner
        self.arguments: dict[str, Any] = job.arguments
        self._beaten = 0.0

    @property
    def now(self) -> datetime:
        """When this attempt began, by the database's clock."""
        return self.job.started_at

    @cached_property
    def today(self) -> date:
        """The civil day of it in Asia/Shanghai."""
        return self.now.astimezone(timezone.get_default_timezone()).date()

    def _mine(self) -> Any:
        return _jobs().filter(pk=self.job.pk, attempt=self.job.attempt, state=Job.State.RUNNING)

    def progress(self, done: int, total: int, stage: str) -> None:
        """Shows how far the work is, at most twice a second, and stops it when that was asked.

        Raises:
            Cancelled, Outrun: stop now.
        """
        now = time.monotonic()
        if stage == self.job.stage and now - self._beaten < BEAT_SECONDS:
            return
        self._beaten = now
        self.job.stage, self.job.done, self.job.total = stage, done, total
        if self._mine().update(stage=stage, done=done, total=total, beat_at=Now()) != 1:
            raise Outrun
        if _jobs().filter(pk=self.job.pk, cancel_asked=True).exists():
            raise Cancelled

    def fence(self) -> None:
        """Inside a transaction that writes: holds it to the current attempt and stops it when that was asked.

        Raises:
            Cancelled, Outrun: the transaction is rolled back.
        """
        state = self._mine().select_for_update().values_list("cancel_asked", flat=True).first()
        if state is None:
            raise Outrun
        if state:
            raise Cancelled

    def keep_result(self, **values: Any) -> None:
        """Adds to the job's result."""
        self.job.result = {**self.job.result, **values}
        if self._mine().update(result=self.job.result) != 1:
            raise Outrun

    def keep_file(self, stored: StoredFile) -> None:
        """The file that the job made."""
        self.job.file = stored
        if self._mine().update(file=stored) != 1:
            raise Outrun


def start(kind: str, title: str, arguments: dict[str, Any], user: Any) -> Job:
    """Queues a job for ``user`` and writes that down."""
    if kind not in settings.JOB_KINDS:
        raise KeyError(kind)
    with transaction.atomic():
        job = Job.objects.create(owner=user, kind=kind, title=title, arguments=arguments)
        record("desk.job.started", job, actor=user, after={"kind": kind, "title": title})
        transaction.on_commit(lambda: run_job.enqueue(job.pk))
    return job


@task()
def run_job(job_id: int) -> None:
    """What the worker calls."""
    run(job_id)


def run(job_id: int) -> Job | None:
    """Runs a waiting or interrupted job to its end in this process; None when another process has it."""
    job = _claim(job_id)
    if job is None:
        return None
    work = Work(job)
    function: Callable[[Work], None] = import_string(settings.JOB_KINDS[job.kind])
    try:
        if not job.owner.is_active:
            raise InputError(_("账号已停用"), do=_("联系系统管理员"))
        function(work)
    except Outrun:
        return None
    except Cancelled:
        _end(work, Job.State.CANCELLED, _("已按要求取消"))
    except ShuangkongError as error:
        work.job.result = {**work.job.result, "error": error.as_dict()}
        _end(work, Job.State.FAILED, str(error))
    except Exception:
        log.exception("job %s", job.pk)
        _end(work, Job.State.FAILED, _("程序出错，已记录（任务号 {number}）；请再试一次，仍不行请联系系统管理员").format(number=job.pk))
    else:
        _end(work, Job.State.DONE, "")
    return job


def _silent() -> Q:
    return Q(state=Job.State.RUNNING, beat_at__lt=Now() - timedelta(seconds=SILENT_SECONDS))


def _claim(job_id: int) -> Job | None:
    waiting = _jobs().filter(Q(state=Job.State.WAITING) | _silent(), pk=job_id)
    claimed = waiting.update(state=Job.State.RUNNING, started_at=Now(), beat_at=Now(), attempt=F("attempt") + 1)
    return _jobs().select_related("owner", "owner__subject").get(pk=job_id) if claimed == 1 else None


def _end(work: Work, state: str, message: str) -> None:
    with transaction.atomic():
        ended = work._mine().update(state=state, message=message, result=work.job.result, ended_at=Now(), cancel_asked=False)
        if ended == 1 and state != Job.State.DONE:
            record("desk.job.ended", work.job, actor=work.user, after={"state": state, "message": message})
    work.job.state, work.job.message = state, message


def ask_to_cancel(job_id: int, user: Any) -> bool:
    """Asks a job to stop; one that has not begun is cancelled at once. Tells whether there was one to ask."""
    visible = Job.objects.visible_to(user).filter(pk=job_id)
    with transaction.atomic():
        if visible.filter(state=Job.State.WAITING).update(state=Job.State.CANCELLED, ended_at=Now(), message=_("已按要求取消")) == 1:
            asked = True
        else:
            asked = visible.filter(state=Job.State.RUNNING).update(cancel_asked=True) == 1
        if asked:
            record("desk.job.cancel_asked", visible.get(), actor=user)
    return asked


def retry(job_id: int, arguments: dict[str, Any], user: Any) -> bool:
    """Queues a failed job again with ``arguments``, within the transaction of the caller; tells whether it had failed."""
    again = {"state": Job.State.WAITING, "arguments": arguments, "message": "", "ended_at": None}
    if _jobs().filter(pk=job_id, state=Job.State.FAILED).update(**again) != 1:
        return False
    record("desk.job.retried", _jobs().get(pk=job_id), actor=user)
    transaction.on_commit(lambda: run_job.enqueue(job_id))
    return True


def resume(job_id: int) -> bool:
    """Queues an interrupted job again: the same job goes on. Tells whether it was interrupted."""
    silent = _jobs().filter(_silent(), pk=job_id)
    if silent.filter(attempt__gte=ATTEMPTS_MAX).update(state=Job.State.FAILED, ended_at=Now(), message=_("任务多次中断，已停止")):
        return False
    if not silent.exists():
        return False
    run_job.enqueue(job_id)
    return True


def resume_interrupted() -> int:
    """Queues every interrupted job again, at the start of a worker; answers how many."""
    return sum(resume(job_id) for job_id in _jobs().filter(_silent()).values_list("pk", flat=True))
