"""``make test``: every gate and test that this machine can run, one after another.

What cannot run is skipped by name and reason; with ``SHUANGKONG_NO_SKIP=1`` a skip is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests import postgres, spark, template

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PYTHON = sys.executable
PURE = ("core", "rulebook", "hj212", "calculators")
#: Folders of the first pass only. Beside them the second leaves out each test that asks for no database.
ONCE = ("house", "gateway", "series")
NO_SKIP = os.environ.get("SHUANGKONG_NO_SKIP") == "1"
PYTEST = [PYTHON, "-m", "pytest", "-q"]
PARALLEL = ["-n", "2", "--dist", "worksteal"]


@dataclass
class Report:
    """What ran, what failed, what was left out and why."""

    lines: list[str] = field(default_factory=list)
    failed: bool = False

    def ran(self, name: str, ok: bool, seconds: float) -> None:
        self.lines.append(f"{'ok' if ok else 'FAILED':8}{name} ({seconds:.0f} s)")
        self.failed |= not ok

    def skipped(self, name: str, reason: str) -> None:
        self.lines.append(f"{'FAILED' if NO_SKIP else 'skipped':8}{name}: {reason}")
        self.failed |= NO_SKIP


class Step(NamedTuple):
    """A command, what it is called, and its variables."""

    name: str
    command: list[str]
    env: dict[str, str]


def step(report: Report, name: str, command: list[str], env: dict[str, str]) -> None:
    """Run one command and note how it ended."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.call(command, cwd=ROOT, env=env)
    report.ran(name, code == 0, time.monotonic() - began)


def at_once(report: Report, steps: Sequence[Step]) -> None:
    """Run commands beside each other; what each printed comes out in one piece."""
    with ExitStack() as stack:
        began = time.monotonic()
        running = []
        for name, command, env in steps:
            printed = stack.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=printed, stderr=subprocess.STDOUT)
            running.append((name, process, printed))
        for name, process, printed in running:
            code = process.wait()
            report.ran(name, code == 0, time.monotonic() - began)
            printed.seek(0)
            print(f"\n== {name}\n{printed.read().decode(errors='replace')}", flush=True)


def gates(report: Report, env: dict[str, str]) -> None:
    """The gates that read the code."""
    django = [PYTHON, "-m", "django"]
    commands = {
        "mypy": [str(BIN / "mypy")],
        "ruff": [str(BIN / "ruff"), "check", "--no-cache", "."],
        "contracts": [str(BIN / "lint-imports"), "--no-cache"],
        "djlint": [str(BIN / "djlint"), "src", "--lint", "--quiet"],
        "django check": [*django, "check", "--fail-level", "WARNING"],
        "migrations": [*django, "makemigrations", "--check", "--dry-run"],
    }
    at_once(report, [Step(name, command, env) for name, command in commands.items()])


def pure_tests(report: Report, env: dict[str, str]) -> None:
    """The pure rooms, with every branch taken by their own tests alone."""
    rooms = [room for room in PURE if (ROOT / "src/shuangkong" / room).is_dir()]
    cover = [f"--cov=shuangkong.{room}" for room in rooms]
    cover += ["--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered"]
    folders = [f"tests/{room}" for room in rooms if (ROOT / "tests" / room).is_dir()]
    step(report, "pure rooms", [*PYTEST, *PARALLEL, *cover, *folders], env)


def migrated(report: Report, env: dict[str, str], backend: str) -> dict[str, str]:
    """Migrates one database of which each process of the tests takes a copy; the variables that name it."""
    if backend == "SQLite":
        name = f"{env['SHUANGKONG_HOME']}/template.sqlite3"
        url = f"sqlite://{name}"
    else:
        name = "shuangkong_template"
        url = env["SHUANGKONG_DATABASE"].replace("/postgres?", f"/{name}?")
        postgres.create(env["SHUANGKONG_DATABASE"], name)
    step(report, f"migrations on {backend}", [PYTHON, "-m", "django", "migrate", "--verbosity=0"], env | {"SHUANGKONG_DATABASE": url})
    return env | {template.VARIABLE: name}


def app_tests(report: Report, env: dict[str, str], backend: str) -> None:
    """All tests outside the pure rooms, without a browser, on one database."""
    left_out = PURE
    if backend != "SQLite":
        left_out, env = (*PURE, *ONCE), env | {"SHUANGKONG_ONLY_WITH_DATABASE": "1"}
    command = [*PYTEST, *PARALLEL, *(f"--ignore=tests/{room}" for room in left_out), "-m", "not browser and not spark", "tests"]
    step(report, f"tests on {backend}", command, env)


def browser_tests(env: dict[str, str]) -> Step:
    """The tests that drive pages in Chromium."""
    return Step("pages in Chromium", [*PYTEST, "-m", "browser", *(f"--ignore=tests/{room}" for room in PURE), "tests"], env)


def spark_tests(env: dict[str, str]) -> Step:
    """The time series on a real cluster of a master and two workers, against DuckDB."""
    return Step("time series on a Spark cluster", [*PYTEST, "-m", "spark", "tests/series"], env)


def chromium() -> str | None:
    """The browser that the tests drive."""
    named = os.environ.get("SHUANGKONG_CHROMIUM")
    return named or next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The variables of a test run: a home of its own, no installation of this machine is touched."""
    with tempfile.TemporaryDirectory(prefix="shuangkong-test-") as home:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SHUANGKONG_") or name in KEPT}
        yield env | {
            "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "SHUANGKONG_HOME": home,
        }


KEPT = {"SHUANGKONG_NO_SKIP", "SHUANGKONG_CHROMIUM", "SHUANGKONG_NODE_MODULES"}


def main() -> int:
    """Run all; the table at the end says what happened."""
    report = Report()
    with ExitStack() as stack:
        env = stack.enter_context(environment())
        gates(report, env)
        pure_tests(report, env)
        on_sqlite = migrated(report, env, "SQLite")
        app_tests(report, on_sqlite, "SQLite")
        if (url := stack.enter_context(postgres.server())) is None:
            report.skipped("tests on PostgreSQL", "no PostgreSQL server programs found on this machine")
        else:
            on_postgres = env | {"SHUANGKONG_DATABASE": url}
            app_tests(report, migrated(report, on_postgres, "PostgreSQL"), "PostgreSQL")
        # each of these keeps one core busy
        last = []
        if (reason := spark.missing()) is not None:
            report.skipped("time series on a Spark cluster", reason)
        else:
            last.append(spark_tests(env))
        if (browser := chromium()) is None:
            report.skipped("pages in Chromium", "no chromium found on this machine")
        else:
            last.append(browser_tests(on_sqlite | {"SHUANGKONG_CHROMIUM": browser}))
        at_once(report, last)
    print("\n" + "\n".join(report.lines), flush=True)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
