"""The shipped rules: that they load, that each is what the text says, and that lists find what people write."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong import rulebook as rulebook_room
from shuangkong.core.carbon import FACTOR_UNITS, factor_from_components
from shuangkong.core.energy import COEFFICIENT_UNITS, FLOWS, Basis
from shuangkong.core.errors import InputError, NotInForce, RulebookError
from shuangkong.core.rounding import round_half_up
from shuangkong.core.targets import required_progress_percent
from shuangkong.rulebook import Rulebook
from shuangkong.rulebook.lists import read_lists
from shuangkong.rulebook.loader import SHIPPED
from shuangkong.rulebook.products import Products

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return Rulebook.load()


def test_loading_twice_gives_the_same_hash(rules: Rulebook) -> None:
    assert Rulebook.load().hash == rules.hash
    assert len(rules.hash) == 64
    assert rules.default_region == "cn"


def test_no_shipped_row_is_invented(rules: Rulebook) -> None:
    assert not [row for parameter in rules.parameters.values() for row in parameter.all_rows() if row.evidence == "demonstration"]


def test_every_coefficient_has_a_product_and_a_unit_that_converts(rules: Rulebook) -> None:
    codes = {product.code: product for product in rules.products}
    for name, parameter in rules.parameters.items():
        if name.startswith("energy.coefficient"):
            product = codes[name.rpartition(".")[2].removesuffix("_equivalent")]
            assert COEFFICIENT_UNITS[parameter.unit][0] == product.dimension, name
        if name.startswith("carbon.fuel."):
            assert FACTOR_UNITS[parameter.unit][0] == codes[name.rpartition(".")[2]].dimension, name


def test_every_group_has_a_balance_tolerance(rules: Rulebook) -> None:
    for product in rules.products:
        assert rules.at(f"energy.balance_tolerance_percent.{product.group}", "cn", TODAY).number > 0


def test_fuel_factors_are_their_parts_to_four_decimals(rules: Rulebook) -> None:
    fuels = [name.removeprefix("carbon.fuel.") for name in rules.parameters if name.startswith("carbon.fuel.")]
    assert len(fuels) == 10
    for fuel in fuels:
        parts = [rules.at(f"carbon.fuel_part.{fuel}.{part}", "cn", TODAY).number for part in ("ncv", "carbon_content", "oxidation")]
        assert round_half_up(factor_from_components(*parts), 4) == rules.at(f"carbon.fuel.{fuel}", "cn", TODAY).number


def test_the_schedule_of_five_years_is_proportional_to_time(rules: Rulebook) -> None:
    years = int(rules.at("target.period_years", "cn", TODAY).number)
    schedule = rules.at("target.schedule_percent", "cn", TODAY).numbers
    assert list(schedule) == [required_progress_percent(years, 12 * year) for year in range(1, years + 1)]


@pytest.mark.parametrize(
    ("on", "base"), [("2015-12-31", "2010"), ("2016-01-01", "2015"), ("2020-12-31", "2015"), ("2021-01-01", "2020"), ("2026-01-01", "2025")]
)
def test_the_price_base_of_a_period(rules: Rulebook, on: str, base: str) -> None:
    assert rules.at("statistics.gdp_price_base", "4310", date.fromisoformat(on)).value == base


def test_values_that_the_facts_state(rules: Rulebook) -> None:
    stated = {
        "energy.coefficient.raw_coal": "0.7143",
        "energy.coefficient.coke": "0.9714",
        "energy.coefficient.diesel": "1.4571",
        "energy.coefficient.electricity": "0.1229",
        "energy.coefficient.heat": "0.03412",
        "energy.coefficient.lng": "1.7572",
        "energy.coefficient_set.gb30251.electricity_equivalent": "0.3000",
        "energy.coefficient_set.tcisa416.nitrogen": "0.0169",
        "disclosure.minimum_units": "3",
        "disclosure.dominance_percent": "85",
        "statistics.residual_tolerance_percent": "3",
        "statistics.intensity_decimals.city": "4",
        "statistics.intensity_decimals.county": "3",
        "energy.balance_tolerance_percent.electricity": "1",
        "energy.balance_tolerance_percent.coal": "3",
        "carbon.heat_purchased": "0.11",
        "carbon.per_tce.coal": "2.66",
    }
    assert {name: rules.at(name, "cn", TODAY).value for name in stated} == stated
    assert rules.at("energy.supply_coal_consumption_gce_per_kwh", "cn", date(2022, 6, 1)).value == "300.7"
    assert rules.at("energy.coefficient.slime", "cn", TODAY).range == (Decimal("0.2857"), Decimal("0.4286"))
    assert rules.at("warning.national.colours", "34", TODAY).words == ("红", "黄", "绿")


def test_no_supply_series_stands_in_for_the_equivalent_value(rules: Rulebook) -> None:
    electricity = rules.products.find("电力")
    with pytest.raises(NotInForce, match="电力（等价值）"):
        electricity.tce_per_base_unit(rules.book("4310"), Basis.EQUIVALENT, "4310", date(2022, 6, 1))


# ---- lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raw_coal", "raw_coal"),
        ("原煤", "raw_coal"),
        (" 原 煤 ", "raw_coal"),
        ("LNG", "lng"),
        ("洗精煤（用于炼焦）", "washed_coal"),
        ("电", "electricity"),
    ],
)
def test_a_product_is_found_by_code_name_and_alias(rules: Rulebook, text: str, code: str) -> None:
    product = rules.products.find(text)
    assert product.code == code
    assert rules.products.get(text) is product


def test_an_unknown_product_proposes_the_nearest(rules: Rulebook) -> None:
    assert rules.products.get("煤块") is None
    with pytest.raises(InputError, match="不认识能源品种“汽由”") as caught:
        rules.products.find("汽由", "A3")
    assert (caught.value.where, caught.value.do) == ("A3", "是否指 汽油？")
    with pytest.raises(InputError) as caught:
        rules.products.find("天然")
    assert caught.value.do == "是否指 天然气、液化天然气、油田天然气？"
    with pytest.raises(InputError) as caught:
        rules.products.find("x")
    assert caught.value.do == "用规则库中的能源品种名称或代码"


def test_the_lists_hold_the_words_of_the_accounts(rules: Rulebook) -> None:
    assert set(rules.terms("flows").codes()) == {*FLOWS, "of_which_feedstock"}
    assert rules.terms("releases").codes() == ("preliminary", "verified", "final", "census")
    assert rules.terms("origins").codes() == ("reported", "issued", "metered", "published")
    assert rules.terms("sectors").find("农、林、牧、渔业").code == "agriculture"
    high = [term.code for term in rules.terms("industries") if term.extra.get("high_energy")]
    assert high == ["25", "26", "30", "31", "32", "44"]
    assert len(rules.terms("industries")) == 41
    assert rules.terms("flows")[0].label == "期初库存"


def test_nbs_codes(rules: Rulebook) -> None:
    codes = {product.nbs_code: product.label for product in rules.products if product.nbs_code}
    assert {codes[code] for code in ("01", "06", "09", "32", "33", "39")} == {"原煤", "洗精煤", "焦炭", "热力", "电力", "其他燃料"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("terms: {}", "kind"),
        ("kind: 词\nterms: []", "kind"),
        ("kind: 词\nterms: {a: {aliases: [b]}}", "缺少 label"),
        ("kind: 词\nterms: {a: {label: 甲}, b: {label: 甲}}", "写了两次"),
        ("kind: 词\nterms: {a: [1]}", "缺少 label"),
    ],
)
def test_a_broken_list(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "words.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RulebookError, match=words):
        read_lists(tmp_path)


def test_a_term_may_be_its_label_alone_and_a_product_needs_a_dimension(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("kind: 词\nterms: {a: 甲}", encoding="utf-8")
    terms = read_lists(tmp_path)["words"]
    assert terms.find("甲").code == "a"
    with pytest.raises(RulebookError, match="dimension"):
        Products(terms, {})


# ---- products and their coefficients --------------------------------------------------------------------------------


def test_factors_of_base_units(rules: Rulebook) -> None:
    book = rules.book("4310")

    def factor(product: str, coefficient_set: str = "reference") -> Decimal:
        return rules.products.find(product).tce_per_base_unit(book, Basis.CALORIFIC, "4310", TODAY, coefficient_set)

    assert factor("原煤") == Decimal("0.7143")
    assert factor("气田天然气") == Decimal("0.0012143")
    assert factor("电力") == Decimal("1.229")
    assert factor("热力") == Decimal("0.03412")
    assert factor("新水") == Decimal("0.0002571")
    assert factor("标准煤") == 1
    assert factor("焦炉煤气", "nbs") == Decimal("0.0006143")
    assert rules.products.find("热力").tce_per_base_unit(book, Basis.EQUIVALENT, "4310", TODAY) == Decimal("0.03412")
    assert rules.products.find("原煤").tce_per_base_unit(book, Basis.EQUIVALENT, "4310", TODAY) == Decimal("0.7143")


def test_named_sets_are_never_mixed(rules: Rulebook) -> None:
    electricity = rules.products.find("电力")
    assert electricity.parameter(Basis.EQUIVALENT, "gb30251").id == "energy.coefficient_set.gb30251.electricity_equivalent"
    with pytest.raises(InputError, match="系数组 tcisa416中没有折标系数"):
        electricity.parameter(Basis.EQUIVALENT, "tcisa416")
    with pytest.raises(InputError, match="原煤在系数组 gb30251中没有折标系数"):
        rules.products.find("原煤").parameter(Basis.CALORIFIC, "gb30251")


def test_a_range_has_no_default_and_names_the_rows(rules: Rulebook) -> None:
    with pytest.raises(InputError) as caught:
        rules.products.find("天然气").parameter(Basis.CALORIFIC)
    message = str(caught.value)
    for words in ("一个范围", "1.1000–1.3300", "coefficient", "气田天然气", "油田天然气"):
        assert words in message
    with pytest.raises(InputError, match="无烟煤在默认系数中没有折标系数"):
        rules.products.find("无烟煤").parameter(Basis.CALORIFIC)


def test_units_of_a_product(rules: Rulebook) -> None:
    assert rules.products.find("电力").to_base(Decimal(2), "亿千瓦时") == 20000
    assert rules.products.find("标准煤").to_base(Decimal(3), "万吨") == 30000
    assert rules.products.find("标准煤").to_base(Decimal(3), "kgce") == Decimal("0.003")
    assert rules.products.find("电力").base_unit == "万kWh"
    assert rules.products.find("无烟煤").coefficient_unit == "kgce/kg"
    assert rules.products.find("新水").coefficient_unit == "kgce/t"
    with pytest.raises(InputError, match="与应有的量不符"):
        rules.products.find("原煤").to_base(Decimal(3), "立方米")


# ---- the rulebook of the process ------------------------------------------------------------------------------------


def test_current_is_what_was_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook_room, "_installed", [])
    bare = rulebook_room.current()
    assert rulebook_room.current() is bare
    assert rulebook_room.install() is rulebook_room.current()
    assert rulebook_room.current() is not bare
    with pytest.raises(RulebookError):
        rulebook_room.install([Path(__file__).parent / "broken" / "no_unit"])
    assert rulebook_room.current().hash == bare.hash
    assert Path(SHIPPED, "cn").is_dir()


@pytest.mark.parametrize(
    ("product", "evidence"),
    [
        ("acetylene", "text"),
        ("calcium_carbide", "text"),
        ("new_water", "text"),
        ("electricity", "text"),
        ("soft_water", "recalled"),
        ("raw_coal", "recalled"),
    ],
)
def test_what_was_not_read_in_the_2020_edition_is_recalled(rules: Rulebook, product: str, evidence: str) -> None:
    assert rules.at(f"energy.coefficient.{product}", "cn", date(2021, 3, 31)).row.evidence == "text"
    assert rules.at(f"energy.coefficient.{product}", "cn", date(2021, 4, 1)).row.evidence == evidence
