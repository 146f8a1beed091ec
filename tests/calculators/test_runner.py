"""What the command, the API and the form share: bad input is named, lists go through, results are exact texts."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong import calculators
from shuangkong.calculators import runner
from shuangkong.calculators.definition import Worksheet
from shuangkong.calculators.runner import read_json, run, run_json, run_many
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import Status
from shuangkong.rulebook import Rulebook

RULES = Rulebook.load()
COAL = {"product": "原煤", "quantity": 1, "unit": "吨"}
TCE: dict[str, Any] = {"items": [COAL], "basis": "calorific", "on": "2025-06-30"}


def test_the_shape_of_a_result() -> None:
    result = run("energy.to_tce", TCE, rulebook=RULES)
    assert list(result) == ["id", "outputs", "status", "demonstration", "trace", "sources"]
    assert (result["id"], result["status"], result["demonstration"]) == ("energy.to_tce", "ok", False)
    assert result["outputs"]["total_tce"] == "0.7143"
    assert (result["trace"]["on"], result["trace"]["region"], result["trace"]["rulebook"]) == ("2025-06-30", "cn", RULES.hash)
    (source,) = result["sources"]
    assert source["parameter"] == "energy.coefficient.raw_coal"
    assert (source["value"], source["source"], source["evidence"]) == ("0.7143", "GB/T 2589-2020 附录A", "recalled")


def test_defaults_of_day_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {"items": [COAL], "basis": "calorific"}
    assert run("energy.to_tce", inputs, on=date(2011, 1, 1), region="431000", rulebook=RULES)["trace"]["region"] == "4310"
    assert run("energy.to_tce", inputs, on=date(2011, 1, 1), rulebook=RULES)["sources"][0]["row"] == "gbt2589-2008"
    assert run("energy.to_tce", TCE, on=date(2011, 1, 1), rulebook=RULES)["sources"][0]["row"] == "gbt2589-2020"
    monkeypatch.setattr(runner, "today", lambda: date(2020, 1, 1))
    monkeypatch.setattr(runner, "current", lambda: RULES)
    assert run("energy.to_tce", inputs)["sources"][0]["row"] == "gbt2589-2008"


def test_today_is_the_civil_day_in_china() -> None:
    difference = datetime.now().astimezone().date() - runner.today()
    assert abs(difference.days) <= 1


def test_a_figure_on_an_invented_row_is_marked() -> None:
    invented = {
        "parameter": "energy.electricity_equivalent",
        "region": "4310",
        "row": "x",
        "applies_from": "2025-01-01",
        "published_on": "2025-01-01",
        "entered_on": "2025-01-01",
        "checked_on": "2025-01-01",
        "value": "0.3",
        "source": {"number": "演示", "locator": "一"},
        "evidence": "demonstration",
    }
    inputs = {"items": [{"product": "电力", "quantity": 1, "unit": "万kWh"}], "basis": "equivalent", "on": "2025-06-30", "region": "4310"}
    result = run("energy.to_tce", inputs, rulebook=Rulebook.load(extra_rows=[invented]))
    assert (result["demonstration"], result["outputs"]["total_tce"]) == (True, "3.0")


def test_a_lapsed_local_row_warns_in_the_trace() -> None:
    local = {
        "parameter": "warning.national.labels",
        "region": "4310",
        "row": "city",
        "applies_from": "2020-01-01",
        "applies_to": "2022-01-01",
        "published_on": "2020-01-01",
        "entered_on": "2020-01-01",
        "checked_on": "2020-01-01",
        "value": "甲 乙 丙",
        "source": {"number": "市一", "locator": "一"},
        "evidence": "text",
    }
    inputs = {"intensity_change_percent": 1, "required_decline_percent": 3, "region": "4310"}
    rules = Rulebook.load(extra_rows=[local])
    assert run("warning.national", inputs, on=date(2021, 12, 31), rulebook=rules)["outputs"]["label"] == "甲"
    result = run("warning.national", inputs, on=date(2022, 1, 1), rulebook=rules)
    assert result["outputs"]["label"] == "一级"
    assert result["trace"]["notes"] == ["4310 的行“city”已于 2022-01-01 失效，改用上级的行“no629-2021”"]


# ---- bad input ------------------------------------------------------------------------------------------------------


def item(**changes: Any) -> dict[str, Any]:
    return {**TCE, "items": [{**COAL, **changes}]}


REFUSALS: list[tuple[Any, str, str]] = [
    (3, "输入", "输入应是 JSON 对象"),
    ([], "输入", "输入应是 JSON 对象"),
    ({}, "items", "缺少这个字段"),
    ({**TCE, "itmes": 1}, "itmes", "没有这个字段"),
    (item(price=1), "items[0].price", "没有这个字段"),
    ({**TCE, "items": []}, "items", "至少 1 项"),
    ({**TCE, "items": [COAL] * 10001}, "items", "最多 10000 项"),
    ({**TCE, "items": COAL}, "items", "应为一列"),
    ({**TCE, "items": ["原煤"]}, "items[0]", "应为对象"),
    ({**TCE, "basis": "both"}, "basis", "只能是 'calorific'、'equivalent'"),
    ({**TCE, "on": "2025-02-30"}, "on", "应为日期"),
    ({**TCE, "on": 86400}, "on", "应为日期"),
    ({**TCE, "on": "86400"}, "on", "应为日期"),
    ({**TCE, "region": True}, "region", "应为文字"),
    ({**TCE, "region": "郴州"}, "region", "不认识地区“郴州”"),
    ({**TCE, "region": "４３"}, "region", "不认识地区“４３”"),
    ({**TCE, "coefficient_set": "x"}, "coefficient_set", "没有折标系数组“x”"),
    (item(product="煤块"), "items[0].product", "不认识能源品种“煤块”"),
    (item(product=3), "items[0].product", "应为文字"),
    (item(unit="桶"), "items[0].unit", "不认识计量单位“桶”"),
    (item(unit="立方米"), "items[0].unit", "与应有的量不符"),
    (item(quantity=-1), "items[0].quantity", "不能小于 0"),
    (item(quantity="一"), "items[0].quantity", "“一”不是数"),
    (item(quantity="1,5"), "items[0].quantity", "“1,5”不是数"),
    (item(quantity=True), "items[0].quantity", "应为数"),
    (item(quantity=None), "items[0].quantity", "应为数"),
    (item(quantity=float("nan")), "items[0].quantity", "不是有限的数"),
    (item(quantity="Infinity"), "items[0].quantity", "不是有限的数"),
    (item(quantity="1e15"), "items[0].quantity", "绝对值须小于 10 的 15 次方"),
    (item(quantity=10**400), "items[0].quantity", "绝对值须小于 10 的 15 次方"),
    (item(quantity="1e-31"), "items[0].quantity", "最多 30 位小数"),
    (item(coefficient=0), "items[0].coefficient", "必须大于 0"),
]


@pytest.mark.parametrize(("inputs", "where", "what"), REFUSALS)
def test_bad_input_says_what_and_where(inputs: Any, where: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        run("energy.to_tce", inputs, rulebook=RULES)
    assert caught.value.where == where
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("id", "inputs", "where", "what"),
    [
        ("energy.annual_rate", {"target_decline_percent": 15, "years": "五"}, "years", "应为整数"),
        ("energy.annual_rate", {"target_decline_percent": 15, "years": 5.5}, "years", "应为整数"),
        ("energy.annual_rate", {"target_decline_percent": 15, "years": 101}, "years", "不能大于 100"),
        ("energy.annual_rate", {"target_decline_percent": 100, "years": 5}, "target_decline_percent", "必须小于 100"),
        (
            "energy.intensity_change",
            {"energy_base_tce": 1, "gdp_base": 1, "energy_report_tce": 1, "gdp_report": 1, "decimals": 2},
            "decimals",
            "只能是 3、4",
        ),
        (
            "energy.intensity_change",
            {"energy_base_tce": 0, "gdp_base": 1, "energy_report_tce": 1, "gdp_report": 1},
            "energy_base_tce",
            "必须大于 0",
        ),
        ("warning.national", {"intensity_change_percent": 1, "required_decline_percent": -1}, "required_decline_percent", "不能小于 0"),
        ("carbon.electricity", {"kwh": 1, "year": 1800}, "year", "不能小于 1990"),
        ("energy.annual_rate", {"target_decline_percent": 15, "years": True}, "years", "应为整数"),
        ("energy.nothing", {}, "ID", "没有计算器“energy.nothing”"),
    ],
)
def test_bad_input_of_the_others(id: str, inputs: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        run(id, inputs, rulebook=RULES)
    assert caught.value.where == where
    assert what in caught.value.what


def test_zero_has_no_sign() -> None:
    outputs = run("energy.progress", {"cumulative_decline_percent": 0, "target_decline_percent": 15}, rulebook=RULES)["outputs"]
    assert outputs["progress_percent"] == "0"
    saving = {"energy_base_tce": 1, "output_base": 1, "energy_report_tce": 1, "output_report": 1}
    assert run("energy.saving_by_output", saving, rulebook=RULES)["outputs"]["signed_by_gbt13234_tce"] == "0"


def test_only_a_rule_that_was_followed_is_cited() -> None:
    inputs = {"energy_base_tce": 1, "gdp_base": 1, "energy_report_tce": 1, "gdp_report": 1}
    assert run("energy.intensity_change", {**inputs, "decimals": None}, rulebook=RULES)["sources"] == []
    assert [row["value"] for row in run("energy.intensity_change", inputs, rulebook=RULES)["sources"]] == ["4"]


def test_a_missing_coefficient_names_the_field_that_would_help() -> None:
    coal = {**TCE, "basis": "equivalent", "on": "2008-05-31"}
    with pytest.raises(NotInForce) as caught:
        run("energy.to_tce", coal, rulebook=RULES)
    assert "或填写 coefficient（kgce/kg）" in caught.value.do
    power = {**coal, "items": [{"product": "电力", "quantity": 1, "unit": "kWh"}]}
    with pytest.raises(NotInForce) as caught:
        run("energy.to_tce", power, rulebook=RULES)
    assert "或填写 equivalent_coefficient（kgce/kWh）" in caught.value.do


def test_a_code_of_a_place_may_be_a_number() -> None:
    assert run("energy.to_tce", {**TCE, "region": 431000, "on": date(2025, 6, 30)}, rulebook=RULES)["trace"]["region"] == "4310"


def test_all_faults_are_counted_and_known_fields_named() -> None:
    with pytest.raises(InputError) as caught:
        run("energy.progress", {"x": "长" * 100, "target_decline_percent": 200}, rulebook=RULES)
    assert caught.value.where == "cumulative_decline_percent"
    assert "另有 2 处：target_decline_percent：必须小于 100；x：没有这个字段" in caught.value.do
    with pytest.raises(InputError) as caught:
        run("energy.progress", {"x": "长" * 100, "cumulative_decline_percent": 1, "target_decline_percent": 2}, rulebook=RULES)
    assert caught.value.why == f"给出的是 {'长' * 60}…"
    assert "可用字段：on、region、cumulative_decline_percent" in caught.value.do


def test_words_of_a_fault_that_has_none_of_ours() -> None:
    with pytest.raises(InputError, match="on：应为日期"):
        run("energy.progress", {"on": [], "cumulative_decline_percent": 1, "target_decline_percent": 2}, rulebook=RULES)
    with pytest.raises(InputError) as caught:
        run("warning.by_completion", {"completion": 1, 5: 1}, rulebook=RULES)
    assert caught.value.what


# ---- JSON -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{bad", "不是 JSON"),
        ("", "不是 JSON"),
        ('{"a": NaN}', "NaN 不是有限的数"),
        ('{"a": 1e99999999999999999999}', "不是可用的数"),
        ('{"a": -Infinity}', "-Infinity 不是有限的数"),
        ('{"a": 1, "a": 2}', "字段“a”写了两次"),
        ("[" * 100000, "读不了这段 JSON"),
        ('{"a": 1' + "0" * 5000 + "}", "读不了这段 JSON"),
    ],
)
def test_json_that_cannot_be_read(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_json(text)


def test_decimals_are_read_exactly_and_written_in_full() -> None:
    assert read_json('{"a": 0.1000}')["a"] == Decimal("0.1000")
    text = '{"items": [{"product": "标准煤", "quantity": 123456789012.123456, "unit": "tce"}], "basis": "calorific"}'
    result = run_json("energy.to_tce", text, rulebook=RULES)
    assert isinstance(result, dict)
    assert result["outputs"]["total_tce"] == "123456789012.123456"


def test_a_list_gives_a_list_and_a_bad_item_its_error() -> None:
    text = '[{"completion": 1}, {"completion": "x"}, 3, {"completion": 1, "on": "2000-01-01"}]'
    results = run_json("warning.by_completion", text, rulebook=RULES)
    assert isinstance(results, list)
    assert results[0]["outputs"]["label"] == "0级"
    assert (results[1]["error"]["where"], results[1]["error"]["what"]) == ("completion", "“x”不是数")
    assert results[2]["error"]["what"] == "输入应是 JSON 对象"
    assert results[3]["error"]["nearest"][0].startswith("city-2010")
    assert run_many("warning.by_completion", [], rulebook=RULES) == []
    with pytest.raises(InputError):
        run_many("nothing", [])


# ---- definitions ----------------------------------------------------------------------------------------------------


def test_ids_are_unique_and_schemas_describe_every_field() -> None:
    ids = [calculator.id for calculator in calculators.CALCULATORS]
    assert len(ids) == len(set(ids))
    for calculator in calculators.CALCULATORS:
        shown = calculator.schemas()
        assert shown["titles"]["zh"]
        assert shown["titles"]["en"]
        assert shown["basis"]
        for schema in (shown["inputs"], shown["outputs"]):
            assert schema["additionalProperties"] is False
            for part in (schema, *schema.get("$defs", {}).values()):
                assert all(field.get("description") for field in part["properties"].values()), calculator.id


@pytest.mark.parametrize(("on", "fits"), [("2019-12-31", False), ("2020-01-01", True), ("2024-12-31", True), ("2025-01-01", False)])
def test_a_calculator_has_dates_of_its_own(monkeypatch: pytest.MonkeyPatch, on: str, fits: bool) -> None:
    dated = replace(calculators.get("energy.progress"), applies_from=date(2020, 1, 1), applies_to=date(2025, 1, 1))
    monkeypatch.setitem(calculators._BY_ID, dated.id, dated)
    assert dated.summary()["applies_to"] == "2025-01-01"
    inputs = {"cumulative_decline_percent": 1, "target_decline_percent": 2, "on": on}
    if fits:
        assert run(dated.id, inputs, rulebook=RULES)["outputs"]
    else:
        with pytest.raises(NotInForce, match="适用期 2020-01-01 至 2025-01-01"):
            run(dated.id, inputs, rulebook=RULES)


def test_a_note_may_worsen_the_status_and_never_better_it() -> None:
    sheet = Worksheet(RULES, RULES.book("cn"), date(2025, 1, 1))
    sheet.note("缺一项", Status.INCOMPLETE)
    sheet.note("提示")
    assert (sheet.status, sheet.notes) == (Status.INCOMPLETE, ["缺一项", "提示"])


# ---- properties -----------------------------------------------------------------------------------------------------

QUANTITIES = st.decimals(0, 10**12, places=6)


@given(st.lists(QUANTITIES, min_size=1, max_size=5))
def test_a_sum_of_items_is_the_sum_of_each_alone(quantities: list[Decimal]) -> None:
    items = [{**COAL, "quantity": quantity} for quantity in quantities]
    total = Decimal(run("energy.to_tce", {**TCE, "items": items}, rulebook=RULES)["outputs"]["total_tce"])
    alone = [Decimal(run("energy.to_tce", {**TCE, "items": [one]}, rulebook=RULES)["outputs"]["total_tce"]) for one in items]
    assert total == sum(alone)


@given(st.decimals(-99, 99, places=2), st.decimals(0, 50, places=2))
def test_a_rise_is_always_the_worst_level(change: Decimal, required: Decimal) -> None:
    inputs = {"intensity_change_percent": change, "required_decline_percent": required}
    severity = run("warning.national", inputs, rulebook=RULES)["outputs"]["severity"]
    assert (severity == 1) is (change > 0)
    assert (severity == 3) is (change <= 0 and -change >= required)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_is_given_is_answered_or_refused_in_words(inputs: Any) -> None:
    for calculator in calculators.CALCULATORS:
        (result,) = run_many(calculator.id, [inputs], rulebook=RULES)
        assert "outputs" in result or result["error"]["what"]
