"""Errors, rounding, periods, quantities and figures."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.core.errors import InputError, NotInForce, QuantityOverflow
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.quantities import decimal_of, from_micro, to_base, to_micro, unit_of
from shuangkong.core.rounding import largest_remainder, round_half_up

# ---- errors ---------------------------------------------------------------------------------------------------------


def test_an_error_says_its_parts_in_reading_order() -> None:
    error = InputError("不是数", where="A3", why="给出的是 x", do="写数")
    assert str(error) == "A3：不是数；给出的是 x；写数"
    assert error.as_dict() == {"what": "不是数", "where": "A3", "why": "给出的是 x", "do": "写数"}
    assert str(NotInForce("没有规定")) == "没有规定"
    assert NotInForce("没有规定", nearest=("a",)).nearest == ("a",)


# ---- rounding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("0.24665", 4, "0.2467"), ("0.24664999", 4, "0.2466"), ("1234.5", -2, "1.2E+3")],
)
def test_halves_go_away_from_zero(value: str, places: int, rounded: str) -> None:
    assert round_half_up(Decimal(value), places) == Decimal(rounded)


@given(st.lists(st.decimals(0, 10000, places=6), min_size=1, max_size=12))
def test_largest_remainders_add_up_to_the_parent(shares: list[Decimal]) -> None:
    step = Decimal("0.01")
    total = round_half_up(sum(shares, Decimal(0)), 2)
    parts = largest_remainder(shares, step, max(total, sum((share // step * step for share in shares), Decimal(0))))
    assert sum(parts) == total
    assert all(abs(part - share) <= step for part, share in zip(parts, shares, strict=True))


# ---- periods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "label", "months"),
    [
        ("2025-06", "2025-06", "2025年6月", 1),
        ("2025年6月", "2025-06", "2025年6月", 1),
        ("2025Q2", "2025Q2", "2025年二季度", 3),
        ("2025年二季度", "2025Q2", "2025年二季度", 3),
        ("2025年第4季度", "2025Q4", "2025年四季度", 3),
        ("2025", "2025", "2025年", 12),
        ("2025年", "2025", "2025年", 12),
        ("2025年1—6月", "2025-01/06", "2025年1—6月", 6),
        ("2025-01/06", "2025-01/06", "2025年1—6月", 6),
        ("2025年上半年", "2025-01/06", "2025年1—6月", 6),
        ("2025年1-2月", "2025-01/02", "2025年1—2月", 2),
        ("2025-01/01", "2025-01/01", "2025年1月", 1),
        ("2025-06R12", "2025-06R12", "截至2025年6月的四个季度", 12),
        ("2025年12月", "2025-12", "2025年12月", 1),
        (" 2025 年 1 - 12 月 ", "2025-01/12", "2025年1—12月", 12),
    ],
)
def test_a_period_reads_what_people_write(text: str, code: str, label: str, months: int) -> None:
    period = Period.parse(text)
    assert (period.code, period.label, period.months) == (code, label, months)
    assert Period.parse(period.code) == period


@pytest.mark.parametrize("text", ["", "2025-13", "2025年0月", "2025Q5", "六月", "2025年1—13月", "25年6月"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="不是期别"):
        Period.parse(text)


def test_periods_are_half_open_and_know_the_year_before() -> None:
    assert Period.parse("2025-12") == Period(date(2025, 12, 1), date(2026, 1, 1), "month")
    assert Period.parse("2025Q4").end == date(2026, 1, 1)
    assert Period.parse("2025年1—6月").year_before().code == "2024-01/06"
    assert Period.parse("2025").last_month == 12
    assert Period.rolling(2025, 12).year_before() == Period.rolling(2024, 12)


@pytest.mark.parametrize(("month", "spoken"), [(3, "一季度"), (6, "上半年"), (9, "前三季度"), (12, ""), (8, "1—8月")])
def test_a_period_as_a_report_says_it(month: int, spoken: str) -> None:
    assert Period.ytd(2025, month).spoken == f"2025年{spoken}"
    assert Period.parse("2025Q1").spoken == "2025年一季度"


# ---- quantities -----------------------------------------------------------------------------------------------------


@given(st.integers(-(2**63 - 1), 2**63 - 1))
def test_micro_units_come_back_exactly(micro: int) -> None:
    assert to_micro(from_micro(micro)) == micro


def test_quantities_are_rounded_half_up_and_bounded() -> None:
    assert to_micro(Decimal("0.0000005")) == 1
    assert to_micro(Decimal("-0.0000005")) == -1
    assert to_micro(Decimal("123456789012.123456")) == 123456789012123456
    assert to_micro(Decimal("9223372036854.775807")) == 2**63 - 1
    for wrong in ("9223372036854.775808", "-9223372036854.775808", "1e30", "1e999999"):
        with pytest.raises(QuantityOverflow, match="超出平台可存的范围"):
            to_micro(Decimal(wrong))
    for wrong in ("NaN", "Infinity"):
        with pytest.raises(InputError, match="不是有限的数"):
            to_micro(Decimal(wrong))


@pytest.mark.parametrize(
    ("quantity", "unit", "dimension", "base"),
    [
        ("1", "吨", "mass", "1"),
        ("1", "万吨", "mass", "10000"),
        ("1", "万千瓦时", "electricity", "1"),
        ("21.77", "亿千瓦时", "electricity", "217700"),
        ("1", "万立方米", "gas", "10000"),
        ("1", "GJ", "heat", "1"),
        ("1", "吨标准煤", "energy", "1"),
        ("1", "kgce", "energy", "0.001"),
        ("1", "亿元", "money", "10000"),
        ("1", " 万 kWh ", "electricity", "1"),
        ("1", "百万千焦", "heat", "1"),
        ("3", "万人", "persons", "30000"),
    ],
)
def test_units_as_people_write_them(quantity: str, unit: str, dimension: str, base: str) -> None:
    assert to_base(Decimal(quantity), unit, dimension) == Decimal(base)


def test_a_unit_that_is_unknown_or_of_another_dimension() -> None:
    with pytest.raises(InputError, match="不认识计量单位“桶”"):
        unit_of("桶")
    with pytest.raises(InputError, match="应为可换算到 t 的单位"):
        to_base(Decimal(1), "立方米", "mass")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.50", "1234.50"), (" −3 ", "-3"), ("1，000", "1000"), ("1e3", "1000"), ("-12,345,678.5", "-12345678.5")],
)
def test_a_decimal_as_people_write_it(text: str, value: str) -> None:
    assert decimal_of(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "一", "NaN", "inf", "1.2.3", "1,5", "1,2345", "1,234,5", "1.234,567", ",5", "1_000"])
def test_what_is_no_decimal(text: str) -> None:
    with pytest.raises(InputError):
        decimal_of(text)


# ---- figures --------------------------------------------------------------------------------------------------------


def test_a_status_only_gets_worse() -> None:
    assert worst([]) is Status.OK
    assert worst([Status.ESTIMATED, Status.MISSING, Status.OK]) is Status.MISSING
    assert [status.label for status in Status] == ["已核定", "估算", "不完整", "缺报"]


def test_marks_of_a_rule_row() -> None:
    def marks(evidence: str) -> tuple[bool, bool]:
        row = RuleRow("p", "a", "1", "文一", evidence)
        return row.recalled, row.demonstration

    assert [marks(evidence) for evidence in ("text", "recalled", "demonstration")] == [(False, False), (True, False), (False, True)]
