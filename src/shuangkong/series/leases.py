"""Leases: a reader holds the generation that it reads, so that no file of it is deleted under its hands.

A lease is a shared lock on a file; the system gives it back when its process ends, however it ends.  Who deletes asks for the lock
alone: where it gets it, nobody reads.  The *gate* keeps a reader that has seen the catalogue and not yet taken its lease apart from
one who deletes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

_GATE, _OWN = "gate", "spill-"
Seen = TypeVar("Seen")


class Lease:
    """A generation held; given back by ``close``."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def close(self) -> None:
        """Gives the generation back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def take(folder: Path, look: Callable[[], tuple[int, Seen]]) -> tuple[Lease, Seen]:
    """Looks at the catalogue (generation, and what is seen) and holds that generation."""
    with _gate(folder, fcntl.LOCK_SH):
        generation, seen = look()
        handle = _open(folder / f"{generation:012d}")
        fcntl.flock(handle, fcntl.LOCK_SH)
    return Lease(handle), seen


@contextmanager
def oldest_held(folder: Path, generation: int) -> Iterator[int]:
    """The oldest generation that a reader holds, at most *generation*; while this lasts no reader comes in."""
    with _gate(folder, fcntl.LOCK_EX):
        oldest = generation
        for path in sorted(folder.glob("[0-9]*")):
            if _is_free(path):
                path.unlink()
            else:
                oldest = min(oldest, int(path.name))
        yield oldest


def own_folder(parent: Path) -> tuple[Path, Lease]:
    """A folder of its own below *parent*, held until the lease is given back; those that a kill left are deleted."""
    with _gate(parent, fcntl.LOCK_EX):
        for path in parent.glob(f"{_OWN}*"):
            if _is_free(path):
                shutil.rmtree(path)
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=_OWN))
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_SH)
    return folder, Lease(handle)


def _is_free(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


@contextmanager
def _gate(folder: Path, how: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    handle = _open(folder / _GATE)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
