"""The way from the gross to the assessed decline on a county's page, the label of exemption, and which figure the pages take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.cockpit import selectors
from shuangkong.apps.cockpit.county import county_page
from shuangkong.apps.cockpit.overview import overview
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.indicators.selectors import indicator, standings
from shuangkong.apps.organisations.models import User
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.ui.waterfall import Step, waterfall
from shuangkong.core.periods import Period
from tests.energy.city import TODAY, Town

pytestmark = pytest.mark.django_db
END = date(2026, 1, 1)


@pytest.fixture
def town(db: None) -> Town:
    """北湖区 meets its incentive target on the assessment basis only; 苏仙区 states nothing."""
    town = Town("431002:北湖区", "431003:苏仙区", unallocated=False)
    town.install_rules()
    for county in ("431002", "431003"):
        for year, tonnes in (("2020", 1000), ("2024", 920), ("2025", 900)):
            town.energy(county, f"{year}-01/12", "coal_equivalent", "terminal", tonnes)
            town.put(county, "gdp", f"{year}-01/12", 1000, price_base=2020)
    plan = Plan.objects.create(
        code="cz-14", title="方案", period_name="十四五", subject=town.by_code["431000"], base_year=2020, first_year=2021, last_year=2025
    )  # fmt: skip
    for county in ("431002", "431003"):
        place = town.by_code[county]
        Target.objects.create(plan=plan, indicator=indicator(selectors.DECLINE), subject=place, number=15, incentive=18)
    for year, amount in (("2020", 100), ("2024", 150), ("2025", 180)):
        town.put("431002", "feedstock_energy", f"{year}-01/12", amount)
    town.recompute()
    return town


def city_person() -> User:
    """Somebody of the city."""
    return User.objects.create(username="fagai", role=User.Role.CITY)


def test_the_bridge_stands_on_the_page_and_each_bar_opens(town: Town, client: Client) -> None:
    user = city_person()
    page = county_page(user, town.by_code["431002"], TODAY, "cz-14", END)
    assert page is not None
    assert page.bridge is not None
    assert [(bar.label, round(bar.number or 0, 2)) for bar in page.bridge.bars] == [("毛口径", 10), ("原料用能", 10), ("考核口径", 20)]
    assert page.row.decline is not None
    assert (page.row.decline.treatment, page.row.decline.value) == ("assessed", D(20))
    client.force_login(user)
    text = client.get("/counties/431002/?plan=cz-14").content.decode()
    assert "从毛口径到考核口径" in text
    for bar in page.bridge.bars:
        assert f'href="{bar.address}"' in text
        assert client.get(bar.address).status_code == 200
    assert "从毛口径到考核口径" not in client.get("/counties/431003/?plan=cz-14").content.decode()


def test_a_missing_base_year_is_said_on_the_page(town: Town, client: Client) -> None:
    town.put("431003", "feedstock_energy", "2025-01/12", 100)
    town.recompute()
    client.force_login(city_person())
    text = client.get("/counties/431003/?plan=cz-14").content.decode()
    assert "苏仙区考核口径算不出：基期没有原料用能的数" in text
    assert "—%" not in text
    assert "缺报" in text


def test_a_decline_without_its_base_year_is_said_though_the_year_is_known(town: Town, client: Client) -> None:
    for year in ("2024", "2025"):
        town.put("431003", "feedstock_energy", f"{year}-01/12", 100)
    town.recompute()
    client.force_login(city_person())
    text = client.get("/counties/431003/?plan=cz-14").content.decode()
    assert "考核口径累计降低率算不出：基期没有原料用能的数" in text


def test_pages_and_reports_take_the_figure_that_judges(town: Town) -> None:
    user = city_person()
    page = overview(user, TODAY, "cz-14", END)
    assert page is not None
    row = next(row for row in page.counties if row.subject.code == "431002")
    assert row.decline is not None
    assert row.gap is not None
    assert (row.decline.value, row.gap.value) == (D(20), D(5))
    plan = Plan.objects.get()
    standing = standings(user, plan, town.by_code["431002"], Period.year(2025))[0]
    assert standing.value is not None
    assert standing.gap is not None
    assert (standing.value.treatment, standing.gap.treatment) == ("assessed", "assessed")


def test_who_is_judged_otherwise_from_now_on_keeps_no_withdrawn_gap(town: Town) -> None:
    for year, amount in (("2020", 100), ("2024", 150), ("2025", 180)):
        town.put("431003", "feedstock_energy", f"{year}-01/12", amount)
    town.recompute()
    user = city_person()
    page = overview(user, TODAY, "cz-14", END)
    assert page is not None
    row = next(row for row in page.counties if row.subject.code == "431003")
    assert row.gap is not None
    assert row.decline is not None
    assert (row.decline.value, row.gap.value) == (D(20), D(5))
    standing = standings(user, Plan.objects.get(), town.by_code["431003"], Period.year(2025))[0]
    assert standing.gap is not None
    assert standing.gap.value == D(5)


def test_a_quarter_is_counted_once_though_it_has_two_figures(town: Town) -> None:
    assert selectors.filed(None, TODAY)[0] == (END, 2)


def test_who_met_the_incentive_target_is_exempt_and_the_rule_is_cited(town: Town, client: Client) -> None:
    user = city_person()
    page = overview(user, TODAY, "cz-14", END)
    assert page is not None
    exempt = {row.subject.code: row.exempt for row in page.counties}
    assert exempt == {"431002": True, "431003": False}
    client.force_login(user)
    listed = client.get("/counties/?plan=cz-14").content.decode()
    assert listed.count("总量免考</a>") == 1
    text = client.get("/counties/431002/?plan=cz-14").content.decode()
    assert "总量免考：已完成激励目标" in text
    assert "没有总量目标（省不下达）" in text
    cell = next(row for row in page.counties if row.subject.code == "431002").exemption
    assert cell is not None
    told = client.get(f"/explain/value/{cell.pk}/").content.decode()
    assert "发改环资〔2021〕1310号" in told
    assert "18" in told


def test_a_citys_own_number_of_total_energy_is_called_so(town: Town, client: Client) -> None:
    plan = Plan.objects.get()
    Target.objects.create(
        plan=plan, indicator=indicator("energy_total_tce"), subject=town.by_code["431002"], number=1_200_000, kind="internal"
    )  # fmt: skip
    client.force_login(city_person())
    text = client.get("/counties/431002/?plan=cz-14").content.decode()
    assert "内部管控目标" in text
    assert "120万tce" in text


def test_reads_do_not_grow_with_the_bridge(town: Town, client: Client, django_assert_max_num_queries: Any) -> None:
    client.force_login(city_person())
    client.get("/counties/431002/?plan=cz-14")
    with django_assert_max_num_queries(26):
        client.get("/counties/431002/?plan=cz-14")


def test_a_waterfall_stands_on_zero_hangs_between_and_says_what_is_missing() -> None:
    steps = [Step("毛", D(9), True, "/a/"), Step("一", D("-1.5")), Step("二", None), Step("三", D(1)), Step("考核", D(11), True)]
    chart = waterfall(steps, "图", "%")
    boxes = [box["value"] for box in chart.option["series"][0]["data"]]
    assert boxes == [[0, 9.0, 0, 9.0], [9.0, 7.5, 7.5, 9.0], ["-"] * 4, ["-"] * 4, [0, 11.0, 0, 11.0]]
    assert chart.rows == (("毛", "9.00"), ("一", "−1.50"), ("二", "缺报"), ("三", "+1.00"), ("考核", "11.00"))
