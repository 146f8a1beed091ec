"""Regions that are split or merged in the middle of a plan: a successor carries the base of those it came from.

A base-year amount (tce, t, GDP) is additive and goes over by stated shares; a rate is not, and goes over as it is. What is not stated is
an error: no share is guessed from area or people.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from .errors import InputError

ZERO, ONE = Decimal(0), Decimal(1)


def check_shares(shares: Mapping[str, Mapping[str, Decimal]], labels: Mapping[str, str]) -> None:
    """``shares``: successor → predecessor → its part of the base (0 to 1). All parts of a predecessor must add up to 1.

    Raises:
        InputError: a part that cannot be, or parts that do not add up; names the predecessor.
    """
    sums: dict[str, Decimal] = {}
    for code, parts in shares.items():
        for predecessor, part in parts.items():
            if not ZERO < part <= ONE:
                raise InputError(f"承继基数的比例 {part} 不在 0 到 1 之间", where=labels.get(code, code))
            sums[predecessor] = sums.get(predecessor, ZERO) + part
    for predecessor, found in sums.items():
        if found != ONE:
            raise InputError(
                f"承继基数的比例合计 {found}，应为 1", where=labels.get(predecessor, predecessor),
                why="撤销地区的基数要由承继的地区分完，不多不少", do="登记各承继地区的比例",
            )  # fmt: skip


def inherited(own: Decimal | None, parts: Mapping[str, Decimal], bases: Mapping[str, Decimal | None], label: str) -> Decimal:
    """The base of a region: its own figure, and its parts of what its predecessors had.

    A predecessor that is not in ``bases`` or has no figure is an error, as is a region with neither.

    Raises:
        InputError: the base is not known; names the region.
    """
    if own is None and not parts:
        raise InputError("缺少基期数", where=label, why="缺的数不是 0", do="补齐基期数；新设的地区登记由谁承继、比例多少")
    total = ZERO if own is None else own
    for predecessor, part in parts.items():
        base = bases.get(predecessor)
        if base is None:
            raise InputError("被承继的地区缺少基期数", where=label, why=f"承继自 {predecessor}", do="补齐被承继地区的基期数")
        total += base * part
    return total
