"""The balance, intensity, GDP by chaining, rolling quarters (accounting 1–5, 17), by their own numbers and by properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.core.energy import (
    FLOWS,
    Basis,
    Gdp,
    chain_gdp,
    change_from_growth,
    change_percent,
    coefficient_effect_pp,
    energy_balance,
    growth_uncertainty_pp,
    industrial_consumption,
    intensity,
    intensity_change,
    product_balance,
    rolling,
    same_price_base,
    saving_by_output_tce,
    tce_per_base_unit,
)
from shuangkong.core.errors import InputError
from shuangkong.core.figures import Status
from shuangkong.core.rounding import round_half_up

D = Decimal
TOLERANCE = {"raw_coal": D(3), "electricity": D(1)}
FACTORS = {"raw_coal": D("0.7143"), "electricity": D("1.229")}

#: A power station burns 100 t of coal for 20 万kWh; 2 are lost, 18 are used with 50 t of coal.
COAL = {"opening_stock": D(10), "inflow": D(160), "closing_stock": D(20), "transformation_in": D(100), "terminal": D(50)}
POWER = {"transformation_out": D(20), "inflow": D(0), "loss": D(2), "terminal": D(18)}


def test_the_total_is_a_balance_and_never_a_sum_of_products() -> None:
    balance = energy_balance({"raw_coal": COAL, "electricity": POWER}, FACTORS, TOLERANCE)
    assert balance.terminal.value == D(50) * FACTORS["raw_coal"] + D(18) * FACTORS["electricity"]
    assert balance.transformation_loss.value == D(100) * FACTORS["raw_coal"] - D(20) * FACTORS["electricity"]
    assert balance.loss.value == D(2) * FACTORS["electricity"]
    assert balance.total.value == D(150) * FACTORS["raw_coal"]
    assert balance.difference is not None
    assert balance.available is not None
    assert balance.difference.value == 0
    assert balance.available.value == balance.total.value
    assert (balance.status, balance.findings, balance.missing) == (Status.OK, (), ())


def test_recovery_is_not_counted_twice() -> None:
    balance = energy_balance({"raw_coal": {**COAL, "recovery": D(5)}}, FACTORS, TOLERANCE)
    assert balance.recovery.value == D(5) * FACTORS["raw_coal"]
    assert balance.total.value == (D(50) + D(100) - D(5)) * FACTORS["raw_coal"]


FLOW_VALUES = st.fixed_dictionaries({flow: st.decimals(0, 10**9, places=6) for flow in FLOWS})


@given(st.fixed_dictionaries({"raw_coal": FLOW_VALUES, "electricity": FLOW_VALUES}))
def test_total_is_available_less_difference_less_recovery(flows: dict[str, dict[str, Decimal]]) -> None:
    balance = energy_balance(flows, FACTORS, TOLERANCE)
    assert balance.available is not None
    assert balance.difference is not None
    assert balance.total.known == balance.available.known - balance.difference.known - balance.recovery.known


@given(FLOW_VALUES, st.sampled_from(FLOWS))
def test_missing_is_never_zero(flows: dict[str, Decimal], flow: str) -> None:
    balance = energy_balance({"raw_coal": {**flows, flow: None}}, FACTORS, TOLERANCE)
    if flow in ("terminal", "transformation_in", "transformation_out", "loss", "recovery"):
        assert balance.total.value is None
        assert balance.missing == (f"raw_coal.{flow}",)
        assert balance.status is Status.INCOMPLETE
    else:
        assert balance.available is not None
        assert balance.available.value is None
        assert balance.total.value is not None
    assert balance.difference is not None
    assert balance.difference.value is None
    assert balance.findings == ()


@pytest.mark.parametrize(("difference", "found"), [("4.5", False), ("4.500001", True), ("-4.5", False), ("-4.500001", True)])
def test_a_difference_at_and_over_its_tolerance(difference: str, found: bool) -> None:
    terminal = D(50) - D(difference)
    balance = energy_balance({"raw_coal": {**COAL, "terminal": terminal}}, FACTORS, TOLERANCE)
    assert balance.findings == (("raw_coal",) if found else ())
    assert balance.status is (Status.ESTIMATED if found else Status.OK)


def test_what_is_recovered_is_available_again() -> None:
    flows = {"opening_stock": D(5), "primary_production": D(20), "inflow": D(100), "outflow": D(10), "closing_stock": D(7)}
    balance = product_balance("heat", {**flows, "recovery": D(12), "terminal": D(111), "loss": D(4)})
    assert balance.available is not None
    assert balance.difference is not None
    assert (balance.available.value, balance.difference.value) == (D(120), D(5))  # 5 + 20 + 12 + 100 − 10 − 7; 120 − 111 − 4
    assert balance.total.value == D(120) - D(5) - D(12)
    alone = product_balance("heat", {"recovery": D(12), "terminal": D(12)})
    assert alone.available is None


def test_without_a_supply_flow_there_is_no_balance() -> None:
    balance = energy_balance({"raw_coal": {"terminal": D(50)}}, FACTORS, TOLERANCE)
    assert (balance.available, balance.difference, balance.unbalanced) == (None, None, ("raw_coal",))
    assert balance.total.value == D(50) * FACTORS["raw_coal"]
    assert balance.status is Status.ESTIMATED
    assert not balance.products[0].exceeds(D(0))


def test_a_quantity_without_a_flow_is_refused() -> None:
    with pytest.raises(InputError, match="没有任何流向"):
        product_balance("raw_coal", {})
    with pytest.raises(InputError, match="不认识流向“burnt”"):
        product_balance("raw_coal", {"burnt": D(1)})


def test_industry_above_designated_size_by_the_published_structure() -> None:
    """郴州 2011 Jan–May: 224.76 万tce; transformation output 121.43."""
    assert industrial_consumption(D("346.19"), D("121.43"), D(0)) == D("224.76")
    for values in [(None, D(1), D(1)), (D(1), None, D(1)), (D(1), D(1), None)]:
        assert industrial_consumption(*values) is None


# ---- conversion -----------------------------------------------------------------------------------------------------


def test_a_coefficient_of_another_dimension_is_refused() -> None:
    assert tce_per_base_unit(D("0.1229"), "kgce/kWh", "electricity") == D("1.229")
    with pytest.raises(InputError, match="与能源品种的计量不符"):
        tce_per_base_unit(D(1), "kgce/kWh", "mass")
    with pytest.raises(InputError, match="与能源品种的计量不符"):
        tce_per_base_unit(D(1), "kg", "mass")
    assert [basis.label for basis in Basis] == ["当量值", "等价值"]


# ---- GDP ------------------------------------------------------------------------------------------------------------


def test_gdp_chains_with_its_uncertainty() -> None:
    """郴州: 2503.07 亿元 in 2020, +8.8 % in 2021, +5.3 % in 2022; each growth published to 0.1 adds ± 0.05."""
    gdp = chain_gdp(Gdp(D("25030700"), 2020), [D("8.8"), D("5.3")], 1)
    assert gdp.value == D("25030700") * D("1.088") * D("1.053")
    assert (gdp.price_base, gdp.uncertainty_pp) == (2020, D("0.10"))
    assert growth_uncertainty_pp(1) == D("0.1")


def test_a_ratio_across_price_bases_is_refused() -> None:
    assert same_price_base(Gdp(D(1), 2020), Gdp(D(2), 2020)) == 2020
    with pytest.raises(InputError, match="2015 年价与 2020 年价的 GDP 不能相比"):
        same_price_base(Gdp(D(1), 2015), Gdp(D(2), 2020))


# ---- intensity ------------------------------------------------------------------------------------------------------


def test_the_bulletin_rounds_before_the_ratio() -> None:
    args = (D("100000"), D("300000"), D("100000"), D("310000"))
    four, three, exact = (intensity_change(*args, decimals) for decimals in (4, 3, None))
    assert (four.intensity_base, four.intensity_report) == (D("0.3333"), D("0.3226"))
    assert (three.intensity_base, three.intensity_report) == (D("0.333"), D("0.323"))
    rounded = [round_half_up(change.change_percent, 2) for change in (four, three, exact)]
    assert rounded == [D("-3.21"), D("-3.00"), D("-3.23")]


def test_what_cannot_be_divided_is_refused() -> None:
    with pytest.raises(InputError, match="GDP必须大于 0"):
        intensity(D(1), D(0))
    with pytest.raises(InputError, match="基期能耗强度（取整后）必须大于 0"):
        intensity_change(D(1), D("100000"), D(1), D(1), 4)
    with pytest.raises(InputError, match="基期值必须大于 0"):
        change_percent(D(0), D(1))
    with pytest.raises(InputError, match="1 \\+ GDP 增速必须大于 0"):
        change_from_growth(D(1), D(-100))


@given(st.decimals(-50, 50, places=2), st.decimals(-50, 50, places=2))
def test_levels_and_growths_give_the_same_change(energy: Decimal, gdp: Decimal) -> None:
    levels = intensity_change(D(1000), D(1000), 1000 + 10 * energy, 1000 + 10 * gdp, None)
    assert abs(levels.change_percent - change_from_growth(energy, gdp)) < D("1e-20")


def test_the_effect_of_a_changed_coefficient_stands_apart() -> None:
    """1 000 万kWh in both years, 3.0 then 2.9 tce each: energy fell by 3.33 % by the coefficient alone."""
    effect = coefficient_effect_pp(D(3000), D(2900), D(3000), D(1000), D(1000))
    assert round_half_up(effect, 2) == D("-3.33")
    assert coefficient_effect_pp(D(3000), D(3100), D(3100), D(1000), D(1000)) == 0


def test_rolling_four_quarters() -> None:
    assert rolling(D(100), D(40), D(45)) == D(105)
    for values in [(None, D(1), D(1)), (D(1), None, D(1)), (D(1), D(1), None)]:
        assert rolling(*values) is None


def test_savings_by_output() -> None:
    assert saving_by_output_tce(D(100), D(10), D(95), D(11)) == D(15)
    for outputs in [(D(0), D(1)), (D(1), D(0))]:
        with pytest.raises(InputError, match="必须大于 0"):
            saving_by_output_tce(D(1), outputs[0], D(1), outputs[1])
