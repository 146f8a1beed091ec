"""The check of the log against its chain, of the chain against the anchors, and of guarded rows against the entries that prove them.

Each check yields :class:`Finding`: what was found, where, since when at the earliest. A check reads while the platform works: the
anchors before the blocks, the blocks before the entries, so that nothing laid meanwhile looks like a fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shuangkong.apps.audit import triggers
from shuangkong.apps.audit.anchors import Anchor, Anchors
from shuangkong.apps.audit.chain import BEGINNING, ENTRY_FIELDS, block_sm3, leaf, moment_text, parse_leaves
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.settled import drawn_ids
from shuangkong.core.digest import sm3_hex


@dataclass(frozen=True)
class Finding:
    """Something is not as it was written. ``since`` is the moment until which it is known to have been right; ``kind`` is for programs."""

    kind: str
    what: str
    where: str
    since: str = ""

    def __str__(self) -> str:
        """One line for a person."""
        since = f"（发生在 {self.since} 之后）" if self.since else ""
        return f"{self.where}：{self.what}{since}"


@dataclass(frozen=True)
class Pending:
    """Entries that no block holds yet."""

    count: int
    since: datetime


Row = Sequence[Any]


def _payload_agrees(row: Row) -> bool:
    """Whether the columns of a row of ``ENTRY_FIELDS`` say what its payload says, and the payload has its hash."""
    _, _, actor, action, kind, target_id, subject_id, payload, digest = row
    try:
        said = json.loads(payload)
        same = [said["actor"], said["action"], said["target"], said["subject"]] == [actor, action, [kind, target_id], subject_id]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(same and sm3_hex(payload.encode()) == digest)


def _entries(first: int, last: int | None = None) -> Iterator[Row]:
    found = Entry.objects.filter(id__gte=first).order_by("id")
    if last is not None:
        found = found.filter(id__lte=last)
    return found.values_list(*ENTRY_FIELDS).iterator(chunk_size=2000)


def _entry_findings(block: Block, after: int) -> Iterator[Finding]:
    """Each entry of the block's span against the block's leaves."""
    since, where = moment_text(block.sealed_at), f"第{block.number}块"
    sealed = parse_leaves(block.leaves)
    rows = {row[0]: row for row in _entries(after + 1, block.last)}
    now = {number: leaf(row) for number, row in rows.items()}
    for number in sorted(sealed.keys() - now.keys()):
        yield Finding("entry_deleted", "审计记录被删除", f"{where}，记录{number}", since)
    for number in sorted(now.keys() - sealed.keys()):
        yield Finding("entry_inserted", "封存之后插入了审计记录", f"{where}，记录{number}", since)
    changed = [number for number in sorted(sealed.keys() & now.keys()) if sealed[number] != now[number]]
    moved = {number for number in changed if now[number] in {sealed[other] for other in changed if other != number}}
    for number in changed:
        kind, what = ("entry_reordered", "审计记录被调换次序") if number in moved else ("entry_changed", "审计记录被改动")
        yield Finding(kind, what, f"{where}，记录{number}", since)


def _block_faults(block: Block, number: int, previous: str, after: int) -> Iterator[str]:
    if block.number != number:
        yield f"前面缺第{number}–{block.number - 1}块"
    if block.previous != previous:
        yield "与前一块不相接"
    if block.sm3 != block_sm3(block.previous, block.root, block.count, block.first, block.last):
        yield "块头与其内容不合"
    if block.root != sm3_hex(block.leaves.encode()):
        yield "记录清单与根不合"
    if block.first <= after:
        yield "记录范围与前一块重叠"


def _leaves_agree(block: Block) -> bool:
    try:
        numbers = list(parse_leaves(block.leaves))
    except ValueError:
        return False
    return numbers == sorted(numbers) and [len(numbers), *numbers[:1], *numbers[-1:]] == [block.count, block.first, block.last]


def check_chain() -> Iterator[Finding]:
    """The blocks in themselves and the entries that they sealed."""
    number, previous, after = 1, BEGINNING, 0
    for block in Block.objects.order_by("number").iterator(chunk_size=50):
        where, since = f"第{block.number}块", moment_text(block.sealed_at)
        for what in _block_faults(block, number, previous, after):
            yield Finding("block_changed", what, where, since)
        if _leaves_agree(block):
            yield from _entry_findings(block, after)
        else:
            yield Finding("block_changed", "记录清单与块头的数目、首尾不合", where, since)
        number, previous, after = block.number + 1, block.sm3, max(after, block.last)


def _last_sealed() -> int:
    head = Block.objects.defer("leaves").order_by("-number").first()
    return head.last if head else 0


def check_pending() -> tuple[Pending | None, list[Finding]]:
    """Entries after the last block: how many since when, and those whose columns contradict their payload."""
    count, since, findings = 0, None, []
    for row in _entries(_last_sealed() + 1):
        count, since = count + 1, since or row[1]
        if not _payload_agrees(row):
            findings.append(Finding("entry_changed", "待封存的审计记录被改动", f"记录{row[0]}", moment_text(row[1])))
    return (Pending(count, since) if since else None), findings


def _missing_tail(newest: Anchor, head: int) -> Finding:
    """The anchors know more blocks than the database: cut off here, or the whole database is an older one (ids never drawn tell)."""
    where = f"第{head + 1}–{newest.number}块" if newest.number > head + 1 else f"第{newest.number}块"
    if drawn_ids(connection) >= newest.last:
        return Finding("tail_cut", f"链尾被截去：锚文件有到第{newest.number}块，数据库只到第{head}块", where, newest.sealed_at)
    return Finding("backup_restored", f"数据库是旧备份：锚文件有到第{newest.number}块，数据库只到第{head}块", where, newest.sealed_at)


def check_anchors(anchors: Anchors) -> Iterator[Finding]:
    """Each anchored head against the block of that number."""
    for line in anchors.unreadable:
        yield Finding("anchors_unreadable", "锚文件有一行读不懂", f"锚文件第{line}行")
    for number in anchors.contradictory:
        yield Finding("anchors_contradictory", "锚文件对同一块有两个不同的头", f"第{number}块")
    head = 0
    for block in Block.objects.defer("leaves").order_by("number").iterator(chunk_size=500):
        head = block.number
        anchor = anchors.by_number.get(head)
        if anchor and anchor != Anchor.of(block):
            what = f"链被改写：锚文件的块头是{anchor.head[:16]}…，数据库是{block.sm3[:16]}…"
            yield Finding("chain_rewritten", what, f"第{head}块", anchor.sealed_at)
    if anchors.newest and anchors.newest.number > head:
        yield _missing_tail(anchors.newest, head)
    elif head and not anchors.by_number:
        yield Finding("anchors_missing", "没有锚：整条链被改写或截去时无从知道", "锚文件")


def check_guards(guards: Sequence[triggers.Guard]) -> Iterator[Finding]:
    """Triggers that are absent, switched off or altered."""
    for name in triggers.missing(connection, guards):
        yield Finding("guard_missing", "数据库的防改触发器缺失、停用或被改；查明原因后运行 shuangkong audit guard 重建", f"触发器 {name}")


Parents = Callable[[], Iterable[tuple[int, datetime]]]


@dataclass(frozen=True)
class RowsProof:
    """How the rows of a batch or run are proved: by the root that the entry ``made`` about each row of ``kind`` in force keeps.

    ``in_force`` and ``ended`` give id and moment of those in force and of those that ended since (by an entry ``ended_by``);
    ``difference(id, after)`` says in words how the rows differ from what the entry kept, nothing when they do not.
    """

    kind: str
    noun: str
    made: str
    ended_by: str
    in_force: Parents
    ended: Parents
    difference: Callable[[int, dict[str, Any]], str]

    def check(self) -> Iterator[Finding]:
        """Each parent in force has its entry, each entry its parent, each root is what the rows give now; the same for those ended."""
        recorded: dict[int, datetime] = {}
        parents = dict(self.in_force())
        for parent_id, payload, moment in self._entries(self.made):
            recorded[parent_id] = moment
            if parent_id in parents and (words := self._difference(parent_id, payload)):
                yield Finding(f"{self.kind}.rows_changed", words, f"{self.noun}{parent_id}", moment_text(moment))
        yield from self._unproved(parents, recorded, "已生效，却没有审计记录")
        yield from self._undone(dict(self.in_force()), recorded, "记录为已生效，数据库中却没有或未生效")
        yield from self._check_ended()

    def _check_ended(self) -> Iterator[Finding]:
        if not self.ended_by:
            return
        ended = dict(self.ended())
        recorded = {parent_id: moment for parent_id, _, moment in self._entries(self.ended_by)}
        yield from self._unproved(ended, recorded, "已撤回，却没有审计记录")
        yield from self._undone(dict(self.ended()), recorded, "记录为已撤回，数据库中却未撤回")

    def _undone(self, afterwards: dict[int, datetime], recorded: dict[int, datetime], what: str) -> Iterator[Finding]:
        """Recorded and not there, read after the entries: what is done meanwhile is no fault."""
        for parent_id in sorted(recorded.keys() - afterwards.keys()):
            yield Finding(f"{self.kind}.undone", what, f"{self.noun}{parent_id}", moment_text(recorded[parent_id]))

    def _unproved(self, parents: dict[int, datetime], recorded: dict[int, datetime], what: str) -> Iterator[Finding]:
        """There and not recorded, read before the entries."""
        for parent_id in sorted(parents.keys() - recorded.keys()):
            yield Finding(f"{self.kind}.unproved", what, f"{self.noun}{parent_id}", moment_text(parents[parent_id]))

    def _entries(self, action: str) -> Iterator[tuple[int, str, datetime]]:
        found = Entry.objects.filter(action=action, target_kind=self.kind).order_by("id")
        for target_id, payload, moment in found.values_list("target_id", "payload", "recorded_at").iterator(chunk_size=100):
            yield int(target_id), payload, moment

    def _difference(self, parent_id: int, payload: str) -> str:
        try:
            return self.difference(parent_id, json.loads(payload)["after"])
        except (KeyError, TypeError, ValueError):
            return "审计记录没有可用的行根"
