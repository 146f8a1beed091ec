"""Accounts from meters: the hourly table kept up, months worked out of it, complete ones handed to the ledger beside what was filed.

A step of the worker. What is incomplete is kept with its reason and never handed over; a late value that changes a month supersedes its
row. Coefficients are those of the energy account, asked once for each product and year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.models import DailyStep
from shuangkong.apps.energy.burning import Factor, Factors
from shuangkong.apps.energy.coefficients import SCALE, Coefficient, Coefficients
from shuangkong.apps.energy.differences import raise_differences
from shuangkong.apps.ledger import services as ledger
from shuangkong.apps.ledger.loading import Consignment, NewRow
from shuangkong.apps.ledger.posting import post
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.monitoring.metered import Registered, registered
from shuangkong.apps.monitoring.models import MeteredMonth
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_book
from shuangkong.core.energy import Basis
from shuangkong.core.metering import Span, local_spans, midnight
from shuangkong.core.periods import Period
from shuangkong.core.quantities import MICRO_DIGITS, MICRO_LIMIT, from_micro, to_micro
from shuangkong.core.rounding import round_half_up
from shuangkong.rulebook.loader import Rulebook
from shuangkong.series import energy as series
from shuangkong.series.engines import open_engine
from shuangkong.series.hours import Hours
from shuangkong.series.reading import FOLDER, SPILL

STEP = "energy.metered"
KIND = "metered"
_TURN_S = 900
"""Meters send every quarter of an hour: no account is worked out more often."""
_YEARS_BACK = 2
_LARGEST = float(from_micro(MICRO_LIMIT)) / 10_000
"""In base units. A month beyond is a fault of a reading or of the registration; ten thousand months below it still add up in the ledger."""


class Rates(NamedTuple):
    """What turns a product into coal equivalent and CO2 in one year, with the rule rows that say so."""

    calorific: Coefficient
    equivalent: Coefficient
    co2: Factor


def rates_of(products: Iterable[str], years: Iterable[int]) -> dict[tuple[str, int], Rates]:
    """Coefficients and factors by product and year, from the rulebook as it is now."""
    book = current_book()
    coefficients, factors = Coefficients(book, book.region), Factors(book, book.region)
    groups = {product.code: product.group for product in book.rulebook.products}
    return {
        (product, year): Rates(
            coefficients.of(product, year, Basis.CALORIFIC), coefficients.of(product, year, Basis.EQUIVALENT),
            factors.of(product, groups.get(product, "other"), year),
        )
        for product in sorted(set(products)) for year in years
    }  # fmt: skip


def as_columns(rates: Mapping[tuple[str, int], Rates], suffixes: Iterable[str] = ("",)) -> list[series.Coefficient]:
    """Rates as the series takes them: for each product (and what stands behind it) from new year to new year in local time."""
    zone = timezone.get_default_timezone()
    return [
        series.Coefficient(
            product + suffix, midnight(zone, date(year, 1, 1)), midnight(zone, date(year + 1, 1, 1)),
            _float(found.calorific), _float(found.equivalent), None if found.co2.value is None else float(found.co2.value),
        )
        for (product, year), found in rates.items() for suffix in suffixes
    ]  # fmt: skip


def _float(coefficient: Coefficient) -> float | None:
    return None if coefficient.units is None else float(Decimal(coefficient.units).scaleb(-SCALE))


def step(now: datetime) -> bool:
    """Works the accounts out, at most once in a quarter of an hour; whether anything changed."""
    if not _takes_turn(now):
        return False
    return work_out(now, store())


def _takes_turn(now: datetime) -> bool:
    turn, today = int(now.timestamp()) // _TURN_S, _civil_day(now)
    DailyStep.objects.get_or_create(name=STEP, defaults={"day": today})
    return DailyStep.objects.filter(name=STEP, mark__lt=turn).update(mark=turn, day=today) == 1


def _civil_day(now: datetime) -> date:
    return now.astimezone(timezone.get_default_timezone()).date()


def work_out(now: datetime, root: Path) -> bool:
    """Brings the hourly table, the months, the ledger and the inboxes in line with the readings; whether anything changed."""
    found, today = registered(), _civil_day(now)
    if not found.meters and not MeteredMonth.objects.unscoped("whether there ever was a meter").exists():
        return False
    rates = rates_of(found.products.values(), range(today.year - _YEARS_BACK, today.year + 1))
    engine = open_engine("duckdb", root / FOLDER / SPILL)
    try:
        hours = Hours(root)
        changed = hours.refresh(found.meters, found.products, as_columns(rates), engine, found.entries)
        months = _months(changed, today)
        amounts = hours.consumption(engine, found.entries, as_columns(rates, ("|inflow", "|terminal")), months)
    finally:
        engine.close()
    moved = keep_months(amounts, found, months, now)
    batches = hand_over(_due(moved, today), today, now)
    if batches:
        ledger.recompute(now=now, today=today, actor=None, reason=_("计量月用量入账"))
    raise_differences(today)
    return bool(changed or moved)


def _months(changed: Iterable[str], today: date) -> list[Span]:
    """The local months that a change of months of readings (in UTC) may touch, with this one and the last."""
    zone = timezone.get_default_timezone()
    this = today.replace(day=1)
    firsts = {this, _before(this)}
    for text in changed:
        month = datetime.strptime(text, "%Y-%m").date()
        firsts |= {_before(month), month, _end(month)}
    return [span for first in sorted(firsts) if first <= this for span in local_spans(zone, "month", first, first + timedelta(days=1))]


def _end(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


# months


def keep_months(amounts: Sequence[series.Amount], found: Registered, spans: Collection[Span], now: datetime) -> list[MeteredMonth]:
    """Writes what the months hold; answers with those that are new or other than before. A fixed number of statements."""
    units = {subject.code: subject for subject in Subject.objects.filter(code__in={entry.enterprise for entry in found.entries})}
    made = [_month(amount, units[amount.owner], now) for amount in amounts if _is_told(amount, spans)]
    kept = MeteredMonth.objects.unscoped("what was worked out before").filter(month__in={_first(span) for span in spans})
    standing = {(each.subject_id, each.product, each.flow, each.month): each for each in kept}
    new, other = [], []
    for month in made:
        old = standing.pop((month.subject_id, month.product, month.flow, month.month), None)
        if old is None:
            new.append(month)
        elif any(getattr(old, name) != getattr(month, name) for name in _WORKED_OUT):
            month.pk = old.pk
            other.append(month)
    gone = [each.pk for each in standing.values()]
    if not (new or other or gone):
        return []
    with transaction.atomic():
        MeteredMonth.objects.bulk_create(new, batch_size=200)
        MeteredMonth.objects.bulk_update(other, [*_WORKED_OUT, "worked_out_at"], batch_size=100)
        MeteredMonth.objects.unscoped("of meters that are no longer counted").filter(pk__in=gone).delete()
        record("energy.metered.worked_out", MeteredMonth, after={"new": len(new), "changed": len(other), "gone": len(gone)})
    return [*new, *other]


def _is_told(amount: series.Amount, spans: Collection[Span]) -> bool:
    """Whether a month is kept: not one of long ago of which nothing ever came; this month and the last are told even when empty."""
    recent = sorted(span.start for span in spans)[-2:]
    length_s = int((amount.span.end - amount.span.start).total_seconds())
    return amount.span.start in recent or amount.missing_s < length_s or bool(amount.quantity or amount.straddling or any(amount.faults))


_WORKED_OUT = (
    "quantity", "energy_tce", "equivalent_tce", "co2_t", "complete", "why", "meters", "incomplete", "demonstration",
)  # fmt: skip


def _first(span: Span) -> date:
    return span.start.astimezone(timezone.get_default_timezone()).date()


def _month(amount: series.Amount, unit: Subject, now: datetime) -> MeteredMonth:
    product, _bar, flow = amount.product.partition("|")
    if not abs(amount.quantity) <= _LARGEST:
        amount = replace(amount, quantity=0.0, covered_s=0)
        objection = _("用量超出账上能记的范围，请核对读数、倍率和单位")
    else:
        objection = _("减去的比加上的多，合计为负") if exact(amount.quantity) < 0 else ""
    return MeteredMonth(
        subject=unit, product=product, flow=flow, month=_first(amount.span), quantity=known(amount, amount.quantity),
        energy_tce=known(amount, amount.energy_tce), equivalent_tce=known(amount, amount.equivalent_tce),
        co2_t=known(amount, amount.co2_t), complete=amount.is_complete and not objection,
        why="；".join(filter(None, (objection, amount.why)))[:200], meters=amount.entries,
        incomplete=amount.incomplete, demonstration=settings.DEMONSTRATION or unit.demonstration, worked_out_at=now.astimezone(UTC),
    )  # fmt: skip


def exact(number: float) -> Decimal:
    """A float of the series as an exact quantity: the one place where the two meet. Six decimals, as the ledger holds them."""
    return round_half_up(Decimal(repr(number)), MICRO_DIGITS)


def known(amount: series.Amount, number: float | None) -> Decimal | None:
    """One of an amount's numbers; None where nothing was counted, which is not zero, or no rule gives it."""
    return None if number is None or not amount.is_known else exact(number)


# the ledger


def _due(moved: Sequence[MeteredMonth], today: date) -> list[MeteredMonth]:
    """The complete months that are over: those that moved, and those of the last month that do not stand in the ledger yet."""
    last = _before(today.replace(day=1))
    rows = accepted().unscoped("what of the last month stands in the ledger").filter(measure="energy", origin=KIND, period_start=last)
    posted = set(rows.values_list("subject_id", "product", "flow"))
    kept = MeteredMonth.objects.unscoped("what of the last month is complete").filter(month=last, complete=True).select_related("subject")
    waiting = [each for each in kept if (each.subject_id, each.product, each.flow) not in posted]
    both = {(each.subject_id, each.product, each.flow, each.month): each for each in [*waiting, *moved]}
    return [each for each in both.values() if each.complete and _end(each.month) <= today]


def hand_over(months: Sequence[MeteredMonth], today: date, now: datetime) -> int:
    """Brings complete months into the ledger as metered, one batch a unit; answers how many batches."""
    by_unit: defaultdict[Subject, list[MeteredMonth]] = defaultdict(list)
    for month in months:
        by_unit[month.subject].append(month)
    rulebook, made = current_book().rulebook, 0
    for unit, of_unit in by_unit.items():
        rows = [_row(month, rulebook, today) for month in of_unit]
        title = _("计量月用量：{unit}").format(unit=unit.name)
        marked = any(month.demonstration for month in of_unit)
        made += post(rows, Consignment(KIND, title, _("计量小时表"), unit.code, marked), now=now) is not None
    return made


def _row(month: MeteredMonth, rulebook: Rulebook, today: date) -> NewRow:
    product = rulebook.products.get(month.product)
    assert product is not None
    assert month.quantity is not None, "what is complete is known"
    period = Period.month(month.month.year, month.month.month)
    words = _("{n}只表计").format(n=month.meters)
    return NewRow(
        month.subject.code, "", "energy", "", month.product, month.flow, "month", period.start, period.end, to_micro(month.quantity), None,
        product.base_unit, format(month.quantity, "f"), None, "metered", "preliminary", False, _("计量器具读数"), words, today,
    )  # fmt: skip


