"""The carbon page: what a reader sees of which place, by fuel and source, and that its reads are few."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.cockpit.carbon.page import carbon_page
from shuangkong.apps.cockpit.overview import overview
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.indicators.selectors import indicator
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations.models import User
from shuangkong.apps.plans.models import Plan
from tests.energy.city import NOW, TODAY, Town

pytestmark = pytest.mark.django_db
MOST_QUERIES = 22


@pytest.fixture
def town(db: None) -> Town:
    """Two counties and a zone with coal, gas and electricity, 2025 and three quarters of 2026, and a target for the city."""
    town = Town("431002:北湖区", "431003:苏仙区", zones=(("CZ-HITECH", "431003"),), unallocated=False)
    town.install_rules()
    for county in ("431002", "431003"):
        for period, tonnes, gdp in (("2025", 1000, 1000), ("2025-01/09", 700, 700), ("2026-01/09", 660, 720)):
            zone = "CZ-HITECH" if county == "431003" else ""
            town.energy(county, period, "raw_coal", "terminal", tonnes, zone=zone)
            town.energy(county, period, "electricity", "inflow", tonnes, zone=zone)
            town.energy(county, period, "electricity", "terminal", tonnes, zone=zone)
            town.put(county, "gdp", period, gdp, price_base=2025)
    plan = Plan.objects.create(
        code="cz-15", title="方案", period_name="十五五", subject=town.by_code["431000"], base_year=2025, first_year=2026, last_year=2030
    )  # fmt: skip
    for code, number in (("co2_intensity_decline_percent", 17), ("energy_intensity_decline_percent", 13)):
        Target.objects.create(plan=plan, indicator=indicator(code), subject=town.by_code["431000"], number=number, public=True)
    town.recompute()
    return town


def person(role: str, place: Any = None) -> User:
    """Somebody of a role."""
    return User.objects.create(username=f"{role}-{place}", role=role, subject=place)


def test_the_page_shows_sources_now_and_a_year_ago(town: Town) -> None:
    page = carbon_page(person("city"), town.by_code["431002"], TODAY)
    assert page is not None
    coal = next(source for source in page.sources if source.label == "原煤")
    assert (coal.now, coal.before) == (660 * D("1.9003"), 700 * D("1.9003"))
    assert coal.detail == "660 t × 1.9003 kgCO2/kg"
    assert [label for label, _now, _before in page.groups] == ["煤", "电力调入减调出"]
    assert page.own["energy_co2_t"].value == 660 * D("1.9003") + 660 * D("4.976")


def test_the_city_lists_its_counties_and_zones_apart_with_the_target(town: Town, client: Client) -> None:
    client.force_login(person("city"))
    text = client.get("/carbon/").content.decode()
    assert "郴州市碳排放" in text
    for words in ("北湖区", "苏仙区", "园区（与县市区重叠，单列）", "17%", "应达到", "2026年电力排放因子未公布，用2023年的"):
        assert words in text
    assert "排放量齐2 / 2" in text
    assert "强度齐" not in text
    assert client.get("/carbon/999999/").status_code == 404


def test_a_county_sees_its_own_and_no_other(town: Town, client: Client) -> None:
    client.force_login(person("county", town.by_code["431002"]))
    assert "660 t × 1.9003" in client.get("/carbon/431002/").content.decode()
    other = client.get("/carbon/431003/").content.decode()
    assert "660 t" not in other
    assert "未公开" in other
    page = carbon_page(person("county", town.by_code["431003"]), town.by_code["431000"], TODAY)
    assert page is not None
    assert [line.place.name for line in page.counties] == ["苏仙区"]


def test_reads_are_few(town: Town, client: Client, django_assert_max_num_queries: Any) -> None:
    client.force_login(person("city"))
    client.get("/carbon/")
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get("/carbon/")


def test_without_any_energy_the_page_says_so(town: Town, client: Client) -> None:
    client.force_login(person("city"))
    Batch.objects.unscoped("test").update(withdrawn_at=NOW)
    town.new_batch()
    town.energy("431003", "2026-01/09", "raw_coal", "terminal", 1)
    town.put("431003", "gdp", "2026-01/09", 1, price_base=2025)
    town.put("431003", "gdp", "2025-01/09", 1, price_base=2025)
    town.energy("431003", "2025-01/09", "raw_coal", "terminal", 1)
    town.recompute()
    text = client.get("/carbon/431002/").content.decode()
    assert "没有能源平衡" in text


def test_carbon_intensity_stands_first_where_the_plan_asks_for_it(town: Town, client: Client) -> None:
    user = person("city")
    page = overview(user, TODAY)
    assert page is not None
    assert page.headlines[0].code == "co2_intensity_decline_percent"
    assert page.headlines[0].progress is not None
    total = next(line for line in page.headlines if line.code == "energy_co2_t")
    assert total.value is not None
    assert total.value.value is not None
    client.force_login(user)
    assert "碳排放强度" in client.get("/").content.decode()
    Target.objects.unscoped("test").filter(indicator__code="co2_intensity_decline_percent").delete()
    page = overview(user, TODAY)
    assert page is not None
    assert page.carbon is None
