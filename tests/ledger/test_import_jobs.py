"""The import as a job: killed and picked up again, cancelled, outrun; nothing is lost and nothing stands twice."""

from __future__ import annotations

from datetime import timedelta
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
