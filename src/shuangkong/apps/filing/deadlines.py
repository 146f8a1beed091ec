"""When a form is due: so many calendar or working days after the end of its period, by the desk's calendar of working days."""

from __future__ import annotations

from datetime import date, timedelta

from shuangkong.apps.desk.workdays import workdays
from shuangkong.core.forms import Deadline

WORKING = "working"


def due_on(deadline: Deadline, period_end: date) -> date:
    """The last day on which a form of the period that ends before ``period_end`` is in time."""
    if deadline.counted == "calendar":
        return period_end + timedelta(days=deadline.days - 1)
    return workdays().after(period_end - timedelta(days=1), deadline.days)


def note(deadline: Deadline, period_end: date, on: date) -> str:
    """节假日安排未发布, where working days were counted through a year of which that is so; else empty."""
    return workdays().note(period_end, on) if deadline.counted == WORKING else ""
