"""Cells for tests, and a round from one end to the other."""

from __future__ import annotations

from typing import Any

from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import accept, save_draft, submit
from tests.filing.conftest import NOW

MONTH = {
    "consumption.raw_coal.purchased": "1200",
    "consumption.raw_coal.consumed": "1,000.5",
    "consumption.electricity.consumed": "321.25",
    "output.r1.product": "水泥",
    "output.r1.unit": "吨",
    "output.r1.amount": "5000",
    "operation.output_value.value": "880",
    "operation.days.value": "30",
}


def month_of(month: int) -> dict[str, str]:
    """The same with figures of its own: two equal months would be asked about."""
    return {**MONTH, "consumption.raw_coal.consumed": f"10{month}1.3", "consumption.electricity.consumed": f"31{month}.77"}


_FLOWS = (
    "opening_stock", "primary_production", "recovery", "inflow", "outflow", "closing_stock", "transformation_in", "transformation_out",
    "loss", "terminal_agriculture", "terminal_industry", "terminal_construction", "terminal_transport", "terminal_trade",
    "terminal_other", "terminal_households",
)  # fmt: skip


def balance(product: str = "raw_coal", **flows: str) -> dict[str, str]:
    """A column of the county balance: zero but for what is named."""
    return {f"balance.{flow}.{product}": flows.get(flow, "0") for flow in _FLOWS}


COUNTY = {
    **balance(inflow="1000", terminal_industry="900", closing_stock="100"),
    **balance("electricity", inflow="50", terminal_households="50"),
}


def again(filing: Filing) -> Filing:
    """The filing as the database holds it now."""
    return Filing.objects.unscoped("test").select_related("subject").get(pk=filing.pk)


def submitted(filing: Filing, user: Any, cells: dict[str, str]) -> Filing:
    """Saved and submitted."""
    save_draft(filing, cells, filing.draft_revision, user, now=NOW)
    submit(filing, user, now=NOW)
    return again(filing)


def accepted(filing: Filing, *reviewers: Any) -> Filing:
    """Accepted by each reviewer in turn."""
    for reviewer in reviewers:
        filing = again(filing)
        accept(filing, reviewer, now=NOW)
    return again(filing)
