"""Completeness, timeliness and validity of a point over hours, days and a month: counts that add up, and the rules on them.

Hours in which the source stands still by its own flag count nowhere. Shares are of counts, so they add up over points and periods.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..book import Book
from ..checks.findings import Parameters
from ..checks.returns import percent
from .findings import Saw
from .readings import NORMAL, Hour, Series

_HUNDRED = Decimal(100)
_HOURS_A_DAY = 24
_MINUTES = 60
_FEBRUARY = 2


@dataclass(frozen=True, slots=True)
class Validity:
    """The least that makes a period valid: minutes of an hour, hours of a day, days of a month, of a February."""

    minutes: int
    hours: int
    days: int
    days_february: int

    @classmethod
    def at(cls, book: Book, region: str, on: date) -> Validity:
        """As the rulebook has it at a place on a day."""
        names = ("valid_minutes_an_hour", "valid_hours_a_day", "valid_days_a_month", "valid_days_february")
        return cls(*(int(book.at(f"telemetry.{name}", region, on).number) for name in names))

    def hour(self, hour: Hour) -> bool:
        """Whether an hour is valid: measured as usual for long enough."""
        return hour.flag in NORMAL and hour.value is not None and hour.valid >= self.minutes

    def day(self, hours: Sequence[Hour]) -> bool:
        """Whether a day is valid. Where the source stood still for some hours, the same share of the others is asked."""
        asked = [hour for hour in hours if not hour.stopped]
        return bool(asked) and sum(map(self.hour, asked)) * _HOURS_A_DAY >= self.hours * len(asked)

    def month(self, valid_days: int, month: int) -> bool:
        """Whether a month with so many valid days is valid."""
        return valid_days >= (self.days_february if month == _FEBRUARY else self.days)


@dataclass(frozen=True, slots=True)
class Rates:
    """Minutes of hours: expected, received, received in time; hours: expected and valid. They add up (``+``)."""

    expected: int = 0
    received: int = 0
    on_time: int = 0
    hours: int = 0
    valid: int = 0

    def __add__(self, other: Rates) -> Rates:
        return Rates(
            self.expected + other.expected, self.received + other.received, self.on_time + other.on_time, self.hours + other.hours,
            self.valid + other.valid,
        )  # fmt: skip

    @property
    def completeness(self) -> Decimal | None:
        """传输率 (完整率): received of what was expected; None where nothing was."""
        return _share(self.received, self.expected)

    @property
    def timeliness(self) -> Decimal | None:
        """及时率: received in time of what was received."""
        return _share(self.on_time, self.received)

    @property
    def validity(self) -> Decimal | None:
        """有效率: valid of the hours from which anything came."""
        return _share(self.valid, self.hours)

    @property
    def effective(self) -> Decimal | None:
        """有效传输率: 有效率 × 传输率."""
        if self.completeness is None or self.validity is None:
            return None if self.expected == 0 else Decimal(0)
        return self.completeness * self.validity


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def rates(hours: Iterable[Hour], validity: Validity, excused_hours: int = 0) -> Rates:
    """What hours come to. ``excused_hours``: so many flagged hours (the daily check of water analysers) count nowhere."""
    total = Rates()
    for hour in hours:
        if hour.stopped:
            continue
        if excused_hours and hour.got and hour.flag not in NORMAL:
            excused_hours -= 1
            continue
        total += Rates(_MINUTES, hour.got, hour.got - hour.late, int(hour.got > 0), int(validity.hour(hour)))
    return total


class Share(Parameters):
    """The least share of a day, in percent, and the flagged hours that count nowhere."""

    least_percent: Decimal
    excused_hours: int = 0


class ValidDay(Parameters):
    """The least valid minutes of an hour and valid hours of a day, and the flagged hours that count nowhere."""

    minutes: int
    hours: int
    excused_hours: int = 0


def incomplete_day(series: Series, parameters: Share) -> list[Saw]:
    """A day of which less than the least share came."""
    found = []
    for day, first, last, hours in _new_days(series):
        of = rates(hours, _ANY, parameters.excused_hours)
        if of.completeness is not None and of.completeness * _HUNDRED < parameters.least_percent:
            missing = sum(hour.got == 0 and not hour.stopped for hour in hours)
            line = f"{parameters.least_percent}%"
            words = f"{series.name}{day}完整率{percent(of.completeness)}，低于{line}；整小时没有数据的{missing}个。"
            found.append(Saw(first, last, words, {"应有分钟": str(of.expected), "收到分钟": str(of.received), "合格线": line}))
    return found


def late_day(series: Series, parameters: Share) -> list[Saw]:
    """A day of which too much came late."""
    found = []
    for day, first, last, hours in _new_days(series):
        of = rates(hours, _ANY)
        if of.timeliness is not None and of.timeliness * _HUNDRED < parameters.least_percent:
            words = f"{series.name}{day}及时率{percent(of.timeliness)}，低于{parameters.least_percent}%。"
            compared = {"收到分钟": str(of.received), "及时分钟": str(of.on_time), "合格线": f"{parameters.least_percent}%"}
            found.append(Saw(first, last, words, compared))
    return found


def invalid_day(series: Series, parameters: ValidDay) -> list[Saw]:
    """A day that came, and has too few valid hours all the same: faults, maintenance, values typed in by hand."""
    validity, found = Validity(parameters.minutes, parameters.hours, 0, 0), []
    for day, first, last, hours in _new_days(series):
        asked = [hour for hour in hours if not hour.stopped and hour.got]
        valid = sum(map(validity.hour, asked))
        if len(asked) == len(hours) and valid + min(parameters.excused_hours, len(hours) - valid) < parameters.hours:
            flags = "、".join(sorted({hour.flag for hour in asked if hour.flag not in NORMAL})) or "无"
            words = f"{series.name}{day}只有{valid}个有效小时，少于{parameters.hours}个；标记：{flags}。"
            found.append(Saw(first, last, words, {"有效小时": str(valid), "最少": str(parameters.hours), "标记": flags}))
    return found


#: For counts alone: whatever came is valid.
_ANY = Validity(0, 0, 0, 0)


def _new_days(series: Series) -> Iterable[tuple[date, int, int, Sequence[Hour]]]:
    """The whole civil days that ended in what is new."""
    for day, first, last in series.days():
        if last > series.new and last - first >= _HOURS_A_DAY - 1:
            yield day, first, last, series.hours[first:last]
