"""One connection: bytes in, messages out.  Knows no socket, clock or store."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shuangkong.hj212.errors import RemoteProtocolError
from shuangkong.hj212.faults import Fault
from shuangkong.hj212.framing import NEED_DATA, Frame, Framer, Garbage, NeedData
from shuangkong.hj212.message import LENIENT, Message, Profile, read_message

__all__ = ["NEED_DATA", "Connection", "Unreadable", "decode"]


class Unreadable(NamedTuple):
    """A frame whose check or header is so wrong that no message can be made of it."""

    raw: bytes
    faults: tuple[Fault, ...]


Event = Message | Unreadable | Garbage | NeedData


class Connection:
    """The reader of one connection.  ``profile_of`` gives the profile of a device by its MN (default: lenient)."""

    def __init__(self, profile_of: Callable[[str], Profile] | None = None, decrypt: Callable[[bytes], bytes | None] | None = None) -> None:
        self._framer = Framer(decrypt)
        self._profile_of = profile_of

    @property
    def buffered(self) -> int:
        """Bytes of a frame that has begun."""
        return self._framer.buffered

    def receive_data(self, data: bytes) -> None:
        """Takes bytes from the peer."""
        self._framer.receive_data(data)

    def next_event(self) -> Event:
        """The next message, unreadable frame or garbage, or NEED_DATA."""
        frame = self._framer.next_event()
        return self._read(frame) if isinstance(frame, Frame) else frame

    def give_up(self) -> Garbage | NeedData:
        """Gives up a frame that was begun and never ended."""
        return self._framer.give_up()

    def _read(self, frame: Frame) -> Message | Unreadable:
        hard = {fault.code for fault in frame.faults if not fault.forgivable}
        if hard and hard != {"crc_modbus"}:
            return Unreadable(frame.raw, frame.faults)
        try:
            message = read_message(frame)
        except RemoteProtocolError as error:
            return Unreadable(frame.raw, error.faults)
        if self._profile_of is not None:
            profile = self._profile_of(message.mn)
            if profile is not message.profile:
                message = read_message(frame, profile)
        if hard and not message.profile.modbus:
            return Unreadable(frame.raw, frame.faults)
        return message


def decode(raw: bytes, profile: Profile = LENIENT, decrypt: Callable[[bytes], bytes | None] | None = None) -> Message:
    """The one message that *raw* holds, from ``##`` to CR LF.  Raises RemoteProtocolError with what is wrong."""
    framer = Framer(decrypt)
    framer.receive_data(raw)
    frame = framer.next_event()
    if not isinstance(frame, Frame) or framer.buffered:
        fault = frame.fault if isinstance(frame, Garbage) else Fault("length_mismatch", "LLLL", raw[2:6].decode("ascii", "replace"))
        raise RemoteProtocolError((fault,))
    if any(not fault.forgivable and not profile.forgives(fault) for fault in frame.faults):
        raise RemoteProtocolError(frame.faults)
    return read_message(frame, profile)
