"""Many kept frames at once, as columns: for replay and back-fill.

Hull and header are checked frame by frame.  A device names the same fields in every frame, so the shape of a data area (its
*layout*) is known after its first; the values of all frames of a layout are typed column by column, with the loops inside the
interpreter's built-ins.  A frame with anything unusual goes the ordinary way through ``content``: both ways give the same rows
(``tests/hj212/test_columns.py`` proves it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shuangkong.hj212.content import Layout, Value, split_values
from shuangkong.hj212.message import Message


class Column(NamedTuple):
    """The values of one field (``factor`` empty: a plain field) with the messages they stand in (``owners``: indexes)."""

    factor: str
    field: str
    owners: list[int]
    values: list[Value]


class Columns(NamedTuple):
    """All columns of a batch; ``irregular`` are the messages that went the ordinary way (their faults: ``.content.faults``)."""

    columns: list[Column]
    irregular: list[int]


def read_columns(messages: Iterable[Message]) -> Columns:
    """The typed values of many messages."""
    batches: dict[int, tuple[Layout, list[int], list[Sequence[str]]]] = {}
    kept = list(messages)
    irregular: list[int] = []
    for index, message in enumerate(kept):
        split = split_values(message.cp, message.cn, message.st, message.edition, message.mn)
        if split is None:
            irregular.append(index)
            continue
        layout, values = split
        batch = batches.get(id(layout))
        if batch is None:
            batch = batches[id(layout)] = (layout, [], [])
        batch[1].append(index)
        batch[2].append(values)
    columns: list[Column] = []
    for layout, owners, texts in batches.values():
        typed = _type_columns(layout, texts)
        if typed is None:
            irregular += owners
        else:
            columns += [Column(*name, owners, typed_values) for name, typed_values in zip(layout.names, typed, strict=True)]
    for index in irregular:
        columns += _columns_of(kept[index], index)
    return Columns(columns, sorted(irregular))


def _type_columns(layout: Layout, texts: list[Sequence[str]]) -> list[list[Value]] | None:
    """The columns of one layout; None when a value is not of its type."""
    try:
        return [list(map(read, column)) for read, column in zip(layout.readers, zip(*texts, strict=True), strict=True)]
    except (KeyError, ValueError):
        return None


def _columns_of(message: Message, index: int) -> list[Column]:
    content = message.content
    found = [Column("", field, [index], [value]) for field, value in content.fields.items()]
    for factor, values in content.factors.items():
        found += [Column(factor, field, [index], [value]) for field, value in values.items()]
    return found
