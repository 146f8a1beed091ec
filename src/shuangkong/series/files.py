"""Small files that one side writes and another reads: whole or not at all, on the disk before anybody is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def sync_directory(directory: Path) -> None:
    """Makes names in a directory (new, renamed, removed) survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Puts *content* in the place of *path*: a reader sees the old file or the new one, never a part.

    ``mode`` are its permissions, where they are not those of any new file.  Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_json(path: Path, content: object, mode: int | None = None) -> None:
    """An atomic JSON file.  Raises OSError."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1).encode(), mode)


def read_json(path: Path) -> Any | None:
    """The content of a JSON file; None when there is none.  Raises ValueError when it is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
