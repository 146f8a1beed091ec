"""Who may call: a key with the scope that the operation needs, or the session of a browser (then writes need the CSRF token)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.security.session import SessionAuth
from ninja.throttling import SimpleRateThrottle

from shuangkong.apps.organisations.keys import key_of
from shuangkong.apps.organisations.models import ApiKey

RATE = "600/m"


class ScopeMissing(HttpError):
    """A good key that is not made for this."""

    def __init__(self, scope: str) -> None:
        super().__init__(403, _("密钥没有这项用途：{scope}").format(scope=ApiKey.Scope(scope).label))


class KeyAuth(HttpBearer):
    """``Authorization: Bearer sk_…``: the call is made as the key's owner. The OpenAPI document takes the name from the class."""

    scope = ""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The key, when it is in force.

        Raises:
            ScopeMissing: it lacks the scope.
        """
        key = key_of(token, request.now)  # type: ignore[attr-defined]
        if key is None:
            return None
        request.user = key.owner
        if self.scope not in key.scopes:
            raise ScopeMissing(self.scope)
        return key


class ReadKey(KeyAuth):
    """A key for reading."""

    scope = ApiKey.Scope.READ


class CalculateKey(KeyAuth):
    """A key for the calculators."""

    scope = ApiKey.Scope.CALCULATE


class ImportKey(KeyAuth):
    """A key for imports."""

    scope = ApiKey.Scope.IMPORT


class FileKey(KeyAuth):
    """A key for filing forms."""

    scope = ApiKey.Scope.FILE


KEYS = {kind.__name__: kind for kind in (ReadKey, CalculateKey, ImportKey, FileKey)}
"""By the name that the OpenAPI document gives them."""


class BrowserAuth(SessionAuth):
    """Who is signed in in this browser; a call that shows a key is judged by the key alone."""

    def __call__(self, request: HttpRequest) -> Any:
        """The user, or nobody."""
        signed_in = getattr(request.user, "is_authenticated", False)
        return super().__call__(request) if signed_in and not request.headers.get("Authorization") else None


def needs(key: type[KeyAuth]) -> list[Any]:
    """What lets a call through: such a key, or a browser's session."""
    return [key(), BrowserAuth()]


class CallerThrottle(SimpleRateThrottle):
    """At most so many calls a minute of one key, one person, or one address."""

    def get_cache_key(self, request: HttpRequest) -> str:
        """By key, else by person, else by the address of the connection."""
        caller = getattr(request, "auth", None)
        if isinstance(caller, ApiKey):
            return f"api-key-{caller.pk}"
        return f"api-user-{caller.pk}" if caller is not None else f"api-address-{request.META.get('REMOTE_ADDR', '')}"
