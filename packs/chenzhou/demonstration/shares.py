"""Invented figures from which the city's targets are shared out: what counties and departments state, and the quality of air and water."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random
from typing import Any

from shuangkong.core.periods import Period
from shuangkong.project.packs.demonstration import Filing

from .economy import CITY, County
from .filings import reading

PLANS = ("cz-14", "cz-15")
#: Stated growth of the city's counties over the five years, before a county's own points.
GROWTH = {"cz-14": 6.0, "cz-15": 5.5}
#: Tonnes of the base year over all counties, spread by GDP.
BASES = {"cod": 62_000, "nh3n": 3_900, "nox": 21_000, "vocs": 9_800}
YEARS = (2023, 2024, 2025)
_OWNERS = {"industry": "市统计局", "potential": "市发改委"}
_SOURCE = "演示（虚构）"


def inputs(counties: Sequence[County], seed: int) -> list[dict[str, Any]]:
    """Of every county for both plans: growth by the county itself, the others by departments."""
    return [row for plan in PLANS for county in counties for row in _of(plan, county, Random(f"inputs {seed} {plan} {county.code}"))]


def _of(plan: str, county: County, random: Random) -> Iterator[dict[str, Any]]:
    figures = {
        "growth": f"{GROWTH[plan] + county.growth_points + random.uniform(-0.4, 0.4):.1f}",
        "industry": f"{22 + 40 * county.intensity_2020 + random.uniform(-3, 3):.1f}",
        "potential": f"{random.uniform(3, 9):.1f}",
    }
    for code, whole in BASES.items():
        figures[f"{code}_base"] = f"{whole * county.gdp_share * random.uniform(0.7, 1.3):.0f}"
        figures[f"{code}_potential"] = f"{random.uniform(4, 14):.1f}"
    for key, value in figures.items():
        owner = "" if key == "growth" else _OWNERS.get(key, "市生态环境局")
        yield {"plan": plan, "region": county.code, "key": key, "value": value, "owner": owner, "source": _SOURCE, "demonstration": True}


def readings(counties: Sequence[County], seed: int) -> list[Filing]:
    """PM2.5, ozone and water sections of every county, a year at a time."""
    filings = []
    for year in YEARS:
        rows = []
        for county in counties:
            random = Random(f"environment {seed} {county.code}")
            pm25, o3, sections = 24 + 14 * county.intensity_2020 + random.uniform(0, 5), random.uniform(112, 148), random.randint(2, 6)
            missed = random.choice((0, 0, 0, 1))
            later = year - YEARS[0]
            figures = {
                "pm25": (f"{pm25 - 0.6 * later:.1f}", "μg/m³"), "o3": (f"{o3 - later:.0f}", "μg/m³"), "water_sections": (str(sections), "个"),
                "water_sections_met": (str(sections - missed), "个"),
            }  # fmt: skip
            rows += [reading(county.code, measure, Period.year(year), date(year + 1, 2, 20), *of) for measure, of in figures.items()]
        filings.append(Filing(f"{year}年环境质量（生态环境部门）", rows, CITY))
    return filings
