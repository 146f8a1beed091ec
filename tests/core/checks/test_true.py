"""True (真): each at its edge, and silent where it does not apply."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shuangkong.core.checks import Limit
from shuangkong.core.checks.findings import NotApplicable
from shuangkong.core.checks.statistics import at_least, decimals, median, significant_digits, usual_deviation
from shuangkong.core.periods import Period

from .kit import form_of, found, of, over_time, wobble

USED = "use.coal.used"
REPEATED: dict[str, Any] = {
    "cells": [USED], "periods": "12", "times": "3", "digits": "3", "past_least": "12", "chance_ppm": "20", "varies_percent": "5",
}  # fmt: skip


@pytest.mark.parametrize(("again", "raised"), [(1, False), (2, True), (3, True)])
def test_the_same_figure_again(again: int, raised: bool) -> None:
    said = found("repeated_values", over_time(USED, [*wobble(20), *["1012.34"] * again, "1012.34"]), **REPEATED)
    assert said == ([f"消费 原煤 消费1,012.34，最近12期中第{again + 1}次出现，一位不差。"] if raised else [])


def test_a_coarse_figure_comes_again_by_chance() -> None:
    assert found("repeated_values", over_time(USED, ["101", "103", "102", "105", "104", "103", "103"]), **REPEATED) == []


def test_who_always_filed_the_same_is_left_alone() -> None:
    with pytest.raises(NotApplicable):
        found("repeated_values", over_time(USED, ["500.5"] * 30), **REPEATED)
    assert found("repeated_values", over_time(USED, ["500.5"] * 12), **REPEATED)


@pytest.mark.parametrize("values", [["1.5"] * 5, ["0"] * 5, ["101.5"]])
def test_short_figures_and_short_pasts_say_nothing(values: list[str]) -> None:
    with pytest.raises(NotApplicable):
        found("repeated_values", over_time(USED, values), **REPEATED)


COPIED: dict[str, Any] = {"cells": ["use.*.*"], "beside": "year_ago", "digits": "4", "least": "2", "share_percent": "40"}
LAST = {"use.coal.used": "1012.3", "use.power.used": "55.12", "use.gas.used": "7.031", "use.coal.bought": "999.1", "use.gas.bought": "8.8"}


@pytest.mark.parametrize(("equal", "raised"), [(1, False), (2, True), (3, True)])
def test_last_years_figures(equal: int, raised: bool) -> None:
    cells = {address: value if at < equal else f"{value}7" for at, (address, value) in enumerate(LAST.items())}
    assert bool(found("copied_cells", of(cells, year_ago=LAST), **COPIED)) is raised


def test_a_small_share_of_equal_figures_is_no_copy() -> None:
    five = {**LAST, "use.gas.bought": "8.812", "use.power.bought": "71.23"}
    cells = {address: value if at < 2 else f"{value}7" for at, (address, value) in enumerate(five.items())}
    assert found("copied_cells", of(cells, year_ago=five), **COPIED) == []


def test_last_periods_figures_and_figures_filed_twice() -> None:
    same = {"use.coal.used": "1012.3", "use.coal.bought": "1012.3"}
    previous = {**COPIED, "beside": "previous"}
    with pytest.raises(NotApplicable):
        found("copied_cells", of(same, previous=same), **previous)
    assert found("copied_cells", of(LAST, previous=LAST), **previous) == ["可比的4格中，有4格与上期一位不差。"]
    with pytest.raises(NotApplicable):
        found("copied_cells", of(LAST), **previous)


SCALED: dict[str, Any] = {"cells": ["use.*.*"], "beside": "year_ago", "digits": "3", "least": "3", "within_ppm": "4000"}
EXACT = {"use.coal.used": "100.1", "use.coal.bought": "2001", "use.gas.used": "3003"}


@pytest.mark.parametrize(("last", "raised"), [("104.104", True), ("104.5204", True), ("104.53", False)])
def test_everything_times_one_factor(last: str, raised: bool) -> None:
    """1.04 for two; the third at 1.04, at 0.4 % above that, and a little more."""
    cells = {"use.coal.used": last, "use.coal.bought": "2081.04", "use.gas.used": "3123.12"}
    assert bool(found("scaled_copy", of(cells, year_ago=EXACT), **SCALED)) is raised


def test_a_plain_copy_and_signs_are_left_to_others() -> None:
    for cells in (EXACT, {**EXACT, "use.coal.used": "-1010"}):
        with pytest.raises(NotApplicable, match="相同或有负数"):
            found("scaled_copy", of(cells, year_ago=EXACT), **SCALED)
    assert found("scaled_copy", of({**EXACT, "use.gas.used": "9010"}, year_ago=EXACT), **SCALED) == []
    with pytest.raises(NotApplicable, match="太少"):
        found("scaled_copy", of({"use.coal.used": "1041"}, year_ago=EXACT), **SCALED)


ROUND: dict[str, Any] = {
    "cells": [USED], "digits": "2", "periods": "3", "least": "3", "past_least": "12", "usual_percent": "2", "chance_ppm": "200",
}  # fmt: skip


@pytest.mark.parametrize(("last", "raised"), [(["1100", "990", "1200"], True), (["1100", "990", "1203"], False)])
def test_suddenly_round(last: list[str], raised: bool) -> None:
    assert bool(found("round_values", over_time(USED, [*wobble(20), *last]), **ROUND)) is raised


def test_a_habit_of_rounding_is_not_sudden() -> None:
    rounds = [str(round(Decimal(value), -2).normalize().__format__("f")) for value in wobble(20, spread="0.5")]
    assert found("round_values", over_time(USED, [*rounds, "1203.11", "1100", "990", "1200"]), **ROUND) == []
    with pytest.raises(NotApplicable, match="以前的期数太少"):
        found("round_values", over_time(USED, [*wobble(11), "1100", "990", "1200"]), **ROUND)
    assert found("round_values", over_time(USED, [*wobble(12), "1100", "990", "1200"]), **{**ROUND, "chance_ppm": "400"})
    with pytest.raises(NotApplicable):
        found("round_values", over_time(USED, ["11", "12", "13", "14"]), **ROUND)


LASTS: dict[str, Any] = {"cells": [USED], "periods": "40", "least": "40", "digits": "4", "critical": "33.7", "past_critical": "14.7"}


def with_last(digit: int | None, count: int) -> list[str]:
    return [f"{1000 + (at * 37) % 91}.{at % 10 if digit is None else digit}" for at in range(count)]


def test_last_digits_that_are_even_and_that_are_not() -> None:
    assert found("last_digit", over_time(USED, with_last(None, 40)), **LASTS) == []
    mixed = [*with_last(5, 20), *with_last(None, 20)]
    assert found("last_digit", over_time(USED, mixed), **LASTS) == ["40个数的末位分布不匀（χ²=90.0，界限33.7）：末位是5的有22个。"]


def test_last_digits_at_the_critical_value() -> None:
    """Eight fives too many of 40: classes of 4; χ² is (8² + 9 × …)/4, known by hand for this sample."""
    sample = over_time(USED, [*with_last(5, 8), *with_last(None, 32)])
    with_edge = {**LASTS, "critical": "20"}
    assert bool(found("last_digit", sample, **with_edge)) is False
    assert found("last_digit", sample, **{**LASTS, "critical": "11"})


def test_last_digits_are_silent_on_few_short_or_always_uneven_figures() -> None:
    for values in (with_last(5, 39), ["12.5"] * 60, with_last(5, 80)):
        with pytest.raises(NotApplicable):
            found("last_digit", over_time(USED, values), **LASTS)
    assert found("last_digit", over_time(USED, [*with_last(None, 40), *with_last(5, 40)]), **LASTS)


FIRSTS: dict[str, Any] = {"cells": ["use.*.*", "made.*.*"], "least": "100", "range_least": "1000", "critical": "26.1"}


def many(values: list[str]) -> dict[str, str]:
    return {f"made.r{at + 1}.amount": value for at, value in enumerate(values)}


def test_first_digits_of_a_wide_sample() -> None:
    powers = [str(round(Decimal(10) ** (Decimal(at) / 25), 4)) for at in range(100)]
    assert found("first_digit", of(many(powers)), **FIRSTS) == []
    nines = [f"{9 if at % 2 else 8}{'0' * (at % 5)}" for at in range(100)]
    assert found("first_digit", of(many([*nines, "0"])), **FIRSTS)[0].startswith("100个数的首位分布与常见规律不符")


@pytest.mark.parametrize(("values", "words"), [(["1"] * 99, "不到100个"), (["1", "999", *["7"] * 98], "不到最小数的1000倍")])
def test_first_digits_are_silent_on_few_or_narrow_figures(values: list[str], words: str) -> None:
    with pytest.raises(NotApplicable) as caught:
        found("first_digit", of(many(values)), **FIRSTS)
    assert words in str(caught.value)


EVEN: dict[str, Any] = {"cells": [USED], "of": "change", "periods": "6", "past_least": "18", "share_percent": "20", "floor_percent": "1"}


def test_suddenly_even() -> None:
    assert found("too_even", over_time(USED, wobble(32)), **EVEN) == []
    said = found("too_even", over_time(USED, [*wobble(26), *wobble(7, spread="0.003")]), **EVEN)
    assert said and said[0].startswith("消费 原煤 消费最近6期环比的波动为")


def test_even_growth_on_last_year() -> None:
    base = wobble(36)
    scaled = [str(round(Decimal(value) * Decimal("1.03"), 2)) for value in base[24:]]
    yearly = {**EVEN, "of": "year_on_year", "past_least": "12"}
    assert found("too_even", over_time(USED, [*base, *scaled]), **yearly)
    assert found("too_even", over_time(USED, wobble(48)), **yearly) == []


def test_a_fixed_ratio_to_another_cell() -> None:
    ratio = {**EVEN, "of": "ratio", "beside": "use.power.used"}
    coal, power = wobble(30), wobble(30, middle="77", spread="0.02")
    rows = list(zip(coal[:24], power[:24], strict=True)) + [(value, str(Decimal(value) / 10)) for value in coal[24:]]
    on = over_time(USED, coal, **{"use.power.used": rows[-1][1]})
    history = [(period, {USED: a, "use.power.used": b}) for (period, _), (a, b) in zip(on.history, rows[:-1], strict=True)]
    assert found("too_even", of(dict(on.cells), history=history), **ratio)
    with pytest.raises(NotApplicable):
        found("too_even", over_time(USED, coal), **{**ratio, "beside": USED})


@pytest.mark.parametrize("values", [wobble(20), wobble(32, spread="0.0005"), ["0"] * 40])
def test_it_needs_a_past_that_moved(values: list[str]) -> None:
    with pytest.raises(NotApplicable):
        found("too_even", over_time(USED, values), **EVEN)


def test_quarters_are_compared_with_quarters_and_added_months_with_months() -> None:
    form = form_of("ytd", months=tuple(range(1, 13)))
    total, history = Decimal(0), []
    values = [*wobble(29), *wobble(7, spread="0.002")]
    for at, value in enumerate(values):
        total = Decimal(value) if at % 12 == 0 else total + Decimal(value)
        history.append((Period.ytd(2023 + at // 12, at % 12 + 1), {USED: str(total)}))
    period, cells = history.pop()
    assert found("too_even", of(cells, form=form, period=period, history=history), **EVEN)


CAPPED: dict[str, Any] = {
    "cells": [USED], "periods": "8", "past_least": "18", "within_percent": "2", "least": "4", "chance_ppm": "1000",
}  # fmt: skip


@pytest.mark.parametrize(("stuck", "raised"), [(3, False), (6, True)])
def test_values_that_stop_at_a_line(stuck: int, raised: bool) -> None:
    capped = [*wobble(24, spread="0.4"), *wobble(8 - stuck, middle="700", spread="0.2"), *wobble(stuck, middle="1090", spread="0.008")]
    assert bool(found("capped", over_time(USED, capped), **CAPPED)) is raised


def test_values_that_never_went_over_have_no_line() -> None:
    assert found("capped", over_time(USED, [*wobble(24, middle="700", spread="0.1"), *["1090"] * 8]), **CAPPED) == []
    with pytest.raises(NotApplicable):
        found("capped", over_time(USED, wobble(25)), **CAPPED)


BELOW: dict[str, Any] = {"cells": [USED], "lines": ["5000", "10000"], "within_percent": "1"}


@pytest.mark.parametrize(("value", "raised"), [("4950", True), ("4999.99", True), ("4949", False), ("5000", False), ("9950", True)])
def test_just_below_a_line(value: str, raised: bool) -> None:
    assert bool(found("just_below", of({USED: value}), **BELOW)) is raised


NARROW: dict[str, Any] = {
    "within_percent": "2",
    "unit": {"table": "made", "product": "product", "used": "energy", "made": "amount", "factor": "1000", "unit": "kgce/t"},
    "metered": {"cells": ["use.power.used"], "tolerance_percent": "3", "early_percent": "0"},
}
CEMENT = {"水泥": Limit("水泥", Decimal(94), "kgce/t", "GB 16780 表1")}


def cement(energy: str, power: str = "100") -> dict[str, str]:
    return {"made.r1.product": "水泥", "made.r1.amount": "1000", "made.r1.energy": energy, "use.power.used": power}


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [("99", "94", True), ("99", "92.12", True), ("99", "92.11", False), ("99", "96", False), ("94", "93", False)],
)
def test_after_a_return_it_only_just_passes(before: str, after: str, raised: bool) -> None:
    on = of(cement(after), before_return=cement(before), limits=CEMENT)
    assert bool(found("narrow_pass", on, **NARROW)) is raised


@pytest.mark.parametrize(("after", "raised"), [("103", True), ("102.95", True), ("102.9", False), ("100", False)])
def test_after_a_return_it_just_meets_the_meter(after: str, raised: bool) -> None:
    on = of(cement("50", after), before_return=cement("50", "140"), metered={"use.power.used": Decimal(100)})
    assert bool(found("narrow_pass", on, **NARROW)) is raised


def test_without_a_return_or_without_lines_it_says_nothing() -> None:
    with pytest.raises(NotApplicable):
        found("narrow_pass", of(cement("99")), **NARROW)
    assert found("narrow_pass", of(cement("99"), before_return=cement("94")), within_percent="2") == []
    assert found("narrow_pass", of(cement("93"), before_return={}, limits=CEMENT), **NARROW) == []


HOURS: dict[str, Any] = {"table": "made", "hours": "hours", "made": "amount", "days": "run.days.value"}


@pytest.mark.parametrize(
    ("hours", "days", "amount", "said"),
    [
        ("720", "30", "5", []), ("720.5", None, "5", ["运行720.5小时，本期只有720小时。"]),
        ("481", "20", "5", ["运行481小时，20个生产日只有480小时。"]), ("480", "20", "5", []),
        ("0", "30", "5", ["运行0小时，产量5。"]), ("5", None, "0", ["运行5小时，产量0。"]), ("0", None, "0", []), ("5", None, None, []),
        ("5", "31", "1", ["生产天数31天，本期只有30天。"]),
    ],
)  # fmt: skip
def test_hours_and_days(hours: str, days: str | None, amount: str | None, said: list[str]) -> None:
    cells = {"made.r1.hours": hours, "run.days.value": days, "made.r1.amount": amount}
    assert found("hours_fit", of({address: value for address, value in cells.items() if value is not None}), **HOURS) == said


def test_the_little_statistics() -> None:
    assert median([Decimal(3), Decimal(1), Decimal(2)]) == 2
    assert median([Decimal(4), Decimal(1), Decimal(2), Decimal(3)]) == Decimal("2.5")
    assert at_least(2, 3, Decimal("0.5")) == Decimal("0.5")
    assert at_least(3, 3, Decimal(1)) == 1
    assert at_least(4, 3, Decimal("0.5")) == 0
    assert [significant_digits(Decimal(text)) for text in ("1200", "0.0305", "-10.50", "0")] == [2, 3, 3, 0]
    assert [decimals(Decimal(text)) for text in ("1200", "0.0305", "10.50", "1E+3")] == [0, 4, 2, 0]
    assert round(usual_deviation([Decimal(at) for at in range(-10, 11)]), 2) == Decimal("7.41")
