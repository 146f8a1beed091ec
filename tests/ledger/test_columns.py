"""Quantities in cells: the quick way gives the same integer as decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.apps.ledger.imports.columns import industry_code, micro_of, scale_of
from shuangkong.core.errors import InputError, QuantityOverflow
from shuangkong.core.quantities import unit_of
from shuangkong.rulebook import current

UNITS = ("吨", "万吨", "亿吨", "千克", "千瓦时", "万千瓦时", "亿千瓦时", "千焦", "GJ", "元", "万元", "亿元", "立方米", "亿立方米")


@given(
    number=st.one_of(
        st.floats(-1e12, 1e12), st.integers(-(10**15), 10**15).map(lambda n: n / 100), st.decimals(-(10**9), 10**9, places=6).map(float)
    ),
    unit=st.sampled_from(UNITS),
)  # fmt: skip
def test_a_float_is_the_decimal_that_people_see(number, unit):
    factor = unit_of(unit)[1]
    exact = (Decimal(repr(number)) * factor * 10**6).to_integral_value(ROUND_HALF_UP)
    if abs(exact) > 2**63 - 1:
        with pytest.raises(QuantityOverflow):
            micro_of(number, scale_of(factor))
    else:
        assert micro_of(number, scale_of(factor)) == exact


@pytest.mark.parametrize(
    ("raw", "unit", "micro"),
    [
        (0.1, "吨", 100_000), (1e-7, "吨", 0), (5e-7, "吨", 1), (-5e-7, "吨", -1), (0.0000005, "万吨", 5000), (1, "千焦", 1),
        (12.3, "亿千瓦时", 123_000_000_000), ("1,234.5", "千克", 1_234_500), ("９", "吨", 9_000_000),
    ],
)  # fmt: skip
def test_known_quantities(raw, unit, micro):
    assert micro_of(raw, scale_of(unit_of(unit)[1])) == micro


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), 1e308, "", None, True, "x", "#DIV/0!"])
def test_what_is_no_quantity(raw):
    with pytest.raises(InputError):
        micro_of(raw, scale_of(Decimal(1)))


@pytest.mark.parametrize(
    ("words", "code"), [("C26", "C26"), ("26", "C26"), ("06", "B06"), ("6", "B06"), ("D44", "D44"), ("化学原料和化学制品制造业", "C26")]
)
def test_divisions_by_name_number_or_letter(words, code):
    assert industry_code(current().terms("industries"), words) == code
