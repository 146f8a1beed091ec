"""Writes about people."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.db import transaction

from shuangkong.apps.audit.services import record
from shuangkong.apps.organisations.models import User

PASSWORD_BYTES = 12
FIRST_ADMINISTRATOR = "admin"


class SignIn(NamedTuple):
    """What somebody needs to sign in for the first time."""

    username: str
    password: str


@transaction.atomic
def create_first_administrator() -> SignIn | None:
    """Make the administrator of an installation without people, with a one-time password; None when somebody is there."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = User.objects.create_user(
        FIRST_ADMINISTRATOR, password=password, role=User.Role.ADMINISTRATOR, is_staff=True, password_change_due=True
    )
    record("organisations.user.create", user, after={"username": user.username, "role": user.role}, origin="start")
    return SignIn(user.username, password)


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """Set a password that its owner chose; a change that was due is done."""
    user.set_password(password)
    user.password_change_due = False
    user.save(update_fields=["password", "password_change_due"])
    record("organisations.user.change_password", user, actor=user)
