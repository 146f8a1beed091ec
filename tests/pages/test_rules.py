"""The law library: what is in force, what changed when, whose word it is; a place's own row by two persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.plans import library
from shuangkong.apps.plans.models import LocalRuleRow
from shuangkong.apps.plans.services import current_rulebook

EQUIVALENT, GRID, COAL = "energy.electricity_equivalent", "carbon.grid_factor", "energy.coefficient.raw_coal"
ROW = {
    "region": "4310",
    "value": "0.2951",
    "applies_from": "2031-01-01",
    "applies_to": "2032-01-01",
    "number": "某统函〔2031〕1号",
    "locator": "附件",
    "issuer": "某统计局",
    "published_on": "2026-01-05",
    "evidence": "text",
    "supersedes": "",
    "note": "",
}


@pytest.fixture
def second(users: dict[str, Any], make_user: Callable[..., Any]) -> Any:
    users["second"] = make_user("city", "second")
    return users["second"]


@pytest.fixture
def post(client: Any, users: dict[str, Any]) -> Callable[..., Any]:
    def send(role: str, address: str, data: dict[str, str] | None = None) -> Any:
        client.force_login(users[role])
        return client.post(address, data or {}, follow=True)

    return send


def listed(response: Any) -> list[str]:
    assert response.status_code == 200
    return [entry.parameter.id for entry in response.context["table"].page]


def test_every_parameter_is_listed_at_most_fifty_on_a_page(users: dict[str, Any], get: Callable) -> None:
    response = get("reader", "/rules/")
    assert response.context["table"].page.paginator.count == len(current_rulebook().parameters)
    assert len(listed(response)) == 50


@pytest.mark.parametrize(
    ("query", "holds", "lacks"),
    [
        ("q=raw_coal", COAL, GRID),
        ("q=2589", COAL, GRID),
        ("q=原煤折标", COAL, GRID),
        ("domain=carbon&q=grid", GRID, COAL),
        ("evidence=design&q=disclosure", "disclosure.minimum_units", COAL),
    ],
)
def test_filters_stand_in_the_address(users: dict[str, Any], get: Callable, query: str, holds: str, lacks: str) -> None:
    found = listed(get("reader", f"/rules/?{query}"))
    assert holds in found
    assert lacks not in found


def test_no_rule_found(users: dict[str, Any], get: Callable) -> None:
    assert "没有符合条件的规定" in get("reader", "/rules/?q=zzzz").content.decode()
    assert get("reader", "/rules/none/").status_code == 404
    assert get("reader", f"/rules/{COAL}/rows/cn/none/").status_code == 404


def test_a_rule_through_time(users: dict[str, Any], get: Callable) -> None:
    response = get("reader", f"/rules/{GRID}/")
    [(_, nation), *_others] = response.context["history"]
    assert [line.row.value for line in nation] == ["0.5306", "0.5366", "0.5568"]
    assert [str(line.change) for line in nation] == ["-0.0060", "-0.0202", "None"]
    text = response.content.decode()
    assert all(word in text for word in ("−0.0202", "公告2024年第33号", "今天没有可用的行", "下级可另定", "全国"))


def test_the_row_in_force_is_told_from_the_others(users: dict[str, Any], get: Callable) -> None:
    response = get("reader", f"/rules/{COAL}/")
    rows = [line for _place, lines in response.context["history"] for line in lines]
    assert [line.row.applies_to for line in rows if line.in_force] == [None]
    assert response.context["entry"].row.value == next(line.row.value for line in rows if line.in_force)


def test_every_row_of_every_parameter_has_its_page(db: None) -> None:
    day = date(2026, 11, 24)
    for found in current_rulebook().parameters.values():
        for place, lines in library.history(found, day):
            assert sum(line.in_force for line in lines) <= 1, found.id
            assert all(library.row_of(found, place, line.row.row, day) == line for line in lines), found.id


def test_one_row_with_its_source(users: dict[str, Any], get: Callable) -> None:
    [(place, lines), *_] = get("reader", f"/rules/{GRID}/").context["history"]
    text = get("reader", f"/rules/{GRID}/rows/{place}/{lines[0].row.row}/").content.decode()
    assert all(word in text for word in ("0.5306", "2023-01-01", "2024-01-01", "公告2025年第47号", "上一行", "已失效"))


def test_one_proposes_another_confirms(second: Any, post: Callable, get: Callable) -> None:
    assert "等另一位市级主管确认" in post("city", f"/rules/{EQUIVALENT}/propose/", ROW).content.decode()
    proposal = LocalRuleRow.objects.unscoped("test").get()
    assert (proposal.body["value"], proposal.proposed_by.username, proposal.confirmed_at) == ("0.2951", "city", None)
    assert "等另一人确认" in get("city", "/rules/").content.decode()
    assert "提出人不能自己决定" in post("city", f"/rules/proposals/{proposal.pk}/confirm/").content.decode()
    assert "确认生效" in get("second", "/rules/").content.decode()
    assert "已确认" in post("second", f"/rules/proposals/{proposal.pk}/confirm/").content.decode()
    assert "已经确认过" in post("second", f"/rules/proposals/{proposal.pk}/confirm/").content.decode()
    row = get("reader", f"/rules/{EQUIVALENT}/rows/4310/{proposal.body['row']}/").content.decode()
    assert all(word in row for word in ("0.2951", "某统函〔2031〕1号", "second", "未到适用日"))
    actions = list(Entry.objects.filter(action__startswith="plans.rule").order_by("id").values_list("action", flat=True))
    assert actions == ["plans.rule.proposed", "plans.rule.confirmed"]


def test_proposals_are_seen_by_the_city_only(second: Any, post: Callable, get: Callable) -> None:
    post("city", f"/rules/{EQUIVALENT}/propose/", ROW)
    proposal = LocalRuleRow.objects.unscoped("test").get()
    for role in ("county", "department", "reader", "administrator"):
        assert "0.2951" not in get(role, "/rules/").content.decode()
        assert "0.2951" not in get(role, f"/rules/{EQUIVALENT}/").content.decode()
        assert post(role, f"/rules/proposals/{proposal.pk}/confirm/").status_code == 404  # what one may not see does not exist
        assert post(role, f"/rules/{EQUIVALENT}/propose/", ROW).status_code == 403
        assert get(role, f"/rules/{EQUIVALENT}/propose/").status_code == 403
    assert LocalRuleRow.objects.unscoped("test").count() == 1
    assert post("city", "/rules/proposals/999/confirm/").status_code == 404


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (EQUIVALENT, {"value": "约0.3"}, "不是 number"),
        (EQUIVALENT, {"applies_to": "2030-01-01"}, "要晚于开始适用的那天"),
        (EQUIVALENT, {"number": ""}, "这个字段是必填项"),
        (EQUIVALENT, {"published_on": "2999-01-01"}, "录入日早于发布日"),
        (COAL, {}, "下级不得自定"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_in_words(
    users: dict[str, Any], post: Callable, name: str, change: dict[str, str], words: str
) -> None:
    response = post("city", f"/rules/{name}/propose/", {**ROW, **change})
    assert words in response.content.decode()
    assert not LocalRuleRow.objects.unscoped("test").exists()


def test_a_second_row_gets_a_name_of_its_own(second: Any, post: Callable) -> None:
    for value in ("0.2951", "0.2952"):
        post("city", f"/rules/{EQUIVALENT}/propose/", {**ROW, "value": value})
        proposal = LocalRuleRow.objects.unscoped("test").order_by("-id")[0]
        if value == "0.2951":
            post("second", f"/rules/proposals/{proposal.pk}/confirm/")
    assert LocalRuleRow.objects.unscoped("test").count() == 1, "it overlaps the first"
    first = LocalRuleRow.objects.unscoped("test").get().body["row"]
    post("city", f"/rules/{EQUIVALENT}/propose/", {**ROW, "value": "0.2952", "supersedes": first})
    assert LocalRuleRow.objects.unscoped("test").order_by("-id")[0].body["row"] == f"{first}-2"


def test_the_same_statements_for_many_rows(second: Any, post: Callable, statements: Callable) -> None:
    few = statements("city", "/rules/")
    one = statements("city", f"/rules/{EQUIVALENT}/")
    for year in range(2031, 2036):
        post("city", f"/rules/{EQUIVALENT}/propose/", {**ROW, "applies_from": f"{year}-01-01", "applies_to": f"{year + 1}-01-01"})
    assert statements("city", "/rules/") == few <= 10
    assert statements("city", f"/rules/{EQUIVALENT}/") == one <= 10


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(second: Any, users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    page = sign_in(users["city"])
    page.goto(f"{live_server.url}/rules/{EQUIVALENT}/propose/")
    for label, value in (("值", "0.2951"), ("文号", "某统函〔2031〕1号"), ("条款", "附件")):
        page.get_by_label(label, exact=True).fill(value)
    for label, value in (("从哪天起适用", "2031-01-01"), ("发布日期", "2026-01-05")):
        page.get_by_label(label).fill(value)
    no_sideways(page)
    page.get_by_role("button", name="提出", exact=True).click()
    page.get_by_text("等另一位市级主管确认").wait_for()
    page = sign_in(second)
    page.goto(f"{live_server.url}/rules/")
    page.get_by_role("button", name="确认生效").click()
    page.get_by_text("已确认").wait_for()
    no_sideways(page)
