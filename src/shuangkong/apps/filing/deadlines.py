"""When a form is due: so many calendar days, or working days of the platform's calendar, after the end of its period."""

from __future__ import annotations

from datetime import date, timedelta

from shuangkong.apps.desk.workdays import workdays
from shuangkong.core.forms import Deadline


def due_on(deadline: Deadline, period_end: date) -> date:
    """The last day on which a form of the period that ends before ``period_end`` is in time."""
    last = period_end - timedelta(days=1)
    if deadline.counted == "calendar":
        return last + timedelta(days=deadline.days)
    return workdays().after(last, deadline.days)
