"""A city in a served installation, a person signed in with the browser, and the questions that every page is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cockpit.city import City, make_city, open_items

PASSWORD = "correct-horse-battery"
PHONE = {"width": 390, "height": 844}
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def served(live_server: Any, settings: Any, make_user: Callable[..., Any]) -> City:
    """The city, its map, and two people: ``fagai`` of the city and ``zixing`` of a county. The clock is the machine's."""
    settings.PACKS_DIR, settings.PACK = ROOT / "packs", "chenzhou"
    city = make_city()
    open_items(city.subjects["431000"], date(2026, 11, 24))
    make_user("city", "fagai", first_name="市发改委", subject=city.subjects["431000"])
    make_user("county", "zixing", first_name="资兴市", subject=city.subjects["431081"])
    return city


@pytest.fixture
def sign_in(live_server: Any, page: Any, served: City) -> Callable[..., Any]:
    """Sign in by hand and open an address: ``sign_in("fagai", "/")``."""

    def by_hand(username: str, address: str = "/", viewport: dict[str, int] | None = None) -> Any:
        if viewport:
            page.set_viewport_size(viewport)
        page.goto(f"{live_server.url}/accounts/login/?next={address}")
        page.fill("input[name=login]", username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    return by_hand


def sideways(page: Any) -> int:
    """By how many pixels the page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def dark_pixels(page: Any, chart: str) -> int:
    """How many pixels of a chart's canvas are drawn."""
    script = """name => { const canvas = document.querySelector(`[data-chart=${name}] canvas`);
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let drawn = 0; for (let i = 3; i < data.length; i += 4) if (data[i] > 40) drawn += 1; return drawn; }"""
    return int(page.evaluate(script, chart))
