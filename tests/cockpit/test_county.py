"""The page of a county: its figures, its path, what is missing; the map; the search."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test import Client

from shuangkong.apps.cockpit import searching, statements
from shuangkong.apps.cockpit.county import county_page
from shuangkong.apps.cockpit.filings import filings
from shuangkong.apps.ledger.models import Batch, Row
from tests.cockpit.city import TODAY, City


def page_of(user: Any, city: City, code: str, **more: Any) -> Any:
    page = county_page(user, city.subjects[code], TODAY, **{"quarter": date(2026, 10, 1), **more})
    assert page is not None
    return page


def test_a_county_says_first_that_it_rose(fagai: Any, city: City) -> None:
    page = page_of(fagai, city, "431081")
    said = statements.of_county(page.row, page.plan.period_name, page.target is not None)
    assert said.wrong == "本年强度不降反升，同比升0.62%，比进度要求低1.15个百分点"
    assert said.act == "请资兴市说明原因、采取措施"
    assert said.css == "a-1"


def test_a_county_on_its_path_is_asked_nothing(fagai: Any, city: City) -> None:
    page = page_of(fagai, city, "431023")
    said = statements.of_county(page.row, page.plan.period_name, True)
    assert said.wrong == "本年强度同比降3.52%，比进度要求高1.01个百分点"
    assert (said.act, said.css) == ("", "a-3")


def test_a_late_county_is_asked_to_file_and_lists_what_is_missing(fagai: Any, city: City) -> None:
    page = page_of(fagai, city, "431027")
    assert statements.of_county(page.row, page.plan.period_name, True).act == "请桂东县补报"
    assert {value.indicator.code for value in page.lacking} >= {"energy_total_tce", "energy_intensity_change_percent"}
    assert page.products == []


def test_both_bases_stand_side_by_side(fagai: Any, city: City) -> None:
    page = page_of(fagai, city, "431081")
    assert (page.total.basis, page.total_calorific.basis) == ("equivalent", "calorific")
    name, equivalent, calorific = page.balance[1]
    assert name == "能源消费总量"
    assert equivalent.value > calorific.value


def test_products_are_the_largest_first_with_a_year_ago(fagai: Any, city: City) -> None:
    lines = page_of(fagai, city, "431081").products
    assert [line.name for line in lines][:2] == ["原煤消费量（折标准煤）", "电力消费量（折标准煤）"]
    assert lines[0].before.period_end.year == 2025
    assert lines[0].now.period_end.year == 2026


def test_the_page_holds_every_part(fagai: Any, city: City, client: Client) -> None:
    client.force_login(fagai)
    text = client.get("/counties/431081/?period=2026Q3").content.decode()
    for part in ("进度与应达到路径", "能源平衡", "能源品种", "报送", "国家法：一级", "市方案：三级", "等价值"):
        assert part in text
    assert text.count("<h1>") == 1


def test_a_zone_says_in_which_county_it_lies(fagai: Any, city: City, client: Client) -> None:
    client.force_login(fagai)
    assert "在北湖区内，与其重叠" in client.get("/counties/CZ-HITECH/?period=2026Q3").content.decode()


def test_another_countys_page_shows_no_figure_of_it(zixing: Any, city: City, client: Client) -> None:
    client.force_login(zixing)
    text = client.get("/counties/431022/?period=2026Q3").content.decode()
    assert "0.93" not in text
    assert "升0.35%" not in text


def test_what_is_out_of_reach_is_withheld_and_not_said_to_be_missing(zixing: Any, city: City, client: Client) -> None:
    page = page_of(zixing, city, "431022")
    said = statements.of_county(page.row, page.plan.period_name, True, page.unfiled)
    assert said.wrong == "宜章县这一期的数未公开，不在您可查看的范围内"
    assert said.act == ""
    client.force_login(zixing)
    text = client.get("/counties/431022/?period=2026Q3").content.decode()
    main = text[text.index('id="main"') : text.index("foot-note")]
    assert "未公开" in main
    for word in ("缺报", "未报", "未下达"):
        assert word not in main, main[main.index(word)-300:main.index(word)+40]


def test_a_county_on_its_path_is_told_what_it_has_not_filed(zixing: Any, city: City) -> None:
    page = page_of(zixing, city, "431081")
    assert page.unfiled[0] == "2026年前三季度能源"
    assert not [what for what in page.unfiled if "一季度" in what.replace("前三季度", "")]
    said = statements.of_county(page.row, page.plan.period_name, True, ["2026年前三季度能源"])
    assert said.wrong.endswith("；2026年前三季度能源未报")
    assert said.act.endswith("请资兴市补报")


def test_what_is_no_county_is_not_found(fagai: Any, client: Client) -> None:
    client.force_login(fagai)
    answer = client.get("/counties/999999/?period=2026Q3")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def test_the_map_comes_from_the_pack_and_is_kept(fagai: Any, client: Client, settings: Any, tmp_path: Path) -> None:
    client.force_login(fagai)
    settings.PACKS_DIR, settings.PACK = tmp_path, "town"
    assert client.get("/map.geojson").status_code == 404
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "map.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    answer = client.get("/map.geojson")
    assert b"".join(answer.streaming_content).startswith(b'{"type"')
    assert client.get("/map.geojson", headers={"If-Modified-Since": answer["Last-Modified"]}).status_code == 304


def test_the_search_finds_places_by_name_and_code(city: City, fagai: Any) -> None:
    assert [hit.title for group in searching.find("资兴", fagai) for hit in group.hits] == ["资兴市"]
    assert [hit.address for group in searching.find("cz-hitech", fagai) for hit in group.hits] == ["/counties/CZ-HITECH/"]
    assert searching.find("", fagai) == []
    assert searching.find("没有这样的词", fagai) == []


def test_filings_say_known_due_or_not_due_yet(fagai: Any, zixing: Any, city: City) -> None:
    place = city.subjects["431022"]
    batch = Batch.objects.create(kind="electricity", title="用电", applied_at=datetime(2026, 7, 20, tzinfo=UTC))
    Row.objects.create(
        batch=batch, subject=place, county=place, measure="electricity", period_kind="ytd", period_start=date(2026, 1, 1),
        period_end=date(2026, 7, 1), quantity=Decimal(5), origin="issued", release="preliminary", known_on=date(2026, 7, 18),
    )  # fmt: skip
    rows = dict(filings(fagai, place.pk, 2026, TODAY))
    assert [cell.state for cell in rows["用电量"]] == ["not_filed", "accepted", "not_filed", ""]
    assert rows["用电量"][1].known_on == date(2026, 7, 18)
    assert [cell.state for cell in dict(filings(zixing, place.pk, 2026, TODAY))["用电量"]] == ["not_filed"] * 3 + [""]
    assert [cell.state for cell in dict(filings(fagai, place.pk, 2026, TODAY, date(2026, 7, 17)))["用电量"]][1] == "not_filed"
