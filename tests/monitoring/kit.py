"""Frames and incidents as the gateway hands them on, written by the real spool and taken over by the real hand-over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shuangkong.apps.monitoring.models import Device
from shuangkong.apps.monitoring.services import collecting, registry
from shuangkong.apps.monitoring.services.registry import Asked
from shuangkong.hj212 import build_frame, decode
from shuangkong.series.handover import Handover
from shuangkong.series.records import Incident as Met
from shuangkong.series.records import frame_record, incident_record
from shuangkong.series.spool import Record, SpoolWriter, pack

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
MN = "A" * 24
PW = "123456"


def asked(mn: str = MN, **more: Any) -> Asked:
    return Asked(**({"mn": mn, "name": "总排口数采仪", "subject_id": None, "password": PW, "systems": ("32",), "edition": 2017} | more))


def register(actor: Any, mn: str = MN, **more: Any) -> Device:
    return registry.register(asked(mn, **more), actor, NOW)


def frame(number: int = 0, mn: str = MN, address: str = "10.1.1.1", faults: frozenset[str] = frozenset()) -> Record:
    at = NOW + timedelta(seconds=number)
    raw = build_frame(
        qn=f"{at:%Y%m%d%H%M%S}000", st="32", cn="2011", pw=PW, mn=mn, flag=5, cp=f"DataTime={at:%Y%m%d%H%M%S};w01018-Rtd=30.1"
    )
    return frame_record(decode(raw), address, "w0", set(faults), int(at.timestamp() * 1000))


def met(code: str = "password_wrong", mn: str = MN, address: str = "10.1.1.1", times: int = 1, minute: int = 0, **more: Any) -> Record:
    at = int((NOW + timedelta(minutes=minute)).timestamp() * 1000)
    sample = f"##0100QN=1;ST=32;CN=2011;PW={PW};MN={mn};Flag=5;CP=&&DataTime=20261124100000;w01018-Rtd=1.5&&0000\r\n".encode()
    values = {"text": "设备密码不符", "first_ms": at, "last_ms": at, "sample": sample, "answer": "none"} | more
    return incident_record(Met(code=code, mn=mn, address=address, times=times, **values), "w0")


def hand_on(root: Path, *records: Record) -> None:
    """One batch of the store holds the records."""
    writer = SpoolWriter(root / "spool" / "w0")
    writer.append([pack(record) for record in records])
    writer.close()
    handover = Handover(root)
    handover.step()
    handover.close()


def take(*records: Record) -> int:
    """Hands on and collects; how many steps did work."""
    hand_on(collecting.store(), *records)
    steps = 0
    while collecting.step(NOW):
        steps += 1
    return steps
