"""Plausible plants behind simulated loggers: a state that drifts, a daily load, and values as the factor table writes them.

Nothing here is measured: whatever a plant sends is demonstration data (演示).  A plant is a pure function of its seed and the
moments asked, so a run can be repeated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import NamedTuple


class Sensor(NamedTuple):
    """One factor: usual level, relative noise, digits after the point, and whether its amount is cumulated (Cou)."""

    code: str
    level: float
    noise: float
    decimals: int
    counted: bool = False


WATER = (
    Sensor("w00000", 18.0, 0.15, 2, True), Sensor("w01001", 7.3, 0.03, 2), Sensor("w01010", 21.0, 0.04, 1),
    Sensor("w01018", 36.0, 0.20, 1, True), Sensor("w21003", 2.6, 0.30, 2, True), Sensor("w21011", 0.31, 0.30, 2, True),
    Sensor("w21001", 9.4, 0.20, 2, True), Sensor("w01012", 14.0, 0.25, 0), Sensor("w20122", 0.12, 0.4, 2, True),
    Sensor("w01014", 88.0, 0.10, 1),
)  # fmt: skip
GAS = (
    Sensor("a00000", 52.0, 0.10, 1, True), Sensor("a01011", 9.6, 0.10, 2), Sensor("a01012", 118.0, 0.05, 1),
    Sensor("a01013", 0.145, 0.30, 3), Sensor("a01014", 8.2, 0.10, 1), Sensor("a19001", 6.4, 0.08, 1),
    Sensor("a21026", 23.0, 0.30, 2, True), Sensor("a21002", 41.0, 0.20, 1, True), Sensor("a34013", 6.0, 0.40, 0, True),
    Sensor("a21005", 60.0, 0.30, 3),
)  # fmt: skip
FRAUDS = ("constant", "capped", "phantom_stop")
"""排放恒值, 持续低于限值, 停而未停: what ``--faults`` can ask of a plant."""

_SECONDS_A_DAY = 86_400
_PERIOD_S = {"2051": 600, "2061": 3600, "2031": _SECONDS_A_DAY}


@dataclass
class Plant:
    """One outlet.  ``fraud`` is one of FRAUDS or empty."""

    seed: int
    fraud: str = ""
    sensors: tuple[Sensor, ...] = ()
    drift: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.is_water = self.random.random() < 0.5
        every = WATER if self.is_water else GAS
        self.sensors = self.sensors or every[: self.random.randint(6, len(every))]
        self.drift = {sensor.code: self.random.uniform(-0.2, 0.2) for sensor in self.sensors}

    @property
    def st(self) -> str:
        """System code: water or air."""
        return "32" if self.is_water else "31"

    def value(self, sensor: Sensor, moment: datetime) -> float:
        """What the sensor reads at the moment."""
        if self.fraud == "constant":
            return sensor.level
        drift = self.drift[sensor.code] = 0.98 * self.drift[sensor.code] + self.random.gauss(0, 0.02)
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        load = 1 + 0.15 * math.sin(2 * math.pi * seconds / _SECONDS_A_DAY)
        value = sensor.level * load * (1 + drift) * (1 + self.random.gauss(0, sensor.noise / 4))
        return min(value, 0.98 * sensor.level) if self.fraud == "capped" else max(value, 0.0)

    def realtime(self, moment: datetime) -> str:
        """The data area of a 2011."""
        flag = "F" if self.fraud == "phantom_stop" else "N"
        items = [f"{sensor.code}-Rtd={self.value(sensor, moment):.{sensor.decimals}f},{sensor.code}-Flag={flag}" for sensor in self.sensors]
        return f"DataTime={moment:%Y%m%d%H%M%S};" + ";".join(items)

    def period(self, cn: str, start: datetime) -> str:
        """The data area of a 2051, 2061 or 2031 whose period begins at *start*."""
        return f"DataTime={start:%Y%m%d%H%M%S};" + ";".join(self._period_item(sensor, cn, start) for sensor in self.sensors)

    def _period_item(self, sensor: Sensor, cn: str, start: datetime) -> str:
        readings = sorted(self.value(sensor, start) for _ in range(3))
        low, mean, high = readings[0], sum(readings) / len(readings), readings[-1]
        code, places = sensor.code, sensor.decimals
        item = f"{code}-Min={low:.{places}f},{code}-Avg={mean:.{places}f},{code}-Max={high:.{places}f},{code}-Flag=N"
        if not sensor.counted:
            return item
        # flows come in L/s (water) or m³/s (gas); a mass goes with the flow of the same plant
        flow = self.sensors[0].level / (1000 if self.is_water else 1) * _PERIOD_S[cn]
        amount = flow if sensor is self.sensors[0] else mean * flow * (1e-3 if self.is_water else 1e-6)
        return f"{code}-Cou={amount:.2f},{item}"
