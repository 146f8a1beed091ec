"""Benchmark of the telemetry codec: 1 000 mixed frames against a plain table-CRC parser, ratios of one run.

Each repetition draws new frames from the same 50 plants (2011, 2051, 2061 in
turn, 6–10 factors), as a gateway sees them: the devices are known, the values are new.  ``cold`` is the first repetition.
"""

from __future__ import annotations

import gc
import statistics
import time
from datetime import datetime, timedelta

from bench import reference_codec
from bench.results import Result
from shuangkong.gateway.plants import Plant
from shuangkong.hj212 import NEED_DATA, Connection, build_frame
from shuangkong.hj212.columns import read_columns

FRAMES, PLANTS, REPETITIONS = 1000, 50, 10
GOALS = {"typed": 1.5, "text_until_asked": 3.0, "columns": 3.0}


def draw_frames(plants, repetition):
    """1 000 frames of the next moments of the plants, as one stream."""
    start = datetime(2026, 3, 1, 8) + timedelta(hours=repetition)
    frames = []
    for index in range(FRAMES):
        plant = plants[index % PLANTS]
        moment = start + timedelta(seconds=30 * (index // PLANTS))
        cn = ("2011", "2051", "2061")[index % 3]
        cp = plant.realtime(moment) if cn == "2011" else plant.period(cn, moment)
        mn = f"{index % PLANTS:024X}"
        qn = f"{moment:%Y%m%d%H%M%S}{index % 1000:03d}"
        frames.append(build_frame(qn=qn, st=plant.st, cn=cn, pw="123456", mn=mn, flag=5, cp=cp))
    return b"".join(frames)


def decode(stream):
    """Framed, checked, header read; the data areas are text until asked."""
    connection = Connection()
    connection.receive_data(stream)
    messages = []
    while (event := connection.next_event()) is not NEED_DATA:
        messages.append(event)
    return messages


def decode_typed(stream):
    """As ``decode``, each value typed and checked."""
    messages = decode(stream)
    for message in messages:
        message.content  # noqa: B018 - typing happens on access
    return messages


def decode_columns(stream):
    """As ``decode``, the values typed column by column."""
    return read_columns(decode(stream))


def seconds(work, stream):
    """Processor time of one run (nothing waits here); garbage of the others collected before."""
    gc.collect()
    began = time.process_time()
    result = work(stream)
    elapsed = time.process_time() - began
    # what one way made is not there while the other is measured
    del result
    return elapsed


def check_same(expected, messages):
    """The reference does its work, and both give the same typed values."""
    assert len(expected) == len(messages) == FRAMES
    for (header, fields, values), message in zip(expected, messages, strict=True):
        assert header["QN"] == message.qn and fields == message.content.fields and values == message.content.factors
        assert not message.all_faults and sum(map(len, values.values())) >= 12


def measure():
    """Ratios by line: all repetitions, their median."""
    plants = [Plant(seed) for seed in range(PLANTS)]
    lines = {"typed": decode_typed, "text_until_asked": decode, "columns": decode_columns}
    ratios = {name: [] for name in lines}
    turn = 0
    for _ in range(REPETITIONS):
        for name, work in lines.items():
            stream = draw_frames(plants, turn)
            turn += 1
            ratios[name].append(seconds(reference_codec.parse_stream, stream) / seconds(work, stream))
            expected = reference_codec.parse_stream(stream)
            check_same(expected, decode_typed(stream))
            if name == "columns":
                assert sum(len(column.values) for column in decode_columns(stream).columns) == sum(
                    len(fields) + sum(map(len, values.values())) for _, fields, values in expected
                )
            del expected
    return {
        name: {"median": statistics.median(found), "worst": min(found), "cold": found[0], "goal": GOALS[name]}
        for name, found in ratios.items()
    }


def run():
    """For ``make bench``."""
    return [
        Result(f"telemetry codec: {name}, × plain parser", line["median"], line["goal"], at_least=True, note=f"worst {line['worst']:.2f}")
        for name, line in measure().items()
    ]


if __name__ == "__main__":
    for result in run():
        print(f"{result.name}: {result.ratio:.2f} (at least {result.allowed:g}; {result.note})")
