"""Benchmark of the gateway: durable acknowledged frames against the same server with ``--store none``.

200 connections, each sends a frame and waits for its answer; every fiftieth frame comes twice.  Client and server run on the same
machine.  Throughput at least 0.75 of, 99th percentile of the time to the answer at most 1.5 times, the server that keeps nothing.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

from bench.results import REPETITIONS, Result
from bench.telemetry_load import Server, draw_frames, run_load, write_many_devices
from shuangkong.series.handover import Handover

CONNECTIONS, SECONDS = 200, 2.0
FRAMES_EACH = 200


def measure(store, frames):
    """Frames per second and the 99th percentile of one server."""
    with tempfile.TemporaryDirectory() as root:
        write_many_devices(root, CONNECTIONS)
        server = Server(root, store)
        try:
            rate, latencies = asyncio.run(run_load(server.port, frames, SECONDS))
        finally:
            server.stop()
        if store is None:
            check_kept(root, len(latencies))
        return rate, latencies[int(len(latencies) * 0.99)]


def check_kept(root, at_least):
    """The durable server does its work: what it acknowledged is there, once."""
    handover = Handover(Path(root))
    bodies = []
    while handover.step():
        pass
    for _, records in handover.batches():
        bodies += [record.body for record in records if record.kind == 1]
    handover.close()
    assert len(bodies) == len(set(bodies)) >= at_least


def run(repetitions=REPETITIONS):
    # each server begins with an empty store, so all may be sent the same frames
    frames = [draw_frames(index, FRAMES_EACH) for index in range(CONNECTIONS)]
    found = {None: [], "none": []}
    for turn in range(repetitions):
        for store in (None, "none") if turn % 2 else ("none", None):
            found[store].append(measure(store, frames))
    rate, tail = ({store: statistics.median(pair[which] for pair in pairs) for store, pairs in found.items()} for which in (0, 1))
    note = f"{CONNECTIONS} connections, {repetitions} runs each, medians"
    return [
        Result("telemetry gateway: durable to not kept, frames/s", rate[None] / rate["none"], 0.75, at_least=True, note=note),
        Result("telemetry gateway: durable to not kept, p99", tail[None] / tail["none"], 1.5),
    ]


if __name__ == "__main__":
    for result in run(4):
        print(result, result.good)
