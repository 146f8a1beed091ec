"""SM3 and canonical text: the only hash of the platform."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives import hashes


def sm3_hex(content: bytes) -> str:
    """The SM3 (GB/T 32905-2016) of ``content``, 64 hexadecimal digits. It comes from ``cryptography``, which carries its own OpenSSL."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no blanks, decimals and dates as text, no floats."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain, allow_nan=False)


def rows_root(lines: Iterable[str]) -> str:
    """The SM3 over the SM3 of each line, in order: changes, cuts, insertions and reordering show."""
    digest = hashes.Hash(hashes.SM3())
    for line in lines:
        digest.update(bytes.fromhex(sm3_hex(line.encode())))
    return digest.finalize().hex()
