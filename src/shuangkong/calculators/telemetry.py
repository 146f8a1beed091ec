"""Calculator ``telemetry.decode``: a frame of the transfer standard, read and checked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shuangkong.hj212 import FAULTS, Profile
from shuangkong.hj212.description import inspect

from .definition import Calculator, Inputs, Model, Outputs, Worksheet


class Fault(Model):
    """One deviation: its code of the closed list, where it stands, what it means."""

    code: str = Field(description="代码，见下表")
    where: str = Field(description="所在字段")
    text: str = Field(description="说明")


class DecodeInputs(Inputs):
    """A frame as it came."""

    frame: str = Field(description="报文，从##到回车换行", max_length=20_000)
    edition: Literal[2005, 2017, 2025] | None = Field(None, description="设备登记的标准版本，缺省按标志Flag")
    strict: bool = Field(False, description="严格：宽松可容忍的偏差也算错误")


class DecodeOutputs(Outputs):
    """What the frame says, and what is wrong with it."""

    valid: bool = Field(description="长度与校验相符、可以读出，且没有错误")
    errors: list[Fault] = Field(description="错误")
    warnings: list[Fault] = Field(description="宽松可容忍的偏差")
    header: dict[str, Any] = Field(description="qn、st、cn、mn、flag、pnum、pno、resent（补传）、edition（版本）")
    data: dict[str, Any] = Field(description="fields：字段；factors：因子编码 → 字段 → 值")


def decode(inputs: DecodeInputs, sheet: Worksheet) -> DecodeOutputs:
    """The frame's header and typed values."""
    found: dict[str, Any] = inspect(inputs.frame, Profile("strict" if inputs.strict else "lenient", inputs.strict, inputs.edition))
    header: dict[str, Any] = found["header"]
    sheet.step("长度、校验、数据段头、数据区依次检查", 命令=header.get("cn"), 版本=header.get("edition"), 错误=len(found["errors"]))
    return DecodeOutputs(
        valid=found["valid"], errors=_faults(found["errors"]), warnings=_faults(found["warnings"]), header=header, data=found["data"]
    )


def _faults(rows: list[dict[str, str]]) -> list[Fault]:
    """Each fault with the offending text in its words."""
    return [
        Fault(code=row["code"], where=row["where"], text=f"{row['text']}（{row['value']}）" if row["value"] else row["text"])
        for row in rows
    ]


CALCULATORS = (
    Calculator(
        "telemetry.decode", "污染源自动监测报文解码", "Decoding of a telemetry frame",
        ("HJ/T 212-2005", "HJ 212-2017", "HJ 212-2025（二手资料，待核实）"),
        DecodeInputs, DecodeOutputs, decode,
        {"frame": "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"},
        "长度按字节；校验为附录A的CRC16（高字节异或，低字节舍去）；值按因子表的位数定型",
        notes=tuple(f"`{code}` {text}{'（宽松可容忍）' if forgivable else ''}" for code, (text, forgivable) in FAULTS.items()),
    ),
)  # fmt: skip
