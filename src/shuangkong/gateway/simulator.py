"""Simulated loggers: plausible plants that speak the standard, with faults and fraud on request.  All they send is 演示.

A logger sends a 2011 each interval, a 2051 each ten minutes and a 2061 each hour of *plant time*, waits for the answer, sends again
when none comes, and answers the commands of the host.  Plant time runs ``speed`` times as fast as the clock of the loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from shuangkong.gateway.plants import FRAUDS, Plant
from shuangkong.hj212 import Connection, Message, build_frame, build_reply
from shuangkong.hj212.catalogue import commands
from shuangkong.hj212.check import crc16_modbus
from shuangkong.hj212.framing import NeedData
from shuangkong.hj212.message import CIVIL
from shuangkong.hj212.writing import flag_of
from shuangkong.series.devices import Device

FAULTS = (
    "bad_crc", "modbus_crc", "garbage", "cut", "wrong_password", "stranger", "clock_off", "unknown_factor", "out_of_type",
    "duplicate", "disconnect", "slow",
)  # fmt: skip
"""Faults of the line and of loggers; frauds of plants are :data:`shuangkong.gateway.plants.FRAUDS`."""

PASSWORD = "123456"
_FAULTY_SHARE = 0.1
_ANSWER_S, _RESENDS = 5.0, 3
_MINUTES, _HOUR_S, _MINUTE_DATA_S = 60, 3600, 600


def device_name(index: int) -> str:
    """The MN of a simulated logger: its first half is all F, so that no real one is like it."""
    return f"FFFFFFFFFFFF{index:012X}"


def simulated_devices(count: int) -> list[Device]:
    """What the device file must hold for the loggers, marked as demonstration."""
    return [Device(device_name(index), PASSWORD, edition=2017, demonstration=True) for index in range(count)]


@dataclass
class Report:
    """What all loggers did."""

    counts: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """For the terminal."""
        words = {
            "sent": "已发送报文", "acknowledged": "已得到应答", "resent": "重发", "unanswered": "始终无应答", "commands": "收到命令",
            "reconnected": "重新连接", "failed_connections": "连接失败",
        }  # fmt: skip
        return [f"{text}：{self.counts[name]}" for name, text in words.items()] + [
            f"  故障 {name}：{self.counts[name]}" for name in FAULTS if self.counts[name]
        ]


class Logger:
    """One simulated logger."""

    def __init__(self, index: int, faults: Sequence[str], start: datetime, report: Report) -> None:
        self.random = Random(index)
        frauds = [name for name in faults if name in FRAUDS]
        self.plant = Plant(index, fraud=self.random.choice(frauds) if frauds and self.random.random() < 0.5 else "")
        self.faults = [name for name in faults if name in FAULTS]
        self.mn = device_name(index)
        self.start, self.report = start, report
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._connection = Connection()
        self._last_qn = 0

    async def run(self, host: str, port: int, minutes: float, interval_s: float, speed: float) -> None:
        """Plays *minutes* of plant time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        elapsed_s = self.random.random() * interval_s
        while elapsed_s < minutes * _MINUTES:
            await asyncio.sleep(max(began + elapsed_s / speed - loop.time(), 0))
            moment = self.start + timedelta(seconds=elapsed_s)
            await self._upload("2011", self.plant.realtime(moment), moment, host, port)
            for cn, period_s in (("2051", _MINUTE_DATA_S), ("2061", _HOUR_S)):
                if int(elapsed_s // period_s) > int((elapsed_s - interval_s) // period_s):
                    begin = self.start + timedelta(seconds=(elapsed_s // period_s - 1) * period_s)
                    await self._upload(cn, self.plant.period(cn, begin), moment, host, port)
            elapsed_s += interval_s
        self._close()

    async def _upload(self, cn: str, cp: str, moment: datetime, host: str, port: int) -> None:
        fault = self.random.choice(self.faults) if self.faults and self.random.random() < _FAULTY_SHARE else ""
        frame, hopeless = self._frame(cn, cp, moment, fault)
        if fault:
            self.report.counts[fault] += 1
        for attempt in range(_RESENDS + 1):
            if not await self._connect(host, port):
                return
            self.report.counts["resent" if attempt else "sent"] += 1
            # a frame spoilt by the line is good when it is sent again
            await (self._send(frame, "") if attempt else self._send(spoil(frame, fault, self.random), fault))
            if hopeless:
                await self._hear(frame[9:26].decode(), 0.2)
                return
            if await self._hear(frame[9:26].decode(), 0.5 if fault and not attempt else _ANSWER_S):
                self.report.counts["acknowledged"] += 1
                return
        self.report.counts["unanswered"] += 1

    def _frame(self, cn: str, cp: str, moment: datetime, fault: str) -> tuple[bytes, bool]:
        """The frame, and whether no answer is to be expected."""
        pw, mn = PASSWORD, self.mn
        if fault == "wrong_password":
            pw = "000000"
        elif fault == "stranger":
            mn = "0" * 24
        elif fault == "clock_off":
            moment -= timedelta(days=3650)
            cp = f"DataTime={moment:%Y%m%d%H%M%S};{cp.partition(';')[2]}"
        elif fault == "unknown_factor":
            cp += ";w99999-Rtd=1.0,w99999-Flag=N"
        elif fault == "out_of_type":
            cp += ";w01001-Rtd=12345.678,w01001-Flag=N"
        flag = flag_of(2017, answer=True)
        frame = build_frame(qn=self._qn(moment), st=self.plant.st, cn=cn, pw=pw, mn=mn, flag=flag, cp=cp)
        return frame, fault in ("wrong_password", "stranger")

    def _qn(self, moment: datetime) -> str:
        """A QN that rises with every frame, whatever the clock says."""
        self._last_qn = (self._last_qn + 1) % 1000
        return f"{moment:%Y%m%d%H%M%S}{self._last_qn:03d}"

    async def _connect(self, host: str, port: int) -> bool:
        if self._writer is not None and not self._writer.is_closing():
            return True
        for _ in range(_RESENDS):
            try:
                self._reader, self._writer = await asyncio.open_connection(host, port)
            except OSError:
                self.report.counts["failed_connections"] += 1
                await asyncio.sleep(1)
            else:
                self._connection = Connection()
                return True
        return False

    async def _send(self, data: bytes, fault: str) -> None:
        assert self._writer is not None
        try:
            if fault == "slow":
                for at in range(0, len(data), 50):
                    self._writer.write(data[at : at + 50])
                    await asyncio.sleep(0.02)
            else:
                self._writer.write(data)
            await self._writer.drain()
            if fault == "disconnect":
                self._close()
                self.report.counts["reconnected"] += 1
        except ConnectionError:
            self._close()

    async def _hear(self, qn: str, wait_s: float) -> bool:
        """Waits for the answer to a frame, answering commands meanwhile."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while self._reader is not None:
            while not isinstance(event := self._connection.next_event(), NeedData):
                if not isinstance(event, Message):
                    continue
                if event.cn in ("9013", "9014"):
                    if event.qn == qn:
                        return True
                else:
                    await self._obey(event)
            try:
                # not wait_for, which can lose a cancellation that comes together with the answer
                async with asyncio.timeout_at(max(deadline, loop.time() + 0.001)):
                    data = await self._reader.read(65536)
            except (TimeoutError, ConnectionError):
                return False
            if not data:
                self._close()
                return False
            self._connection.receive_data(data)
        return False

    async def _obey(self, request: Message) -> None:
        """Answers a command: ready, data where it asks for some, done."""
        self.report.counts["commands"] += 1
        answers = [build_reply(request, "9011", "QnRtn=1")]
        command = commands().get(request.cn)
        if request.cn in ("2051", "2061", "2031"):
            begin = request.content.fields.get("BeginTime")
            start = begin.replace(tzinfo=None) if isinstance(begin, datetime) else self.start.replace(tzinfo=None)
            cp = self.plant.period(request.cn, start)
            flag = flag_of(2017, answer=True)
            answers.append(build_frame(qn=self._qn(start), st=self.plant.st, cn=request.cn, pw=PASSWORD, mn=self.mn, flag=flag, cp=cp))
        if command is not None and command.from_host == "notify":
            answers = [build_reply(request, "9013")]
        else:
            answers.append(build_reply(request, "9012", "ExeRtn=1"))
        await self._send(b"".join(answers), "")

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def spoil(frame: bytes, fault: str, chance: Random) -> bytes:
    """A frame as a bad line or a wrong program would send it."""
    if fault == "bad_crc":
        return frame[:-6] + b"%04X\r\n" % (int(frame[-6:-2], 16) ^ 0x0100)
    if fault == "modbus_crc":
        return frame[:-6] + b"%04X\r\n" % crc16_modbus(frame[6:-6])
    if fault == "garbage":
        return chance.randbytes(chance.randint(1, 200)) + frame
    if fault == "cut":
        return frame[: chance.randint(1, len(frame) - 1)]
    return frame * 2 if fault == "duplicate" else frame


async def simulate(
    host: str,
    port: int,
    devices: int,
    minutes: float,
    faults: Sequence[str],
    start: datetime,
    *,
    interval_s: float = 30.0,
    speed: float = 1.0,
) -> Report:
    """Runs all loggers; *start* is the plants' first moment."""
    report = Report()
    loggers = [Logger(index, faults, start.astimezone(CIVIL), report) for index in range(devices)]
    await asyncio.gather(*(logger.run(host, port, minutes, interval_s, speed) for logger in loggers))
    return report
