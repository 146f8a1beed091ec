"""Working days: the holidays that the calendar library knows, laid over by the days that people enter from the published notice.

Of a year that is neither known nor entered only the weekends count, and a deadline in it says so (:meth:`Workdays.note`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
from django.utils.translation import gettext as _

from shuangkong.apps.desk.models import Workday, WorkdayYear

_SATURDAY = 5
#: Another process sees an entered day after so many seconds at the latest.
KEPT_SECONDS = 5.0


@lru_cache(maxsize=64)
def known_to_library(year: int) -> bool:
    """Whether the library holds the published holidays of a year."""
    try:
        chinese_calendar.is_workday(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=8192)
def _by_library(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day)) if known_to_library(day.year) else day.weekday() < _SATURDAY


@dataclass(frozen=True)
class Workdays:
    """The calendar at one moment: ``changed`` are the days entered by people, ``entered`` the years that they entered whole."""

    changed: Mapping[date, bool]
    entered: frozenset[int]

    def works(self, day: date) -> bool:
        """Whether one works on a day."""
        known = self.changed.get(day)
        return _by_library(day) if known is None else known

    def published(self, year: int) -> bool:
        """Whether the holidays of a year are known."""
        return year in self.entered or known_to_library(year)

    def after(self, day: date, days: int) -> date:
        """The ``days``-th working day after ``day`` (0: the day itself)."""
        while days:
            day += timedelta(days=1)
            days -= self.works(day)
        return day

    def between(self, first: date, last: date) -> int:
        """How many working days lie after ``first`` up to ``last``; negative when ``last`` lies before."""
        if last < first:
            return -self.between(last, first)
        return sum(self.works(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def note(self, *days: date) -> str:
        """节假日安排未发布, for the years of ``days`` of which that is so; else empty."""
        years = sorted({day.year for day in days if not self.published(day.year)})
        return _("{years}年节假日安排未发布，只扣除周末").format(years="、".join(map(str, years))) if years else ""

    def left(self, today: date, due_on: date) -> str:
        """A deadline in words: 剩3个工作日, 今天到期, 超2个工作日, with the note where a year is not published."""
        if due_on == today:
            words = _("今天到期")
        elif due_on > today:
            words = _("剩{n}个工作日").format(n=self.between(today, due_on))
        else:
            words = _("超{n}个工作日").format(n=self.between(due_on, today))
        note = self.note(due_on) if due_on > today else ""
        return f"{words}（{note}）" if note else words


_kept: tuple[float, Workdays] | None = None


def workdays() -> Workdays:
    """The calendar as entered now; kept for some seconds, since deadlines are counted by the thousand."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > KEPT_SECONDS:
        entered = frozenset(WorkdayYear.objects.values_list("year", flat=True))
        _kept = (now, Workdays(dict(Workday.objects.values_list("day", "works")), entered))
    return _kept[1]


def forget() -> None:
    """What was kept is read anew."""
    global _kept
    _kept = None
