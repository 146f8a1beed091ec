"""A whole round in a real browser by three roles, on an empty installation.

File, see the errors at the cells, be returned, correct, be accepted, locked; the figure, the barometer and the log follow;
correct later and see the difference.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.utils import timezone

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem, Job
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services.obligations import new_filing
from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.models import Target, Value
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms
from tests.energy.city import Town
from tests.filing import browser, kit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: The newest quarter of the balance that is over on whatever day the tests run.
YEAR = 2026
PERIOD = Period.parse(f"{YEAR}-01/09")


@pytest.fixture
def town(db: None) -> Town:
    """A county with a target whose figures of the year before are there."""
    town = Town("431002:北湖区", "431003:苏仙区")
    town.install_rules()
    for period, tonnes, gdp in ((f"{YEAR - 1}", 1000, 1000), (f"{YEAR - 1}-01/09", 700, 750), (f"{YEAR}-01/09", None, 750)):
        town.put("431002", "gdp", period, gdp, price_base=2025)
        if tonnes:
            town.energy("431002", period, "raw_coal", "terminal", tonnes, origin="reported")
    plan = Plan.objects.create(
        code="next", title="方案", period_name="十五五", subject=town.by_code["431000"], base_year=2025, first_year=2026, last_year=2030
    )  # fmt: skip
    indicator = selectors.indicator("energy_intensity_decline_percent")
    Target.objects.create(plan=plan, indicator=indicator, subject=town.by_code["431002"], number=D(15), source="测试")
    return town


@pytest.fixture
def staff(town: Town, make_user: Any) -> dict[str, Any]:
    """An enterprise, its county, and the two bureaus that review, two people each."""
    county = town.by_code["431002"]
    firm = Subject.objects.create(kind="enterprise", code="91-A", name="演示企业甲", parent=county, county=county)
    bureaus = {code: Department.objects.create(code=code, short_name=name) for code, name in (("stat", "市统计局"), ("drc", "市发改委"))}
    city = town.by_code["431000"]
    town.by_code["91-A"] = firm
    return {
        "enterprise": make_user("enterprise", subject=firm, first_name="企业"),
        "county": make_user("county", subject=county, first_name="北湖区"),
        **{
            f"{code}{n}": make_user("city", f"{code}{n}", subject=city, department=bureau, first_name=f"{bureau.short_name}{n}")
            for code, bureau in bureaus.items()
            for n in (1, 2)
        },
    }


def owed(town: Town, form_id: str, code: str, period: Period) -> Filing:
    """A filing that is owed."""
    made = new_filing(forms.current().of(form_id, period), town.by_code[code], period)
    made.save()
    return made


def compute() -> None:
    """What the worker does with what waits."""
    for pk in Job.objects.unscoped("test").filter(state="waiting").values_list("pk", flat=True):
        jobs.run(pk)


def value(code: str, subject: Subject) -> Value | None:
    """The current reported value of the county's period."""
    current = Value.objects.unscoped("test").filter(
        indicator__code=code, subject=subject, period_end=PERIOD.end, period_kind="ytd", lens="reported", basis="equivalent"
    )
    return current.order_by("-pk").first()


def waiting(user: Any) -> list[str]:
    """The titles of what waits for a person."""
    return [item.title for item in InboxItem.objects.visible_to(user).filter(closed_at=None)]


def submit(page: Any) -> None:
    """Send the form in and wait for the page that says so."""
    page.get_by_role("button", name="提交审核").click()
    page.get_by_text("提交", exact=True).first.wait_for()
    page.wait_for_load_state()


def state(filing: Filing) -> str:
    """Where it stands."""
    return kit.again(filing).state


def act(page: Any, name: str, reason: str = "") -> None:
    """Press a button of the card 办理, with its reason."""
    card = page.get_by_role("region", name="办理")
    if reason:
        more = card.locator("details").filter(has=page.locator("summary", has_text=name)).first
        if more.get_attribute("open") is None:
            more.locator("summary").click()
        more.locator("textarea").fill(reason)
        more.get_by_role("button", name=name, exact=True).click()
    else:
        card.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def test_an_enterprise_a_county_and_a_bureau(live_server: Any, page: Any, town: Town, staff: dict[str, Any]) -> None:
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    filing = owed(town, "key_unit_month", "91-A", Period.month(last.year, last.month))
    address = f"{live_server.url}/filings/{filing.pk}/"
    browser.signed_in(page, live_server.url, staff["enterprise"])
    page.goto(address)
    button = page.get_by_role("button", name="提交审核")
    assert button.is_disabled()
    browser.put(page, "consumption.raw_coal.purchased", "1,200")
    browser.put(page, "consumption.raw_coal.consumed", "12 x")
    bad = browser.cell(page, "consumption.raw_coal.consumed")
    assert bad.get_attribute("aria-invalid") == "true" and "读" not in bad.inner_text()
    bad.click()
    message = page.get_by_role("region", name="能源购进、消费与库存").locator("[data-message]")
    assert "数后面有别的字" in message.inner_text()
    assert button.is_disabled() and "处错误" in str(button.get_attribute("title"))
    message.get_by_role("button", name="改为 12.00").click()
    assert bad.get_attribute("aria-invalid") is None
    browser.put(page, "consumption.electricity.consumed", "321.25")
    browser.paste(page, "output.r1.product", '<img src=x onerror="alert(1)">\t吨\t5,000')
    browser.paste(page, "operation.output_value.value", "８８０")
    browser.paste(page, "operation.days.value", "30")
    browser.saved(page)
    button.click()
    page.locator(".w-sub").first.wait_for()
    assert state(filing) == "submitted" and page.locator("main img").count() == 0
    assert any("1 份待审核" in title for title in waiting(staff["county"])) and waiting(staff["drc1"]) == []

    browser.signed_in(page, live_server.url, staff["county"])
    page.goto(f"{live_server.url}/filings/review/")
    page.get_by_role("link", name="演示企业甲").click()
    browser.cell(page, "consumption.raw_coal.consumed").click()
    page.get_by_role("button", name="指向这格").click()
    act(page, "退回", "原煤消费量偏小，请核对磅单")
    assert state(filing) == "returned" and waiting(staff["county"]) == []
    assert any("被退回" in title for title in waiting(staff["enterprise"]))

    browser.signed_in(page, live_server.url, staff["enterprise"])
    page.goto(address)
    assert page.get_by_text("原煤消费量偏小，请核对磅单").first.is_visible()
    page.get_by_role("button", name="跳到1处").click()
    pointed = browser.cell(page, "consumption.raw_coal.consumed")
    assert "sk-pointed" in pointed.get_attribute("class") and "sk-active" in pointed.get_attribute("class")
    browser.put(page, "consumption.raw_coal.consumed", "1,012.5")
    browser.saved(page)
    button.click()
    page.locator(".w-sub").first.wait_for()
    difference = page.locator("#differences tbody tr")
    assert [row.inner_text().split("\t") for row in difference.all()] == [["能源购进、消费与库存 原煤 消费量", "12", "1012.5"]]

    browser.signed_in(page, live_server.url, staff["county"])
    page.goto(f"{live_server.url}/filings/review/")
    page.get_by_role("checkbox", name="选演示企业甲").check()
    page.get_by_role("button", name="通过 1 份").click()
    page.wait_for_load_state()
    assert kit.again(filing).level == "city" and waiting(staff["county"]) == []

    browser.signed_in(page, live_server.url, staff["drc1"])
    page.goto(f"{live_server.url}/inbox/")
    page.get_by_role("link", name=re.compile("1 份待审核")).click()
    page.get_by_role("link", name="演示企业甲").click()
    act(page, "通过")
    assert state(filing) == "accepted" and waiting(staff["drc1"]) == [] and waiting(staff["enterprise"]) == []
    coal = Row.objects.unscoped("test").get(subject__code="91-A", product="raw_coal", flow="terminal")
    assert coal.quantity == D("1012.5")
    act(page, "锁定")
    assert state(filing) == "locked"

    act(page, "申请解锁", "企业补交磅单")
    assert page.get_by_role("button", name="同意解锁").count() == 0
    assert any("申请解锁" in title for title in waiting(staff["drc2"]))
    browser.signed_in(page, live_server.url, staff["drc2"])
    page.goto(address)
    act(page, "同意解锁")
    assert state(filing) == "accepted" and waiting(staff["drc2"]) == []

    browser.signed_in(page, live_server.url, staff["enterprise"])
    page.goto(address)
    act(page, "更正", "补记一车")
    assert "第2版" in page.locator(".meta").inner_text()
    browser.put(page, "consumption.raw_coal.consumed", "1,040")
    browser.saved(page)
    page.get_by_role("button", name="提交审核").click()
    page.locator(".w-sub").first.wait_for()
    assert "与更正前相比" in page.locator("#differences").inner_text()
    assert "1012.5" in page.locator("#differences").inner_text() and "1040" in page.locator("#differences").inner_text()
    second = Filing.objects.unscoped("test").get(version=2)
    for who in ("county", "drc1"):
        browser.signed_in(page, live_server.url, staff[who])
        page.goto(f"{live_server.url}/filings/{second.pk}/")
        act(page, "通过")
    known = Row.objects.unscoped("test").filter(subject__code="91-A", product="raw_coal", flow="terminal").order_by("pk")
    assert [row.quantity for row in known] == [D("1012.5"), D("1040")]
    actions = list(Entry.objects.filter(action__startswith="filing.").order_by("pk").values_list("action", flat=True))
    for verb in ("save", "submit", "return", "accept", "lock", "unlock", "correct"):
        assert f"filing.filing.{verb}" in actions


def test_a_county_files_its_balance_and_the_barometer_moves(live_server: Any, page: Any, town: Town, staff: dict[str, Any]) -> None:
    county = town.by_code["431002"]
    town.recompute()
    assert (before := value("energy_total_tce", county)) is None or before.value is None
    filing = owed(town, "county_energy_balance_quarter", "431002", PERIOD)
    address = f"{live_server.url}/filings/{filing.pk}/"
    browser.signed_in(page, live_server.url, staff["county"])
    page.goto(address)
    zeros = dict.fromkeys(range(25), "0")
    column = {**zeros, 3: "690", 12: "690"}
    lines = [line.key for line in filing.form.tables[0].lines]
    browser.paste(page, "balance.opening_stock.raw_coal", "\n".join(column[n] for n in range(len(lines))))
    told = page.get_by_role("region", name="能源平衡（实物量）").locator("[data-message]").inner_text()
    assert "不适用或自动计算" in told
    assert browser.cell(page, "balance.available.raw_coal").inner_text() == "690.00"
    assert browser.cell(page, "balance.consumption.raw_coal").inner_text() == "690.00"
    browser.saved(page)
    page.get_by_role("button", name="提交审核").click()
    page.locator(".w-sub").first.wait_for()
    assert waiting(staff["drc1"]) == [], "a return under the statistics law reaches statistics alone"

    browser.signed_in(page, live_server.url, staff["drc1"])
    assert page.request.get(address).status == 404
    browser.signed_in(page, live_server.url, staff["stat1"])
    page.goto(f"{live_server.url}/inbox/")
    page.get_by_role("link", name=re.compile("1 份待审核")).click()
    page.get_by_role("link", name="北湖区").click()
    act(page, "通过")
    compute()
    first, level = value("energy_total_tce", county), value("warning_national", county)
    assert first is not None and first.value == D("492.867") and level is not None
    calm = level.severity

    browser.signed_in(page, live_server.url, staff["county"])
    page.goto(address)
    act(page, "更正", "漏报一家")
    browser.put(page, "balance.inflow.raw_coal", "900")
    browser.put(page, "balance.terminal_industry.raw_coal", "900")
    browser.saved(page)
    page.get_by_role("button", name="提交审核").click()
    page.locator(".w-sub").first.wait_for()
    browser.signed_in(page, live_server.url, staff["stat2"])
    page.goto(f"{live_server.url}/filings/{Filing.objects.unscoped('test').get(version=2).pk}/")
    act(page, "通过")
    compute()
    second, worse = value("energy_total_tce", county), value("warning_national", county)
    assert second is not None and second.value == D("642.87") and worse is not None
    assert worse.severity == 1 and calm is not None and calm > 1
    assert Entry.objects.filter(action="indicators.run.published").count() >= 2
