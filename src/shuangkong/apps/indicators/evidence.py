"""What a value read in the ledger, and how to read it again: count, sum and SM3 of the rows.

The same two statements serve the computation of everything and the re-reading behind one figure, so they cannot differ. Of several
releases of one cell the latest known counts (accounting 5); a published row goes before an issued one (accounting 15).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
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
    live = list(live_batches(as_of.had_at).order_by().values_list("id", flat=True))
    ids = ", ".join(map(str, live)) or "0"
    where = Where().add(f"r.batch_id IN ({ids})")
    newer = f"SELECT s.supersedes_id FROM {_TABLE} s WHERE s.supersedes_id IS NOT NULL AND s.batch_id IN ({ids})"
    if as_of.known_on is not None:
        where.add("r.known_on <= %s", as_of.known_on)
        where.add(f"r.id NOT IN ({newer} AND s.known_on <= %s)", as_of.known_on)
    else:
        where.add(f"r.id NOT IN ({newer})")
    if as_of.release:
        allowed = RELEASES[: RELEASES.index(as_of.release) + 1]
        where.add(f"r.release IN ({', '.join(['%s'] * len(allowed))})", *allowed)
    return where


def _rows(columns: Iterable[str], where: Where) -> Iterator[tuple[Any, ...]]:
    statement = f"SELECT {', '.join(columns)} FROM {_TABLE} r WHERE {' AND '.join(where.conditions)}"
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


def energy_cells(
    as_of: AsOf, *, subject_id: int | None = None, period: tuple[str, date] | None = None, earlier: list[tuple[Any, ...]] | None = None
) -> Iterable[tuple[Any, ...]]:  # fmt: skip
    """The energy cells that count, as tuples in the order of :class:`EnergyCell` (and what orders them behind). One statement.

    ``subject_id`` is a region or a zone; ``period`` its kind and end. ``earlier`` takes the rows that a later one of their cell replaced.
    """
    where = _accepted(as_of).add("r.measure = %s", "energy")
    if subject_id is not None:
        where.add("(r.subject_id = %s OR r.zone_id = %s)", subject_id, subject_id)
    if period is not None:
        where.add("r.period_kind = %s AND r.period_end = %s", *period)
    best: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in _rows(_ENERGY_COLUMNS, where):
        cell = row[:_CELL]
        old = best.setdefault(cell, row)
        if old is not row:
            newer = row[_ORDER:] > old[_ORDER:]
            best[cell] = row if newer else old
            if earlier is not None:
                earlier.append(old if newer else row)
    return best.values()


_SERIES_COLUMNS = (
    "r.measure", "r.origin", "r.subject_id", "r.zone_id", "r.period_kind", "CAST(r.period_end AS text)", "r.industry", "r.price_base",
    "r.release", "r.quantity", "r.rate", _DEMONSTRATION, "CAST(r.known_on AS text)", "r.id", "r.remark",
    "r.product", "r.flow",
)  # fmt: skip


def series_cells(as_of: AsOf, *, subject_id: int | None = None, period: tuple[str, date] | None = None) -> list[SeriesCell]:
    """Every release of the figures of other measures, latest known last. One statement."""
    where = _accepted(as_of).add(f"r.measure IN ({', '.join(['%s'] * len(SERIES))})", *SERIES)
    if subject_id is not None:
        where.add("(r.subject_id = %s OR r.zone_id = %s)", subject_id, subject_id)
    if period is not None:
        where.add("r.period_kind = %s AND r.period_end = %s", *period)
    found = sorted(_rows(_SERIES_COLUMNS, where), key=lambda row: (row[12], row[13]))
    return [SeriesCell(*row[:12], series_evidence(row), row[12], row[14], row[13], row[15], row[16]) for row in found]


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


def series_evidence(row: tuple[Any, ...]) -> str:
    """The line that is hashed for one figure."""
    line = "|".join(["" if part is None else str(part) for part in (row[0], row[1], *row[4:11])])
    return f"{line}|{row[15]}|{row[16]}" if row[16] else line


def energy_line(product: str, flow: str, industry: str, zone_id: int | None, micro: int) -> str:
    """The line that is hashed for one cell of the energy account."""
    return f"{product}|{flow}|{industry}|{zone_id or ''}|{micro}"


def digest(lines: list[str]) -> str:
    """SM3 over the sorted lines."""
    return sm3_hex("\n".join(sorted(lines)).encode())
