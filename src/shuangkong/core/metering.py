"""Consumption from what meters send: registers that count on, or the quantity of each interval.

A meter is told by dated terms: an exchange of the meter or of its transformers ends one term and begins the next, each with its
multiplier and with the register read at that moment. A reading makes a step to the one before it in the same term; steps are what is
summed. What no step covers is missing and never zero: a period is complete only when steps cover it from edge to edge.

All moments are aware; quantities are in the meter's unit. Local months, days and hours are made once, by :func:`local_spans`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, localcontext
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from .errors import InputError
from .rounding import WORKING_DIGITS

_HOUR = timedelta(hours=1)
_ZERO = timedelta(0)

#: Registers further apart are not joined: shorter than any month, so a step lies in the month where it begins or in the next one.
LONGEST_BRIDGE = timedelta(days=28)


class MeterKind(StrEnum):
    """What a value means: the register that counts on, or the quantity of the interval that begins at its time."""

    REGISTER = "register"
    INTERVAL = "interval"


class Fault(StrEnum):
    """Why a step has no quantity."""

    DROP = "drop"
    TOO_LARGE = "too_large"
    NEGATIVE = "negative"

    @property
    def label(self) -> str:
        """As a person reads it."""
        return {"drop": "读数倒退", "too_large": "超出最大可能用量", "negative": "用量为负"}[self.value]


class Reading(NamedTuple):
    """One version of a value. ``value`` is None where the sender gave no number; ``source`` orders what was received at once."""

    time: datetime
    value: Decimal | None
    received: datetime
    source: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """From ``start`` until before ``end``: one meter with one multiplier, and its registers when it came and went, where they were read.

    Where an exchange names no register, what was used between the last reading and the exchange stays unknown.
    """

    start: datetime
    end: datetime | None = None
    multiplier: Decimal = Decimal(1)
    first_register: Decimal | None = None
    last_register: Decimal | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether it is in force at ``moment``."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Meter:
    """How values become quantities.

    ``modulus`` is the first number that the register cannot show (100000 for five digits); ``largest_per_hour`` the most that can be
    counted in an hour, in units of the register. Without both a register that falls is never taken for one that rolled over.
    """

    kind: MeterKind
    terms: tuple[Term, ...]
    modulus: Decimal | None = None
    largest_per_hour: Decimal | None = None
    interval: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        for before, after in pairwise(self.terms):
            if before.end is None or before.end > after.start:
                raise InputError("表计的两段时间重叠", why=f"{before.start:%Y-%m-%d %H:%M} 起的一段没有在下一段之前结束", do="核对换表时刻")
        if self.interval <= _ZERO:
            raise InputError("计量间隔必须大于 0", where="interval", why=f"给出的是 {self.interval}")


class Step(NamedTuple):
    """What was used from ``start`` to ``end``; ``quantity`` is None with a ``fault``."""

    start: datetime
    end: datetime
    quantity: Decimal | None
    fault: Fault | None = None


def resolve(readings: Iterable[Reading]) -> list[Reading]:
    """One reading a time, in order of time: of several the one received last, then the greater source.

    A clock that was set back sends times that it sent before: what came later prevails, so registers stay in order and nothing that
    was counted is lost.
    """
    prevailing: dict[datetime, Reading] = {}
    for reading in readings:
        standing = prevailing.get(reading.time)
        if standing is None or (reading.received, reading.source) >= (standing.received, standing.source):
            prevailing[reading.time] = reading
    return [prevailing[time] for time in sorted(prevailing)]


def steps(meter: Meter, readings: Iterable[Reading]) -> list[Step]:
    """The steps of a meter, in order of time. ``readings`` may hold several versions, in any order."""
    resolved = [reading for reading in resolve(readings) if reading.value is not None]
    make = _between_registers if meter.kind is MeterKind.REGISTER else _of_intervals
    return [step for term in meter.terms for step in make(meter, term, resolved)]


def _between_registers(meter: Meter, term: Term, readings: Sequence[Reading]) -> Iterator[Step]:
    registers = {reading.time: reading.value for reading in readings if term.holds(reading.time) and reading.value is not None}
    if term.first_register is not None:
        registers[term.start] = term.first_register
    if term.end is not None and term.last_register is not None:
        registers[term.end] = term.last_register
    for start, end in pairwise(sorted(registers)):
        if end - start <= LONGEST_BRIDGE:
            yield _register_step(meter, term, start, end, registers[end] - registers[start])


def _register_step(meter: Meter, term: Term, start: datetime, end: datetime, rise: Decimal) -> Step:
    most = _most(meter, end - start)
    if rise < 0:
        if meter.modulus is None or most is None or not 0 <= rise + meter.modulus <= most:
            return Step(start, end, None, Fault.DROP)
        rise += meter.modulus
    if most is not None and rise > most:
        return Step(start, end, None, Fault.TOO_LARGE)
    return Step(start, end, rise * term.multiplier)


def _most(meter: Meter, span: timedelta) -> Decimal | None:
    if meter.largest_per_hour is None:
        return None
    return meter.largest_per_hour * Decimal(span // timedelta(seconds=1)) / Decimal(_HOUR // timedelta(seconds=1))


def _of_intervals(meter: Meter, term: Term, readings: Sequence[Reading]) -> Iterator[Step]:
    most = _most(meter, meter.interval)
    for time, value, *_ in readings:
        if value is None or not term.holds(time):
            continue
        end = time + meter.interval
        if value < 0:
            yield Step(time, end, None, Fault.NEGATIVE)
        elif most is not None and value > most:
            yield Step(time, end, None, Fault.TOO_LARGE)
        else:
            yield Step(time, end, value * term.multiplier)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What is known of a period: the quantity of its steps, how much of its length they cover, and what is wrong.

    ``straddling`` counts the steps that reach over an edge: how much of them belongs inside is not known.
    """

    known: Decimal
    covered: timedelta
    length: timedelta
    faults: tuple[Fault, ...] = ()
    straddling: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether sound steps cover it from edge to edge."""
        return self.covered == self.length and not self.faults and not self.straddling

    @property
    def value(self) -> Decimal | None:
        """The consumption; None while something is missing."""
        return self.known if self.is_complete else None

    @property
    def why(self) -> str:
        """What is missing, in words; empty for a complete period."""
        return why_incomplete(self.length - self.covered, [(fault, self.faults.count(fault)) for fault in Fault], self.straddling)


def why_incomplete(missing: timedelta, faults: Iterable[tuple[Fault, int]], straddling: int) -> str:
    """What a period lacks, in words: time without readings, faulty steps by kind, steps over an edge."""
    parts = [f"{count}处{fault.label}" for fault, count in faults if count]
    if straddling:
        parts.append(f"{straddling}段用量跨过期初或期末，分不开")
    if missing > _ZERO:
        parts.insert(0, f"缺{_in_words(missing)}的数")
    elif missing < _ZERO:
        parts.append("有时段重复")
    return "；".join(parts)


def _in_words(span: timedelta) -> str:
    minutes = span // timedelta(minutes=1)
    days, rest = divmod(minutes, 24 * 60)
    named = [f"{count}{name}" for count, name in ((days, "天"), (rest // 60, "小时"), (rest % 60, "分钟")) if count]
    return "".join(named) or "不到1分钟"


def consumption(found: Iterable[Step], start: datetime, end: datetime) -> Consumption:
    """The consumption from ``start`` to ``end`` by the steps of one meter."""
    known, covered, faults, straddling = Decimal(0), _ZERO, [], 0
    for step in found:
        if step.end <= start or step.start >= end:
            continue
        if step.start < start or step.end > end:
            straddling += 1
        elif step.quantity is None:
            assert step.fault is not None
            faults.append(step.fault)
        else:
            known += step.quantity
            covered += step.end - step.start
    return Consumption(known, covered, end - start, tuple(faults), straddling)


def combined(parts: Sequence[tuple[Decimal, Consumption]]) -> Consumption:
    """A virtual meter: the weighted sum of meters over the same period. It covers what the worst of them covers.

    Raises:
        InputError: no meters, or periods of different length.
    """
    lengths = {part.length for _, part in parts}
    if len(lengths) != 1:
        raise InputError("虚拟表计没有可加的表计", why="没有成员，或成员的期间不同", do="为虚拟表计登记成员")
    return Consumption(
        sum((weight * part.known for weight, part in parts), Decimal(0)), min(part.covered for _, part in parts), lengths.pop(),
        tuple(fault for _, part in parts for fault in part.faults), sum(part.straddling for _, part in parts),
    )  # fmt: skip


class Span(NamedTuple):
    """A civil hour, day or month of a zone between two moments in UTC; ``code`` is 2026-11, 2026-11-26 or 2026-11-26T08+08:00."""

    code: str
    start: datetime
    end: datetime


def local_spans(zone: tzinfo, kind: str, first: date, last: date) -> list[Span]:
    """The ``month``, ``day`` or ``hour`` spans that begin on the days from ``first`` until before ``last`` (months: on their first day).

    A day on which a zone changes its clock has 23 or 25 hours.

    Raises:
        InputError: an unknown kind.
    """
    if kind not in ("month", "day", "hour"):
        raise InputError(f"“{kind}”不是期间", do="用 month、day 或 hour")
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    if kind == "month":
        return [_span(zone, f"{day:%Y-%m}", day, _next_month(day)) for day in days if day.day == 1]
    spans = [_span(zone, day.isoformat(), day, day + timedelta(days=1)) for day in days]
    return spans if kind == "day" else [hour for day in spans for hour in _hours(zone, day)]


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _span(zone: tzinfo, code: str, first: date, last: date) -> Span:
    return Span(code, midnight(zone, first), midnight(zone, last))


def midnight(zone: tzinfo, day: date) -> datetime:
    """When the civil day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _hours(zone: tzinfo, day: Span) -> Iterator[Span]:
    start = day.start
    while start < day.end:
        end = min(start + _HOUR, day.end)
        yield Span(start.astimezone(zone).isoformat(timespec="minutes").replace(":00", "", 1), start, end)
        start = end


_PERCENT = 100


def difference_percent(metered: Decimal, filed: Decimal) -> Decimal | None:
    """How far what was filed lies from what was metered, in percent of the latter: positive when more was filed.

    None where nothing was metered but something was filed: no percentage says that.
    """
    if not metered:
        return None if filed else Decimal(0)
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return (filed - metered) / abs(metered) * _PERCENT


def is_apart(metered: Decimal, filed: Decimal, most_percent: Decimal) -> bool:
    """Whether the two lie further apart than ``most_percent``; at the limit they do not."""
    found = difference_percent(metered, filed)
    return found is None or abs(found) > most_percent
