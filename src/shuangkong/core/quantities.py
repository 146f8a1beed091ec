"""Exact quantities: 64-bit integers of 10⁻⁶ base units, and the units that people write.

Base units: energy tce, mass t, gas m³, electricity 10 000 kWh (万千瓦时), heat GJ, money 10 000 yuan (万元), persons, certificates.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from .errors import InputError, QuantityOverflow

MICRO_DIGITS = 6
MICRO_LIMIT = 2**63 - 1

#: dimension → its base unit as it is shown
BASE_UNITS = {
    "energy": "tce",
    "mass": "t",
    "gas": "m³",
    "electricity": "万kWh",
    "heat": "GJ",
    "money": "万元",
    "persons": "人",
    "certificates": "个",
}

#: unit as written (lower case, no blanks) → (dimension, factor to the base unit as text)
_UNITS: dict[str, tuple[str, str]] = {
    "tce": ("energy", "1"), "吨标准煤": ("energy", "1"), "吨标煤": ("energy", "1"),
    "万tce": ("energy", "1e4"), "万吨标准煤": ("energy", "1e4"), "万吨标煤": ("energy", "1e4"),
    "亿tce": ("energy", "1e8"), "亿吨标准煤": ("energy", "1e8"),
    "kgce": ("energy", "1e-3"), "千克标准煤": ("energy", "1e-3"), "公斤标准煤": ("energy", "1e-3"),
    "t": ("mass", "1"), "吨": ("mass", "1"), "万t": ("mass", "1e4"), "万吨": ("mass", "1e4"),
    "亿吨": ("mass", "1e8"), "kg": ("mass", "1e-3"), "千克": ("mass", "1e-3"), "公斤": ("mass", "1e-3"),
    "m³": ("gas", "1"), "m3": ("gas", "1"), "立方米": ("gas", "1"), "万m³": ("gas", "1e4"), "万m3": ("gas", "1e4"),
    "万立方米": ("gas", "1e4"), "亿m³": ("gas", "1e8"), "亿m3": ("gas", "1e8"), "亿立方米": ("gas", "1e8"),
    "kwh": ("electricity", "1e-4"), "千瓦时": ("electricity", "1e-4"), "度": ("electricity", "1e-4"),
    "mwh": ("electricity", "1e-1"), "兆瓦时": ("electricity", "1e-1"), "gwh": ("electricity", "1e2"),
    "万kwh": ("electricity", "1"), "万千瓦时": ("electricity", "1"), "亿kwh": ("electricity", "1e4"),
    "亿千瓦时": ("electricity", "1e4"), "万度": ("electricity", "1"),
    "gj": ("heat", "1"), "吉焦": ("heat", "1"), "百万千焦": ("heat", "1"), "mj": ("heat", "1e-3"), "兆焦": ("heat", "1e-3"),
    "kj": ("heat", "1e-6"), "千焦": ("heat", "1e-6"),
    "tj": ("heat", "1e3"), "太焦": ("heat", "1e3"), "万gj": ("heat", "1e4"), "万吉焦": ("heat", "1e4"),
    "万元": ("money", "1"), "元": ("money", "1e-4"), "亿元": ("money", "1e4"),
    "人": ("persons", "1"), "万人": ("persons", "1e4"),
    "个": ("certificates", "1"), "张": ("certificates", "1"), "万个": ("certificates", "1e4"), "万张": ("certificates", "1e4"),
}


def to_micro(value: Decimal) -> int:
    """``value`` in base units as an integer of 10⁻⁶ base units, halves up.

    Raises:
        QuantityOverflow: beyond a signed 64-bit integer (9.2 × 10¹² base units).
        InputError: not a finite number.
    """
    if not value.is_finite():
        raise InputError(f"“{value}”不是有限的数")
    with localcontext() as context:
        context.prec = max(60, len(value.as_tuple().digits) + 10)
        micro = int(value.scaleb(MICRO_DIGITS).quantize(Decimal(1), rounding=ROUND_HALF_UP)) if value.adjusted() < 20 else MICRO_LIMIT + 1
    if abs(micro) > MICRO_LIMIT:
        raise QuantityOverflow(f"{value} 超出平台可存的范围", why="最大 9.2×10¹² 个基本单位", do="核对数值与单位")
    return micro


def from_micro(micro: int) -> Decimal:
    """The exact decimal of an integer of 10⁻⁶ base units."""
    return Decimal(micro).scaleb(-MICRO_DIGITS)


def unit_of(text: str) -> tuple[str, Decimal]:
    """The dimension of a unit as written and its factor to the base unit.

    Raises:
        InputError: an unknown unit.
    """
    key = "".join(text.split()).lower()
    if key not in _UNITS:
        raise InputError(f"不认识计量单位“{text}”", why="不在计量单位表中", do="用 吨、万吨、万千瓦时、亿千瓦时、万立方米、GJ、吨标准煤 等")
    dimension, factor = _UNITS[key]
    return dimension, Decimal(factor)


def to_base(quantity: Decimal, unit: str, dimension: str) -> Decimal:
    """``quantity`` in ``unit`` as base units of ``dimension``.

    Raises:
        InputError: an unknown unit, or one of another dimension.
    """
    found, factor = unit_of(unit)
    if found != dimension:
        raise InputError(f"单位“{unit}”与应有的量不符", why=f"应为可换算到 {BASE_UNITS[dimension]} 的单位")
    return quantity * factor


#: Commas stand between groups of three digits before the point: “1,5” may mean 1.5, so it is no number.
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def decimal_of(text: str) -> Decimal:
    """A finite decimal from text as people write it (thousands commas, blanks around it, full-width digits).

    Raises:
        InputError: not a number, or commas that do not part thousands.
    """
    plain = text.replace("，", ",").replace("−", "-").strip()
    if "_" in plain or ("," in plain and not _GROUPED.fullmatch(plain)):
        raise InputError(f"“{text}”不是数", why="逗号只作千位分隔" if "," in plain else "")
    try:
        value = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        raise InputError(f"“{text}”不是数") from None
    if not value.is_finite():
        raise InputError(f"“{text}”不是有限的数")
    return value
