"""The cockpit, a county and an explanation in a real browser, by mouse and by keyboard, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.pages.cockpit.conftest import PHONE, dark_pixels, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ["/", "/?plan=cz-14", "/counties/", "/counties/431081/", "/counties/431027/", "/search/?q=资兴"]
SignIn = Callable[..., Any]


def test_a_city_reads_who_must_act_and_opens_the_reason(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    assert "不降反升：宜章县、资兴市" in page.inner_text(".says")
    page.locator("#lst a", has_text="资兴市").click()
    page.wait_for_url("**/counties/431081/**")
    assert "本年强度不降反升，同比升0.62%" in page.inner_text(".says").replace(" ", "")
    page.locator(".kp a.fig").first.click()
    panel = page.locator("#panel[open]")
    panel.wait_for()
    assert "资兴市 · 单位GDP能耗降低率" in panel.inner_text().replace(" ", "").replace("·", " · ")


def test_the_panel_keeps_the_focus_and_gives_it_back(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    figure = page.locator("#lst a.fig").first
    figure.focus()
    page.keyboard.press("Enter")
    page.locator("#panel[open]").wait_for()
    inside = "document.activeElement === document.body || document.getElementById('panel').contains(document.activeElement)"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    page.wait_for_function("!document.getElementById('panel').open")
    assert page.evaluate("document.activeElement.matches('#lst a.fig')")


def test_an_explanation_is_also_a_page_of_its_own(sign_in: SignIn, live_server: Any) -> None:
    page = sign_in("fagai")
    address = page.locator("#lst a.fig").first.get_attribute("href")
    page.goto(f"{live_server.url}{address}")
    assert page.locator("h1").count() == 1
    assert "公式" in page.inner_text("main")


def test_the_map_is_drawn_and_leads_to_a_county(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    page.wait_for_selector("[data-chart=map][data-drawn] canvas")
    page.wait_for_timeout(300)
    assert dark_pixels(page, "map") > 10_000
    assert dark_pixels(page, "trend") > 1_000
    box = page.locator("[data-chart=map]").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * 0.52)
    page.wait_for_selector(".chart-tip", state="visible")
    assert re.search(r"[县区市]", page.inner_text(".chart-tip"))
    page.mouse.click(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * 0.52)
    page.wait_for_url("**/counties/**")


def test_each_chart_has_its_figures_as_a_table(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    box = page.locator(".chart-box", has=page.locator("[data-chart=trend]"))
    box.get_by_role("button", name="表格").click()
    assert "2026年9月" in box.locator("table").inner_text().replace(" ", "")
    assert not box.locator("[data-chart=trend]").is_visible()
    box.get_by_role("button", name="表格").click()
    assert box.locator("[data-chart=trend]").is_visible()


def test_the_quarter_and_the_plan_live_in_the_address(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    page.select_option("#period", "2026Q2")
    page.wait_for_url("**period=2026Q2**")
    assert "2026年1—6月" in page.inner_text(".sk-head .meta").replace(" ", "")
    page.locator(".seg a", has_text="十四五").click()
    page.wait_for_url("**plan=cz-14**")
    assert "已收官" in page.inner_text(".sk-head")
    page.go_back()
    assert "2026年1—6月" in page.inner_text(".sk-head .meta").replace(" ", "")


def test_a_heading_sorts(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    page.locator("#lst th a", has_text="累计降低率").click()
    page.wait_for_url("**sort=decline**")
    assert page.locator("#lst tbody tr").first.locator(".n").inner_text() == "宜章县"


def test_the_theme_is_kept_and_charts_follow_it(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    page.wait_for_selector("[data-chart=trend][data-drawn]")
    before = page.evaluate("document.querySelector('[data-chart=trend] canvas').toDataURL()")
    page.get_by_role("button", name="切换浅色深色").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.wait_for_function("old => document.querySelector('[data-chart=trend] canvas').toDataURL() !== old", arg=before)
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_keyboard_skips_to_the_text_and_to_the_search(sign_in: SignIn) -> None:
    page = sign_in("fagai")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "sk-skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Control+k")
    page.keyboard.type("桂东")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    assert page.locator(".li a", has_text="桂东县").count() == 1


def test_a_county_sees_itself_only(sign_in: SignIn) -> None:
    page = sign_in("zixing")
    assert page.locator("#lst tbody tr").count() == 1
    assert "另有10个县市区" in page.inner_text("main").replace(" ", "")
    page.locator("summary.sk-user").click()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_scrolls_sideways_on_a_phone(sign_in: SignIn, live_server: Any, theme: str) -> None:
    page = sign_in("fagai", viewport=PHONE)
    page.emulate_media(color_scheme=theme)
    for address in PAGES:
        page.goto(f"{live_server.url}{address}")
        page.wait_for_load_state("networkidle")
        assert sideways(page) <= 0, address
        assert page.locator("h1").count() == 1, address


def test_a_phone_reaches_everything_through_the_bar_below(sign_in: SignIn) -> None:
    page = sign_in("fagai", viewport=PHONE)
    page.locator(".sk-tabbar a", has_text="更多").click()
    page.locator("#rail a", has_text="县市区").click()
    page.wait_for_url("**/counties/")
    small = page.evaluate("[...document.querySelectorAll('.sk-tabbar a, .sk-ib')].filter(e => e.offsetWidth && e.offsetHeight < 40).length")
    assert small == 0


def test_a_page_that_is_not_there_says_so_in_the_frame(sign_in: SignIn, live_server: Any, chromium: Any) -> None:
    signed = sign_in("fagai")
    page = signed.context.new_page()  # without the watch on its console: a 404 is reported there by the browser itself
    page.goto(f"{live_server.url}/no-such-page/")
    assert page.inner_text("h1") == "没有这个页面"
    assert page.locator("nav.sk-side").count() == 1
