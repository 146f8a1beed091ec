"""A private PostgreSQL server for one test run: a temporary folder, a socket in it, no network port, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: the newest that is installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def _unprivileged() -> dict[str, Any]:
    """How a child gives up root, whom the server refuses."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def server() -> Iterator[str | None]:
    """Run a server; yields its address, or None where its programs are not installed."""
    folder = programs()
    if folder is None:
        yield None
        return
    become = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="shuangkong-pg-") as home:
        if become:
            os.chown(home, become["user"], become["group"])
        data = f"{home}/data"
        child: dict[str, Any] = {"cwd": home, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **become}
        subprocess.run(
            [folder / "initdb", "-D", data, "-U", "shuangkong", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True, stdout=subprocess.DEVNULL, **child,
        )
        options = [part for option in QUICK for part in ("-c", option)]
        with open(f"{home}/log", "wb") as log:
            process = subprocess.Popen([folder / "postgres", "-D", data, "-k", home, *options], stdout=log, stderr=log, **child)
        try:
            _wait(process, Path(home))
            yield f"postgres://shuangkong@/postgres?host={home}"
        finally:
            process.terminate()
            process.wait(30)


def create(address: str, name: str) -> None:
    """Makes an empty database beside that of ``address``."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    """Until it answers: its socket is there a moment earlier."""
    deadline = time.monotonic() + 60
    while not _answers(home):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()[-2000:]}")
        time.sleep(0.05)


def _answers(home: Path) -> bool:
    try:
        psycopg.connect(host=str(home), user="shuangkong", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
