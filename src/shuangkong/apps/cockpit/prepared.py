"""Statements of the ORM compiled once and run many times.

On a page of some two hundred figures the ORM takes longer to write a statement than the database to answer it. A statement is
compiled from a scoped query set for one reach, place and moment, and kept as text: no row is ever kept. PostgreSQL also keeps its
plan, which it otherwise takes as long to make as to follow.
"""

from __future__ import annotations

from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections

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


def counted(statement: Statement) -> Statement:
    """How many rows a statement has, as a statement of one row."""
    sql, parameters = statement
    return f"SELECT COUNT(*) FROM ({sql}) counted", parameters


def rows(statement: Statement) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them."""
    with _cursor() as cursor:
        cursor.execute(*statement)
        return list(cursor.fetchall())


def _cursor() -> Any:
    """As ``connection.cursor()``, logged and counted like it, around a cursor of the driver that keeps what it made ready."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    own = _kind(database.vendor)(database.connection)
    return database.make_debug_cursor(own) if database.queries_logged else database.make_cursor(own)


@cache
def _kind(vendor: str) -> type:
    return _on_postgresql() if vendor == "postgresql" else _on_sqlite()


def _on_postgresql() -> type:
    """A cursor that has the server plan a statement once for each connection."""
    from django.db.backends.postgresql.base import ServerBindingCursor

    class Planned(ServerBindingCursor):
        def __init__(self, of: Any) -> None:
            super().__init__(of)
            of.prepare_threshold = 0  # Django's own cursors put parameters into the text and are never prepared

        def execute(self, query: str, params: Any = None) -> Any:
            done = super().execute(query, params)
            self._query = SimpleNamespace(query=query.encode())  # what Django's log of statements reads
            return done

    return Planned


def _on_sqlite() -> type:
    """A cursor that puts the marks of the parameters into a statement once."""
    from django.db.backends.sqlite3.base import SQLiteCursorWrapper

    marked = lru_cache(maxsize=256)(lambda query: SQLiteCursorWrapper.convert_query(None, query))

    class Marked(SQLiteCursorWrapper):
        def convert_query(self, query: str, *, param_names: Any = None) -> str:
            return str(marked(query))

    return Marked
