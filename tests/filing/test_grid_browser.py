"""The sheet in a real browser: keys, undo, paste, rows, two who edit at once, a session that ends in the middle, explanations, a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session

from shuangkong.apps.filing.checking import Found
from shuangkong.apps.filing.services import save_draft
from shuangkong.core.periods import Period
from tests.filing import browser, kit
from tests.filing.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COAL = "consumption.raw_coal.consumed"
POWER = "consumption.electricity.consumed"


def opened(page: Any, live_server: Any, user: Any, filing: Any) -> Any:
    """The page of a filing, of a person."""
    browser.signed_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/filings/{filing.pk}/")
    return page


def shown(page: Any, address: str) -> str:
    return browser.cell(page, address).inner_text()


def at(page: Any) -> str:
    """Where one stands."""
    return page.evaluate("document.activeElement.dataset.at")


def told(page: Any, table: str = "能源购进、消费与库存") -> str:
    """The bar under a table."""
    return page.get_by_role("region", name=table).locator("[data-message]").inner_text()


def test_keys_move_edit_clear_and_undo_as_in_a_spreadsheet(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    opened(page, live_server, people["enterprise"], filing())
    browser.put(page, COAL, "1500")
    assert at(page) == "consumption.washed_coal.consumed"
    for key in ("ArrowUp", "F2", "End"):
        page.keyboard.press(key)
    page.keyboard.type(".25")
    page.keyboard.press("Tab")
    assert shown(page, COAL) == "1,500.25" and at(page).startswith("consumption.raw_coal.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("F2")
    page.keyboard.type("9")
    page.keyboard.press("Escape")
    assert shown(page, COAL) == "1,500.25"
    page.keyboard.press("Delete")
    assert shown(page, COAL) == ""
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert shown(page, COAL) == "1,500.00"
    page.keyboard.press("Control+y")
    assert shown(page, COAL) == "1,500.25"
    browser.paste(page, COAL, "1\n2\n3")
    page.keyboard.press("Control+z")
    assert [shown(page, COAL), shown(page, "consumption.washed_coal.consumed")] == ["1,500.25", ""]
    browser.saved(page)
    page.keyboard.press("Control+z")
    assert shown(page, COAL) == "1,500.00", "saving does not forget what can be undone"
    browser.saved(page)


def test_a_jump_says_so_and_offers_the_right_unit(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    kit.submitted(filing(period=Period.month(2026, 8)), people["enterprise"], kit.MONTH)
    opened(page, live_server, people["enterprise"], filing())
    browser.put(page, POWER, "3212500")
    browser.cell(page, POWER).click()
    assert "sk-jump" in browser.cell(page, POWER).get_attribute("class") and "超出 ±30%" in told(page)
    page.get_by_role("button", name="改为 321.25").click()
    assert shown(page, POWER) == "321.25" and "没有发现问题" in told(page)
    assert "上月 321.25" in page.locator("[data-earlier]").first.inner_text()
    browser.saved(page)


def test_rows_are_added_pasted_and_removed(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    made = filing()
    opened(page, live_server, people["enterprise"], made)
    browser.paste(page, "output.r1.product", '水泥\t吨\t1,000\n熟料\t吨\t2,000\n"<b>矿渣</b>\t粉"\t吨\t3,000')
    card = page.get_by_role("region", name="主要产品产量与用能")
    assert card.locator("tbody tr").count() == 3 and card.locator("tbody b").count() == 0
    card.get_by_role("button", name="删除第 2 行").click()
    card.get_by_role("button", name="加一行").click()
    assert card.locator("tbody tr").count() == 3
    page.keyboard.type("砂")
    page.keyboard.press("Enter")
    browser.saved(page)
    draft = kit.again(made).draft
    assert draft["output.r2.amount"] == "3000" and draft["output.r2.product"] == "<b>矿渣</b>\t粉"


@pytest.fixture
def refused_page(chromium: Any) -> Any:
    """A page whose console may tell of a refused save (409)."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def test_two_who_edit_the_same_cell_see_both_values_and_choose(
    live_server: Any, refused_page: Any, people: Any, filing: Any, make_user: Any
) -> None:
    page = refused_page
    made = filing()
    colleague = make_user("enterprise", "colleague", subject=made.subject, first_name="同事")
    opened(page, live_server, people["enterprise"], made)
    save_draft(kit.again(made), {COAL: "700", POWER: "8", "operation.days.value": "30"}, 0, colleague, now=NOW)
    browser.put(page, COAL, "500")
    browser.put(page, POWER, "9")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    rows = [row.inner_text().split() for row in dialog.locator("tbody tr").all()]
    assert sorted(row[-2:] for row in rows) == [["500.00", "700.00"], ["9.00", "8.00"]]
    dialog.locator("tr", has_text="原煤").locator("[value=theirs]").check()
    dialog.get_by_role("button", name="按选择保存").click()
    browser.saved(page)
    assert kit.again(made).draft == {COAL: "700", POWER: "9", "operation.days.value": "30"}
    assert shown(page, "operation.days.value").startswith("30"), "what only the other one changed is there"


def test_a_session_that_ends_in_the_middle_loses_nothing(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    made = filing()
    opened(page, live_server, people["enterprise"], made)
    browser.put(page, COAL, "500")
    browser.saved(page)
    Session.objects.all().delete()
    browser.put(page, POWER, "321")
    page.get_by_text("登录已结束").wait_for()
    assert kit.again(made).draft == {COAL: "500"}
    page.get_by_role("link", name="重新登录后接着填").click()
    page.fill("input[name=login]", "enterprise")
    page.fill("input[name=password]", "correct-horse-battery")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**/filings/{made.pk}/")
    assert [shown(page, COAL), shown(page, POWER)] == ["500.00", "321.00"]
    browser.saved(page)
    assert kit.again(made).draft == {COAL: "500", POWER: "321"}
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('sk-draft')).length") == 0


DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('sk-draft')).sort()"


def test_what_the_browser_keeps_is_its_persons_until_the_sign_out(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    made, mine, theirs = filing(), people["enterprise"], people["county"]
    opened(page, live_server, mine, made)
    keys = [f"sk-draft-999-{mine.pk}", f"sk-draft-999-1{mine.pk}", f"sk-draft-999-{theirs.pk}"]
    page.evaluate("keys => keys.forEach((key) => localStorage.setItem(key, '{}'))", keys)
    page.goto(f"{live_server.url}/filings/")
    assert page.evaluate(DRAFTS) == keys[:1], "one's own stays while one is signed in"
    browser.signed_in(page, live_server.url, theirs)
    page.goto(f"{live_server.url}/filings/")
    assert page.evaluate(DRAFTS) == []
    opened(page, live_server, mine, made)
    page.evaluate("key => localStorage.setItem(key, '{}')", keys[0])
    browser.put(page, COAL, "500")
    page.locator("details.menu:has([data-sign-out]) > summary").click()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate(DRAFTS) == []
    assert kit.again(made).draft == {COAL: "500"}, "what was typed last is sent before one leaves"


def odd(_filing: Any, cells: dict[str, str]) -> list[Found]:
    """A check of the test: more than a thousand wants a reason."""
    high = float(cells.get(COAL, "0")) > 1000
    return [Found("test", "explain", (COAL,), "超过一千", "比平时多", "核对磅单")] if high else []


def test_a_warning_asks_for_a_reason_before_one_may_submit(
    live_server: Any, page: Any, people: Any, filing: Any, settings: Any
) -> None:  # fmt: skip
    settings.FILING_FINDERS = ["tests.filing.test_grid_browser.odd"]
    made = filing()
    save_draft(made, kit.MONTH, 0, people["enterprise"], now=NOW)
    opened(page, live_server, people["enterprise"], made)
    button, bar = page.get_by_role("button", name="提交审核"), page.locator(".sk-bar")
    assert button.is_disabled() and button.get_attribute("title") == "写完 1 处说明后可提交" and "1 处须说明未写" in bar.inner_text()
    assert "sk-wrn" in browser.cell(page, COAL).get_attribute("class")
    page.get_by_label("说明：超过一千").fill("新窑投产")
    page.get_by_label("说明：超过一千").blur()
    page.locator("[data-submit-button]:enabled").wait_for()
    button.click()
    page.locator(".w-sub").first.wait_for()
    assert "说明：新窑投产" in page.get_by_role("complementary", name="校核").inner_text()


def test_a_sheet_of_many_cells_is_filled_at_once_and_read_on_a_phone(live_server: Any, page: Any, people: Any, filing: Any) -> None:
    made = filing("county_energy_balance_quarter", "431002", Period.parse("2026-01/09"))
    opened(page, live_server, people["county"], made)
    table = made.form.tables[0]
    block = "\n".join("\t".join("1" for _ in table.columns) for _ in table.lines)
    browser.paste(page, f"balance.{table.lines[0].key}.{table.columns[0].key}", block)
    filled = page.evaluate("Object.keys(skFiling.store.cells).length")
    assert filled == 17 * len(table.columns) and f"贴入 {filled} 格" in told(page, "能源平衡（实物量）")
    browser.saved(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    browser.cell(page, "balance.inflow.raw_coal").click()
    entry = page.locator("[data-entry]").first
    entry.fill("77")
    entry.press("Enter")
    assert shown(page, "balance.inflow.raw_coal") == "77.00"
    assert page.locator(".sk-corner").first.bounding_box()["width"] < 150
    browser.saved(page)
