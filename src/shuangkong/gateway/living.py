"""The field of the demonstration: a handful of loggers that never end, each with a habit of its own.  All they send is 演示.

They come by the gateway's own door: what they missed while nobody listened they send afterwards, as a real logger does (RF=1), so that the
history of some days is there a few seconds after the first start.  What a logger sends for a period is a function of its seed and the
period alone: sent twice it is the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from shuangkong.gateway.simulator import PASSWORD, Logger, Report, device_name
from shuangkong.hj212 import build_frame
from shuangkong.hj212.message import CIVIL
from shuangkong.hj212.writing import flag_of
from shuangkong.series.devices import Device
from shuangkong.series.files import read_json, write_json

STATE_FILE = "demonstration-field.json"
INTERVAL_S = 30
HISTORY = timedelta(days=3)
MINUTE_HISTORY = timedelta(days=1)
_FIRST = 0xD0
_TEN_MINUTES, _HOUR = timedelta(minutes=10), timedelta(hours=1)
_CORRECTED_AT_MINUTE, _CORRECTS_EVERY_HOURS, _CORRECTION = 6, 4, 0.94
_BREATH_S = 0.01


@dataclass(frozen=True)
class Habit:
    """How a logger of the demonstration behaves.

    ``silent_hours``: hours of the civil day in which it is switched off, and the hour after which it is on again.  ``cut_every_s`` and
    ``cut_s``: how often its line is cut, and for how long.  ``stalls``: connected, but silent in each second quarter of an hour.
    ``corrects``: sends some hours again with another value.  ``absent``: registered, and never comes.
    """

    number: int
    name: str
    seed: int
    fraud: str = ""
    silent_hours: tuple[int, int] | None = None
    cut_every_s: int = 0
    cut_s: int = 0
    stalls: bool = False
    corrects: bool = False
    absent: bool = False

    @property
    def mn(self) -> str:
        """Its name in the standard."""
        return device_name(_FIRST + self.number)

    def is_off(self, moment: datetime) -> bool:
        """Whether it is switched off, or its line is cut, at a moment."""
        local = moment.astimezone(CIVIL)
        if self.silent_hours is not None and self.silent_hours[0] <= local.hour < self.silent_hours[1]:
            return True
        return bool(self.cut_every_s) and (moment.timestamp() + 97 * self.number) % self.cut_every_s < self.cut_s

    def is_lost(self, begin: datetime) -> bool:
        """Whether a period is never sent, because the logger itself was off."""
        return self.silent_hours is not None and self.silent_hours[0] <= begin.astimezone(CIVIL).hour < self.silent_hours[1]


#: The seed decides whether a plant discharges water or gas, and what is measured there.
HABITS = (
    Habit(0, "1号脱硫尾气排口（演示）", 5),
    Habit(1, "1号废水总排口（演示）", 1, silent_hours=(1, 5)),
    Habit(2, "2号窑尾排口（演示）", 2, cut_every_s=1500, cut_s=240),
    Habit(3, "2号废水总排口（演示）", 4, fraud="constant"),
    Habit(4, "3号焙烧炉排口（演示）", 10, fraud="capped"),
    Habit(5, "3号废水总排口（演示）", 7, stalls=True),
    Habit(6, "4号烟化炉排口（演示）", 0, corrects=True),
    Habit(7, "4号车间废水排口（演示）", 9, absent=True),
)


def living_devices() -> list[Device]:
    """What the registry must hold for them."""
    return [Device(habit.mn, PASSWORD, edition=2017, demonstration=True) for habit in HABITS]


def periods(step: timedelta, since: datetime, until: datetime) -> Iterator[datetime]:
    """The beginnings of the whole periods that begin at or after *since* and have ended by *until*."""
    seconds = step.total_seconds()
    begin = datetime.fromtimestamp(math.ceil(since.timestamp() / seconds) * seconds, CIVIL)
    while begin + step <= until:
        yield begin
        begin += step


class LivingLogger(Logger):
    """One of them.  ``now`` is the civil clock, handed in."""

    def __init__(self, habit: Habit, report: Report, now: Callable[[], datetime], since: datetime, told: bool = True) -> None:
        super().__init__(habit.seed, [], now(), report)
        self.habit, self.mn, self._now = habit, habit.mn, now
        self.sent_until = since
        self._heard_at: datetime | None = None
        self.plant.fraud = habit.fraud
        self._resent, self._told = False, told

    async def live(self, host: str, port: int) -> None:
        """Sends what was missed, then goes on for ever."""
        while True:
            now = self._now()
            if self.habit.is_off(now):
                self._close()
            else:
                if now - self.sent_until > _TEN_MINUTES or now.minute // 10 != self.sent_until.minute // 10:
                    await self._send_periods(self.sent_until, now, host, port)
                    self.sent_until, self._told = now, True
                if not self._stalls(now):
                    if self._heard_at is not None and self.habit.cut_every_s:
                        await self._send_instants(self._heard_at, now, host, port)
                    await self._upload("2011", self._realtime(now), now, host, port)
                    self._heard_at = now
            await asyncio.sleep(INTERVAL_S - (self._now().timestamp() - self.habit.number) % INTERVAL_S)

    def _stalls(self, now: datetime) -> bool:
        return self.habit.stalls and now.minute // 15 == 1

    async def _send_instants(self, since: datetime, now: datetime, host: str, port: int) -> None:
        """The real-time values of a line that was cut, which the logger kept."""
        self._resent = True
        at = since + timedelta(seconds=INTERVAL_S)
        while at < now - timedelta(seconds=INTERVAL_S / 2):
            await self._upload("2011", self._realtime(at), at, host, port)
            at += timedelta(seconds=INTERVAL_S)
        self._resent = False

    async def _send_periods(self, since: datetime, now: datetime, host: str, port: int) -> None:
        """The ten-minute and hour data of whole periods that ended since; late ones are marked as sent afterwards."""
        for cn, step, reach in (("2051", _TEN_MINUTES, MINUTE_HISTORY), ("2061", _HOUR, HISTORY)):
            for begin in periods(step, max(since - step, now - reach), now):
                if begin + step <= since or self.habit.is_lost(begin):
                    continue
                # what a first start tells of the days before is told in order, as if it had been sent then
                self._resent = self._told and now - begin > 2 * step
                await self._upload(cn, self.period(cn, begin), begin, host, port)
                await asyncio.sleep(_BREATH_S)
        self._resent = False
        if self.habit.corrects:
            await self._correct(since, now, host, port)

    async def _correct(self, since: datetime, now: datetime, host: str, port: int) -> None:
        for begin in periods(_HOUR, max(since, now - HISTORY) - 2 * _HOUR, now - timedelta(minutes=_CORRECTED_AT_MINUTE)):
            ends = begin + _HOUR + timedelta(minutes=_CORRECTED_AT_MINUTE)
            if ends > since and begin.hour % _CORRECTS_EVERY_HOURS == 0:
                await self._upload("2061", self.period("2061", begin, _CORRECTION), begin, host, port)

    def period(self, cn: str, begin: datetime, times: float = 1.0) -> str:
        """The data area of a period: the same whenever it is asked."""
        self._settle(f"{cn}{begin.timestamp():.0f}", begin)
        if times != 1.0:
            self.plant.drift = {code: (1 + drift) * times - 1 for code, drift in self.plant.drift.items()}
        return self.plant.period(cn, begin.astimezone(CIVIL))

    def _realtime(self, now: datetime) -> str:
        self._settle(f"2011{now.timestamp():.0f}", now)
        return self.plant.realtime(now.astimezone(CIVIL))

    def _settle(self, key: str, moment: datetime) -> None:
        """Chance and drift of a moment: slow waves of some hours and days, each factor's own."""
        self.plant.random = Random(f"{self.habit.seed} {key}")
        hours = moment.timestamp() / 3600
        waves = Random(self.habit.seed)
        self.plant.drift = {
            sensor.code: 0.14 * math.sin(hours / waves.uniform(3, 9) + waves.uniform(0, 6)) + 0.08 * math.sin(hours / waves.uniform(20, 60))
            for sensor in self.plant.sensors
        }

    def _frame(self, cn: str, cp: str, moment: datetime, fault: str) -> tuple[bytes, bool]:
        """The frame, named by the time at which it is sent."""
        flag = flag_of(2017, answer=True)
        qn = self._qn(self._now().astimezone(CIVIL))
        return build_frame(qn=qn, st=self.plant.st, cn=cn, pw=PASSWORD, mn=self.mn, flag=flag, cp=cp, resent=self._resent), False


def sent_until(root: Path, now: datetime) -> dict[str, datetime]:
    """Until when each logger of a store had sent when it was last heard of, by its MN; empty before the first start."""
    try:
        known = read_json(root / STATE_FILE) or {}
    except ValueError:
        known = {}
    return {mn: max(datetime.fromtimestamp(until_s, UTC), now - HISTORY) for mn, until_s in known.items()}


async def live(host: str, port: int, root: Path, now: Callable[[], datetime], habits: Sequence[Habit] = HABITS) -> None:
    """Runs all of them until it is cancelled; a logger whose line fails begins again."""
    report, known = Report(), sent_until(root, now())
    loggers = [
        LivingLogger(habit, report, now, known.get(habit.mn, now() - HISTORY), habit.mn in known) for habit in habits if not habit.absent
    ]
    await asyncio.gather(_remember(root, loggers), *(_keep_alive(logger, host, port) for logger in loggers))


async def _keep_alive(logger: LivingLogger, host: str, port: int) -> None:
    while True:
        with suppress(OSError):
            await logger.live(host, port)
        await asyncio.sleep(INTERVAL_S)


async def _remember(root: Path, loggers: Sequence[LivingLogger]) -> None:
    """Writes down now and then how far all have sent, so that a later start sends what lies between."""
    while True:
        await asyncio.sleep(INTERVAL_S)
        with suppress(OSError):
            write_json(root / STATE_FILE, {logger.mn: logger.sent_until.timestamp() for logger in loggers})
