"""The import in processes of its own on a SQLite file of its own, whatever database the tests have: really killed, really beside others."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.template import migrated_file

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys, django
django.setup()
from shuangkong.apps.desk.services import jobs
jobs.run(int(sys.argv[1]))
"""


@pytest.fixture
def own_database(tmp_path: Path) -> dict[str, str]:
    """The environment of a live installation with a SQLite file of its own; migrated when ``make test`` has a migrated one to copy."""
    if (migrated := migrated_file()) is not None:
        shutil.copy(migrated, tmp_path / "own.sqlite3")
    return {
        **os.environ, "SHUANGKONG_HOME": str(tmp_path),
        "SHUANGKONG_DATABASE": f"sqlite://{tmp_path / 'own.sqlite3'}", "SHUANGKONG_MODE": "live",
        "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip


def child(env: dict[str, str], code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=env, stdout=subprocess.PIPE, text=True, cwd=ROOT)


PREPARE = """
import sys, django
django.setup()
from pathlib import Path
from bench import import_rows as b
b.prepare()
path = Path(sys.argv[1]) / "rows.xlsx"
b.write_workbook(path, int(sys.argv[2]))
from datetime import date
from shuangkong.apps.desk.imports.kinds import Form
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.organisations.models import User
user = User.objects.get(username="tongji")
check = imports.begin("energy", user, "rows.xlsx", [path.read_bytes()], Form(date(2026, 11, 1), "x", "issued"), date(2026, 11, 24))
jobs.run(check.pk)
print(imports.confirm(check.pk, user, keep_unusual=True).pk)
"""


def ask(env: dict[str, str], statement: str) -> list[Any]:
    path = env["SHUANGKONG_DATABASE"].removeprefix("sqlite://")
    with sqlite3.connect(path, timeout=20) as own:
        return own.execute(statement).fetchall()


def test_sigkill_in_the_middle_of_the_rows(own_database, tmp_path):
    """A real process, really killed; the same job picks up."""
    env = own_database
    number = child(env, PREPARE, str(tmp_path), "30000").communicate(timeout=120)[0].split()[-1]
    runner = child(env, CHILD, number)
    deadline = time.monotonic() + 60
    while ask(env, "SELECT count(*) FROM ledger_row")[0][0] < 4000:
        assert runner.poll() is None and time.monotonic() < deadline, "the import ended or hung before it could be killed"
        time.sleep(0.005)
    runner.send_signal(signal.SIGKILL)
    runner.wait(30)
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("running",)]
    assert 4000 <= ask(env, "SELECT count(*) FROM ledger_row")[0][0] < 30000
    assert ask(env, "SELECT count(*) FROM ledger_batch WHERE applied_at IS NOT NULL") == [(0,)]
    with_old_beat = f"UPDATE desk_job SET beat_at = datetime('now', '-1 hour') WHERE id = {number}"
    ask(env, with_old_beat)
    assert child(env, CHILD, number).wait(120) == 0
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("done",)]
    cells = "count(DISTINCT subject_id || industry || product || flow || period_end)"
    assert ask(env, f"SELECT count(*), {cells} FROM ledger_row") == [(30000, 30000)]
    assert ask(env, "SELECT count(*) FROM ledger_batch WHERE applied_at IS NOT NULL") == [(1,)]


OTHER_USER = """
import sys, time, django
django.setup()
from django.test.client import Client
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
from shuangkong.apps.desk.services import open_item
from shuangkong.apps.organisations.models import User
from datetime import date
user = User.objects.get(username="tongji")
saved = 0
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "stop":
        break
    client = Client()
    assert client.post("/accounts/login/", {"login": "tongji", "password": "bench-only-password"}).status_code == 302
    assert "_auth_user_id" in client.session
    open_item(f"k{saved}", kind="t", title="x", address="/", today=date(2026, 11, 24), user=user)
    saved += 1
    print("saved", flush=True)
print(saved, flush=True)
"""


def test_another_user_signs_in_and_saves_while_100_000_rows_are_imported(own_database, tmp_path):
    """Nobody is refused: every sign-in and save succeeds while the importer writes, and many do."""
    env = own_database
    number = child(env, PREPARE, str(tmp_path), "100000").communicate(timeout=300)[0].split()[-1]
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_USER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )  # fmt: skip
    assert other.stdout and other.stdin
    assert other.stdout.readline() == "ready\n"
    runner = child(env, CHILD, number)
    during = among_writes = 0

    def written():
        return ask(env, "SELECT count(*) FROM ledger_row")[0][0]

    while runner.poll() is None:
        running, before = ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("running",)], written()
        other.stdin.write("go\n")
        other.stdin.flush()
        assert other.stdout.readline() == "saved\n"
        during += running
        among_writes += before < 100_000 and written() > 0
    other.stdin.write("stop\n")
    other.stdin.flush()
    saved = other.stdout.readline()
    assert other.wait(30) == 0
    assert runner.returncode == 0
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("done",)]
    assert ask(env, "SELECT count(*) FROM ledger_row") == [(100_000,)]
    assert during >= 2, "no save fell into the import"
    assert among_writes >= 1, "no save met the writes of the import"
    assert ask(env, "SELECT count(*) FROM desk_inboxitem WHERE kind = 't'") == [(int(saved),)]


def test_the_worker_runs_what_is_queued_and_then_ends(own_database, tmp_path):
    """``job_worker`` is the command that the installation runs."""
    env = own_database
    number = child(env, PREPARE, str(tmp_path), "50").communicate(timeout=120)[0].split()[-1]
    command = [sys.executable, "-m", "django", "job_worker", "--batch", "--no-startup-delay", "--interval=0.1", "--verbosity=0"]
    assert subprocess.run(command, env=env, cwd=ROOT, timeout=120, check=False).returncode == 0
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("done",)]
    assert ask(env, "SELECT count(*) FROM ledger_row") == [(50,)]
