"""A kept frame opened for a reader: each field with its name in the standard. Passwords were struck out when it was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shuangkong.hj212.catalogue import commands, factors, flags, standard
from shuangkong.hj212.description import inspect


@dataclass(frozen=True, slots=True)
class Reading:
    """One factor of a frame: code, name, unit, and (name of the field, value as it came)."""

    code: str
    name: str
    unit: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame: header and data fields as (name, value, meaning), and the readings. Empty where it could not be opened."""

    header: tuple[tuple[str, str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    readings: tuple[Reading, ...] = field(default_factory=tuple)


#: Header fields as the codec names them: as the standard writes them, and what they are called.
_HEADER = {
    "qn": ("QN", "请求编码"), "st": ("ST", "系统编码"), "cn": ("CN", "命令编码"), "mn": ("MN", "设备唯一标识"), "flag": ("Flag", "标志"),
    "pnum": ("PNUM", "总包数"), "pno": ("PNO", "包号"),
}  # fmt: skip
_VALUES = {
    "Rtd": "实时值", "Avg": "平均", "Min": "最小", "Max": "最大", "Cou": "累计", "Flag": "标记", "ZsRtd": "折算实时", "ZsAvg": "折算平均",
}  # fmt: skip


def open_frame(sample: str) -> Opened:
    """What can be read of ``sample``; garbage opens to nothing."""
    if not sample.startswith("##"):
        return Opened()
    found: dict[str, Any] = inspect(sample)
    header: dict[str, Any] = found["header"]
    data: dict[str, Any] = found["data"]
    return Opened(
        tuple(_field(name, str(header[name])) for name in _HEADER if header.get(name)),
        tuple((name, str(value)) for name, value in data["fields"].items()),
        tuple(_reading(code, values) for code, values in data["factors"].items()),
    )


def _field(name: str, value: str) -> tuple[str, str, str]:
    written, word = _HEADER[name]
    means = {"cn": commands()[value].name if value in commands() else "", "st": standard()["systems"].get(value, "")}.get(name, "")
    return written, value, f"{word}：{means}" if means else word


def _reading(code: str, values: dict[str, Any]) -> Reading:
    known = factors().get(code)
    shown = tuple((_VALUES.get(name, name), _value(name, str(value))) for name, value in values.items())
    return Reading(code, known.name if known else "", known.unit if known else "", shown)


def _value(name: str, value: str) -> str:
    if name == "Flag" and value in flags():
        return f"{value}（{flags()[value]}）"
    return value
