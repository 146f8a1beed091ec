"""The published series that we have, as returns: which checks say anything about them, and what they find once they are made up.

They are short and yearly (fourteen prefectures, a nation, a city), so most checks are silent, and are reported as silent.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from shuangkong.core.checks import Check, Return, run
from shuangkong.core.forms import Basis, Cells, Column, Deadline, Form, Line, Table, plain
from shuangkong.core.periods import Period
from shuangkong.rulebook.checks import catalogue

FILE = Path(__file__).parent / "data" / "published.csv"
TRIALS = 200
PREFECTURES = "湖南省市州地区生产总值"


@dataclass
class Published:
    """What the checks said of the series as published, and of versions that were made up."""

    findings: dict[str, list[str]] = field(default_factory=dict)
    silent: dict[str, dict[str, str]] = field(default_factory=dict)
    spoke: dict[str, list[str]] = field(default_factory=dict)
    made_up: dict[str, tuple[int, int, Counter[str]]] = field(default_factory=dict)


def series() -> dict[str, dict[int, dict[str, str]]]:
    """Name → year → unit → value, in the order of the file."""
    found: dict[str, dict[int, dict[str, str]]] = {}
    with FILE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["series"], {}).setdefault(int(row["year"]), {})[row["name"]] = plain(Decimal(row["value"]))
    return found


def checks() -> list[Check]:
    """The checks of kind ``true`` that look at any cells, told to look at these. A line of one form means nothing on another."""
    listed = [check for check in catalogue() if check.kind == "true" and "cells" in check.parameters and "lines" not in check.parameters]
    return [replace(check, forms=(), parameters={**check.parameters, "cells": ["t.*.value"]}) for check in listed]


def returned(years: Mapping[int, Mapping[str, str]]) -> Return:
    """The last year as a return, the others as its history; the nearest year before stands for last year."""
    names = list(dict.fromkeys(name for year in years.values() for name in year))
    keys = {name: f"u{at}" for at, name in enumerate(names)}
    table = Table("t", "表", "fixed", (Column("value", "数"),), tuple(Line(keys[name], name) for name in names))
    form = Form(
        "published", "1", "公布的数", date(2000, 1, 1), None, "year", "department", (), (), Deadline(1), "statistics",
        Basis("公报", "-", "text"), (table,),
    )  # fmt: skip
    rows: list[tuple[Period, Cells]] = [
        (Period.year(year), {f"t.{keys[name]}.value": value for name, value in years[year].items()}) for year in sorted(years)
    ]
    (*history, (period, cells)) = rows
    before = history[-1][1] if history else None
    return Return(form, "", period, cells, previous=before, year_ago=before, history=history)


def made_up(chance: random.Random, years: Mapping[int, Mapping[str, str]], way: str) -> dict[int, dict[str, str]]:
    """The last year made from the year before it."""
    *_, before, last = sorted(years)
    values = {name: Decimal(value) for name, value in years[before].items()}
    factor = Decimal(str(round(chance.uniform(1.02, 1.9), 4)))
    if way == "copied":
        made = values
    elif way == "copied × factor":
        made = {name: value * factor for name, value in values.items()}
    elif way == "copied × factor, 0.5 % noise":
        made = {name: value * factor * Decimal(str(chance.gauss(1, 0.005))) for name, value in values.items()}
    else:
        digits = int(way.removeprefix("rounded to ").split()[0])
        made = {name: Decimal(f"{Decimal(value):.{digits - 1}e}") for name, value in years[last].items()}
    return {**years, last: {name: plain(round(value, 2)) for name, value in made.items()}}  # type: ignore[dict-item]


WAYS = ("copied", "copied × factor", "copied × factor, 0.5 % noise", "rounded to 2 digits", "rounded to 3 digits")


def looked_at(seed: int) -> Published:
    """All of it."""
    chance, found, asked = random.Random(seed), Published(), checks()
    for name, years in series().items():
        outcome = run(asked, returned(years), lambda rule: "0")
        found.findings[name] = [f"{each.check}：{each.saw}" for each in outcome.findings]
        found.silent[name] = dict(outcome.silent)
        found.spoke[name] = [check.number for check in asked if check.number not in outcome.silent]
    prefectures = {year: values for year, values in series()[PREFECTURES].items() if len(values) > 10}
    for way in WAYS:
        hits: Counter[str] = Counter()
        years = 0
        trials = TRIALS if "×" in way else 1
        for _ in range(trials):
            numbers = {each.check for each in run(asked, returned(made_up(chance, prefectures, way)), lambda rule: "0").findings}
            years += bool(numbers)
            hits.update(numbers)
        found.made_up[way] = (trials, years, hits)
    return found
