"""The supervisor and the command line: what a person at a terminal meets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from shuangkong.core.errors import InputError, NotInForce
from shuangkong.project import cli
from shuangkong.project.run import SETTLED_S, Service, Supervisor, claim, port_must_be_free

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(InputError, match=f"端口 {port} 不能使用"):
            port_must_be_free(port)


def test_an_installation_runs_once(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(InputError, match="已经在运行"), claim(tmp_path):
        pass
    with claim(tmp_path):
        pass


def test_a_child_that_dies_is_started_again_later_each_time() -> None:
    service = Service("short", [sys.executable, "-c", "raise SystemExit(3)"])
    supervisor = Supervisor([service], address="http://127.0.0.1:1/")
    waits = []
    now = 0.0
    for _ in range(3):
        assert supervisor.step(now)
        assert service.process is not None
        service.process.wait()
        assert not supervisor.step(now + 0.01)
        waits.append(service.start_at - now - 0.01)
        now = service.start_at
    assert waits == pytest.approx([1, 2, 4])


def test_a_child_that_ran_long_starts_again_at_once() -> None:
    service = Service("long", [sys.executable, "-c", ""], wait_s=16)
    service.start(0.0)
    assert service.process is not None
    service.process.wait()
    assert service.died(SETTLED_S + 1) == 0
    assert service.wait_s == 0.5


def test_stopping_ends_all_children() -> None:
    service = Service("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
    service.start(0.0)
    process = service.process
    assert process is not None
    Supervisor([service], address="http://127.0.0.1:1/").stop()
    assert process.poll() == -signal.SIGTERM


@pytest.mark.parametrize(("error", "code"), [(InputError("不对", where="此处"), 2), (NotInForce("无", nearest=("2020",)), 3)])
def test_an_error_is_a_message_and_an_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> int:
        raise error

    monkeypatch.setattr("shuangkong.project.check_command.run", fail)
    assert cli.main(["check"]) == code
    said = capsys.readouterr().err
    assert said.startswith("错误：")
    assert "Traceback" not in said


def test_an_empty_installation_starts_answers_and_stops(tmp_path: Path) -> None:
    """``shuangkong start`` in an empty folder: one administrator, a page, a clean end; the second start makes nobody."""
    port = free_port()
    env = os.environ | {"SHUANGKONG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src"), "SHUANGKONG_PORT": str(port)}
    env |= {"SHUANGKONG_GATEWAY_PORT": str(free_port()), "SHUANGKONG_INTAKE_PORT": str(free_port())}
    env.pop("SHUANGKONG_DATABASE", None)
    command = [sys.executable, "-m", "shuangkong", "start"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with wait_for(f"http://127.0.0.1:{port}/accounts/login/") as answer:
            assert answer.status == 200
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "用户名 admin" in said
    assert "已退出" not in said
    assert said.rstrip().endswith("已停止")
    again = subprocess.run([*command, "--prepare-only"], env=env, capture_output=True, text=True, timeout=60)
    assert (again.returncode, "口令" in again.stdout) == (0, False)


def wait_for(address: str) -> Any:
    deadline = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(address, timeout=10)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
