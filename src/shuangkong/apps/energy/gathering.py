"""From the energy rows of the ledger to one account for each place: lens, subject and period (accounting 1, 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from shuangkong.apps.energy.account import Account
from shuangkong.apps.indicators.evidence import COLUMN, INDUSTRY, Filing, digest, energy_line, is_division, latest_cells
from shuangkong.core.digest import sm3_hex

Place = tuple[str, int, str, str]  # lens, subject, period kind, period end

#: How a cell names its industry: all of them, industry as a whole, one division of it, another sector.
_WHOLE, _INDUSTRY, _DIVISION, _SECTOR = 1, 2, 4, 8
#: A cell without industry and quantity: lens, subject, zone, period kind and end, product, flow.
_FLOW = 7


def overlaps(cells: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Flows of which a total and its parts were both filed, with what was filed: adding them up would count the parts twice."""
    anywhere: dict[str, int] = {}
    for flow, industry in {cell[_FLOW - 1 : _FLOW + 1] for cell in cells}:
        anywhere[flow] = anywhere.get(flow, 0) | _kind(industry)
    asked = {flow for flow, filed in anywhere.items() if _overlap(filed)}  # mostly none: then no place need be looked at
    found: dict[tuple[Any, ...], int] = {}
    for cell in cells if asked else ():
        if cell[_FLOW - 1] in asked:
            found[cell[:_FLOW]] = found.get(cell[:_FLOW], 0) | _kind(cell[_FLOW])
    return {flow: filed for flow, filed in found.items() if _overlap(filed)}


def _overlap(filed: int) -> bool:
    return filed > _WHOLE and bool(filed & _WHOLE or (filed & _INDUSTRY and filed & _DIVISION))


def _kind(industry: str) -> int:
    if not industry:
        return _WHOLE
    if industry == INDUSTRY:
        return _INDUSTRY
    return _DIVISION if is_division(industry) else _SECTOR


def _is_part(filed: int, industry: str) -> bool:
    """Whether the cell of an industry is a part of another one of its flow."""
    return bool(filed & _WHOLE or (filed & _INDUSTRY and _kind(industry) == _DIVISION))


class Cell(NamedTuple):
    """What a line says besides its quantity, taken apart once for all periods."""

    product: str
    flow: str
    industry: str
    kind: int


class Cells(dict[str, Cell]):
    """The beginning of a line → its cell."""

    def __missing__(self, text: str) -> Cell:
        product, flow, industry, _ = text.split(COLUMN)
        self[text] = Cell(product, flow, industry, _kind(industry))
        return self[text]


class Filed:
    """What was filed of one place; its account is made when it is first asked for.

    ``read_as`` names the period under which the rows stand when it is another than the figure's (a year filed as 1–12月).
    """

    def __init__(self, filings: Sequence[Filing], cells: Cells, read_as: str = "") -> None:
        self._filings, self._cells, self.read_as = filings, cells, read_as
        self._like: Filed | None = None

    def as_year(self, period_code: str) -> Filed:
        """The same for the year of which the period with that code is the whole."""
        year = Filed(self._filings, self._cells, period_code)
        year._like = self
        return year

    @cached_property
    def account(self) -> Account:
        """Its account."""
        return _account(self._filings, self._cells) if self._like is None else self._like.account

    @cached_property
    def sm3(self) -> str:
        """The SM3 of all that was filed, which is quicker than the account."""
        return sm3_hex("\n".join(["|".join(map(str, filing)) for filing in self._filings]).encode())

    def has(self, flow: str) -> bool:
        """Whether anything was filed in a flow."""
        return any(f"{COLUMN}{flow}{COLUMN}" in filing.lines for filing in self._filings)


def gather(filings: Iterable[Filing]) -> dict[Place, Filed]:
    """What was filed by lens, subject and period. A zone's rows count for its county and, apart, for the zone."""
    of: dict[Place, list[Filing]] = {}
    for filing in filings:
        for owner in (filing.subject_id,) if filing.zone_id is None else (filing.subject_id, filing.zone_id):
            of.setdefault((filing.lens, owner, filing.kind, filing.end), []).append(filing)
    cells = Cells()
    return {place: Filed(mine, cells) for place, mine in of.items()}


def _account(filings: Sequence[Filing], cells: Cells) -> Account:
    """The account of one place; row by row only where a row may stand for another or be part of it."""
    lines = "\n".join([filing.lines for filing in filings]).split("\n")
    parted = [line.rpartition(COLUMN) for line in lines]
    found = [cells[text] for text, _, _ in parted]
    if len({text for text, _, _ in parted}) < len(lines) or any(map(_overlap, _filed(found).values())):
        return account_of_rows(latest_cells(row for filing in filings for row in filing.rows()))
    account = Account(demonstration=any(filing.demonstration for filing in filings))
    account.rows = "\n".join(lines).replace(COLUMN, "|").split("\n")
    for (product, flow, industry, _), (_, _, number) in zip(found, parted, strict=True):
        account.count(product, flow, industry, int(number))
    return account


def _filed(cells: Iterable[Cell]) -> dict[str, int]:
    """By flow, whether all industries, industry, its divisions or other sectors were filed."""
    filed: dict[str, int] = {}
    for cell in cells:
        filed[cell.flow] = filed.get(cell.flow, 0) | cell.kind
    return filed


def account_of_rows(cells: Collection[tuple[Any, ...]]) -> Account:
    """The account of the cells of one place.

    Where a flow was filed in total and by industry, the total counts and the industries are what is known of its parts.
    """
    account = Account(demonstration=any(cell[9] for cell in cells))
    twice = overlaps(cells)
    for lens, subject_id, zone_id, kind, end, product, flow, industry, micro, *_ in cells:
        line = energy_line(product, flow, industry, zone_id, micro)
        filed = twice.get((lens, subject_id, zone_id, kind, end, product, flow), 0)
        if filed and not industry:
            account.add_whole(product, flow, micro, line)
        elif filed and _is_part(filed, industry):
            account.add_part(product, flow, industry, micro, line)
        else:
            account.add(product, flow, industry, micro, line)
    return account


def rows_behind(filed: Filed, lens: str, subject_code: str, period_code: str) -> dict[str, Any]:
    """The rows of an account as an input: how to read them again, with their count, sum and SM3, which is taken once."""
    account = filed.account
    sm3 = account.memo.get("sm3")
    if sm3 is None:
        sm3 = account.memo["sm3"] = digest(account.rows)
    arguments = {"lens": lens, "period": filed.read_as or period_code, "subject": subject_code}
    return {
        "label": "能源平衡", "query": "energy", "arguments": arguments, "count": len(account.rows), "sum": str(account.filed),
        "sm3": sm3,
    }  # fmt: skip
