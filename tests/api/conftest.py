"""Callers of the API: with a key, with a browser's session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from shuangkong.apps.organisations.keys import NewKey, create_key

ALL = ("read", "calculate", "import", "file")


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """No call of another test counts."""
    cache.clear()


@pytest.fixture
def new_key(db: None) -> Callable[..., NewKey]:
    """Make a key: ``new_key(user, "read")``."""

    def make(user: Any, *scopes: str, days: int = 30) -> NewKey:
        return create_key(user, "试", scopes or ALL, days, now=datetime.now(UTC))

    return make


@pytest.fixture
def caller(new_key: Callable[..., NewKey]) -> Callable[..., Client]:
    """A client that shows a key of the user."""

    def make(user: Any, *scopes: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {new_key(user, *scopes).text}"})

    return make
