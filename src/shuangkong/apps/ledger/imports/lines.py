"""A staged ledger line: what a workbook's row says, in database terms, before it is a row."""

from __future__ import annotations

from typing import Any, NamedTuple


class Line(NamedTuple):
    """The columns of a line in order. Quantities are integers of 10⁻⁶ base units, rates and dates text. Staged behind row and ask mark."""

    subject: int
    county: int | None
    zone: int | None
    measure: str
    industry: str
    product: str
    flow: str
    period_kind: str
    period_start: str
    period_end: str
    micro: int | None
    rate: str | None
    unit_filed: str
    filed: str
    price_base: int | None
    release: str
    comparable: bool
    remark: str

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two lines the same cell (one origin): a release is a vintage of its own."""
        return (*self[0:1], *self[2:8], self.period_end, self.price_base, self.release)

    @property
    def content(self) -> tuple[int | None, str | None]:
        """What the cell holds."""
        return self.micro, self.rate


#: Where the columns stand in a staged list: behind the workbook's row number and the ask mark.
AT = {name: place + 2 for place, name in enumerate(Line._fields)}
