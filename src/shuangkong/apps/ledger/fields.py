"""The one field for quantities and the one for ratios: exact on both engines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from shuangkong.core.quantities import from_micro, to_micro


class QuantityField(models.BigIntegerField):
    """A quantity in base units: Decimal in Python, a 64-bit integer of 10⁻⁶ base units in the database.

    SQL may only SUM and GROUP it. Overflow is refused. Django's DecimalField is a float in SQLite, so no quantity uses it.
    """

    description = "quantity in 10⁻⁶ base units"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        """The exact decimal."""
        return None if value is None else from_micro(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        """A decimal of whatever a form or a fixture gives."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))

    def get_prep_value(self, value: Any) -> int | None:
        """The stored integer; refuses what does not fit."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_micro(value if isinstance(value, Decimal) else Decimal(str(value)))


class RatioField(models.TextField):
    """A ratio, rate or intensity at full precision: Decimal in Python, text in the database."""

    description = "decimal as text"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Decimal | None:
        """The exact decimal."""
        return None if value is None else Decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        """A decimal of whatever a form or a fixture gives."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))

    def get_prep_value(self, value: Any) -> str | None:
        """Plain text without an exponent."""
        return None if value is None else format(Decimal(str(value)) if not isinstance(value, Decimal) else value, "f")
