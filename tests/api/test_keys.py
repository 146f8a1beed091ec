"""Keys: shown once, kept as a salted SM3, narrowed to scopes, expiring, revocable, written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations import keys
from shuangkong.apps.organisations.models import ApiKey
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def stored(pk: int) -> ApiKey:
    return ApiKey.objects.unscoped("test").get(pk=pk)


def test_the_text_of_a_key_is_nowhere_in_the_database(users: dict[str, Any]) -> None:
    made = keys.create_key(users["county"], "统计系统", ["read"], 30, now=NOW)
    secret = made.text.split("_", 2)[2]
    kept = stored(made.key.pk)
    assert kept.sm3 == sm3_hex(f"{kept.salt}:{secret}".encode())
    assert secret not in str(vars(kept))
    assert len(secret) >= 43
    assert all(secret not in entry.payload for entry in Entry.objects.all())


def test_making_and_revoking_are_written_down(users: dict[str, Any]) -> None:
    made = keys.create_key(users["county"], "统计系统", ["read"], 30, now=NOW, origin="127.0.0.1")
    assert keys.revoke_key(made.key.pk, users["county"], now=NOW)
    assert not keys.revoke_key(made.key.pk, users["county"], now=NOW)
    acts = Entry.objects.filter(action__startswith="organisations.apikey.").order_by("id")
    assert [(act.action.rpartition(".")[2], act.actor) for act in acts] == [("create", users["county"]), ("revoke", users["county"])]


@pytest.mark.parametrize(
    ("name", "scopes", "days"), [("", ["read"], 1), ("试", [], 1), ("试", ["admin"], 1), ("试", ["read"], 0), ("试", ["read"], 367)]
)
def test_a_key_without_name_scope_or_end_is_refused(users: dict[str, Any], name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(InputError):
        keys.create_key(users["county"], name, scopes, days, now=NOW)


def test_a_person_has_only_so_many_keys(users: dict[str, Any]) -> None:
    for _ in range(keys.MOST_KEYS):
        keys.create_key(users["county"], "试", ["read"], 30, now=NOW)
    with pytest.raises(InputError):
        keys.create_key(users["county"], "试", ["read"], 30, now=NOW)
    assert keys.create_key(users["county"], "试", ["read"], 30, now=NOW + timedelta(days=31))


def test_a_key_opens_until_it_expires_is_revoked_or_its_owner_may_not_sign_in(users: dict[str, Any]) -> None:
    user = users["county"]
    made = keys.create_key(user, "试", ["read"], 30, now=NOW)
    assert keys.key_of(made.text, NOW) == made.key
    assert keys.key_of(made.text, NOW + timedelta(days=30)) is None
    for field, value in (("is_active", False), ("password_change_due", True)):
        type(user).objects.filter(pk=user.pk).update(**{field: value})
        assert keys.key_of(made.text, NOW) is None
        type(user).objects.filter(pk=user.pk).update(**{field: not value})
    keys.revoke_key(made.key.pk, user, now=NOW)
    assert keys.key_of(made.text, NOW) is None


def test_a_wrong_key_opens_nothing(users: dict[str, Any]) -> None:
    made = keys.create_key(users["county"], "试", ["read"], 30, now=NOW)
    mark, prefix, secret = made.text.split("_", 2)
    other = keys.create_key(users["city"], "试", ["read"], 30, now=NOW)
    wrong = [
        "", "sk", f"{mark}_{prefix}_", f"{mark}_{prefix}_{secret[:-1]}", f"xx_{prefix}_{secret}", f"{mark}_{other.key.prefix}_{secret}",
        f"{mark}_{prefix}\0_{secret}", made.key.sm3,
    ]  # fmt: skip
    assert [keys.key_of(text, NOW) for text in wrong] == [None] * len(wrong)


def test_the_last_use_is_noted_at_most_once_a_minute(users: dict[str, Any]) -> None:
    made = keys.create_key(users["county"], "试", ["read"], 30, now=NOW)
    for seconds in (0, 30, 61):
        keys.key_of(made.text, NOW + timedelta(seconds=seconds))
        assert stored(made.key.pk).last_used_at == NOW + timedelta(seconds=61 if seconds == 61 else 0)


def test_the_page_shows_a_new_key_once(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["county"])
    answer = client.post("/keys/", {"name": "统计系统", "scopes": ["read"], "days": "30"})
    made = answer.context["made"]
    assert made.text in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    again = client.get("/keys/").content.decode()
    assert made.key.prefix in again
    assert made.text.split("_", 2)[2] not in again


def test_the_page_refuses_a_form_that_says_nothing(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["county"])
    assert client.post("/keys/", {"name": "", "days": "9999"}).status_code == 400
    assert client.post("/keys/", {"name": "试", "scopes": ["everything"], "days": "1"}).status_code == 400
    assert not ApiKey.objects.unscoped("test").exists()


def test_nobody_makes_a_key_for_another_by_naming_an_owner(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["county"])
    form = {"name": "试", "scopes": ["read"], "days": "1", "owner": users["city"].pk, "sm3": "0" * 64, "expires_at": "2099-01-01"}
    client.post("/keys/", form)
    key = ApiKey.objects.unscoped("test").get()
    assert key.owner == users["county"]
    assert key.expires_at - key.made_at < timedelta(days=1, minutes=1)


def test_another_persons_key_is_404_and_an_administrator_may_end_it(
    client: Client, users: dict[str, Any], new_key: Callable[..., keys.NewKey]
) -> None:
    made = new_key(users["other_county"])
    client.force_login(users["county"])
    assert client.post(f"/keys/{made.key.pk}/revoke/").status_code == 404
    assert made.key.prefix not in client.get("/keys/").content.decode()
    client.force_login(users["administrator"])
    assert client.post(f"/keys/{made.key.pk}/revoke/").status_code == 302
    assert stored(made.key.pk).revoked_at is not None
