"""Reads of the desk: jobs, files and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet

from shuangkong.apps.desk.models import InboxItem, Job, StoredFile
from shuangkong.apps.desk.services.jobs import SILENT_SECONDS


def jobs_of(user: Any) -> QuerySet:
    """The jobs that a person may see, newest first."""
    return Job.objects.visible_to(user).select_related("owner", "file")


def job_of(user: Any, job_id: int) -> Job | None:
    """One of them."""
    return jobs_of(user).filter(pk=job_id).first()


def is_interrupted(job: Job, now: datetime) -> bool:
    """Whether a running job has shown no sign of life for too long."""
    return job.state == Job.State.RUNNING and job.beat_at is not None and job.beat_at < now - timedelta(seconds=SILENT_SECONDS)


def file_of(user: Any, file_id: int) -> StoredFile | None:
    """A file that a person may fetch."""
    return StoredFile.objects.visible_to(user).filter(pk=file_id).first()


#: What a line of the inbox shows; a subject's details and the like are not read.
_SHOWN = (
    "title", "detail", "severity", "address", "due_on", "closed_at", "demonstration", "for_subject__name", "for_department__short_name",
)  # fmt: skip


def inbox(user: Any, *, closed: bool = False) -> QuerySet:
    """What waits for a person, the most urgent first; or what was settled, the newest first."""
    items = InboxItem.objects.visible_to(user).select_related("for_subject", "for_department").only(*_SHOWN)
    if closed:
        return items.filter(closed_at__isnull=False).order_by("-closed_at", "-id")
    return items.filter(closed_at=None).order_by(F("due_on").asc(nulls_last=True), "severity", "-id")


@dataclass(frozen=True)
class Lines:
    """Items as a paginator takes them: counted without whose they are, a page of them as named tuples of what a line shows."""

    items: QuerySet[InboxItem]

    def count(self) -> int:
        """How many there are."""
        return self.items.count()

    def __getitem__(self, part: slice) -> QuerySet:
        return self.items.values_list(*_SHOWN, named=True)[part]
