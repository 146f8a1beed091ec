"""The indicators that the platform knows: one explicit list. A product or an industry adds its own row by its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator as the catalogue declares it. ``decimals`` is how many the screen shows."""

    code: str
    name: str
    unit: str
    decimals: int
    family: str
    lower_is_better: bool = True
    note: str = ""


ENTRIES: tuple[Entry, ...] = (
    Entry("energy_intensity_tce_per_10k_yuan", "单位GDP能耗", "tce/万元", 4, "intensity"),
    Entry("energy_intensity_change_percent", "单位GDP能耗变化率（同比）", "%", 2, "intensity", note="年内口径：累计值与上年同期累计值相比"),
    Entry("energy_intensity_decline_percent", "单位GDP能耗降低率（比基年）", "%", 2, "intensity", False, "滚动四季与基年相比，降为正"),
    Entry("energy_intensity_required_percent", "单位GDP能耗降低率进度要求", "%", 2, "intensity", False),
    Entry("energy_intensity_gap_points", "单位GDP能耗降低率与进度要求之差", "个百分点", 2, "intensity", False, "正为超前，负为落后"),
    Entry("energy_intensity_progress_percent", "单位GDP能耗降低目标完成进度", "%", 1, "intensity", False, "对数法"),
    Entry("energy_intensity_annual_required_percent", "单位GDP能耗年度应降低率", "%", 2, "intensity", False),
    Entry("energy_intensity_remaining_rate_percent", "单位GDP能耗剩余年均应降低率", "%", 2, "intensity", False),
    Entry("warning_national", "能耗强度预警等级（国家方案）", "", 0, "warning", False),
    Entry("warning_city", "能耗强度预警等级（市方案）", "", 0, "warning", False),
    Entry("total_control_exemption", "能源消费总量考核（免考）", "", 0, "warning", False, "完成激励目标的，规划期内免除总量考核"),
    Entry("energy_total_tce", "能源消费总量", "tce", 0, "energy"),
    Entry("energy_terminal_tce", "终端能源消费量", "tce", 0, "energy"),
    Entry("energy_transformation_loss_tce", "加工转换损失量", "tce", 0, "energy"),
    Entry("energy_loss_tce", "输配损失量", "tce", 0, "energy"),
    Entry("energy_recovery_tce", "回收利用量", "tce", 0, "energy", False),
    Entry("energy_balance_difference_tce", "平衡差额", "tce", 0, "energy"),
    Entry("energy_account_tce", "能源账", "tce", 0, "energy", note="各行及分品种、分行业的量，一张表"),
    Entry("energy_residual_tce", "不分县差额", "tce", 0, "energy", note="全市数减各县市区之和"),
    Entry("deduction_feedstock_tce", "考核扣除：原料用能", "tce", 0, "deduction", False),
    Entry("deduction_nonfossil_tce", "考核扣除：非化石能源", "tce", 0, "deduction", False),
    Entry("deduction_listed_tce", "考核扣除：单列项目能耗", "tce", 0, "deduction", False),
    Entry("deduction_certificates_tce", "考核扣除：绿证抵扣", "tce", 0, "deduction", False, "不超过所需节能量的规定部分"),
    Entry("gdp_10k_yuan", "地区生产总值（不变价）", "万元", 0, "economy", False),
    Entry("gdp_growth_percent", "地区生产总值增速（可比价）", "%", 1, "economy", False),
    Entry("energy_growth_percent", "能源消费总量增速", "%", 1, "energy"),
    Entry("electricity_10k_kwh", "全社会用电量", "万kWh", 0, "electricity"),
    Entry("electricity_growth_percent", "全社会用电量增速", "%", 1, "electricity"),
    Entry("cod_reduction_t", "化学需氧量重点工程减排量", "t", 0, "pollution", False),
    Entry("nh3n_reduction_t", "氨氮重点工程减排量", "t", 0, "pollution", False),
    Entry("nox_reduction_t", "氮氧化物重点工程减排量", "t", 0, "pollution", False),
    Entry("vocs_reduction_t", "挥发性有机物重点工程减排量", "t", 0, "pollution", False),
    Entry("energy_co2_t", "能源活动二氧化碳排放量", "t", 0, "carbon", note="化石燃料燃烧，加电力、热力调入减调出"),
    Entry("energy_co2_growth_percent", "能源活动二氧化碳排放量增速", "%", 1, "carbon"),
    Entry("co2_intensity_t_per_10k_yuan", "单位GDP二氧化碳排放", "t/万元", 4, "carbon"),
    Entry("co2_intensity_change_percent", "单位GDP二氧化碳排放变化率（同比）", "%", 2, "carbon", note="累计值与上年同期累计值相比"),
    Entry("co2_intensity_decline_percent", "单位GDP二氧化碳排放降低率（比基年）", "%", 2, "carbon", False, "滚动四季与基年相比，降为正"),
    Entry("co2_intensity_required_percent", "单位GDP二氧化碳排放降低率进度要求", "%", 2, "carbon", False),
    Entry("co2_intensity_gap_points", "单位GDP二氧化碳排放降低率与进度要求之差", "个百分点", 2, "carbon", False, "正为超前，负为落后"),
    Entry("co2_intensity_progress_percent", "单位GDP二氧化碳排放降低目标完成进度", "%", 1, "carbon", False, "对数法"),
)

#: Families of indicators made from a word of the rulebook's lists: prefix → (name around the label, unit, family).
PREFIXES: dict[str, tuple[str, str, str]] = {
    "energy_product_tce": ("{}消费量（折标准煤）", "tce", "product"),
    "energy_sector_tce": ("{}能源消费量", "tce", "sector"),
    "electricity_sector_10k_kwh": ("{}用电量", "万kWh", "electricity_sector"),
    "unit_product_kgce_per_t": ("{}单位产品综合能耗", "kgce/t", "unit"),
    "unit_product_kwh_per_t": ("{}单位产品电耗", "kWh/t", "unit"),
}


#: Where the indicators of products and industries stand in a list: behind the others.
DERIVED_POSITION = 500


def derived(prefix: str, word: str, label: str) -> Entry:
    """The indicator of one product or industry, e.g. ``energy_product_tce:raw_coal``."""
    name, unit, family = PREFIXES[prefix]
    return Entry(f"{prefix}:{word}", name.format(label), unit, 1 if family == "unit" else 0, family)


def columns(entry: Entry) -> dict[str, Any]:
    """The columns of the indicator's row, without its code."""
    position = next((place for place, known in enumerate(ENTRIES) if known.code == entry.code), DERIVED_POSITION)
    return {
        "name": entry.name, "unit": entry.unit, "decimals": entry.decimals, "family": entry.family,
        "lower_is_better": entry.lower_is_better, "note": entry.note, "position": position,
    }  # fmt: skip


def known(code: str) -> Entry | None:
    """The indicator of the list with that code."""
    return next((entry for entry in ENTRIES if entry.code == code), None)
