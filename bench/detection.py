"""How often the checks for truth (真) are wrong about honest plants, and how many made-up years they find.

``python -m bench.detection`` draws twenty seeds from the system's entropy, measures, and writes the tables into ``docs/detection.md``
between the marks, with the seeds; ``--seeds 1,2,3`` measures given seeds and prints (this is how parameters were chosen: with small
numbers, never with drawn ones). Each seed is a city of honest plants and of plants that make their last year up.

An alarm is a finding that blocks or must be explained, of a check of kind ``true`` or of the comparison with the grid's meter, in one month
of one plant. Every month with an alarm counts, also where the same finding stands for months. A made-up year is found when at least one
of its made-up months has an alarm.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt
from pathlib import Path

from bench.plants import BOUGHT, FORGED, MONTHS, Plant, forged, honest, period
from bench.published import Published, looked_at
from shuangkong.core.checks import Check, Return, Severity, run
from shuangkong.rulebook.checks import catalogue
from shuangkong.rulebook.forms import Forms

SEEDS = 20
HONEST = 60
OF_EACH_WAY = 15
ALLOWED = 5.0
PAGE = Path(__file__).resolve().parents[1] / "docs" / "detection.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
METER_CHECK = "A09"


@dataclass
class Tally:
    """What one seed, or several, showed."""

    months: int = 0
    alarms: int = 0
    plants: int = 0
    plants_alarmed: int = 0
    by_check: Counter[str] = field(default_factory=Counter)
    years: Counter[tuple[str, bool]] = field(default_factory=Counter)
    found: Counter[tuple[str, bool]] = field(default_factory=Counter)
    found_by: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.months += other.months
        self.alarms += other.alarms
        self.plants += other.plants
        self.plants_alarmed += other.plants_alarmed
        for name in ("by_check", "years", "found", "found_by"):
            getattr(self, name).update(getattr(other, name))


def asked() -> list[Check]:
    """The checks that count."""
    grave = (Severity.BLOCKS, Severity.EXPLAIN)
    return [check for check in catalogue() if check.severity in grave and (check.kind == "true" or check.number == METER_CHECK)]


def alarms(plant: Plant, month: int, checks: Iterable[Check], form: object) -> set[str]:
    """The numbers of the checks that find something in the return of a month."""
    history = [(period(earlier), plant.cells(earlier)) for earlier in range(month)]
    metered = {BOUGHT: Decimal(str(round(plant.metered[month], 2)))} if plant.metered else {}
    of = Return(
        form, "", period(month), plant.cells(month), previous=history[-1][1], year_ago=history[-12][1], history=history, metered=metered  # type: ignore[arg-type]
    )
    outcome = run(checks, of, lambda rule: "0")
    return {finding.check for finding in outcome.findings}


def measured(seed: int) -> Tally:
    """One seed: honest plants over their last year, and plants of each way of making it up."""
    chance, checks, tally = random.Random(seed), asked(), Tally()
    form = Forms.load().of("key_unit_month", period(MONTHS - 1))
    for _ in range(HONEST):
        plant = honest(chance)
        heard = [alarms(plant, month, checks, form) for month in range(MONTHS - 12, MONTHS)]
        tally.plants += 1
        tally.plants_alarmed += any(heard)
        tally.months += len(heard)
        tally.alarms += sum(bool(each) for each in heard)
        tally.by_check.update(number for each in heard for number in each)
    for way in FORGED:
        for _ in range(OF_EACH_WAY):
            plant, months = forged(chance, way)
            numbers = set().union(*(alarms(plant, month, checks, form) for month in months))
            key = (way, plant.metered is not None)
            tally.years[key] += 1
            tally.found[key] += bool(numbers)
            tally.found_by.update((way, number) for number in numbers)
    return tally


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share, after Wilson."""
    if not trials:
        return 0.0, 1.0
    z, share = 1.959964, hits / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(hits: int, trials: int) -> str:
    """A share with its interval, as a cell of a table."""
    low, high = wilson(hits, trials)
    return f"{hits} of {trials} | {100 * hits / trials:.0f} % | {100 * low:.0f}–{100 * high:.0f} %" if trials else "0 of 0 | – | –"


def report(seeds: Sequence[int], tallies: Sequence[Tally]) -> str:
    """What was measured, as a page."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    low, high = wilson(total.alarms, total.months)
    rate = 1000 * total.alarms / total.months
    rates = sorted(1000 * tally.alarms / tally.months for tally in tallies)
    lines = [
        f"Seeds, drawn when this table was made: {', '.join(map(str, seeds))}.",
        "",
        f"**False alarms.** {total.alarms} in {total.months} clean unit-months: **{rate:.2f} per 1 000** "
        f"(95 %: {1000 * low:.2f}–{1000 * high:.2f}; single seeds {rates[0]:.1f}–{rates[-1]:.1f}). Allowed: {ALLOWED:g}. "
        f"{total.plants_alarmed} of {total.plants} honest plants had at least one alarm in the year.",
        "",
        "| check | months with a false alarm | per 1 000 |", "|---|---:|---:|",
        *(f"| {number} | {count} | {1000 * count / total.months:.2f} |" for number, count in sorted(total.by_check.items())),
        "",
        "**Made-up years found** at that rate (the interval is Wilson's, 95 %):",
        "",
        "| way | found | share | interval | by which checks |", "|---|---:|---:|---:|---|",
    ]  # fmt: skip
    for way in FORGED:
        hits, years = (sum(counted[way, metered] for metered in (True, False)) for counted in (total.found, total.years))
        numbers = sorted(((count, number) for (of, number), count in total.found_by.items() if of == way), reverse=True)
        lines.append(f"| {way} | {share(hits, years)} | {', '.join(f'{number} {count}' for count, number in numbers)} |")
    lines += ["", "Where the grid's meter is connected, and where it is not:", ""]
    lines += ["| way | meter | found | share | interval |", "|---|---|---:|---:|---:|"]
    for way in FORGED:
        for metered, word in ((True, "yes"), (False, "no")):
            lines.append(f"| {way} | {word} | {share(total.found[way, metered], total.years[way, metered])} |")
    return "\n".join([*lines, "", *published_lines(looked_at(seeds[0]))])


def published_lines(found: Published) -> list[str]:
    """What the checks say of published series."""
    lines = ["**Published series.** As published:", "", "| series | checks that apply | findings | silent |", "|---|---|---|---|"]
    for name, findings in found.findings.items():
        silent = "; ".join(f"{number}: {reason}" for number, reason in sorted(found.silent[name].items()))
        lines.append(f"| {name} | {', '.join(found.spoke[name]) or 'none'} | {'; '.join(findings) or 'none'} | {silent} |")
    lines += ["", "The prefectures' last year made up from the year before (ways that leave nothing to chance once):", ""]
    lines += ["| way | found | share | interval | by |", "|---|---:|---:|---:|---|"]
    for way, (trials, years, hits) in found.made_up.items():
        by = ", ".join(f"{number} {count}" for number, count in hits.most_common())
        lines.append(f"| {way} | {share(years, trials)} | {by or 'none'} |")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Measure; with drawn seeds write the page. Exit 1 when the rate of false alarms is over what is allowed."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection")
    parser.add_argument("--seeds", default="", help="comma-separated; measures these, writes nothing")
    stated = parser.parse_args(arguments).seeds
    seeds = [int(seed) for seed in stated.split(",")] if stated else [int.from_bytes(os.urandom(6), "big") for _ in range(SEEDS)]
    with ProcessPoolExecutor(2) as pool:
        tallies = list(pool.map(measured, seeds))
    text = report(seeds, tallies)
    print(text)
    if not stated:
        page = PAGE.read_text(encoding="utf-8")
        head, rest = page.split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return int(sum(tally.alarms for tally in tallies) * 1000 > ALLOWED * sum(tally.months for tally in tallies))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
