"""What stands in the records of spool and batches: how the gateway writes it, and how it is read again."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from shuangkong.hj212 import Fault, Message
from shuangkong.series.spool import FRAME, INCIDENT, METER, Record, identity

_PASSWORD = re.compile(rb"(PW\s*=)[^;&]*", re.IGNORECASE)
"""Lenient reading takes the name in any case."""
_SAMPLE_BYTES = 1200


class FrameMeta(NamedTuple):
    """How a frame came: device, address, process, and the codes of its deviations (its quality).

    ``plain`` is the data area of an encrypted frame in the clear: keys change, and what was received must stay readable.
    """

    mn: str
    address: str
    worker: str
    faults: tuple[str, ...]
    plain: str = ""


def frame_record(message: Message, address: str, worker: str, codes: set[str], received_ms: int) -> Record:
    """A frame as it came, passwords and all: the raw evidence."""
    parts = [message.mn, address, worker, ",".join(sorted(codes))]
    if b"&&%b&&" % message.cp.encode() not in message.raw:
        parts.append(message.cp)
    return Record(FRAME, identity(message.raw), received_ms, "|".join(parts).encode(), message.raw)


def read_frame_meta(record: Record) -> FrameMeta:
    """The meta of a frame record."""
    mn, address, worker, codes, *plain = record.meta.decode().split("|", 4)
    return FrameMeta(mn, address, worker, tuple(filter(None, codes.split(","))), *plain)


class Incident(NamedTuple):
    """Something an operator should see, with how often it happened within a stretch of time.

    ``answer``: what the gateway answered the last time: a command (9014, 9013), ``none`` (refused: no answer), ``not_asked`` (taken,
    and the frame asked for none), or empty where no frame was to be answered.
    """

    code: str
    mn: str
    address: str
    text: str
    times: int
    first_ms: int
    last_ms: int
    sample: bytes
    answer: str = ""


def incident_record(incident: Incident, worker: str) -> Record:
    """An incident; passwords in its sample are struck out."""
    content = incident._asdict()
    content["worker"] = worker
    sample = _PASSWORD.sub(rb"\1******", content.pop("sample"))[:_SAMPLE_BYTES]
    meta = json.dumps(content, ensure_ascii=False).encode()
    return Record(INCIDENT, identity(meta, sample), incident.last_ms, meta, sample)


def read_incident(record: Record) -> dict[str, Any]:
    """The content of an incident record, with its ``sample``."""
    content: dict[str, Any] = json.loads(record.meta)
    return content | {"sample": record.body.decode("utf-8", "backslashreplace")}


def meter_record(reading: dict[str, Any], key: bytes, received_ms: int) -> Record:
    """One meter reading in the canonical form of ``gateway.meters``."""
    return Record(METER, key, received_ms, b"", json.dumps(reading, ensure_ascii=False, sort_keys=True).encode())


def words_of(faults: tuple[Fault, ...]) -> str:
    """The faults as one sentence for an operator."""
    return "；".join(map(str, faults))
