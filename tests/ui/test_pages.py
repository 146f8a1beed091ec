"""Pages that say what went wrong: in the frame for who is signed in, in the reader's words, never a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import path

from shuangkong.apps.ui import views
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.project import urls as project


def wrong(request: Any) -> None:
    raise InputError("读不出6月用电量", where="北湖区", why="电网数据没有到", do="补报后再算")


def lapsed(request: Any) -> None:
    raise NotInForce("没有适用的系数", why="到2025年为止")


def broken(request: Any) -> None:
    raise ZeroDivisionError("secret words")


urlpatterns = [*project.urlpatterns, path("wrong/", wrong), path("lapsed/", lapsed), path("broken/", broken)]
handler404, handler500 = project.handler404, project.handler500


@pytest.fixture
def addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def test_an_error_for_people_is_a_page_with_all_its_parts(addresses: None, client: Client, make_user: Callable[..., Any]) -> None:
    client.force_login(make_user("reader"))
    answer = client.get("/wrong/")
    text = answer.content.decode()
    assert answer.status_code == 400
    assert all(part in text for part in ("读不出6月用电量", "北湖区", "电网数据没有到", "补报后再算"))
    assert 'class="sk-side"' in text
    assert client.get("/lapsed/").status_code == 400


def test_an_unforeseen_fault_shows_a_number_and_nothing_else(addresses: None, make_user: Callable[..., Any], caplog: Any) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make_user("reader"))
    answer = client.get("/broken/")
    text = answer.content.decode()
    number = re.search(r"E-[0-9A-F]{8}", text)
    assert answer.status_code == 500
    assert number is not None
    assert "secret words" not in text
    assert "Traceback" not in text
    assert number[0] in caplog.text


def test_a_missing_page_does_not_say_whether_it_exists(client: Client, make_user: Callable[..., Any], db: None) -> None:
    assert 'class="rt"' in client.get("/no-such-page/").content.decode()
    client.force_login(make_user("reader"))
    text = client.get("/no-such-page/").content.decode()
    assert "地址不存在，或者不在您可查看的范围内" in text
    assert 'class="sk-side"' in text


def test_an_old_form_is_asked_to_be_sent_again(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "表单已失效" in answer.content.decode()


def test_what_is_not_permitted_says_who_may(db: None) -> None:
    request = RequestFactory().get("/x/")
    answer = views.forbidden(request, PermissionError("只有市级主管可以公开指标值"))
    assert answer.status_code == 403
    assert "只有市级主管可以公开指标值" in answer.content.decode()
    assert "您的角色不能做这件事" in views.forbidden(request).content.decode()
    assert views.bad_request(request).status_code == 400


def test_five_wrong_passwords_lock_and_say_so(client: Client, make_user: Callable[..., Any]) -> None:
    make_user("reader")
    texts = [client.post("/accounts/login/", {"login": "reader", "password": "wrong"}).content.decode() for _ in range(7)]
    assert "账号或密码不对" in texts[0]
    assert "连续输错，已锁定" in texts[-1]
    locked = client.post("/accounts/login/", {"login": "reader", "password": "correct-horse-battery"})
    assert "连续输错，已锁定" in locked.content.decode()


def test_every_page_has_the_policy_and_one_heading(client: Client, make_user: Callable[..., Any]) -> None:
    user = make_user("city")
    for address in ("/accounts/login/", "/accounts/password/change/", "/accounts/2fa/", "/", "/accounts/logout/"):
        if address != "/accounts/login/":
            client.force_login(user)
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        text = answer.content.decode()
        assert text.count("<h1") == 1, address
        assert re.search(r"\sstyle=|\son\w+=|<style", text) is None, address


def test_the_rail_counts_what_waits(client: Client, make_user: Callable[..., Any]) -> None:
    from datetime import date

    from shuangkong.apps.desk.models import InboxItem

    user = make_user("city")
    client.force_login(user)
    assert 'class="cnt"' not in client.get("/accounts/2fa/").content.decode()
    for i in range(2):
        InboxItem.objects.create(key=f"k{i}", kind="test", title="催报", address="/", for_user=user, opened_on=date(2026, 11, 1))
    assert '<span class="cnt">2</span>' in client.get("/accounts/2fa/").content.decode()
