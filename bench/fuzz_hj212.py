"""Fuzzes the codec for a while: no crash, no hang, no growing memory.

``python -m bench.fuzz_hj212 --seconds 60 [--seed N]``.  Good frames are damaged, cut, mixed and drowned in noise; every event must be
one of ours, every fault of the closed list, every good frame behind the noise must be found, and memory after the first tenth
of the time must not grow by more than 16 MiB.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from datetime import datetime, timedelta

from shuangkong.gateway.plants import Plant
from shuangkong.hj212 import FAULTS, NEED_DATA, Connection, Garbage, Message, build_frame
from shuangkong.hj212.connection import Unreadable
from shuangkong.hj212.sm4 import decrypter, encrypt_frame

KEY = b"0" * 16
GROWTH_KIB = 16 * 1024
SLOWEST_S = 2.0


def draw_good(chance):
    """A good frame of any edition, sometimes encrypted."""
    plant = Plant(chance.randrange(10_000))
    moment = datetime(2026, 1, 1) + timedelta(seconds=chance.randrange(10**7))
    cn = chance.choice(["2011", "2051", "2061"])
    cp = plant.realtime(moment) if cn == "2011" else plant.period(cn, moment)
    flag = chance.choice([0, 1, 4, 5, 8, 9, None])
    frame = build_frame(
        qn=f"{moment:%Y%m%d%H%M%S}000", st=plant.st, cn=cn, pw="123456", mn=f"{chance.randrange(10**9):024X}", flag=flag, cp=cp
    )
    return encrypt_frame(frame, KEY) if flag in (8, 9) and chance.random() < 0.3 else frame


def damage(raw, chance):
    """The bytes with something wrong."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randint(1, 30)]
        elif kind == 2:
            data[at:at] = chance.randbytes(chance.randint(1, 30))
        elif kind == 3:
            data[at:at] = chance.choice([b"##", b"\r\n", b"&&", b"##0000", b"##9999", b";", b"=", b",", b"-", b"\xff"])
        elif kind == 4:
            data[at:at] = data[: chance.randint(1, 40)]
        else:
            data[2:6] = b"%04d" % chance.randrange(10_000)
        if not data:
            return b""
    return bytes(data)


def check(event):
    """Reads all that can be read of an event; every fault must be of the closed list."""
    if isinstance(event, Message):
        faults = event.all_faults
        assert event.header and isinstance(event.content.factors, dict)
    elif isinstance(event, Garbage):
        faults = (event.fault,)
        assert event.size > 0
    else:
        assert isinstance(event, Unreadable), event
        faults = event.faults
    assert all(fault.code in FAULTS and str(fault) for fault in faults)


def round_of(chance):
    """One connection's life: damaged frames and noise, then silence, then good frames that must all arrive."""
    stream = b"".join(damage(draw_good(chance), chance) if chance.random() < 0.6 else draw_good(chance) for _ in range(20))
    if chance.random() < 0.3:
        stream += chance.randbytes(chance.randrange(3000))
    connection = Connection(decrypt=decrypter(KEY))
    events = 0
    at = 0
    while at < len(stream):
        size = chance.choice([1, 7, 100, 1000, 65_536])
        connection.receive_data(stream[at : at + size])
        at += size
        while (event := connection.next_event()) is not NEED_DATA:
            check(event)
            events += 1
        assert connection.buffered < 4200
    while connection.buffered:
        connection.give_up()
        while (event := connection.next_event()) is not NEED_DATA:
            check(event)
    good = [draw_good(chance) for _ in range(3)]
    connection.receive_data(b"".join(good))
    found = []
    while (event := connection.next_event()) is not NEED_DATA:
        check(event)
        found.append(event.raw)
    assert found == good
    return events


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    rounds = events = 0
    base_kib = None
    slowest_s = 0.0
    while (elapsed := time.monotonic() - began) < arguments.seconds:
        seed = arguments.seed * 1_000_000 + rounds
        # processor time: a busy machine is no hang of ours
        round_began = time.process_time()
        try:
            events += round_of(random.Random(seed))
        except BaseException:
            print(f"fuzz_hj212: seed {seed} failed", flush=True)
            raise
        rounds += 1
        slowest_s = max(slowest_s, time.process_time() - round_began)
        assert slowest_s < SLOWEST_S, f"seed {seed} took {slowest_s:.1f} s"
        if base_kib is None and elapsed > arguments.seconds / 10:
            base_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    growth_kib = peak_kib - (base_kib or peak_kib)
    memory = f"memory {peak_kib // 1024} MiB, grown {growth_kib // 1024} MiB"
    print(f"fuzz_hj212: {rounds} connections, {events} events in {arguments.seconds:.0f} s; slowest {slowest_s:.3f} s; {memory}")
    return 0 if growth_kib < GROWTH_KIB else 1


if __name__ == "__main__":
    raise SystemExit(main())
