"""The closed list of what can be wrong with a frame.

A fault is *forgivable* when public frames of working devices show it and the meaning stays clear: the lenient profile lets
it pass as a warning, the strict one calls it an error.  Every fault is reported under either profile.
"""

from __future__ import annotations

from typing import NamedTuple

FAULTS: dict[str, tuple[str, bool]] = {
    # framing
    "garbage": ("帧以外的字节", False),
    "length_mismatch": ("声明的数据段长度与实际不符", False),
    "length_counts_tail": ("数据段长度把校验码和包尾也计算在内", True),
    "tail_missing": ("缺少包尾回车换行", True),
    "segment_too_long": ("数据段超过1024字节", True),
    "crc_not_hex": ("校验码不是四位十六进制数", False),
    "crc_mismatch": ("校验码不符", False),
    "crc_modbus": ("校验码按CRC-16/Modbus计算，不是本标准的算法", False),
    "crc_lower_case": ("校验码用了小写字母", True),
    "not_utf8": ("数据段不是UTF-8文本", False),
    # header
    "header_malformed": ("数据段头无法识别", False),
    "header_field_unknown": ("数据段头有标准没有的字段", True),
    "header_field_repeated": ("数据段头字段重复", False),
    "header_field_case": ("字段名大小写不符", True),
    "header_order": ("数据段头字段顺序不符", True),
    "content_missing": ("缺少CP=&&…&&", False),
    "content_too_long": ("数据区超过950字节", True),
    "qn_missing": ("缺少请求编码QN", True),
    "qn_malformed": ("请求编码QN不是17位时间", False),
    "st_malformed": ("系统编码ST格式不符", True),
    "st_unknown": ("系统编码ST不在标准中", True),
    "cn_missing": ("缺少命令编码CN", False),
    "cn_malformed": ("命令编码CN不是4位数字", False),
    "cn_unknown": ("命令编码CN不在标准中", True),
    "pw_malformed": ("访问密码PW不是6位", True),
    "mn_missing": ("缺少设备唯一标识MN", True),
    "mn_malformed": ("设备唯一标识MN不是24位0–9、A–F", True),
    "flag_missing": ("缺少标志Flag（2005年版式）", True),
    "flag_malformed": ("标志Flag不是0–255的整数", False),
    "edition_unknown": ("标志Flag的版本位不是已知版本", True),
    "edition_mismatch": ("标志Flag的版本与设备登记的版本不符", True),
    "packet_numbers_missing": ("标志Flag说有包号，但缺少PNUM或PNO", True),
    "packet_flag_missing": ("有PNUM、PNO，但标志Flag没有说", True),
    "packet_number_invalid": ("包号PNO不在1至PNUM之间", False),
    "rf_malformed": ("补传标志RF不是1", True),
    # data area
    "item_malformed": ("数据区的一项不是“名称=值”", True),
    "separator_misused": ("同一项目的字段应以逗号分隔，不同项目以分号分隔", True),
    "separator_trailing": ("数据区有多余的分隔符", True),
    "item_spread": ("同一项目分散在几个分号组里", True),
    "field_repeated": ("同一字段出现两次，取第一次", True),
    "data_time_missing": ("数据命令缺少DataTime", True),
    "time_malformed": ("时间不是14位YYYYMMDDhhmmss", False),
    "field_unknown": ("字段名不在标准中", True),
    "field_out_of_range": ("字段值不在标准规定的范围内", True),
    "factor_unknown": ("因子编码不在标准的因子表中", True),
    "factor_of_2005": ("因子用了2005年版编码", True),
    "factor_of_other_medium": ("因子不属于该系统编码的介质", True),
    "value_not_a_number": ("值不是数字", True),
    "value_out_of_type": ("值超出因子表规定的位数", True),
    "flag_unknown": ("数据标记不在标准中", True),
}
"""Code → (what it means, whether the lenient profile forgives it)."""


class Fault(NamedTuple):
    """One fault: its ``code`` from :data:`FAULTS`, ``where`` it stands (a field or an offset) and the offending ``value``."""

    code: str
    where: str = ""
    value: str = ""

    @property
    def text(self) -> str:
        """What is wrong, for a person."""
        return FAULTS[self.code][0]

    @property
    def forgivable(self) -> bool:
        """Whether the lenient profile lets it pass."""
        return FAULTS[self.code][1]

    def __str__(self) -> str:
        shown = f"（{self.value}）" if self.value else ""
        return f"{self.where}：{self.text}{shown}" if self.where else f"{self.text}{shown}"

    def as_dict(self) -> dict[str, str]:
        """As the calculator and the command print it."""
        return {"code": self.code, "where": self.where, "text": self.text, "value": self.value}
