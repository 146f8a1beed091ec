"""Consumption of meters over columns: what :mod:`shuangkong.core.metering` says of one meter, as Ibis expressions over many.

Readings become *steps*, steps become *parts*: what one meter used in one cell of time, how much of it sound steps cover, and what is
wrong.  Values are floats here and nowhere before or behind; moments are whole seconds since 1970 in UTC.  A cell is a period, or the part
of it for which one coefficient holds; cells come from :func:`cells_of`, never from time-zone functions of an engine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.core.errors import InputError
from shuangkong.core.metering import LONGEST_BRIDGE, Fault, Meter, MeterKind, Span, Term
from shuangkong.series.schema import QUALITY

FAULTS = (Fault.DROP, Fault.TOO_LARGE, Fault.NEGATIVE)
PARTS = pa.schema(
    [
        pa.field("point", pa.int64()),
        pa.field("cell", pa.int32()),
        pa.field("quantity", pa.float64()),
        pa.field("covered_s", pa.int64()),
        *(pa.field(fault.value, pa.int64()) for fault in FAULTS),
        pa.field("straddling", pa.int64()),
    ]
)
"""``quantity`` in base units of the meter's product; the number of steps with each fault, and of those that reach over the period's end."""

_FAR_S = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_HOUR_S = 3600
_EPSILON = 1e-9
"""Far below the last digit of any register: what a float may add to a difference of two."""


class Metered(NamedTuple):
    """A meter as columns need it: its point, which kind of readings it sends, how it counts, and base units of its product per unit."""

    point: int
    reading: str
    meter: Meter
    unit_scale: Decimal = Decimal(1)


class Cell(NamedTuple):
    """A stretch of time in seconds, and the number of the period in which it lies."""

    start: int
    end: int
    span: int


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())


def cells_of(spans: Sequence[Span], edges: Iterable[datetime] = ()) -> list[Cell]:
    """The periods, parted where a coefficient changes.

    Raises:
        InputError: none, or periods that overlap or are out of order.
    """
    if not spans or any(before.end > after.start for before, after in pairwise(spans)):
        raise InputError("期间为空、重叠或不按时间排列", do="给出按时间排列、互不重叠的期间")
    inner = sorted({seconds(edge) for edge in edges})
    found = []
    for number, span in enumerate(spans):
        start, end = seconds(span.start), seconds(span.end)
        between = [edge for edge in inner if start < edge < end]
        found += [Cell(a, b, number) for a, b in pairwise([start, *between, end])]
    return found


# ── from time to cell ──


class Where:
    """Says of a column of seconds in which cell, and in which period, they lie; −1 outside of all."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.edges: list[int] = []
        self.cell: list[int] = []
        self.span: list[int] = []
        for number, cell in enumerate(cells):
            if self.edges and self.edges[-1] == cell.start:
                self._last(number, cell.span)
            else:
                self._edge(cell.start, number, cell.span)
            self._edge(cell.end, -1, -1)

    def _last(self, number: int, span: int) -> None:
        self.cell[-1], self.span[-1] = number, span

    def _edge(self, at: int, number: int, span: int) -> None:
        self.edges.append(at)
        self.cell.append(number)
        self.span.append(span)

    def cell_at(self, time: Any, edges: Sequence[Any] | None = None) -> Any:
        """The cell of each moment, as an expression; ``edges`` in the type of ``time`` where that is not seconds."""
        return _chosen(time, edges or self.edges, self.cell)

    def span_at(self, time: Any) -> Any:
        """The period of each moment, as an expression."""
        return _chosen(time, self.edges, self.span)

    def span_of(self, second: int) -> int:
        """The period of one moment."""
        place = bisect_right(self.edges, second) - 1
        return self.span[place] if place >= 0 else -1


def _chosen(time: Any, edges: Sequence[Any], values: Sequence[int]) -> Any:
    """A tree of comparisons: as many as a binary search makes, whatever the number of edges."""
    import ibis

    def tree(low: int, high: int) -> Any:
        # the answers low … high, where answer 0 is "before the first edge"
        if low == high:
            return ibis.literal(values[low - 1] if low else -1, "int32")
        middle = (low + high + 1) // 2
        return ibis.ifelse(time < edges[middle - 1], tree(low, middle - 1), tree(middle, high))

    return tree(0, len(edges))


# ── from readings to steps ──


_TERMS = pa.schema(
    [
        pa.field("point", pa.int64()),
        pa.field("term", pa.int32()),
        pa.field("from_s", pa.int64()),
        pa.field("to_s", pa.int64()),
        pa.field("scale", pa.float64()),
        pa.field("anchored", pa.bool_()),
        pa.field("modulus", pa.float64()),
        pa.field("largest", pa.float64()),
        pa.field("interval_s", pa.int64()),
    ]
)
_ANCHORS = pa.schema(
    [pa.field("point", pa.int64()), pa.field("term", pa.int32()), pa.field("start", pa.int64()), pa.field("value", pa.float64())]
)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _term_row(of: Metered, number: int, term: Term) -> dict[str, Any]:
    meter = of.meter
    return {
        "point": of.point, "term": number, "from_s": seconds(term.start), "to_s": _FAR_S if term.end is None else seconds(term.end),
        "scale": float(term.multiplier * of.unit_scale), "anchored": term.first_register is not None, "modulus": _float(meter.modulus),
        "largest": _float(meter.largest_per_hour), "interval_s": int(meter.interval.total_seconds()),
    }  # fmt: skip


def _anchors(meters: Iterable[Metered]) -> list[dict[str, Any]]:
    """The registers that were read when a meter came or went, as readings."""
    found = []
    for of in meters:
        for number, term in enumerate(of.meter.terms):
            for moment, register in ((term.start, term.first_register), (term.end, term.last_register)):
                if moment is not None and register is not None:
                    found.append({"point": of.point, "term": number, "start": seconds(moment), "value": float(register)})
    return found


def usable(readings: Any) -> Any:
    """The readings that have a number which their sender does not call invalid."""
    return readings.filter(readings.value.notnull() & ((readings.quality & QUALITY["invalid"]) == 0))


def steps_of(engine: Any, readings: Any, meters: Collection[Metered]) -> Any:
    """The steps of meters of one kind: columns point, start, end (seconds), quantity, fault (0, or the place in FAULTS from 1).

    ``readings``: columns point, time, value, quality.
    """
    kinds = {of.meter.kind for of in meters}
    if len(kinds) != 1:
        raise InputError("一次只能算一类表计", where="steps_of", do="把读数表与间隔表分开")
    rows = [_term_row(of, number, term) for of in meters for number, term in enumerate(of.meter.terms)]
    terms = engine.table(pa.Table.from_pylist(rows, _TERMS))
    sound = usable(readings)
    values = sound.select("point", "value", start=sound.time.epoch_seconds().cast("int64"))
    placed = values.join(terms, "point")
    placed = placed.filter((placed.start >= placed.from_s) & (placed.start < placed.to_s))
    if kinds == {MeterKind.INTERVAL}:
        return _interval_steps(placed)
    placed = placed.filter(~(placed.anchored & (placed.start == placed.from_s))).select("point", "term", "start", "value")
    if anchors := _anchors(meters):
        placed = placed.union(engine.table(pa.Table.from_pylist(anchors, _ANCHORS)))
    return _register_steps(placed, terms)


def _register_steps(registers: Any, terms: Any) -> Any:
    import ibis

    order = ibis.window(group_by=["point", "term"], order_by="start")
    pairs = registers.mutate(end=registers.start.lead().over(order), then=registers.value.lead().over(order))
    pairs = pairs.filter(pairs.end.notnull() & (pairs.end - pairs.start <= int(LONGEST_BRIDGE.total_seconds())))
    pairs = pairs.mutate(rise=pairs.then - pairs.value).join(terms, ["point", "term"])
    most = pairs.largest * (pairs.end - pairs.start) / _HOUR_S + _EPSILON
    rolled = pairs.rise + pairs.modulus
    went_over = (pairs.rise < 0) & (rolled >= -_EPSILON) & (rolled <= most)
    rise = ibis.ifelse(went_over.fill_null(False), rolled, pairs.rise)
    fault = ibis.cases((rise < -_EPSILON, 1), ((rise > most).fill_null(False), 2), else_=0)
    return _sound(pairs.mutate(fault=fault.cast("int16"), rise=rise), "rise")


def _interval_steps(placed: Any) -> Any:
    import ibis

    most = placed.largest * placed.interval_s / _HOUR_S + _EPSILON
    fault = ibis.cases((placed.value < 0, 3), ((placed.value > most).fill_null(False), 2), else_=0)
    return _sound(placed.mutate(fault=fault.cast("int16"), end=placed.start + placed.interval_s), "value")


def _sound(steps: Any, column: str) -> Any:
    import ibis

    quantity = ibis.ifelse(steps.fault == 0, steps[column] * steps.scale, None)
    return steps.select("point", "start", "end", "fault", quantity=quantity)


# ── from steps to parts ──


def parts_of(steps: Any, where: Where) -> Any:
    """The parts of steps, by point and cell (columns :data:`PARTS`)."""
    placed = steps.mutate(cell=where.cell_at(steps.start), inside=where.span_at(steps.start) == where.span_at(steps.end - 1))
    placed = placed.filter(placed.cell >= 0)
    sound = placed.inside & (placed.fault == 0)
    return placed.group_by("point", "cell").agg(
        quantity=placed.quantity.sum(where=sound).fill_null(0.0),
        covered_s=(placed.end - placed.start).sum(where=sound).fill_null(0).cast("int64"),
        **{name.value: (placed.inside & (placed.fault == place)).sum().cast("int64") for place, name in enumerate(FAULTS, 1)},
        straddling=(~placed.inside).sum().cast("int64"),
    )


def read_parts(reader: Any, meters: Collection[Metered], cells: Sequence[Cell]) -> pa.Table:
    """The parts of meters straight from their readings.

    Meters that send the quantity of each interval and kept one multiplier are summed first and looked at then; only those in whose sums
    something may be wrong are gone through step by step, like registers.
    """
    where = Where(cells)
    first, last = cells[0].start, cells[-1].end
    found, rest = [], []
    for kind, group in _by_reading(meters):
        plain = [of for of in group if is_plain(of, first, last)]
        doubtful = set()
        if plain:
            table, doubtful = _plain_parts(reader, kind, plain, cells, where)
            found.append(table)
        rest += [(kind, [of for of in group if of not in plain or of.point in doubtful])]
    for kind, group in rest:
        for meter_kind in MeterKind:
            same = [of for of in group if of.meter.kind is meter_kind]
            if same:
                readings = reader.readings([of.point for of in same], [kind], _moment(first), _moment(last + 1))
                found.append(reader.arrow(parts_of(steps_of(reader.engine, readings, same), where)).cast(PARTS))
    return pa.concat_tables(found) if found else PARTS.empty_table()


def _by_reading(meters: Iterable[Metered]) -> list[tuple[str, list[Metered]]]:
    groups: dict[str, list[Metered]] = {}
    for of in meters:
        groups.setdefault(of.reading, []).append(of)
    return sorted(groups.items())


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def is_plain(of: Metered, first: int, last: int) -> bool:
    """Whether its intervals from ``first`` to ``last`` (seconds) can be summed before anything is looked at."""
    if of.meter.kind is not MeterKind.INTERVAL or len(of.meter.terms) != 1:
        return False
    term = of.meter.terms[0]
    return seconds(term.start) <= first and (term.end is None or seconds(term.end) >= last)


_FEW = 64
"""Up to so many points are asked for by their numbers; more are read with all others, which costs less than a test of each row."""


class Sums(NamedTuple):
    """Plain intervals summed by point and bucket, in columns; what doubtful points have is left out."""

    point: Any
    bucket: Any
    quantity: Any
    covered_s: Any
    doubtful: set[int]


def plain_sums(reader: Any, kind: str, meters: Sequence[Metered], first: int, last: int, bucket_of: Any, ends: Any) -> Sums:
    """The sums of plain meters from ``first`` to ``last`` (seconds), by what ``bucket_of`` says of their times.

    ``ends`` says where buckets end.  A point with a sum that may hold a faulty interval, or one over the end, is doubtful.
    """
    points = [of.point for of in meters] if len(meters) <= _FEW else None
    sound = reader.readings(points, [kind], _moment(first), _moment(last))
    sound = sound.filter((sound.quality & QUALITY["invalid"]) == 0)  # a value that is null adds nothing to any sum
    sums = sound.group_by("point", bucket=bucket_of(sound.time)).agg(
        total=sound.value.sum(), number=sound.value.count(), least=sound.value.min(), most=sound.value.max(), latest=sound.time.max(),
    )  # fmt: skip
    table = reader.arrow(sums)
    return _settled(table.filter(pc.greater(table["number"], 0)), meters, ends)


def _settled(table: pa.Table, meters: Sequence[Metered], ends: Any) -> Sums:
    """Sums with the meters laid over them."""
    ordered = sorted(meters, key=lambda of: of.point)
    numbers = np.array([of.point for of in ordered], np.int64)
    point, bucket = table["point"].to_numpy(), table["bucket"].to_numpy()
    place = np.searchsorted(numbers, point).clip(max=len(numbers) - 1)
    ours = numbers[place] == point
    table, point, bucket, place = table.filter(pa.array(ours)), point[ours], bucket[ours], place[ours]
    interval_s = np.array([int(of.meter.interval.total_seconds()) for of in ordered])[place]
    largest = np.array([np.inf if of.meter.largest_per_hour is None else float(of.meter.largest_per_hour) for of in ordered])[place]
    scale = np.array([float(of.meter.terms[0].multiplier * of.unit_scale) for of in ordered])[place]
    over = table["most"].to_numpy() > largest * interval_s / _HOUR_S + _EPSILON
    latest = table["latest"].to_numpy().astype("datetime64[s]").astype(np.int64)
    doubtful = np.unique(point[over | (table["least"].to_numpy() < 0) | (latest + interval_s > ends(bucket))])
    kept = ~np.isin(point, doubtful)
    quantity, covered_s = table["total"].to_numpy() * scale, table["number"].to_numpy() * interval_s
    return Sums(point[kept], bucket[kept], quantity[kept], covered_s[kept], set(doubtful.tolist()))


def _plain_parts(
    reader: Any, kind: str, meters: Sequence[Metered], cells: Sequence[Cell], where: Where
) -> tuple[pa.Table, set[int]]:  # fmt: skip
    """The parts of plain meters, and the points among them whose sums do not settle it."""
    span_ends = {cell.span: cell.end for cell in cells}
    ends = np.array([span_ends[cell.span] for cell in cells])
    edges = [_moment(edge).replace(tzinfo=None) for edge in where.edges]
    found = plain_sums(
        reader, kind, meters, cells[0].start, cells[-1].end, lambda time: where.cell_at(time, edges), lambda cell: ends[cell]
    )
    nothing = np.zeros(len(found.point), np.int64)
    columns = [found.point, found.bucket.astype(np.int32), found.quantity, found.covered_s, nothing, nothing, nothing, nothing]
    inside = pa.array(found.bucket >= 0)
    return pa.table(columns, schema=PARTS).filter(inside), found.doubtful


def bridging(reader: Any, kind: str, points: Collection[int], moment: datetime) -> pa.Table:
    """The first usable reading of each point at or behind ``moment``, as far as registers are joined: point, time, value, quality."""
    sound = usable(reader.readings(points, [kind], moment, moment + LONGEST_BRIDGE + timedelta(seconds=1)))
    firsts = sound.group_by("point").agg(value=sound.value.argmin(sound.time), time=sound.time.min())
    found = reader.arrow(firsts.order_by("point").select("point", "time", "value"))
    return found.append_column("quality", pa.array([0] * len(found), pa.int32()))
