"""Invented contents of the plan's annexes, which are not public: targets of actions, of counties' pollutants, of industries."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from shuangkong.core.rounding import largest_remainder

from .economy import County

_PLAN = "cz-14"
#: Tonnes of the plan (public), which the invented ones of the counties add up to.
_TONNES = {"cod_reduction_t": 10500, "nh3n_reduction_t": 700, "nox_reduction_t": 3674, "vocs_reduction_t": 936}
_ACTIONS = (
    (1, "规模以上工业单位增加值能耗降低率≥14%（2025年）", "重点行业节能降碳改造", "市工信局", "市发改委、各县市区"),
    (1, "燃气锅炉低氮改造：基本完成（2023年）", "锅炉低氮改造", "市生态环境局", "各县市区"),
    (3, "城镇新建建筑执行绿色建筑标准比例=100%（2025年）", "新建建筑执行标准", "市住建局", "各县市区"),
    (6, "公共机构单位建筑面积能耗下降率≥5%（2025年）", "公共机构节能改造", "市机关事务中心", "市直各单位"),
    (10, "城镇污泥无害化处置率≥90%（2025年）", "污泥处置设施建设", "市住建局", "市城管局"),
)
_INDUSTRIES = (
    ("水泥熟料单位产品综合能耗", "千克标准煤/吨", "112", "105", "C30"), ("粗铅工艺单位产品综合能耗", "千克标准煤/吨", "286", "262", "C32"),
    ("火电供电煤耗", "克标准煤/千瓦时", "309", "302", "D44"),
)  # fmt: skip


def annexes(counties: Sequence[County]) -> list[dict[str, Any]]:
    """Rows of the first, third and fourth annex of the 14th plan."""
    return [*_actions(), *_pollutants(counties), *_industries()]


def _actions() -> list[dict[str, Any]]:
    return [
        {"plan": _PLAN, "annex": 1, "action": number, "main": main, "details": {"task": task, "leads": leads, "supports": supports, "due": "2025年底"}}
        for number, main, task, leads, supports in _ACTIONS
    ]


def _pollutants(counties: Sequence[County]) -> list[dict[str, Any]]:
    rows = []
    whole = sum(Decimal(str(county.gdp_share)) for county in counties)
    for code, total in _TONNES.items():
        parts = largest_remainder([total * Decimal(str(county.gdp_share)) / whole for county in counties], Decimal(1), Decimal(total))
        rows += [
            {"plan": _PLAN, "annex": 3, "indicator": code, "region": county.code, "number": format(part, "f")}
            for county, part in zip(counties, parts, strict=True)
        ]
    return rows


def _industries() -> list[dict[str, Any]]:
    return [
        {"plan": _PLAN, "annex": 4, "name": name, "unit": unit, "base": base, "number": number, "industry": industry}
        for name, unit, base, number, industry in _INDUSTRIES
    ]
