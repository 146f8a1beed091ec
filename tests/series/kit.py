"""Readings by hand, and the rule of versions in plain Python."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pyarrow as pa

from shuangkong.hj212 import build_frame, decode
from shuangkong.series.engines import DuckDB
from shuangkong.series.frames import KEPT
from shuangkong.series.handover import Handover
from shuangkong.series.reading import Reader
from shuangkong.series.records import frame_record, meter_record
from shuangkong.series.schema import QUALITY, READINGS
from shuangkong.series.spool import SpoolWriter, identity, pack

START = datetime(2026, 11, 1)
AWARE = START.replace(tzinfo=UTC)


def reading(point=1, minute=0, value=1.0, received=0, source=1, flag="N", kind=1, quality=0, day=0):
    time = START + timedelta(days=day, minutes=minute)
    return (point, time, kind, value, flag, quality, START + timedelta(minutes=received), source)


def table(rows):
    return pa.Table.from_pylist([dict(zip(READINGS.names, row, strict=True)) for row in rows], schema=READINGS)


@cache
def engine():
    """One DuckDB for the tests of a process: opening one takes longer than most questions."""
    return DuckDB(Path(tempfile.mkdtemp()), threads=1)


def contents(root, **asked):
    """All rows that a new reader sees, in order."""
    with Reader(root, engine=engine()) as reader:
        found = reader.arrow(reader.readings(**asked))
    return found.sort_by([(name, "ascending") for name in ("point", "kind", "time", "received", "source")]).to_pylist()


def everything(root):
    """All versions with how often they came: what two stores of the same batches share."""
    return contents(root, history=True, implausible=True)


def expected(rows):
    """All versions of hand-made readings by the rule, without Ibis."""
    keys = {}
    for row in rows:
        version = (row[3], row[4], row[5] & QUALITY["invalid"])
        keys.setdefault((row[0], row[1], row[2]), {}).setdefault(version, []).append((row[6], row[7], row[5]))
    found = []
    for key, versions in keys.items():
        last = max(versions, key=lambda version: max(came[:2] for came in versions[version]))
        for version, came in versions.items():
            came.sort()
            quality = came[0][2] | (QUALITY["repeated"] if len(came) > 1 else 0)
            quality |= QUALITY["corrected"] if len(versions) > 1 and version == last else 0
            again = came[-1][:2] if len(came) > 1 else (None, None)
            names = [*READINGS.names, "times", "last_received", "last_source", "prevails"]
            found.append(dict(zip(names, (*key, *version[:2], quality, *came[0][:2], len(came), *again, version == last), strict=True)))
    return sorted(found, key=lambda row: [row[name] for name in ("point", "kind", "time", "received", "source")])


# ── batches ──

MN = "A" * 24
NOW = AWARE + timedelta(hours=12)
NOW_MS = int(NOW.timestamp() * 1000)


def frame(cp, cn="2011", mn=MN, st="32", number=0, **more):
    """A frame as a logger sends it; its QN says 08:00 civil time on the first of November and a number."""
    options = {"pw": "123456", "flag": 5} | more
    return build_frame(qn=f"20261101080000{number:03d}", st=st, cn=cn, mn=mn, cp=cp, **options)


def kept(raw, received_ms=NOW_MS, codes=(), message=None):
    """The record of a frame."""
    return frame_record(message or decode(raw, KEPT), "127.0.0.1", "w0", set(codes), received_ms)


def metered(received_ms=NOW_MS, **more):
    """The record of a meter reading."""
    fields = {
        "enterprise_code": "E1", "data_code": "0000000101000010", "period_kind": "realtime", "period_start": "2026-11-01T08:00:00+08:00",
        "value": "12.5", "input_type": "1", "scope": "1", "valid": True, "demonstration": False, "dialect": "national",
    }  # fmt: skip
    reading = fields | more
    return meter_record(reading, identity(json.dumps(reading).encode()), received_ms)


def hand_over(root, *batches, spool="w0"):
    """Each list of records becomes one batch."""
    writer = SpoolWriter(root / "spool" / spool)
    handover = Handover(root)
    for records in batches:
        writer.append([pack(record) for record in records])
        assert handover.step().records == len(records)
    handover.close()
    writer.close()
