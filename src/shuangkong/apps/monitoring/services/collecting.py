"""What the gateway handed on is taken batch by batch, each exactly once: the number of the last stands in the same transaction.

A step is a method that returns whether it did work; the worker calls it (``settings.WORKER_STEPS``), the command
``shuangkong telemetry collect`` too. A stranger costs a few lines a day and not a table.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from shuangkong.apps.monitoring.models import Collection, Device, Incident
from shuangkong.apps.monitoring.services import alerts, registry
from shuangkong.series.handover import committed_batches
from shuangkong.series.records import read_frame_meta, read_incident
from shuangkong.series.spool import FRAME, INCIDENT, Record

#: How many claimed names of one unregistered address, and how many strangers in all, get a line of their own on one day.
NAMES_AN_ADDRESS = 20
STRANGERS_A_DAY = 1000
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def store() -> Path:
    """The folder that the gateway and the platform share."""
    return Path(settings.HOME) / "telemetry"


def step(now: datetime, root: Path | None = None) -> bool:
    """Writes the device file if it is due and takes the next batch; whether there was anything to do."""
    folder = root or store()
    wrote = registry.write_file(folder)
    return take_next(folder, now) or wrote


def take_next(root: Path, now: datetime) -> bool:
    """Takes the next batch; False when there is none, or another process took it first."""
    state = Collection.objects.get_or_create(pk=1)[0]
    number, records, damage = _next(root, state.batch)
    if number is None:
        return False
    with transaction.atomic():
        if Collection.objects.filter(pk=1, batch=state.batch).update(batch=number) != 1:
            return False
        _count_frames([record for record in records if record.kind == FRAME])
        met = [read_incident(record) for record in records if record.kind == INCIDENT]
        if damage:
            met.append(_own("batch_damaged", damage, now))
        if met:
            keep_incidents(met)
            alerts.raise_alerts(alerts.civil_day(now))
    return True


def _next(root: Path, after: int) -> tuple[int | None, Sequence[Record], str]:
    """Number and records of the next batch, and what is wrong with its file."""
    with closing(committed_batches(root, after)) as batches:
        try:
            for number, records in batches:
                return number, records, ""
        except (ValueError, FileNotFoundError) as error:
            return after + 1, (), str(error)[:200]
    return None, (), ""


def _own(code: str, text: str, now: datetime) -> dict[str, Any]:
    """An incident that the platform itself met."""
    at = int(now.timestamp() * 1000)
    return {"code": code, "mn": "", "address": "", "text": text, "times": 1, "first_ms": at, "last_ms": at, "sample": "", "answer": ""}


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


# frames: only who was heard, when and how often; the values themselves stay in the store


@dataclass
class _Heard:
    frames: int = 0
    marked: int = 0
    last_ms: int = 0
    address: str = ""


def _count_frames(records: Iterable[Record]) -> None:
    heard: defaultdict[str, _Heard] = defaultdict(_Heard)
    for record in records:
        meta = read_frame_meta(record)
        about = heard[meta.mn]
        about.frames += 1
        about.marked += bool(meta.faults)
        if record.received_ms >= about.last_ms:
            about.last_ms, about.address = record.received_ms, meta.address
    devices = list(Device.objects.unscoped("what the gateway took is counted for every device").filter(mn__in=heard))
    for device in devices:
        about = heard[device.mn]
        device.frames, device.marked = F("frames") + about.frames, F("marked") + about.marked
        device.last_frame_at, device.last_address = _moment(about.last_ms), about.address[:64]
    Device.objects.bulk_update(devices, ["frames", "marked", "last_frame_at", "last_address"], batch_size=200)


# incidents


def keep_incidents(met: Iterable[dict[str, Any]]) -> None:
    """Adds what the gateway met to the lines of its civil day. A fixed number of statements, however many there are."""
    folded = _folded(met)
    days = {key[0] for key in folded}
    known = Incident.objects.unscoped("what the gateway met is kept for everybody").filter(day__in=days)
    strangers = _Strangers(known)
    names = {str(incident["mn"]) for incident in folded.values()}
    devices = {d.mn: d for d in Device.objects.unscoped("whose device an incident is about").filter(mn__in=names)}
    lines = {_key(line): line for line in known.filter(mn__in={*names, ""})}
    made, changed = [], {}
    for key, incident in folded.items():
        device = devices.get(key[2])
        if device is None and key not in lines:
            key = strangers.place(key)
        line = lines.get(key)
        if line is None:
            lines[key] = line = _new(key, incident, device)
            made.append(line)
        else:
            _add(line, incident)
            if line.pk:
                changed[line.pk] = line
    Incident.objects.bulk_create(made, batch_size=200)
    fields = ["times", "last_at", "text", "sample", "answer", "device", "handled_at"]
    Incident.objects.bulk_update(changed.values(), fields, batch_size=100)


Key = tuple[date, str, str, str]


def _key(line: Incident) -> Key:
    return (line.day, line.code, line.mn, line.address)


def _folded(met: Iterable[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    """The newest of each key, with the times of all."""
    folded: dict[Key, dict[str, Any]] = {}
    for incident in met:
        mn, address = _clean(incident["mn"], 40), _clean(incident["address"], 64)
        key = (alerts.civil_day(_moment(incident["last_ms"])), str(incident["code"])[:40], mn, address)
        before = folded.get(key)
        times = incident["times"] + (before["times"] if before else 0)
        first = min(incident["first_ms"], before["first_ms"]) if before else incident["first_ms"]
        folded[key] = {**incident, "mn": mn, "address": address, "times": times, "first_ms": first}
    return folded


def _clean(text: str, most: int) -> str:
    """Text that a database and a page can hold: what cannot be shown is written as its code."""
    return _UNSHOWABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)[:most]


class _Strangers:
    """How many lines strangers have already; beyond the limits they share one line an address, then one in all."""

    def __init__(self, known: Any) -> None:
        self._known = known.filter(device=None)
        self._addresses: dict[tuple[date, str], set[str]] | None = None

    def place(self, key: Key) -> Key:
        """Where a stranger's new incident goes."""
        day, code, mn, address = key
        if self._addresses is None:
            self._addresses = defaultdict(set)
            for on, at, name in self._known.values_list("day", "address", "mn"):
                self._addresses[on, at].add(name)
        names = self._addresses[day, address]
        if sum(len(found) for (on, _at), found in self._addresses.items() if on == day) >= STRANGERS_A_DAY:
            return (day, code, "", "")
        if mn and mn not in names and len(names) >= NAMES_AN_ADDRESS:
            return (day, code, "", address)
        names.add(mn)
        return key


def _new(key: Key, incident: dict[str, Any], device: Device | None) -> Incident:
    day, code, mn, address = key
    return Incident(
        day=day, code=code, mn=mn, address=address, device=device, times=incident["times"], first_at=_moment(incident["first_ms"]),
        last_at=_moment(incident["last_ms"]), text=_clean(incident["text"], 300), sample=_clean(incident["sample"], 4000),
        answer=incident.get("answer", ""), demonstration=settings.DEMONSTRATION or bool(device and device.demonstration),
    )  # fmt: skip


def _add(line: Incident, incident: dict[str, Any]) -> None:
    """The same again: a line that was settled stands open anew."""
    line.times += incident["times"]
    line.last_at = max(line.last_at, _moment(incident["last_ms"]))
    line.text, line.sample = _clean(incident["text"], 300), _clean(incident["sample"], 4000)
    line.answer, line.handled_at = incident.get("answer", ""), None
