"""Sign-ins, sign-outs, failed sign-ins and second factors, as Django and allauth announce them (passwords change through a service)."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as mfa_signals
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from shuangkong.apps.audit.services import record


def origin_of(request: HttpRequest | None) -> str:
    """From where a request comes: its network address; empty for commands and jobs."""
    return request.META.get("REMOTE_ADDR", "") if request is not None else ""


def _record(action: str, target: Model | type[Model], request: HttpRequest | None, **details: Any) -> None:
    with transaction.atomic():
        record(action, target, origin=origin_of(request), **details)


def signed_in(sender: Any, request: HttpRequest | None, user: Model, **_: Any) -> None:
    """A person signed in."""
    _record("organisations.user.signed_in", user, request, actor=user)


def signed_out(sender: Any, request: HttpRequest | None, user: Model | None, **_: Any) -> None:
    """A person signed out; nothing when nobody was signed in."""
    if user is not None:
        _record("organisations.user.signed_out", user, request, actor=user)


def sign_in_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """A sign-in failed. What was typed is kept only by the account it names: people type passwords into the wrong field."""
    users = get_user_model()
    user = users.objects.filter(username=credentials.get("username") or "").first()
    _record("organisations.user.sign_in_failed", user or users, request, after={"known": user is not None})


def authenticator_added(sender: Any, request: HttpRequest | None, user: Model, authenticator: Any, **_: Any) -> None:
    """A second factor was added."""
    _record("organisations.user.factor_added", user, request, actor=user, after={"factor": authenticator.type})


def authenticator_removed(sender: Any, request: HttpRequest | None, user: Model, authenticator: Any, **_: Any) -> None:
    """A second factor was taken away."""
    _record("organisations.user.factor_removed", user, request, actor=user, before={"factor": authenticator.type})


def connect() -> None:
    """Listen; called once when the app is ready."""
    user_logged_in.connect(signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(sign_in_failed, dispatch_uid="audit.sign_in_failed")
    mfa_signals.authenticator_added.connect(authenticator_added, dispatch_uid="audit.factor_added")
    mfa_signals.authenticator_removed.connect(authenticator_removed, dispatch_uid="audit.factor_removed")
