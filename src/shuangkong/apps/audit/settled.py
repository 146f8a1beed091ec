"""Up to which id the log is settled: each lower id is committed and visible, or will never be.

Ids are handed out before their transactions end, so on PostgreSQL entry 12 may be visible while 11 is still under way. A sealer that
took 12 would pass 11 by for ever. Waiting on a lock that writers hold would make writers wait for each other. Instead each transaction
that writes entries announces, before it draws its first id, the last id drawn until then (``ANNOUNCE``, a trigger before the
statement): as the number of a *shared* advisory lock, which never waits, and which the database releases after the transaction has
become visible or is rolled back, crash included. :func:`settled_up_to` reads, in this order,

1. the last id drawn, D: whoever drew an id up to D had announced before;
2. the announcements still held, lowest A: whoever does not hold one any more is visible to each later statement;

and an id up to min(D, A) is settled for every statement that begins afterwards. Gaps of rolled-back ids are what they are: gaps. The
scheme keeps no transaction ids, so it holds across a dump and restore. A transaction that hangs delays sealing, never loses an entry.

SQLite has one writer at a time and draws ids inside its transaction: what is visible is settled.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

ANNOUNCEMENT = 0x5A4B
"""High 16 bits of the advisory lock's number; the low 48 are the id."""

_DRAWN = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM audit_entry_id_seq"

ANNOUNCE = f"""
IF COALESCE(current_setting('shuangkong.announced', true), '') = '' THEN
  PERFORM pg_advisory_xact_lock_shared(({ANNOUNCEMENT}::bigint << 48) | ({_DRAWN}));
  PERFORM set_config('shuangkong.announced', 'yes', true);
END IF;
RETURN NULL;
"""

_LOWEST_ANNOUNCED = """
SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid::bigint >> 16 = %s
"""


def settled_up_to(connection: BaseDatabaseWrapper) -> int:
    """The highest id up to which nothing can appear any more; 0 when there is none."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT COALESCE(MAX(id), 0) FROM audit_entry")
            return int(cursor.fetchone()[0])
        cursor.execute(_DRAWN)
        drawn = int(cursor.fetchone()[0])
        cursor.execute(_LOWEST_ANNOUNCED, [ANNOUNCEMENT])
        announced = cursor.fetchone()[0]
    return drawn if announced is None else min(drawn, int(announced))


def drawn_ids(connection: BaseDatabaseWrapper) -> int:
    """The highest id ever drawn in this database, whether or not its entry is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'audit_entry'")
        else:
            cursor.execute(_DRAWN)
        return int(cursor.fetchone()[0])
