"""The data browser: accepted rows within scope, filters in the address, the history of a cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.apps.ledger.models import Batch, Row

APPLIED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def add(places: dict[str, Any], users: dict[str, Any]) -> Callable[..., Row]:
    """Adds one row in a batch of its own; ``state`` is applied, open or withdrawn."""

    def make(code: str = "431002", quantity: Any = "1", state: str = "applied", **fields: Any) -> Row:
        batch = Batch.objects.create(kind="electricity", title=f"批次甲{quantity}", owner=users["city"], subject=places["431000"])
        stated: dict[str, Any] = {
            "measure": "electricity",
            "industry": "C26",
            "period_kind": "month",
            "period_start": date(2026, 9, 1),
            "period_end": date(2026, 10, 1),
            "filed": str(quantity),
            "unit_filed": "万千瓦时",
            "origin": "issued",
            "release": "preliminary",
            "known_on": date(2026, 10, 20),
            "document": "某统计局月报",
            **fields,
        }
        row = Row.objects.create(batch=batch, subject=places[code], county=places[code], quantity=Decimal(quantity), **stated)
        ends = {"applied": {"applied_at": APPLIED}, "withdrawn": {"applied_at": APPLIED, "withdrawn_at": APPLIED}, "open": {}}[state]
        if ends:
            Batch.objects.unscoped("test").filter(pk=batch.pk).update(**ends)
        return row

    return make


def listed(response: Any) -> set[int]:
    assert response.status_code == 200
    return {row.pk for row in response.context["table"].page}


def test_a_row_shows_what_was_filed_and_what_it_means(add: Callable, get: Callable) -> None:
    add(quantity="1234.5")
    text = get("city", "/data/").content.decode()
    assert all(
        word in text for word in ("北湖区", "用电量", "化学原料", "2026年9月", "1234.5", "1,234.5", "万kWh", "某统计局月报", "批次甲")
    )


def test_scope(add: Callable, get: Callable) -> None:
    own, foreign = add("431002"), add("431003", "77.25")
    public = add("431003", "5", origin="published")
    assert listed(get("city", "/data/")) == {own.pk, foreign.pk, public.pk}
    assert listed(get("county", "/data/")) == {own.pk, public.pk}
    assert listed(get("reader", "/data/")) == {public.pk}
    assert "77.25" not in get("county", "/data/").content.decode()
    assert get("county", f"/data/rows/{foreign.pk}/").status_code == 404
    assert get("county", f"/data/rows/{own.pk}/").status_code == 200
    assert get("city", "/data/rows/999999/").status_code == 404


def test_the_title_of_a_foreign_batch_is_not_shown(add: Callable, get: Callable) -> None:
    row = add("431002", "31.5")
    for address in ("/data/", f"/data/rows/{row.pk}/"):
        text = get("county", address).content.decode()
        assert "批次甲31.5" not in text
        assert f"批次{row.batch_id}" in text
        assert "批次甲31.5" in get("city", address).content.decode()


def test_only_what_counts_is_listed(add: Callable, get: Callable) -> None:
    first = add(quantity="10")
    add(quantity="3", state="open")
    add(quantity="4", state="withdrawn")
    second = add(quantity="12.5", supersedes=first, known_on=date(2026, 11, 20))
    assert listed(get("city", "/data/")) == {second.pk}
    assert listed(get("city", "/data/?known_on=2026-11-01")) == {first.pk}


def test_the_history_of_a_cell(add: Callable, get: Callable) -> None:
    first = add(quantity="10")
    second = add(quantity="12.5", supersedes=first, known_on=date(2026, 11, 20))
    withdrawn = add(quantity="4", state="withdrawn")
    reported = add(quantity="11", origin="reported")
    still_open = add(quantity="3", state="open")
    page = get("city", f"/data/rows/{first.pk}/").context["page"]
    assert page.version.state == "superseded"
    assert [(v.row.pk, v.state, v.difference) for v in page.history] == [
        (second.pk, "current", Decimal("2.5")),
        (withdrawn.pk, "withdrawn", None),
        (first.pk, "superseded", None),
    ]
    assert [v.row.pk for v in page.beside] == [reported.pk]
    text = get("city", f"/data/rows/{first.pk}/").content.decode()
    assert f"已由第{second.pk}行更正" in text
    assert "+2.5" in text
    assert get("city", f"/data/rows/{still_open.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("measure=electricity", "month other zone"),
        ("subject=431003", "other"),
        ("subject=CZ-HITECH", "zone"),
        ("period=2026年9月", "month other zone"),
        ("period=2025", "gdp"),
        ("period=2025年1—12月", "gdp"),
        ("origin=reported", "other"),
        ("release=final", "gdp"),
        ("measure=energy", "coal"),
        ("product=raw_coal&flow=terminal", "coal"),
        ("flow=inflow", ""),
        ("period=nonsense", "all"),
        ("subject=nowhere", "all"),
    ],
)
def test_filters_stand_in_the_address(add: Callable, get: Callable, places: dict[str, Any], query: str, found: str) -> None:
    rows = {
        "month": add(),
        "other": add("431003", origin="reported"),
        "zone": add(zone=places["CZ-HITECH"]),
        "gdp": add(
            measure="gdp",
            industry="",
            period_kind="ytd",
            period_start=date(2025, 1, 1),
            period_end=date(2026, 1, 1),
            price_base=2020,
            release="final",
        ),
        "coal": add(measure="energy", product="raw_coal", flow="terminal", period_kind="ytd", period_start=date(2026, 1, 1)),
    }
    wanted = rows if found == "all" else found.split()
    response = get("city", f"/data/?{query}")
    assert listed(response) == {rows[name].pk for name in wanted}
    assert bool(response.context["chips"]) == (found != "all")


def test_what_cannot_be_read_is_said(add: Callable, get: Callable) -> None:
    text = get("city", "/data/?period=nonsense&known_on=x").content.decode()
    assert "不是期别" in text
    assert "输入一个有效的日期" in text


def test_empty(users: dict[str, Any], get: Callable) -> None:
    assert "台账里还没有您可查看的数" in get("reader", "/data/").content.decode()
    assert "没有符合条件的数" in get("reader", "/data/?origin=issued").content.decode()


def test_at_most_fifty_on_a_page_and_the_same_statements(add: Callable, get: Callable, statements: Callable) -> None:
    first = add()
    few, few_row = statements("city", "/data/"), statements("city", f"/data/rows/{first.pk}/")
    for n in range(60):
        add(quantity=str(n))
    assert len(get("city", "/data/").context["table"].page) == 50
    assert statements("city", "/data/") == few <= 14
    assert statements("city", f"/data/rows/{first.pk}/") == few_row <= 12


def test_doubt_travels_with_the_row(add: Callable, get: Callable) -> None:
    row = add(remark="转载，待核实")
    assert "待核实</span>" in get("city", "/data/").content.decode()
    assert "转载，待核实" in get("city", f"/data/rows/{row.pk}/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(add: Callable, users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    first = add(quantity="10")
    add(quantity="12.5", supersedes=first, known_on=date(2026, 11, 20))
    page = sign_in(users["city"])
    page.goto(f"{live_server.url}/data/")
    page.get_by_label("来源").select_option("issued")
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url("**origin=issued**")
    no_sideways(page)
    page.get_by_role("link", name="用电量").first.click()
    page.wait_for_url("**/data/rows/*/")
    page.get_by_text(f"{first.pk}").first.wait_for()
    no_sideways(page)


def test_the_export_holds_exactly_what_is_filtered(add: Callable, get: Callable) -> None:
    add("431002", "11.5")
    add("431003", "22.5")
    add("431002", "33.5", origin="reported")
    address = get("city", "/data/?origin=issued&subject=431002").content.decode()
    assert "/data/export/rows/?origin=issued&amp;subject=431002&amp;format=xlsx" in address
    exported = b"".join(get("city", "/data/export/rows/?origin=issued&subject=431002&format=csv").streaming_content).decode()
    assert "11.5" in exported
    assert "22.5" not in exported
    assert "33.5" not in exported
    foreign = b"".join(get("county", "/data/export/rows/?format=csv").streaming_content).decode()
    assert "22.5" not in foreign
