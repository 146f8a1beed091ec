"""The figures of the ledger other than energy by product: which one counts, for whom, and how it is named as an input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from shuangkong.apps.energy import ground
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex
from shuangkong.core.periods import Period

LENSES = ("published", "issued", "reported")
#: Which origins a lens may rest on, best first: a figure of the bureau before one of the county (accounting 6, 15).
ORIGINS = {"published": ("published",), "issued": ("published", "issued"), "reported": ("reported", "metered")}


def cell_input(label: str, cell: SeriesCell, subject: Subject) -> dict[str, object]:
    """An input that is one figure of the ledger."""
    arguments = {
        "measure": cell.measure, "origin": cell.origin, "subject": subject.code, "period": period_of(cell.kind, cell.end).code,
        "industry": cell.industry, "price_base": cell.price_base, **({"detail": cell.detail} if cell.flow else {}),
    }  # fmt: skip
    total = cell.rate if cell.micro is None else str(cell.micro)
    return {"label": label, "query": "series", "arguments": arguments, "count": 1, "sum": total, "sm3": sm3_hex(cell.evidence.encode())}


@lru_cache(maxsize=4096)
def period_of(kind: str, end: str) -> Period:
    """The period of a cell."""
    last = date.fromisoformat(end)
    year = last.year if last.month > 1 else last.year - 1
    month = last.month - 1 or 12
    if kind == "year":
        return Period.year(year)
    if kind == "quarter":
        return Period.quarter(year, month // 3)
    return Period.month(year, month) if kind == "month" else Period.ytd(year, month)


class Series:
    """The figures of the ledger other than energy by product, the latest known of each cell."""

    def __init__(self, cells: Iterable[SeriesCell]) -> None:
        self._latest: dict[tuple[str, str, int, str, str, str, int | None], SeriesCell] = {}
        #: Figures that were known more than once, by release.
        self.releases: dict[tuple[str, str, int, str, str, str, int | None], dict[str, SeriesCell]] = {}
        for cell in cells:
            owner = cell.zone_id or cell.subject_id  # a zone's own figure lies over its county's and is not added to it
            key = (cell.measure, cell.origin, owner, cell.kind, cell.end, cell.detail if cell.flow else cell.industry, cell.price_base)
            before = self._latest.get(key)
            if before is not None:
                self.releases.setdefault(key, {before.release: before})[cell.release] = cell
            self._latest[key] = cell
        self._lines: dict[str, list[tuple[int, str]]] = {}
        self._of: dict[str, list[tuple[int, SeriesCell]]] = {}
        self._owned: dict[tuple[str, int], list[SeriesCell]] = {}
        for key, cell in self._latest.items():
            self._of.setdefault(key[0], []).append((key[2], cell))
            self._owned.setdefault((key[0], key[2]), []).append(cell)

    def get(
        self, measure: str, lens: str, subject: Subject, period: Period, price_base: int | None = None, industry: str = ""
    ) -> SeriesCell | None:
        """The figure of the best origin that the lens may rest on. A year's own row goes before 1–12月."""
        for origin in ORIGINS[lens]:
            for kind in (period.kind, "ytd") if period.kind == "year" else (period.kind,):
                cell = self._latest.get((measure, origin, subject.id, kind, period.end.isoformat(), industry, price_base))
                if cell is not None:
                    return cell
        return None

    def all(self, measure: str) -> Sequence[tuple[int, SeriesCell]]:
        """The latest of every cell of one measure, each with whose figure it is (a zone's own is the zone's)."""
        return self._of.get(measure, ())

    def lines(self, measure: str) -> Sequence[tuple[int, str]]:
        """All that a computation reads of the figures of one measure, each with whose it is."""
        if measure not in self._lines:
            self._lines[measure] = [(owner, ground.cell_line(owner, cell)) for owner, cell in self.all(measure)]
        return self._lines[measure]

    def owned(self, measure: str, subject: Subject) -> Sequence[SeriesCell]:
        """The latest of every cell of one measure of one subject."""
        return self._owned.get((measure, subject.id), ())
