"""What holds of every account, whatever is filed: identities of the balance, sums of parts, and the reference of the benchmark."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuangkong.apps.energy.account import Account, coal_equivalent, merged
from shuangkong.apps.energy.coefficients import tce, tce_text
from shuangkong.core.energy import FLOWS, energy_balance, product_balance
from shuangkong.core.quantities import from_micro
from tests.energy.city import Town

UNITS = {"raw_coal": 714_300_000_000_000, "electricity": 3_000_000_000_000_000, "heat": 34_120_000_000_000}
CELLS = st.lists(
    st.tuples(
        st.sampled_from(sorted(UNITS)), st.sampled_from(FLOWS), st.sampled_from(["industry", "other", "44"]), st.integers(-(10**15), 10**15)
    ),
    min_size=1, max_size=40,
)  # fmt: skip

#: A busy machine is no failure.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def account(cells: list[tuple[str, str, str, int]]) -> Account:
    made = Account()
    for number, (product, flow, industry, micro) in enumerate(cells):
        made.add(product, flow, industry, micro, str(number))
    return made


@UNHURRIED
@given(CELLS)
def test_accounting_2_the_difference_is_the_one_of_the_core(cells: list[tuple[str, str, str, int]]) -> None:
    made = account(cells)
    differences = made.differences()
    for product, flows in made.flows.items():
        balance = product_balance(product, {flow: D(micro) for flow, micro in flows.items()})
        if balance.available is None or balance.difference is None:
            assert product not in differences
        else:
            assert differences[product] == (balance.difference.value, balance.available.value)


@UNHURRIED
@given(CELLS)
def test_accounting_2_total_is_available_less_difference_less_recovery(cells: list[tuple[str, str, str, int]]) -> None:
    made = account(cells)
    used, recovered = made.used(), made.net({"recovery": 1})
    for product, (difference, available) in made.differences().items():
        assert used.get(product, 0) == available - difference - recovered.get(product, 0)


@UNHURRIED
@given(CELLS)
def test_sectors_add_up_to_the_total_and_core_agrees(cells: list[tuple[str, str, str, int]]) -> None:
    made = account(cells)
    total, lacking = coal_equivalent(made.used(), UNITS)
    assert lacking == []
    assert sum(coal_equivalent(of, UNITS)[0] for of in made.sectors.values()) == total
    flows = {product: {flow: from_micro(micro) for flow, micro in of.items()} for product, of in made.flows.items()}
    factors = {product: D(units).scaleb(-15) for product, units in UNITS.items()}
    balance = energy_balance(flows, {p: factors[p] for p in flows}, dict.fromkeys(flows, D(3)))
    assert balance.total.value == tce(total)


@UNHURRIED
@given(st.lists(CELLS, min_size=1, max_size=4))
def test_accounting_7_the_whole_is_the_sum_of_its_parts(parts: list[list[tuple[str, str, str, int]]]) -> None:
    accounts = [account(cells) for cells in parts]
    whole, _ = coal_equivalent(merged(accounts).used(), UNITS)
    assert whole == sum(coal_equivalent(part.used(), UNITS)[0] for part in accounts)


@UNHURRIED
@given(st.integers(-(10**40), 10**40))
def test_the_digits_of_an_amount_are_those_of_its_decimal(units: int) -> None:
    assert D(tce_text(units)) == tce(units)
    assert not tce_text(units).endswith(("0", ".")) or "." not in tce_text(units)


@pytest.mark.django_db
def test_the_reference_of_the_benchmark_reads_every_accepted_row_into_decimals() -> None:
    from bench.recompute import read_rows

    town = Town("431002:北湖区")
    town.energy("431002", "2021", "raw_coal", "terminal", D("100.5"))
    town.put("431002", "gdp_growth", "2021", "8.1")
    first = town.energy("431002", "2022", "raw_coal", "terminal", 7)
    town.new_batch()
    town.energy("431002", "2022", "raw_coal", "terminal", 8, supersedes=first)
    town.new_batch(applied_at=None)
    town.energy("431002", "2023", "raw_coal", "terminal", 9)
    rows = read_rows()
    assert sorted((row[-2], row[-1]) for row in rows if row[-2] is not None) == [(D(8), None), (D("100.5"), None)]
    assert [row[-1] for row in rows if row[-2] is None] == [D("8.1")]
