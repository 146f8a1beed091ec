"""Calculators ``energy.assessed_change`` and ``energy.certificate_offset``: the assessment basis (考核口径)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from shuangkong.core import assessment
from shuangkong.core.assessment import AssessedEnergy, BridgeStep
from shuangkong.core.errors import InputError, NotInForce

from .definition import Calculator, Inputs, Model, NonNegative, Outputs, Positive, TargetPercent, Whole, Worksheet, at_field
from .energy import Decimals

_FEEDSTOCK = "发改环资〔2022〕803号 一（一）（二）"
_NONFOSSIL = "发改环资〔2024〕113号 二"
_MAJOR = "发改环资〔2021〕1310号"
_CERTIFICATE = "发改能源〔2023〕1044号"
_MOST_CERTIFICATES = 10**12

Year = Annotated[Whole, Field(ge=1990, le=2100)]


class YearEnergy(Model):
    """One year of a region, all at one basis. What is left out was not stated; none is written as 0."""

    energy_tce: Positive = Field(title="能源消费总量", description="能源消费总量（吨标准煤，扣除前）")
    feedstock_tce: NonNegative | None = Field(None, title="原料用能", description="原料用能（吨标准煤）")
    nonfossil_tce: NonNegative | None = Field(None, title="非化石能源", description="非化石能源消费量（吨标准煤）")
    separately_listed_tce: NonNegative | None = Field(
        None, title="单列项目能耗", description="单列项目计入总量的能耗（吨标准煤）：加工转换损失和自用，不是全部用煤"
    )
    certificates_tce: NonNegative | None = Field(
        None, title="绿证抵扣量", description="允许抵扣的绿证（吨标准煤），即 energy.certificate_offset 的 allowed_tce"
    )


class AssessedChangeInputs(Inputs):
    """Two years of a region; GDP at constant prices of one base is not adjusted."""

    base: YearEnergy = Field(title="基期", description="基期能耗和扣除项")
    report: YearEnergy = Field(title="报告期", description="报告期能耗和扣除项")
    gdp_base: Positive = Field(description="基期 GDP（万元，不变价）")
    gdp_report: Positive = Field(description="报告期 GDP（万元，与基期同一价格基期）")
    decimals: Decimals = Field(None, title="强度保留小数", description="求变化率前强度保留的小数位：4、3；不填不取整")
    incentive_target_percent: TargetPercent | None = Field(None, description="激励目标（%），填写时判断是否免除总量考核")


class BridgeItem(Model):
    """One bar of the waterfall from the gross to the assessed change."""

    kind: str = Field(description="feedstock、nonfossil、separately_listed、certificates")
    label: str = Field(description="扣除项")
    base_tce: Decimal | None = Field(description="基期填报（吨标准煤）")
    report_tce: Decimal | None = Field(description="报告期填报（吨标准煤）")
    applied: bool = Field(description="是否按规则扣除")
    change_percent: Decimal | None = Field(description="扣除后的变化率（%）")
    effect_pp: Decimal | None = Field(description="对变化率的影响（个百分点），负为有利")
    note: str = Field(description="未扣除或按假定扣除的原因")


class AssessedChangeOutputs(Outputs):
    """Gross and assessed side by side, with the bridge between them."""

    gross_change_percent: Decimal = Field(description="毛口径变化率（%），上升为正")
    assessed_change_percent: Decimal | None = Field(description="考核口径变化率（%），上升为正；缺数时为空")
    gross_intensity_base: Decimal = Field(description="毛口径基期强度（吨标准煤/万元）")
    gross_intensity_report: Decimal = Field(description="毛口径报告期强度（吨标准煤/万元）")
    assessed_intensity_base: Decimal | None = Field(description="考核口径基期强度（吨标准煤/万元）")
    assessed_intensity_report: Decimal | None = Field(description="考核口径报告期强度（吨标准煤/万元）")
    bridge: list[BridgeItem] = Field(description="由毛口径到考核口径的各步，依次相加")
    total_control_exempt: bool | None = Field(description="完成激励目标、免除总量考核；未填激励目标或缺数时为空")


def _energy(year: YearEnergy) -> AssessedEnergy:
    return AssessedEnergy(
        year.energy_tce, year.feedstock_tce, year.nonfossil_tce, year.separately_listed_tce, year.certificates_tce
    )


def _bridge_item(step: BridgeStep) -> BridgeItem:
    return BridgeItem(
        kind=step.kind, label=step.label, base_tce=step.base_tce, report_tce=step.report_tce, applied=step.applied,
        change_percent=step.change_percent, effect_pp=step.effect_pp, note=step.note,
    )  # fmt: skip


def _exempt(change_percent: Decimal | None, inputs: AssessedChangeInputs, sheet: Worksheet) -> bool | None:
    decline = None if change_percent is None else -change_percent
    try:
        found = assessment.total_control_exempt(decline, inputs.incentive_target_percent, sheet.book, sheet.region, sheet.on)
    except NotInForce as error:
        sheet.note(f"{sheet.on} 尚无完成激励目标免除总量考核的规定（最近的行：{'、'.join(error.nearest)}）")
        return None
    if found is not None:
        sheet.step("考核口径降低率 ≥ 激励目标的，免除总量考核", 降低率=decline, 激励目标=inputs.incentive_target_percent, 免除=found)
    return found


def assessed_change(inputs: AssessedChangeInputs, sheet: Worksheet) -> AssessedChangeOutputs:
    """The change before and after the deductions of the day, and each deduction's part in it."""
    result = assessment.assessed_change(
        _energy(inputs.base), _energy(inputs.report), inputs.gdp_base, inputs.gdp_report,
        sheet.book, sheet.region, sheet.on, inputs.decimals,
    )  # fmt: skip
    sheet.step("毛口径变化率 = (报告期强度 ÷ 基期强度 − 1) × 100", 变化率=result.gross.change_percent)
    for step in result.bridge:
        if step.applied:
            sheet.step(f"扣除{step.label}", 基期=step.base_tce, 报告期=step.report_tce, 变化率=step.change_percent, 影响=step.effect_pp)
        if step.note and (step.base_tce is not None or step.report_tce is not None):
            sheet.note(step.note, step.status)
    assessed = result.assessed
    change = assessed.change_percent if assessed else None
    sheet.step("考核口径变化率", 变化率=change)
    return AssessedChangeOutputs(
        gross_change_percent=result.gross.change_percent,
        assessed_change_percent=change,
        gross_intensity_base=result.gross.intensity_base,
        gross_intensity_report=result.gross.intensity_report,
        assessed_intensity_base=assessed.intensity_base if assessed else None,
        assessed_intensity_report=assessed.intensity_report if assessed else None,
        bridge=[_bridge_item(step) for step in result.bridge],
        total_control_exempt=_exempt(change, inputs, sheet),
    )


# ---- energy.certificate_offset --------------------------------------------------------------------------------------


class CertificateInputs(Inputs):
    """Green certificates of one year."""

    certificates: Annotated[Whole, Field(ge=0, le=_MOST_CERTIFICATES)] = Field(description="绿证数量（个）")
    kgce_per_kwh: Positive | None = Field(
        None, title="电力折标系数", description="电力折标系数（kgce/kWh）；不填取当地当年的等价值，与统计口径一致"
    )
    saving_needed_tce: NonNegative | None = Field(None, description="完成五年强度目标所需的节能量（吨标准煤）")
    within_province: bool = Field(False, title="省内交易", description="省内交易的绿证，已在统计中")
    certificate_year: Year | None = Field(None, description="绿证的电量生产年份")
    assessed_year: Year | None = Field(None, description="考核年份")


class CertificateOutputs(Outputs):
    """What the certificates are worth, and what of it counts."""

    energy_kwh: Decimal = Field(description="绿证电量（千瓦时）")
    energy_tce: Decimal = Field(description="折标准煤（吨标准煤）")
    cap_tce: Decimal | None = Field(description="抵扣上限（吨标准煤）；没有所需节能量时为空")
    allowed_tce: Decimal | None = Field(description="允许抵扣（吨标准煤）；没有所需节能量时为空")


def _years(inputs: CertificateInputs) -> tuple[int, int] | None:
    """Both years or neither.

    Raises:
        InputError: one year without the other.
    """
    produced, assessed = inputs.certificate_year, inputs.assessed_year
    if produced is not None and assessed is not None:
        return produced, assessed
    if produced is None and assessed is None:
        return None
    missing = "assessed_year" if assessed is None else "certificate_year"
    raise InputError("生产年份与考核年份要一起填", where=missing, why="只有两者都在才能核对年份", do="补填，或两项都不填")


def certificate_offset(inputs: CertificateInputs, sheet: Worksheet) -> CertificateOutputs:
    """Certificates as energy; at most half of the saving needed; none of the own province's, none of another year's."""
    with at_field("certificate_year"):
        years = _years(inputs)
    kgce_per_kwh = inputs.kgce_per_kwh
    if kgce_per_kwh is None:
        kgce_per_kwh = sheet.at("energy.electricity_equivalent").number
    result = assessment.certificate_offset(
        inputs.certificates, kgce_per_kwh, inputs.saving_needed_tce, inputs.within_province, sheet.book, sheet.region, sheet.on, years
    )
    sheet.step("电量 = 绿证数量 × 每个绿证的电量", 绿证=inputs.certificates, 电量=result.energy_kwh)
    sheet.step("折标准煤 = 电量 × 折标系数 ÷ 1000", 折标系数=kgce_per_kwh, 吨标准煤=result.energy_tce)
    sheet.step("允许抵扣 = min(折标准煤, 所需节能量 × 上限)", 上限=result.cap_tce, 允许抵扣=result.allowed_tce)
    for reason in result.reasons:
        sheet.note(reason)
    if result.allowed_tce is None:
        sheet.note("没有所需节能量，抵扣上限无法得出", result.status)
    return CertificateOutputs(
        energy_kwh=result.energy_kwh, energy_tce=result.energy_tce, cap_tce=result.cap_tce, allowed_tce=result.allowed_tce
    )


CALCULATORS = (
    Calculator(
        "energy.assessed_change", "考核口径的强度变化率", "Change of intensity on the assessment basis",
        (_FEEDSTOCK, f"{_NONFOSSIL}（一）", _MAJOR),
        AssessedChangeInputs, AssessedChangeOutputs, assessed_change,
        {
            "base": {"energy_tce": "10000000", "feedstock_tce": "1000000"},
            "report": {"energy_tce": "11000000", "feedstock_tce": "1800000"},
            "gdp_base": "20000000", "gdp_report": "25000000",
        },
        "E_考核 = E − 原料用能 − 非化石能源 − 单列项目 − 绿证；GDP 不调整；原料用能和非化石能源基期、报告期都扣除",
    ),
    Calculator(
        "energy.certificate_offset", "绿证抵扣", "Offset by green certificates", (_NONFOSSIL, _CERTIFICATE),
        CertificateInputs, CertificateOutputs, certificate_offset,
        {"certificates": 500000, "kgce_per_kwh": "0.3", "saving_needed_tce": "200000", "within_province": False},
        "E_绿证 = 绿证数量 × 1000 kWh × 折标系数 ÷ 1000，不超过所需节能量的 50%；省内绿证不再扣除",
    ),
)  # fmt: skip
