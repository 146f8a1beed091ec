"""The log and its chain are written once. On PostgreSQL each writer announces from which id on it writes (see :mod:`audit.settled`)."""

from __future__ import annotations

from shuangkong.apps.audit.settled import ANNOUNCE
from shuangkong.apps.audit.triggers import Guard

GUARDS = (
    Guard("audit_entry", before_insert=ANNOUNCE),
    Guard("audit_block"),
)
