"""Forms: reading cells, sums, what is missing, periods. Values at, under and over each bound."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shuangkong.core import forms as f
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

FLOWS = f.Table(
    "t", "表", "fixed",
    (
        f.Column("coal", "原煤", "吨", decimals=3), f.Column("rate", "比率", "%", "ratio", signed=True),
        f.Column("note", "注", kind="text"),
        f.Column("count", "数", "台", "integer", required=True), f.Column("pick", "选", kind="choice", choices=("是", "否")),
        f.Column("day", "日", kind="date"),
    ),
    (
        f.Line("total", "合计", sum_of=(("net", 1), ("c", 1))), f.Line("net", "净", sum_of=(("a", 1), ("b", -1))),
        f.Line("a", "甲", level=1), f.Line("b", "乙", level=1, not_applicable=("count",)), f.Line("c", "丙", unit="千克"),
    ),
)  # fmt: skip
ROWS = f.Table("r", "明细", "repeating", (f.Column("name", "名称", kind="text", required=True), f.Column("value", "数", "吨")))
FORM = f.Form(
    "x", "1", "试表", date(2025, 1, 1), date(2026, 1, 1), "ytd", "county", ("city",), ("stat",), f.Deadline(10), "statistics",
    f.Basis("法", "条", "text"), (FLOWS, ROWS), months=(3, 6, 9),
)  # fmt: skip


def read(raw: dict[str, str]) -> f.Reading:
    return f.read_cells(FORM, raw)


def fault(address: str, text: str) -> str:
    (found,) = read({address: text}).faults
    assert found.address == address
    return found.text


def test_cells_become_canonical_and_sums_are_made_anew() -> None:
    reading = read({"t.a.coal": " 1,000.50 ", "t.b.coal": "0.5", "t.c.coal": "0", "t.total.coal": "7", "r.r2.name": "<b>", "t.a.note": " "})
    assert reading.faults == ()
    assert reading.cells == {
        "t.a.coal": "1000.5", "t.b.coal": "0.5", "t.c.coal": "0", "t.net.coal": "1000", "t.total.coal": "1000", "r.r2.name": "<b>",
    }  # fmt: skip


def test_a_sum_with_a_missing_part_is_absent_never_zero() -> None:
    assert "t.net.coal" not in f.compute(FORM, {"t.a.coal": "1", "t.net.coal": "9"})
    assert "t.total.coal" not in f.compute(FORM, {"t.a.coal": "1", "t.b.coal": "1"})
    assert f.compute(FORM, {"t.a.count": "3", "t.c.count": "4"})["t.total.count"] == "7"  # a part that does not apply is no part


def test_sums_are_exact() -> None:
    cells = f.compute(FORM, {"t.a.coal": "999999999999999.123", "t.b.coal": "0.001", "t.c.coal": "0"})
    assert cells["t.total.coal"] == "999999999999999.122"


def test_rates_and_words_are_not_summed() -> None:
    cells = f.compute(FORM, {"t.a.rate": "1", "t.b.rate": "1", "t.a.note": "x", "t.b.note": "y"})
    assert not any(address.startswith(("t.net", "t.total")) for address in cells)
    assert FORM.place("t.net.rate") is None


@pytest.mark.parametrize(
    ("address", "text", "words"),
    [
        ("t.a.coal", "一百", "不是数"), ("t.a.coal", "1.2345", "多于 3 位"), ("t.a.coal", "-1", "负数"), ("t.a.count", "1.5", "不是整数"),
        ("t.a.coal", "1e15", "数太大"), ("t.a.pick", "也许", "可选：是、否"), ("t.a.day", "2026年3月", "不是日期"),
        ("t.a.note", "长" * 501, "文字太长"), ("t.b.count", "1", "没有这个格"), ("t.x.coal", "1", "没有这个格"),
        ("t.a.x", "1", "没有这个格"),
        ("t.a", "1", "没有这个格"), ("x.a.coal", "1", "没有这个格"), ("r.r301.value", "1", "没有这个格"), ("r.r0.value", "1", "没有这个格"),
        ("r.a.value", "1", "没有这个格"), ("t.a.coal", "NaN", "有限"),
    ],
)  # fmt: skip
def test_what_is_wrong_at_a_cell_is_said(address: str, text: str, words: str) -> None:
    assert words in fault(address, text)


@pytest.mark.parametrize(
    ("address", "text", "kept"),
    [
        ("t.a.coal", "1.234", "1.234"), ("t.a.coal", "999999999999999", "999999999999999"), ("t.a.rate", "-1.5", "-1.5"),
        ("t.a.coal", "-0", "0"),
        ("t.a.coal", "100", "100"), ("t.a.pick", "是", "是"), ("t.a.day", "2026-03-31", "2026-03-31"), ("t.a.note", "长" * 500, "长" * 500),
        ("r.r300.value", "0.10", "0.1"), ("t.a.count", "12", "12"),
    ],
)  # fmt: skip
def test_what_is_right_is_kept(address: str, text: str, kept: str) -> None:
    assert read({address: text}).cells[address] == kept


def test_required_cells_of_lines_and_of_rows_that_were_begun() -> None:
    found = {each.address for each in f.missing_required(FORM, {"t.a.count": "1", "r.r1.name": "甲", "r.r12.value": "1"})}
    assert found == {"t.c.count", "r.r12.name"}
    required = replace(FORM, tables=(replace(FLOWS, lines=(f.Line("a", "甲", required=True),)),))
    assert "t.a.coal" in {each.address for each in f.missing_required(required, {})}


def test_rows_are_in_the_order_of_their_numbers() -> None:
    assert f.rows_of(ROWS, {"r.r10.name": "", "r.r2.name": "", "t.a.coal": ""}) == ["r2", "r10"]


def test_words_for_addresses() -> None:
    assert FORM.title_of("t.a.coal") == "表 甲 原煤"
    assert FORM.title_of("r.r2.name") == "明细 第2行 名称"
    assert FORM.title_of("no") == "no"
    assert (FORM.table("r"), FORM.table("x")) == (ROWS, None)
    assert FLOWS.unit(FLOWS.lines[4], FLOWS.columns[0]) == "千克"
    assert FLOWS.unit(FLOWS.lines[2], FLOWS.columns[0]) == "吨"
    assert FLOWS.unit(FLOWS.lines[2], FLOWS.columns[2]) == ""
    assert f.CellFault("a", "甲", do="乙").text == "甲；乙"


def test_a_line_that_is_no_line_is_left_out_of_a_sum() -> None:
    broken = replace(FORM, tables=(f.Table("t", "表", "fixed", (f.Column("coal", "煤"),), (f.Line("s", "和", sum_of=(("x", 1),)),)),))
    assert f.compute(broken, {}) == {"t.s.coal": "0"}


def test_plain_writes_no_exponent() -> None:
    assert [f.plain(Decimal(text)) for text in ("1E+5", "-0.0", "1.10", "0")] == ["100000", "0", "1.1", "0"]


def test_changes_name_both_values() -> None:
    assert f.changes({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == {"a": ("1", None), "b": ("2", "3"), "c": (None, "4")}


def test_an_edition_serves_periods_by_their_last_day() -> None:
    assert FORM.applies(Period.ytd(2025, 12))
    assert not FORM.applies(Period.month(2026, 1))
    assert not FORM.applies(Period.month(2024, 12))
    assert replace(FORM, applies_to=None).applies(Period.year(2030))


@pytest.mark.parametrize(
    ("kind", "months", "codes"),
    [
        ("ytd", (3, 6), ["2025-01/03", "2025-01/06"]), ("year", (), ["2025"]), ("quarter", (), ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]),
        ("month", (2, 3), ["2025-02", "2025-03"]),
    ],
)  # fmt: skip
def test_periods_of_a_year(kind: str, months: tuple[int, ...], codes: list[str]) -> None:
    form = replace(FORM, period_kind=kind, months=months)
    assert [period.code for period in f.periods_of(form, 2025)] == codes
    assert f.periods_of(form, 2026) == []


@pytest.mark.parametrize(
    ("kind", "months", "period", "before"),
    [
        ("ytd", (3, 6), Period.ytd(2025, 6), "2025-01/03"), ("ytd", (3, 6), Period.ytd(2025, 3), None),
        ("year", (), Period.year(2025), "2024"), ("quarter", (), Period.quarter(2025, 2), "2025Q1"),
        ("quarter", (), Period.quarter(2025, 1), "2024Q4"), ("month", (), Period.month(2025, 5), "2025-04"),
        ("month", (), Period.month(2025, 1), "2024-12"), ("month", (2, 11), Period.month(2025, 2), "2024-11"),
    ],
)  # fmt: skip
def test_the_period_before(kind: str, months: tuple[int, ...], period: Period, before: str | None) -> None:
    found = f.period_before(replace(FORM, period_kind=kind, months=months), period)
    assert (found.code if found else None) == before


def test_columns_that_are_no_number_raise_for_numbers_only() -> None:
    with pytest.raises(InputError):
        f.canonical(f.Column("a", "甲", kind="integer"), "x")
