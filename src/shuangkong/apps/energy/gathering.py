"""From ledger cells to one account for each place: lens, subject and period (accounting 1, 7)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shuangkong.apps.energy.account import Account
from shuangkong.apps.indicators.evidence import INDUSTRY, digest, energy_line, is_division

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


def gather(cells: Collection[tuple[Any, ...]]) -> dict[Place, Account]:
    """One account per lens, subject and period. A zone's cells count for its county and, apart, for the zone.

    Where a flow was filed in total and by industry, the total counts and the industries are what is known of its parts.
    """
    accounts: dict[Place, Account] = {}
    twice = overlaps(cells)
    for lens, subject_id, zone_id, kind, end, product, flow, industry, micro, demonstration, *_ in cells:
        line = energy_line(product, flow, industry, zone_id, micro)
        for owner in (subject_id,) if zone_id is None else (subject_id, zone_id):
            place = (lens, owner, kind, end)
            account = accounts.get(place)
            if account is None:
                account = accounts[place] = Account()
            filed = twice.get((lens, subject_id, zone_id, kind, end, product, flow), 0) if twice else 0
            if filed and not industry:
                account.add_whole(product, flow, micro, line)
            elif filed and _is_part(filed, industry):
                account.add_part(product, flow, industry, micro, line)
            else:
                account.add(product, flow, industry, micro, line)
            if demonstration:
                account.demonstration = True
    return accounts


def rows_behind(account: Account, lens: str, subject_code: str, period_code: str) -> dict[str, Any]:
    """The rows of an account as an input: how to read them again, with their count, sum and SM3, which is taken once."""
    if not account.known_sm3:
        account.known_sm3.append(digest(account.rows))
    arguments = {"lens": lens, "period": account.read_as or period_code, "subject": subject_code}
    return {
        "label": "能源平衡", "query": "energy", "arguments": arguments, "count": len(account.rows), "sum": str(account.filed),
        "sm3": account.known_sm3[0],
    }  # fmt: skip
