"""Every release of a statistic that is known, beside the live figure (accounting 5): totals of energy, GDP and its growth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.account import coal_equivalent
from shuangkong.apps.energy.coefficients import Coefficients, tce
from shuangkong.apps.energy.economy import gdp_basis
from shuangkong.apps.energy.gathering import Place, account_of_rows
from shuangkong.apps.energy.series import Series, cell_input, period_of
from shuangkong.apps.indicators.drafts import Drafts
from shuangkong.apps.indicators.evidence import RELEASES, EnergyCell, Filing, SeriesCell, digest, energy_line, latest_cells
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Basis
from shuangkong.core.figures import Status
from shuangkong.core.quantities import from_micro

_RANK = {release: rank for rank, release in enumerate(RELEASES)}
_CELL = 8


def write_energy(drafts: Drafts, coefficients: Coefficients, filings: Iterable[Filing], subjects: Mapping[int, Subject]) -> None:
    """The total of each release, for counties of whose rows some were revised."""
    of: dict[Place, list[Filing]] = {}
    for filing in filings:
        if filing.subject_id in subjects:
            of.setdefault((filing.lens, filing.subject_id, filing.kind, filing.end), []).append(filing)
    for place, mine in sorted(of.items()):
        releases = sorted({filing.release for filing in mine}, key=_RANK.__getitem__)
        rows = [row for filing in mine for row in filing.rows()] if len(releases) > 1 else []
        if len({row[:_CELL] for row in rows}) == len(rows):  # none was revised
            continue
        for release in releases:
            known = [row for row in rows if _RANK[row[10]] <= _RANK[release]]
            _energy_of(drafts, coefficients, subjects[place[1]], place, release, latest_cells(known))


def _energy_of(
    drafts: Drafts, coefficients: Coefficients, subject: Subject, place: Place, release: str, rows: Collection[tuple[Any, ...]]
) -> None:  # fmt: skip
    lens, period = place[0], period_of(place[2], place[3])
    account = account_of_rows(rows)
    cells = [EnergyCell(*row[:11]) for row in rows]
    lines = [energy_line(cell.product, cell.flow, cell.industry, cell.zone_id, cell.micro) for cell in cells]
    arguments = {"lens": lens, "period": period.code, "subject": subject.code}
    query = {"label": "能源平衡", "query": "energy", "arguments": arguments, "count": len(lines), "sm3": digest(lines)}
    inputs = canonical_json([{**query, "sum": str(sum(cell.micro for cell in cells))}])
    for basis in Basis:
        units, lacking = coal_equivalent(account.used(), coefficients.table(period.start.year, basis))
        drafts.add(
            "energy_total_tce", subject, period, tce(units), basis=basis.value, lens=lens, release=release,
            calculation="energy.total_of_release", status=Status.INCOMPLETE if lacking else Status.OK, inputs=inputs,
            demonstration=account.demonstration,
        )  # fmt: skip


_MEASURES = {"gdp": "gdp_10k_yuan", "gdp_growth": "gdp_growth_percent"}


def write_series(drafts: Drafts, series: Series, subjects: Mapping[int, Subject]) -> None:
    """GDP at constant prices and its growth in each release, where there are several."""
    for (measure, origin, owner, kind, end, _, price_base), cells in series.releases.items():
        if measure in _MEASURES and owner in subjects and len(cells) > 1 and price_base != 0 and origin != "reported":
            for cell in cells.values():
                _figure(drafts, subjects[owner], cell, kind, end, "published" if origin == "published" else "issued")


def _figure(drafts: Drafts, subject: Subject, cell: SeriesCell, kind: str, end: str, lens: str) -> None:
    period = period_of(kind, end)
    value = Decimal(cell.rate) if cell.rate is not None else from_micro(cell.micro or 0)
    basis = gdp_basis(period, cell.price_base) if cell.price_base else ""
    drafts.add(
        _MEASURES[cell.measure], subject, period, value, basis=basis, lens=lens, release=cell.release, calculation="series.release",
        demonstration=bool(cell.demonstration), recalled=cell.recalled, public=lens == "published",
        inputs=canonical_json([cell_input(period.label, cell, subject)]),
    )  # fmt: skip
