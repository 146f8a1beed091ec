"""Calculators ``energy.*``: conversion, intensity, targets, savings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shuangkong.core import energy, targets
from shuangkong.core.energy import Basis, tce_per_base_unit
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.rulebook import REFERENCE_SET, Product

from .definition import (
    Calculator,
    DeclinePercent,
    GrowthPercent,
    Inputs,
    Model,
    NonNegative,
    Number,
    Outputs,
    Positive,
    TargetPercent,
    Whole,
    Worksheet,
    at_field,
)

_BULLETIN = "2016年湖南省各市州万元地区生产总值能耗等指标公报 注"
_PLAN = "郴政发〔2023〕6号 一"
_ASSESSMENT = "国发〔2007〕36号 单位GDP能耗考核体系实施方案"
_MOST_ITEMS = 10_000
_MOST_YEARS = 100

Years = Annotated[Whole, Field(ge=1, le=_MOST_YEARS)]


def _written(value: object) -> object:
    """A number of decimals may also be written as a text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


Decimals = Annotated[Literal[3, 4] | None, BeforeValidator(_written)]


# ---- energy.to_tce --------------------------------------------------------------------------------------------------


class ToTceItem(Model):
    """One quantity of one product."""

    product: str = Field(title="能源品种", description="能源品种的代码或中文名")
    quantity: NonNegative = Field(description="实物量")
    unit: str = Field(title="计量单位", description="计量单位，如 吨、万立方米、亿千瓦时、GJ")
    coefficient: Positive | None = Field(
        None, title="实测折标系数",
        description="实测或合同折标系数（kgce/kg、m³、kWh、MJ；耗能工质按规则的单位）",
    )


class ToTceInputs(Inputs):
    """What is to be converted."""

    items: list[ToTceItem] = Field(min_length=1, max_length=_MOST_ITEMS, description="各品种实物量")
    basis: Literal["calorific", "equivalent"] = Field(title="折标口径", description="calorific 当量值，equivalent 等价值")
    equivalent_coefficient: Positive | None = Field(None, description="电力等价折标系数（kgce/kWh）")
    coefficient_set: str = Field(REFERENCE_SET, title="折标系数组", description="折标系数组，缺省为参考系数；另有 nbs、gb30251 等")


class ToTceItemResult(Model):
    """One product in coal equivalent."""

    product: str = Field(description="能源品种，按输入")
    tce: Decimal = Field(description="吨标准煤")
    code: str = Field(description="能源品种代码")
    quantity_base: Decimal = Field(description="基本单位的实物量")
    base_unit: str = Field(description="基本单位")
    coefficient: Decimal | None = Field(description="所用折标系数；标准煤为空")
    coefficient_unit: str = Field(description="折标系数的单位")


class ToTceOutputs(Outputs):
    """The sum and its items."""

    total_tce: Decimal = Field(description="合计（吨标准煤）")
    items: list[ToTceItemResult] = Field(description="各品种")


def _coefficient(item: ToTceItem, product: Product, inputs: ToTceInputs, sheet: Worksheet) -> tuple[Decimal, str, str]:
    """The coefficient, its unit and where it comes from."""
    basis = Basis(inputs.basis)
    if item.coefficient is not None:
        return item.coefficient, product.coefficient_unit, "输入的系数"
    equivalent_power = product.code == "electricity" and basis is Basis.EQUIVALENT
    if equivalent_power and inputs.equivalent_coefficient is not None:
        return inputs.equivalent_coefficient, product.coefficient_unit, "输入的等价系数"
    try:
        answer = sheet.at(product.parameter(basis, inputs.coefficient_set).id)
    except NotInForce as error:
        error.do += f"；或填写 {'equivalent_coefficient' if equivalent_power else 'coefficient'}（{product.coefficient_unit}）"
        raise
    return answer.number, answer.unit, answer.row.source


def _converted(item: ToTceItem, product: Product, inputs: ToTceInputs, sheet: Worksheet, where: str) -> ToTceItemResult:
    with at_field(f"{where}.unit"):
        quantity = product.to_base(item.quantity, item.unit)
    if product.is_coal_equivalent:
        sheet.step(f"{product.label}照计", 实物量=quantity)
        return ToTceItemResult(
            product=item.product, tce=quantity, code=product.code, quantity_base=quantity,
            base_unit=product.base_unit, coefficient=None, coefficient_unit="",
        )  # fmt: skip
    with at_field(f"{where}.coefficient"):
        coefficient, unit, origin = _coefficient(item, product, inputs, sheet)
    tce = quantity * tce_per_base_unit(coefficient, unit, product.dimension)
    formula = f"{product.label}实物量（{product.base_unit}）× 折标系数（{unit}）"
    sheet.step(formula, 实物量=quantity, 折标系数=coefficient, 吨标准煤=tce, 依据=origin)
    return ToTceItemResult(
        product=item.product, tce=tce, code=product.code, quantity_base=quantity,
        base_unit=product.base_unit, coefficient=coefficient, coefficient_unit=unit,
    )  # fmt: skip


def to_tce(inputs: ToTceInputs, sheet: Worksheet) -> ToTceOutputs:
    """Each quantity times its coefficient in force on the day; one basis for all."""
    sets = sheet.rulebook.products.sets
    if inputs.coefficient_set not in sets:
        raise InputError(f"没有折标系数组“{inputs.coefficient_set}”", where="coefficient_set", why=f"已登记：{'、'.join(sets)}")
    items = []
    for i, item in enumerate(inputs.items):
        product = sheet.rulebook.products.find(item.product, f"items[{i}].product")
        items.append(_converted(item, product, inputs, sheet, f"items[{i}]"))
    total = sum((item.tce for item in items), Decimal(0))
    sheet.step(f"E = Σ(实物量 × 折标系数)，{Basis(inputs.basis).label}", 合计吨标准煤=total)
    return ToTceOutputs(total_tce=total, items=items)


# ---- intensity ------------------------------------------------------------------------------------------------------


class IntensityChangeInputs(Inputs):
    """Energy and GDP of two periods, GDP at constant prices of one base."""

    energy_base_tce: Positive = Field(description="基期能源消费总量（吨标准煤）")
    gdp_base: Positive = Field(description="基期 GDP（万元，不变价）")
    energy_report_tce: NonNegative = Field(description="报告期能源消费总量（吨标准煤）")
    gdp_report: Positive = Field(description="报告期 GDP（万元，与基期同一价格基期）")
    decimals: Decimals = Field(
        None, title="强度保留小数",
        description="求变化率前强度保留的小数位：4（省、市）、3（县）、null 不取整；不填为 4",
    )


class IntensityChangeOutputs(Outputs):
    """Two intensities and their change."""

    intensity_base: Decimal = Field(description="基期能耗强度（吨标准煤/万元）")
    intensity_report: Decimal = Field(description="报告期能耗强度（吨标准煤/万元）")
    change_percent: Decimal = Field(description="变化率（%），上升为正")


def _decimals(inputs: IntensityChangeInputs, sheet: Worksheet) -> int | None:
    """The stated number of decimals, or the bulletin's where nothing is stated; cites the rule that it follows."""
    if inputs.decimals == 3:
        return int(sheet.at("statistics.intensity_decimals.county").number)
    if inputs.decimals is None and "decimals" in inputs.model_fields_set:
        return None
    return int(sheet.at("statistics.intensity_decimals.city").number)


def intensity_change(inputs: IntensityChangeInputs, sheet: Worksheet) -> IntensityChangeOutputs:
    """The bulletin's formula: intensities are rounded before the ratio is taken."""
    places = _decimals(inputs, sheet)
    result = energy.intensity_change(inputs.energy_base_tce, inputs.gdp_base, inputs.energy_report_tce, inputs.gdp_report, places)
    rounding = "不取整" if places is None else f"保留 {places} 位小数"
    sheet.step(f"能耗强度 = 能源消费总量 ÷ GDP，{rounding}", 基期=result.intensity_base, 报告期=result.intensity_report)
    sheet.step("变化率 = (报告期强度 ÷ 基期强度 − 1) × 100", 变化率=result.change_percent)
    return IntensityChangeOutputs(
        intensity_base=result.intensity_base, intensity_report=result.intensity_report, change_percent=result.change_percent
    )


class GrowthInputs(Inputs):
    """Two published growths on the same period a year ago."""

    energy_growth_percent: GrowthPercent = Field(description="能源消费增速（%）")
    gdp_growth_percent: Annotated[Number, Field(gt=-100)] = Field(description="GDP（或增加值）可比价增速（%）")


class GrowthOutputs(Outputs):
    """The change of intensity with what the rounding of the growths leaves open."""

    change_percent: Decimal = Field(description="强度变化率（%），上升为正")
    uncertainty_pp: Decimal = Field(description="增速取整带来的不确定度（± 个百分点）")


def _half_step_pp(growth: Decimal, published: int) -> Decimal:
    exponent = growth.as_tuple().exponent
    return energy.half_step(max(published, -exponent if isinstance(exponent, int) else published))


def intensity_change_from_growth(inputs: GrowthInputs, sheet: Worksheet) -> GrowthOutputs:
    """The same identity from growth rates; each growth carries the half step of its publication."""
    change = energy.change_from_growth(inputs.energy_growth_percent, inputs.gdp_growth_percent)
    published = int(sheet.at("statistics.growth_published_decimals").number)
    open_pp = _half_step_pp(inputs.energy_growth_percent, published) + _half_step_pp(inputs.gdp_growth_percent, published)
    sheet.step("变化率 = [(1 + 能耗增速) ÷ (1 + GDP 增速) − 1] × 100", 变化率=change)
    sheet.step("不确定度 = 两个增速各自末位的一半之和", 不确定度=open_pp)
    return GrowthOutputs(change_percent=change, uncertainty_pp=open_pp)


# ---- targets --------------------------------------------------------------------------------------------------------


class CumulativeInputs(Inputs):
    """Declines of consecutive years."""

    yearly_decline_percent: list[DeclinePercent] = Field(min_length=1, max_length=_MOST_YEARS, description="各年降低率（%），下降为正")


class CumulativeOutputs(Outputs):
    """The chained decline."""

    cumulative_decline_percent: Decimal = Field(description="累计降低率（%）")


def cumulative_decline(inputs: CumulativeInputs, sheet: Worksheet) -> CumulativeOutputs:
    """Declines chain, they do not add."""
    decline = targets.cumulative_decline_percent(inputs.yearly_decline_percent)
    sheet.step("累计降低率 = [1 − Π(1 − 各年降低率)] × 100", 累计降低率=decline)
    return CumulativeOutputs(cumulative_decline_percent=decline)


class AnnualRateInputs(Inputs):
    """A target of several years."""

    target_decline_percent: TargetPercent = Field(description="目标降低率（%）")
    years: Years = Field(description="年数")


class AnnualRateOutputs(Outputs):
    """The even rate."""

    annual_decline_percent: Decimal = Field(description="年均降低率（%）")


def annual_rate(inputs: AnnualRateInputs, sheet: Worksheet) -> AnnualRateOutputs:
    """The even yearly rate that reaches the target."""
    rate = targets.annual_decline_percent(inputs.target_decline_percent, inputs.years)
    sheet.step("年均降低率 = [1 − (1 − 目标)^(1/年数)] × 100", 年均降低率=rate)
    return AnnualRateOutputs(annual_decline_percent=rate)


class ProgressInputs(Inputs):
    """What was reached of a target."""

    cumulative_decline_percent: DeclinePercent = Field(description="累计降低率（%），下降为正")
    target_decline_percent: TargetPercent = Field(description="目标降低率（%）")


class ProgressOutputs(Outputs):
    """Progress and over-fulfilment are two measures."""

    progress_percent: Decimal = Field(description="完成进度（%），对数")
    overfulfilment_percent: Decimal = Field(description="超额（%），线性")


def progress(inputs: ProgressInputs, sheet: Worksheet) -> ProgressOutputs:
    """Progress is logarithmic, over-fulfilment is linear; both are published."""
    reached, target = inputs.cumulative_decline_percent, inputs.target_decline_percent
    logarithmic = targets.progress_percent(reached, target)
    linear = targets.overfulfilment_percent(reached, target)
    sheet.step("完成进度 = ln(1 − 累计降低率) ÷ ln(1 − 目标) × 100", 完成进度=logarithmic)
    sheet.step("超额 = (累计降低率 − 目标) ÷ 目标 × 100", 超额=linear)
    return ProgressOutputs(progress_percent=logarithmic, overfulfilment_percent=linear)


class RequiredProgressInputs(Inputs):
    """Where in the period we are."""

    target_decline_percent: TargetPercent = Field(description="目标降低率（%）")
    years: Years = Field(description="年数")
    elapsed_months: Whole = Field(ge=0, le=_MOST_YEARS * 12, description="期初起已过的月数")


class RequiredProgressOutputs(Outputs):
    """What is due by now."""

    required_cumulative_decline_percent: Decimal = Field(description="应累计降低（%）")
    required_progress_percent: Decimal = Field(description="应完成进度（%）")


def required_progress(inputs: RequiredProgressInputs, sheet: Worksheet) -> RequiredProgressOutputs:
    """Proportional to time in the logarithm."""
    due = targets.required_progress_percent(inputs.years, inputs.elapsed_months)
    decline = targets.required_cumulative_decline_percent(inputs.target_decline_percent, inputs.years, inputs.elapsed_months)
    sheet.step("应完成进度 = 已过月数 ÷ (12 × 年数) × 100", 应完成进度=due)
    sheet.step("应累计降低 = [1 − (1 − 目标)^应完成进度] × 100", 应累计降低=decline)
    return RequiredProgressOutputs(required_cumulative_decline_percent=decline, required_progress_percent=due)


# ---- savings --------------------------------------------------------------------------------------------------------


class SavingInputs(Inputs):
    """Energy and output (产量 or 产值) of two periods, output in one unit."""

    energy_base_tce: NonNegative = Field(description="基期综合能耗（吨标准煤）")
    output_base: Positive = Field(description="基期产量或产值")
    energy_report_tce: NonNegative = Field(description="报告期综合能耗（吨标准煤）")
    output_report: Positive = Field(description="报告期产量或产值（与基期同一单位）")


class SavingOutputs(Outputs):
    """The saving with both signs in use."""

    saving_tce: Decimal = Field(description="节能量（吨标准煤），节约为正")
    signed_by_gbt13234_tce: Decimal = Field(description="节能量（吨标准煤），按 GB/T 13234 节约为负")


def saving_by_output(inputs: SavingInputs, sheet: Worksheet) -> SavingOutputs:
    """(e_base − e_report) × output of the report period."""
    saving = energy.saving_by_output_tce(inputs.energy_base_tce, inputs.output_base, inputs.energy_report_tce, inputs.output_report)
    sheet.step("节能量 = (基期单耗 − 报告期单耗) × 报告期产量（产值）", 节能量=saving)
    return SavingOutputs(saving_tce=saving, signed_by_gbt13234_tce=-saving)


CALCULATORS = (
    Calculator(
        "energy.to_tce", "折标准煤", "Conversion to coal equivalent",
        ("GB/T 2589-2020 综合能耗计算通则 附录A、附录B（2021-04-01 起；此前为 GB/T 2589-2008）",),
        ToTceInputs, ToTceOutputs, to_tce,
        {"items": [{"product": "电力", "quantity": "21.77", "unit": "亿千瓦时"}], "basis": "calorific", "on": "2011-06-27"},
        "E = Σ(E_i × k_i)",
    ),
    Calculator(
        "energy.intensity_change", "单位GDP能耗变化率", "Change of energy intensity of GDP", (_BULLETIN,),
        IntensityChangeInputs, IntensityChangeOutputs, intensity_change,
        {"energy_base_tce": "10000000", "gdp_base": "20000000", "energy_report_tce": "10200000", "gdp_report": "21400000"},
        "Δ% = [(E_t ÷ GDP_t) ÷ (E_0 ÷ GDP_0) − 1] × 100，强度先取整",
    ),
    Calculator(
        "energy.intensity_change_from_growth", "由增速求强度变化率", "Change of intensity from growth rates", (_BULLETIN,),
        GrowthInputs, GrowthOutputs, intensity_change_from_growth,
        {"energy_growth_percent": "7.1", "gdp_growth_percent": "19.8"},
        "Δ% = [(1 + g_E) ÷ (1 + g_GDP) − 1] × 100",
    ),
    Calculator(
        "energy.cumulative_decline", "累计降低率", "Cumulative decline", (_ASSESSMENT,),
        CumulativeInputs, CumulativeOutputs, cumulative_decline,
        {"yearly_decline_percent": ["2.74", "5.04", "5.20"]},
        "R_n = 1 − Π(1 − r_i)",
    ),
    Calculator(
        "energy.annual_rate", "年均降低率", "Even annual rate of a target", (_ASSESSMENT,),
        AnnualRateInputs, AnnualRateOutputs, annual_rate,
        {"target_decline_percent": "15", "years": 5},
        "r = 1 − (1 − R)^(1/n)",
    ),
    Calculator(
        "energy.progress", "目标完成进度", "Progress towards a target", ("国家发展改革委公告2011年第9号", _ASSESSMENT),
        ProgressInputs, ProgressOutputs, progress,
        {"cumulative_decline_percent": "4.23", "target_decline_percent": "16"},
        "P = ln(1 − R_n) ÷ ln(1 − R) × 100；超额 = (R_n − R) ÷ R × 100",
    ),
    Calculator(
        "energy.required_progress", "应完成进度", "Progress that is due", ("2011 年度节能目标责任评价考核文件 进度要求", _PLAN),
        RequiredProgressInputs, RequiredProgressOutputs, required_progress,
        {"target_decline_percent": "15", "years": 5, "elapsed_months": 30},
        "R(t) = 1 − (1 − R)^(月数 ÷ 12n)",
    ),
    Calculator(
        "energy.saving_by_output", "产品（产值）节能量", "Saving by output", ("GB/T 13234 用能单位节能量计算方法",),
        SavingInputs, SavingOutputs, saving_by_output,
        {"energy_base_tce": "100000", "output_base": "1000000", "energy_report_tce": "104500", "output_report": "1100000"},
        "ΔE = (e_base − e_rep) × P_rep",
    ),
)  # fmt: skip
