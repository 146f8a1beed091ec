"""Regions that are split or merged: what they came from is shared out to the last digit, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from shuangkong.core.errors import InputError
from shuangkong.core.successors import check_shares, inherited

LABELS = {"old": "旧县", "a": "甲县", "b": "乙县"}


def test_the_children_of_a_split_carry_the_parents_base_between_them() -> None:
    shares = {"a": {"old": D("0.6")}, "b": {"old": D("0.4")}}
    check_shares(shares, LABELS)
    found = [inherited(None, parts, {"old": D("1234567.89")}, LABELS[code]) for code, parts in shares.items()]
    assert sum(found) == D("1234567.89")


def test_a_merged_region_has_what_both_had() -> None:
    shares = {"c": {"a": D(1), "b": D(1)}}
    check_shares(shares, LABELS)
    assert inherited(None, shares["c"], {"a": D(3), "b": D(4)}, "丙县") == 7
    assert inherited(D(10), {"a": D(1)}, {"a": D(3)}, "丙县") == 13
    assert inherited(D(10), {}, {}, "丙县") == 10


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"a": {"old": D("0.6")}, "b": {"old": D("0.5")}}, "旧县：承继基数的比例合计 1.1"),
        ({"a": {"old": D("0.6")}}, "合计 0.6，应为 1"),
        ({"a": {"old": D(0)}, "b": {"old": D(1)}}, "甲县：承继基数的比例 0 不在"),
        ({"a": {"old": D("1.2")}}, "不在 0 到 1 之间"),
    ],
)
def test_parts_that_do_not_add_up_are_named(shares: dict[str, dict[str, D]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_shares(shares, LABELS)


@pytest.mark.parametrize(
    ("own", "parts", "bases", "words"),
    [
        (None, {}, {}, "甲县：缺少基期数"),
        (None, {"old": D(1)}, {}, "被承继的地区缺少基期数"),
        (D(1), {"old": D(1)}, {"old": None}, "承继自 old"),
    ],
)
def test_a_base_that_is_not_known_is_not_zero(own: D | None, parts: dict[str, D], bases: dict[str, D | None], words: str) -> None:
    with pytest.raises(InputError, match=words):
        inherited(own, parts, bases, "甲县")
