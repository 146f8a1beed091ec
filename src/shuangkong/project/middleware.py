"""Middleware of the project: the clock handed down, and the content security policy."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shuangkong.apps.ui.views import problem
from shuangkong.core.errors import ShuangkongError

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class ClockMiddleware:
    """Reads the clock once a request: ``request.now`` (UTC) and ``request.today`` (civil day of Asia/Shanghai)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set both and go on."""
        request.now = timezone.now()
        request.today = timezone.localdate(request.now)
        return self.get_response(request)


class TextMiddleware:
    """Refuses an address with a NUL character, which PostgreSQL cannot even look for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A bad request before anything reads it."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the address")
        return self.get_response(request)


class ContentSecurityMiddleware:
    """A strict policy on every answer: nothing inline, nothing from outside."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class ProblemMiddleware:
    """An error made for people (:class:`ShuangkongError`) becomes a page that says what, why and what to do, never a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """400 with the error's own words; other exceptions go on to the handler of 500."""
        return problem(request, exception) if isinstance(exception, ShuangkongError) else None
