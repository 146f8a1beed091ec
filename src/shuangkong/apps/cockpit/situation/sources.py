"""What a report reads: current values of one subject and its parts for one period, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.apps.indicators.models import HANDED_DOWN, Run, Target, Value
from shuangkong.apps.indicators.selectors import as_judged, best, values
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period

RATES = (
    "energy_intensity_change_percent",
    "energy_intensity_decline_percent",
    "energy_intensity_required_percent",
    "energy_intensity_gap_points",
    "energy_intensity_progress_percent",
    "energy_intensity_annual_required_percent",
    "energy_intensity_remaining_rate_percent",
    "warning_national",
    "warning_city",
    "gdp_growth_percent",
    "energy_growth_percent",
    "electricity_growth_percent",
)
LEVELS = ("energy_total_tce", "energy_balance_difference_tce", "electricity_10k_kwh", "gdp_10k_yuan", "energy_intensity_tce_per_10k_yuan")
POLLUTANTS = ("cod_reduction_t", "nh3n_reduction_t", "nox_reduction_t", "vocs_reduction_t")
BASES = ("equivalent", "calorific")
MONTHS = 12
TREND = ("energy_intensity_decline_percent", "energy_intensity_required_percent")


@dataclass(frozen=True)
class Sheet:
    """The values of one period and the trend since the base year, as one reader may see them."""

    values: dict[tuple[str, str, str], Value]
    trend: list[Value]
    targets: dict[tuple[str, str], Target]
    parts: list[Subject]
    zones: list[Subject]

    def of(self, subject: Subject, code: str, basis: str = "") -> Value | None:
        """The value of one indicator (rates: at the equivalent value, accounting 3), or None where it was never computed."""
        return self.values.get((subject.code, code, basis))

    def number(self, subject: Subject, code: str, basis: str = "") -> Decimal | None:
        """Its number, or None where missing."""
        value = self.of(subject, code, basis)
        return value.value if value else None


def read_sheet(user: Any, plan: Plan, subject: Subject, period: Period, run: Run | None = None) -> Sheet:
    """Everything that the report on ``subject`` in ``period`` says, as ``user`` may see it and as ``run`` has it (the current if None)."""
    parts, zones = _parts_of(subject)
    everyone = [subject, *parts, *zones]
    spans = [period, Period.rolling(period.start.year, period.last_month)]
    if period.last_month == MONTHS:
        spans.append(Period.year(period.start.year))
    codes = (*RATES, *LEVELS, *POLLUTANTS)
    found = as_judged(values(user, codes, everyone, spans, run))
    chosen: dict[tuple[str, str, str], Value] = {}
    for span in spans:
        for basis in ("", *BASES):
            of_basis = [v for v in found if v.period == span and (v.basis == basis or (not basis and v.basis != "calorific"))]
            for (code, _, _), value in best(of_basis).items():
                _keep_better(chosen, (value.subject.code, code, basis), value)
    targets = Target.objects.visible_to(user).filter(HANDED_DOWN, plan=plan, subject__in=everyone).select_related("indicator", "subject")
    return Sheet(chosen, _trend(user, plan, subject, period, run), {(t.subject.code, t.indicator.code): t for t in targets}, parts, zones)


def _keep_better(chosen: dict[tuple[str, str, str], Value], key: tuple[str, str, str], value: Value) -> None:
    """The first that has a number; a missing one only where nothing else is known."""
    held = chosen.get(key)
    if held is None or (held.value is None and value.value is not None):
        chosen[key] = value


def _trend(user: Any, plan: Plan, subject: Subject, period: Period, run: Run | None) -> list[Value]:
    """Decline and path at the end of every quarter of the plan up to ``period``: rolling, and the full year at its end."""
    quarters = [(year, month) for year in range(plan.first_year, period.start.year + 1) for month in (3, 6, 9, MONTHS)]
    passed = [(year, month) for year, month in quarters if (year, month) <= (period.start.year, period.last_month)]
    spans = [Period.year(year) if month == MONTHS else Period.rolling(year, month) for year, month in passed]
    found = best(as_judged(values(user, (*TREND, *RATES), [subject], spans, run)))
    found = {key: value for key, value in found.items() if value.indicator.code in TREND}
    return sorted(found.values(), key=lambda value: value.period_end)


def _parts_of(subject: Subject) -> tuple[list[Subject], list[Subject]]:
    """The counties and the zones of a city; nothing below a county."""
    if subject.kind != Subject.Kind.CITY:
        return [], []
    children: Iterable[Subject] = Subject.objects.filter(parent=subject, kind__in=(Subject.Kind.COUNTY, Subject.Kind.ZONE))
    ordered = sorted(children, key=lambda child: (child.position, child.code))
    return [c for c in ordered if c.kind == Subject.Kind.COUNTY], [c for c in ordered if c.kind == Subject.Kind.ZONE]
