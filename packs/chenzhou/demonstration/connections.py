"""Which of the invented enterprises and of the zones must be connected, and why. The reasons are invented; who is connected shows itself."""

from __future__ import annotations

from datetime import date

from shuangkong.project.packs.demonstration import Connection

from .returns import firms

_SINCE = date(2026, 1, 1)
#: From this much energy a year on a unit is a key one; the industries with permits of key management and with VOCs.
_KEY_TCE = 5000
_PERMIT = {"22", "26", "30", "32", "44"}
_VOC = {"20", "26", "39"}
_ZONES = ("CZ-HITECH", "CZ-ETDZ")


def connections() -> list[Connection]:
    """The duties, by enterprise and zone."""
    found = []
    for firm in firms():
        year_tce = firm.tce_month * 12
        if year_tce >= _KEY_TCE:
            found.append(Connection(firm.code, "energy", f"演示：年综合能源消费量约{round(year_tce, -2):.0f}吨标准煤", _SINCE))
        if firm.industry in _PERMIT:
            found.append(Connection(firm.code, "permit", "演示：重点管理排污许可", _SINCE))
        if firm.industry in _VOC:
            found.append(Connection(firm.code, "voc", "演示：挥发性有机物重点单位", _SINCE))
    found += [Connection(code, "park", "演示：园区空气和污水总排口", _SINCE) for code in _ZONES]
    return found
