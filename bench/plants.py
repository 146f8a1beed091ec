"""Made-up key energy-using units: what an honest plant files each month, and what those file who make a year up.

The honest plants are meant to be as awkward as real ones: seasons, the spring festival, outages, whole months of standstill, steps when a
line is added, very even plants, coal weighed in tens of tonnes, electricity read through a transformer with a factor, heat settled by
contract at the same amount each month, meters that are read on the 20th, diesel in whole tonnes, people who round what they estimate.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from shuangkong.core.forms import plain
from shuangkong.core.periods import Period
from shuangkong.core.quantities import decimal_of

YEARS = 4
MONTHS = 12 * YEARS
FIRST_YEAR = 2022
ELECTRICITY = "consumption.electricity.consumed"
BOUGHT = "consumption.electricity.purchased"
VALUE = "operation.output_value.value"
MADE = "output.r1.amount"

#: kind of plant: how strong the season is, in which month it peaks, how deep the spring festival cuts, monthly noise.
KINDS = {
    "cement": (0.14, 11, 0.45, 0.06), "metal": (0.04, 6, 0.15, 0.04), "chemicals": (0.05, 3, 0.10, 0.035),
    "ceramics": (0.10, 10, 0.60, 0.07), "paper": (0.05, 9, 0.30, 0.05), "food": (0.25, 8, 0.35, 0.08),
    "water": (0.06, 7, 0.02, 0.015), "building": (0.35, 7, 0.10, 0.05),
}  # fmt: skip

Series = dict[str, list[float]]


@dataclass
class Plant:
    """What a plant files: values by address for each month, the resolution of each cell, and what the grid's meter counted."""

    kind: str
    true: Series
    step: dict[str, float]
    metered: list[float] | None
    days: list[int]
    filed: Series = field(default_factory=dict)
    made: dict[int, dict[str, str]] = field(default_factory=dict)

    def cells(self, month: int) -> dict[str, str]:
        """The return of a month (0 is the first). Figures are not changed any more after the first call."""
        if month not in self.made:
            self.made[month] = self._cells(month)
        return self.made[month]

    def _cells(self, month: int) -> dict[str, str]:
        found = {address: rounded(values[month], self.step[address]) for address, values in self.filed.items()}
        found |= {"operation.days.value": str(self.days[month])}
        if MADE in found:
            found |= {"output.r1.product": "主要产品", "output.r1.unit": "吨"}
        return found


def rounded(value: float, step: float) -> str:
    """A value as it is filed at a resolution."""
    places = max(0, -math.floor(math.log10(step)))
    return plain(decimal_of(f"{round(value / step) * step:.{places}f}"))


def period(month: int) -> Period:
    """The month as a period."""
    return Period.month(FIRST_YEAR + month // 12, month % 12 + 1)


def activity(chance: random.Random, kind: str) -> tuple[list[float], list[float]]:
    """The level of production of each month, and the share of the month that the plant ran."""
    season, peak, festival, noise = KINDS[kind]
    noise *= chance.uniform(0.5, 1.5)
    trend, wave, level = chance.gauss(0.01, 0.04) / 12, 0.0, 0.0
    stop = chance.randrange(MONTHS) if chance.random() < 0.2 else -9
    found, ran = [], []
    for month in range(MONTHS):
        wave = 0.5 * wave + chance.gauss(0, noise)
        if chance.random() < 0.008:
            level += chance.gauss(0, 0.2)
        value = level + trend * month + season * math.cos(2 * math.pi * (month % 12 + 1 - peak) / 12) + wave
        share = 1.0
        if month % 12 == 0 and chance.random() < 0.4:
            share -= festival * chance.uniform(0.2, 0.7)
        if month % 12 == 1:
            share -= festival * chance.uniform(0.5, 1.1)
        if chance.random() < 0.05:
            share -= chance.uniform(0.1, 0.7)
        share = 0.0 if stop <= month < stop + 2 else max(share, 0.05)
        length = (period(month).end - period(month).start).days / 30.4
        found.append(math.exp(value) * share * length)
        ran.append(share)
    return found, ran


def honest(chance: random.Random) -> Plant:
    """A plant that files what it measured."""
    kind = chance.choice(list(KINDS))
    level, ran = activity(chance, kind)
    size = math.exp(chance.uniform(math.log(300), math.log(60_000)))
    true: Series = {MADE: [size * each for each in level]}
    step = {MADE: chance.choice([0.01, 0.1, 1, 1])}
    _electricity(chance, true, step, size)
    _coal(chance, true, step, size)
    _small(chance, true, step, size, ran)
    price = chance.uniform(0.03, 0.6)
    prices = [price]
    for _ in range(MONTHS - 1):
        prices.append(prices[-1] * math.exp(chance.gauss(0, 0.02)))
    true[VALUE] = [made * each * math.exp(chance.gauss(0, 0.03)) for made, each in zip(true[MADE], prices, strict=True)]
    step[VALUE] = chance.choice([0.01, 0.1, 1])
    days = [round((period(month).end - period(month).start).days * ran[month]) for month in range(MONTHS)]
    plant = Plant(kind, true, step, _meter(chance, true[ELECTRICITY]), days)
    plant.filed = {address: list(values) for address, values in true.items()}
    if chance.random() < 0.15:
        _estimated(chance, plant)
    return plant


def _electricity(chance: random.Random, true: Series, step: dict[str, float], size: float) -> None:
    per, base = chance.uniform(0.004, 0.05), chance.uniform(0.05, 0.5)
    used = [per * size * (base + (1 - base) * each / size) * math.exp(chance.gauss(0, 0.015)) for each in true[MADE]]
    true[ELECTRICITY] = used
    true[BOUGHT] = list(used)
    step[ELECTRICITY] = step[BOUGHT] = chance.choice([0.0001, 0.01, 0.01, 0.06, 0.12, 1 if size > 20_000 else 0.01])


def _coal(chance: random.Random, true: Series, step: dict[str, float], size: float) -> None:
    if chance.random() < 0.35:
        return
    per, noise = chance.uniform(0.03, 0.3), chance.uniform(0.015, 0.04)
    used = [per * each * math.exp(chance.gauss(0, noise)) for each in true[MADE]]
    stock = per * size * chance.uniform(0.3, 1.2)
    bought = []
    for each in used:
        buys = max(0.0, each + (per * size - stock) * 0.5 + chance.gauss(0, 0.2 * per * size))
        stock += buys - each
        bought.append(buys)
    true["consumption.raw_coal.consumed"], true["consumption.raw_coal.purchased"] = used, bought
    step["consumption.raw_coal.consumed"] = chance.choice([0.01, 0.1, 1, 1, 10 if per * size > 2_000 else 1])
    step["consumption.raw_coal.purchased"] = 0.01


def _small(chance: random.Random, true: Series, step: dict[str, float], size: float, ran: list[float]) -> None:
    """Natural gas, diesel in small amounts, heat by contract."""
    if chance.random() < 0.4:
        per = chance.uniform(0.0005, 0.01)
        true["consumption.ng.consumed"] = [per * each * math.exp(chance.gauss(0, 0.03)) for each in true[MADE]]
        step["consumption.ng.consumed"] = chance.choice([0.0001, 0.01])
    if chance.random() < 0.5:
        per = chance.uniform(2, 40)
        true["consumption.diesel.consumed"] = [max(0.0, per * chance.gauss(1, 0.2)) for _ in range(MONTHS)]
        step["consumption.diesel.consumed"] = chance.choice([0.01, 0.1, 1])
    if chance.random() < 0.06:
        amount = round(size * chance.uniform(0.05, 0.3), 1)
        fixed = chance.random() < 0.3
        true["consumption.heat.consumed"] = [amount if fixed else amount * share * math.exp(chance.gauss(0, 0.05)) for share in ran]
        step["consumption.heat.consumed"] = 0.1


def _meter(chance: random.Random, used: list[float]) -> list[float] | None:
    """What the grid billed: three in ten plants are not connected to the platform, four in ten read some days early."""
    if chance.random() < 0.3:
        return None
    late = chance.uniform(0.03, 0.33) if chance.random() < 0.4 else 0.0
    return [((1 - late) * each + late * used[max(0, month - 1)]) * math.exp(chance.gauss(0, 0.004)) for month, each in enumerate(used)]


def _estimated(chance: random.Random, plant: Plant) -> None:
    """An honest habit that looks bad: some months of a minor energy are estimated to two digits, from the first year on."""
    minor = [address for address in plant.filed if "diesel" in address or address == "consumption.raw_coal.purchased"]
    for address in minor:
        for month in range(MONTHS):
            if chance.random() < 0.3:
                plant.filed[address][month] = _digits(plant.filed[address][month], 2)


def _digits(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


# ---- those who make a year up -------------------------------------------------------------------------------------------------------

#: From a cell's months of last year and what this year truly was, to what is filed.
Forger = Callable[[list[float], list[float]], list[float]]


def copied(chance: random.Random) -> Forger:
    """Last year's months: as they are, times a factor, or times a factor with a little noise."""
    way, factor, noise = chance.choice(["same", "factor", "noise"]), chance.uniform(0.95, 1.06), chance.uniform(0.003, 0.01)

    def forge(last: list[float], this: list[float]) -> list[float]:
        if way == "same":
            return list(last)
        return [value * factor * (math.exp(chance.gauss(0, noise)) if way == "noise" else 1) for value in last]

    return forge


def smoothed(chance: random.Random) -> Forger:
    """The year's total spread over the months with a little noise, or a running mean of five months."""
    spread, noise = chance.random() < 0.5, chance.uniform(0.003, 0.02)

    def forge(last: list[float], this: list[float]) -> list[float]:
        if spread:
            return [sum(this) / 12 * math.exp(chance.gauss(0, noise)) for _ in this]
        return [sum(this[max(0, i - 2) : i + 3]) / len(this[max(0, i - 2) : i + 3]) for i in range(len(this))]

    return forge


def rounded_off(chance: random.Random) -> Forger:
    """Every figure to two digits, or to three."""
    digits = chance.choice([2, 3])
    return lambda last, this: [_digits(value, digits) if value > 0 else 0.0 for value in this]


def capped(chance: random.Random) -> Forger:
    """What goes over a line is filed a little below it; the line lies where one to four months in ten go over it."""
    share, below = chance.uniform(0.1, 0.4), chance.uniform(0.002, 0.02)

    def forge(last: list[float], this: list[float]) -> list[float]:
        line = sorted(last + this)[int(24 * (1 - share)) - 1]
        return [value if value <= line else line * (1 - chance.uniform(0, below)) for value in this]

    return forge


WAYS = {"copied": copied, "smoothed": smoothed, "rounded": rounded_off, "capped": capped}
FORGED = (*WAYS, "mixed")


def forged(chance: random.Random, way: str) -> tuple[Plant, list[int]]:
    """A plant whose last year is made up in one way, and which months are; half of the forgers leave electricity as it is."""
    plant = honest(chance)
    last, this = slice(MONTHS - 24, MONTHS - 12), slice(MONTHS - 12, MONTHS)
    months = list(range(MONTHS - 12, MONTHS))
    if way == "mixed":
        way = chance.choice(list(WAYS))
        months = sorted(chance.sample(months, chance.randint(4, 8)))
    spared = {ELECTRICITY, BOUGHT} if chance.random() < 0.5 else set()
    forge = WAYS[way](chance)
    for address, values in plant.filed.items():
        if address in spared or (way == "capped" and "consumed" not in address):
            continue
        made_up = forge(values[last], values[this])
        for month in months:
            values[month] = made_up[month - (MONTHS - 12)]
    if BOUGHT not in spared and way == "capped":
        plant.filed[BOUGHT] = list(plant.filed[ELECTRICITY])
    return plant, months
