"""Receipts: what was submitted, with its SM3 and its place in the audit chain, to be checked years later.

The chain of proof: the cells give the round's SM3; the audit entry of the submission, written in the same transaction, holds that SM3; a
block of the chain sealed the entry; the block's head stands in the anchors file, on another machine's disk where that is set up. Whoever
holds a receipt holds the SM3 and the head too, so that even a chain rewritten from the beginning does not agree with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shuangkong.apps.audit.anchors import Anchor
from shuangkong.apps.audit.anchors import read as read_anchors
from shuangkong.apps.audit.chain import ENTRY_FIELDS, block_sm3, leaf, moment_text, parse_leaves
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.filing.models import Round
from shuangkong.apps.filing.services.submission import round_sm3
from shuangkong.core.digest import canonical_json, sm3_hex

SUBMITTED = "filing.filing.submit"
#: The form of the file; a later one gets a new word.
MARK = "shuangkong-receipt-1"


@dataclass(frozen=True)
class Fault:
    """Something does not agree: which link of the proof, and how."""

    link: str
    what: str

    def __str__(self) -> str:
        return f"{self.link}：{self.what}"


@dataclass(frozen=True)
class Receipt:
    """A round with the entry that proves it and the block that sealed the entry (none for some seconds)."""

    round: Round
    entry: Entry | None
    block: Block | None

    @property
    def number(self) -> str:
        """What stands on the paper: the round's id and the beginning of its SM3."""
        return f"{self.round.pk}-{self.round.sm3[:8].upper()}"


def receipt_of(made: Round) -> Receipt:
    """The receipt of a round that was read within the reader's scope. Two queries."""
    found = Entry.objects.filter(action=SUBMITTED, target_kind=made.filing._meta.label_lower, target_id=str(made.filing_id))
    entry = next((entry for entry in found.order_by("-id") if _after(entry).get("round") == made.number), None)
    block = Block.objects.filter(first__lte=entry.pk, last__gte=entry.pk).first() if entry else None
    return Receipt(made, entry, block)


def _after(entry: Entry) -> dict[str, Any]:
    try:
        after = json.loads(entry.payload)["after"]
    except (ValueError, KeyError, TypeError):
        return {}
    return after if isinstance(after, dict) else {}


def of_words(made: Round) -> list[Any]:
    """What the SM3 is about beside the cells, in the order in which it is hashed."""
    filing = made.filing
    return [filing.form_id, filing.edition, filing.subject.code, filing.period.code, filing.version, made.number]


def as_file(receipt: Receipt) -> dict[str, Any]:
    """The receipt as a file that checks itself: the cells, the SM3, the entry, the block."""
    made, entry, block = receipt.round, receipt.entry, receipt.block
    return {
        "receipt": MARK,
        "number": receipt.number,
        "of": of_words(made),
        "cells": made.cells,
        "sm3": made.sm3,
        "submitted_at": moment_text(made.submitted_at),
        "demonstration": made.demonstration,
        "entry": {"id": entry.pk, "sm3": entry.sm3} if entry else None,
        "block": {"number": block.number, "head": block.sm3} if block else None,
    }


# checking


def check(receipt: Receipt, held: Mapping[str, Any] | None = None, anchors: Path | None = None) -> list[Fault]:
    """Everything that does not agree between what is stored, the chain, the anchors, and the receipt that somebody holds.

    ``held`` is the receipt's file, or the SM3 (and the block's number and head) as they stand on the paper.
    """
    faults = [*_stored(receipt), *_sealed(receipt, anchors or Path(settings.ANCHORS))]
    return [*faults, *_held(receipt, held)] if held else faults


def _stored(receipt: Receipt) -> Iterator[Fault]:
    made, entry = receipt.round, receipt.entry
    if round_sm3(made.filing, made.number, made.cells) != made.sm3:
        yield Fault(_("报表内容"), _("存储的各格与其SM3不符：内容、单位、期别或轮次被改动"))
    if entry is None:
        yield Fault(_("审计记录"), _("没有这次提交的审计记录"))
        return
    if sm3_hex(entry.payload.encode()) != entry.sm3:
        yield Fault(_("审计记录"), _("记录的内容与其SM3不符"))
    if _after(entry).get("sm3") != made.sm3:
        yield Fault(_("审计记录"), _("提交时记下的SM3与现在存储的不同：报表被改动后重算过"))


def _sealed(receipt: Receipt, anchors: Path) -> Iterator[Fault]:
    entry, block = receipt.entry, receipt.block
    if entry is None or block is None:
        return
    row = Entry.objects.filter(pk=entry.pk).values_list(*ENTRY_FIELDS).first()
    if row is None or _leaves(block).get(entry.pk) != leaf(row):
        yield Fault(_("审计链"), _("封存后审计记录被改动"))
    whole = block_sm3(block.previous, block.root, block.count, block.first, block.last)
    if block.root != sm3_hex(block.leaves.encode()) or whole != block.sm3:
        yield Fault(_("审计链"), _("第{n}块与其块头不符").format(n=block.number))
    anchor = read_anchors(anchors).by_number.get(block.number)
    if anchor is not None and anchor != Anchor.of(block):
        yield Fault(_("锚文件"), _("第{n}块的块头与锚文件不同：整条链被改写").format(n=block.number))


def _leaves(block: Block) -> dict[int, str]:
    try:
        return parse_leaves(block.leaves)
    except ValueError:
        return {}


def _held(receipt: Receipt, held: Mapping[str, Any]) -> Iterator[Fault]:
    made = receipt.round
    if "cells" in held and own_sm3(held) != held.get("sm3"):
        yield Fault(_("手中的回执"), _("回执文件里的各格与它自己的SM3不符：文件被改动"))
    if str(held.get("sm3", "")).lower() != made.sm3:
        yield Fault(_("手中的回执"), _("SM3与平台存储的不同"))
    elif "cells" in held and held["cells"] != made.cells:
        yield Fault(_("手中的回执"), _("各格与平台存储的不同"))
    entry, block = _part(held, "entry"), _part(held, "block")
    if entry and (receipt.entry is None or entry.get("sm3") != receipt.entry.sm3):
        yield Fault(_("手中的回执"), _("审计记录的SM3与平台存储的不同"))
    if block:
        number = block.get("number")
        head = Block.objects.filter(number=number).values_list("sm3", flat=True).first() if _is_number(number) else None
        if head != str(block.get("head", "")).lower():
            yield Fault(_("手中的回执"), _("块头与平台的不同：链被改写或截去"))


def _part(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a receipt that somebody holds. What is no object agrees with nothing."""
    part = held.get(name) or {}
    return part if isinstance(part, dict) else {"": part}


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**63


def own_sm3(held: Mapping[str, Any]) -> str:
    """The SM3 that the cells of a receipt's file give."""
    return sm3_hex(canonical_json({"cells": held.get("cells"), "of": held.get("of")}).encode())
