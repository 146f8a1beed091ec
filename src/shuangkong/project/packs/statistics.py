"""Published statistics of a pack as ledger rows: cited by publisher, title and date, never by an address."""

from __future__ import annotations

from shuangkong.apps.ledger.loading import NewRow
from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.plans.models import EVIDENCE_REMARKS
from shuangkong.core.quantities import to_base, to_micro

from .format import TableRow


def new_row(row: TableRow) -> NewRow:
    """The ledger row of a checked line; what was only seen as a repost or is recalled says 待核实 in its remark."""
    values, cells = row.values, row.cells
    measure, period = MEASURES[values["measure"]], values["period"]
    quantity = None if measure.is_rate else to_micro(to_base(values["value"], values["unit"], measure.dimension))
    return NewRow(
        values["region"], "", values["measure"], "", "", "", period.kind, period.start, period.end,
        quantity, format(values["value"], "f") if measure.is_rate else None, values["unit"], cells["value"],
        int(values["price_base"]) if measure.price_base else None, "published", values["release"], measure.comparable,
        citation(row), remark(row), values["known_on"],
    )  # fmt: skip


def citation(row: TableRow) -> str:
    """Publisher, title and date, as the screen shows it."""
    published_on = row.values["published_on"]
    return f"{row.values['publisher']}《{row.values['title']}》" + (f"{published_on.isoformat()}" if published_on else "（日期未见）")


def remark(row: TableRow) -> str:
    """How it was seen, and the pack's own note."""
    return "；".join(part for part in (EVIDENCE_REMARKS[row.values["evidence"]], row.values["note"]) if part)
