"""The sealer lays the chain: one step at a time over committed entries, without any writer waiting.

A step takes the next settled entries after the last block in the order of their ids (:mod:`audit.settled`), computes, and inserts one block
whose number is the head's plus one. The number is the primary key: of two sealers at once one lays it, the other lays nothing. Then the
head goes to the anchors file. A sealer killed between the two leaves a block without an anchor, which the next step appends. When the
file knows a later or another head than the database, the step refuses: a chain laid on would contradict what was anchored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from django.db import Error, IntegrityError, connection, transaction

from shuangkong.apps.audit import anchors
from shuangkong.apps.audit.chain import BEGINNING, ENTRY_FIELDS, block_sm3, leaves_text
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.settled import settled_up_to
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import ShuangkongError

ENTRIES_PER_BLOCK = 1000
REST_SECONDS = 1.0

log = logging.getLogger(__name__)


class ChainConflict(ShuangkongError):
    """The anchors file contradicts the database: a block is missing or has another head."""


def newest_block() -> Block | None:
    """The head of the chain (without its leaves)."""
    return Block.objects.defer("leaves").order_by("-number").first()


def _refuse_conflict(head: Block | None, newest: anchors.Anchor | None) -> None:
    number = head.number if head else 0
    if newest is None or (newest.number < number and newest == _anchored(newest.number)):
        return
    if head is None or newest != anchors.Anchor.of(head):
        raise ChainConflict(
            f"数据库的链头是第{number}块，锚文件最新为第{newest.number}块，两者不合",
            where="封存审计链",
            why="数据库可能恢复了旧备份，或链被截去、改写",
            do="先运行 shuangkong audit verify；如确为恢复备份，将锚文件改名留存，封存会另起新文件",
        )


def _anchored(number: int) -> anchors.Anchor | None:
    block = Block.objects.defer("leaves").filter(number=number).first()
    return anchors.Anchor.of(block) if block else None


def _anchor_missing(path: Path) -> bool:
    """Append the heads that the file lacks. Returns whether there were any."""
    newest = anchors.newest(path)  # before the head: another sealer may lay and anchor a block in between
    _refuse_conflict(newest_block(), newest)
    after = newest.number if newest else 0
    lacking = list(Block.objects.defer("leaves").filter(number__gt=after).order_by("number"))
    if lacking:
        anchors.append(path, lacking)
    return bool(lacking)


def _next_block() -> Block | None:
    head = newest_block()
    last, settled = head.last if head else 0, settled_up_to(connection)
    taken = Entry.objects.filter(id__gt=last, id__lte=settled).order_by("id")
    rows = list(taken.values_list(*ENTRY_FIELDS)[:ENTRIES_PER_BLOCK])
    if not rows:
        return None
    block = Block(
        number=head.number + 1 if head else 1,
        previous=head.sm3 if head else BEGINNING,
        leaves=leaves_text(rows),
        count=len(rows),
        first=rows[0][0],
        last=rows[-1][0],
    )
    block.root = sm3_hex(block.leaves.encode())
    block.sm3 = block_sm3(block.previous, block.root, block.count, block.first, block.last)
    return block


def _lay(block: Block) -> bool:
    try:
        with transaction.atomic():
            block.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def seal_step(anchors_path: Path) -> bool:
    """Lay and anchor at most one block. Returns whether this call laid or anchored anything.

    Raises:
        ChainConflict: when the anchors file contradicts the database.
        TransactionManagementError: inside a transaction, where entries are seen that may yet be rolled back.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("seal_step() stands outside transactions")
    anchored = _anchor_missing(anchors_path)
    block = _next_block()
    if block is None or not _lay(block):
        return anchored
    _anchor_missing(anchors_path)
    return True


def seal_until(stopped: Callable[[], bool], anchors_path: Path, rest: Callable[[float], None] = time.sleep) -> None:
    """The loop of the one sealer: step while there is work, rest a second when there is none, live through a database that is away."""
    while not stopped():
        try:
            worked = seal_step(anchors_path)
        except Error as error:
            log.warning("audit seal: %s", error)
            connection.close()
            worked = False
        if not worked:
            rest(REST_SECONDS)
