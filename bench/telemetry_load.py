"""The client side of gateway benchmarks and tortures: loggers that send, wait for the answer, and send again."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from shuangkong.gateway.plants import Plant
from shuangkong.hj212 import build_frame
from shuangkong.series.devices import Device, write_devices

CIVIL = timezone(timedelta(hours=8))
PASSWORD = "123456"
_PORT = re.compile(r":(\d+)$")


def device_name(index):
    return f"{index:024X}"


def write_many_devices(root, count, **more):
    write_devices(Path(root), (Device(device_name(index), PASSWORD, edition=2017, **more) for index in range(count)))


def draw_frames(index, count, salt=0):
    """Frames of one logger, each with its own QN, times close to now."""
    plant = Plant(index)
    start = datetime.now(CIVIL) - timedelta(hours=20) + timedelta(seconds=salt)
    frames = []
    for number in range(count):
        moment = start + timedelta(milliseconds=1000 * number + index % 1000)
        cn = ("2011", "2051", "2061")[number % 3]
        cp = plant.realtime(moment) if cn == "2011" else plant.period(cn, moment)
        qn = f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
        frames.append(build_frame(qn=qn, st=plant.st, cn=cn, pw=PASSWORD, mn=device_name(index), flag=5, cp=cp))
    return frames


class Server:
    """A gateway process of its own."""

    def __init__(self, root, store=None, name="w0", port=0, stderr=None):
        self.root = Path(root)
        command = [sys.executable, "-m", "shuangkong", "gateway", "worker", "--port", str(port), "--name", name, "--incident-seconds", "1"]
        command += ["--store", store or str(root)]
        environment = dict(os.environ, SHUANGKONG_GATEWAY_FILES=str(root))
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment, start_new_session=True)
        line = self.process.stdout.readline().strip()
        found = _PORT.search(line)
        if found is None:
            raise RuntimeError(f"the gateway did not start: {line}")
        self.port = int(found[1])

    def memory_mib(self, field="VmHWM"):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        raise RuntimeError(field)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Logger(asyncio.Protocol):
    """Sends a frame, waits for its answer, sends the next; every fiftieth is sent twice, as after a lost answer."""

    def __init__(self, frames, repeat_every=50):
        self.frames, self.repeat_every = frames, repeat_every
        self.at = 0
        self.latencies_s = []
        self.acknowledged = []
        self.done = asyncio.get_running_loop().create_future()
        self.stopping = False
        self._expected = 0

    def connection_made(self, transport):
        self.transport = transport
        self._send()

    def _send(self):
        if self.at >= len(self.frames) or self.stopping:
            self.transport.close()
            return
        frame = self.frames[self.at]
        twice = self.repeat_every and self.at % self.repeat_every == self.repeat_every - 1
        self._expected = 2 if twice else 1
        self.sent_at = time.perf_counter()
        self.transport.write(frame * self._expected)

    def data_received(self, data):
        now = time.perf_counter()
        if b"CN=9014" not in data or b"QN=" + self.frames[self.at][9:26] not in data:
            raise AssertionError(data)
        self._expected -= data.count(b"\r\n")
        if self._expected > 0:
            return
        self.latencies_s.append(now - self.sent_at)
        self.acknowledged.append(self.at)
        self.at += 1
        self._send()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_result(error)


async def run_load(port, frames_by_logger, seconds):
    """All loggers for a while; acknowledged frames per second and all latencies."""
    loop = asyncio.get_running_loop()
    loggers = []
    for frames in frames_by_logger:
        _, logger = await loop.create_connection(lambda frames=frames: Logger(frames), "127.0.0.1", port)
        loggers.append(logger)
    await asyncio.sleep(0.3)
    before = sum(len(logger.latencies_s) for logger in loggers)
    marks = [len(logger.latencies_s) for logger in loggers]
    began = time.perf_counter()
    # A quick machine may send all that was drawn: what was measured until the first logger is nearly through counts.
    while time.perf_counter() - began < seconds and all(logger.at < len(logger.frames) - 2 for logger in loggers):
        await asyncio.sleep(0.02)
    elapsed = time.perf_counter() - began
    count = sum(len(logger.latencies_s) for logger in loggers) - before
    if elapsed < seconds / 10:
        raise AssertionError("the loggers ran out of frames before anything was measured")
    latencies = sorted(value for logger, mark in zip(loggers, marks, strict=True) for value in logger.latencies_s[mark:])
    for logger in loggers:
        logger.stopping = True
    await asyncio.gather(*(asyncio.wait_for(logger.done, 10) for logger in loggers))
    return count / elapsed, latencies
