"""The plan: owners without an invented lead, words that stay words, restricted annexes, filters in the address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.apps.indicators.models import Indicator, Target
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Action, Annex, Clause, Duty, Obligation, ParentTarget, Plan


def add_clause(plan: Plan, code: str, duties: dict[str, list[Department]], **fields: Any) -> Clause:
    stated = {"chapter": "第二章", "title": f"标题{code}", "summary": f"内容{code}", "responsibility_kind": "牵头+分工", **fields}
    clause = Clause.objects.create(plan=plan, code=code, number=code, position=Clause.objects.count(), **stated)
    for role, departments in duties.items():
        for position, department in enumerate(departments):
            Duty.objects.create(clause=clause, department=department, role=role, position=position)
    return clause


@pytest.fixture
def plan(places: dict[str, Any]) -> Plan:
    """A plan of the past with a led clause, a leaderless open one, targets of three kinds, an action and an annex."""
    load_catalogue()
    plan = Plan.objects.create(
        code="p-14", title="某市节能减排行动方案", period_name="“十四五”", document="某政发〔2023〕6号", issued_on=date(2023, 10, 28),
        subject=places["431000"], base_year=2020, first_year=2021, last_year=2025,
    )  # fmt: skip
    named = (("drc", "发改委"), ("miit", "工信局"), ("eeb", "环境局"))
    drc, miit, eeb = (Department.objects.create(code=code, short_name=name) for code, name in named)
    led = add_clause(plan, "2.1", {"lead": [drc], "support": [miit], "implement": [eeb]})
    add_clause(plan, "2.2", {"support": [miit, eeb]}, responsibility_kind="按职责分工（无牵头）", open_ended=True)
    Obligation.objects.create(code="o1", clause=led, text="年度评价", frequency="年度", owner="发改委")
    action = Action.objects.create(plan=plan, number=1, name="绿色升级行动")
    ParentTarget.objects.create(
        action=action, place="某省", document="某政发〔2022〕1号", indicator="达标比例", comparison=">", number="30", unit="%",
        target_year=2025, evidence="recalled",
    )  # fmt: skip
    Annex.objects.create(plan=plan, number=2, title="分解表")
    for code, subject, stated in (
        ("energy_intensity_decline_percent", "431000", {"number": Decimal(15), "incentive": Decimal(16), "public": True}),
        ("energy_total_tce", "431000", {"words": "得到合理控制", "public": True}),
        ("energy_intensity_decline_percent", "431002", {"number": Decimal("14.75")}),
        ("energy_intensity_decline_percent", "431003", {"number": Decimal("13.25")}),
    ):
        indicator = Indicator.objects.get(code=code)
        Target.objects.create(plan=plan, indicator=indicator, subject=places[subject], source="某政发〔2023〕6号", **stated)
    return plan


def test_owners_by_role_without_an_invented_lead(plan: Plan, get: Callable) -> None:
    lines = {line.clause.code: line for line in get("reader", "/plan/p-14/").context["page"].lines}
    assert [(o.role, [str(d) for d in o.departments]) for o in lines["2.1"].owners] == [
        ("lead", ["发改委"]), ("support", ["工信局"]), ("implement", ["环境局"])]  # fmt: skip
    assert not lines["2.1"].leaderless
    assert lines["2.2"].leaderless
    assert [o.open_ended for o in lines["2.2"].owners] == [True]
    text = get("reader", "/plan/p-14/").content.decode()
    assert "方案未写牵头部门（按职责分工（无牵头））" in text
    assert ">等</span>" in text
    assert "年度评价" in text


def test_a_target_in_words_stays_words(plan: Plan, get: Callable) -> None:
    text = get("city", "/plan/p-14/").content.decode()
    assert all(word in text for word in ("得到合理控制", "只写文字，不评级", "降15%", "降16%", "已收官"))


def test_parent_targets_carry_their_doubt(plan: Plan, get: Callable) -> None:
    text = get("reader", "/plan/p-14/").content.decode()
    assert "&gt;30%" in text
    assert "待核实" in text


def test_annexes_and_their_targets_are_for_the_city(plan: Plan, get: Callable) -> None:
    city, county, reader = (get(role, "/plan/p-14/").content.decode() for role in ("city", "county", "reader"))
    assert "降14.75%" in city
    assert "降13.25%" in city
    assert "降14.75%" in county
    assert "降13.25%" not in county
    assert "降14.75%" not in reader
    assert all("附件不予公开" in text for text in (city, county, reader))
    assert "市级可阅" not in county


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["2.1", "2.2"]), ("department=eeb", ["2.1", "2.2"]), ("department=eeb&role=implement", ["2.1"]), ("department=drc", ["2.1"]),
        ("q=年度评价", ["2.1"]), ("q=nothing", []), ("role=lead", ["2.1", "2.2"]), ("department=unknown", ["2.1", "2.2"]),
    ],
)  # fmt: skip
def test_filters_stand_in_the_address(plan: Plan, get: Callable, query: str, shown: list[str]) -> None:
    page = get("reader", f"/plan/p-14/?{query}").context["page"]
    assert [line.clause.code for line in page.asked] == shown


def test_list_empty_and_unknown(users: dict[str, Any], get: Callable) -> None:
    assert "还没有方案" in get("reader", "/plan/").content.decode()
    assert get("reader", "/plan/none/").status_code == 404


def test_list_of_plans(plan: Plan, get: Callable) -> None:
    Plan.objects.create(code="p-15", title="下一份方案", subject=plan.subject, base_year=2025, first_year=2026, last_year=2030)
    text = get("reader", "/plan/").content.decode()
    assert text.index("下一份方案") < text.index("某市节能减排行动方案")
    assert "目标未下达" in text
    assert "这份方案还没有装入条款" in get("reader", "/plan/p-15/").content.decode()


def test_the_same_statements_for_many_clauses(plan: Plan, statements: Callable) -> None:
    few = statements("city", "/plan/p-14/")
    departments = list(Department.objects.all())
    for n in range(20):
        add_clause(plan, f"9.{n}", {"lead": departments[:1], "support": departments})
    assert statements("city", "/plan/p-14/") == few
    assert few <= 22


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(plan: Plan, users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    page = sign_in(users["city"])
    page.goto(f"{live_server.url}/plan/p-14/")
    page.select_option("#department", "eeb")
    page.wait_for_url("**department=eeb**")
    assert page.locator("article.clause").count() == 2
    page.get_by_label("去掉部门").click()
    page.wait_for_url(lambda url: "department=eeb" not in url)
    no_sideways(page)
