"""CO2 by factors, and warning levels at, under and over each threshold, on a book of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from shuangkong.core import carbon, warning
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import RuleRow

D = Decimal
ON = date(2025, 6, 30)


@dataclass(frozen=True)
class OneAnswer:
    value: str
    row: RuleRow

    @property
    def number(self) -> Decimal:
        return Decimal(self.value)


@dataclass(frozen=True)
class Shelf:
    """A book of fixed values: core needs no files."""

    values: Mapping[str, str]
    used: tuple[RuleRow, ...] = ()

    def at(self, parameter: str, region: str, on: date, known_on: date | None = None) -> OneAnswer:
        return OneAnswer(self.values[parameter], RuleRow(parameter, "a", self.values[parameter], "文一", "text"))


BOOK = Shelf(
    {
        "warning.national.labels": "一级 二级 三级",
        "warning.national.colours": "红 橙 绿",
        "warning.by_completion.labels": "三级 二级 一级 0级",
        "warning.by_completion.colours": "红 橙 黄 绿",
        "warning.by_completion.met_from": "1",
        "warning.by_completion.near_from": "0.9",
        "warning.by_completion.far_above": "0.5",
        "carbon.grid_factor": "0.4976",
    }
)


@pytest.mark.parametrize(
    ("change", "required", "severity"),
    [("0.01", "3", 1), ("0", "3", 2), ("-2.99", "3", 2), ("-3", "3", 3), ("-3.01", "3", 3), ("0", "0", 3), ("0.01", "0", 1)],
)
def test_the_national_scheme(change: str, required: str, severity: int) -> None:
    level = warning.national(D(change), D(required), BOOK, "4310", ON)
    assert level == warning.WarningLevel(severity, ["一级", "二级", "三级"][severity - 1], ["红", "橙", "绿"][severity - 1])


@pytest.mark.parametrize(
    ("completion", "severity", "label", "colour"),
    [
        ("1", 4, "0级", "绿"),
        ("0.9999", 3, "一级", "黄"),
        ("0.9", 3, "一级", "黄"),
        ("0.8999", 2, "二级", "橙"),
        ("0.5001", 2, "二级", "橙"),
        ("0.5", 1, "三级", "红"),
        ("-0.2", 1, "三级", "红"),
        ("1.3", 4, "0级", "绿"),
    ],
)
def test_the_city_scheme(completion: str, severity: int, label: str, colour: str) -> None:
    assert warning.by_completion(D(completion), BOOK, "4310", ON) == warning.WarningLevel(severity, label, colour)


def test_co2_of_a_fuel() -> None:
    assert carbon.co2_t(D(10000), D("1.9003"), "kgCO2/kg", "mass") == D(19003)
    assert carbon.co2_t(D(1000), D("2.1622"), "kgCO2/m³", "gas") == D("2.1622")
    with pytest.raises(InputError, match="与计量单位 t 不符"):
        carbon.co2_t(D(1), D(1), "kgCO2/m³", "mass")


def test_co2_of_electricity_is_of_its_year() -> None:
    assert carbon.electricity_co2_t(D(1000000), BOOK, "43", 2023) == (D("497.6"), D("0.4976"))


def _green(method: str, loose: str = "0") -> Shelf:
    return Shelf(
        {
            "carbon.green_power.method": method, "carbon.green_power.loose_certificates_percent": loose, "carbon.grid_factor": "0.5",
            "carbon.grid_factor_excluding_traded_nonfossil": "0.6",
        }
    )  # fmt: skip


def _of_green(book: Shelf, green: int = 0, certificates: int = 0, bundled: int = 0) -> carbon.GreenElectricity:
    return carbon.green_electricity(D(1000), D(green), D(certificates), D(bundled), book, "43", 2023)


def test_green_electricity_is_in_the_average_factor_already() -> None:
    plain = _of_green(_green("average"))
    assert (plain.co2_t, plain.reasons) == (D("0.5"), ())
    green = _of_green(_green("average"), 400)
    assert (green.co2_t, green.green_kwh) == (D("0.5"), D(0))
    assert green.reasons == ("平均因子已含绿电，不再扣减",)


def test_green_electricity_at_zero_leaves_the_rest_at_the_factor_without_it() -> None:
    found = _of_green(_green("residual"), 400)
    assert (found.co2_t, found.factor, found.green_kwh) == (D("0.36"), D("0.6"), D(400))
    assert found.co2_t > D("0.5") * D("0.6")  # never zero and the average factor together


def test_bundled_certificates_are_the_same_electricity() -> None:
    assert _of_green(_green("residual"), 400, 400, 400).co2_t == _of_green(_green("residual"), 400).co2_t
    assert "只计一次" in _of_green(_green("residual"), 400, 400, 400).reasons[0]


def test_loose_certificates_count_as_far_as_the_rule_says() -> None:
    nothing = _of_green(_green("residual"), 0, 300)
    assert (nothing.green_kwh, nothing.reasons[0]) == (D(0), "单独购买的绿证不减少用电排放")
    half = _of_green(_green("residual", "50"), 0, 300)
    assert (half.green_kwh, half.reasons[0]) == (D(150), "单独购买的绿证只计规定的部分")
    whole = _of_green(_green("residual", "100"), 900, 300)
    assert whole.green_kwh == D(1000)  # no more than was brought in


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((-1, 0, 0, 0), "不能小于 0"),
        ((10, 11, 0, 0), "绿电多于调入电量"),
        ((10, 5, 8, 6), "多于绿证或绿电"),
        ((10, 5, 4, 5), "多于绿证或绿电"),
    ],
)
def test_green_electricity_that_cannot_be(figures: tuple[int, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        carbon.green_electricity(*map(D, figures), _green("average"), "43", 2023)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Years:
    """A book whose grid factor is known for some years."""

    known: tuple[int, ...]
    used: tuple[RuleRow, ...] = ()

    def at(self, parameter: str, region: str, on: date, known_on: date | None = None) -> OneAnswer:
        if parameter == "carbon.grid_factor_years_back":
            return OneAnswer("2", RuleRow(parameter, "a", "2", "文一", "design"))
        if on.year not in self.known:
            raise NotInForce(f"{on.year}")
        return OneAnswer("0.5", RuleRow(parameter, str(on.year), "0.5", "文一", "text"))


@pytest.mark.parametrize(("year", "of"), [(2023, 2023), (2024, 2023), (2025, 2023)])
def test_the_newest_grid_factor_stands_in_while_none_is_published(year: int, of: int) -> None:
    answer, found = carbon.grid_factor(Years((2021, 2022, 2023)), "43", year)
    assert (answer.row.row, found) == (str(of), of)


@pytest.mark.parametrize("year", [2020, 2026])
def test_a_grid_factor_too_far_away_is_none(year: int) -> None:
    with pytest.raises(NotInForce):
        carbon.grid_factor(Years((2021, 2022, 2023)), "43", year)


def test_what_burnt_and_what_crossed_the_border() -> None:
    flows = {"terminal": 100, "transformation_in": 50, "transformation_out": 5, "loss": 9, "of_which_feedstock": 30, "inflow": 7}
    assert carbon.net(flows, carbon.BURNT_SIGN) == 115
    assert carbon.net(flows, carbon.TRADED_SIGN) == 7
    assert carbon.net({"loss": 1}, carbon.BURNT_SIGN) is None
