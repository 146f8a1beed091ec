"""Calculators ``carbon.*``: CO2 of fuel burnt and of electricity used."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from shuangkong.core import carbon
from shuangkong.core.errors import InputError

from .definition import Calculator, Inputs, NonNegative, Outputs, Whole, Worksheet, at_field

_FUEL = "carbon.fuel"
_NATION = "cn"


class CombustionInputs(Inputs):
    """A quantity of one fuel."""

    fuel: str = Field(title="燃料", description="燃料的代码或中文名")
    quantity: NonNegative = Field(description="燃烧量")
    unit: str = Field(title="计量单位", description="计量单位，如 吨、万立方米")


class CombustionOutputs(Outputs):
    """CO2 with the factor used."""

    co2_t: Decimal = Field(description="二氧化碳（吨）")
    factor: Decimal = Field(description="排放因子")
    factor_unit: str = Field(description="排放因子的单位")


def combustion(inputs: CombustionInputs, sheet: Worksheet) -> CombustionOutputs:
    """Quantity × the published factor (heat value × carbon per heat × oxidation × 44/12)."""
    products = sheet.rulebook.products
    fuel = products.find(inputs.fuel, "fuel")
    parameter = f"{_FUEL}.{fuel.code}"
    if parameter not in sheet.rulebook.parameters:
        known = [product.label for product in products if f"{_FUEL}.{product.code}" in sheet.rulebook.parameters]
        raise InputError(f"{fuel.label}没有二氧化碳排放因子", where="fuel", why="规则库没有登记这一行", do=f"可用：{'、'.join(known)}")
    with at_field("unit"):
        quantity = fuel.to_base(inputs.quantity, inputs.unit)
    answer = sheet.at(parameter)
    co2 = carbon.co2_t(quantity, answer.number, answer.unit, fuel.dimension)
    sheet.step(f"燃烧量（{fuel.base_unit}）× 排放因子（{answer.unit}）", 燃烧量=quantity, 排放因子=answer.number, 二氧化碳=co2)
    return CombustionOutputs(co2_t=co2, factor=answer.number, factor_unit=answer.unit)


class ElectricityInputs(Inputs):
    """Electricity of one year at one place."""

    kwh: NonNegative = Field(description="用电量（千瓦时）")
    year: Annotated[Whole, Field(ge=1990, le=2100)] = Field(description="用电年份，取该年的因子")


class ElectricityOutputs(Outputs):
    """CO2 with the factor of the year."""

    co2_t: Decimal = Field(description="二氧化碳（吨）")
    factor: Decimal = Field(description="电力平均二氧化碳排放因子（kgCO2/kWh）")


def electricity(inputs: ElectricityInputs, sheet: Worksheet) -> ElectricityOutputs:
    """kWh × the factor of the place and year; years are not mixed."""
    co2, factor = carbon.electricity_co2_t(inputs.kwh, sheet.book, sheet.region, inputs.year)
    if sheet.region != _NATION and sheet.sources[-1].region == _NATION:
        sheet.note("所在地没有公布的省级因子，用全国平均")
    sheet.step("用电量 × 当年因子 ÷ 1000", 用电量=inputs.kwh, 因子=factor, 二氧化碳=co2)
    return ElectricityOutputs(co2_t=co2, factor=factor)


class GreenElectricityInputs(Inputs):
    """Electricity that a region or an enterprise brought in, and what of it is green."""

    net_kwh: NonNegative = Field(description="调入（外购）电量（千瓦时）")
    green_kwh: NonNegative = Field(Decimal(0), description="其中：绿电交易电量（千瓦时）")
    certificate_kwh: NonNegative = Field(Decimal(0), description="持有绿证的电量（千瓦时）")
    bundled_kwh: NonNegative = Field(Decimal(0), description="其中：随绿电交易划转的绿证电量（千瓦时）")
    year: Annotated[Whole, Field(ge=1990, le=2100)] = Field(description="用电年份，取该年的因子")


class GreenElectricityOutputs(Outputs):
    """CO2, what was counted at zero and why."""

    co2_t: Decimal = Field(description="二氧化碳（吨）")
    factor: Decimal = Field(description="其余电量所用的排放因子（kgCO2/kWh）")
    zero_kwh: Decimal = Field(description="按零计的电量（千瓦时）")


def green_electricity(inputs: GreenElectricityInputs, sheet: Worksheet) -> GreenElectricityOutputs:
    """Green electricity, its certificates and the grid factor count the same generation once."""
    figures = inputs.net_kwh, inputs.green_kwh, inputs.certificate_kwh, inputs.bundled_kwh
    found = carbon.green_electricity(*figures, sheet.book, sheet.region, inputs.year)
    for reason in found.reasons:
        sheet.note(reason)
    numbers = {"调入电量": inputs.net_kwh, "按零计": found.green_kwh, "因子": found.factor, "二氧化碳": found.co2_t}
    sheet.step("（调入电量 − 按零计的电量）× 因子 ÷ 1000", **numbers)
    return GreenElectricityOutputs(co2_t=found.co2_t, factor=found.factor, zero_kwh=found.green_kwh)


CALCULATORS = (
    Calculator(
        "carbon.combustion", "燃料燃烧二氧化碳排放", "CO2 from combustion",
        ("省级温室气体清单编制指南（发改办气候〔2011〕1041号）",),
        CombustionInputs, CombustionOutputs, combustion,
        {"fuel": "原煤", "quantity": "1", "unit": "万吨"},
        "CO2 = 活动量 × 低位发热量 × 单位热值含碳量 × 碳氧化率 × 44/12",
    ),
    Calculator(
        "carbon.electricity", "用电二氧化碳排放", "CO2 from electricity",
        ("生态环境部、国家统计局 电力二氧化碳排放因子公告",),
        ElectricityInputs, ElectricityOutputs, electricity,
        {"kwh": "1000000", "year": 2023, "region": "43"},
        "CO2 = 用电量 × 电力平均二氧化碳排放因子",
    ),
    Calculator(
        "carbon.green_electricity", "含绿电、绿证的用电二氧化碳排放", "CO2 of electricity with green power and certificates",
        ("生态环境部、国家统计局 电力二氧化碳排放因子公告", "平台规则 碳账约定"),
        GreenElectricityInputs, GreenElectricityOutputs, green_electricity,
        {"net_kwh": "1000000", "green_kwh": "300000", "certificate_kwh": "300000", "bundled_kwh": "300000", "year": 2023, "region": "cn"},
        "CO2 =（调入电量 − 按零计的电量）× 因子；绿电、绿证和因子所含的同一电量只计一次",
    ),
)  # fmt: skip
