"""The calculators' pages: a form from each definition, errors at the field, a result that can be passed on as a link."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from shuangkong.apps.cockpit.calculating.fields import field_of
from shuangkong.apps.cockpit.calculating.forms import CalculatorForm, example_address
from shuangkong.apps.cockpit.calculating.results import shown
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.calculators import CALCULATORS
from shuangkong.calculators import get as calculator_of
from shuangkong.calculators.runner import run_json
from tests.filing.browser import PASTE

TO_TCE = "/calculators/energy.to_tce/"


def asked(**query: str) -> str:
    return f"{TO_TCE}?{urlencode({name.replace('__', '.'): value for name, value in query.items()})}"


def errors(response: Any) -> dict[str, list[str]]:
    form = response.context["form"]
    places = [*form.fields, *form.lists, *(cell for rows in form.lists for cells in rows.rows for cell in cells)]
    return {place.name: place.errors for place in places if place.errors}


def test_list_and_its_filter(users: dict[str, Any], get: Callable) -> None:
    text = get("reader", "/calculators/").content.decode()
    assert all(calculator.title_zh in text for calculator in CALCULATORS)
    assert [c.id for _w, found in get("reader", "/calculators/?q=629").context["groups"] for c in found] == ["warning.national"]
    assert "没有符合的计算器" in get("reader", "/calculators/?q=zzz").content.decode()
    assert get("reader", "/calculators/none.such/").status_code == 404


@pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda c: c.id)
def test_every_example_is_calculated_as_the_command_does(users: dict[str, Any], get: Callable, calculator: Any) -> None:
    response = get("reader", f"/calculators/{calculator.id}/{example_address(calculator)}")
    result = response.context["result"]
    command = shlex.split(response.context["form"].command)
    assert command[:4] == ["shuangkong", "calc", "run", calculator.id]
    again = run_json(calculator.id, command[5], rulebook=current_rulebook())
    assert isinstance(again, dict)
    assert result["outputs"] == again["outputs"]
    text = unescape(response.content.decode())
    assert all(line.shown.text in text for line in response.context["lines"])
    assert all(source["source"] in text for source in result["sources"])


@pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda c: c.id)
def test_every_field_has_a_chinese_label(calculator: Any) -> None:
    form = CalculatorForm(calculator, {})
    labels = [entry.label for entry in form.fields] + [column.label for rows in form.lists for column in rows.columns]
    assert all(re.search(r"[\u4e00-\u9fff]|GDP", label) for label in labels)


def test_errors_stand_at_their_fields(users: dict[str, Any], get: Callable) -> None:
    found = errors(get("reader", asked(items__0__product="电力", items__0__quantity="-1", basis="x", run="1")))
    assert found == {"items.0.quantity": ["不能小于 0"], "items.0.unit": ["请填写"], "basis": ["只能是 'calorific'、'equivalent'"]}
    assert errors(get("reader", asked(basis="calorific", run="1"))) == {"items": ["请填写"]}
    assert errors(get("reader", asked(basis="calorific"))) == {}


def test_an_error_of_the_calculation_stands_at_its_field(users: dict[str, Any], get: Callable) -> None:
    query = {"items__0__product": "原煤", "items__0__quantity": "1", "items__0__unit": "亿千瓦时", "basis": "calorific", "run": "1"}
    assert "与应有的量不符" in errors(get("reader", asked(**query)))["items.0.unit"][0]


def test_an_object_of_the_input_is_fields_of_its_own(users: dict[str, Any], get: Callable) -> None:
    query = {"base.energy_tce": "100", "report.feedstock_tce": "-1", "gdp_base": "1", "gdp_report": "1", "run": "1"}
    response = get("reader", f"/calculators/energy.assessed_change/?{urlencode(query)}")
    assert errors(response) == {"report.energy_tce": ["请填写"], "report.feedstock_tce": ["不能小于 0"]}
    assert "报告期：能源消费总量" in response.content.decode()


def test_a_truth_is_chosen_in_words(users: dict[str, Any], get: Callable) -> None:
    query = {"certificates": "1000", "kgce_per_kwh": "0.3", "within_province": "true", "run": "1"}
    response = get("reader", f"/calculators/energy.certificate_offset/?{urlencode(query)}")
    assert response.context["form"].inputs()["within_province"] is True
    assert response.context["result"]["outputs"]["allowed_tce"] in ("0", "0.0000")
    assert "否</option>" in response.content.decode()
    assert (shown(True).text, shown(False).text) == ("是", "否")


def test_what_no_field_can_say_stands_above(users: dict[str, Any], get: Callable) -> None:
    response = get("reader", "/calculators/carbon.electricity/?kwh=1&year=1991&run=1")
    assert response.context["form"].problem is not None
    assert "没有可用的规定" in response.content.decode()


def test_rows_are_added_and_removed_without_a_script(users: dict[str, Any], get: Callable) -> None:
    three = {"items.0.unit": "吨", "items.4.unit": "万吨", "items.5.product": ""}
    rows = CalculatorForm(calculator_of("energy.to_tce"), three).lists[0].rows
    assert [[cell.value for cell in cells] for cells in rows] == [["", "", "吨", ""], ["", "", "万吨", ""]]
    assert [cells[2].name for cells in rows] == ["items.0.unit", "items.1.unit"]
    added = CalculatorForm(calculator_of("energy.to_tce"), {**three, "add": "items"}).lists[0].rows
    assert [cells[2].value for cells in added] == ["吨", "万吨", ""]
    left = CalculatorForm(calculator_of("energy.to_tce"), {**three, "remove": "items.0"}).lists[0].rows
    assert [cells[2].value for cells in left] == ["万吨"]
    many = {f"items.{n}.unit": "吨" for n in range(120)}
    assert len(CalculatorForm(calculator_of("energy.to_tce"), {**many, "add": "items"}).lists[0].rows) == 100
    assert len(CalculatorForm(calculator_of("energy.to_tce"), {}).lists[0].rows) == 1


def test_a_list_of_plain_values() -> None:
    query = {"yearly_decline_percent.0": "2.74", "yearly_decline_percent.2": "5.04", "on": ""}
    assert CalculatorForm(calculator_of("energy.cumulative_decline"), query).inputs() == {"yearly_decline_percent": ["2.74", "5.04"]}


def test_choices_whole_numbers_and_nothing() -> None:
    spec = calculator_of("energy.intensity_change").inputs.model_json_schema()["properties"]["decimals"]
    entry = field_of("decimals", spec, False)
    assert entry.choices == (("3", "3（县）"), ("4", "4（省、市）"), ("null", "不取整"))
    for text, content in (("4", 4), ("null", None)):
        entry.value = text
        assert entry.content() == content
    basis = field_of("basis", calculator_of("energy.to_tce").inputs.model_json_schema()["properties"]["basis"], True)
    assert (basis.choices, basis.help) == ((("calorific", "当量值"), ("equivalent", "等价值")), "")


@pytest.mark.parametrize(
    ("value", "text", "exact"),
    [
        ("3.19812106951", "3.198121", "3.19812106951"),
        ("730108.000", "730,108", ""),
        ("-0.5", "−0.5", ""),
        (None, "—", ""),
        ("吨", "吨", ""),
        (5, "5", ""),
    ],
)
def test_numbers_are_rounded_for_reading_only(value: Any, text: str, exact: str) -> None:
    assert shown(value) == (text, exact)


def test_doubt_is_shown_with_the_source(users: dict[str, Any], get: Callable) -> None:
    query = {"items__0__product": "原煤", "items__0__quantity": "1", "items__0__unit": "吨", "basis": "calorific", "on": "2026-01-01"}
    text = get("reader", asked(**query, run="1")).content.decode()
    assert "待核实" in text
    assert "按2026-01-01、地区" in text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(users: dict[str, Any], live_server: Any, sign_in: Callable, no_sideways: Callable) -> None:
    page = sign_in(users["reader"])
    page.goto(f"{live_server.url}{TO_TCE}")
    page.get_by_label("第1行能源品种").fill("原煤")
    page.get_by_label("第1行实物量").fill("10")
    page.get_by_label("第1行计量单位").fill("吨")
    page.get_by_role("button", name="加一行").click()
    page.get_by_label("第2行能源品种").fill("焦炭")
    page.get_by_label("折标口径").select_option("calorific")
    page.get_by_label("第2行实物量").press("Enter")
    page.get_by_text("请填写").first.wait_for()
    page.get_by_role("button", name="删除第2行").click()
    page.get_by_role("button", name="计算").last.click()
    page.locator("#result dd").first.wait_for()
    assert page.locator("#result dd").first.inner_text() == "7.143"
    no_sideways(page)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_block_of_a_spreadsheet_is_pasted_into_a_list(users: dict[str, Any], live_server: Any, sign_in: Callable) -> None:
    page = sign_in(users["reader"])
    page.goto(f"{live_server.url}/calculators/energy.to_tce/")
    page.locator("[name='items.0.product']").focus()
    page.evaluate(PASTE, "原煤\t1,000.5\t吨\n焦炭\t２００\t吨\n柴油\tx\t吨\n")
    rows = page.locator(".entry-grid tbody tr")
    assert rows.count() == 3 and [row.locator(".idx").inner_text() for row in rows.all()] == ["1", "2", "3"]
    typed = [[page.input_value(f"[name='items.{n}.{part}']") for part in ("product", "quantity", "unit")] for n in range(3)]
    assert typed == [["原煤", "1000.5", "吨"], ["焦炭", "200", "吨"], ["柴油", "x", "吨"]]
    page.get_by_label("第3行实物量").fill("3")
    page.get_by_label("折标口径").select_option("calorific")
    page.get_by_role("button", name="计算").last.click()
    page.locator("#result dd").first.wait_for()
    assert page.locator("#result dd").first.inner_text() != ""
