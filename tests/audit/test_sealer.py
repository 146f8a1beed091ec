"""The sealer: blocks over committed entries, one sealer at a time, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from shuangkong.apps.audit import anchors, sealer
from shuangkong.apps.audit.chain import BEGINNING, block_sm3, parse_leaves
from shuangkong.apps.audit.models import Block
from shuangkong.core.digest import sm3_hex

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_to_seal_is_no_work(anchors_path: Path) -> None:
    assert sealer.seal_step(anchors_path) is False
    assert not anchors_path.exists()


def test_blocks_follow_each_other(write_entries: Callable, seal: Callable, anchors_path: Path) -> None:
    first = write_entries(3)
    seal()
    second = write_entries(2)
    assert seal() == 1
    one, two = Block.objects.order_by("number")
    assert [list(parse_leaves(block.leaves)) for block in (one, two)] == [first, second]
    assert (one.number, one.previous, two.number, two.previous) == (1, BEGINNING, 2, one.sm3)
    assert (two.count, two.first, two.last) == (2, second[0], second[-1])
    assert two.root == sm3_hex(two.leaves.encode())
    assert two.sm3 == block_sm3(one.sm3, two.root, 2, two.first, two.last)
    assert anchors.read(anchors_path).by_number == {1: anchors.Anchor.of(one), 2: anchors.Anchor.of(two)}


def test_a_block_is_bounded(write_entries: Callable, seal: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "ENTRIES_PER_BLOCK", 2)
    write_entries(5)
    assert seal() == 3
    assert list(Block.objects.values_list("count", flat=True)) == [2, 2, 1]


def test_no_sealing_inside_a_transaction(anchors_path: Path) -> None:
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        sealer.seal_step(anchors_path)


def test_of_two_sealers_one_lays(write_entries: Callable, seal: Callable, anchors_path: Path) -> None:
    write_entries(2)
    mine, other = sealer._next_block(), sealer._next_block()
    assert mine is not None
    assert other is not None
    assert sealer._lay(other)
    assert not sealer._lay(mine)
    assert Block.objects.count() == 1
    assert sealer.seal_step(anchors_path), "the block laid without an anchor gets it"
    assert anchors.newest(anchors_path) == anchors.Anchor.of(Block.objects.get())


def test_the_sealer_refuses_to_lay_on_a_chain_that_the_anchors_contradict(
    write_entries: Callable, seal: Callable, tamper: Callable, anchors_path: Path
) -> None:
    write_entries(1)
    seal()
    write_entries(1)
    seal()
    tamper("DELETE FROM audit_block WHERE number = 2")
    with pytest.raises(sealer.ChainConflict, match="第1块"):
        sealer.seal_step(anchors_path)
    kept = anchors_path.rename(anchors_path.with_suffix(".kept"))
    assert seal() >= 1, "with the old file put aside a new one begins"
    assert len(anchors.read(kept).by_number) == 2


def test_the_loop_steps_until_it_is_told_to_stop(write_entries: Callable, anchors_path: Path) -> None:
    write_entries(2)
    rests: list[float] = []
    sealer.seal_until(lambda: len(rests) == 2, anchors_path, rests.append)
    assert Block.objects.get().count == 2
    assert rests == [sealer.REST_SECONDS] * 2
