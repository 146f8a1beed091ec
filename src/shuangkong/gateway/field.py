"""Commands to the field: taken from the store, sent to the device's connection, followed to their end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from shuangkong.hj212 import Exchange, LocalProtocolError, Message, build_request
from shuangkong.hj212.exchange import OVER
from shuangkong.series.commands import CommandFiles, FieldCommand, Outcome

if TYPE_CHECKING:
    from shuangkong.gateway.server import Gateway

_CIVIL = timezone(timedelta(hours=8))


class FieldRunner:
    """The commands that this process has taken.  One at a time per device: loggers answer in turn."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._files = CommandFiles(gateway.root)
        self._running: dict[str, tuple[FieldCommand, Exchange]] = {}
        self._told: dict[str, str] = {}
        self._unwritten: list[Outcome] = []
        self._last_qn_ms = 0

    def recover(self) -> None:
        """Commands that a killed process of this name had taken: nobody knows what became of them, and it is said so."""
        for command in self._files.taken(self._gateway.worker):
            self._finish(command, Outcome(command.id, command.mn, command.cn, "interrupted", "网关中断，结果不明"))

    def interrupt(self, reason: str) -> None:
        """Ends what runs, as the gateway stops."""
        for command, exchange in self._running.values():
            self._finish(command, self._outcome(command, exchange, "interrupted", reason))
        self._running.clear()

    async def step(self, now: float) -> None:
        """Takes what waits for devices that are connected here, sends again, times out, tells."""
        self._write_outcomes()
        waiting = await asyncio.to_thread(self._files.waiting)
        now_ms = self._gateway.now_ms()
        for command in waiting:
            expired = command.expires_ms is not None and command.expires_ms < now_ms
            connected = command.mn in self._gateway.session_of and command.mn not in self._running
            if (expired or connected) and self._files.take(command, self._gateway.worker):
                if expired:
                    self._finish(command, Outcome(command.id, command.mn, command.cn, "expired", "在有效期内设备未连接"))
                else:
                    self._begin(command, now)
        for mn, (command, exchange) in list(self._running.items()):
            again = exchange.tick(now)
            if again is not None:
                self._send(mn, again)
            self._tell(command, exchange)

    def receive(self, message: Message, now: float) -> None:
        """A message that may answer a command."""
        running = self._running.get(message.mn)
        if running is not None and running[1].receive(message, now):
            self._tell(*running)

    def _begin(self, command: FieldCommand, now: float) -> None:
        device = self._gateway.devices[command.mn]
        qn = self._new_qn()
        try:
            request = build_request(
                device.edition or 2017,
                command.cn,
                qn=qn,
                st=device.st[0] if device.st else "91",
                pw=device.pw,
                mn=command.mn,
                cp=command.cp,
            )
        except LocalProtocolError as error:
            self._finish(command, Outcome(command.id, command.mn, command.cn, "failed", f"命令不合标准：{error}"))
            return
        exchange = Exchange(request, qn, command.cn, over_time_s=device.over_time_s, resends=device.resends)
        self._running[command.mn] = (command, exchange)
        self._send(command.mn, exchange.start(now))
        self._tell(command, exchange)

    def _send(self, mn: str, data: bytes) -> None:
        session = self._gateway.session_of.get(mn)
        if session is not None:
            session.send(data)

    def _new_qn(self) -> str:
        """A QN that this process has not used: milliseconds of civil time, pushed on when two fall together."""
        self._last_qn_ms = max(self._gateway.now_ms(), self._last_qn_ms + 1)
        moment = datetime.fromtimestamp(self._last_qn_ms // 1000, UTC).astimezone(_CIVIL)
        return f"{moment:%Y%m%d%H%M%S}{self._last_qn_ms % 1000:03d}"

    def _tell(self, command: FieldCommand, exchange: Exchange) -> None:
        mark = f"{exchange.state}{exchange.sent_times}{len(exchange.received)}"
        if self._told.get(command.id) == mark:
            return
        self._told[command.id] = mark
        outcome = self._outcome(command, exchange, exchange.state, exchange.reason)
        if exchange.state in OVER:
            self._running.pop(command.mn, None)
            self._finish(command, outcome)
            return
        try:
            self._files.tell(outcome)
        except OSError:
            # the disk is full: told again at the next step
            del self._told[command.id]

    def _outcome(self, command: FieldCommand, exchange: Exchange, state: str, reason: str) -> Outcome:
        received = [message.raw.decode("utf-8", "backslashreplace") for message in exchange.received[-100:]]
        return Outcome(
            command.id, command.mn, command.cn, state, reason, exchange.qn, exchange.sent_times, received, self._gateway.now_ms()
        )  # fmt: skip

    def _finish(self, command: FieldCommand, outcome: Outcome) -> None:
        self._told.pop(command.id, None)
        self._gateway.metrics.add("commands_total", label=outcome.state)
        self._unwritten.append(outcome)
        self._write_outcomes()

    def _write_outcomes(self) -> None:
        """Writes the outcomes that a full disk kept back."""
        try:
            while self._unwritten:
                self._files.finish(self._unwritten[0], self._gateway.worker)
                del self._unwritten[0]
        except OSError:
            self._gateway.metrics.set("storage_failing", 1)
