"""What a quality rule may look at: consecutive hours of one point, with its bounds and what is measured beside it.

An hour's value is its valid mean (a concentration) or what was consumed in it (a meter). Missing is None and never zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from ..checks.statistics import median

HOUR = timedelta(hours=1)
#: The flag of a source that does not run (停运); its hours are expected to be empty or meaningless.
STOPPED = "F"
#: Flags under which a value is measured as usual: none, and 正常.
NORMAL = ("", "N")
#: Flags that take an hour out of judgement: 维护, 故障, 校准.
EXCUSED = ("M", "D", "C")

Values = Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour. ``start`` is aware, in the civil zone of the place. ``got``, ``valid`` and ``late`` are minutes of the hour for which
    values came at all, came valid, and came too late; ``flag`` is the one under which most of the hour lies."""

    start: datetime
    value: Decimal | None = None
    flag: str = ""
    got: int = 60
    valid: int = 60
    late: int = 0

    @property
    def stopped(self) -> bool:
        """Whether the source says that it does not run."""
        return self.flag == STOPPED


@dataclass(frozen=True)
class Series:
    """The hours of a point, oldest first, one each hour without a gap; what is new begins at ``since``.

    ``load`` is the flow of the same outlet, or what the sister meters consumed; ``beside`` the other factors of the outlet by code. Both
    run hour by hour with ``hours``. ``upper`` is the limit of a standard or permit; ``least`` and ``most`` what instrument and plant can
    do.
    """

    code: str
    name: str
    unit: str
    medium: str
    role: str
    hours: tuple[Hour, ...]
    since: datetime
    upper: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    load: Values = ()
    beside: Mapping[str, Values] = field(default_factory=dict)

    @cached_property
    def values(self) -> list[Decimal | None]:
        """The values that count: measured as usual while the source ran."""
        idle = self.idle
        return [None if off or hour.flag not in NORMAL else hour.value for hour, off in zip(self.hours, idle, strict=True)]

    @cached_property
    def idle(self) -> list[bool]:
        """Whether the source stood still: it says so, or its load is under a twentieth of what is usual."""
        usual = self.usual_load
        if usual is None:
            return [hour.stopped for hour in self.hours]
        floor = usual / _TWENTY
        return [hour.stopped or (load is not None and load < floor) for hour, load in zip(self.hours, self.load, strict=True)]

    @cached_property
    def usual_load(self) -> Decimal | None:
        """The middle of the loads above zero; None where the load is not known."""
        loads = [load for load in self.load if load is not None and load > 0]
        return median(loads) if loads else None

    @cached_property
    def new(self) -> int:
        """The place of the first new hour."""
        return next((place for place, hour in enumerate(self.hours) if hour.start >= self.since), len(self.hours))

    def days(self) -> Iterator[tuple[date, int, int]]:
        """Each civil day with the places [first, last) of its hours."""
        first = 0
        for place in range(1, len(self.hours) + 1):
            if place == len(self.hours) or self.hours[place].start.date() != self.hours[first].start.date():
                yield self.hours[first].start.date(), first, place
                first = place


_TWENTY = Decimal(20)
