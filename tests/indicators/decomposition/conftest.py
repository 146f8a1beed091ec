"""A small city with bases, figures and readings from which its targets can be shared out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db.models.functions import Now

from shuangkong.apps.indicators.decomposition import services
from shuangkong.apps.indicators.drafts import Drafts
from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.indicators.services import Known, load_catalogue, publish
from shuangkong.apps.indicators.targets.services import put_targets
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period

NOW, TODAY = datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 24)
DECLINE, CO2, TOTAL = "energy_intensity_decline_percent", "co2_intensity_decline_percent", "energy_total_tce"
#: code → energy tce, CO2 t, GDP 10 000 yuan of 2025, growth, industry, potential
COUNTIES = {
    "431002": ("1400000", "2700000", "6000000", "5.8", "35", "6"), "431003": ("1900000", "4100000", "4200000", "6.4", "44", "5"),
    "431081": ("2400000", "5200000", "4300000", "5.0", "50", "8"),
}  # fmt: skip


@pytest.fixture
def city(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The running plan of a city of three counties with everything that a decomposition needs."""
    load_catalogue()
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    Subject.objects.create(kind="county", code="431081", name="资兴市", parent=places["431000"], position=3)
    for position, code in enumerate(("431002", "431003")):
        Subject.objects.filter(code=code).update(position=position)
    plan = Plan.objects.create(
        code="cz-15", title="“十五五”方案", period_name="“十五五”", subject=places["431000"], base_year=2025, first_year=2026,
        last_year=2030,
    )
    targets = {DECLINE: "13.5", CO2: "17", "cod_reduction_t": "8200", "nox_reduction_t": "2900"}
    put_targets([{"plan": "cz-15", "indicator": i, "region": "431000", "number": n, "kind": "binding"} for i, n in targets.items()])
    put_targets([{"plan": "cz-15", "indicator": TOTAL, "region": "431000", "number": "6600000", "kind": "internal"}])
    bases()
    for code, (_e, _c, _g, growth, industry, potential) in COUNTIES.items():
        figures = {"growth": growth, "industry": industry, "potential": potential, "cod_base": "5000", "cod_potential": "9",
                   "nox_base": "3000", "nox_potential": "7"}  # fmt: skip
        services.put_inputs([row("cz-15", code, key, value) for key, value in figures.items()])
    readings({code: (28 + 4 * n, 130 + 10 * n, 4, 4 - n) for n, code in enumerate(COUNTIES)})
    return plan


def row(plan: str, region: str, key: str, value: str) -> dict[str, Any]:
    """A stated figure as a pack gives it."""
    return {"plan": plan, "region": region, "key": key, "value": value, "owner": "", "source": "测试", "demonstration": False}


def bases(leave: tuple[str, ...] = (), price_base: int = 2025) -> None:
    """Energy, CO2 and GDP of 2025 as published values; ``leave`` names counties without them."""
    drafts, year = Drafts({}), Period.year(2025)
    for subject in Subject.objects.filter(code__in=list(COUNTIES)):
        if subject.code in leave:
            continue
        energy, co2, gdp = COUNTIES[subject.code][:3]
        for code, value, basis in ((TOTAL, energy, "equivalent"), ("energy_co2_t", co2, ""), ("gdp_10k_yuan", gdp, f"price{price_base}")):
            drafts.add(code, subject, year, D(value), basis=basis, lens="issued", calculation="test")
    publish(drafts.rows, Known(TODAY, "a" * 64), now=NOW, reason="测试")


def readings(of: dict[str, tuple[int, int, int, int]], year: int = 2025) -> None:
    """PM2.5, ozone, sections and sections that meet their goal, in one applied batch."""
    batch = Batch.objects.create(kind="environment", title="试")
    for code, values in of.items():
        subject = Subject.objects.get(code=code)
        for measure, value in zip(("pm25", "o3", "water_sections", "water_sections_met"), values, strict=True):
            Row.objects.create(
                batch=batch, subject=subject, county=subject, measure=measure, period_kind="year", period_start=date(year, 1, 1),
                period_end=date(year + 1, 1, 1), rate=D(value), origin="issued", release="final", known_on=date(year + 1, 2, 1),
            )  # fmt: skip
    Batch.objects.unscoped("test").filter(pk=batch.pk).update(applied_at=Now())


@pytest.fixture
def version(city: Plan, users: dict[str, Any]) -> Callable[..., Any]:
    """Makes a version: ``version(DECLINE)``."""

    def make(code: str = DECLINE) -> Any:
        return services.begin(city, Indicator.objects.get(code=code), actor=users["city"], today=TODAY)

    return make
