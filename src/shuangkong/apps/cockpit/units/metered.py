"""What the meters of a unit counted, month by month, beside what it filed; and one month opened into its meters, hours and rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from shuangkong.apps.energy.differences import Pair, Threshold, pairs, rows_beside, threshold
from shuangkong.apps.energy.metered import Rates, known, rates_of
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.monitoring.meter_models import FLOWS
from shuangkong.apps.monitoring.metered import registered
from shuangkong.apps.monitoring.models import Meter, MeteredMonth, VirtualMeter
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.metering import local_spans
from shuangkong.core.periods import Period
from shuangkong.series.energy import Amount
from shuangkong.series.engines import open_engine
from shuangkong.series.hours import Hours
from shuangkong.series.reading import FOLDER, SPILL

_FLOWS = dict(FLOWS)
_SHOWN_MONTHS = 13


@dataclass
class Line:
    """One product, flow and month: what was worked out of the meters, the two rows of the ledger, and whether they lie apart."""

    month: date
    product: str
    flow: str
    unit: str
    metered: MeteredMonth | None = None
    pair: Pair | None = None
    apart: bool = False
    running: bool = False

    @property
    def label(self) -> str:
        """2026年9月."""
        return Period.month(self.month.year, self.month.month).label

    @property
    def filed(self) -> Row | None:
        """What was filed."""
        return self.pair.filed if self.pair else None

    @property
    def posted(self) -> Row | None:
        """What stands in the ledger as metered."""
        return self.pair.metered if self.pair else None


@dataclass
class Beside:
    """The table of one unit."""

    lines: list[Line] = field(default_factory=list)
    limit: Threshold | None = None

    @property
    def apart(self) -> int:
        """How many lie further apart than the rule allows."""
        return sum(line.apart for line in self.lines)


def beside(user: Any, subject: Subject, today: date) -> Beside:
    """Metered beside filed, the newest first; empty where the unit has no meters. Three statements, one of them without meters."""
    months = list(MeteredMonth.objects.visible_to(user).filter(subject=subject)[: _SHOWN_MONTHS * 8])
    if not months:
        return Beside()
    limit, products = threshold(today), {product.code: product for product in current_rulebook().products}
    lines: dict[tuple[date, str, str], Line] = {}
    for each in months:
        product = products[each.product]
        line = Line(each.month, product.label, str(_FLOWS[each.flow]), product.base_unit, each)
        line.running = Period.month(each.month.year, each.month.month).end > today
        lines[each.month, each.product, each.flow] = line
    for pair in pairs(rows_beside(today).visible_to(user).filter(subject=subject)):
        line = lines.get((pair.month, pair.product, pair.flow))
        if line is not None:
            line.pair, line.apart = pair, pair.is_apart(limit)
    return Beside(sorted(lines.values(), key=lambda line: (-line.month.toordinal(), line.product, line.flow)), limit)


@dataclass
class MeterLine:
    """One meter, or virtual one, in a month."""

    name: str
    address: str
    quantity: Decimal | None
    amount: Amount


@dataclass
class Opened:
    """One month of a unit, opened."""

    month: MeteredMonth
    label: str
    product: str
    flow: str
    unit: str
    meters: list[MeterLine]
    rates: Rates
    days: list[tuple[str, Decimal | None, bool]]


def opened(user: Any, month_id: int, subject: Subject, root: Path) -> Opened | None:
    """What a month is made of; None for what the reader may not see."""
    month = MeteredMonth.objects.visible_to(user).filter(pk=month_id, subject=subject).first()
    if month is None:
        return None
    product = current_rulebook().products.get(month.product)
    assert product is not None
    by_meter, by_day = _amounts(month, root)
    names = _names(user, subject)
    lines = [MeterLine(*names.get(each.owner, (each.owner, "")), known(each, each.quantity), each) for each in by_meter]
    days = [(each.span.code[-2:], known(each, each.quantity), each.is_complete) for each in by_day]
    rates = rates_of([month.product], [month.month.year])[month.product, month.month.year]
    label = Period.month(month.month.year, month.month.month).label
    return Opened(month, label, product.label, str(_FLOWS[month.flow]), product.base_unit, lines, rates, days)


def _amounts(month: MeteredMonth, root: Path) -> tuple[list[Amount], list[Amount]]:
    """The hourly table by meter for the month, and for the unit by day."""
    zone, wanted = timezone.get_default_timezone(), f"{month.product}|{month.flow}"
    entries = [entry for entry in registered([month.subject_id]).entries if entry.product == wanted]
    end = (month.month + timedelta(days=31)).replace(day=1)
    whole = local_spans(zone, "month", month.month, month.month + timedelta(days=1))
    engine = open_engine("duckdb", root / FOLDER / SPILL)
    try:
        hours = Hours(root)
        by_meter = hours.consumption(engine, entries, [], whole, "entry")
        return by_meter, hours.consumption(engine, entries, [], local_spans(zone, "day", month.month, end), "enterprise")
    finally:
        engine.close()


def _names(user: Any, subject: Subject) -> dict[str, tuple[str, str]]:
    meters = Meter.objects.visible_to(user).filter(subject=subject).values_list("pk", "name")
    virtual = VirtualMeter.objects.visible_to(user).filter(subject=subject).values_list("pk", "name")
    named = {f"m{pk}": (name, f"/monitoring/meters/{pk}/") for pk, name in meters}
    return named | {f"v{pk}": (name, "/monitoring/meters/") for pk, name in virtual}
