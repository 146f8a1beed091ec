"""What a value read in the ledger, and how to read it again: count, sum and SM3 of the rows.

The same two statements serve the computation of everything and the re-reading behind one figure, so they cannot differ. Of several
releases of one cell the latest known counts (accounting 5); a published row goes before an issued one (accounting 15).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from shuangkong.apps.ledger.selectors import live_batches
from shuangkong.core.digest import sm3_hex

#: Measures other than energy by product and flow.
SERIES = (
    "gdp", "gdp_growth", "electricity", "energy_total", "energy_growth", "energy_intensity_change", "industry_value_added_growth",
    "feedstock_energy", "nonfossil_energy", "listed_energy", "green_certificate", "co2_intensity_change", "output", "product_energy",
    "product_electricity",
)  # fmt: skip
#: From the least to the most settled.
RELEASES = ("preliminary", "verified", "final", "census")

#: What stands in the remark of a row that was only recalled or seen as a repost.
RECALLED_REMARK = "待核实"

#: Industry as a whole, and the sections of GB/T 4754 that it is made of.
INDUSTRY = "industry"
_INDUSTRIAL = frozenset("BCD")

_LENS = "CASE WHEN r.origin IN ('issued', 'published') THEN 'issued' ELSE 'reported' END"
_RANK = "CASE WHEN r.origin IN ('published', 'reported') THEN 1 ELSE 0 END"
_DEMONSTRATION = "CASE WHEN r.demonstration THEN 1 ELSE 0 END"
_TABLE = "ledger_row"


@dataclass(frozen=True, slots=True)
class AsOf:
    """What counts: known by a day, had by this platform at a moment (None: now), releases up to one (empty: all)."""

    known_on: date | None = None
    had_at: datetime | None = None
    release: str = ""


class EnergyCell(NamedTuple):
    """One cell of the energy account: a quantity in 10⁻⁶ base units of the product, with the day its row was known."""

    lens: str
    subject_id: int
    zone_id: int | None
    kind: str
    end: str
    product: str
    flow: str
    industry: str
    micro: int
    demonstration: int
    release: str


#: What parts the columns of a line in :class:`Filing`: no code has it.
COLUMN = "\x1f"


class Filing(NamedTuple):
    """The energy rows of one subject, zone and period that have origin, release, day and mark in common, as the database joins them.

    ``lines`` holds product, flow, industry, zone and quantity of each row, ``ids`` the numbers of the rows in the same order.
    """

    lens: str
    subject_id: int
    zone_id: int | None
    kind: str
    end: str
    release: str
    rank: int
    known_on: str
    demonstration: int
    lines: str
    ids: str

    @property
    def first_id(self) -> int:
        """The row that was there first."""
        return int(self.ids.partition(" ")[0])

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Row by row, as :func:`energy_cells` gives them."""
        head, tail = self[:5], (self.demonstration, self.release, self.rank, self.known_on)
        for line, row_id in zip(self.lines.split("\n"), self.ids.split(" "), strict=True):
            product, flow, industry, _, micro = line.split(COLUMN)
            yield (*head, product, flow, industry, int(micro), *tail, int(row_id))


class SeriesCell(NamedTuple):
    """One figure of another measure: ``number`` is micro base units (int) or a rate in percent (text)."""

    measure: str
    origin: str
    subject_id: int
    zone_id: int | None
    kind: str
    end: str
    industry: str
    price_base: int | None
    release: str
    micro: int | None
    rate: str | None
    demonstration: int
    evidence: str
    known_on: str
    remark: str
    row_id: int
    product: str = ""
    flow: str = ""

    @property
    def detail(self) -> str:
        """What parts the figures of one measure, place and period: the industry, or the year and origin of certificates."""
        return f"{self.product}|{self.flow}" if self.flow else self.industry

    @property
    def recalled(self) -> bool:
        """Whether the figure is still to be verified."""
        return RECALLED_REMARK in self.remark


@dataclass(slots=True)
class Where:
    """Conditions on ledger rows: SQL with its parameters."""

    conditions: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def add(self, condition: str, *params: Any) -> Where:
        """One more condition."""
        self.conditions.append(condition)
        self.params += params
        return self


def _accepted(as_of: AsOf) -> Where:
    """Accepted rows: of a live batch, known by the day, superseded by none that counts as well."""
    live = list(live_batches(as_of.had_at).order_by("id").values_list("id", flat=True))
    where = Where().add(_among("r.batch_id", live))
    newer = f"SELECT s.supersedes_id FROM {_TABLE} s WHERE s.supersedes_id IS NOT NULL AND {_among('s.batch_id', live)}"
    if as_of.known_on is not None:
        where.add("r.known_on <= %s", as_of.known_on)
        where.add(f"r.id NOT IN ({newer} AND s.known_on <= %s)", as_of.known_on)
    else:
        where.add(f"r.id NOT IN ({newer})")
    if as_of.release:
        allowed = RELEASES[: RELEASES.index(as_of.release) + 1]
        where.add(f"r.release IN ({', '.join(['%s'] * len(allowed))})", *allowed)
    return where


def _among(column: str, ids: Sequence[int]) -> str:
    """That ``column`` is one of ``ids`` (ascending), by runs of numbers: hundreds of batches are mostly one run, quicker than a list."""
    runs: list[list[int]] = []
    for number in ids:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return f"({' OR '.join(f'{column} BETWEEN {first} AND {last}' for first, last in runs) or '1 = 0'})"


def _rows(columns: Iterable[str], where: Where, group: Iterable[str] = ()) -> Iterator[tuple[Any, ...]]:
    statement = f"SELECT {', '.join(columns)} FROM {_TABLE} r WHERE {' AND '.join(where.conditions)}"
    if group:
        statement += f" GROUP BY {', '.join(group)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, where.params)
        while rows := cursor.fetchmany(10_000):
            yield from rows


_ENERGY_COLUMNS = (
    _LENS, "r.subject_id", "r.zone_id", "r.period_kind", "CAST(r.period_end AS text)", "r.product", "r.flow", "r.industry",
    "r.quantity", _DEMONSTRATION, "r.release", _RANK, "CAST(r.known_on AS text)", "r.id",
)  # fmt: skip
_CELL = 8
_ORDER = 11


def energy_cells(as_of: AsOf, *, subject_id: int, period: tuple[str, date]) -> Collection[tuple[Any, ...]]:
    """The energy cells that count of a region or a zone in one period (its kind and end), as tuples in the order of :class:`EnergyCell`
    (and what orders them behind). One statement."""
    where = _accepted(as_of).add("r.measure = %s", "energy").add("(r.subject_id = %s OR r.zone_id = %s)", subject_id, subject_id)
    where.add("r.period_kind = %s AND r.period_end = %s", *period)
    return latest_cells(_rows(_ENERGY_COLUMNS, where))


def latest_cells(rows: Iterable[tuple[Any, ...]]) -> Collection[tuple[Any, ...]]:
    """Of ``rows`` the one of each cell that counts: published before issued, then the latest known."""
    best: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in rows:
        cell = row[:_CELL]
        old = best.setdefault(cell, row)
        if old is not row and row[_ORDER:] > old[_ORDER:]:
            best[cell] = row
    return best.values()


_IN_COMMON = (
    "r.origin", "r.subject_id", "r.zone_id", "r.period_kind", "r.period_end", "r.release", "r.known_on", "r.demonstration",
)  # fmt: skip
_LINE = f"'{COLUMN.join(['%%s'] * 5)}', r.product, r.flow, r.industry, r.zone_id, r.quantity"
#: Lines and ids of the rows in common, joined in the order in which the rows were written.
_JOINED = {
    "postgresql": (f"string_agg(format({_LINE}), chr(10) ORDER BY r.id)", "string_agg(CAST(r.id AS text), ' ' ORDER BY r.id)"),
    "sqlite": (f"group_concat(printf({_LINE}), char(10))", "group_concat(r.id, ' ')"),
}


def energy_filings(as_of: AsOf) -> list[Filing]:
    """All energy rows that count, also those that a later row of their cell replaces, by date. The database joins them: one statement."""
    where = _accepted(as_of).add("r.measure = %s", "energy")
    columns = (
        _LENS, "r.subject_id", "r.zone_id", "r.period_kind", "CAST(r.period_end AS text)", "r.release", _RANK, "CAST(r.known_on AS text)",
        _DEMONSTRATION, *_JOINED[connection.vendor],
    )  # fmt: skip
    filings = map(Filing._make, _rows(columns, where, group=_IN_COMMON))
    return sorted(filings, key=lambda filing: (filing.end, filing.kind, filing.first_id))


#: The line that is hashed for one figure.
_EVIDENCE = (
    f"{{}}('{'|'.join(['%%s'] * 9)}', r.measure, r.origin, r.period_kind, r.period_end, r.industry, r.price_base, r.release, r.quantity, "
    "r.rate) || CASE WHEN r.flow = '' THEN '' ELSE '|' || r.product || '|' || r.flow END"
)
#: In the order of :class:`SeriesCell`.
_SERIES_COLUMNS = (
    "r.measure", "r.origin", "r.subject_id", "r.zone_id", "r.period_kind", "CAST(r.period_end AS text)", "r.industry", "r.price_base",
    "r.release", "r.quantity", "r.rate", _DEMONSTRATION, _EVIDENCE, "CAST(r.known_on AS text)", "r.remark", "r.id", "r.product", "r.flow",
)  # fmt: skip
_FORMAT = {"postgresql": "format", "sqlite": "printf"}


def series_cells(as_of: AsOf, *, subject_id: int | None = None, period: tuple[str, date] | None = None) -> list[SeriesCell]:
    """Every release of the figures of other measures, latest known last. One statement."""
    where = _accepted(as_of).add(f"r.measure IN ({', '.join(['%s'] * len(SERIES))})", *SERIES)
    if subject_id is not None:
        where.add("(r.subject_id = %s OR r.zone_id = %s)", subject_id, subject_id)
    if period is not None:
        where.add("r.period_kind = %s AND r.period_end = %s", *period)
    columns = [column.format(_FORMAT[connection.vendor]) for column in _SERIES_COLUMNS]
    return sorted(map(SeriesCell._make, _rows(columns, where)), key=attrgetter("known_on", "row_id"))


def adding_up(cells: list[SeriesCell]) -> list[SeriesCell]:
    """The cells of one figure that add up to the whole: the one of all sectors, else the sectors; divisions only without their industry."""
    whole = [cell for cell in cells if not cell.industry]
    if whole:
        return whole
    industry = any(cell.industry == INDUSTRY for cell in cells)
    return [cell for cell in cells if not (industry and is_division(cell.industry))]


def is_division(industry: str) -> bool:
    """Whether a code is a division of industry (B06, C26, D44), which a row of industry as a whole includes."""
    return industry[:1] in _INDUSTRIAL


def energy_line(product: str, flow: str, industry: str, zone_id: int | None, micro: int) -> str:
    """The line that is hashed for one cell of the energy account."""
    return f"{product}|{flow}|{industry}|{zone_id or ''}|{micro}"


def digest(lines: list[str]) -> str:
    """SM3 over the sorted lines."""
    return sm3_hex("\n".join(sorted(lines)).encode())
