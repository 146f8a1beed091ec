"""The numbers of the rulebook that monitoring goes by (``telemetry.*``), for the installed place on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shuangkong.apps.plans.services import current_book


def rule(name: str, on: date) -> Decimal:
    """The value of ``telemetry.NAME`` in force on a day.

    Raises:
        NotInForce: no row is.
    """
    book = current_book()
    return book.at(f"telemetry.{name}", book.region, on).number


def whole(name: str, on: date) -> int:
    """The same as a whole number."""
    return int(rule(name, on))
