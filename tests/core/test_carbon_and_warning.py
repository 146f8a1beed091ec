"""CO2 by factors, and warning levels at, under and over each threshold, on a book of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from shuangkong.core import carbon, warning
from shuangkong.core.errors import InputError
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
