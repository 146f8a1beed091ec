"""The key actions: on time only by what was entered; who may enter, see and finish."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.plans.models import Action, ActionItem, Plan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def action(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Action:
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    plan = Plan.objects.create(
        code="p-14", title="方案", period_name="“十四五”", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025
    )
    return Action.objects.create(plan=plan, number=1, name="重点行业绿色升级行动")


def item(action: Action, due: date, done: date | None = None, **more: Any) -> ActionItem:
    return ActionItem.objects.create(action=action, title=f"事项{due}", due_on=due, done_on=done, **more)


def page(client: Client, user: Any) -> str:
    client.force_login(user)
    return client.get("/actions/").content.decode()


def test_without_anything_entered_nothing_is_claimed(action: Action, users: dict[str, Any], client: Client) -> None:
    text = page(client, users["city"])
    assert all(word in text for word in ("未录入，不能判断", "责任单位未录入", "没有录入任务或项目"))


@pytest.mark.parametrize(
    ("due", "done", "state"),
    [
        (date(2026, 11, 23), None, "超期"), (date(2026, 11, 24), None, "进行中"), (date(2026, 11, 23), date(2026, 11, 20), "完成"),
    ],
)  # fmt: skip
def test_the_day_decides(action: Action, users: dict[str, Any], client: Client, due: date, done: date | None, state: str) -> None:
    item(action, due, done)
    client.force_login(users["city"])
    [line] = client.get("/actions/").context["lines"]
    assert state in {"late": "超期", "running": "进行中", "done": "完成"}[line.state]


def test_the_city_enters_and_who_owes_it_finishes(action: Action, users: dict[str, Any], places: dict[str, Any], client: Client) -> None:
    form = {"action": action.pk, "kind": "project", "title": "改造项目", "subject": places["431002"].pk, "due_on": "2026-12-31"}
    client.force_login(users["county"])
    assert client.post("/actions/", form).status_code == 404
    client.force_login(users["city"])
    assert client.post("/actions/", {**form, "due_on": "x"}).status_code == 400
    assert client.post("/actions/", form).status_code == 302
    made = ActionItem.objects.unscoped("test").get()
    assert "改造项目" in page(client, users["county"])
    assert "改造项目" not in page(client, users["other_county"])
    assert client.post(f"/actions/items/{made.pk}/finish/").status_code == 404
    client.force_login(users["county"])
    client.post(f"/actions/items/{made.pk}/finish/")
    client.post(f"/actions/items/{made.pk}/finish/")
    made = ActionItem.objects.unscoped("test").get()
    assert made.done_on == date(2026, 11, 24)
    assert Entry.objects.filter(action="plans.action_item.finished").count() == 1


def test_a_department_sees_its_own(action: Action, users: dict[str, Any], client: Client) -> None:
    item(action, date(2026, 12, 1), department=users["department"].department)
    assert "事项2026-12-01" in page(client, users["department"])
    assert "事项2026-12-01" not in page(client, users["reader"])


def test_the_page_takes_a_fixed_number_of_statements(action: Action, users: dict[str, Any], client: Client) -> None:
    for day in range(1, 20):
        item(action, date(2026, 12, day))
    page(client, users["city"])
    with CaptureQueriesContext(connection) as queries:
        client.get("/actions/")
    assert len(queries) <= 18, [query["sql"][:100] for query in queries]
