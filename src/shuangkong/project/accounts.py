"""Accounts are made by administrators; nobody signs up. A one-time password must be changed before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.organisations.models import User
from shuangkong.apps.organisations.services import change_password


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Refuses open registration; says in our words why a sign-in failed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("账号或密码不对"),
        "incorrect_password": _("密码不对"),
        "too_many_login_attempts": _("连续输错，已锁定；5分钟后再试，或联系系统管理员"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """To the first page, which says that it is done."""
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with these credentials. Sign-ins of the demonstration open the demonstration only."""
        user = super().authenticate(request, **credentials)
        return None if user is not None and user.demonstration and not settings.DEMONSTRATION else user

    def set_password(self, user: User, password: str) -> None:
        """Through the service, so that the change is in the log."""
        change_password(user, password)


class PasswordChangeMiddleware:
    """Leads whoever still has a one-time password to its change."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect, save for the change itself and signing out."""
        allowed = {reverse("account_change_password"), reverse("account_logout")}
        if getattr(request.user, "password_change_due", False) and request.path not in allowed:
            return redirect("account_change_password")
        return self.get_response(request)
