"""The published national series: the break of 2023 is shown, marked, and no line is drawn across it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.cockpit.nation.page import national_page
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.ui.breaks import broken
from shuangkong.apps.ui.charts import Line, line_chart
from tests.energy.city import Town

pytestmark = pytest.mark.django_db
#: year → growth of GDP, growth of energy, published change (the bulletins of the statistics bureau).
SERIES = {2020: ("2.3", "2.2", "-0.1"), 2022: ("3.0", "2.9", "-0.1"), 2023: ("5.2", "5.7", "-0.5"), 2024: ("5.0", "4.3", "-3.8")}


@pytest.fixture
def town(db: None) -> Town:
    """A city under a nation with published figures; 2021 was not seen."""
    town = Town("431002:北湖区")
    town.install_rules()
    town.by_code["000000"] = Subject.objects.create(kind=Subject.Kind.NATION, code="000000", name="全国", position=0)
    for year, (gdp, energy, change) in SERIES.items():
        for measure, rate in (("gdp_growth", gdp), ("energy_growth", energy), ("energy_intensity_change", change)):
            town.put("000000", measure, str(year), rate, origin="published")
    town.put("000000", "co2_intensity_change", "2024", "-3.4", origin="published")
    town.recompute()
    return town


@pytest.fixture
def reader(db: None) -> User:
    """Anybody who signs in: published figures are open."""
    return User.objects.create(username="reader", role=User.Role.READER)


def test_figures_of_two_definitions_are_two_lines(town: Town, reader: User) -> None:
    page = national_page(reader)
    assert [year.year for year in page.years] == [2020, 2021, 2022, 2023, 2024]
    before, after, ours = (series["data"] for series in page.chart.option["series"])
    assert [point if point is None else point["value"] for point in before] == [-0.1, None, -0.1, None, None]
    assert [point if point is None else point["value"] for point in after] == [None, None, None, -0.5, -3.8]
    assert [None if point is None else point["value"] for point in ours] == [-0.1, None, -0.1, 0.48, -0.67]
    assert not any(series["connectNulls"] for series in page.chart.option["series"])


def test_the_break_is_marked_where_it_lies_and_cited(town: Town, reader: User, client: Client) -> None:
    page = national_page(reader)
    mark = page.chart.option["series"][0]["markLine"]
    assert (mark["data"], mark["label"]["formatter"]) == ([{"xAxis": "2023"}], "口径变更")
    assert page.rule is not None
    assert page.rule["row"] == "assessed-2023"
    client.force_login(reader)
    text = client.get("/nation/").content.decode()
    assert "2023年起公布数换了口径" in text
    assert "未见公报" in text
    assert "待核实" in text
    assert "降3.40%" in text


def test_ours_is_not_compared_with_a_figure_of_another_definition(town: Town, reader: User) -> None:
    of = {year.year: year for year in national_page(reader).years}
    assert of[2023].ours is not None
    assert of[2022].ours is not None
    assert "不可比" in of[2023].ours.sentence
    assert "在不确定度内" in of[2022].ours.sentence
    assert of[2023].assessed is not None
    assert of[2023].gross is None


def test_the_page_of_the_indicator_draws_no_line_across_either(town: Town, client: Client, reader: User) -> None:
    client.force_login(reader)
    text = client.get("/indicators/energy_intensity_change_percent/?subject=000000&period=2024").content.decode()
    assert "公开发布（毛口径）" in text
    assert "公开发布（考核口径）" in text
    options = re.findall(r'<script id="[^"]+" type="application/json">(.*?)</script>', text)
    assert any("口径变更" in option for option in options)


def test_without_published_figures_the_page_says_so(db: None, reader: User, client: Client) -> None:
    client.force_login(reader)
    assert "没有全国公布数" in client.get("/nation/").content.decode()


def test_one_read_and_few_statements(town: Town, client: Client, reader: User, django_assert_max_num_queries: Any) -> None:
    client.force_login(reader)
    client.get("/nation/")
    with django_assert_max_num_queries(10):
        client.get("/nation/")


def test_a_broken_series_lacks_nothing_where_its_other_part_is_known() -> None:
    from decimal import Decimal as D

    chart = line_chart(["1", "2", "3"], [Line("a", [D(1), None, None]), Line("b", [None, D(2), None])], "图")
    marked = broken(chart, (1, 2), "2", "口径变更")
    assert [row[1:] for row in marked.rows] == [("1.00%", ""), ("", "2.00%"), ("缺报", "缺报")]
