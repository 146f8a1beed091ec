"""The first minutes of an installation in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from shuangkong.apps.organisations.services import create_first_administrator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "a-longer-word-of-ours-7"


def test_the_first_administrator_signs_in_and_chooses_a_password(live_server: Any, page: Any) -> None:
    made = create_first_administrator()
    assert made is not None
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=login]", made.username)
    page.fill("input[name=password]", made.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/accounts/password/change/")
    page.fill("input[name=oldpassword]", made.password)
    page.fill("input[name=password1]", NEW)
    page.fill("input[name=password2]", NEW)
    page.press("input[name=password2]", "Enter")
    page.wait_for_url(f"{live_server.url}/")
    assert "密码修改成功" in page.inner_text("body")
    assert page.locator("h1").count() == 1


def test_a_wrong_password_is_said_in_chinese(live_server: Any, page: Any, make_user: Any) -> None:
    make_user("reader")
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=login]", "reader")
    page.fill("input[name=password]", "wrong-password")
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    assert "账号或密码不对" in page.inner_text("main")
