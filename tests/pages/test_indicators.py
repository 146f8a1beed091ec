"""The indicators' pages: newest values, lenses and releases side by side, filters in the address, scope, export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.apps.indicators.models import CurrentValue, Indicator, Run, Target, Value
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.plans.models import Plan
from shuangkong.core.periods import Period

TOTAL, DECLINE, CHANGE = "energy_total_tce", "energy_intensity_decline_percent", "energy_intensity_change_percent"
PERIOD = Period.ytd(2026, 9)


@pytest.fixture
def plan(places: dict[str, Any]) -> Plan:
    load_catalogue()
    Plan.objects.create(
        code="p-14", title="上一份", period_name="“十四五”", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025
    )
    return Plan.objects.create(
        code="p-15", title="这一份", period_name="“十五五”", subject=places["431000"], base_year=2025, first_year=2026, last_year=2030
    )


@pytest.fixture
def add(plan: Plan, places: dict[str, Any]) -> Callable[..., Value]:
    """Adds a value in a published run of its own and makes it current."""

    def make(
        code: str = TOTAL, place: str = "431002", number: Any = "10000", period: Period = PERIOD, run: Run | None = None, **fields: Any
    ) -> Value:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        stated = {"known_on": date(2026, 11, 1), "rulebook_sm3": "0", "code_version": "t", "finished_at": at, "published_at": at}
        made = run or Run.objects.create(**stated)
        shown = {"basis": "equivalent", "lens": "issued", "release": "", "status": "ok", "calculation": "test", **fields}
        key = "|".join([code, place, period.code, shown["basis"], shown["lens"], shown["release"]])
        value = Value.objects.create(
            run=made,
            key=key,
            indicator=Indicator.objects.get(code=code),
            subject=places[place],
            period_kind=period.kind,
            period_start=period.start,
            period_end=period.end,
            value=None if number is None else Decimal(number),
            **shown,
        )
        if run is None:
            CurrentValue.objects.update_or_create(key=key, defaults={"value": value})
        return value

    return make


def lines(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    return {line.subject.code: line for line in response.context["page"].lines}


def test_the_list_shows_the_newest_known_value(add: Callable, get: Callable) -> None:
    add(place="431000", number="11110000", period=Period.ytd(2026, 6))
    add(place="431000", number="22220000")
    add(place="431000", number=None, period=Period.ytd(2026, 12), status="missing")
    add(place="431000", number="33330000", lens="reported")
    text = get("city", "/indicators/").content.decode()
    assert "2,222.00" in text
    assert "1,111.00" not in text
    assert "3,333.00" not in text
    assert "2026年1—9月" in text
    assert "没有可看的值" in text


def test_levels_stand_beside_a_decline_of_the_same_quarter(add: Callable, get: Callable) -> None:
    add(DECLINE, "431000", "2.5", Period.rolling(2026, 9))
    add("warning_national", "431000", "2", words="二级", severity=2)
    [line] = [line for _f, of in get("city", "/indicators/").context["groups"] for line in of if line.indicator.code == DECLINE]
    assert [level.words for level in line.levels] == ["二级"]


def test_the_list_of_others(add: Callable, get: Callable) -> None:
    add(place="431002", number="12340000")
    add(place="431003", number="77770000")
    assert "1,234.00" in get("county", "/indicators/").content.decode()
    assert get("county", "/indicators/").context["subject"].code == "431002"
    foreign = get("county", "/indicators/?subject=431003")
    assert foreign.context["subject"].code == "431002"
    assert "7,777.00" not in foreign.content.decode()
    assert get("reader", "/indicators/").context["subject"].code == "431000"
    assert "没有符合条件的指标" in get("reader", "/indicators/?q=zzz").content.decode()


def test_the_list_without_a_catalogue(users: dict[str, Any], get: Callable) -> None:
    assert "还没有指标" in get("reader", "/indicators/").content.decode()
    assert get("reader", "/indicators/none/").status_code == 404


def test_reported_beside_issued_with_the_difference(add: Callable, get: Callable) -> None:
    add(number="1000000")
    add(number="1052500", lens="reported")
    add(place="431003", number="5")
    found = lines(get("city", f"/indicators/{TOTAL}/"))
    assert found["431002"].difference == Decimal(52500)
    assert found["431003"].difference is None
    text = get("city", f"/indicators/{TOTAL}/").content.decode()
    assert all(word in text for word in ("填报减核定", "+5.25", "100.00", "105.25"))


def test_releases_side_by_side(add: Callable, get: Callable) -> None:
    for release, number in (("", "1000000"), ("preliminary", "1010000"), ("census", "990000")):
        add(number=number, release=release)
    response = get("city", f"/indicators/{TOTAL}/")
    assert response.context["page"].releases == ["preliminary", "census"]
    assert {name: v.value for name, v in lines(response)["431002"].releases.items()} == {"preliminary": 1010000, "census": 990000}
    assert all(word in response.content.decode() for word in ("初步核算", "普查修订", "101.00", "99.00"))


def test_a_year_shows_the_releases_of_its_twelve_months(add: Callable, get: Callable) -> None:
    add(number="1000000", period=Period.year(2025))
    add(number="1010000", period=Period.ytd(2025, 12), release="census")
    found = lines(get("city", f"/indicators/{TOTAL}/?plan=p-14&period=2025"))
    assert [v.value for v in found["431002"].releases.values()] == [1010000]
    assert found["431002"].main.value == 1000000


def test_scope(add: Callable, get: Callable) -> None:
    add()
    add(place="431003", number="77770000")
    add(place="431000", number="5550000", lens="published", public=True)
    assert set(lines(get("city", f"/indicators/{TOTAL}/"))) == {"431000", "431002", "431003"}
    assert set(lines(get("county", f"/indicators/{TOTAL}/"))) == {"431000", "431002"}
    assert set(lines(get("county", f"/indicators/{TOTAL}/?subject=431003"))) == {"431000", "431002"}
    assert set(lines(get("reader", f"/indicators/{TOTAL}/"))) == {"431000"}
    exported = get("county", f"/data/export/indicator/?code={TOTAL}&format=csv")
    text = b"".join(exported.streaming_content).decode()
    assert "北湖区" in text
    assert "7777" not in text


@pytest.mark.parametrize(
    ("query", "period", "basis", "lens", "subject"),
    [
        ("", "2026-01/09", "equivalent", "", "431002"),
        ("period=2026-01/06&basis=calorific", "2026-01/06", "calorific", "", "431003"),
        ("plan=p-14", "2025", "equivalent", "", "431002"),
        ("lens=reported&subject=431003", "2026-01/09", "equivalent", "reported", "431003"),
        ("period=1999&basis=x&lens=y&subject=z&plan=q&known_on=w", "2026-01/09", "equivalent", "", "431002"),
    ],
)
def test_filters_stand_in_the_address(add: Callable, get: Callable, query: str, period: str, basis: str, lens: str, subject: str) -> None:
    add()
    add(place="431003", lens="reported")
    add(place="431003", period=Period.ytd(2026, 6), basis="calorific")
    add(period=Period.year(2025))
    page = get("city", f"/indicators/{TOTAL}/?{query}").context["page"]
    assert (page.period.code, page.basis, page.lens, page.subject.code) == (period, basis, lens, subject)


def test_a_decline_is_drawn_within_its_own_plan(add: Callable, get: Callable) -> None:
    for month, number in ((3, "0.5"), (6, "1.5")):
        add(DECLINE, number=number, period=Period.rolling(2026, month))
        add("energy_intensity_required_percent", number="1", period=Period.rolling(2026, month))
    add(DECLINE, number="14", period=Period.rolling(2025, 9))
    page = get("city", f"/indicators/{DECLINE}/").context["page"]
    assert page.chart.headings == ("期别", "上级核定", "应达到")
    assert [row[:2] for row in page.chart.rows] == [("2026.3", "0.50%"), ("2026.6", "1.50%")]


def test_a_missing_value_breaks_the_line(add: Callable, get: Callable) -> None:
    for month, number, status in ((3, "1000000", "ok"), (6, None, "missing"), (9, "3000000", "ok")):
        add(number=number, period=Period.ytd(2026, month), status=status)
    chart = get("city", f"/indicators/{TOTAL}/").context["page"].chart
    assert [row[1] for row in chart.rows] == ["100.00万tce", "缺报", "300.00万tce"]


def test_a_level_is_a_word_and_no_chart(add: Callable, get: Callable) -> None:
    add("warning_national", number="1", words="一级", severity=1)
    response = get("city", "/indicators/warning_national/")
    assert response.context["page"].chart is None
    assert "一级" in response.content.decode()


def test_targets_of_others_stay_hidden(add: Callable, get: Callable, plan: Plan, places: dict[str, Any]) -> None:
    add(DECLINE, number="1", period=Period.rolling(2026, 6), public=True)
    Target.objects.create(plan=plan, indicator=Indicator.objects.get(code=DECLINE), subject=places["431002"], number=Decimal("13.25"))
    assert "降13.25%" in get("city", f"/indicators/{DECLINE}/").content.decode()
    assert "降13.25%" in get("county", f"/indicators/{DECLINE}/").content.decode()
    assert "降13.25%" not in get("other_county", f"/indicators/{DECLINE}/").content.decode()


def test_as_known_on_a_day(add: Callable, get: Callable) -> None:
    add(number="1000000")
    made = datetime(2026, 12, 1, tzinfo=UTC)
    from shuangkong.apps.plans.services import current_rulebook

    run = Run.objects.create(
        kind="known_on", known_on=date(2026, 10, 1), rulebook_sm3=current_rulebook().hash, code_version="t", finished_at=made
    )
    add(number="900000", run=run)
    response = get("city", f"/indicators/{TOTAL}/?known_on=2026-10-01")
    assert lines(response)["431002"].main.value == 900000
    assert "截至2026-10-01所知" in response.content.decode()
    exported = get("city", f"/data/export/indicator/?code={TOTAL}&known_on=2026-10-01&format=csv")
    assert "900000" in b"".join(exported.streaming_content).decode()
    assert get("city", f"/data/export/indicator/?code={TOTAL}&known_on=2026-10-02&format=csv").status_code == 404


def test_a_day_that_cannot_be(add: Callable, get: Callable) -> None:
    add()
    for day in ("2026-13-45", "2999-01-01", "x"):
        assert "不晚于今天" in get("city", f"/indicators/{TOTAL}/?known_on={day}").content.decode()


def test_what_was_published_before(add: Callable, get: Callable) -> None:
    add(number="1000000")
    add(number="1200000")
    page = get("city", f"/indicators/{TOTAL}/").context["page"]
    assert [value.value for value in page.earlier] == [1000000]


def test_exports_of_the_list(add: Callable, get: Callable) -> None:
    add(place="431000", number="22220000.5")
    text = b"".join(get("city", "/data/export/indicators/?format=csv").streaming_content).decode()
    assert "22220000.5" in text
    assert get("city", "/data/export/indicators/?format=xlsx").status_code == 200
    assert get("city", "/data/export/indicator/?code=none&format=csv").status_code == 404


def test_empty(plan: Plan, users: dict[str, Any], get: Callable) -> None:
    assert "没有您可查看的值" in get("county", f"/indicators/{TOTAL}/").content.decode()


def test_the_same_statements_for_many_places(add: Callable, places: dict[str, Any], statements: Callable) -> None:
    from shuangkong.apps.organisations.models import Subject

    add(CHANGE, number="-2")
    add(CHANGE, place="431000", number="-1")
    few, few_list = statements("city", f"/indicators/{CHANGE}/"), statements("city", "/indicators/")
    for n in range(20):
        code = f"4310{n + 30}"
        places[code] = Subject.objects.create(kind="county", code=code, name=f"县{n}", parent=places["431000"])
        add(CHANGE, place=code, number="-3")
        add("warning_national", place=code, number="3", words="三级", severity=3)
    assert statements("city", f"/indicators/{CHANGE}/") == few <= 16
    assert statements("city", "/indicators/") == few_list <= 10


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(add: Callable, users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    for month in (3, 6, 9):
        add(number=str(month * 100000), period=Period.ytd(2026, month))
        add(number=str(month * 101000), period=Period.ytd(2026, month), lens="reported")
    page = sign_in(users["city"])
    page.goto(f"{live_server.url}/indicators/")
    page.get_by_role("link", name="能源消费总量", exact=True).click()
    page.locator(".chart canvas").wait_for()
    page.select_option("#period", "2026-01/06")
    page.wait_for_url("**period=2026-01%2F06**")
    assert "60.00" in page.locator("#h-places").locator("xpath=../..").inner_text()
    no_sideways(page)


def test_a_revision_shows_what_it_changed(add: Callable, get: Callable) -> None:
    assert "没有您可查看的修订" in get("city", "/indicators/revisions/").content.decode()
    add(number="1000000")
    add(DECLINE, number="2.5", period=Period.rolling(2026, 9))
    add("warning_national", number="3", words="三级", severity=3)
    assert "没有您可查看的修订" in get("city", "/indicators/revisions/").content.decode()
    level = add("warning_national", number="2", words="二级", severity=2)
    decline = add(DECLINE, number="2.15", period=Period.rolling(2026, 9))
    total = add(number="1052500")
    newest = get("city", "/indicators/revisions/").content.decode()
    assert all(word in newest for word in ("100.00万tce", "105.25万tce", "+5.25万tce", "核定", "等价值"))
    assert "−0.35个百分点" in get("city", f"/indicators/revisions/?run={decline.run_id}").content.decode()
    levels = get("city", f"/indicators/revisions/?run={level.run_id}").content.decode()
    assert "三级" in levels
    assert "二级" in levels
    assert "105.25" in get("county", f"/indicators/revisions/?run={total.run_id}").content.decode()
    foreign = get("reader", f"/indicators/revisions/?run={total.run_id}").content.decode()
    assert "105.25" not in foreign
    assert "没有您可查看的修订" in foreign
