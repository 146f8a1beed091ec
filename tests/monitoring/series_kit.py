"""Values of a device on their real way: frames, spool, hand-over, the table of readings; and the gateway's status file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from shuangkong.apps.monitoring.services import collecting, quality
from shuangkong.hj212 import build_frame, decode
from shuangkong.series.files import write_json
from shuangkong.series.records import frame_record
from shuangkong.series.spool import Record
from shuangkong.series.store import Readings
from tests.monitoring import kit

CIVIL = timedelta(hours=8)


def realtime(
    at: datetime, codes: Iterable[str] = ("w01018",), value: float = 30.1, received: datetime | None = None, flag: str = "N"
) -> Record:  # fmt: skip
    """A frame of real-time values of the moment ``at``, received then or later."""
    local, came = at + CIVIL, received or at
    items = ";".join(f"{code}-Rtd={value},{code}-Flag={flag}" for code in codes)
    cp = f"DataTime={local:%Y%m%d%H%M%S};{items}"
    raw = build_frame(qn=f"{local:%Y%m%d%H%M%S}{int(came.timestamp()) % 1000:03}", st="32", cn="2011", pw=kit.PW, mn=kit.MN, flag=5, cp=cp)
    return frame_record(decode(raw), "10.1.1.1", "w0", set(), int(came.timestamp() * 1000))


def gateway(now: datetime, online: Iterable[str] = (kit.MN,)) -> None:
    """The gateway runs, with these devices connected."""
    content = {"worker": "w0", "written_ms": int(now.timestamp() * 1000), "stopping": False, "alarms": [], "connections": 1}
    write_json(collecting.store() / "status" / "w0.json", content | {"online": list(online)})


def send(now: datetime, *records: Record) -> bool:
    """The frames reach the table, and the step of the worker looks at ``now``."""
    root: Path = collecting.store()
    if records:
        kit.hand_on(root, *records)
        with Readings(root) as readings:
            readings.parse_next()
    return quality.step(now)
