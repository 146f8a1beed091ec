"""A city with values on a fixed day, and people who look at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cockpit.city import City, make_city, open_items


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 24 November 2026."""
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: datetime(2026, 11, 24, 2, tzinfo=UTC))


@pytest.fixture
def city(db: None, clock: None) -> City:
    """Eleven counties, two zones, two plans."""
    return make_city()


@pytest.fixture
def fagai(city: City, make_user: Callable[..., Any]) -> Any:
    """The city's development and reform commission, with things to do."""
    open_items(city.subjects["431000"])
    return make_user("city", "fagai", first_name="市发改委", subject=city.subjects["431000"])


@pytest.fixture
def zixing(city: City, make_user: Callable[..., Any]) -> Any:
    """A person of one county."""
    return make_user("county", "431081", first_name="资兴市", subject=city.subjects["431081"])
