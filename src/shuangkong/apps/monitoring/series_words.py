"""Kinds and quality bits of the series in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_LEVELS = {
    "realtime": gettext_lazy("实时"), "minute": gettext_lazy("分钟"), "hour": gettext_lazy("小时"), "day": gettext_lazy("日"),
    "meter": gettext_lazy("计量"), "state": gettext_lazy("状态"),
}  # fmt: skip
_PARTS = {
    "avg": gettext_lazy("均值"), "min": gettext_lazy("最小值"), "max": gettext_lazy("最大值"), "cou": gettext_lazy("累计"),
    "zsavg": gettext_lazy("折算均值"), "zsmin": gettext_lazy("折算最小值"), "zsmax": gettext_lazy("折算最大值"),
    "zs": gettext_lazy("折算值"), "data": gettext_lazy("数据"), "realtime": gettext_lazy("读数"),
    "day": gettext_lazy("日"), "month": gettext_lazy("月"),
    "year": gettext_lazy("年"), "daydata": gettext_lazy("昼间"), "nightdata": gettext_lazy("夜间"), "rs": gettext_lazy("运行状态"),
    "rt": gettext_lazy("运行时间"),
}  # fmt: skip
QUALITY_WORDS = {
    "repeated": gettext_lazy("重复收到"), "corrected": gettext_lazy("取代了别的值"), "late": gettext_lazy("晚到一天以上"),
    "deviation": gettext_lazy("报文有偏差"), "out_of_type": gettext_lazy("超出规定位数"), "implausible": gettext_lazy("时间不合理"),
    "clock_off": gettext_lazy("时钟偏差"), "invalid": gettext_lazy("发送方标为无效"), "resent": gettext_lazy("补传"),
    "demonstration": gettext_lazy("演示"), "sampled": gettext_lazy("采样时间"), "manual": gettext_lazy("手工输入"),
    "no_number": gettext_lazy("不是数字"), "unknown_factor": gettext_lazy("标准外因子"),
    "unregistered_system": gettext_lazy("系统编码不符"), "unknown_flag": gettext_lazy("标记不在标准中"),
}  # fmt: skip


def kind_words(kind: str) -> str:
    """小时均值, 实时, 计量读数."""
    level, _dot, part = kind.partition(".")
    return f"{_LEVELS.get(level, level)}{_PARTS.get(part, part) if part else ''}"


def quality_words(marks: Iterable[str]) -> str:
    """The quality bits of a value in words; the mark of the demonstration is shown elsewhere."""
    return _("、").join(str(QUALITY_WORDS.get(mark, mark)) for mark in marks if mark != "demonstration")
