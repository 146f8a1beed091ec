"""The invented people, plan and targets. The county targets of the 14th plan stand in an annex that is not public: these are made up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from shuangkong.project.packs.demonstration import Person

from .economy import CITY, County
from .energy import ZONES

_SOURCE = "演示（虚构）"
_DECLINE = "energy_intensity_decline_percent"
_CO2_DECLINE = "co2_intensity_decline_percent"
#: How much more the 15th plan asks of carbon intensity than of energy intensity, points.
_CO2_EXTRA = Decimal("3.5")
_NAMES = {
    "431002": "北湖区", "431003": "苏仙区", "431081": "资兴市", "431021": "桂阳县", "431022": "宜章县", "431023": "永兴县", "431024": "嘉禾县",
    "431025": "临武县", "431026": "汝城县", "431027": "桂东县", "431028": "安仁县", "CZ-HITECH": "郴州高新区", "CZ-ETDZ": "郴州经开区",
}  # fmt: skip
#: indicator → number of the invented 15th plan, tonnes
_POLLUTANTS_15 = {"cod_reduction_t": "8200", "nh3n_reduction_t": "520", "nox_reduction_t": "2900", "vocs_reduction_t": "1100"}


def people() -> list[Person]:
    """One sign-in for each role; roles, not persons."""
    offices = [
        Person("fagai", "市发改委（演示）", "city", CITY, "drc"),
        Person("tongji", "市统计局（演示）", "city", CITY, "stat"),
        Person("huanjing", "市生态环境局（演示）", "city", CITY, "eeb"),
        Person("gongxin", "市工信局（演示）", "department", "", "miit"),
        Person("zhujian", "市住建局（演示）", "department", "", "housing"),
        Person("jiaotong", "市交通运输局（演示）", "department", "", "transport"),
        Person("jiguan", "市机关事务管理局（演示）", "department", "", "organs"),
        Person("chengguan", "市城管局（演示）", "department", "", "citymgmt"),
    ]
    regional = [Person(code.lower(), f"{name}（演示）", "county", code) for code, name in _NAMES.items()]
    others = [
        Person("enterprise", "演示企业（演示）", "enterprise", "CZ-DEMO-1"),
        Person("reader", "查阅（演示）", "reader"),
        Person("admin", "系统管理员（演示）", "administrator"),
    ]
    return offices + regional + others


def plans() -> list[dict[str, Any]]:
    """The 15th plan does not exist yet."""
    return [
        {
            "code": "cz-15", "title": "郴州市“十五五”节能减排行动方案（演示）", "period_name": "“十五五”", "document": _SOURCE, "issued_on": None,
            "subject": CITY, "base_year": 2025, "first_year": 2026, "last_year": 2030, "demonstration": True,
        }
    ]  # fmt: skip


def targets(counties: Sequence[County]) -> list[dict[str, Any]]:
    """Of both plans: the counties' of the 14th, everything of the 15th."""
    found = [_target("cz-15", _DECLINE, CITY, number="13.5", incentive="14.5", public=True)]
    found.append(_target("cz-15", _CO2_DECLINE, CITY, number="17", public=True, rank=1))
    found.append(_target("cz-15", "energy_total_tce", CITY, words="合理控制（演示）", kind="qualitative", public=True))
    found.append(_target("cz-15", "energy_co2_t", CITY, words="增量得到有效控制（演示）", kind="qualitative", public=True, rank=2))
    found.append(_target("cz-15", "energy_total_tce", CITY, number="15500000", kind="internal", base="14200000"))
    found += [_target("cz-15", indicator, CITY, number=number, public=True) for indicator, number in _POLLUTANTS_15.items()]
    for county in counties:
        found.append(_target("cz-14", _DECLINE, county.code, number=county.target_14, incentive=county.incentive_14))
        found.append(_target("cz-15", _DECLINE, county.code, number=county.target_15))
        found.append(_target("cz-15", _CO2_DECLINE, county.code, number=_carbon(county)))
    found += _of_zones(counties)
    return found


def _of_zones(counties: Iterable[County]) -> list[dict[str, Any]]:
    """A zone's targets are its county's."""
    own = {county.code: county for county in counties}
    found = []
    for zone, (code, _) in ZONES.items():
        if code in own:
            found.append(_target("cz-14", _DECLINE, zone, number=own[code].target_14, incentive=own[code].incentive_14))
            found.append(_target("cz-15", _DECLINE, zone, number=own[code].target_15))
            found.append(_target("cz-15", _CO2_DECLINE, zone, number=_carbon(own[code])))
    return found


def _carbon(county: County) -> str:
    """The invented target of carbon intensity."""
    return str(Decimal(county.target_15) + _CO2_EXTRA)


def _target(
    plan: str, indicator: str, subject: str, *, number: str = "", incentive: str = "", words: str = "", kind: str = "binding",
    public: bool = False, base: str = "", rank: int = 0,
) -> dict[str, Any]:  # fmt: skip
    return {
        "plan": plan, "indicator": indicator, "region": subject, "number": number, "incentive": incentive, "words": words, "kind": kind,
        "source": _SOURCE, "public": public, "demonstration": True, "base_value": base, "rank": rank, "set_by": "演示",
    }  # fmt: skip
