"""Values as the driver gives them: text and integers, no model made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.functions import Cast

_BOOLEANS = {"demonstration", "recalled", "public"}


def raw_values(queryset: Any, fields: Sequence[str], chunk: int = 5000) -> Iterator[tuple[Any, ...]]:
    """``fields`` of the values in ``queryset`` (scoped); booleans as 0 and 1, all else as stored."""
    queryset._require_scope()
    casts = {f"{name}_bit": Cast(name, models.IntegerField()) for name in fields if name.rpartition("__")[2] in _BOOLEANS}
    names = [f"{name}_bit" if f"{name}_bit" in casts else name for name in fields]
    try:
        sql, params = queryset.order_by().annotate(**casts).values_list(*names).query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking: an empty list was looked for
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(chunk):
            yield from rows
