"""Processes on one database, driven line by line, and the commands that work on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]

DRIVEN = """
import json, sys, django
django.setup()
from django.conf import settings
from django.db import transaction
from shuangkong.apps.audit.chain import parse_leaves
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.sealer import seal_step
from shuangkong.apps.audit.services import record
from shuangkong.apps.organisations.models import User

held = []

def begin():
    held.append(transaction.atomic())
    held[-1].__enter__()

def end(rollback):
    transaction.set_rollback(rollback)
    held.pop().__exit__(None, None, None)

def write():
    with transaction.atomic():
        return record("organisations.user.change", User).pk

WORDS = {
    "begin": begin,
    "record": lambda: record("organisations.user.change", User).pk,
    "commit": lambda: end(False),
    "rollback": lambda: end(True),
    "write": write,
    "seal": lambda: seal_step(settings.ANCHORS),
    "sealed": lambda: [number for block in Block.objects.order_by("number") for number in parse_leaves(block.leaves)],
    "entries": lambda: list(Entry.objects.order_by("id").values_list("id", flat=True)),
}
for line in sys.stdin:
    print(json.dumps(WORDS[line.strip()]()), flush=True)
"""


def database_url() -> str:
    """The address of the test database on PostgreSQL for another process."""
    values = connection.settings_dict
    host, address = values["HOST"], ":".join(part for part in (values["USER"], values["PASSWORD"]) if part) + "@"
    if host.startswith("/"):
        return f"postgres://{address}/{values['NAME']}?host={host}"
    return f"postgres://{address}{host}:{values['PORT'] or 5432}/{values['NAME']}"


@dataclass
class Hand:
    """A process that does what it is told."""

    process: subprocess.Popen[str]

    def do(self, word: str) -> Any:
        """Say one of the words and wait for the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"{word}: the process ended with {self.process.wait(30)}"
        return json.loads(answer)

    def end(self) -> None:
        """Let the process end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


class Installation:
    """A database that several processes work on, with a home of its own."""

    def __init__(self, url: str, home: Path) -> None:
        self.home = home
        self.env = {
            **os.environ, "SHUANGKONG_DATABASE": url, "SHUANGKONG_HOME": str(home), "SHUANGKONG_MODE": "live",
            "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": str(ROOT / "src"),
        }  # fmt: skip
        self._stack = ExitStack()

    def hand(self) -> Hand:
        """A new driven process."""
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.env, cwd=ROOT
        )
        self._stack.callback(self._end, process)
        return Hand(process)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the platform."""
        process = subprocess.Popen([sys.executable, "-m", "shuangkong", *arguments], env=self.env, cwd=ROOT)
        self._stack.callback(self._end, process)
        return process

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the platform to its end."""
        return subprocess.run([sys.executable, "-m", "shuangkong", *arguments], env=self.env, cwd=ROOT, capture_output=True, text=True)

    def close(self) -> None:
        """End all that was started."""
        self._stack.close()

    @staticmethod
    def _end(process: subprocess.Popen[Any]) -> None:
        process.kill()
        process.wait(30)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
