"""Accounts: only administrators open, renew and close them; a one-time password must be changed; everything is in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations.models import Department, User
from shuangkong.apps.organisations.people import open_account, renew_password, set_open
from shuangkong.core.errors import InputError


@pytest.fixture
def administrator(make_user: Callable[..., Any]) -> Any:
    return make_user("administrator", "root")


def test_an_account_opens_with_a_password_that_has_to_be_changed(administrator: Any, client: Client) -> None:
    made = open_account("fagai", "市发改委", "city", subject=None, department=None, actor=administrator)
    assert client.login(username=made.username, password=made.password)
    assert client.get("/")["Location"] == "/accounts/password/change/"
    said = Entry.objects.get(action="organisations.user.made")
    assert said.actor_id == administrator.pk
    assert made.password not in str(said.__dict__)


def test_a_renewed_password_replaces_the_old_one(administrator: Any, client: Client) -> None:
    first = open_account("fagai", "市发改委", "city", subject=None, department=None, actor=administrator)
    second = renew_password(User.objects.get(username="fagai").pk, administrator)
    assert not client.login(username="fagai", password=first.password)
    assert client.login(username="fagai", password=second.password)


def test_a_closed_account_signs_in_no_more_until_it_is_reopened(administrator: Any, client: Client) -> None:
    made = open_account("fagai", "市发改委", "city", subject=None, department=None, actor=administrator)
    person = User.objects.get(username="fagai").pk
    set_open(person, False, administrator)
    assert not client.login(username="fagai", password=made.password)
    set_open(person, True, administrator)
    assert client.login(username="fagai", password=made.password)
    verbs = ("organisations.user.closed", "organisations.user.opened")
    assert tuple(Entry.objects.filter(action__in=verbs).order_by("id").values_list("action", flat=True)) == verbs


def test_nobody_else_and_nobody_himself(administrator: Any, make_user: Callable[..., Any], client: Client) -> None:
    with pytest.raises(InputError, match="不能停用自己"):
        set_open(administrator.pk, False, administrator)
    with pytest.raises(InputError, match="没有这个账号"):
        renew_password(0, administrator)
    for role in ("city", "county", "department", "enterprise", "reader"):
        other = make_user(role, f"some-{role}")
        with pytest.raises(InputError, match="系统管理员"):
            renew_password(administrator.pk, other)
        client.force_login(other)
        assert client.get("/people/").status_code == 403


def test_the_page_opens_accounts_of_every_role(administrator: Any, places: dict[str, Any], client: Client) -> None:
    client.force_login(administrator)
    office = Department.objects.create(code="tjj", short_name="市统计局")
    county = next(place for place in places.values() if place.kind == "county")
    base = {"do": "open", "name": "甲"}
    answer = client.post("/people/", {**base, "username": "a", "role": "county"})
    assert answer.status_code == 400
    assert "选这个角色所在的地方或企业" in answer.content.decode()
    assert client.post("/people/", {**base, "username": "a", "role": "department"}).status_code == 400
    assert client.post("/people/", {**base, "username": "A b", "role": "reader"}).status_code == 400
    assert client.post("/people/", {**base, "username": "a", "role": "reader", "subject": county.pk}).status_code == 400
    answer = client.post("/people/", {**base, "username": "a", "role": "county", "subject": county.pk})
    assert 'id="new-password"' in answer.content.decode()
    assert client.post("/people/", {**base, "username": "a", "role": "reader"}).status_code == 400
    assert client.post("/people/", {**base, "username": "b", "role": "city", "department": office.pk}).status_code == 200
    assert 'id="new-password"' not in client.get("/people/").content.decode()
    made = User.objects.get(username="a")
    assert (made.subject, made.password_change_due, made.role) == (county, True, "county")
    assert client.post("/people/", {"do": "close", "person": made.pk}).status_code == 200
    assert not User.objects.get(pk=made.pk).is_active
