"""The task of improving air and water: what makes a region carry more of a pollutant's reduction.

Air: how high a concentration stands against its limit, weighted over the concentrations that the pollutant drives; 100 is at the limit.
Water: 100 where every monitored section meets its quality goal, 200 where none does. So clean regions still carry a part, and one missed
section does not carry the whole city. A missing reading is an error, never clean air.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext

from .energy import PERCENT
from .errors import InputError
from .rounding import WORKING_DIGITS


def air_task(readings: Mapping[str, Decimal | None], limits: Mapping[str, Decimal], weights: Mapping[str, Decimal], label: str) -> Decimal:
    """The weighted mean of reading ÷ limit, in percent (100: at the limit). Readings and limits in the same unit, weights not all 0.

    Raises:
        InputError: a reading is missing or negative, or no weight counts.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        counted = {name: weight for name, weight in weights.items() if weight}
        if not counted or min(counted.values()) < 0:
            raise InputError("空气质量任务的权重不能小于 0，也不能都是 0", where="weights")
        total = Decimal(0)
        for name, weight in counted.items():
            total += weight * _reading(readings.get(name), name, label) / limits[name]
        return PERCENT * total / sum(counted.values())


def water_task(sections: Decimal | None, good: Decimal | None, label: str) -> Decimal:
    """100 and the sections that miss their goal in percent of all: 100 when all meet it, 200 when none does.

    Raises:
        InputError: a number is missing, or more sections are good than there are.
    """
    all_, met = _reading(sections, "考核断面数", label), _reading(good, "达标断面数", label)
    if all_ == 0 or met > all_:
        why = f"考核断面 {all_} 个，达标 {met} 个"
        raise InputError("断面数不成立", where=label, why=why, do="核对断面数；没有考核断面的地区把任务权重设为 0")
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return PERCENT * (all_ + all_ - met) / all_


def _reading(value: Decimal | None, name: str, label: str) -> Decimal:
    if value is None:
        raise InputError(f"缺少环境质量数据“{name}”", where=label, why="缺的数不是 0", do="导入或补填该地区的环境质量数据")
    if value < 0:
        raise InputError(f"环境质量数据“{name}”不能小于 0", where=label, why=f"给出的是 {value}")
    return value
