"""What the database itself refuses, on both engines: the triggers behind "rows are never updated".

A :class:`Guard` names a table and, for UPDATE and DELETE, the condition under which the database refuses; TRUNCATE (PostgreSQL) is always
refused. Each app lists its guards in ``guards.py`` and its ``AppConfig`` calls :func:`keep`, which lays them anew after every ``migrate``:
SQLite drops a table's triggers silently whenever Django rebuilds the table, so a migration alone would not hold them. ``shuangkong
audit verify`` reports a guard that is not there. A refusal is an ``IntegrityError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

ALWAYS = "TRUE"


@dataclass(frozen=True)
class Guard:
    """When the database refuses to change a row of ``table``: SQL over OLD and NEW that both engines read; empty refuses never."""

    table: str
    refuse_update: str = ALWAYS
    refuse_delete: str = ALWAYS
    before_insert: str = ""
    """PL/pgSQL that runs once before each INSERT statement; PostgreSQL only."""

    def name(self, event: str) -> str:
        """The trigger's name."""
        return f"{self.table}_refuses_{event.lower()}"

    def conditions(self) -> list[tuple[str, str]]:
        """Event and condition of each refusal."""
        pairs = [("UPDATE", self.refuse_update), ("DELETE", self.refuse_delete)]
        return [(event, condition) for event, condition in pairs if condition]


def changed(columns: Iterable[str]) -> str:
    """SQL that is true when an UPDATE changes one of ``columns``."""
    return "(" + " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns) + ")"


def _sqlite(guard: Guard) -> list[str]:
    return [
        f"CREATE TRIGGER {guard.name(event)} BEFORE {event} ON {guard.table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{guard.table} refuses {event}'); END"
        for event, condition in guard.conditions()
    ]


def _postgresql_function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {body} END $guard$"


def _postgresql(guard: Guard) -> list[str]:
    statements = []
    for event, condition in guard.conditions():
        name, kept = guard.name(event), "NEW" if event == "UPDATE" else "OLD"
        refusal = f"RAISE EXCEPTION '{guard.table} refuses {event}' USING ERRCODE = 'restrict_violation'"
        statements += [
            _postgresql_function(name, f"IF {condition} THEN {refusal}; END IF; RETURN {kept};"),
            f"CREATE TRIGGER {name} BEFORE {event} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    name = guard.name("TRUNCATE")
    refusal = f"RAISE EXCEPTION '{guard.table} refuses TRUNCATE' USING ERRCODE = 'restrict_violation';"
    statements += [
        _postgresql_function(name, refusal),
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {guard.table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]
    if guard.before_insert:
        name = f"{guard.table}_before_insert"
        statements += [
            _postgresql_function(name, guard.before_insert),
            f"CREATE TRIGGER {name} BEFORE INSERT ON {guard.table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ]
    return statements


def names(guard: Guard, vendor: str) -> set[str]:
    """The triggers that must be there."""
    found = {guard.name(event) for event, _ in guard.conditions()}
    if vendor == "postgresql":
        found.add(guard.name("TRUNCATE"))
        if guard.before_insert:
            found.add(f"{guard.table}_before_insert")
    return found


def present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Name and definition of all triggers in the database that are switched on."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
                "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND n.nspname = current_schema()"
            )
        return dict(cursor.fetchall())


def missing(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> list[str]:
    """Triggers of ``guards`` that are absent, switched off, or no longer what :func:`lay` writes."""
    there = present(connection)
    if connection.vendor == "sqlite":
        written = {guard.name(event): sql for guard in guards for (event, _), sql in zip(guard.conditions(), _sqlite(guard), strict=True)}
        return sorted(name for name, sql in written.items() if there.get(name) != sql)
    texts = [sql for guard in guards for sql in _postgresql(guard)]
    wanted = {name for guard in guards for name in names(guard, connection.vendor)}
    return sorted(name for name in wanted if name not in there or not any(there[name] in sql for sql in texts))


def drop(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> None:
    """Take the triggers away. Migrations that must rewrite guarded rows and the flush of tests do; nothing else."""
    with connection.cursor() as cursor:
        for guard in guards:
            for name in sorted(names(guard, connection.vendor)):
                on_table = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def lay(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> None:
    """Lay the triggers of all guarded tables that exist, replacing what is there."""
    tables = set(connection.introspection.table_names())
    standing = [guard for guard in guards if guard.table in tables]
    drop(connection, standing)
    statements = _sqlite if connection.vendor == "sqlite" else _postgresql
    with connection.cursor() as cursor:
        for guard in standing:
            for statement in statements(guard):
                cursor.execute(statement)


def _after_migrate(guards: Sequence[Guard], using: str, **_: Any) -> None:
    lay(connections[using], guards)


def keep(app: AppConfig, guards: Sequence[Guard]) -> None:
    """Lay ``guards`` after every ``migrate`` of ``app``; called once from its ``ready``."""
    post_migrate.connect(partial(_after_migrate, guards), sender=app, weak=False, dispatch_uid=f"{app.label}.guards")
