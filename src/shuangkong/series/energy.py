"""Energy accounts from meters: consumption, coal equivalent and CO2 by enterprise, industry, county or meter, and period.

Sums by meter and cell come first; entries, weights and coefficients are small and are laid over them afterwards.  A coefficient holds
from one moment to another, so a period in which it changes is parted there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from shuangkong.core.errors import InputError
from shuangkong.core.metering import Span, why_incomplete
from shuangkong.series.steps import FAULTS, Cell, Metered, cells_of, read_parts, seconds

BY = ("entry", "enterprise", "industry", "county")


class Coefficient(NamedTuple):
    """What a base unit of a product is worth from ``start`` until before ``end``: tce at both bases and tonnes of CO2, None where no
    rule says it."""  # fmt: skip

    product: str
    start: datetime
    end: datetime
    energy_tce: float | None
    equivalent_tce: float | None
    co2_t: float | None


class Entry(NamedTuple):
    """What counts for an owner: a meter, or a virtual one, as the weighted sum of points. All points measure ``product``.

    It counts in the periods that touch the time from ``since`` until before ``until`` (None: always): what was not there lacks nothing.
    """

    entry: str
    product: str
    points: tuple[tuple[int, float], ...]
    enterprise: str
    industry: str = ""
    county: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def is_there(self, span: Span) -> bool:
        """Whether it was in place at any time of a period."""
        return (self.since is None or self.since < span.end) and (self.until is None or span.start < self.until)


@dataclass(slots=True)
class Amount:
    """What one owner used of one product in one period.

    The numbers are what is known; they are the whole only where ``is_complete``.  A coefficient that is missing makes its number None.
    ``missing_s``: the longest time that one of the meters lacks, ``covered_s`` the longest that one of them has.  ``incomplete`` counts
    the entries that are not complete.
    """

    owner: str
    product: str
    span: Span
    quantity: float = 0.0
    energy_tce: float | None = 0.0
    equivalent_tce: float | None = 0.0
    co2_t: float | None = 0.0
    entries: int = 0
    incomplete: int = 0
    missing_s: int = 0
    covered_s: int = 0
    faults: list[int] = field(default_factory=lambda: [0] * len(FAULTS))
    straddling: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every meter counts from edge to edge."""
        return self.entries > 0 and not self.incomplete

    @property
    def is_known(self) -> bool:
        """Whether anything at all was counted: a sum of nothing is no zero."""
        return self.covered_s > 0 or bool(self.quantity)

    @property
    def why(self) -> str:
        """What is missing, in words."""
        return why_incomplete(timedelta(seconds=self.missing_s), zip(FAULTS, self.faults, strict=True), self.straddling)


def consumption(
    reader: Any, meters: Collection[Metered], entries: Sequence[Entry], coefficients: Sequence[Coefficient], spans: Sequence[Span],
    by: str = "enterprise",
) -> list[Amount]:  # fmt: skip
    """What the owners used, straight from the readings of ``reader``: an Amount for each owner, product and period, in this order;
    none for a period in which nothing of theirs was in place.

    ``spans`` are periods in order of time that do not overlap (:func:`shuangkong.core.metering.local_spans`).

    Raises:
        InputError: periods that overlap, or a word that :data:`BY` does not know.
    """
    cells = cells_of(spans, edges_of(coefficients))
    return amounts(read_parts(reader, meters, cells), entries, coefficients, spans, cells, by)


def edges_of(coefficients: Iterable[Coefficient]) -> set[datetime]:
    """The moments at which a coefficient may change."""
    return {moment for row in coefficients for moment in (row.start, row.end)}


class _Totals(NamedTuple):
    """What one point has in one period."""

    covered_s: int
    faults: tuple[int, ...]
    straddling: int


def amounts(
    parts: pa.Table, entries: Sequence[Entry], coefficients: Sequence[Coefficient], spans: Sequence[Span], cells: Sequence[Cell], by: str
) -> list[Amount]:  # fmt: skip
    """Parts laid over entries and coefficients."""
    if by not in BY:
        raise InputError(f"“{by}”不是汇总口径", do="用 entry、enterprise、industry 或 county")
    rates = _rates(coefficients, cells)
    quantities, totals = _by_point(parts, cells)
    cells_in: dict[int, list[int]] = {}
    for number, cell in enumerate(cells):
        cells_in.setdefault(cell.span, []).append(number)
    found: dict[tuple[str, str, int], Amount] = {}
    for entry in entries:
        owner = getattr(entry, by)
        for number, span in enumerate(spans):
            if not entry.is_there(span):
                continue
            amount = found.setdefault((owner, entry.product, number), Amount(owner, entry.product, span))
            _add_quantities(amount, entry, cells_in[number], quantities, rates)
            _add_state(amount, entry, number, totals)
    return [found[key] for key in sorted(found)]


def _rates(coefficients: Iterable[Coefficient], cells: Sequence[Cell]) -> dict[tuple[str, int], Coefficient]:
    found = {}
    for row in coefficients:
        start, end = seconds(row.start), seconds(row.end)
        found.update({(row.product, number): row for number, cell in enumerate(cells) if start <= cell.start and cell.end <= end})
    return found


def _by_point(parts: pa.Table, cells: Sequence[Cell]) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], _Totals]]:
    quantities: dict[tuple[int, int], float] = {}
    totals: dict[tuple[int, int], _Totals] = {}
    for point, cell, quantity, covered_s, *faults, straddling in zip(*(column.to_pylist() for column in parts.columns), strict=True):
        quantities[point, cell] = quantity
        key = (point, cells[cell].span)
        standing = totals.get(key)
        if standing is None:
            totals[key] = _Totals(covered_s, tuple(faults), straddling)
        else:
            both = tuple(a + b for a, b in zip(standing.faults, faults, strict=True))
            totals[key] = _Totals(standing.covered_s + covered_s, both, standing.straddling + straddling)
    return quantities, totals


def _add_quantities(
    amount: Amount, entry: Entry, inside: Iterable[int], quantities: Mapping[tuple[int, int], float],
    rates: Mapping[tuple[str, int], Coefficient],
) -> None:  # fmt: skip
    for cell in inside:
        quantity = sum(weight * quantities.get((point, cell), 0.0) for point, weight in entry.points)
        rate = rates.get((entry.product, cell))
        amount.quantity += quantity
        amount.energy_tce = _added(amount.energy_tce, quantity, rate.energy_tce if rate else None)
        amount.equivalent_tce = _added(amount.equivalent_tce, quantity, rate.equivalent_tce if rate else None)
        amount.co2_t = _added(amount.co2_t, quantity, rate.co2_t if rate else None)


def _added(total: float | None, quantity: float, rate: float | None) -> float | None:
    return None if total is None or rate is None else total + quantity * rate


_NOTHING = _Totals(0, (0,) * len(FAULTS), 0)


def _add_state(amount: Amount, entry: Entry, span: int, totals: Mapping[tuple[int, int], _Totals]) -> None:
    """What is missing of one of an entry's meters is missing of the entry."""
    length_s = int((amount.span.end - amount.span.start).total_seconds())
    of = [totals.get((point, span), _NOTHING) for point, _ in entry.points]
    amount.covered_s = max(amount.covered_s, *(each.covered_s for each in of), 0)
    missing_s = length_s - min((each.covered_s for each in of), default=0)
    amount.faults = [sum(counts) for counts in zip(amount.faults, *(each.faults for each in of), strict=True)]
    straddling = sum(each.straddling for each in of)
    amount.straddling += straddling
    amount.entries += 1
    amount.incomplete += bool(missing_s or straddling or any(map(any, (each.faults for each in of))))
    if missing_s:
        amount.missing_s = max(amount.missing_s, missing_s) if missing_s > 0 else amount.missing_s or missing_s
