"""What tests of the pages share: fetching as a person of a role, counting statements, signing a browser in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def get(client: Client, users: dict[str, Any]) -> Callable[..., Any]:
    """Fetch an address as a person of a role."""

    def fetch(role: str, address: str, **headers: Any) -> Any:
        client.force_login(users[role])
        return client.get(address, **headers)

    return fetch


@pytest.fixture
def statements(client: Client, users: dict[str, Any]) -> Callable[..., int]:
    """How many statements an address takes; asked twice, so that what is kept in the process is kept."""

    def count(role: str, address: str) -> int:
        client.force_login(users[role])
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    return count


@pytest.fixture
def sign_in(live_server: Any, page: Any) -> Callable[[Any], Any]:
    """A browser page whose reader is signed in."""

    def enter(user: Any) -> Any:
        client = Client()
        client.force_login(user)
        cookie = client.cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return page

    return enter


@pytest.fixture
def no_sideways() -> Callable[[Any], None]:
    """A page on a phone of 390 pixels does not scroll sideways."""

    def check(page: Any) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_timeout(400)  # drawn charts follow the window
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{page.url} is {wide} pixels too wide"

    return check
