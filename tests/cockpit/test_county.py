"""The page of a county: its figures, its path, what is missing; the map; the search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test import Client

from shuangkong.apps.cockpit import searching, statements
from shuangkong.apps.cockpit.county import county_page
from tests.cockpit.city import TODAY, City


def page_of(user: Any, city: City, code: str, **more: Any) -> Any:
    page = county_page(user, city.subjects[code], TODAY, **more)
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
    text = client.get("/counties/431081/").content.decode()
    for part in ("进度与应达到路径", "能源平衡", "能源品种", "最近入账", "国家法：一级", "市方案：三级", "等价值"):
        assert part in text
    assert text.count("<h1>") == 1


def test_a_zone_says_in_which_county_it_lies(fagai: Any, city: City, client: Client) -> None:
    client.force_login(fagai)
    assert "在北湖区内，与其重叠" in client.get("/counties/CZ-HITECH/").content.decode()


def test_another_countys_page_shows_no_figure_of_it(zixing: Any, city: City, client: Client) -> None:
    client.force_login(zixing)
    text = client.get("/counties/431022/").content.decode()
    assert "0.93" not in text
    assert "升0.35%" not in text


def test_what_is_no_county_is_not_found(fagai: Any, client: Client) -> None:
    client.force_login(fagai)
    answer = client.get("/counties/999999/")
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


def test_the_search_finds_places_by_name_and_code(city: City) -> None:
    assert [hit.title for _word, hits in searching.find("资兴") for hit in hits] == ["资兴市"]
    assert [hit.address for _word, hits in searching.find("cz-hitech") for hit in hits] == ["/counties/CZ-HITECH/"]
    assert searching.find("") == []
    assert searching.find("没有这样的词") == []
