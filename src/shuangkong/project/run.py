"""The supervisor: web, worker and the other long-lived parts of one installation as child processes.

A child that dies is started again, later each time it dies soon; SIGINT and SIGTERM stop all. Nothing else is done here.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shuangkong.core.errors import InputError

HOST = "127.0.0.1"
SETTLED_S = 30.0
LONGEST_WAIT_S = 30.0
GRACE_S = 15.0


@dataclass
class Service:
    """One child: its name, its command, and how it has fared."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    wait_s: float = field(default=0.5)

    def start(self, now: float) -> None:
        """Start the child in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(self.command, start_new_session=True)
        self.started = now

    def died(self, now: float) -> int | None:
        """The exit code of a child that has ended, with the time of the next start set; else None."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.process = None
        self.wait_s = 0.5 if now - self.started > SETTLED_S else min(self.wait_s * 2, LONGEST_WAIT_S)
        self.start_at = now + self.wait_s
        return code


class Supervisor:
    """Keeps the services running until it is told to stop."""

    def __init__(self, services: list[Service], *, address: str = "") -> None:
        self.services = services
        self.address = address
        self.stopping = False

    def serve(self) -> int:
        """Run until SIGINT or SIGTERM; 0 when all stopped cleanly."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        announced = not self.address
        while not self.stopping:
            self.step(time.monotonic())
            if not announced and self._answers():
                announced = True
                print(f"已启动：{self.address}  （按 Ctrl-C 停止）", flush=True)
            time.sleep(0.2)
        self.stop()
        return 0

    def step(self, now: float) -> bool:
        """Start what is due and note what died; whether anything was done."""
        done = False
        for service in self.services:
            code = service.died(now)
            if code is not None:
                print(f"{service.name} 已退出（{code}），{service.wait_s:g} 秒后重新启动", file=sys.stderr, flush=True)
            if service.process is None and now >= service.start_at:
                service.start(now)
                done = True
        return done

    def stop(self) -> None:
        """Ask all children to end; kill those that have not after a while."""
        running = [service.process for service in self.services if service.process and service.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        print("已停止", flush=True)

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _answers(self) -> bool:
        host, _, port = self.address.removeprefix("http://").rstrip("/").partition(":")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex((host, int(port))) == 0


def port_must_be_free(port: int) -> None:
    """Refuse to start on a port that another program holds."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"端口 {port} 不能使用", where=HOST, why=os.strerror(error.errno or 0),
                do="停止占用它的程序，或换一个端口（SHUANGKONG_PORT、SHUANGKONG_GATEWAY_PORT、SHUANGKONG_INTAKE_PORT）",
            ) from error


@contextmanager
def claim(home: Path) -> Iterator[None]:
    """Hold the installation: a second supervisor on the same folder is refused."""
    with (home / "run.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError("这个安装已经在运行", where=str(home), do="先停止它（在它的窗口按 Ctrl-C）") from error
        yield
