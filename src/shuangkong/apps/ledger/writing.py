"""Rows into the table as the driver takes them: many at once, no model made. Only :mod:`.services` calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

COLUMNS = (
    "batch_id", "subject_id", "county_id", "zone_id", "measure", "industry", "product", "flow", "period_kind", "period_start", "period_end",
    "quantity", "rate", "unit_filed", "filed", "price_base", "release", "comparable", "remark", "supersedes_id",
    "origin", "demonstration", "document", "known_on",
)  # fmt: skip
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)


def insert(rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts ``rows`` (in the order of :data:`COLUMNS`, quantities as integers) within the transaction of the caller."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, rows)
        else:
            places = ", ".join(["%s"] * len(COLUMNS))
            cursor.executemany(f"INSERT INTO ledger_row ({_NAMES}) VALUES ({places})", rows)


def _copy(cursor: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY ledger_row ({_NAMES}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def delete_some(batch_id: int, most: int) -> int:
    """Deletes at most ``most`` rows of a batch never applied (triggers refuse any other); answers how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_row WHERE id IN (SELECT id FROM ledger_row WHERE batch_id = %s LIMIT %s)", [batch_id, most])
        return cursor.rowcount
