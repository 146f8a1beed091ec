"""``job_worker``: the worker of django-tasks, which also queues again what a killed worker left behind."""

from __future__ import annotations

import threading
from typing import Any

from django.db import close_old_connections
from django_tasks_db.management.commands.db_worker import Command as DatabaseWorker

from shuangkong.apps.desk.services.jobs import SILENT_SECONDS, resume_interrupted


class Command(DatabaseWorker):
    """Takes the options of ``db_worker``."""

    help = "Runs queued jobs; picks up those whose worker was killed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Watches beside the worker, in a thread that ends with it."""
        threading.Thread(target=_watch, name="interrupted jobs", daemon=True).start()
        super().handle(*args, **options)


def _watch() -> None:
    pause = threading.Event()
    while not pause.wait(SILENT_SECONDS / 2):
        close_old_connections()
        resume_interrupted()
        close_old_connections()
