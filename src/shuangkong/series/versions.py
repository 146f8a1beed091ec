"""The rule of versions as Ibis expressions over stored columns.  Portable: windows and joins only.

The rule does not depend on the order in which files came or in how many pieces: for each point, time and kind, rows of equal value and
flag, of which the sender says alike whether they are valid, are one version (first and last receipt, how often); of several versions
the one received last prevails.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from shuangkong.series.schema import KEY, QUALITY, STORED

_VERSION = (*KEY, "value", "flag", "invalid")
_MARKS = QUALITY["repeated"] | QUALITY["corrected"]
_COLUMNS = tuple(STORED.names)


def versions(rows: Any) -> Any:
    """All versions among stored *rows*, each once, with ``prevails``."""
    alone = rows.mutate(n=_.count().over(_within(KEY)))
    single = alone.filter(_.n == 1).select(*_COLUMNS, prevails=ibis.literal(True))
    several = _several(alone.filter(_.n > 1).select(*_COLUMNS))
    return single.union(several)


def versions_among(rows: Any, shared: Any) -> Any:
    """The same where the keys of more than one row are known and few: the rest passes without a window over it."""
    single = rows.anti_join(shared, KEY).select(*_COLUMNS, prevails=ibis.literal(True))
    return single.union(_several(rows.semi_join(shared, KEY)))


def shared_keys(rows: Any) -> Any:
    """The keys that more than one row has."""
    return rows.group_by(*KEY).aggregate(n=_.count()).filter(_.n > 1).select(*KEY)


def _several(rows: Any) -> Any:
    """The versions of keys that have more than one row."""
    ranked = rows.mutate(
        until=_.last_received.coalesce(_.received), until_source=_.last_source.coalesce(_.source), invalid=_.quality & QUALITY["invalid"]
    )
    ranked = ranked.mutate(
        first=ibis.row_number().over(_within(_VERSION, _.received, _.source)),
        last=ibis.row_number().over(_within(_VERSION, _.until.desc(), _.until_source.desc())),
    )
    whole = _within(_VERSION)
    merged = ranked.mutate(
        times=_.times.sum().over(whole).cast("int32"),
        until=_.until.max().over(whole),
        until_source=ibis.ifelse(_.last == 0, _.until_source, ibis.null("int64")).max().over(whole),
    ).filter(_.first == 0)
    placed = merged.mutate(
        place=ibis.row_number().over(_within(KEY, _.until.desc(), _.until_source.desc())), n=_.count().over(_within(KEY))
    )
    return placed.select(
        *(name for name in _COLUMNS if name not in ("quality", "times", "last_received", "last_source")),
        quality=_marked(placed), times=_.times,
        last_received=ibis.ifelse(_.times > 1, _.until, ibis.null(placed.until.type())),
        last_source=ibis.ifelse(_.times > 1, _.until_source, ibis.null("int64")),
        prevails=_.place == 0,
    ).select(*_COLUMNS, "prevails")  # fmt: skip


def _marked(placed: Any) -> Any:
    repeated = ibis.ifelse(placed.times > 1, QUALITY["repeated"], 0)
    corrected = ibis.ifelse((placed.n > 1) & (placed.place == 0), QUALITY["corrected"], 0)
    own = placed.quality & ~_MARKS
    return (own | repeated | corrected).cast("int32")


def _within(columns: Any, *order: Any) -> Any:
    return ibis.window(group_by=list(columns), order_by=list(order) or None)
