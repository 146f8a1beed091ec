"""The anchors file: each block head, outside the database. It is append-only text in ASCII, one line for a block::

    shuangkong-anchor-1 NUMBER HEAD COUNT FIRST LAST SEALED_AT

NUMBER counts blocks from 1, HEAD is the block's SM3, COUNT the number of its entries, FIRST and LAST their ids, SEALED_AT UTC. A line torn
by a crash is repeated whole on the next line. A block may stand twice; it must then say the same. Copy the file (or the newest line of
``shuangkong audit anchors``) to where who can write the database cannot: that is what a rewritten chain is held against.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shuangkong.apps.audit.chain import moment_text
from shuangkong.apps.audit.models import Block

MARK = "shuangkong-anchor-1"
TAIL_BYTES = 4096
"""More than any few lines."""


@dataclass(frozen=True)
class Anchor:
    """One anchored block head."""

    number: int
    head: str
    count: int
    first: int
    last: int
    sealed_at: str

    @classmethod
    def of(cls, block: Block) -> Anchor:
        """What is to be anchored of ``block``."""
        return cls(block.number, block.sm3, block.count, block.first, block.last, moment_text(block.sealed_at))

    @classmethod
    def parse(cls, line: str) -> Anchor:
        """The anchor of a line. Raises ValueError when it is none."""
        mark, number, head, count, first, last, sealed_at = line.split(" ")
        if mark != MARK or len(head) != 64 or not sealed_at.endswith("Z"):
            raise ValueError(line)
        return cls(int(number), head, int(count), int(first), int(last), sealed_at)

    def line(self) -> str:
        """The line of the file, without its end."""
        return f"{MARK} {self.number} {self.head} {self.count} {self.first} {self.last} {self.sealed_at}"


@dataclass(frozen=True)
class Anchors:
    """A read file: the anchors by block number, the numbers of unreadable lines, and blocks that stand with two different heads."""

    by_number: dict[int, Anchor]
    unreadable: tuple[int, ...] = ()
    contradictory: tuple[int, ...] = ()

    @property
    def newest(self) -> Anchor | None:
        """The highest block."""
        return self.by_number[max(self.by_number)] if self.by_number else None


def _parse(lines: list[str]) -> Anchors:
    found: dict[int, Anchor] = {}
    unreadable, contradictory = [], []
    for position, line in enumerate(lines):
        try:
            anchor = Anchor.parse(line)
        except ValueError:
            torn = position + 1 == len(lines) or lines[position + 1].startswith(line)
            if not torn or not f"{MARK} ".startswith(line[: len(MARK) + 1]):
                unreadable.append(position + 1)
            continue
        if found.setdefault(anchor.number, anchor) != anchor:
            contradictory.append(anchor.number)
    return Anchors(found, tuple(unreadable), tuple(contradictory))


def read(path: Path) -> Anchors:
    """Read the file; an absent one has no anchors."""
    return _parse(path.read_text("ascii", "replace").splitlines()) if path.exists() else Anchors({})


def newest(path: Path) -> Anchor | None:
    """The last anchor of the file, read from its end."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode("ascii", "replace").splitlines()
    for line in reversed(lines):
        try:
            return Anchor.parse(line)
        except ValueError:
            continue
    return None


def append(path: Path, blocks: Iterable[Block]) -> None:
    """Append the heads of ``blocks`` and wait until the disk has them. One process at a time; readers never wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = "".join(f"{Anchor.of(block).line()}\n" for block in blocks)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            text = text if file.read(1) == b"\n" else f"\n{text}"
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
