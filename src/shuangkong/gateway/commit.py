"""Group commit: many frames, one write to the disk, and only then their answers.

While one group is being written the next one gathers, so the wait for the disk is shared by all connections.  A disk that answers
within a millisecond or two is waited for in the loop, since handing the work to a thread costs more; a slow one in a thread.  When a group
cannot be written none of its frames is answered (the devices send them again, as the standard says), an alarm stands until a
later group succeeds, and nothing else is needed to recover.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

from shuangkong.gateway.metrics import Metrics
from shuangkong.series.spool import Record, pack

_PAUSE_AFTER_FAILURE_S = 0.25
_QUICK_DISK_S, _LEARNING = 0.002, 0.1


class Store(Protocol):
    """Where groups go: a SpoolWriter, or NoStore."""

    def append(self, records: Sequence[bytes]) -> None:
        """Makes packed records durable.  Raises OSError."""


class NoStore:
    """``--store none``: keeps nothing.  For measuring only."""

    def append(self, records: Sequence[bytes]) -> None:
        """Forgets the records."""


class _Entry(NamedTuple):
    key: bytes
    packed: bytes | None
    done: Callable[[], None]


class Committer:
    """Takes records, makes them durable in groups, then calls their ``done``.  Knows the keys of late and drops repeats."""

    def __init__(self, store: Store, metrics: Metrics, remembered_keys: int, announce: Callable[[str], None] | None = None) -> None:
        self._store, self._metrics, self._remembered = store, metrics, remembered_keys
        self._thread = None if isinstance(store, NoStore) else ThreadPoolExecutor(1, "commit")
        # slow until it has shown that it is quick
        self._disk_s = 10 * _QUICK_DISK_S
        self._pending: list[_Entry] = []
        self.pending_bytes = 0
        # key → whether it is durable, in two generations
        self._late: dict[bytes, bool] = {}
        self._earlier: dict[bytes, bool] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._announce = announce or _say_nothing
        self.alarm = ""

    def put(self, record: Record, done: Callable[[], None]) -> bool:
        """Takes a record; False when it had come before (then only ``done`` waits, behind its first coming)."""
        key = record.key
        if key in self._late or key in self._earlier:
            self._enter(_Entry(key, None, done))
            return False
        if len(self._late) >= self._remembered:
            self._earlier, self._late = self._late, {}
        self._late[key] = False
        self._enter(_Entry(key, pack(record), done))
        return True

    def _enter(self, entry: _Entry) -> None:
        self._pending.append(entry)
        self.pending_bytes += len(entry.packed or b"")
        self._wake.set()

    async def run(self) -> None:
        """Commits groups until stopped and empty."""
        while not self._stopping or self._pending:
            if not self._pending:
                self._wake.clear()
                await self._wake.wait()
                continue
            group, self._pending, self.pending_bytes = self._pending, [], 0
            if not await self._commit(group) and not self._stopping:
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)

    def stop(self) -> None:
        """Lets ``run`` end after what is pending."""
        self._stopping = True
        self._wake.set()

    def close(self) -> None:
        """Ends the thread."""
        if self._thread is not None:
            self._thread.shutdown()

    async def _commit(self, group: list[_Entry]) -> bool:
        packed = [entry.packed for entry in group if entry.packed is not None]
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            if packed and self._thread is not None and self._disk_s > _QUICK_DISK_S:
                await loop.run_in_executor(self._thread, self._append, packed)
            else:
                self._append(packed)
                # a turn of the loop, so that the next group can gather
                await asyncio.sleep(0)
        except OSError as error:
            self._failed(group, error)
            return False
        if self.alarm and packed:
            self.alarm = ""
            self._announce("存储已恢复，继续接收")
        metrics = self._metrics
        metrics.set("storage_failing", bool(self.alarm))
        metrics.add("commits_total")
        metrics.add("commit_records_total", len(packed))
        metrics.add("commit_seconds_total", loop.time() - began)
        for entry in group:
            if entry.packed is not None:
                (self._late if entry.key in self._late else self._earlier)[entry.key] = True
                entry.done()
            elif self._late.get(entry.key) or self._earlier.get(entry.key):
                entry.done()
        return True

    def _append(self, packed: Sequence[bytes]) -> None:
        """Writes a group and learns how quick the disk is."""
        if packed:
            began = time.monotonic()
            self._store.append(packed)
            self._disk_s += (time.monotonic() - began - self._disk_s) * _LEARNING

    def _failed(self, group: list[_Entry], error: OSError) -> None:
        was = self.alarm
        self.alarm = f"存储无法写入：{error.strerror or error}；未存下的报文不应答，存储恢复后自动继续"
        if not was:
            # on a full disk no status file can be written either
            self._announce(self.alarm)
        self._metrics.set("storage_failing", 1)
        self._metrics.add("unacknowledged_total", len(group))
        for entry in group:
            if entry.packed is not None:
                self._late.pop(entry.key, None)
                self._earlier.pop(entry.key, None)


def _say_nothing(words: str) -> None:
    """Where nobody listens."""
