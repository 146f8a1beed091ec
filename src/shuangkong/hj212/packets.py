"""Split packets: collected in any order until complete or too old.  Time is whatever monotonic seconds the caller counts."""

from __future__ import annotations

from typing import NamedTuple

from shuangkong.hj212.message import Message


class Group(NamedTuple):
    """The packets of one upload in order; ``missing`` are the numbers that never came."""

    packets: tuple[Message, ...]
    missing: tuple[int, ...] = ()

    @property
    def cp(self) -> str:
        """The data areas one behind the other; DataTime, which each packet repeats, once."""
        first, *others = (packet.cp for packet in self.packets)
        stamp = first.partition(";")[0]
        parts = [first]
        for other in others:
            head, _, rest = other.partition(";")
            parts.append(rest if head == stamp and head.startswith("DataTime=") else other)
        return ";".join(part for part in parts if part)


class _Pending(NamedTuple):
    began_s: float
    packets: dict[int, Message]


class PacketAssembler:
    """Collects packets per device, command, total and DataTime.  Holds at most ``limit`` groups: the oldest gives way."""

    def __init__(self, timeout_s: float, limit: int = 16) -> None:
        self._timeout_s, self._limit = timeout_s, limit
        self._pending: dict[tuple[str, str, int, str], _Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, message: Message, now_s: float) -> Group | None:
        """Takes a packet; gives the group once it is complete.  A packet that comes again replaces nothing."""
        if not message.is_split:
            return Group((message,))
        key = (message.mn, message.cn, message.pnum, message.cp.partition(";")[0])
        pending = self._pending.get(key)
        if pending is None:
            if len(self._pending) >= self._limit:
                self._pending.pop(next(iter(self._pending)))
            pending = self._pending[key] = _Pending(now_s, {})
        pending.packets.setdefault(message.pno, message)
        if len(pending.packets) < message.pnum:
            return None
        del self._pending[key]
        return _group(pending, message.pnum)

    def expire(self, now_s: float) -> list[Group]:
        """The groups that waited too long, with what is missing in them."""
        late = [key for key, pending in self._pending.items() if now_s - pending.began_s >= self._timeout_s]
        return [_group(self._pending.pop(key), key[2]) for key in late]


def _group(pending: _Pending, pnum: int) -> Group:
    packets = tuple(pending.packets[number] for number in sorted(pending.packets))
    return Group(packets, tuple(number for number in range(1, pnum + 1) if number not in pending.packets))
