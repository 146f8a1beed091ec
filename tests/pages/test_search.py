"""The search: every kind by its words, all words at once, links that answer, within the reader's scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.organisations.models import Subject
from tests.pages.test_plan import add_clause, plan

__all__ = ["plan"]


def found(get: Callable, role: str, words: str) -> dict[str, list[str]]:
    response = get(role, f"/search/?q={words}")
    assert response.status_code == 200
    return {str(group.word): [hit.title for hit in group.hits] for group in response.context["groups"]}


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("苏仙", "县市区、园区", "苏仙区"),
        ("431003", "县市区、园区", "苏仙区"),
        ("能耗 强度 预警", "指标", "能耗强度预警等级（国家方案）"),
        ("内容2.1", "方案条款", "2.1 标题2.1"),
        ("年度评价", "方案条款", "2.1 标题2.1"),
        ("环境局", "部门职责", "环境局"),
        ("折标准煤", "计算器", "折标准煤"),
        ("WARNING national", "计算器", "国家预警等级"),
        ("2589 原煤折标", "法规标准", "原煤折标准煤系数"),
    ],
)
def test_every_kind_is_found_and_leads_somewhere(plan: Any, get: Callable, client: Client, words: str, kind: str, title: str) -> None:
    assert title in found(get, "reader", words)[kind]
    response = get("reader", f"/search/?q={words}")
    for group in response.context["groups"]:
        if group.word == kind:
            hit = next(hit for hit in group.hits if hit.title == title)
            assert client.get(hit.address.partition("#")[0]).status_code == 200


def test_a_clause_leads_to_its_place_in_the_plan(plan: Any, get: Callable) -> None:
    [group] = [g for g in get("reader", "/search/?q=年度评价").context["groups"] if g.word == "方案条款"]
    assert group.hits[0].address == "/plan/p-14/#c-2.1"
    assert 'id="c-2.1"' in get("reader", "/plan/p-14/").content.decode()


def test_reports_within_scope(plan: Any, get: Callable, users: dict[str, Any]) -> None:
    for code in ("431002", "431003"):
        subject = Subject.objects.get(code=code)
        Report.objects.create(
            plan=plan, subject=subject, period_code="2025", version=1, title=f"节能形势{code}", frozen={}, sm3="0", filed_by=users["city"]
        )
    assert found(get, "city", "节能形势")["形势分析"] == ["节能形势431003", "节能形势431002"]
    assert found(get, "county", "节能形势")["形势分析"] == ["节能形势431002"]
    assert "形势分析" not in found(get, "reader", "节能形势")


def test_no_more_than_twenty_of_a_kind(plan: Any, get: Callable) -> None:
    for n in range(25):
        add_clause(plan, f"8.{n}", {}, title="许多条款")
    [group] = get("reader", "/search/?q=许多条款").context["groups"]
    assert (len(group.hits), group.more) == (20, True)


def test_nothing_to_find(plan: Any, get: Callable) -> None:
    assert "输入要找的词" in get("reader", "/search/?q=%20").content.decode()
    assert "没有找到" in get("reader", "/search/?q=没有这样的词").content.decode()


def test_the_same_statements_for_many_clauses(plan: Any, statements: Callable) -> None:
    few = statements("city", "/search/?q=标题")
    for n in range(15):
        add_clause(plan, f"7.{n}", {})
    assert statements("city", "/search/?q=标题") == few <= 13


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser_by_keyboard(plan: Any, users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    page = sign_in(users["reader"])
    page.goto(f"{live_server.url}/plan/")
    page.keyboard.press("Control+k")
    page.keyboard.type("年度评价")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="2.1 标题2.1").click()
    page.wait_for_url("**/plan/p-14/#c-2.1")
    no_sideways(page)
    page.get_by_role("link", name="搜索").click()
    page.wait_for_url("**/search/")
