"""What can be shared out, and from which figures of the counties: one explicit list of each.

A new indicator is one :class:`Scheme`; a new figure that counties or departments state is one :class:`InputKind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

RATE, TONNES = "rate", "tonnes"


@dataclass(frozen=True, slots=True)
class InputKind:
    """A figure of a county that somebody states: between ``low`` and ``high``. ``by_county``: the county itself answers for it."""

    key: str
    title: str
    unit: str
    owner: str
    by_county: bool = False
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(100)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one indicator is shared out. ``name`` is the rulebook's (``decomposition.weight.<name>.…``).

    ``factors``: factor of the model → key of the input it is read from; empty where it follows from other figures (``intensity``,
    ``growth``, ``task``). ``base``: the indicator whose base year value counts, or the key of an input. ``task``: what the task of
    improving is read from: ``air`` or ``water``.
    """

    indicator: str
    kind: str
    name: str
    factors: dict[str, str]
    base: str
    step: Decimal
    pollutant: str = ""
    task: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The keys of the inputs that it needs."""
        keys = [key for key in self.factors.values() if key]
        if self.kind == RATE or "growth" in self.factors:
            keys.insert(0, "growth")
        return tuple(dict.fromkeys([*keys, *([self.base] if self.base in INPUTS else [])]))


_FAR = Decimal(10) ** 9
_POLLUTANTS = {"cod": "化学需氧量", "nh3n": "氨氮", "nox": "氮氧化物", "vocs": "挥发性有机物"}

INPUTS: dict[str, InputKind] = {
    kind.key: kind
    for kind in (
        InputKind("growth", "五年年均增速", "%", "县市区自报", True, Decimal("-99.9"), Decimal(100), "可比价，规划期内每年平均"),
        InputKind("industry", "工业增加值占GDP比重", "%", "市统计部门"),
        InputKind("potential", "节能潜力", "%", "市发展改革部门", hint="已查明的可节约量占用能量的比重"),
        *(InputKind(f"{code}_base", f"{name}基期排放量", "t", "市生态环境部门", high=_FAR) for code, name in _POLLUTANTS.items()),
        *(InputKind(f"{code}_potential", f"{name}减排潜力", "%", "市生态环境部门") for code, name in _POLLUTANTS.items()),
    )
}

_INTENSITY = {"intensity": "", "industry": "industry", "potential": "potential", "growth": ""}
SCHEMES: dict[str, Scheme] = {
    scheme.indicator: scheme
    for scheme in (
        Scheme("energy_intensity_decline_percent", RATE, "intensity", _INTENSITY, "energy_total_tce", Decimal("0.1")),
        Scheme("co2_intensity_decline_percent", RATE, "intensity", _INTENSITY, "energy_co2_t", Decimal("0.1")),
        Scheme("energy_total_tce", TONNES, "total", {"growth": ""}, "energy_total_tce", Decimal(100)),
        *(
            Scheme(
                f"{code}_reduction_t", TONNES, "pollutant", {"task": "", "potential": f"{code}_potential"}, f"{code}_base", Decimal(1),
                code, "air" if code in ("nox", "vocs") else "water",
            )
            for code in _POLLUTANTS
        ),
    )
}  # fmt: skip

FACTOR_WORDS = {"intensity": "强度水平", "industry": "工业比重", "potential": "潜力", "growth": "增长", "task": "改善任务"}
HELD_WORDS = {"lower": "按下限", "upper": "按上限", "locked": "锁定", "": ""}
#: The ledger's measures of air and water, by the name the task gives them.
AIR = ("pm25", "o3")
WATER = ("water_sections", "water_sections_met")
