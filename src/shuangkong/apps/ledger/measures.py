"""What a ledger row can measure: one list for import, packs and accounts."""

from __future__ import annotations

from dataclasses import dataclass

#: The unit of rates.
PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. ``dimension`` is that of :data:`shuangkong.core.quantities.BASE_UNITS`, or ``rate`` (a reading that
    is never summed, in ``unit``: percent, μg/m³, a count).

    ``by_product`` measures take their dimension from the product and need product and flow; ``price_base`` is needed for GDP levels.
    """

    label: str
    dimension: str
    by_product: bool = False
    price_base: bool = False
    comparable: bool = False
    unit: str = PERCENT

    @property
    def is_rate(self) -> bool:
        """Whether a row holds a rate or reading and no quantity."""
        return self.dimension == "rate"


MEASURES = {
    "energy": Measure("能源", "", by_product=True),
    "electricity": Measure("用电量", "electricity"),
    "gdp": Measure("地区生产总值", "money", price_base=True),
    "gdp_growth": Measure("地区生产总值增速", "rate", comparable=True),
    "industry_value_added_growth": Measure("规模以上工业增加值增速", "rate", comparable=True),
    "energy_total": Measure("能源消费总量", "energy"),
    "energy_growth": Measure("能源消费总量增速", "rate"),
    "energy_intensity_change": Measure("单位地区生产总值能耗变化率", "rate"),
    "feedstock_energy": Measure("原料用能", "energy"),
    "nonfossil_energy": Measure("非化石能源消费量", "energy"),
    "listed_energy": Measure("单列项目能耗", "energy"),
    "green_certificate": Measure("绿证", "certificates"),
    "co2_intensity_change": Measure("单位地区生产总值二氧化碳排放变化率", "rate"),
    "output": Measure("产品产量", "mass"),
    "product_energy": Measure("产品综合能耗", "energy"),
    "product_electricity": Measure("产品用电量", "electricity"),
    "population": Measure("常住人口", "persons"),
    "pm25": Measure("PM2.5年均浓度", "rate", unit="μg/m³"),
    "o3": Measure("臭氧日最大8小时平均第90百分位数", "rate", unit="μg/m³"),
    "water_sections": Measure("地表水考核断面数", "rate", unit="个"),
    "water_sections_met": Measure("地表水达到目标的断面数", "rate", unit="个"),
}

#: Where green certificates come from: what stands as the flow of their rows. The product is the year in which their power was made.
CERTIFICATE_ORIGINS = {"cross_province": "省外", "within_province": "省内"}

#: What stands as the flow of a unit's figures by product: such rows are told apart by their product (``rulebook/lists/outputs.yaml``).
BY_PRODUCT = "product"
#: The measures that a key energy-using unit files by product.
UNIT_MEASURES = ("output", "product_energy", "product_electricity")
