"""The cockpit: what it says first, which quarter it opens on, who sees what, and that its reads do not grow with the city."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shuangkong.apps.cockpit import selectors, statements
from shuangkong.apps.cockpit.overview import overview
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.indicators.models import Run, Target
from tests.cockpit.city import TODAY, City, grow

MOST_QUERIES = 12


def html(client: Client, user: Any, address: str = "/") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


Q3 = date(2026, 10, 1)


def test_the_first_line_says_what_is_wrong_and_who_must_act(fagai: Any) -> None:
    page = overview(fagai, TODAY, quarter=Q3)
    said = statements.of_overview(page)
    assert said.wrong.startswith("2个县市区强度不降反升：宜章县、资兴市；")
    assert "1个县市区缺报：桂东县" in said.wrong
    assert said.act.startswith("请宜章县、资兴市说明原因、采取措施；")
    assert said.act.endswith("请桂东县补报")
    assert said.css == "a-1"


def test_it_opens_on_the_newest_complete_quarter_and_says_that_a_newer_one_is_not_whole(fagai: Any, client: Client) -> None:
    page = overview(fagai, TODAY)
    assert page.plan.code == "cz-15"
    assert page.moment.ytd.code == "2026-01/06"
    assert "2026年前三季度未报齐（10/11）" in statements.of_overview(page).wrong
    text = html(client, fagai)
    assert "“十五五”节能减排驾驶舱" in text
    assert "period=2026Q3" in text
    assert overview(fagai, TODAY, quarter=Q3).pending is None


def test_a_quarter_that_some_have_not_filed_is_not_complete() -> None:
    found = [(date(2027, 1, 1), 1), (date(2026, 10, 1), 10), (date(2026, 7, 1), 11)]
    held = selectors.standing(found, date(2027, 1, 20))
    assert (held.complete, held.newest, held.known, held.due) == (date(2026, 7, 1), date(2027, 1, 1), 1, 11)
    assert selectors.standing(found, date(2026, 9, 30)).pending is False
    assert selectors.standing([], TODAY) is None


def test_quarters_are_counted_back_over_the_turn_of_the_year() -> None:
    assert selectors.ends_before(TODAY, 5) == [date(2026, m, 1) for m in (10, 7, 4, 1)] + [date(2025, 10, 1)]
    assert selectors.ends_before(date(2026, 1, 1), 2) == [date(2026, 1, 1), date(2025, 10, 1)]


def test_old_data_are_found_when_nothing_is_recent(fagai: Any) -> None:
    page = overview(fagai, date(2031, 5, 1))
    assert page.plan.code == "cz-15"
    assert page.moment.ytd.code == "2026-01/06"


def test_a_late_county_sees_that_it_is_late(city: City, make_user: Callable[..., Any]) -> None:
    page = overview(make_user("county", "late", subject=city.subjects["431027"]), TODAY, quarter=Q3)
    assert "1个县市区缺报：桂东县" in statements.of_overview(page).wrong


def test_the_closed_plan_shows_its_result(fagai: Any, client: Client) -> None:
    page = overview(fagai, TODAY, "cz-14")
    assert page.closed
    assert page.moment.ytd.code == "2025-01/12"
    said = statements.of_overview(page).wrong
    assert said.startswith("“十四五”全市单位GDP能耗累计下降14.20%，目标15%，未完成，11个县市区未完成：")
    assert said.endswith("等")
    text = html(client, fagai, "/?plan=cz-14")
    assert "已收官" in text
    assert "余期年均须降" not in text


def test_a_closed_plan_shows_whether_the_target_was_met_not_the_level_of_its_last_year(fagai: Any, client: Client) -> None:
    page = overview(fagai, TODAY, "cz-14")
    late = next(row for row in page.counties if row.behind)
    text = html(client, fagai, "/?plan=cz-14")
    assert "县市区结果" in text
    assert text.count("未完成</span>") > sum(row.behind for row in page.counties)
    areas = page.map.option["series"][0]["data"]
    assert next(area for area in areas if area["name"] == late.subject.name)
    assert "，未完成" in html(client, fagai, f"/counties/{late.subject.code}/?plan=cz-14")
    assert "市方案：" not in html(client, fagai, f"/counties/{late.subject.code}/?plan=cz-14")
    assert client.get("/counties/?plan=cz-14&sort=-result").status_code == 200


def test_an_earlier_quarter_of_a_closed_plan_is_no_result(fagai: Any) -> None:
    page = overview(fagai, TODAY, "cz-14", date(2025, 10, 1))
    assert page.moment.end == date(2025, 10, 1)
    assert not page.closed
    assert "已完成" not in statements.of_overview(page).wrong
    assert "未完成" not in statements.of_overview(page).wrong
    assert overview(fagai, TODAY, "cz-14").closed


def test_a_reader_is_told_that_the_figures_are_withheld_not_missing(city: Any, make_user: Any, client: Client) -> None:
    text = html(client, make_user("reader", "someone"), "/?period=2026Q3")
    main = text[text.index('id="main"') : text.index("foot-note")]
    assert "这一期的数未公开" in main
    assert main.count("未公开") > 6
    assert "缺报</td>" not in main, main[main.index("缺报</td>")-300:main.index("缺报</td>")+40]


def test_without_a_target_it_says_so_and_shows_the_trend(fagai: Any, client: Client) -> None:
    Target.objects.unscoped("test").filter(plan__code="cz-15").delete()
    page = overview(fagai, TODAY, quarter=Q3)
    assert "“十五五”强度目标未下达，只看趋势" in statements.of_overview(page).wrong
    assert [series["name"] for series in page.trend.option["series"]] == ["实绩"]
    assert "目标未下达" in html(client, fagai, "/?period=2026Q3")


def test_a_target_in_words_has_words_and_no_percentage(fagai: Any, client: Client) -> None:
    text = html(client, fagai, "/?plan=cz-14")
    row = text[text.index("能源消费总量</td>") :]
    row = row[: row.index("</tr>")]
    assert "得到合理控制" in row
    assert "%" not in row


def test_zones_stand_outside_the_ranking(fagai: Any) -> None:
    page = overview(fagai, TODAY, quarter=Q3)
    assert len(page.counties) == 11
    assert {row.subject.kind for row in page.counties} == {"county"}
    assert [row.subject.name for row in page.zones] == ["郴州高新区", "郴州经开区"]


def test_the_worst_stand_first_and_what_has_no_level_last(fagai: Any) -> None:
    names = [row.subject.name for row in overview(fagai, TODAY, quarter=Q3).counties]
    assert names[:3] == ["宜章县", "资兴市", "嘉禾县"]
    assert names[-1] == "桂东县"


def test_the_path_ends_at_the_quarter_shown(fagai: Any) -> None:
    points = overview(fagai, TODAY, quarter=date(2026, 7, 1)).trend.option["series"][0]["data"]
    assert [point is not None for point in points[:4]] == [True, True, False, False]
    assert len(points) == 20


def test_the_first_quarter_of_a_plan_is_a_page_too(fagai: Any, client: Client) -> None:
    page = overview(fagai, TODAY, "cz-15", date(2026, 4, 1))
    assert [point is not None for point in page.trend.option["series"][0]["data"][:2]] == [True, False]
    html(client, fagai, "/?plan=cz-15&period=2026Q1")
    html(client, fagai, "/counties/431081/?plan=cz-15&period=2026Q1")


def test_the_required_path_reaches_the_target(fagai: Any) -> None:
    required = overview(fagai, TODAY, quarter=Q3).trend.option["series"][1]["data"]
    assert required[-1] == 14.0
    assert required == sorted(required)


def test_the_map_says_missing_for_a_late_county(fagai: Any) -> None:
    areas = {row[0]: row for row in overview(fagai, TODAY, quarter=Q3).map.rows}
    assert areas["桂东县"] == ("桂东县", "缺报", "")
    assert areas["资兴市"] == ("资兴市", "一级 十分严峻", "升0.62%")


def test_a_county_sees_its_own_row_and_no_other(zixing: Any, client: Client) -> None:
    page = overview(zixing, TODAY, quarter=Q3)
    assert [row.subject.name for row in page.counties] == ["资兴市"]
    assert page.hidden == 10
    assert page.city.decline is None
    text = html(client, zixing, "/?period=2026Q3")
    assert "另有10个县市区不在您可查看的范围内" in text
    assert "0.93" not in text  # 宜章县's decline


def test_it_says_in_civil_time_when_it_was_computed(fagai: Any, city: City, client: Client) -> None:
    page = overview(fagai, TODAY)
    assert page.run.made_at == Run.objects.get(pk=city.run.pk).made_at
    assert f"计算于{timezone.localtime(page.run.made_at):%Y-%m-%d %H:%M}" in html(client, fagai)


def test_an_unreadable_address_shows_the_plain_page(fagai: Any, client: Client) -> None:
    plain = overview(fagai, TODAY)
    assert overview(fagai, TODAY, "no-such-plan", date(1999, 1, 1)).moment.end == plain.moment.end
    html(client, fagai, "/?plan=x&period=昨天&sort=password&page=-3")


def test_the_sort_of_the_address_orders_the_list(fagai: Any, client: Client) -> None:
    text = html(client, fagai, "/?sort=-decline&period=2026Q3")
    table = text[text.index('id="lst"') :]
    assert table.index("永兴县") < table.index("宜章县") < table.index("桂东县")
    assert 'aria-sort="descending"' in table


def test_a_closed_period_does_not_rate_the_city_anew(fagai: Any) -> None:
    assert overview(fagai, TODAY, "cz-14").elapsed_percent == Decimal(100)
    assert overview(fagai, TODAY, quarter=Q3).elapsed_percent == Decimal(15)


@pytest.mark.parametrize(("address", "more"), [("/", 0), ("/?plan=cz-14", 0), ("/counties/", 0), ("/counties/431081/", 1)])
def test_reads_are_few(fagai: Any, client: Client, address: str, more: int, django_assert_max_num_queries: Any) -> None:
    client.force_login(fagai)
    with django_assert_max_num_queries(MOST_QUERIES + more):
        assert client.get(address).status_code == 200


def test_reads_do_not_grow_with_the_counties(city: City, fagai: Any, client: Client) -> None:
    client.force_login(fagai)
    with CaptureQueriesContext(connection) as few:
        client.get("/?period=2026Q3")
    grow(city, 110)
    more = {"kind": "test", "title": "补报", "address": "/", "for_subject": city.subjects["431000"], "opened_on": TODAY}
    InboxItem.objects.bulk_create(InboxItem(key=f"more-{n}", **more) for n in range(110))
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/?period=2026Q3")
    assert "114件" in answer.content.decode()
    assert "强度齐109 / 110" in answer.content.decode()
    assert "第30县" in answer.content.decode()
    assert len(few) == len(many) <= MOST_QUERIES


def test_signed_out_people_are_led_to_the_sign_in(city: City, client: Client) -> None:
    for address in ("/", "/counties/", "/counties/431081/", "/map.geojson", "/search/"):
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/accounts/login/")


def test_an_empty_installation_says_what_to_do(db: None, make_user: Callable[..., Any], client: Client) -> None:
    assert "还没有装入方案" in html(client, make_user("city"))
