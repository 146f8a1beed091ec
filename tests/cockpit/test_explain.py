"""The explanation of a figure beside the page and as a page; a figure that is not the reader's is not found; days in the address."""

from __future__ import annotations

from typing import Any

from django.test import Client

from shuangkong.apps.indicators.models import Value
from tests.cockpit.city import City


def value_of(city: City, code: str, indicator: str = "energy_intensity_change_percent") -> Value:
    found = Value.objects.unscoped("test").filter(subject=city.subjects[code], indicator__code=indicator, period_end="2026-10-01")
    return found.get()


def test_it_is_a_page_of_its_own_and_a_part_for_htmx(fagai: Any, city: City, client: Client) -> None:
    client.force_login(fagai)
    value = value_of(city, "431081")
    page = client.get(f"/explain/value/{value.pk}/")
    part = client.get(f"/explain/value/{value.pk}/", headers={"HX-Request": "true"})
    assert page.content.decode().count("<h1") == 1
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    for answer in (page, part):
        text = answer.content.decode()
        assert "资兴市" in text
        assert "升0.62" in text
        assert "公式" in text


def test_another_countys_figure_is_not_found(zixing: Any, city: City, client: Client) -> None:
    client.force_login(zixing)
    assert client.get(f"/explain/value/{value_of(city, '431081').pk}/").status_code == 200
    assert client.get(f"/explain/value/{value_of(city, '431022').pk}/").status_code == 404


def test_a_missing_figure_is_explained_too(fagai: Any, city: City, client: Client) -> None:
    client.force_login(fagai)
    text = client.get(f"/explain/value/{value_of(city, '431027').pk}/").content.decode()
    assert "缺报" in text
    assert "没有输入" in text


def test_a_day_of_which_nothing_was_computed_is_said_to_those_who_cannot_ask_for_it(zixing: Any, client: Client) -> None:
    client.force_login(zixing)
    answer = client.get("/?known_on=2026-05-01")
    assert answer.status_code == 400
    assert "看不了2026-05-01" in answer.content.decode()


def test_a_day_in_the_address_shows_what_was_known_then(fagai: Any, zixing: Any, client: Client) -> None:
    client.force_login(fagai)
    text = client.get("/?known_on=2026-05-01&plan=cz-15").content.decode()
    assert "还没有可算出强度的数据" in text
    client.force_login(zixing)
    assert client.get("/?known_on=2026-05-01").status_code == 200


def test_today_and_nonsense_are_now(fagai: Any, client: Client) -> None:
    client.force_login(fagai)
    now = client.get("/").content.decode().count("<td")
    for asked in ("2026-11-24", "2027-01-01", "昨天", ""):
        assert client.get(f"/?known_on={asked}").content.decode().count("<td") == now
