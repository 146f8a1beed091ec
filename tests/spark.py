"""A private Apache Spark cluster for one test run: a master and workers of the standalone kind on loopback, ports that were free.

It ends with the run, also when the run is killed: the system ends its processes with their parent, and the executors end with them.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
#: Small and quick to start; a compiler that optimises would cost more than these queries.
JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
#: What a driver of the tests takes beside the master's address, as an operator would write it.
DEFAULTS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": " ".join(JVM[1:]),
    "spark.driver.extraJavaOptions": " ".join(JVM[1:]),
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def java() -> str | None:
    """The program that runs Java."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(f"{home}/bin/java") if home else shutil.which("java")


def missing() -> str | None:
    """Why no cluster can be had on this machine, or None."""
    if importlib.util.find_spec("pyspark") is None:
        return "the extra of Apache Spark is not installed (make setup-spark)"
    return None if java() else "no Java found on this machine (17 or newer)"


def spark_home() -> Path:
    """The folder of the programs, as the extra brings them."""
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


@dataclass
class Cluster:
    """A cluster that runs: where its files lie, its master's address, its workers."""

    home: Path
    stack: ExitStack
    url: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0

    def environment(self) -> dict[str, str]:
        """The variables with which a process becomes a driver of this cluster."""
        return environment(self.home) | {"SHUANGKONG_SERIES_ENGINE": self.url}

    def add_workers(self, number: int) -> None:
        """Starts workers of one core and 512 MB each and waits until the master knows them."""
        added = [self._start(f"worker-{self.started + n}", WORKER, "--cores", "1", "--memory", "512M", self.url) for n in range(number)]
        for n, worker in enumerate(added):
            _said(worker, self.home / f"worker-{self.started + n}.log", r"(Successfully registered with master)")
        self.workers += added
        self.started += number

    def start_master(self) -> None:
        """Starts the master."""
        master = self._start("master", MASTER)
        self.url = _said(master, self.home / "master.log", r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")

    def lose_worker(self) -> None:
        """Loses one machine: a worker and its executors end at once and say nothing."""
        process = self.workers.pop()
        for pid in (*children(process.pid), process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(30)

    def _start(self, name: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        anywhere = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        command = [str(java()), *JVM, "-cp", f"{spark_home()}/jars/*", program, *anywhere, *arguments]
        with (self.home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.home, env=os.environ | environment(self.home),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self.stack.callback(_end, process)
        return process


def environment(home: Path) -> dict[str, str]:
    """Spark takes its programs from the extra and its settings from *home*; nothing of this machine's own Spark."""
    return {
        "SPARK_HOME": str(spark_home()), "SPARK_CONF_DIR": str(home / "conf"), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": "2.13",
        "SPARK_LOCAL_DIRS": str(home / "scratch"), "SPARK_WORKER_DIR": str(home / "work"),
    }  # fmt: skip


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def runs(pid: int) -> bool:
    """Whether a process still runs; one that ended and that nobody asked after is over too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def cluster(workers: int = 2) -> Iterator[Cluster]:
    """Runs a master and workers; all of them are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="shuangkong-spark-") as folder, ExitStack() as stack:
        home = Path(folder)
        (home / "conf").mkdir()
        (home / "conf" / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in DEFAULTS.items()))
        started = Cluster(home, stack)
        started.start_master()
        started.add_workers(workers)
        yield started


def _end_with_parent() -> None:
    """Asks the system to end this process as soon as the one that started it is gone (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    executors = children(process.pid)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
    for pid in executors:
        _wait_for_end(pid)


def _wait_for_end(pid: int) -> None:
    """An executor ends with its worker; after 20 seconds it is made to."""
    deadline = time.monotonic() + 20
    while runs(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """What a process wrote, as soon as it has."""
    deadline = time.monotonic() + 300
    while (found := re.search(pattern, text := log.read_text())) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Apache Spark did not start: {text[-2000:]}")
        time.sleep(0.05)
    return found.group(1)
