"""The arithmetic of the chain: the hash of an entry, of a block's entries, and of a block. No reading, no writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from shuangkong.core.digest import canonical_json, sm3_hex

BEGINNING = "0" * 64
"""What stands before the first block."""

ENTRY_FIELDS = ("id", "recorded_at", "actor_id", "action", "target_kind", "target_id", "subject_id", "payload", "sm3")
"""The columns of an entry in the order that :func:`leaf` takes them."""


def moment_text(moment: datetime) -> str:
    """A moment as it is hashed and anchored: UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def leaf(row: Sequence[Any]) -> str:
    """The SM3 of an entry without its id, from a row of ``ENTRY_FIELDS``: all that was written and when."""
    return sm3_hex(canonical_json([moment_text(row[1]), *row[2:]]).encode())


def leaves_text(rows: Iterable[Sequence[Any]]) -> str:
    """One line ``id hash`` for each row of ``ENTRY_FIELDS``."""
    return "\n".join(f"{row[0]} {leaf(row)}" for row in rows)


def parse_leaves(text: str) -> dict[int, str]:
    """Id → hash of the entries that a block sealed. Raises ValueError when the text is no list of leaves."""
    pairs = (line.split(" ") for line in text.splitlines())
    return {int(number): digest for number, digest in pairs}


def block_sm3(previous: str, root: str, count: int, first: int, last: int) -> str:
    """``hash(previous, root, count, first, last)``: the head of the chain after this block."""
    return sm3_hex(canonical_json([previous, root, count, first, last]).encode())
