"""Signing in and out through the pages leaves entries: who, when, from where."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations.models import User

PASSWORD = "correct-horse-battery"


def sign_in(client: Client, username: str, password: str) -> None:
    client.post(reverse("account_login"), {"login": username, "password": password}, REMOTE_ADDR="192.0.2.7")


def entries() -> list[tuple[str, str, int | None, str]]:
    found = Entry.objects.filter(action__startswith="organisations.user.sign").order_by("id")
    return [(entry.action, entry.target_id, entry.actor_id, json.loads(entry.payload)["origin"]) for entry in found]


def test_signing_in_and_out(users: dict[str, User], client: Client) -> None:
    user = users["county"]
    sign_in(client, user.username, PASSWORD)
    client.post(reverse("account_logout"), REMOTE_ADDR="192.0.2.8")
    assert entries() == [
        ("organisations.user.signed_in", str(user.pk), user.pk, "192.0.2.7"),
        ("organisations.user.signed_out", str(user.pk), user.pk, "192.0.2.8"),
    ]


def test_a_failed_sign_in_has_no_actor_and_names_the_account(users: dict[str, User], client: Client) -> None:
    sign_in(client, users["county"].username, "wrong")
    assert entries() == [("organisations.user.sign_in_failed", str(users["county"].pk), None, "192.0.2.7")]


def test_what_is_typed_as_an_unknown_name_is_not_kept(users: dict[str, User], client: Client) -> None:
    sign_in(client, "my-secret-password", "x")
    assert entries() == [("organisations.user.sign_in_failed", "", None, "192.0.2.7")]
    assert not Entry.objects.filter(payload__contains="my-secret-password").exists()


@pytest.mark.django_db
def test_signing_out_without_having_signed_in_is_no_act(client: Client) -> None:
    client.post(reverse("account_logout"))
    assert entries() == []
