"""Calculators ``warning.*``: the level of the barometer by the national and by a city scheme."""

from __future__ import annotations

from pydantic import Field

from shuangkong.core import warning
from shuangkong.core.warning import WarningLevel

from .definition import Calculator, Inputs, NonNegative, Number, Outputs, Worksheet


class LevelOutputs(Outputs):
    """A level: ``severity`` orders (1 is the worst), ``label`` and ``colour`` are shown."""

    severity: int = Field(description="严重程度，1 最重")
    label: str = Field(description="预警等级")
    colour: str = Field(description="颜色")


def _outputs(level: WarningLevel) -> LevelOutputs:
    return LevelOutputs(severity=level.severity, label=level.label, colour=level.colour)


class NationalInputs(Inputs):
    """Both rates of the same period and base."""

    intensity_change_percent: Number = Field(description="能耗强度同比变化率（%），上升为正")
    required_decline_percent: NonNegative = Field(description="应降低（%），与变化率同一时期、同一基期")


def national(inputs: NationalInputs, sheet: Worksheet) -> LevelOutputs:
    """不降反升一级，未达进度二级，否则三级."""
    level = warning.national(inputs.intensity_change_percent, inputs.required_decline_percent, sheet.book, sheet.region, sheet.on)
    sheet.step(
        "强度上升为一级；下降但小于应降低为二级；达到应降低为三级",
        变化率=inputs.intensity_change_percent, 应降低=inputs.required_decline_percent, 等级=level.label,
    )  # fmt: skip
    return _outputs(level)


class CompletionInputs(Inputs):
    """Actual decline over the required one."""

    completion: Number = Field(description="完成率 = 实际降低率 ÷ 应降低率，1 为达标")


def by_completion(inputs: CompletionInputs, sheet: Worksheet) -> LevelOutputs:
    """The city scheme: 0级 from 1, 一级 from 0.9, 二级 above 0.5, else 三级."""
    level = warning.by_completion(inputs.completion, sheet.book, sheet.region, sheet.on)
    sheet.step("完成率与各级下限比较", 完成率=inputs.completion, 等级=level.label)
    return _outputs(level)


CALCULATORS = (
    Calculator(
        "warning.national", "国家预警等级", "National warning level", ("发改办环资〔2021〕629号 能耗强度降低",),
        NationalInputs, LevelOutputs, national,
        {"intensity_change_percent": "-2.1", "required_decline_percent": "3.1981"},
        "变化率 > 0 → 一级；降低率 < 应降低 → 二级；否则三级",
    ),
    Calculator(
        "warning.by_completion", "完成率预警等级", "Warning level by completion", ("市级节能降耗预警调控方案（2010 年）",),
        CompletionInputs, LevelOutputs, by_completion,
        {"completion": "0.93"},
        "完成率 ≥ 100% 0级；≥ 90% 一级；> 50% 二级；其余三级",
    ),
)  # fmt: skip
