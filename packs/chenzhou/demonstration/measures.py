"""The invented library of control measures. Every amount is a share of what a county is said to use, and none is an estimate of anything real."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from .economy import NOMINAL_YI, WAN_PER_YI, County

_SOURCE = "演示（虚构）"


class _Kind(NamedTuple):
    """A measure as shares: energy of a unit in 10⁻⁵ of the county's, 万元 for each tce, GDP lost in 万元 for each tce."""

    key: str
    label: str
    kind: str
    unit: str
    share: int
    cost: str
    gdp: str
    units: int
    delay: int
    rule: str
    group: str = ""
    needs: str = ""
    nox_kg: int = 0


_KINDS = (
    _Kind("kiln", "水泥熟料窑错峰停窑", "stagger", "周", 70, "0.02", "-0.9", 8, 0, "measure.stagger", nox_kg=6),
    _Kind("furnace", "铅锌冶炼错峰检修", "stagger", "周", 60, "0.03", "-1.4", 6, 0, "measure.stagger", nox_kg=2),
    _Kind("old-line", "低于基准水平的冶炼线退出", "phase_out", "条", 520, "0.25", "-0.6", 2, 4, "measure.phase_out", "line", nox_kg=8),
    _Kind("upgrade", "低于基准水平的冶炼线改造", "retrofit", "条", 240, "0.35", "0", 2, 8, "measure.retrofit", "line", nox_kg=4),
    _Kind("motors", "电机和变压器更新", "retrofit", "批", 80, "0.18", "0", 6, 3, "measure.retrofit"),
    _Kind("audit", "余热利用诊断", "retrofit", "次", 4, "0.30", "0", 1, 1, "measure.retrofit"),
    _Kind("waste-heat", "余热余压利用", "retrofit", "套", 300, "0.28", "0", 3, 6, "measure.retrofit", needs="audit", nox_kg=1),
    _Kind("green", "跨省购买绿证", "green_power", "万张", 120, "0.09", "0", 10, 1, "measure.green_power"),
    _Kind("late", "未开工高耗能项目缓建", "delay", "个", 640, "0.01", "-1.8", 1, 0, "measure.delay"),
    _Kind("shift", "引导新增投资转向低耗能行业", "structure", "项", 180, "0.06", "0.2", 3, 9, "measure.structure"),
    _Kind("limit-power", "有序用电压减", "stagger", "次", 400, "0.01", "-2.2", 4, 0, "measure.orderly_use"),
)  # fmt: skip


def measures(counties: Sequence[County]) -> list[dict[str, Any]]:
    """The library of every county."""
    return [_row(county, kind) for county in counties for kind in _KINDS]


def _row(county: County, kind: _Kind) -> dict[str, Any]:
    energy = Decimal(round(NOMINAL_YI[2020] * WAN_PER_YI * county.gdp_share * county.intensity_2020))
    effect = (energy * kind.share / 100_000).quantize(Decimal(1))
    nox = (effect * kind.nox_kg / 1000).quantize(Decimal("0.1"))
    return {
        "code": f"{county.code}-{kind.key}", "subject": county.code, "label": kind.label, "kind": kind.kind, "unit": kind.unit,
        "effect_tce": effect, "cost_10k_yuan": (effect * Decimal(kind.cost)).quantize(Decimal("0.1")), "units": kind.units,
        "delay_months": kind.delay, "gdp_10k_yuan": (effect * Decimal(kind.gdp)).quantize(Decimal("0.1")),
        "pollutants_t": {"nox": str(nox)} if nox else {}, "group": f"{county.code}-{kind.group}" if kind.group else "",
        "needs": [f"{county.code}-{kind.needs}"] if kind.needs else [], "rule": kind.rule, "source": _SOURCE, "evidence": "demonstration",
        "demonstration": True,
    }  # fmt: skip
