"""One TCP connection: bytes to messages, messages to the gateway, answers back; and the limits that a connection keeps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shuangkong.hj212 import Connection, Garbage, Message
from shuangkong.hj212.framing import NeedData

if TYPE_CHECKING:
    from shuangkong.gateway.server import Gateway


class Session(asyncio.Protocol):
    """The server's side of a connection."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._connection = Connection(gateway.profile_of, gateway.decrypt)
        self._transport: asyncio.Transport | None = None
        self._limits = gateway.limits
        self.address = ""
        self.devices: set[str] = set()
        self.refusals = 0
        self.uploads = 0
        self._garbage_bytes = 0
        self._allowance = gateway.limits.burst_frames
        self._allowance_at = self._opened_at = self._heard_at = gateway.loop.time()
        self._frame_began_at: float | None = None
        self._unread_since: float | None = None
        self._resume_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts the connection, or refuses it by a limit."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        transport.set_write_buffer_limits(high=self._limits.write_buffer_bytes)
        if not self._gateway.enter(self):
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Forgets the connection."""
        self._transport = None
        self._gateway.leave(self)

    def data_received(self, data: bytes) -> None:
        """Reads all frames that are whole."""
        connection = self._connection
        now = self._gateway.loop.time()
        self._heard_at = now
        connection.receive_data(data)
        frames = 0
        while not isinstance(event := connection.next_event(), NeedData):
            self._frame_began_at = None
            if isinstance(event, Message):
                frames += 1
                self._garbage_bytes = 0
                self._gateway.take(event, self)
            elif isinstance(event, Garbage):
                self._hear_garbage(event)
            else:
                frames += 1
                self._gateway.refuse_unreadable(event, self)
            if self._transport is None:
                return
        if connection.buffered and self._frame_began_at is None:
            self._frame_began_at = now
        self._spend(frames, now)

    def _hear_garbage(self, event: Garbage) -> None:
        self._gateway.hear_garbage(event, self)
        self._garbage_bytes += event.size
        if self._garbage_bytes > self._limits.garbage_bytes:
            self.close("garbage", "连续发送了大量不成帧的字节")

    def _spend(self, frames: int, now: float) -> None:
        """A connection that sends faster than its limit is read more slowly; so is everybody while the disk lags behind."""
        limits = self._limits
        self._allowance = min(limits.burst_frames, self._allowance + (now - self._allowance_at) * limits.frames_per_s) - frames
        self._allowance_at = now
        if self._transport is None:
            return
        if self._allowance < 0 or self._gateway.is_behind:
            self._transport.pause_reading()
            wait_s = max(-self._allowance / limits.frames_per_s, 0.05)
            self._resume_at = now + wait_s
            self._gateway.loop.call_later(wait_s, self._resume)

    def _resume(self) -> None:
        self._resume_at = None
        if self._transport is not None and self._unread_since is None and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The peer does not read its answers: nothing more is read from it."""
        self._unread_since = self._gateway.loop.time()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._unread_since = None
        if self._resume_at is None:
            self._resume()

    def send(self, data: bytes) -> bool:
        """Sends bytes if the connection is still there."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def check_times(self, now: float) -> None:
        """Closes a connection that is silent, strange or unread for too long; gives up a frame that never ends."""
        limits = self._limits
        if self._unread_since is not None and now - self._unread_since > limits.unread_s:
            self.close("unread", "长时间不读取应答")
        elif now - self._heard_at > limits.idle_s:
            self.close("idle", "")
        elif not self.devices and now - self._opened_at > limits.stranger_s:
            self.close("stranger", "")
        elif self._frame_began_at is not None and now - self._frame_began_at > limits.frame_s:
            self._frame_began_at = now
            given_up = self._connection.give_up()
            if isinstance(given_up, Garbage):
                self._hear_garbage(given_up)
            self.data_received(b"")

    def close(self, reason: str, words: str = "") -> None:
        """Closes the connection at once; *words* make it an incident."""
        if self._transport is not None:
            self._gateway.note_closed(self, reason, words)
            self._transport.abort()
            self._transport = None

    def finish(self) -> None:
        """Closes the connection after what is written has been sent (a clean stop)."""
        if self._transport is not None:
            self._transport.close()
