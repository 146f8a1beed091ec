"""Invented outlets and meters that behave as real ones do, hour by hour, and ways in which their values are spoilt or made up.

Clean ones have daily load, weekends, shutdowns (some not flagged), start-ups, automatic calibrations, maintenance, faults of instruments,
short breaks of the line, analysers that hold a value for hours, baghouses whose dust is truly steady, scrubbers with almost no SO2,
effluents at the limit of detection, NOx that is controlled close under its limit, rain, night stops, lines that stop alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

from shuangkong.core.quality import Hour, Series

CIVIL = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 9, 7, tzinfo=UTC).astimezone(CIVIL).replace(hour=0)
DAYS, WATCHED = 48, 14
HOURS = DAYS * 24
FIRST_WATCHED = (DAYS - WATCHED) * 24
HISTORY = 31 * 24


@dataclass
class Track:
    """One series as the field sends it: values and flags, whether anything came, how late, and its bounds."""

    code: str
    name: str
    unit: str
    role: str
    decimals: int
    values: list[float | None]
    flags: list[str]
    step: float = 0.0
    upper: float | None = None
    most: float | None = None
    late: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def written(self, value: float) -> Decimal:
        """The value as the instrument writes it."""
        if self.step:
            value = round(value / self.step) * self.step
        return Decimal(f"{value:.{self.decimals}f}")

    def hour(self, place: int) -> Hour:
        """The hour as the platform has it."""
        start, flag = BEGIN + timedelta(hours=place), self.flags[place]
        if place in self.gone:
            return Hour(start, None, "", 0, 0, 0)
        value = self.values[place]
        valid = 60 if flag in ("", "N") else 0
        return Hour(start, None if value is None else self.written(value), flag, 60, valid, 60 if place in self.late else 0)


@dataclass
class Outlet:
    """What belongs together: the tracks of an outlet, or the meters of an enterprise."""

    medium: str
    tracks: dict[str, Track]
    load: str = ""

    def series(self) -> Iterable[tuple[Track, Callable[[int, int], Series]]]:
        """Each track with what makes its series up to an hour, new from another."""
        hours = {code: [track.hour(place) for place in range(HOURS)] for code, track in self.tracks.items()}
        values = {code: [hour.value for hour in track] for code, track in hours.items()}
        for code, track in self.tracks.items():
            yield track, self._maker(track, hours[code], values, self._loads(code, values))

    def _loads(self, code: str, values: dict[str, list[Decimal | None]]) -> list[Decimal | None]:
        if self.medium != "energy":
            return values[self.load]
        others = [values[other] for other in values if other != code]
        return [None if None in row else sum(row, Decimal(0)) for row in zip(*others, strict=True)]  # type: ignore[arg-type]

    def _maker(
        self, track: Track, hours: list[Hour], values: dict[str, list[Decimal | None]], loads: list[Decimal | None]
    ) -> Callable[[int, int], Series]:
        def made(new: int, end: int) -> Series:
            first = max(0, end - HISTORY)
            beside = {code: other[first:end] for code, other in values.items() if code != track.code} if self.medium != "energy" else {}
            return Series(
                track.code, track.name, track.unit, self.medium, track.role, tuple(hours[first:end]), hours[new].start,
                None if track.upper is None else Decimal(str(round(track.upper, 3))), Decimal(0) if track.most else None,
                None if track.most is None else Decimal(str(round(track.most, 3))),
                () if track.code == self.load else loads[first:end], beside,
            )  # fmt: skip

        return made


def _drifting(chance: Random, spread: float, hold: float = 0.9) -> list[float]:
    """A slow wander around 1, of relative spread, hour by hour."""
    state, found = 0.0, []
    for _ in range(HOURS):
        state = hold * state + chance.gauss(0, spread * math.sqrt(1 - hold * hold))
        found.append(math.exp(state))
    return found


def _activity(chance: Random, kind: str) -> list[float]:
    """The load of a plant from 0 to about 1: continuous, by day, or by shifts with nights and weekends off."""
    wander = _drifting(chance, 0.04 if kind == "continuous" else 0.08, 0.95)
    begin, length = chance.choice((6, 7, 8)), chance.choice((9, 10, 16))
    rests = chance.random() < 0.7
    found = []
    for place in range(HOURS):
        hour, day = place % 24, place // 24
        weekend = day % 7 in (5, 6)
        if kind == "continuous":
            load = 0.95
        elif kind == "daily":
            load = 0.72 + 0.22 * math.sin(2 * math.pi * (hour - 9) / 24) - (0.12 if weekend and rests else 0)
        else:
            load = 0.0 if (hour - begin) % 24 >= length or (weekend and rests) else 0.9
        found.append(load * wander[place])
    return found


def _stops(chance: Random, load: list[float], shutdowns: int) -> set[int]:
    """Shutdowns of hours to days, with a start-up at part load after each; answers the hours of standing still."""
    still: set[int] = set()
    for _ in range(chance.randint(0, shutdowns)):
        first, length = chance.randrange(HOURS), int(chance.lognormvariate(3.2, 0.8)) + 4
        for place in range(first, min(first + length, HOURS)):
            load[place] = 0.0
            still.add(place)
        for place in range(first + length, min(first + length + 3, HOURS)):
            load[place] *= 0.45 + 0.15 * (place - first - length)
    return still


def _kept(chance: Random, tracks: Iterable[Track], still: set[int], load: list[float]) -> None:
    """Flags, calibrations, maintenance, faults and breaks of the line, as they come with every instrument."""
    flags_stops = chance.random() < 0.7
    check_hour, check_days = chance.randrange(24), chance.choice((1, 1, 7, 7, 14))
    broken = [chance.randrange(HOURS) for _ in range(_poisson(chance, DAYS / 20))]
    for track in tracks:
        for place in range(HOURS):
            track.flags[place] = "F" if flags_stops and (place in still or load[place] < 0.02) else "N"
        if track.role == "meter":
            _cut_lines(chance, [track], broken)
            continue
        for place in range(check_hour, HOURS, 24 * check_days):
            if track.flags[place] == "N":
                track.flags[place] = "C"
                track.values[place] = chance.choice((0.0, (track.upper or 10.0) * 0.8))
        for mean, most, flag in ((DAYS / 10, 4, "M"), (DAYS / 30, 12, "D")):
            for _ in range(_poisson(chance, mean)):
                first = chance.randrange(HOURS)
                for place in range(first, min(first + chance.randint(1, most), HOURS)):
                    track.flags[place] = flag
                    track.values[place] = chance.choice((None, 0.0, track.values[first]))
        _cut_lines(chance, [track], broken)


def _cut_lines(chance: Random, tracks: Iterable[Track], broken: list[int]) -> None:
    for track in tracks:
        for first in broken:
            back = first % 2
            for place in range(first, min(first + 1 + first % 3, HOURS)):
                (track.late if back else track.gone).add(place)


def _poisson(chance: Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def _track(code: str, name: str, unit: str, role: str, decimals: int, values: list[float], **more: float) -> Track:
    return Track(code, name, unit, role, decimals, list(values), ["N"] * HOURS, **more)  # type: ignore[arg-type]


def gas_outlet(chance: Random) -> Outlet:
    """A stack: flow, temperature, oxygen, SO2, NOx, dust."""
    load = _activity(chance, chance.choice(("continuous", "continuous", "daily", "shifts")))
    still = _stops(chance, load, 2)
    full, hot, air = chance.uniform(20, 120), chance.uniform(60, 160), chance.uniform(5, 11)
    noise = [_drifting(chance, spread, 0.7) for spread in (0.03, 0.02, 0.05)]
    idle = [share < 0.02 for share in load]
    flow = [full * load[h] * noise[0][h] if not idle[h] else full * 0.01 * chance.random() for h in range(HOURS)]
    heat = [25 + (hot - 25) * min(1, load[h] * 1.1) * noise[1][h] for h in range(HOURS)]
    oxygen = [20.9 - chance.random() * 0.1 if idle[h] else min(20.6, air * noise[2][h] / max(load[h], 0.4) ** 0.4) for h in range(HOURS)]
    so2_limit, nox_limit, dust_limit = chance.choice((35.0, 50.0, 100.0)), chance.choice((50.0, 100.0, 150.0)), chance.choice((10.0, 20.0))
    tracks = [
        _track("a00000", "废气", "立方米/秒", "flow", 1, flow, most=full * 1.6),
        _track("a01012", "烟气温度", "摄氏度", "condition", 1, heat),
        _track("a19001", "氧气含量", "%", "condition", 1, oxygen),
        _track("a21026", "二氧化硫", "毫克/立方米", "pollutant", chance.choice((1, 2)), _so2(chance, load, so2_limit), upper=so2_limit),
        _track("a21002", "氮氧化物", "毫克/立方米", "pollutant", chance.choice((1, 2)), _nox(chance, load, nox_limit), upper=nox_limit),
        _track("a34013", "烟尘", "毫克/立方米", "pollutant", chance.choice((0, 1, 2)), _dust(chance, load, dust_limit), upper=dust_limit),
    ]
    _kept(chance, tracks, still, load)
    return Outlet("gas", {track.code: track for track in tracks}, "a00000")


def _so2(chance: Random, load: list[float], limit: float) -> list[float]:
    if chance.random() < 0.35:
        mean = chance.uniform(0.1, 1.5)
        return [max(0.0, chance.gauss(mean, 0.5)) if load[h] > 0.02 else 0.0 for h in range(HOURS)]
    wander, level = _drifting(chance, chance.uniform(0.2, 0.45), 0.85), limit * chance.uniform(0.25, 0.6)
    return [level * wander[h] * (0.7 + 0.3 * load[h]) if load[h] > 0.02 else chance.random() for h in range(HOURS)]


def _nox(chance: Random, load: list[float], limit: float) -> list[float]:
    """Controlled to a set point under the limit; a start-up or a fault of the dosing goes over it."""
    wander, point = _drifting(chance, chance.uniform(0.03, 0.09), 0.6), limit * chance.uniform(0.72, 0.93)
    values = [point * wander[h] if load[h] > 0.02 else chance.random() * 2 for h in range(HOURS)]
    for _ in range(_poisson(chance, DAYS / 4)):
        first = chance.randrange(HOURS)
        for place in range(first, min(first + chance.randint(1, 4), HOURS)):
            if load[place] > 0.02:
                values[place] *= chance.uniform(1.05, 1.5)
    return values


def _dust(chance: Random, load: list[float], limit: float) -> list[float]:
    """A good baghouse: a few milligrams, hour after hour."""
    level, wander = limit * chance.uniform(0.1, 0.35), _drifting(chance, chance.uniform(0.03, 0.12), 0.97)
    return [level * wander[h] * (1 + chance.gauss(0, 0.02)) if load[h] > 0.02 else 0.0 for h in range(HOURS)]


def water_outlet(chance: Random) -> Outlet:
    """An effluent: flow, COD, ammonia, total phosphorus, total nitrogen, pH, temperature."""
    town = chance.random() < 0.5
    load = _activity(chance, "daily" if town else chance.choice(("continuous", "daily", "shifts", "shifts")))
    still = set() if town else _stops(chance, load, 2)
    rain = _rain(chance)
    full, noise = chance.uniform(5, 300), _drifting(chance, 0.05, 0.6)
    flow = [full * load[h] * noise[h] * (1 + (0.8 * rain[h] if town else 0.1 * rain[h])) if load[h] > 0.02 else 0.0 for h in range(HOURS)]
    nh3 = _wandering(chance, chance.lognormvariate(-1.2, 0.9), 0.35, rain)
    tn = [n + 0.9 * h for n, h in zip(_wandering(chance, chance.uniform(6, 13), 0.1, rain), nh3, strict=True)]
    cod, tp = _wandering(chance, chance.uniform(14, 40), 0.12, rain), _wandering(chance, chance.uniform(0.05, 0.4), 0.2, rain)
    heat = [24 - 3 * h / HOURS + math.sin(2 * math.pi * (h - 9) / 24) for h in range(HOURS)]
    acid = _drifting(chance, chance.uniform(0.002, 0.012), 0.97)
    ph = chance.uniform(6.8, 7.9)
    floor = chance.choice((0.0, 0.025, 0.05))
    tracks = [
        _track("w00000", "污水", "升/秒", "flow", 2, flow, most=full * 4),
        _track("w01018", "化学需氧量", "毫克/升", "pollutant", chance.choice((0, 1, 2)), cod, upper=50.0),
        _track("w21003", "氨氮", "毫克/升", "pollutant", chance.choice((2, 3)), [max(floor, value) for value in nh3], upper=5.0),
        _track("w21011", "总磷", "毫克/升", "pollutant", chance.choice((2, 3)), tp, upper=0.5),
        _track("w21001", "总氮", "毫克/升", "pollutant", chance.choice((1, 2)), tn, upper=15.0),
        _track("w01001", "pH值", "无量纲", "pollutant", 2, [ph * acid[h] for h in range(HOURS)]),
        _track("w01010", "水温", "摄氏度", "condition", 1, heat),
    ]
    held = chance.choice((1, 2, 2, 4))
    for track in tracks[1:5]:
        values = list(track.values)
        for place in range(HOURS):
            source = place - place % held
            # an analyser holds its last value between two samples, and while no water flows
            track.values[place] = track.values[place - 1] if load[place] <= 0.02 and place else values[source]
    _kept(chance, tracks, still, load)
    return Outlet("water", {track.code: track for track in tracks}, "w00000")


def _rain(chance: Random) -> list[float]:
    wet = [0.0] * HOURS
    for _ in range(_poisson(chance, DAYS / 6)):
        first, length, much = chance.randrange(HOURS), chance.randint(3, 30), chance.random()
        for place in range(first, min(first + length, HOURS)):
            wet[place] = max(wet[place], much * math.sin(math.pi * (place - first + 1) / (length + 1)))
    return wet


def _wandering(chance: Random, level: float, spread: float, rain: list[float]) -> list[float]:
    wander, noise = _drifting(chance, spread, 0.95), _drifting(chance, spread / 4, 0.3)
    return [level * wander[h] * noise[h] * (1 - 0.25 * rain[h]) for h in range(HOURS)]


def enterprise(chance: Random) -> Outlet:
    """The electricity meters of an enterprise: shops that share its shifts, with bases, a compressor, lighting, lines that stop alone."""
    kind = chance.choice(("continuous", "daily", "shifts", "shifts"))
    load = _activity(chance, kind)
    still = _stops(chance, load, 1)
    tracks = []
    for number in range(chance.randint(3, 6)):
        full, base = chance.lognormvariate(5.5, 1), chance.choice((0.01, 0.03, 0.08, 0.3))
        noise, own = _drifting(chance, chance.uniform(0.02, 0.15), 0.5), _drifting(chance, 0.08, 0.98)
        values = [full * (base + (1 - base) * load[h] * own[h] * noise[h]) for h in range(HOURS)]
        steady = chance.random() < 0.2
        if steady:
            values = [full * base * (1 + chance.gauss(0, 0.004)) + full * 0.2 * (6 <= h % 24 < 18) for h in range(HOURS)]
        for _ in range(_poisson(chance, DAYS / 40)):
            first = chance.randrange(HOURS)
            for place in range(first, min(first + chance.randint(3, 40), HOURS)):
                values[place] = full * base * (1 + chance.gauss(0, 0.03))
        step = chance.choice((0.1, 0.6, 1.2, 8.0)) if full > 60 else 0.1
        code = f"00000000330000{number:02}"
        tracks.append(_track(code, f"电力{number + 1}", "千瓦时", "meter", 1, values, step=step, most=full * 2))
    _kept(chance, tracks, still, [1.0] * HOURS)
    return Outlet("energy", {track.code: track for track in tracks})


CLEAN: dict[str, Callable[[Random], Outlet]] = {"gas": gas_outlet, "water": water_outlet, "energy": enterprise}
