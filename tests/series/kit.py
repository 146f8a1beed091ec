"""Readings by hand, and the rule of versions in plain Python."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from shuangkong.series.reading import Reader
from shuangkong.series.schema import QUALITY, READINGS

START = datetime(2026, 11, 1)
AWARE = START.replace(tzinfo=UTC)


def reading(point=1, minute=0, value=1.0, received=0, source=1, flag="N", kind=1, quality=0, day=0):
    time = START + timedelta(days=day, minutes=minute)
    return (point, time, kind, value, flag, quality, START + timedelta(minutes=received), source)


def table(rows):
    return pa.Table.from_pylist([dict(zip(READINGS.names, row, strict=True)) for row in rows], schema=READINGS)


def contents(root, **asked):
    """All rows that a new reader sees, in order."""
    with Reader(root) as reader:
        found = reader.arrow(reader.readings(**asked))
    return found.sort_by([(name, "ascending") for name in ("point", "kind", "time", "received", "source")]).to_pylist()


def everything(root):
    """All versions with how often they came: what two stores of the same batches share."""
    return contents(root, history=True, implausible=True)


def expected(rows):
    """All versions of hand-made readings by the rule, without Ibis."""
    keys = {}
    for row in rows:
        keys.setdefault((row[0], row[1], row[2]), {}).setdefault((row[3], row[4]), []).append((row[6], row[7], row[5]))
    found = []
    for key, versions in keys.items():
        last = max(versions, key=lambda version: max(came[:2] for came in versions[version]))
        for version, came in versions.items():
            came.sort()
            quality = came[0][2] | (QUALITY["repeated"] if len(came) > 1 else 0)
            quality |= QUALITY["corrected"] if len(versions) > 1 and version == last else 0
            again = came[-1][:2] if len(came) > 1 else (None, None)
            names = [*READINGS.names, "times", "last_received", "last_source", "prevails"]
            found.append(dict(zip(names, (*key, *version, quality, *came[0][:2], len(came), *again, version == last), strict=True)))
    return sorted(found, key=lambda row: [row[name] for name in ("point", "kind", "time", "received", "source")])
