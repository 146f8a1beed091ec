"""SM3 and canonical text: the only hash of the platform."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives import hashes

_ALGORITHM = hashes.SM3()
_EMPTY = hashes.Hash(_ALGORITHM)


def sm3_hex(content: bytes) -> str:
    """The SM3 (GB/T 32905-2016) of ``content``, 64 hexadecimal digits. It comes from ``cryptography``, which carries its own OpenSSL."""
    return _sm3(content).hex()


def _sm3(content: bytes) -> bytes:
    digest = _EMPTY.copy()  # quicker than beginning anew
    digest.update(content)
    return digest.finalize()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no blanks, decimals and dates as text, no floats."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain, allow_nan=False)


def rows_root(lines: Iterable[str]) -> str:
    """The SM3 over the SM3 of each line, in order: changes, cuts, insertions and reordering show."""
    digest = hashes.Hash(_ALGORITHM)
    for line in lines:
        digest.update(_sm3(line.encode()))
    return digest.finalize().hex()
