"""The first administrator of an empty installation: a one-time password that must be changed before anything else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations.models import User
from shuangkong.apps.organisations.services import SignIn, create_first_administrator

pytestmark = pytest.mark.django_db
NEW = "a-longer-word-of-ours-7"


@pytest.fixture
def made() -> SignIn:
    made = create_first_administrator()
    assert made is not None
    return made


def sign_in(client: Client, made: SignIn) -> Any:
    return client.post("/accounts/login/", {"login": made.username, "password": made.password})


def actions() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_it_is_made_once_and_logged(made: SignIn) -> None:
    assert create_first_administrator() is None
    assert actions() == ["organisations.user.create"]
    assert made.password not in Entry.objects.get().payload


def test_nobody_is_made_where_somebody_is(make_user: Any) -> None:
    make_user("reader")
    assert create_first_administrator() is None


def test_every_page_leads_to_the_change_until_it_is_done(client: Client, made: SignIn) -> None:
    assert sign_in(client, made).status_code == 302
    assert client.get("/accounts/2fa/").headers["Location"] == "/accounts/password/change/"
    page = client.get("/accounts/password/change/")
    assert page.status_code == 200
    fields = {"oldpassword": made.password, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", fields).status_code == 302
    assert User.objects.get().password_change_due is False
    assert "organisations.user.change_password" in actions()
    assert client.get("/accounts/2fa/").headers.get("Location") != "/accounts/password/change/"
    assert sign_in(Client(), made).status_code == 200
    assert sign_in(Client(), SignIn(made.username, NEW)).status_code == 302
