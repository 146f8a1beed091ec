"""What a report reads: current values of one subject and its parts for one period, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from shuangkong.apps.indicators.models import Run, Target, Value
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
        """The value of one indicator, or None where it was never computed."""
        return self.values.get((subject.code, code, basis))

    def number(self, subject: Subject, code: str, basis: str = "") -> Decimal | None:
        """Its number, or None where missing."""
        value = self.of(subject, code, basis)
        return value.value if value else None


def read_sheet(user: Any, plan: Plan, subject: Subject, period: Period, run: Run | None = None) -> Sheet:
    """Everything that the report on ``subject`` in ``period`` says, as ``user`` may see it and as ``run`` has it (the current if None)."""
    parts, zones = _parts_of(subject)
    everyone = [subject, *parts, *zones]
    held = Q(run=run) if run else Q(current__isnull=False)
    shown = Value.objects.visible_to(user).filter(held, treatment="gross").select_related("indicator", "subject", "run")
    now = shown.filter(
        indicator__code__in=(*RATES, *LEVELS, *POLLUTANTS), subject__in=everyone, period_end=period.end, period_kind__in=("ytd", "rolling")
    )
    values = {(v.subject.code, v.indicator.code, v.basis): v for v in sorted(now, key=_preference)}
    trend = list(
        shown.filter(
            indicator__code__in=TREND,
            subject=subject,
            period_end__gt=date(plan.first_year, 1, 1),
            period_end__lte=period.end,
            lens="issued",
        ).order_by("period_end")
    )
    targets = Target.objects.visible_to(user).filter(plan=plan, subject__in=everyone).select_related("indicator", "subject")
    return Sheet(values, trend, {(t.subject.code, t.indicator.code): t for t in targets}, parts, zones)


def _preference(value: Value) -> tuple[int, int, int]:
    """Later wins in a dict: issued before reported, published before issued; the reports' kind before another; newest last."""
    lens = {"reported": 0, "issued": 1, "published": 2}.get(value.lens, 0)
    own_kind = "rolling" if value.indicator.code in TREND else "ytd"
    return lens, int(value.period_kind == own_kind), value.pk


def _parts_of(subject: Subject) -> tuple[list[Subject], list[Subject]]:
    """The counties and the zones of a city; nothing below a county."""
    if subject.kind != Subject.Kind.CITY:
        return [], []
    children: Iterable[Subject] = Subject.objects.filter(parent=subject, kind__in=(Subject.Kind.COUNTY, Subject.Kind.ZONE))
    ordered = sorted(children, key=lambda child: (child.position, child.code))
    return [c for c in ordered if c.kind == Subject.Kind.COUNTY], [c for c in ordered if c.kind == Subject.Kind.ZONE]
