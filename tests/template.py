"""The migrated database that ``make test`` makes once; each process of the tests takes a copy instead of migrating by itself."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

VARIABLE = "SHUANGKONG_TEST_TEMPLATE"
"""Names a SQLite file, or a database on the tests' PostgreSQL server."""


def migrated_file() -> Path | None:
    """The migrated SQLite file; None where there is none, and one migrates by oneself."""
    path = Path(os.environ.get(VARIABLE, ""))
    return path if path.is_file() else None


def fill(connection: Any, path: Path) -> None:
    """Copies the file into a SQLite database that is still empty."""
    if not connection.introspection.table_names():
        with closing(sqlite3.connect(path)) as migrated:
            migrated.backup(connection.connection)
