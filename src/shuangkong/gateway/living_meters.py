"""The meters of the demonstration: registers that rise, sent each quarter of an hour by the intake's own door.  All they send is 演示.

``demonstration-meters.json`` of a store says whose they are and with which key they call; the platform writes it (readable by its owner
alone), and registers the energy users as it registers any other.
"""

from __future__ import annotations

import asyncio
import json
import math
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import URLError

from shuangkong.gateway.meters import CIVIL
from shuangkong.series.files import read_json, write_json

METERS_FILE = "demonstration-meters.json"
HISTORY = timedelta(days=3)
_MODE = 0o600
_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(2026, 1, 1, tzinfo=CIVIL)
_PAUSE_S, _ANSWER_S = 20.0, 20.0


@dataclass(frozen=True)
class Register:
    """A meter: the 16 digits of its data code, its usual load in units an hour, and the modulus at which its register rolls over."""

    data_code: str
    load: float
    modulus: int = 1_000_000

    def reads(self, at: datetime) -> Decimal:
        """What the register shows at a moment: a daily wave around the usual load, summed since a day on which all stood at zero."""
        hours = (at - _EPOCH) / timedelta(hours=1)
        wave = 2 * math.pi / 24
        total = self.load * (hours - 0.25 / wave * (math.cos(wave * hours) - 1))
        return Decimal(f"{total % self.modulus:.2f}")


@dataclass(frozen=True)
class User:
    """An energy user of the demonstration with its key and meters."""

    code: str
    key: str
    device_id: str
    registers: tuple[Register, ...]


def write_users(root: Path, users: list[User]) -> None:
    """Keeps the users with their keys, for their owner alone."""
    rows = [
        {"code": user.code, "key": user.key, "device_id": user.device_id, "meters": [[r.data_code, r.load] for r in user.registers]}
        for user in users
    ]
    write_json(root / METERS_FILE, {"users": rows}, _MODE)


def read_users(root: Path) -> list[User]:
    """The users that are kept; none without a file."""
    content = read_json(root / METERS_FILE) or {"users": []}
    return [
        User(row["code"], row["key"], row["device_id"], tuple(Register(code, load) for code, load in row["meters"]))
        for row in content["users"]
    ]


def quarters(since: datetime, until: datetime) -> Iterator[datetime]:
    """The quarters of an hour after *since*, up to *until*."""
    seconds = _QUARTER.total_seconds()
    at = datetime.fromtimestamp((since.timestamp() // seconds + 1) * seconds, CIVIL)
    while at <= until:
        yield at
        at += _QUARTER


def rows_of(user: User, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What a user sends for a stretch of time, in the national dialect."""
    return [
        {
            "dataCode": register.data_code, "dataValue": str(register.reads(at)), "inputType": "1", "statType": "0",
            "statDate": f"{at:%Y-%m-%d %H:%M:%S}", "scope": "1", "valid": True,
        }
        for at in quarters(since, until)
        for register in user.registers
    ]  # fmt: skip


class Uploader:
    """Sends for all users of a store.  ``now`` is the civil clock, handed in."""

    def __init__(self, root: Path, host: str, port: int, now: Callable[[], datetime]) -> None:
        self._root, self._now = root, now
        self._address = f"https://{host}:{port}/national/data"
        self._sent: dict[str, datetime] = {}

    async def live(self) -> None:
        """Sends what is due until it is cancelled; what could not be sent stays due."""
        while True:
            for user in read_users(self._root):
                with suppress(URLError, OSError, ssl.SSLError):
                    await asyncio.to_thread(self.send, user)
            await asyncio.sleep(_PAUSE_S)

    def send(self, user: User) -> int:
        """Sends what a user owes; how many rows.  The same again changes nothing, so a start sends the last days anew."""
        now = self._now()
        rows = rows_of(user, self._sent.get(user.code, now - HISTORY), now)
        if rows:
            self._post(user, {"enterpriseCode": user.code, "deviceId": user.device_id, "data": rows})
            self._sent[user.code] = now
        return len(rows)

    def _post(self, user: User, content: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {user.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._address, json.dumps(content).encode(), headers)
        # the certificate that the intake made for this machine
        trusted = ssl.create_default_context(cafile=str(self._root / "certificate" / "certificate.pem"))
        with urllib.request.urlopen(request, timeout=_ANSWER_S, context=trusted) as answer:
            answer.read()
