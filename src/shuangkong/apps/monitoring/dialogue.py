"""What a device and the gateway said to each other: the newest frames, opened by the codec. Passwords are struck out before anything else.

Frames are read from the batches of the hand-over, the newest first, within bounds. The answer to an upload is not stored: it follows from
the frame (same QN, 9014 or 9013), and is shown as the gateway builds it. Refused frames stand among the incidents, commands with their
outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuangkong.apps.monitoring.frames import Opened, open_frame
from shuangkong.apps.monitoring.models import Collection, Device
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.hj212 import decode
from shuangkong.hj212.catalogue import commands
from shuangkong.hj212.errors import ProtocolError
from shuangkong.hj212.faults import FAULTS
from shuangkong.hj212.writing import answer_command, build_reply
from shuangkong.series.files import read_json
from shuangkong.series.handover import read_batch
from shuangkong.series.records import read_frame_meta
from shuangkong.series.schema import batch_of
from shuangkong.series.spool import FRAME, METER, Record

#: How many batches back, and how many bytes of them, one page reads.
BATCHES, BYTES = 400, 24 * 1024 * 1024
SHOWN = 40
#: How a command to the field stands.
OUTCOMES = {
    "sent": _("已发出"), "accepted": _("设备已接受"), "done": _("已执行"), "refused": _("设备拒绝"), "failed": _("执行失败"),
    "timed_out": _("超时无应答"), "unreachable": _("设备未连接"), "expired": _("过期未发"), "interrupted": _("中断，结果不明"),
}  # fmt: skip
#: Lenient reading takes the name in any case.
_PASSWORD = re.compile(r"(PW\s*=)[^;&]*", re.IGNORECASE)
_STRUCK = r"\1******"


@dataclass(frozen=True, slots=True)
class Said:
    """One frame: when, by whom (``in`` from the device, ``out`` from the gateway), what it is, as it was, opened, and what was wrong."""

    at: datetime
    way: str
    title: str
    text: str
    opened: Opened
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The newest first; ``whole`` is false where the bounds ended the search."""

    frames: list[Said]
    whole: bool


def struck(text: str) -> str:
    """The text of a frame without its password."""
    return _PASSWORD.sub(_STRUCK, text)


def dialogue_of(device: Device, most: int = SHOWN) -> Dialogue:
    """The newest frames of a device, with their answers and the commands that it was given."""
    found: list[Said] = []
    search = _Search(store())
    for record in search.records():
        if record.kind == FRAME and read_frame_meta(record).mn == device.mn:
            found += reversed(_exchange(record))
        if len(found) >= most:
            break
    found += _commands(store(), device.mn, most)
    found.sort(key=lambda said: (said.at, said.way == "out"), reverse=True)
    return Dialogue(found[:most], search.whole or len(found) >= most)


class _Search:
    """The records of the newest batches, backwards, until the bounds are reached."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "batches"
        self._taken = Collection.objects.filter(pk=1).values_list("batch", flat=True).first() or 0
        self.whole = True

    def records(self) -> Iterator[Record]:
        left = BYTES
        for number in range(self._last(), 0, -1):
            try:
                path = self._path(number)
                left -= path.stat().st_size
                if number <= self._taken - BATCHES or left < 0:
                    self.whole = False
                    return
                yield from reversed(read_batch(path))
            except (ValueError, FileNotFoundError):
                continue

    def _last(self) -> int:
        """The newest batch: what was taken, and some that wait behind it."""
        number = self._taken
        while number < self._taken + BATCHES and self._path(number + 1).exists():
            number += 1
        return number

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012d}.batch"


def _exchange(record: Record) -> list[Said]:
    """A frame as it came, and the answer that the gateway gave it."""
    at = datetime.fromtimestamp(record.received_ms / 1000, UTC)
    meta = read_frame_meta(record)
    text = record.body.decode("utf-8", "backslashreplace")
    said = [Said(at, "in", _title(text), struck(text).strip(), open_frame(struck(text)), tuple(map(fault_words, meta.faults)))]
    answer = _answer(record.body)
    if answer:
        shown = struck(answer).strip()
        said.append(Said(at, "out", _title(answer), shown, Opened()))
    return said


def _title(text: str) -> str:
    """2011 污染物实时数据."""
    found = re.search(r"CN=(\d{4})", text)
    code = found[1] if found else ""
    return f"{code} {commands()[code].name}" if code in commands() else code or str(_("读不出命令"))


def _answer(raw: bytes) -> str:
    """The answer as the gateway builds it; empty where the frame asked for none."""
    try:
        message = decode(raw)
        code = answer_command(message)
        if code is None or not message.qn or (code == "9014" and not message.wants_answer):
            return ""
        return build_reply(message, code).decode("utf-8", "backslashreplace")
    except (ProtocolError, ValueError):
        return ""


def fault_words(code: str) -> str:
    """A deviation in the words of the codec's list."""
    return str(FAULTS[code][0]) if code in FAULTS else code


def _commands(root: Path, mn: str, most: int) -> list[Said]:
    """The commands that the device was given, as their outcomes tell."""
    paths = sorted((root / "commands" / "outcomes").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)[: 10 * most]
    found = []
    for path in paths:
        outcome: Any = read_json(path) or {}
        if outcome.get("mn") == mn:
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            code = str(outcome.get("cn", ""))
            words = f"{OUTCOMES.get(outcome['state'], outcome['state'])} {outcome.get('reason', '')}"
            found.append(Said(at, "out", _title(f"CN={code}"), words.strip(), Opened()))
    return found


@dataclass(frozen=True, slots=True)
class Raw:
    """The record that held a value: its text without password, and opened where it is a frame."""

    at: datetime
    text: str
    opened: Opened
    is_frame: bool


def raw_of(source: int) -> Raw | None:
    """The record to which the source of a value leads; None where it is gone."""
    batch, index = batch_of(source)
    try:
        record = read_batch(store() / "batches" / f"{batch:012d}.batch")[index]
    except (ValueError, OSError, IndexError):
        return None
    text = record.body.decode("utf-8", "backslashreplace")
    at = datetime.fromtimestamp(record.received_ms / 1000, UTC)
    is_frame = record.kind == FRAME
    return Raw(at, struck(text).strip() if record.kind != METER else text, open_frame(struck(text)) if is_frame else Opened(), is_frame)
