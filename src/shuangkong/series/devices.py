"""The files by which ``monitoring`` tells the gateway of devices and meters.  Written whole by one side, read by the other.

``devices.json`` holds ``{"devices": [{"mn", "pw", "st": ["32"], "edition": 2017, "profile": "lenient", …}]}``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from shuangkong.series.files import read_json, write_json

DEVICES_FILE = "devices.json"
#: It holds passwords and keys: for its owner and group only.
_MODE = 0o640


@dataclass(frozen=True)
class Device:
    """A registered field device.

    ``addresses``: networks it may call from (empty: any).  ``profile``: lenient or strict.  ``modbus_crc``: who approved that it
    checks by CRC-16/Modbus (empty: not allowed).  ``key``: its SM4 key as 32 hex digits, with ``key_created`` (a day).
    """

    mn: str
    pw: str
    st: tuple[str, ...] = ()
    edition: int | None = None
    profile: str = "lenient"
    addresses: tuple[str, ...] = ()
    modbus_crc: str = ""
    key: str = ""
    key_created: str = ""
    over_time_s: float = 10.0
    resends: int = 3
    demonstration: bool = False
    networks: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    def may_call_from(self, address: str) -> bool:
        """Whether the device is registered for that address."""
        if not self.networks:
            return True
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self.networks)


def read_device(row: dict[str, Any]) -> Device:
    """A device of the file.  Raises ValueError naming the field that is wrong."""
    known = {item.name for item in fields(Device)} - {"networks"}
    unknown = sorted(set(row) - known)
    if unknown or not row.get("mn") or "pw" not in row:
        raise ValueError(f"device {row.get('mn')!r}: unknown fields {unknown}" if unknown else f"device without mn or pw: {row}")
    row = dict(row, st=tuple(row.get("st", ())), addresses=tuple(row.get("addresses", ())))
    networks = tuple(ipaddress.ip_network(address) for address in row["addresses"])
    if row.get("profile", "lenient") not in ("lenient", "strict") or row.get("edition") not in (None, 2005, 2017, 2025):
        raise ValueError(f"device {row['mn']}: profile or edition")
    return Device(**row, networks=networks)


def write_devices(store: Path, devices: Iterable[Device]) -> None:
    """Writes the device file of a store."""
    rows = []
    for device in devices:
        row = asdict(device)
        del row["networks"]
        rows.append(row)
    write_json(store / DEVICES_FILE, {"devices": rows}, _MODE)


def read_devices(store: Path) -> dict[str, Device]:
    """The devices of a store by MN; empty without a file.  Raises ValueError when it is broken."""
    content = read_json(store / DEVICES_FILE) or {"devices": []}
    return {device.mn: device for device in map(read_device, content["devices"])}
