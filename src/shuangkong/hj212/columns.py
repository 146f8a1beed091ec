"""Many kept frames at once, as columns: for replay and back-fill.

Hull and header are checked frame by frame.  A device names the same fields in every frame, so the shape of a data area (its
*layout*) is known after its first; the values of all frames of a layout are typed column by column, with the loops inside the
interpreter's built-ins.  A frame with anything unusual goes the ordinary way through ``content``: both ways give the same rows
(``tests/hj212/test_columns.py`` proves it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shuangkong.hj212.content import NORMAL, Layout, Value, last_layout, split_values
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


class _Batch(NamedTuple):
    """Frames of one layout; ``normal``: all their flags are N and not among the texts."""

    layout: Layout
    normal: bool
    owners: list[int]
    texts: list[Sequence[str]]


def read_columns(messages: Iterable[Message]) -> Columns:
    """The typed values of many messages."""
    batches: dict[tuple[int, bool], _Batch] = {}
    kept = list(messages)
    irregular: list[int] = []
    for index, message in enumerate(kept):
        edition = message.edition
        layout = last_layout(message.mn, message.cn, message.st, edition)
        match = layout.normal.fullmatch(message.cp) if layout is not None else None
        texts: Sequence[str]
        if layout is not None and match is not None:
            texts = match.groups()
        else:
            split = split_values(message.cp, message.cn, message.st, edition, message.mn)
            if split is None:
                irregular.append(index)
                continue
            layout, texts = split
        key = (id(layout), match is not None)
        batch = batches.get(key)
        if batch is None:
            batch = batches[key] = _Batch(layout, match is not None, [], [])
        batch.owners.append(index)
        batch.texts.append(texts)
    columns: list[Column] = []
    for batch in batches.values():
        try:
            columns += _type_columns(batch)
        except (KeyError, ValueError):
            # a value is not of its type: the ordinary way names it
            irregular += batch.owners
    for index in irregular:
        columns += _columns_of(kept[index], index)
    return Columns(columns, sorted(irregular))


def _type_columns(batch: _Batch) -> list[Column]:
    """The columns of one layout.  Raises KeyError or ValueError when a value is not of its type."""
    layout, owners = batch.layout, batch.owners
    columns = zip(*batch.texts, strict=True)
    found = []
    for name, read, flag in zip(layout.names, layout.readers, layout.flags, strict=True):
        if flag and batch.normal:
            found.append(Column(*name, owners, [NORMAL] * len(owners)))
        else:
            found.append(Column(*name, owners, list(map(read, next(columns)))))
    return found


def _columns_of(message: Message, index: int) -> list[Column]:
    content = message.content
    found = [Column("", field, [index], [value]) for field, value in content.fields.items()]
    for factor, values in content.factors.items():
        found += [Column(factor, field, [index], [value]) for field, value in values.items()]
    return found
