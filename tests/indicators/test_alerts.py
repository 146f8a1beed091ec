"""The inbox follows the newest figures: who must explain, file or settle what; settled items close by themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.indicators.alerts import raise_alerts
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.indicators.selectors import indicator
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, LocalRuleRow, Plan
from tests.energy.city import TODAY, Town

pytestmark = pytest.mark.django_db


def fill(town: Town, county: str, period: str, coal_t: int) -> None:
    for flow in ("inflow", "terminal"):
        town.energy(county, period, "raw_coal", flow, coal_t)
    town.put(county, "gdp", period, 10_000, price_base=2025)


@pytest.fixture
def town() -> Town:
    """北湖 fell, 苏仙 rose, 嘉禾 has filed nothing of the newest quarter; the commission leads the clause on warnings."""
    town = Town("431002:北湖区", "431003:苏仙区", "431024:嘉禾县")
    town.install_rules()
    plan = Plan.objects.create(
        code="p15", title="方案", period_name="十五五", subject=town.by_code["431000"], base_year=2025, first_year=2026, last_year=2030
    )
    for code in ("431002", "431003", "431024"):
        Target.objects.create(plan=plan, indicator=indicator("energy_intensity_decline_percent"), subject=town.by_code[code], number="13.5")
    commission = Department.objects.create(code="drc", short_name="市发改委")
    clause = Clause.objects.create(plan=plan, code="2.1.3", number="二（一）3", chapter="二", title="预警", summary="-", topic="warning")
    Duty.objects.create(clause=clause, department=commission, role="lead")
    for county in ("431002", "431003", "431024"):
        fill(town, county, "2025-01/06", 1000)
    fill(town, "431002", "2026-01/06", 900)
    fill(town, "431003", "2026-01/06", 1100)
    town.put("431024", "gdp", "2026-01/06", 10_000, price_base=2025)
    town.recompute()
    return town


def open_titles(user: Any) -> set[str]:
    return {item.title for item in InboxItem.objects.visible_to(user).filter(closed_at=None)}


def test_each_is_asked_what_is_its_to_do_and_nobody_sees_anothers(town: Town, make_user: Any) -> None:
    lead = make_user("city", department=Department.objects.get(code="drc"))
    rose = make_user("county", "rose", subject=town.by_code["431003"])
    fell = make_user("county", "fell", subject=town.by_code["431002"])
    late = make_user("county", "late", subject=town.by_code["431024"])
    assert open_titles(rose) == {"2026年1—6月能耗强度不降反升（一级）：说明原因、提出措施"}
    assert open_titles(late) == {"2026年1—6月能耗强度不完整：补报所缺"}
    assert open_titles(fell) == set()
    assert open_titles(lead) == {"苏仙区2026年1—6月能耗强度一级预警：加强工作指导", "嘉禾县2026年1—6月能耗强度不完整：催报"}


def test_a_missing_coefficient_is_asked_of_the_city_once_and_of_no_county(town: Town, make_user: Any) -> None:
    lead = make_user("city", department=Department.objects.get(code="drc"))
    places = [make_user("county", county, subject=town.by_code[county]) for county in ("431002", "431003")]
    LocalRuleRow.objects.unscoped("test").update(confirmed_at=None)
    town.new_batch()
    for county in ("431002", "431003"):
        for flow in ("inflow", "terminal"):
            town.energy(county, "2026-01/06", "electricity", flow, 10)
    town.recompute()
    asked = [title for title in open_titles(lead) if "折标系数" in title]
    assert asked == ["2026年1—6月能耗强度算不出：补录折标系数"]
    item = InboxItem.objects.visible_to(lead).get(title=asked[0], closed_at=None)
    assert item.address == "/rules/energy.electricity_equivalent/"
    assert "缺电力2026年等价值折标系数" in item.detail
    assert [title for place in places for title in open_titles(place) if "补报" in title] == []


def test_what_is_settled_closes_and_what_returns_opens_again(town: Town, make_user: Any) -> None:
    late = make_user("county", subject=town.by_code["431024"])
    town.new_batch()
    fill_late = [town.energy("431024", "2026-01/06", "raw_coal", flow, 900) for flow in ("inflow", "terminal")]
    town.recompute()
    assert open_titles(late) == set()
    batch = fill_late[0].batch
    batch.withdrawn_at = batch.applied_at
    batch.save(update_fields=["withdrawn_at"])
    town.recompute()
    assert open_titles(late) == {"2026年1—6月能耗强度不完整：补报所缺"}


def test_nothing_changes_twice_and_it_costs_the_same_for_many(town: Town) -> None:
    before = list(InboxItem.objects.unscoped("test").values_list("key", "opened_on", "closed_at"))
    with CaptureQueriesContext(connection) as captured:
        raise_alerts(date(2026, 12, 1))
    assert list(InboxItem.objects.unscoped("test").values_list("key", "opened_on", "closed_at")) == before
    assert len(captured) <= 10
    assert {opened for _, opened, _ in before} == {TODAY}


def test_what_a_county_has_filed_waits_for_those_who_issue_it(town: Town, make_user: Any) -> None:
    lead = make_user("city", department=Department.objects.get(code="drc"))
    late = make_user("county", subject=town.by_code["431024"])
    town.new_batch()
    for flow in ("inflow", "terminal"):
        town.energy("431024", "2026-01/06", "raw_coal", flow, 900, origin="reported")
    town.recompute()
    assert open_titles(late) == set()
    assert "嘉禾县2026年1—6月能耗已填报：待核定下达" in open_titles(lead)


def test_a_difference_between_balance_and_issued_total_is_asked_of_the_place_and_its_lead(town: Town, make_user: Any) -> None:
    lead = make_user("city", department=Department.objects.get(code="drc"))
    fell = make_user("county", "fell", subject=town.by_code["431002"])
    town.put("431002", "energy_total", "2026-01/06", 600)
    town.recompute()
    item = InboxItem.objects.visible_to(fell).get(closed_at=None)
    assert item.title == "2026年1—6月能源平衡有差额：核对并说明"
    assert item.detail.startswith("按品种平衡测算比下达数多")
    assert "北湖区2026年1—6月能源平衡有差额：督促核对" in open_titles(lead)
