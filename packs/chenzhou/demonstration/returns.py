"""Invented filings: what counties, zones and twenty enterprises that do not exist owe, filed, were returned, and have not filed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from shuangkong.core.forms import plain
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro, unit_of
from shuangkong.project.packs.demonstration import Duty, Filing, Return
from shuangkong.rulebook import forms

from .economy import FOLDER
from .energy import ZONES

_REASON = "演示（虚构）"
_START_25, _START_26 = date(2025, 1, 1), date(2026, 1, 1)
#: Tonnes of coal equivalent of one unit as the monthly form writes it; rough, as invented figures may be.
_TCE = {
    "raw_coal": 0.7143, "coke": 0.9714, "diesel": 1.4571, "ng": 13.3, "electricity": 1.229, "heat": 0.0341, "other_fuel": 1.0,
}  # fmt: skip
_LAST = (2026, 10)
_SECTOR_FORMS = ("public_institutions_year", "city_infrastructure_year", "transport_year", "buildings_year")
#: What happened to the newest month of some enterprises; all others passed their county.
_NEWEST = {
    "CZ-DEMO-1": "draft", "CZ-DEMO-4": "", "CZ-DEMO-9": "", "CZ-DEMO-19": "", "CZ-DEMO-6": "returned", "CZ-DEMO-13": "returned",
    "CZ-DEMO-2": "submitted", "CZ-DEMO-17": "submitted", "CZ-DEMO-8": "submitted",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise that does not exist. ``parts`` are the products' shares of its energy."""

    code: str
    name: str
    county: str
    industry: str
    tce_month: float
    parts: Mapping[str, float]
    product: str
    unit: str
    per_tce: float


@cache
def firms() -> tuple[Firm, ...]:
    """The enterprises of ``firms.csv``."""
    with (FOLDER / "firms.csv").open(encoding="utf-8") as file:
        return tuple(_firm(row) for row in csv.DictReader(file))


def _firm(row: Mapping[str, str]) -> Firm:
    parts = {name: float(part) / 100 for name, _, part in (pair.partition(":") for pair in row["products"].split())}
    return Firm(
        row["code"], row["name"], row["county"], row["industry"], float(row["tce_month"]), parts, row["product"], row["unit"],
        float(row["per_tce"]),
    )  # fmt: skip


def firm_subjects() -> list[dict[str, Any]]:
    """The enterprises as subjects."""
    return [
        {
            "kind": "enterprise", "code": firm.code, "name": firm.name, "parent": firm.county, "county": firm.county,
            "industry": firm.industry, "position": 20_000 + place, "demonstration": True,
        }
        for place, firm in enumerate(firms())
    ]  # fmt: skip


def duties(counties: Iterable[str]) -> list[Duty]:
    """Who owes what, from when."""
    counties = list(counties)
    found = [Duty(code, "county_energy_balance_quarter", _START_26, _REASON) for code in (*counties, *ZONES)]
    found += [Duty(code, "electricity_month", date(2026, 9, 1), _REASON) for code in counties]
    found += [Duty(code, form_id, _START_25, _REASON) for form_id in _SECTOR_FORMS for code in counties]
    for place, firm in enumerate(firms()):
        found += [Duty(firm.code, form_id, _START_25, _REASON) for form_id in ("key_unit_month", "utilisation_report")]
        found.append(Duty(firm.code, "industrial_energy_month", _START_26, _REASON))
        if place % 3 == 0:
            found.append(Duty(firm.code, "pollutant_source_quarter", _START_26, _REASON))
    return found


def returns(filings: Iterable[Filing], counties: Iterable[str], seed: int) -> list[Return]:
    """Everything that was filed, in the order of its days."""
    counties = list(counties)
    found = [*_balances(filings), *_electricity(counties, seed), *_sectors(counties, seed), *_firms(seed)]
    return sorted(found, key=lambda made: made.filed_on)


def _due(form_id: str, period: Period) -> date:
    """Roughly when it is due: some days after the period."""
    return period.end + timedelta(days=forms.current().of(form_id, period).deadline.days)


# counties: the balances are those that the counties' own rows in the ledger hold, added up by sector


def _balances(filings: Iterable[Filing]) -> Iterator[Return]:
    for filing in filings:
        reported = [row for row in filing.rows if row.measure == "energy" and row.origin == "reported"]
        for code in sorted({row.zone or row.subject for row in reported}):
            rows = [row for row in reported if (row.zone or row.subject) == code]
            period = Period(rows[0].period_start, rows[0].period_end, rows[0].period_kind)
            form = forms.current().of("county_energy_balance_quarter", period) if period.last_month < 12 else None
            if form is not None:
                cells = _balance_cells(form, rows)
                yield Return(code, form.id, period, cells, rows[0].known_on, "in_ledger", batch=filing.title)


def _balance_cells(form: Any, rows: Iterable[Any]) -> dict[str, str]:
    sums: dict[tuple[str, str, str], int] = {}
    for row in rows:
        industry = row.industry if row.flow == "terminal" else ""
        sector = "industry" if industry[:1] in {"B", "C", "D"} else industry
        key = (row.product, row.flow, sector)
        sums[key] = sums.get(key, 0) + (row.micro or 0)
    products = {product for product, _, _ in sums}
    return {
        address: plain(from_micro(sums.get((posting.product, posting.flow, posting.industry), 0)) / unit_of(posting.unit)[1])
        for address, posting in form.goes_to.items()
        if posting.product in products
    }


def _electricity(counties: Iterable[str], seed: int) -> Iterator[Return]:
    lines = {"agriculture": 3, "industry": 62, "construction": 2, "transport": 2, "trade": 7, "other": 8, "households": 16}
    for place, code in enumerate(counties):
        random = Random(f"electricity return {seed} {code}")
        whole = random.uniform(7000, 16000)
        for month in (9, 10):
            period = Period.month(2026, month)
            cells = {f"use.{line}.month": f"{whole * part / 100 * random.uniform(0.95, 1.05):.2f}" for line, part in lines.items()}
            fate = "submitted" if month == 9 or place % 5 else ("returned" if place % 2 else "")
            if fate:
                late = 6 if place == 3 else 0
                yield Return(
                    code, "electricity_month", period, cells, period.end + timedelta(days=9 + late), fate,
                    reason="工业用电比上月减少较多，请核对" if fate == "returned" else "", pointed=("use.industry.month",) if fate == "returned" else (),
                )  # fmt: skip


def _sectors(counties: Iterable[str], seed: int) -> Iterator[Return]:
    period = Period.year(2025)
    for number, form_id in enumerate(_SECTOR_FORMS):
        form = forms.current().of(form_id, period)
        for place, code in enumerate(counties):
            if (place + number) % 9 == 4:
                continue  # missing to this day
            random = Random(f"{form_id} {seed} {code}")
            cells = _filled(form, random, code)
            fate = "returned" if (place + number) % 9 == 7 else ("submitted" if (place + number) % 9 == 2 else "accepted")
            late = 25 if (place + number) % 9 == 5 else -3
            reason = "与上年相比变化过大，请补充说明" if fate == "returned" else ""
            yield Return(code, form_id, period, cells, _due(form_id, period) + timedelta(days=late), fate, reason=reason)


def _filled(form: Any, random: Random, code: str) -> dict[str, str]:
    """Plausible nonsense in every cell of the fixed tables, and one row in the others."""
    cells = {}
    for address, table, line, column in form.fixed_cells():
        if column.is_number and not table.computed(line, column):
            whole = column.kind == "integer" or line.unit in {"个", "人", "辆", "盏"}
            number = random.uniform(40, 900)
            cells[address] = str(round(number)) if whole else f"{number:.2f}"
    for table in form.tables:
        if table.shape == "repeating":
            for column in table.columns:
                text = f"演示{code[-3:]}一厂" if column.kind == "text" else f"{random.uniform(2, 60):.2f}"
                cells[f"{table.key}.r1.{column.key}"] = text
    return cells


# enterprises


def _firms(seed: int) -> Iterator[Return]:
    for place, firm in enumerate(firms()):
        random = Random(f"firm {seed} {firm.code}")
        level, months = 1.0, []
        for year in (2025, 2026):
            for month in range(1, 13):
                if (year, month) <= _LAST:
                    level *= random.uniform(0.97, 1.03)
                    months.append((Period.month(year, month), firm.tce_month * level * (0.82 if month == 2 else 1)))
        yield from _months(firm, place, months, random)
        yield _report(firm, place, [tce for period, tce in months if period.start.year == 2025])
        yield from _statistics(firm, place, [(period, tce) for period, tce in months if period.start.year == 2026])
        if place % 3 == 0:
            yield from _pollutants(firm, place, random)


def _amounts(firm: Firm, tce: float, period: Period) -> dict[str, str]:
    """What the energy of a period is made of; no two products rise alike."""
    random = Random(f"parts {firm.code} {period.code}")
    return {product: f"{tce * part * random.uniform(0.93, 1.07) / _TCE[product]:.2f}" for product, part in firm.parts.items()}


def _months(firm: Firm, place: int, months: Iterable[tuple[Period, float]], random: Random) -> Iterator[Return]:
    for period, tce in months:
        year, month = period.start.year, period.start.month
        hours = 560 if month == 2 else 24 * (period.end - period.start).days - random.randrange(0, 40)
        cells = {f"consumption.{product}.consumed": amount for product, amount in _amounts(firm, tce, period).items()}
        cells |= {f"consumption.{product}.purchased": cells[f"consumption.{product}.consumed"] for product in firm.parts}
        made = {
            "output.r1.product": firm.product, "output.r1.unit": firm.unit, "output.r1.amount": f"{tce * random.uniform(0.96, 1.04) * firm.per_tce:.2f}",
            "output.r1.hours": str(hours), "output.r1.energy": f"{tce:.2f}", "operation.output_value.value": f"{tce * random.uniform(1.8, 2.0):.2f}",
            "operation.days.value": str((period.end - period.start).days - (6 if month == 2 else 0)),
        }  # fmt: skip
        fate = _fate(firm, place, year, month)
        if fate:
            late = 9 if (place + month) % 13 == 0 else 0
            pointed = ("output.r1.amount",) if fate == "returned" else ()
            reason = "产量与用电量的变化方向不一致，请核对产量" if fate == "returned" else ""
            filed_on = period.end + timedelta(days=7 + place % 3 + late)
            yield Return(firm.code, "key_unit_month", period, {**cells, **made}, filed_on, fate, reason=reason, pointed=pointed)


def _fate(firm: Firm, place: int, year: int, month: int) -> str:
    if (year, month) == _LAST:
        return _NEWEST.get(firm.code, "passed")
    if (year, month) == (2026, 9) and place in {3, 18}:
        return ""
    if (year, month) == (2026, 9):
        return "passed"
    return "locked" if year == 2025 else "accepted"


def _report(firm: Firm, place: int, months: list[float]) -> Return:
    period, whole = Period.year(2025), sum(months)
    basic = {
        "code": firm.code, "industry": firm.industry, "address": "虚构地址", "representative": "演示", "office": "能源管理部（演示）",
        "official": "演示", "manager": "演示", "phone": "000-0000000", "leading_product": firm.product,
    }  # fmt: skip
    cells = {f"basic.{key}.value": text for key, text in basic.items()}
    economy = {"output_value": whole * 1.9, "energy_calorific": whole, "energy_equivalent": whole * 1.35, "feedstock": 0.0}
    cells |= {f"economy.{key}.report": f"{number:.2f}" for key, number in economy.items()}
    cells |= {f"economy.{key}.before": f"{number * 1.02:.2f}" for key, number in economy.items()}
    cells |= {f"structure.{product}.consumed": amount for product, amount in _amounts(firm, whole, period).items()}
    row = {
        "product": firm.product, "output_unit": firm.unit, "output": f"{whole * firm.per_tce:.2f}", "energy": f"{whole:.2f}",
        "indicator": f"{firm.product}综合能耗", "unit": f"吨标准煤/{firm.unit}", "report": plain(Decimal(f"{1 / firm.per_tce:.5f}")),
    }  # fmt: skip
    cells |= {f"unit_products.r1.{key}": text for key, text in row.items()}
    fate = {5: "returned", 11: "passed"}.get(place, "locked")
    reason = "缺主要耗能设备表，请补填" if fate == "returned" else ""
    return Return(firm.code, "utilisation_report", period, cells, date(2026, 3, 10) + timedelta(days=place), fate, reason=reason)


def _statistics(firm: Firm, place: int, months: list[tuple[Period, float]]) -> Iterator[Return]:
    whole = 0.0
    for period, tce in months:
        whole += tce
        month = period.start.month
        if month > 1 and (month, place) != (10, 7):
            amounts = _amounts(firm, whole, Period.ytd(2026, month))
            cells = {f"consumption.{product}.{key}": amount for product, amount in amounts.items() for key in ("purchased", "consumed", "production")}
            fate = "accepted" if month < 10 else "submitted"
            yield Return(firm.code, "industrial_energy_month", Period.ytd(2026, month), cells, period.end + timedelta(days=8), fate)


def _pollutants(firm: Firm, place: int, random: Random) -> Iterator[Return]:
    for quarter in (1, 2, 3):
        period = Period.quarter(2026, quarter)
        cells = {
            "production.days.value": "90", "production.hours.value": "2100", "production.treatment_hours.value": "2095",
            "production.wastewater.value": f"{random.uniform(2e4, 9e4):.0f}", "production.gas.value": f"{random.uniform(3e3, 2e4):.0f}",
            "products.r1.product": firm.product, "products.r1.unit": firm.unit, "products.r1.amount": f"{firm.tce_month * 3 * firm.per_tce:.2f}",
        }  # fmt: skip
        for pollutant, most in (("cod", 6), ("nh3n", 0.6), ("tn", 2), ("tp", 0.1), ("so2", 20), ("nox", 35), ("pm", 4), ("voc", 3)):
            cells[f"emissions.{pollutant}.emitted"] = f"{random.uniform(0.2, 1) * most:.4f}"
        fate = "passed" if quarter == 3 and place % 2 else "accepted"
        if (quarter, place) != (3, 9):
            yield Return(firm.code, "pollutant_source_quarter", period, cells, period.end + timedelta(days=12), fate)
