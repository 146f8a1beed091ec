"""``job_worker``: the worker of django-tasks, which also queues again what a killed worker left behind and takes the regular steps."""

from __future__ import annotations

import threading
from typing import Any

from django.db import Error, close_old_connections
from django_tasks_db.management.commands.db_worker import Command as DatabaseWorker

from shuangkong.apps.desk.services.jobs import SILENT_SECONDS, resume_interrupted
from shuangkong.apps.desk.services.steps import database_now, run_steps

STEP_PAUSE_SECONDS = 1.0


class Command(DatabaseWorker):
    """Takes the options of ``db_worker``."""

    help = "Runs queued jobs; picks up those whose worker was killed; takes the regular steps."

    def handle(self, *args: Any, **options: Any) -> None:
        """Watches beside the worker, in threads that end with it."""
        for target, name in ((_watch, "interrupted jobs"), (_step, "regular steps")):
            threading.Thread(target=target, name=name, daemon=True).start()
        super().handle(*args, **options)


def _watch() -> None:
    pause = threading.Event()
    while not pause.wait(SILENT_SECONDS / 2):
        close_old_connections()
        resume_interrupted()
        close_old_connections()


def _step() -> None:
    """Without a pause while there is work. A database that is away for a while is asked again."""
    pause = threading.Event()
    while True:
        close_old_connections()
        try:
            worked = run_steps(database_now())
        except Error:
            worked = False
        if not worked:
            close_old_connections()
            pause.wait(STEP_PAUSE_SECONDS)
