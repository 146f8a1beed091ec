"""Statements of the ORM compiled once and run many times.

On a page of some two hundred figures the ORM takes longer to write a statement than the database to answer it. A statement is
compiled from a scoped query set for one reach, place and moment, and kept as text: no row is ever kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

#: A statement and its parameters.
Statement = tuple[str, tuple[Any, ...]]


class Reach(NamedTuple):
    """What of a person decides what may be read, as something that can be a key."""

    is_authenticated: bool
    sees_all: bool
    own_subject_ids: frozenset[int]


def reach_of(user: Any) -> Reach:
    """The reach of ``user``."""
    return Reach(user.is_authenticated, user.sees_all, frozenset() if user.sees_all else user.own_subject_ids)


def compiled(queryset: Any) -> Statement:
    """The statement of a query set; a scoped one must have been told its reader or its reason."""
    if hasattr(queryset, "_require_scope"):
        queryset._require_scope()
    # an empty list that is looked for is a statement without rows, not an error
    sql, parameters = queryset.query.get_compiler(connection.alias, elide_empty=False).as_sql()
    return sql, tuple(parameters)


def union(*statements: Statement) -> Statement:
    """Several statements with the same columns as one."""
    return " UNION ALL ".join(sql for sql, _ in statements), tuple(part for _, parameters in statements for part in parameters)


def rows(statement: Statement) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them."""
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return list(cursor.fetchall())
