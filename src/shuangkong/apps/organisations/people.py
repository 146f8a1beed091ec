"""Accounts of people: administrators open them, renew a forgotten password, close and reopen them. Nobody signs up."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.organisations.models import Department, Subject, User
from shuangkong.apps.organisations.services import PASSWORD_BYTES, SignIn, make_user
from shuangkong.core.errors import InputError


@transaction.atomic
def open_account(
    username: str, name: str, role: str, *, subject: Subject | None, department: Department | None, actor: Any
) -> SignIn:
    """A person who can sign in, with a one-time password that must be changed first.

    Raises:
        InputError: the actor is no administrator, or the name is taken.
    """
    _require_administrator(actor)
    if User.objects.filter(username=username).exists():
        raise InputError(_("账号已有人用"), where=username, do=_("换一个账号名"))
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = make_user(username, password, name=name, role=role, subject=subject, department=department, actor=actor)
    User.objects.filter(pk=user.pk).update(password_change_due=True)
    return SignIn(username, password)


@transaction.atomic
def renew_password(person_id: int, actor: Any) -> SignIn:
    """A new one-time password for somebody who forgot the old one.

    Raises:
        InputError: the actor is no administrator, or there is no such account.
    """
    user = _account(person_id, actor)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user.set_password(password)
    user.password_change_due = True
    user.save(update_fields=["password", "password_change_due"])
    record("organisations.user.password_renewed", user, actor=actor)
    return SignIn(user.username, password)


@transaction.atomic
def set_open(person_id: int, is_open: bool, actor: Any) -> None:
    """Close an account (nobody signs in with it any more; what it did stays) or open it again.

    Raises:
        InputError: the actor is no administrator, it is the actor's own, or there is no such account.
    """
    user = _account(person_id, actor)
    if user.pk == actor.pk:
        raise InputError(_("不能停用自己的账号"), where=user.username, do=_("请另一位系统管理员停用"))
    if user.is_active == is_open:
        return
    user.is_active = is_open
    user.save(update_fields=["is_active"])
    record("organisations.user.opened" if is_open else "organisations.user.closed", user, actor=actor)


def _account(person_id: int, actor: Any) -> User:
    _require_administrator(actor)
    user = User.objects.select_for_update().filter(pk=person_id).first()
    if user is None:
        raise InputError(_("没有这个账号"), where=str(person_id))
    return user


def _require_administrator(actor: Any) -> None:
    if actor.role != User.Role.ADMINISTRATOR:
        raise InputError(_("账号由系统管理员管理"), where=actor.username)
