"""Torture of the gateway: kills, a full disk, a crowd, and clients that misbehave.

``python -m bench.torture_gateway [--short]``.  Each trial prints one line and raises AssertionError when the gateway fails it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from bench.telemetry_load import CIVIL, PASSWORD, Server, device_name, draw_frames, run_load, write_many_devices
from shuangkong.hj212 import build_frame
from shuangkong.series.handover import Handover
from shuangkong.series.spool import FRAME

MEMORY_MIB = 300
ANSWER_S = 2.0


# ── kills ──


class Persistent:
    """A logger that sends until its answers have come, over as many connections as it takes."""

    def __init__(self, index, port):
        self.index, self.port = index, port
        self.chance = random.Random(index)
        self.acknowledged = []
        self.stopping = False
        self.start = datetime.now(CIVIL) - timedelta(hours=10)
        self.number = 0

    def _next(self):
        moment = self.start + timedelta(milliseconds=37 * self.number)
        self.number += 1
        cp = f"DataTime={moment:%Y%m%d%H%M%S};w01018-Rtd={self.chance.randint(0, 999) / 10},w01018-Flag=N"
        qn = f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
        return build_frame(qn=qn, st="32", cn="2011", pw=PASSWORD, mn=device_name(self.index), flag=5, cp=cp)

    async def run(self):
        frame = self._next()
        while not self.stopping:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    while not self.stopping:
                        writer.write(frame)
                        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), ANSWER_S)
                        # an answer to the sending before this one may still be under way
                        if frame[6:26] in answer and b"CN=9014" in answer:
                            self.acknowledged.append(frame)
                            frame = self._next()
                finally:
                    writer.close()
            await asyncio.sleep(0.02)

#: More than a quick machine sends in one turn: few loggers get more frames each.
FRAMES_OF_ALL = 20_000


def start_handover(root):
    return subprocess.Popen([sys.executable, "-m", "shuangkong", "gateway", "handover", "--store", str(root)], start_new_session=True)


async def _kill_often(root, kills, enough, loggers_count):
    first = Server(root)
    port = first.port
    servers = {"w0": first, "w1": Server(root, name="w1", port=port)}
    handover = start_handover(root)
    loggers = [Persistent(index, port) for index in range(loggers_count)]
    tasks = [asyncio.create_task(logger.run()) for logger in loggers]
    chance = random.Random(212)
    per_kill = enough // kills
    for turn in range(1, kills + 1):
        deadline = time.monotonic() + 60
        await asyncio.sleep(chance.random() * 0.3)
        while sum(len(logger.acknowledged) for logger in loggers) < per_kill * turn and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        name = chance.choice(list(servers))
        servers[name].kill()
        if chance.random() < 0.3:
            handover.kill()
            handover.wait()
            handover = start_handover(root)
        servers[name] = await asyncio.to_thread(Server, root, None, name, port)
    for logger in loggers:
        logger.stopping = True
    await asyncio.gather(*tasks)
    for server in servers.values():
        server.stop()
    handover.terminate()
    handover.wait(20)
    return [frame for logger in loggers for frame in logger.acknowledged]


def trial_kills(kills, frames, loggers_count=50):
    """SIGKILL at random moments: every acknowledged frame is handed on, none twice."""
    with tempfile.TemporaryDirectory() as root:
        write_many_devices(root, loggers_count)
        acknowledged = asyncio.run(_kill_often(Path(root), kills, frames, loggers_count))
        handover = Handover(Path(root))
        while handover.step():
            pass
        kept = [record.body for _, records in handover.batches() for record in records if record.kind == FRAME]
        handover.close()
    assert len(acknowledged) >= frames, len(acknowledged)
    lost = set(acknowledged) - set(kept)
    twice = len(kept) - len(set(kept))
    assert not lost, f"{len(lost)} acknowledged frames are lost"
    assert not twice, f"{twice} frames are there twice"
    return f"kills: {kills} × SIGKILL, {len(acknowledged)} acknowledged, 0 lost, 0 twice"


# ── a full disk ──


def _small_disk(root):
    """A tiny disk of its own where that is allowed; says whether."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(root)], capture_output=True)
    return done.returncode == 0


async def _exchange(port, index, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    moment = datetime.now(CIVIL)
    cp = f"DataTime={moment:%Y%m%d%H%M%S};w01018-Rtd={number % 1000 / 10},w01018-Flag=N"
    qn = f"{moment:%Y%m%d%H%M%S}{number % 1000:03d}"
    frame = build_frame(qn=qn, st="32", cn="2011", pw=PASSWORD, mn=device_name(index), flag=5, cp=cp)
    writer.write(frame)
    try:
        await asyncio.wait_for(reader.readuntil(b"\r\n"), 1.0)
        return frame
    except TimeoutError:
        return None
    finally:
        writer.close()


def _limit_files(server, size):
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def trial_full_disk(use_mount):
    """No room: no answer, an alarm in the log, and after room is made everything works again by itself."""
    root = Path(tempfile.mkdtemp())
    mounted = use_mount and _small_disk(root)
    try:
        write_many_devices(root, 2)
        server = Server(root, stderr=subprocess.PIPE)
        kept = [asyncio.run(_exchange(server.port, 0, 1))]
        ballast = root / "ballast"
        if mounted:
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
        else:
            _limit_files(server, 0)
        time.sleep(0.3)
        refused = [asyncio.run(_exchange(server.port, 0, number)) for number in range(2, 60 if mounted else 4)]
        assert refused[-1] is None, "a frame was acknowledged on a full disk"
        kept += [frame for frame in refused if frame]
        if mounted:
            ballast.unlink()
        else:
            _limit_files(server, resource.RLIM_INFINITY)
        time.sleep(0.6)
        kept.append(asyncio.run(_exchange(server.port, 1, 100)))
        assert kept[-1] is not None, "no recovery"
        time.sleep(2.5)
        assert json.loads((root / "status" / "w0.json").read_text())["alarms"] == []
        assert server.stop() == 0
        log = server.process.stderr.read()
        server.process.stderr.close()
        assert "存储无法写入" in log and "存储已恢复" in log
        handover = Handover(root)
        while handover.step():
            pass
        stored = [record.body for _, records in handover.batches() for record in records if record.kind == FRAME]
        handover.close()
        assert set(kept) <= set(stored) and len(stored) == len(set(stored))
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(root)], check=True)
        shutil.rmtree(root, ignore_errors=True)
    return f"full disk ({'a small disk' if mounted else 'a file limit'}): no acknowledgement, alarm, recovery by itself, {len(kept)} kept"


# ── a crowd, and clients that misbehave ──


async def _one_byte_a_second(port, stop):
    frame = draw_frames(900, 1)[0]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for at in range(len(frame)):
        if stop.is_set():
            break
        with contextlib.suppress(OSError):
            writer.write(frame[at : at + 1])
        await asyncio.sleep(1)
    writer.close()


async def _never_reads(port, stop):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.transport.pause_reading()
    frames = draw_frames(901, 200)
    at = 0
    while not stop.is_set() and not writer.is_closing():
        writer.write(frames[at % 200])
        at += 1
        await asyncio.sleep(0.002 if writer.transport.get_write_buffer_size() < 10_000 else 0.2)
    writer.transport.abort()


async def _no_frame(port, stop, megabytes):
    """Sends 100 MB without a frame, again and again from where it was cut off."""
    sent = 0
    chunk = b"no frame in here, only noise; " * 1000
    while not stop.is_set() and sent < megabytes * 1_000_000:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            while not stop.is_set() and not writer.is_closing():
                writer.write(chunk)
                sent += len(chunk)
                await writer.drain()
                await asyncio.sleep(0)
        await asyncio.sleep(0.2)


async def _abuse(port):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.gather(_one_byte_a_second(port, stop), _never_reads(port, stop), _no_frame(port, stop, 100))


@contextlib.contextmanager
def _abusers(port):
    """The abusers in a process of their own: what is measured is the gateway, not their share of the loggers' loop."""
    command = [sys.executable, "-c", f"import asyncio; from bench.torture_gateway import _abuse; asyncio.run(_abuse({port}))"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        time.sleep(1.0)
        assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait(20)


def _tail(latencies):
    return latencies[int(len(latencies) * 0.99)]


def trial_abuse(connections, seconds, repetitions=5, least_rate=0.7, most_tail=2.0):
    """A client of one byte a second, one that never reads, one that sends no frame: what do the others notice?"""
    ratios = []
    each = max(300, FRAMES_OF_ALL // connections)
    with tempfile.TemporaryDirectory() as root:
        write_many_devices(root, 1000)
        server = Server(root)
        try:
            for turn in range(repetitions):
                quiet = asyncio.run(run_load(server.port, [draw_frames(index, each, 2 * turn) for index in range(connections)], seconds))
                frames = [draw_frames(index, each, 2 * turn + 1) for index in range(connections)]
                with _abusers(server.port):
                    loud = asyncio.run(run_load(server.port, frames, seconds))
                ratios.append((loud[0] / quiet[0], _tail(loud[1]) / _tail(quiet[1])))
            memory = server.memory_mib()
        finally:
            server.stop()
    rate = sorted(ratio[0] for ratio in ratios)[repetitions // 2]
    tail = sorted(ratio[1] for ratio in ratios)[repetitions // 2]
    assert rate > least_rate and tail < most_tail, f"the others notice: {rate:.2f} of the frames, {tail:.2f} × the p99"
    return f"abuse: the others keep {rate:.2f} of their frames/s and {tail:.2f} × their p99; {memory:.0f} MiB at most"


async def _crowd(port, idle, busy, seconds):
    quiet = [await asyncio.open_connection("127.0.0.1", port) for _ in range(idle)]
    for index, (_, writer) in enumerate(quiet):
        writer.write(draw_frames(busy + index, 1)[0])
    for reader, _ in quiet:
        await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
    each = max(400, FRAMES_OF_ALL // busy)
    result = await run_load(port, [draw_frames(index, each) for index in range(busy)], seconds)
    for _, writer in quiet:
        writer.close()
    return result


def trial_crowd(idle=2000, busy=200, seconds=5.0):
    """2 000 idle connections and 200 busy ones: memory."""
    wanted = idle + busy + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    with tempfile.TemporaryDirectory() as root:
        write_many_devices(root, idle + busy)
        server = Server(root)
        try:
            rate, _ = asyncio.run(_crowd(server.port, idle, busy, seconds))
            memory = server.memory_mib()
        finally:
            server.stop()
    assert memory < MEMORY_MIB, f"{memory:.0f} MiB"
    assert rate > 0
    return f"crowd: {idle} idle and {busy} busy connections, {memory:.0f} MiB at most"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="what .ci/run does")
    parser.add_argument("--fuzz-seconds", type=float)
    parser.add_argument("--only", choices=["kills", "disk", "crowd", "abuse", "fuzz"])
    arguments = parser.parse_args()
    kills, frames = (5, 5000) if arguments.short else (100, 100_000)
    fuzz_s = arguments.fuzz_seconds or (60 if arguments.short else 3600)
    trials = {
        "kills": lambda: trial_kills(kills, frames),
        "disk": lambda: trial_full_disk(use_mount=True),
        "crowd": trial_crowd,
        "abuse": lambda: trial_abuse(100, 2.0, 3 if arguments.short else 5),
    }
    for name, trial in trials.items():
        if arguments.only in (None, name):
            print(trial(), flush=True)
    if arguments.only in (None, "fuzz"):
        command = [sys.executable, "-m", "bench.fuzz_hj212", "--seconds", str(fuzz_s), "--seed", str(os.getpid())]
        return subprocess.run(command, check=False).returncode
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    raise SystemExit(main())
