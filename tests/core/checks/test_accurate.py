"""Accurate (准), each at its edge and beyond."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shuangkong.core.checks import Group, Limit
from shuangkong.core.checks.findings import NotApplicable
from shuangkong.core.periods import Period

from .kit import FORM, SEPTEMBER, form_of, found, months, of

BALANCE: dict[str, Any] = {
    "table": "use", "across": "lines", "available": ["bought", "-stock"], "used": ["used"], "needed": ["bought", "used"],
    "tolerance_percent": {"coal": "3", "power": "1"},
}  # fmt: skip


@pytest.mark.parametrize(("used", "raised"), [("97", False), ("103", False), ("96.99", True), ("103.01", True)])
def test_the_balance_at_its_tolerance(used: str, raised: bool) -> None:
    said = found("balance_difference", of({"use.coal.bought": "110", "use.coal.stock": "10", "use.coal.used": used}), **BALANCE)
    assert bool(said) is raised
    assert all("原煤可供量100" in words and "容许3%" in words for words in said)


def test_a_balance_without_supply_has_no_share() -> None:
    assert found("balance_difference", of({"use.coal.bought": "0", "use.coal.used": "5"}), **BALANCE) == [
        "原煤可供量0，去向合计5，平衡差额-5，容许3%。"
    ]


def test_products_across_columns_and_unknown_tables() -> None:
    down = {**BALANCE, "table": "sums", "across": "columns", "available": ["in"], "used": ["out"], "needed": ["in", "out"]}
    assert found("balance_difference", of({"sums.in.coal": "10", "sums.out.coal": "5"}), **down)[0].startswith("原煤可供量10")
    with pytest.raises(NotApplicable, match="没有一个品种"):
        found("balance_difference", of({"use.coal.bought": "1"}), **BALANCE)
    nothing = {**down, "table": "gone", "needed": [], "tolerance_percent": {"coal": "1"}}
    assert found("balance_difference", of({}), **nothing) == []


def test_a_product_that_the_table_lacks_is_called_by_its_key() -> None:
    gone = {**BALANCE, "table": "gone", "needed": []}
    of_nothing = of({"gone.coal.bought": "3"})
    assert found("balance_difference", of_nothing, **gone) == []


PARTS: dict[str, Any] = {"total": "sums.in.coal", "parts": ["use.coal.used", "use.coal.bought"], "tolerance_percent": "1"}


@pytest.mark.parametrize(("first", "raised"), [("50", False), ("51", False), ("51.01", True), ("49", False), ("48.99", True)])
def test_parts_against_their_total(first: str, raised: bool) -> None:
    on = of({"sums.in.coal": "100", "use.coal.used": first, "use.coal.bought": "50"})
    assert bool(found("parts_against_total", on, **PARTS)) is raised


def test_parts_that_are_not_all_there() -> None:
    with pytest.raises(NotApplicable, match="合计或分项"):
        found("parts_against_total", of({"sums.in.coal": "100"}), **PARTS)
    with pytest.raises(NotApplicable, match="没有填全"):
        found("parts_against_total", of({"sums.in.coal": "100", "use.coal.used": "90"}), **PARTS)
    over = of({"sums.in.coal": "100", "use.coal.used": "120"})
    assert found("parts_against_total", over, **PARTS) == ["分项之和120，合计100，相差20。"]
    part = {**PARTS, "at_most": "true"}
    assert found("parts_against_total", of({"sums.in.coal": "100", "use.coal.used": "90"}), **part) == []
    assert found("parts_against_total", over, **part)


@pytest.mark.parametrize(("year", "raised"), [("1212", False), ("1188", False), ("1212.1", True), ("1187.9", True)])
def test_the_year_against_its_months(year: str, raised: bool) -> None:
    history = [(period, {"use.coal.used": "100"}) for period in months(12, Period.month(2025, 12))]
    history += [(Period.month(2024, 12), {"use.coal.used": "9"}), (Period.quarter(2025, 1), {"use.coal.used": "300"})]
    on = of({"use.coal.used": year, "use.gas.used": "1"}, period=Period.year(2025), history=history)
    assert bool(found("months_against_year", on, cells=["use.*.used"], tolerance_percent="1")) is raised


def test_a_year_without_all_months_is_not_asked() -> None:
    history = [(period, {"use.coal.used": "100"}) for period in months(11, Period.month(2025, 12))]
    on = of({"use.coal.used": "900"}, period=Period.year(2025), history=history)
    with pytest.raises(NotApplicable):
        found("months_against_year", on, cells=["use.*.used"], tolerance_percent="1")


METER: dict[str, Any] = {"cells": ["use.power.used"], "tolerance_percent": "3", "early_percent": "35"}


@pytest.mark.parametrize(
    ("filed", "before", "metered", "raised"),
    [
        ("103", None, "100", False), ("103.1", None, "100", True), ("97", None, "100", False), ("96.9", None, "100", True),
        # read early: half a month that ran at half the load explains a low count, but not a high one
        ("100", "50", "84", False), ("100", "50", "79", True), ("100", "50", "105", True), ("5", None, "0", True), ("0", None, "0", False),
    ],
)  # fmt: skip
def test_filed_against_metered(filed: str, before: str | None, metered: str, raised: bool) -> None:
    previous = {"use.power.used": before} if before else None
    on = of({"use.power.used": filed}, previous=previous, metered={"use.power.used": Decimal(metered)})
    assert bool(found("against_metered", on, **METER)) is raised


def test_without_a_meter_it_is_silent() -> None:
    with pytest.raises(NotApplicable, match="计量数"):
        found("against_metered", of({"use.power.used": "1"}), **METER)


@pytest.mark.parametrize(("filed", "raised"), [("101", False), ("99", False), ("101.1", True)])
def test_filed_against_issued(filed: str, raised: bool) -> None:
    on = of({"use.power.used": filed, "use.coal.used": "7"}, issued={"use.power.used": Decimal(100)})
    said = found("against_issued", on, cells=["use.*.used"], tolerance_percent="1")
    assert said == (["消费 电力 消费填报101.1，核定数100，相差1.1。"] if raised else [])
    with pytest.raises(NotApplicable, match="核定数"):
        found("against_issued", of({"use.power.used": "1"}), cells=["use.*.used"], tolerance_percent="1")


JUMP: dict[str, Any] = {"cells": ["use.*.used"], "on_previous_percent": "50", "on_year_ago_percent": "80"}


@pytest.mark.parametrize(
    ("now", "previous", "year_ago", "raised"),
    [
        ("150", "100", None, False), ("151", "100", None, True), ("49", "100", None, True), ("180", None, "100", False),
        ("181", None, "100", True), ("181", "100", "150", False), ("281", "100", "150", True),
    ],
)  # fmt: skip
def test_a_jump_is_large_on_all_that_is_known(now: str, previous: str | None, year_ago: str | None, raised: bool) -> None:
    beside = {
        "previous": {"use.coal.used": previous} if previous else None,
        "year_ago": {"use.coal.used": year_ago} if year_ago else None,
    }
    assert bool(found("jump", of({"use.coal.used": now}, **beside), **JUMP)) is raised


def test_nothing_to_jump_from() -> None:
    with pytest.raises(NotApplicable):
        found("jump", of({"use.coal.used": "1"}), **JUMP)


def test_rows_of_a_repeating_table_are_found_by_their_product() -> None:
    previous = {"made.r1.product": "砖", "made.r1.amount": "10", "made.r2.product": "水泥", "made.r2.amount": "500"}
    on = of({"made.r1.product": "水泥", "made.r1.amount": "520", "made.r2.product": "瓦", "made.r2.amount": "9"}, previous=previous)
    assert found("jump", on, cells=["made.*.amount"], on_previous_percent="5", on_year_ago_percent="5") == []


WHOLE: dict[str, Any] = {"cells": ["use.*.used"], "tolerance_percent": "3"}


def region(whole: dict[str, str] | None, **filed: str) -> Group:
    return Group(FORM, SEPTEMBER, {"a": "甲县", "b": "乙县"}, {code: {"use.coal.used": value} for code, value in filed.items()}, whole)


@pytest.mark.parametrize(("whole", "raised"), [("100", False), ("103", False), ("103.1", True), ("97", True)])
def test_the_counties_against_the_city(whole: str, raised: bool) -> None:
    assert bool(found("children_against_whole", region({"use.coal.used": whole}, a="40", b="60"), **WHOLE)) is raised


def test_counties_that_are_missing_are_no_zero() -> None:
    with pytest.raises(NotApplicable, match="本级没有报"):
        found("children_against_whole", region(None, a="1", b="1"), **WHOLE)
    with pytest.raises(NotApplicable, match="乙县"):
        found("children_against_whole", region({"use.coal.used": "100"}, a="40"), **WHOLE)
    assert found("children_against_whole", region({"use.coal.used": "1", "use.gas.used": "100"}, a="0.5", b="0.5"), **WHOLE) == []


UNIT: dict[str, Any] = {
    "table": "made", "product": "product", "used": "energy", "made": "amount", "made_in": "unit", "factor": "1000", "unit": "kgce/t",
}  # fmt: skip
CEMENT = Limit("水泥", Decimal(94), "kgce/t", "GB 16780 表1")


def product(energy: str, amount: str = "1000", name: str = "水泥", unit: str = "吨") -> dict[str, str]:
    return {"made.r1.product": name, "made.r1.unit": unit, "made.r1.amount": amount, "made.r1.energy": energy}


@pytest.mark.parametrize(("energy", "raised"), [("94", False), ("94.01", True), ("93.99", False)])
def test_unit_consumption_at_its_limit(energy: str, raised: bool) -> None:
    said = found("unit_limit", of(product(energy), limits={"水泥": CEMENT}), **UNIT)
    assert said == ([f"水泥单耗{energy} kgce/t，限额94（GB 16780 表1）。"] if raised else [])


@pytest.mark.parametrize(
    "cells",
    [product("99", name="砖"), product("99", amount="0"), product("99", unit="件"), {"made.r1.product": "水泥", "made.r1.amount": "1"}, {}],
)
def test_no_limit_fits(cells: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        found("unit_limit", of(cells, limits={"水泥": CEMENT}), **UNIT)


def test_a_limit_in_another_unit_and_a_table_that_is_not_there() -> None:
    with pytest.raises(NotApplicable):
        found("unit_limit", of(product("99"), limits={"水泥": Limit("水泥", Decimal(1), "kWh/t", "x")}), **UNIT)
    with pytest.raises(NotApplicable):
        found("unit_limit", of({"gone.r1.energy": "1"}), **{**UNIT, "table": "gone"})


def test_fixed_lines_are_their_own_product() -> None:
    lines = {"table": "use", "product": "none", "used": "used", "made": "bought", "factor": "1", "unit": "t/t"}
    limits = {"原煤": Limit("原煤", Decimal(2), "t/t", "试")}
    assert found("unit_limit", of({"use.coal.used": "5", "use.coal.bought": "2"}, limits=limits), **lines) == [
        "原煤单耗2.50 t/t，限额2（试）。"
    ]


def peers(count: int) -> list[dict[str, str]]:
    return [product(str(90 + number)) for number in range(count)]


@pytest.mark.parametrize(("energy", "raised"), [("94", False), ("104", False), ("104.1", True), ("83.9", True)])
def test_unit_consumption_against_peers(energy: str, raised: bool) -> None:
    """Nine peers at 90 to 98: median 94, median distance 2; five of them off is 10."""
    said = found("unit_peers", of(product(energy), peers=peers(9)), **UNIT, peers_least="9", spread="5")
    assert bool(said) is raised


def test_too_few_peers() -> None:
    with pytest.raises(NotApplicable, match="不到10家"):
        found("unit_peers", of(product("999"), peers=peers(9)), **UNIT, peers_least="10")


def test_a_form_that_is_cumulative_is_taken_apart() -> None:
    form = form_of("ytd", months=(3, 6, 9))
    history = [(Period.ytd(2025, 9), {"use.coal.used": "90"}), (Period.ytd(2026, 3), {"use.coal.used": "40"})]
    on = of({"use.coal.used": "100"}, form=form, period=Period.ytd(2026, 6), history=history)
    assert [value for _, value in on.series("use.coal.used")] == [Decimal(90), Decimal(40), Decimal(60)]
    assert on.series("use.coal.used")[-1][0].start.month == 4
