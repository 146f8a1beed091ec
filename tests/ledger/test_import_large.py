"""200 000 rows as people import them: progress is seen, it is cancelled, begun again, really killed, and run to its end.

Every step is a process of its own on a database of its own. No row is lost and none stands twice.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from tests.ledger.test_import_processes import CHILD, ask, child, own_database

__all__ = ["own_database"]
ROWS = 200_000
PREPARE = """
import sys, django
django.setup()
from datetime import date
from pathlib import Path
from bench import import_rows as b
b.prepare()
path = Path(sys.argv[1]) / "rows.xlsx"
periods = tuple(f"{year}年1—{month}月" for year in range(2010, 2026) for month in (3, 6, 9, 12))
b.write_workbook(path, int(sys.argv[2]), periods=periods)
from shuangkong.apps.desk.imports.kinds import Form
from shuangkong.apps.desk.services import imports
from shuangkong.apps.organisations.models import User
user = User.objects.get(username="tongji")
check = imports.begin("energy", user, "rows.xlsx", [path.read_bytes()], Form(date(2026, 11, 1), "x", "issued"), date(2026, 11, 24))
print(check.pk)
"""
CONFIRM_AND_RUN = """
import sys, django
django.setup()
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.organisations.models import User
job = imports.confirm(int(sys.argv[1]), User.objects.get(username="tongji"), keep_unusual=True)
print(job.pk, flush=True)
jobs.run(job.pk)
"""
CANCEL = """
import sys, django
django.setup()
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.organisations.models import User
assert jobs.ask_to_cancel(int(sys.argv[1]), User.objects.get(username="tongji"))
"""
CELLS = "count(DISTINCT subject_id || industry || product || flow || period_end)"


def said(env: dict[str, str], code: str, *arguments: str) -> str:
    """What a process prints last, once it has ended well."""
    process = child(env, code, *arguments)
    text = process.communicate(timeout=900)[0]
    assert process.returncode == 0
    return text.split()[-1] if text.split() else ""


def confirmed(env: dict[str, str], check: str) -> tuple[Any, str]:
    """A process that confirms the check and runs its job, and the job's number."""
    runner = child(env, CONFIRM_AND_RUN, check)
    return runner, runner.stdout.readline().strip()


def rows(env: dict[str, str]) -> int:
    return int(ask(env, "SELECT count(*) FROM ledger_row")[0][0])


def state(env: dict[str, str], number: str) -> str:
    return str(ask(env, f"SELECT state FROM desk_job WHERE id = {number}")[0][0])


def until(runner: object, found: Callable[[], bool]) -> None:
    """Waits for ``found`` while the process runs."""
    deadline = time.monotonic() + 600
    while not found():
        assert runner.poll() is None and time.monotonic() < deadline, "the job ended or hung before that was seen"
        time.sleep(0.05)


def test_200_000_rows_with_progress_cancelled_begun_again_killed_and_finished(own_database: dict[str, str], tmp_path: object) -> None:
    env = own_database
    check = said(env, PREPARE, str(tmp_path), str(ROWS))
    runner = child(env, CHILD, check)
    seen = f"SELECT done FROM desk_job WHERE id = {check} AND done > 0 AND done < total"
    until(runner, lambda: bool(ask(env, seen)))
    assert runner.wait(900) == 0 and state(env, check) == "done"

    runner, first = confirmed(env, check)
    until(runner, lambda: rows(env) > 20_000)
    said(env, CANCEL, first)
    assert runner.wait(300) == 0
    assert state(env, first) == "cancelled"
    assert rows(env) == 0
    assert ask(env, "SELECT count(*) FROM ledger_batch WHERE applied_at IS NOT NULL") == [(0,)]

    runner, second = confirmed(env, check)
    for least in (20_000, 90_000):
        until(runner, lambda least=least: rows(env) > least)
        runner.send_signal(signal.SIGKILL)
        runner.wait(60)
        assert state(env, second) == "running" and least < rows(env) < ROWS
        ask(env, f"UPDATE desk_job SET beat_at = datetime('now', '-1 hour') WHERE id = {second}")
        runner = child(env, CHILD, second)
    assert runner.wait(900) == 0
    assert state(env, second) == "done"
    assert ask(env, f"SELECT count(*), {CELLS} FROM ledger_row") == [(ROWS, ROWS)]
    assert ask(env, "SELECT count(*) FROM ledger_batch WHERE applied_at IS NOT NULL") == [(1,)]
