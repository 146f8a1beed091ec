"""The commands around the gateway, as a person types them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from shuangkong.project import cli
from shuangkong.series.handover import Handover
from shuangkong.series.spool import FRAME


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_serve_simulate_and_hand_over(tmp_path):
    port, intake_port = free_port(), free_port()
    me = [sys.executable, "-m", "shuangkong"]
    environment = dict(os.environ, PYTHONPATH="src")
    serve = [*me, "gateway", "serve", "--store", str(tmp_path), "--processes", "2"]
    serve += ["--port", str(port), "--intake-port", str(intake_port), "--incident-seconds", "0.5"]
    server = subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        while "已启动：" not in server.stdout.readline():
            pass
        again = subprocess.run(serve, env=environment, capture_output=True, text=True)
        assert again.returncode == 2 and "不能使用" in again.stderr
        simulate = [*me, "simulate", "telemetry", "--devices", "8", "--minutes", "20", "--speed", "600", "--faults", "stranger,duplicate"]
        report = subprocess.run(
            [*simulate, "--port", str(port), "--register", str(tmp_path)], env=environment, capture_output=True, text=True
        )
        assert report.returncode == 0, report.stderr
        counts = dict(line.split("：") for line in report.stdout.splitlines())
        time.sleep(2.5)
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    handover = Handover(tmp_path)
    while handover.step():
        pass
    records = [record for _, found in handover.batches() for record in found]
    handover.close()
    frames = [record for record in records if record.kind == FRAME]
    assert len(frames) == len({record.body for record in frames}) == int(counts["已得到应答"]) > 300
    assert any(json.loads(record.meta)["code"] == "device_unknown" for record in records if record.kind != FRAME)
    assert json.loads((tmp_path / "status" / "w0.json").read_text())["stopping"]


def test_a_name_is_used_once(tmp_path):
    from shuangkong.series.spool import SpoolWriter

    held = SpoolWriter(tmp_path / "spool" / "w0")
    assert cli.main(["gateway", "worker", "--store", str(tmp_path), "--port", "0"]) == 2
    held.close()


def test_what_can_be_simulated(capsys, monkeypatch):
    assert cli.main(["simulate", "telemetry", "--faults", "list"]) == 0
    assert {"bad_crc", "constant"} <= set(capsys.readouterr().out.split())
    assert cli.main(["simulate", "telemetry", "--faults", "earthquake"]) == 2
    assert "earthquake" in capsys.readouterr().err
    monkeypatch.setenv("SHUANGKONG_MODE", "live")
    assert cli.main(["simulate", "telemetry", "--register"]) == 2
    assert "正式安装" in capsys.readouterr().err


def test_the_store_of_an_installation(monkeypatch):
    from shuangkong.project.gateway_command import store_of

    monkeypatch.setenv("SHUANGKONG_HOME", "/somewhere")
    assert store_of(None) == Path("/somewhere/telemetry") and store_of("x") == Path("x")
    monkeypatch.delenv("SHUANGKONG_HOME")
    monkeypatch.setenv("SHUANGKONG_MODE", "demonstration")
    assert store_of(None).parts[-3:] == ("var", "demonstration", "telemetry")
