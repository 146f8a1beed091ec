"""The import as a job: killed and picked up again, cancelled, outrun; nothing is lost and nothing stands twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.ledger import services
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.core.errors import InputError
from tests.ledger import kit

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def rows_in(batch_id: int) -> int:
    return Row.objects.unscoped("test").filter(batch=batch_id).count()


@pytest.fixture
def small_transactions(monkeypatch):
    monkeypatch.setattr(services, "ROWS_PER_TRANSACTION", 10)


@pytest.fixture
def confirmed(users, places, tmp_path):
    places_of_rows = enumerate(["北湖区"] * 60 + ["苏仙区"] * 60)
    rows = [kit.electricity_row(n, 地区=place, 期别=f"{2000 + n // 12}年{n % 12 + 1}月") for n, place in places_of_rows]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ELECTRICITY, rows), users["city"], "electricity")
    assert checked.result["counts"]["new"] == 120
    return imports.confirm(checked.pk, users["city"], keep_unusual=False)


class Killed(BaseException):
    """Stands for the end of the process: no handler may run."""


def die_after(monkeypatch, transactions: int) -> None:
    insert, seen = services.writing.insert, []

    def insert_or_die(rows: Any) -> None:
        if len(seen) == transactions:
            raise Killed
        seen.append(rows)
        insert(rows)

    monkeypatch.setattr(services.writing, "insert", insert_or_die)


def grow_old(job: Job) -> None:
    Job.objects.unscoped("test").filter(pk=job.pk).update(beat_at=Now() - timedelta(seconds=2 * jobs.SILENT_SECONDS))


def test_a_killed_job_is_picked_up_and_loses_nothing(confirmed, small_transactions, monkeypatch):
    with monkeypatch.context() as patch:
        die_after(patch, 5)
        with pytest.raises(Killed):
            jobs.run(confirmed.pk)
    left = kit.fresh(confirmed)
    assert left.state == "running"
    batch = left.result["batch"]
    assert rows_in(batch) == 50
    assert kit.accepted() == []
    assert jobs.run(confirmed.pk) is None, "a job that still shows signs of life belongs to its worker"
    grow_old(confirmed)
    assert jobs.run(confirmed.pk) is not None
    ended = kit.fresh(confirmed)
    assert (ended.state, ended.attempt, ended.result["batch"]) == ("done", 2, batch)
    assert len(kit.accepted()) == rows_in(batch) == 120
    assert Batch.objects.unscoped("test").count() == 1


def test_a_job_killed_after_the_batch_was_applied_only_recomputes(confirmed, monkeypatch):
    calls: list[str] = []

    def die(**_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(services, "after_batch_hooks", lambda: [die])
        with pytest.raises(Killed):
            jobs.run(confirmed.pk)
    assert len(kit.accepted()) == 120
    grow_old(confirmed)
    monkeypatch.setattr(services, "after_batch_hooks", lambda: [lambda **kwargs: calls.append(kwargs["reason"])])
    jobs.run(confirmed.pk)
    assert kit.fresh(confirmed).state == "done"
    assert len(kit.accepted()) == 120
    assert calls == [f"批次 {kit.fresh(confirmed).result['batch']} 入账"]


def test_cancelled_while_writing_leaves_nothing(confirmed, small_transactions, monkeypatch, users):
    insert = services.writing.insert

    def insert_and_cancel(rows: Any) -> None:
        insert(rows)
        assert jobs.ask_to_cancel(confirmed.pk, users["city"])

    monkeypatch.setattr(services.writing, "insert", insert_and_cancel)
    jobs.run(confirmed.pk)
    assert kit.fresh(confirmed).state == "cancelled"
    assert Row.objects.unscoped("test").count() == 0
    monkeypatch.setattr(services.writing, "insert", insert)
    checked = Job.objects.unscoped("test").get(kind="import.check")
    again = imports.confirm(checked.pk, users["city"], keep_unusual=False)
    assert again.pk != confirmed.pk
    jobs.run(again.pk)
    assert len(kit.accepted()) == 120


def test_a_waiting_job_is_cancelled_at_once_and_others_cannot(confirmed, users):
    assert not jobs.ask_to_cancel(confirmed.pk, users["county"])
    assert jobs.ask_to_cancel(confirmed.pk, users["city"])
    assert jobs.run(confirmed.pk) is None
    assert kit.accepted() == []


def test_a_run_taken_for_dead_writes_nothing_more(confirmed, small_transactions, monkeypatch):
    insert, ran = services.writing.insert, []

    def insert_once_and_be_outrun(rows: Any) -> None:
        insert(rows)
        if not ran:
            ran.append(1)
            Job.objects.unscoped("test").filter(pk=confirmed.pk).update(attempt=9)

    monkeypatch.setattr(services.writing, "insert", insert_once_and_be_outrun)
    assert jobs.run(confirmed.pk) is None
    assert Row.objects.unscoped("test").count() == 10
    assert kit.accepted() == []
    grow_old(confirmed)
    jobs.run(confirmed.pk)
    assert len(kit.accepted()) == Row.objects.unscoped("test").count() == 120


def test_the_reach_is_checked_again_when_the_job_runs(confirmed, users):
    users["city"].role = "reader"
    users["city"].save()
    jobs.run(confirmed.pk)
    ended = kit.fresh(confirmed)
    assert (ended.state, kit.accepted()) == ("failed", [])


def test_a_person_no_longer_active(confirmed, users):
    users["city"].is_active = False
    users["city"].save()
    jobs.run(confirmed.pk)
    assert kit.fresh(confirmed).message.startswith("账号已停用")


def test_another_batch_applied_in_between_is_seen_under_the_lock(confirmed, users, tmp_path, monkeypatch):
    """Two applications of the same cells at once: the second compares again and finds them unchanged."""
    checked = kit.check(tmp_path / "a.xlsx", users["city"], "electricity")
    rival = imports.confirm(checked.pk, users["city"], keep_unusual=False)
    apply_, ran = services._apply, []

    def apply_after_the_rival(*args: Any) -> None:
        if not ran:
            ran.append(1)
            jobs.run(rival.pk)
        apply_(*args)

    monkeypatch.setattr(services, "_apply", apply_after_the_rival)
    jobs.run(confirmed.pk)
    assert kit.fresh(rival).result["counts"]["new"] == 120
    assert kit.fresh(confirmed).result["counts"]["unchanged"] == 120
    assert len(kit.accepted()) == 120


def test_an_unknown_error_is_a_number_and_no_traceback(confirmed, monkeypatch):
    def broken(**_: Any) -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(services, "after_batch_hooks", lambda: [broken])
    jobs.run(confirmed.pk)
    ended = kit.fresh(confirmed)
    assert ended.state == "failed"
    assert "secret" not in ended.message
    assert str(confirmed.pk) in ended.message
    assert len(kit.accepted()) == 120, "the batch stands; only what rests on it failed"
    monkeypatch.setattr(services, "after_batch_hooks", list)
    check = Job.objects.unscoped("test").get(kind="import.check")
    assert imports.confirm(check.pk, check.owner, keep_unusual=False).pk == confirmed.pk
    jobs.run(confirmed.pk)
    assert kit.fresh(confirmed).state == "done"
    assert Batch.objects.unscoped("test").count() == 1
    assert len(kit.accepted()) == 120


def test_interrupted_jobs_are_queued_again(confirmed):
    from django_tasks_db.models import DBTaskResult

    Job.objects.unscoped("test").filter(pk=confirmed.pk).update(state="running", beat_at=Now())
    assert jobs.resume_interrupted() == 0
    grow_old(confirmed)
    before = DBTaskResult.objects.count()
    assert jobs.resume_interrupted() == 1
    assert DBTaskResult.objects.count() == before + 1


def test_a_job_of_an_unknown_kind_cannot_be_started(users):
    with pytest.raises(KeyError):
        jobs.start("nothing", "x", {}, users["city"])
    with pytest.raises(InputError):
        imports.confirm(12345, users["city"], keep_unusual=False)


CHILD = """
import sys, django
django.setup()
from shuangkong.apps.desk.services import jobs
jobs.run(int(sys.argv[1]))
"""


@pytest.fixture
def own_database(tmp_path) -> Iterator[dict[str, str]]:
    """The environment of a live installation with a SQLite file of its own, migrated, with a user and a confirmed import."""
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
    import sqlite3

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
slowest, saved = 0.0, 0
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "stop":
        break
    began = time.monotonic()
    client = Client()
    assert client.post("/accounts/login/", {"login": "tongji", "password": "bench-only-password"}).status_code == 302
    assert "_auth_user_id" in client.session
    open_item(f"k{saved}", kind="t", title="x", address="/", today=date(2026, 11, 24), user=user)
    saved += 1
    slowest = max(slowest, time.monotonic() - began)
    print("saved", flush=True)
print(saved, slowest, flush=True)
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
    saved, slowest = other.stdout.readline().split()
    assert other.wait(30) == 0
    assert runner.returncode == 0
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("done",)]
    assert ask(env, "SELECT count(*) FROM ledger_row") == [(100_000,)]
    assert during >= 2, "no save fell into the import"
    assert among_writes >= 1, "no save met the writes of the import"
    assert ask(env, "SELECT count(*) FROM desk_inboxitem WHERE kind = 't'") == [(int(saved),)]
    assert float(slowest) < 15, "the busy timeout is 20 s: a save that long was nearly refused"


def test_the_worker_runs_what_is_queued_and_then_ends(own_database, tmp_path):
    """``job_worker`` is the command that the installation runs."""
    env = own_database
    number = child(env, PREPARE, str(tmp_path), "50").communicate(timeout=120)[0].split()[-1]
    command = [sys.executable, "-m", "django", "job_worker", "--batch", "--no-startup-delay", "--interval=0.1", "--verbosity=0"]
    assert subprocess.run(command, env=env, cwd=ROOT, timeout=120, check=False).returncode == 0
    assert ask(env, f"SELECT state FROM desk_job WHERE id = {number}") == [("done",)]
    assert ask(env, "SELECT count(*) FROM ledger_row") == [(50,)]


def test_a_job_whose_worker_died_again_and_again_is_given_up(confirmed):
    Job.objects.unscoped("test").filter(pk=confirmed.pk).update(state="running", attempt=jobs.ATTEMPTS_MAX)
    grow_old(confirmed)
    assert jobs.resume(confirmed.pk) is False
    assert kit.fresh(confirmed).message == "任务多次中断，已停止"


def test_transactions_are_short_and_shrink_on_a_slow_machine(confirmed, monkeypatch):
    sizes: list[int] = []
    insert, clock = services.writing.insert, iter(range(1000))
    monkeypatch.setattr(services.writing, "insert", lambda rows: (sizes.append(len(rows)), insert(rows)))
    monkeypatch.setattr(services, "ROWS_PER_TRANSACTION", 80)
    monkeypatch.setattr(services, "ROWS_PER_SLOW_TRANSACTION", 10)
    monkeypatch.setattr(services.time, "monotonic", lambda: next(clock))
    jobs.run(confirmed.pk)
    assert sizes == [80, 40]
    assert len(kit.accepted()) == 120
