"""Reads of the log: the page's list with its filters, one entry, the state of its block, the chain's head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.words import action_words, field_words, kind_words

PAGE_ROWS = 50
"""The most entries of one page."""


@dataclass(frozen=True)
class Filters:
    """What the address asks for: who, what, from when to when (civil days, both inclusive), which object."""

    who: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None
    kind: str = ""
    id: str = ""
    before: int | None = None
    """Only entries older than this id: the next page."""


@dataclass
class Line:
    """One entry with its block, None while it waits."""

    entry: Entry
    block: Block | None

    @cached_property
    def said(self) -> dict[str, Any]:
        """The payload."""
        return json.loads(self.entry.payload)

    @property
    def words(self) -> str:
        """What was done, in Chinese."""
        return action_words(self.entry.action)

    @property
    def target_words(self) -> str:
        """The kind of the object, in Chinese."""
        return kind_words(self.entry.target_kind)

    @property
    def origin(self) -> str:
        """From where."""
        return self.said.get("origin", "")

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Field in words, before, after; None where it was not."""
        before, after = self.said.get("before") or {}, self.said.get("after") or {}
        return [(field_words(field), before.get(field), after.get(field)) for field in sorted({*before, *after} - {"parts"})]


@dataclass(frozen=True)
class Page:
    """At most fifty lines, newest first, and the id from which older ones begin."""

    lines: Sequence[Line]
    older_before: int | None


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


def _filtered(found: QuerySet, filters: Filters) -> QuerySet:
    conditions: dict[str, Any] = {
        "action__startswith": filters.what,
        "recorded_at__gte": filters.since and _start_of(filters.since),
        "recorded_at__lte": filters.until and _end_of(filters.until),
        "target_kind": filters.kind,
        "target_id": filters.id,
        "id__lt": filters.before,
    }
    if filters.who:
        found = found.filter(Q(actor__username=filters.who) | Q(actor__first_name=filters.who))
    return found.filter(**{name: value for name, value in conditions.items() if value})


def _with_blocks(entries: Sequence[Entry]) -> list[Line]:
    if not entries:
        return []
    ids = [entry.pk for entry in entries]
    blocks = list(Block.objects.defer("leaves").filter(last__gte=min(ids), first__lte=max(ids)))
    return [Line(entry, _block_of(entry.pk, blocks)) for entry in entries]


def _block_of(entry_id: int, blocks: Iterable[Block]) -> Block | None:
    return next((block for block in blocks if block.first <= entry_id <= block.last), None)


def entries_page(user: Any, filters: Filters) -> Page:
    """The newest entries that ``user`` may see and ``filters`` ask for. Two queries, whatever the length of the log."""
    found = _filtered(Entry.objects.visible_to(user), filters).select_related("actor").order_by("-id")
    entries = list(found[: PAGE_ROWS + 1])
    more = len(entries) > PAGE_ROWS
    lines = _with_blocks(entries[:PAGE_ROWS])
    return Page(lines, lines[-1].entry.pk if more else None)


def entry_line(user: Any, entry_id: int) -> Line | None:
    """One entry that ``user`` may see, with its block."""
    found = list(Entry.objects.visible_to(user).select_related("actor").filter(pk=entry_id))
    return _with_blocks(found)[0] if found else None


def newest_head() -> Block | None:
    """The head of the chain, as it is printed on receipts and frozen reports (without its leaves)."""
    return Block.objects.defer("leaves").order_by("-number").first()


def chain_summary() -> tuple[int, int, str]:
    """How many blocks, how many entries in them, and the head."""
    head = newest_head()
    sealed = Block.objects.aggregate(entries=Sum("count"))["entries"] or 0
    return Block.objects.count(), sealed, head.sm3 if head else ""
