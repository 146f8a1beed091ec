"""Writers and sealers in processes of their own: late commits, roll-backs, two sealers, SIGKILL."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from shuangkong.apps.audit import anchors
from tests import template
from tests.audit.hands import Installation, database_url


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """An empty SQLite database with all tables; None on PostgreSQL."""
    if connection.vendor != "sqlite":
        return None
    if (path := template.migrated_file()) is not None:
        return path
    home = tmp_path_factory.mktemp("migrated")
    made = Installation(f"sqlite://{home / 'db.sqlite3'}", home)
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity=0"], env=made.env, check=True)
    return home / "db.sqlite3"


@pytest.fixture
def installation(migrated_file: Path | None, transactional_db: None, tmp_path: Path) -> Iterator[Installation]:
    """A database for several processes: a file on SQLite (the tests' own is in memory), the tests' own on PostgreSQL."""
    if migrated_file is not None:
        shutil.copy(migrated_file, tmp_path / "db.sqlite3")
    made = Installation(f"sqlite://{tmp_path / 'db.sqlite3'}" if migrated_file else database_url(), tmp_path)
    yield made
    made.close()


@contextmanager
def backup_of(installation: Installation, tmp_path: Path) -> Iterator[str]:
    """The address of a copy of the whole database as it is now."""
    if connection.vendor == "sqlite":
        with sqlite3.connect(tmp_path / "db.sqlite3") as source, sqlite3.connect(tmp_path / "old.sqlite3") as copy:
            source.backup(copy)
        yield f"sqlite://{tmp_path / 'old.sqlite3'}"
        return
    name, parameters = connection.settings_dict["NAME"], connection.get_connection_params()
    connection.close()
    known = {key: parameters[key] for key in ("host", "port", "user", "password") if parameters.get(key)}
    with psycopg.connect(dbname="postgres", autocommit=True, **known) as server:
        server.execute(f"CREATE DATABASE {name}_old TEMPLATE {name}")
        yield database_url().replace(f"/{name}", f"/{name}_old")
        server.execute(f"DROP DATABASE {name}_old WITH (FORCE)")


def test_a_restored_old_backup(installation: Installation, tmp_path: Path) -> None:
    """A true copy of the database, taken before more was written and anchored, comes back."""
    writer = installation.hand()
    writer.do("write")
    assert writer.do("seal")
    writer.end()
    with backup_of(installation, tmp_path) as url:
        writer = installation.hand()
        writer.do("write")
        assert writer.do("seal")
        assert installation.command("audit", "verify").returncode == 0
        restored = Installation(url, installation.home)
        verified = restored.command("audit", "verify")
        assert (verified.returncode, "[backup_restored] 第2块" in verified.stdout) == (1, True), verified.stdout
        refused = restored.command("audit", "seal", "--once")
        assert (refused.returncode, "锚文件" in refused.stderr) == (2, True), refused.stderr


def test_entries_under_way_wait_and_nobody_waits_for_the_sealer(installation: Installation) -> None:
    """A writer draws an id and lingers; on PostgreSQL another commits a higher id meanwhile. Neither is lost, the writers do not wait."""
    slow, quick, sealer = installation.hand(), installation.hand(), installation.hand()
    early = quick.do("write")
    assert sealer.do("seal")
    slow.do("begin")
    late = slow.do("record")
    after = [quick.do("write")] if connection.vendor == "postgresql" else []
    assert not sealer.do("seal")
    assert sealer.do("sealed") == [early]
    slow.do("commit")
    assert sealer.do("seal")
    assert sealer.do("sealed") == [early, late, *after]
    assert installation.command("audit", "verify").returncode == 0


def test_a_rolled_back_entry_leaves_a_gap_that_is_no_fault(installation: Installation) -> None:
    slow, sealer = installation.hand(), installation.hand()
    written = [slow.do("write")]
    slow.do("begin")
    slow.do("record")
    slow.do("rollback")
    written.append(slow.do("write"))
    assert sealer.do("seal")
    assert sealer.do("sealed") == written
    assert installation.command("audit", "verify").returncode == 0


def test_sealers_killed_at_any_moment_lose_and_double_nothing(installation: Installation) -> None:
    """Two sealers at once, killed again and again while entries come; what they leave is whole."""
    writer, file = installation.hand(), installation.home / "anchors.log"
    chance, written = random.Random(7), 0
    for _ in range(4):
        laid = len(anchors.read(file).by_number) if file.exists() else 0
        sealers = [installation.start("audit", "seal") for _ in range(2)]
        # a slow machine needs longer to start them: the moment counts from the first block of theirs
        limit, kill_at = time.monotonic() + 60, None
        while kill_at is None or time.monotonic() < kill_at:
            writer.do("write")
            written += 1
            time.sleep(0.005)  # entries keep coming; without a breath they would only take the processor from the sealers
            if kill_at is None and (time.monotonic() > limit or (file.exists() and len(anchors.read(file).by_number) > laid)):
                kill_at = time.monotonic() + chance.random()
        for process in sealers:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    assert installation.command("audit", "seal", "--once").returncode == 0
    ids = writer.do("entries")
    assert len(ids) == written
    assert writer.do("sealed") == ids
    verified = installation.command("audit", "verify")
    assert (verified.returncode, "全部无误" in verified.stdout) == (0, True), verified.stdout
    known = anchors.read(file)
    assert len(known.by_number) > 1, "the killed sealers had laid blocks"


def test_the_sealer_ends_when_it_is_asked_to(installation: Installation) -> None:
    writer = installation.hand()
    writer.do("write")
    process = installation.start("audit", "seal")
    path = installation.home / "anchors.log"
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    assert process.wait(30) == 0
    assert writer.do("sealed") == writer.do("entries")
    assert installation.command("audit", "anchors").stdout.startswith("shuangkong-anchor-1 1 ")
