"""Forecasts (预测) of a series by the method that has been best on it, with its record, and never a point without its interval.

**Methods**, on logarithms where all values are positive, else on the values:

* ``seasonal_naive``: as in the same season a year ago;
* ``drift``: that and the mean of all changes on a year ago;
* ``ets``: level, damped trend and season by exponential smoothing (error-correction form), the weights by the least one-step
  error on a fixed grid;
* ``regression``: the change on the same season a year ago by least squares on that of a leading series (electricity), which is known
  earlier; where it is not known yet it is forecast by ``ets``.

**Record.** Rolling origin: from each of the last origins every method forecasts what came after with what was known there, the
leading series only as far as it leads. The error is Σ|actual − forecast| ÷ Σ|actual|. The method with the least error is taken, the
simpler one where they are equal.

**Interval.** From the errors of that record at each distance, by Student's t; it never narrows with the distance. Beyond the distance that
the record reaches (``tested``) it goes on widening with the square root of the distance, as a random walk does. A sum has the sum of the
ends: the errors of one forecast are taken to go together, which is on the safe side.

January and February are one season (:func:`join_january_and_february`): industry reports them together, and it takes out most of
what the moving Spring Festival does. Decimals become floats inside this module and return as decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import InputError

Floats = npt.NDArray[np.float64]

#: At most and at least so many origins make a record.
MOST_ORIGINS, FEWEST_ORIGINS = 12, 3
_SHOWN_DIGITS = 10
_MONTHS = 12

METHODS = {"seasonal_naive": "季节朴素法", "drift": "季节朴素加年均变化", "ets": "指数平滑法", "regression": "用电量回归法"}


class Point(NamedTuple):
    """A forecast value with the ends of its interval."""

    value: Decimal
    low: Decimal
    high: Decimal


class Record(NamedTuple):
    """How a method did from the past origins."""

    method: str
    label: str
    error_percent: Decimal
    origins: int


class Forecast(NamedTuple):
    """The forecast by the best method; ``records`` of all methods, the best first.

    ``beats_naive`` says whether it did better than the same season a year ago; where it did not, it is that.
    """

    method: str
    label: str
    points: tuple[Point, ...]
    level_percent: Decimal
    records: tuple[Record, ...]
    beats_naive: bool


def join_january_and_february(months: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Months from a January on as eleven seasons a year: 1–2月, 3月 … 12月. A season with a missing month is missing."""
    seasons: list[Decimal | None] = []
    for number, value in enumerate(months):
        if number % _MONTHS != 1:
            seasons.append(value)
            continue
        january = seasons[-1]
        seasons[-1] = None if january is None or value is None else january + value
    if len(months) % _MONTHS == 1:
        seasons.pop()
    return seasons


# ---- methods --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known at an origin, transformed; ``leading`` may be longer than ``values``."""

    values: Floats
    season: int
    leading: Floats | None


def _seasonal_naive(known: _Known, horizon: int) -> Floats:
    last = known.values[-known.season :]
    return np.resize(last, horizon)


def _drift(known: _Known, horizon: int) -> Floats:
    """Each year changes as all years known did on average."""
    season = known.season
    change = (known.values[season:] - known.values[:-season]).mean()
    return np.asarray(_seasonal_naive(known, horizon) + change * (1 + np.arange(horizon) // season))


_GRID = np.array(list(product((0.1, 0.3, 0.5, 0.7, 0.9), (0.0, 0.05, 0.2), (0.05, 0.2, 0.5), (0.9, 1.0))))


def _ets(known: _Known, horizon: int) -> Floats:
    return _smoothed(known.values, known.season, horizon)


def _smoothed(values: Floats, season: int, horizon: int) -> Floats:
    """Additive level, damped trend and season for every row of the grid at once; the row with the least squared error goes on."""
    alpha, beta, gamma, phi = _GRID.T
    first, second = values[:season].mean(), values[season : 2 * season].mean()
    slope = (second - first) / season
    level = np.full(len(_GRID), first - slope * (season + 1) / 2)
    trend = np.full(len(_GRID), slope)
    pattern = values[:season] - (first + slope * (np.arange(season) - (season - 1) / 2))
    seasons = np.tile(pattern, (len(_GRID), 1))
    squares = np.zeros(len(_GRID))
    for t, value in enumerate(values):
        place = t % season
        expected = level + phi * trend
        error = value - expected - seasons[:, place]
        level = expected + alpha * error
        trend = phi * trend + alpha * beta * error
        seasons[:, place] += gamma * (1 - alpha) * error * (season > 1)
        squares += error**2 * (t >= season)
    best = int(np.argmin(squares))
    steps = np.arange(1, horizon + 1)
    damped = np.cumsum(phi[best] ** steps)
    places = (len(values) + steps - 1) % season
    return np.asarray(level[best] + damped * trend[best] + seasons[best, places])


def _regression(known: _Known, horizon: int) -> Floats:
    """The change on a year ago as a + b × the leading series' change; needs ``leading``."""
    assert known.leading is not None
    size, season = len(known.values), known.season
    leading = known.leading[: size + horizon]
    beyond = size + horizon - len(leading)
    if beyond:
        leading = np.concatenate([leading, _smoothed(leading, season, beyond)])
    change, of_leading = known.values[season:] - known.values[:-season], leading[season:] - leading[:-season]
    rows = np.column_stack([np.ones(size - season), of_leading[: size - season]])
    (constant, slope), *_rest = np.linalg.lstsq(rows, change, rcond=None)
    path = list(known.values)
    for step in range(horizon):
        path.append(path[size + step - season] + constant + slope * of_leading[size + step - season])
    return np.array(path[size:])


_FUNCTIONS: dict[str, Callable[[_Known, int], Floats]] = {
    "seasonal_naive": _seasonal_naive, "drift": _drift, "ets": _ets, "regression": _regression,
}  # fmt: skip


# ---- record and choice ----------------------------------------------------------------------------------------------


class _Task:
    """A series with its transformation."""

    def __init__(
        self, values: Sequence[Decimal | None], season: int, horizon: int, leading: Sequence[Decimal | None] | None,
        tested: int | None = None,
    ) -> None:  # fmt: skip
        self.season, self.horizon = season, horizon
        self.tested = horizon if tested is None else min(tested, horizon)
        self.raw = _numbers(values, "values")
        if season <= 0 or self.tested <= 0:
            raise InputError("季节长度和预测期数必须大于 0", where="season、horizon", why=f"给出的是 {season}、{self.tested}")
        if len(self.raw) < shortest_history(season, self.tested):
            raise InputError(
                f"历史只有 {len(self.raw)} 期，不够预测 {self.tested} 期", where="values",
                why=f"至少要两轮季节、预测期数和 {FEWEST_ORIGINS} 个回测起点", do="补历史数据，或缩短预测期",
            )  # fmt: skip
        other = None if leading is None else _numbers(leading, "leading")
        if other is not None and len(other) < len(self.raw):
            raise InputError("先行指标比被预测的序列短", where="leading", why=f"{len(other)} 期对 {len(self.raw)} 期")
        self.logs = bool(np.all(self.raw > 0) and (other is None or np.all(other > 0)))
        self.values = np.log(self.raw) if self.logs else self.raw
        self.leading = None if other is None else (np.log(other) if self.logs else other)
        self.lead = 0 if other is None else len(other) - len(self.raw)

    @property
    def methods(self) -> list[str]:
        return [name for name in METHODS if name != "regression" or self.leading is not None]

    def known(self, size: int) -> _Known:
        """What was known when ``size`` values were."""
        leading = None if self.leading is None else self.leading[: size + self.lead]
        return _Known(self.values[:size], self.season, leading)

    def back(self, values: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.exp(values) if self.logs else values

    def origins(self) -> range:
        """How many values were known at each origin; from each the whole tested distance is known by now."""
        last = len(self.values) - self.tested
        return range(max(2 * self.season, self.season + 2, last - MOST_ORIGINS + 1), last + 1)

    def errors(self, method: str) -> Floats:
        """Transformed errors, one row for each origin, one column for each distance."""
        forecasts = [_FUNCTIONS[method](self.known(size), self.tested) for size in self.origins()]
        actual = [self.values[size : size + self.tested] for size in self.origins()]
        return np.array(actual) - np.array(forecasts)

    def error_percent(self, errors: Floats) -> float:
        actual = np.array([self.values[size : size + self.tested] for size in self.origins()])
        missed = np.abs(self.back(actual) - self.back(actual - errors)).sum()
        return float(100 * missed / np.abs(self.back(actual)).sum())


def shortest_history(season: int, tested: int) -> int:
    """How many values a forecast needs whose record reaches ``tested`` periods."""
    return max(2 * season + FEWEST_ORIGINS + tested - 1, season + 2 + tested + FEWEST_ORIGINS)


def _numbers(values: Sequence[Decimal | None], where: str) -> Floats:
    missing = [number + 1 for number, value in enumerate(values) if value is None]
    if missing:
        raise InputError(f"第 {missing[0]} 期缺数", where=where, why="缺的数不是 0，也不能跳过", do="补数，或从缺数之后开始")
    return np.array([float(value) for value in values if value is not None])


def _decimal(value: float) -> Decimal:
    """The one way back: ten digits, so that the last bits of a machine do not show.

    Raises:
        InputError: the forecast has left all bounds.
    """
    if not np.isfinite(value):
        raise InputError("预测超出数值范围", where="values", why="序列变化太剧烈，外推没有意义", do="核对历史数据和先行指标")
    return Decimal(format(value, f".{_SHOWN_DIGITS}g"))


def forecast(
    values: Sequence[Decimal | None], season: int, horizon: int, leading: Sequence[Decimal | None] | None = None,
    level_percent: Decimal = Decimal(80), tested: int | None = None,
) -> Forecast:  # fmt: skip
    """The next ``horizon`` values by the method with the least error from past origins, each with its interval.

    ``season``: 12 for months, 11 with January and February joined, 4 for quarters, 1 for years. ``leading`` begins with ``values``
    and may be longer. ``tested``: how far the record reaches, where that is less than the whole horizon.

    Raises:
        InputError: a missing value, too short a history, or a level that is none.
    """
    task = _Task(values, season, horizon, leading, tested)
    if not 0 < level_percent < 100:
        raise InputError("区间的置信水平必须在 0 到 100% 之间", where="level_percent", why=f"给出的是 {level_percent}")
    errors = {method: task.errors(method) for method in task.methods}
    percents = {method: task.error_percent(of) for method, of in errors.items()}
    order = sorted(percents, key=lambda method: percents[method])
    best = order[0]
    count = len(errors[best])
    records = tuple(Record(method, METHODS[method], _decimal(percents[method]), count) for method in order)
    points = _points(task, best, errors[best], level_percent)
    return Forecast(best, METHODS[best], points, level_percent, records, best != "seasonal_naive")


def _points(task: _Task, method: str, errors: Floats, level_percent: Decimal) -> tuple[Point, ...]:
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # here: each start of a command would pay for it

    middle = _FUNCTIONS[method](task.known(len(task.values)), task.horizon)
    origins = len(errors)
    spread = np.maximum.accumulate(np.sqrt((errors**2).mean(axis=0) * (1 + 1 / origins)))
    beyond = np.arange(task.tested + 1, task.horizon + 1)
    spread = np.concatenate([spread, spread[-1] * np.sqrt(beyond / task.tested)])
    reach = spread * float(stdtrit(origins - 1, 0.5 + float(level_percent) / 200))
    ends = zip(task.back(middle), task.back(middle - reach), task.back(middle + reach), strict=True)
    return tuple(Point(*map(_decimal, three)) for three in ends)


def total(known: Sequence[Decimal], points: Sequence[Point]) -> Point:
    """What is known and what is forecast together, such as a year's end; the ends add up, on the safe side."""
    base = sum(known, Decimal(0))
    return Point(*(base + sum(ends, Decimal(0)) for ends in zip(*points, strict=True))) if points else Point(base, base, base)
