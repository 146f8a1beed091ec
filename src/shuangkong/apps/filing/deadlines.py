"""When a form is due: so many calendar or working days after the end of its period.

Working days follow the published holidays of the State Council as far as the calendar's edition knows them; of an unpublished year only the
weekends count (:func:`published` says so).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from shuangkong.core.forms import Deadline

_SATURDAY = 5


def published(year: int) -> bool:
    """Whether the holidays of a year are known."""
    try:
        chinese_calendar.is_workday(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Whether one works on a day; of an unpublished year every day from Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY


@lru_cache(maxsize=4096)
def due_on(deadline: Deadline, period_end: date) -> date:
    """The last day on which a form of the period that ends before ``period_end`` is in time."""
    if deadline.counted == "calendar":
        return period_end + timedelta(days=deadline.days - 1)
    day, left = period_end - timedelta(days=1), deadline.days
    while left:
        day += timedelta(days=1)
        left -= is_workday(day)
    return day
