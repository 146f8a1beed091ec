"""Places: GB/T 2260 codes short or long, ``cn``, and the zones that a pack resolves to its city."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shuangkong.core.errors import InputError, RulebookError

NATION = "cn"

_CODE = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2})?)?")
_FOLDER = re.compile(rf"cn(?:-({_CODE.pattern}))?")


def short_code(text: str) -> str | None:
    """The shortest form of a code (431000 → 4310, 430000 → 43, cn); None where it is no code."""
    code = text.strip().lower()
    if code == NATION:
        return NATION
    if not _CODE.fullmatch(code):
        return None
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def folder_region(name: str) -> str | None:
    """The region whose rows stand in a folder (``cn``, ``cn-43``, ``cn-4310``); None for another folder."""
    match = _FOLDER.fullmatch(name)
    return None if match is None else short_code(match[1] or NATION)


def chain(code: str) -> tuple[str, ...]:
    """A place and all above it, nearest first: 431021, 4310, 43, cn."""
    if code == NATION:
        return (NATION,)
    return (*(code[:length] for length in range(len(code), 0, -2)), NATION)


@dataclass(frozen=True, slots=True)
class Places:
    """What a pack says of places: its own region and the zones (project codes) inside it."""

    region: str = NATION
    zones: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, text: str) -> str:
        """The short code of a region as people and programs write it; a zone is its city.

        Raises:
            InputError: neither a code nor a zone that is known.
        """
        code = short_code(text) or self.zones.get(text.strip())
        if code is None:
            raise InputError(
                f"不认识地区“{text}”",
                where="region",
                why="既不是 GB/T 2260 代码（如 43、4310、431021），也不是 cn 或已安装城市包的功能区",
                do="写行政区划代码，全国写 cn",
            )
        return code

    def joined(self, shown: str, content: Mapping[str, object]) -> Places:
        """With what a pack's ``places.yaml`` adds.

        Raises:
            RulebookError: an unknown key, or a region that is no code.
        """
        region, zones = content.get("region"), content.get("zones", {})
        if unknown := set(content) - {"region", "zones"}:
            raise RulebookError(f"不认识的键“{min(unknown)}”", where=shown)
        if not isinstance(zones, dict):
            raise RulebookError("zones 应是“功能区代码: 地区代码”", where=shown)
        codes = {zone: short_code(str(city)) for zone, city in zones.items()}
        own = self.region if region is None else short_code(str(region))
        if own is None or None in codes.values():
            raise RulebookError("地区不是 GB/T 2260 代码", where=shown, why=f"region {region}，zones {zones}")
        return Places(own, {**self.zones, **{zone: code for zone, code in codes.items() if code}})
