"""How often the quality rules are wrong about clean points, and how many planted faults they find.

``python -m bench.quality_detection`` draws twenty seeds from the system's entropy, measures, and writes the tables into ``docs/quality.md``
between the marks, with the seeds; ``--seeds 1,2,3`` measures given seeds and prints (this is how parameters were chosen: with small
numbers, never with drawn ones). Each seed is a city of clean outlets and meters, and of such in which something was planted.

A point is looked at once for each of its last fourteen days, with the month before it, as the worker does. A false alarm is a finding in a
clean point; findings of one rule that overlap are one. The measures (completeness, timeliness, validity) are counts and no guesses: their
tests hold them, and they are left out here. A planted fault is found when a rule that should see it has a finding that overlaps it.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bench.detection import share, wilson
from bench.outlets import BEGIN, CLEAN, FIRST_WATCHED, HOURS, Outlet
from bench.spoilt import WAYS
from shuangkong.core.quality import Ready, look, ready
from shuangkong.rulebook import current
from shuangkong.rulebook.quality import quality_rules

SEEDS = 20
CLEAN_OF_EACH = 6
OF_EACH_WAY = 3
MEASURES = ("Q01", "Q02", "Q03")
ON = date(2026, 10, 1)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "quality.md"
BEGIN_MARK, END_MARK = "<!-- measured: begin -->", "<!-- measured: end -->"


class Alarm(NamedTuple):
    """A finding of a rule, from when to when."""

    rule: str
    start: datetime
    end: datetime


@dataclass
class Tally:
    """What one seed, or several, showed."""

    days: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    by_medium: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    found_by: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.days += other.days
        for name in ("alarms", "by_medium", "planted", "found", "found_by"):
            getattr(self, name).update(getattr(other, name))

    @property
    def rate(self) -> float:
        return 1000 * self.alarms.total() / self.days


@lru_cache(maxsize=1)
def rules() -> tuple[Ready, ...]:
    """The rules that guess."""
    book = current().book("cn")
    every = ready(quality_rules(), lambda name: book.at(name, "cn", ON).value)
    return tuple(each for each in every if each.rule.number not in MEASURES)


def alarms(outlet: Outlet, codes: Sequence[str] = ()) -> tuple[int, dict[str, list[Alarm]]]:
    """How many point-days were looked at, and the findings of each track (or of ``codes`` alone)."""
    days, found = 0, {}
    for track, make in outlet.series():
        if codes and track.code not in codes:
            continue
        heard: list[Alarm] = []
        for first in range(FIRST_WATCHED, HOURS, 24):
            days += 1
            for finding in look(rules(), make(first, first + 24), ON).findings:
                heard = merged(heard, Alarm(finding.rule, finding.start, finding.end))
        found[track.code] = heard
    return days, found


def merged(heard: list[Alarm], alarm: Alarm) -> list[Alarm]:
    """One alarm more; those of one rule that overlap become one."""
    for place, known in enumerate(heard):
        if known.rule == alarm.rule and alarm.start <= known.end and known.start <= alarm.end:
            heard[place] = Alarm(alarm.rule, min(known.start, alarm.start), max(known.end, alarm.end))
            return heard
    return [*heard, alarm]


def measured(seed: int, clean: int = CLEAN_OF_EACH, of_each_way: int = OF_EACH_WAY) -> Tally:
    """One seed: clean outlets of each medium, and outlets with each way of being spoilt."""
    chance, tally = random.Random(seed), Tally()
    for medium, make in CLEAN.items():
        for _ in range(clean):
            days, found = alarms(make(chance))
            tally.days += days
            numbers = [alarm.rule for each in found.values() for alarm in each]
            tally.alarms.update(numbers)
            tally.by_medium.update({medium: len(numbers)})
    for name, way in WAYS.items():
        for _ in range(of_each_way):
            outlet = CLEAN[chance.choice(list(way.media))](chance)
            planted = way.spoil(chance, outlet)
            _days, found = alarms(outlet, [planted.code])
            start, end = (BEGIN + timedelta(hours=place) for place in (planted.first, planted.last))
            numbers = {alarm.rule for alarm in found[planted.code] if alarm.start < end and start < alarm.end}
            seen = numbers & set(planted.rules)
            tally.planted[name] += 1
            tally.found[name] += bool(seen)
            tally.found_by.update((name, number) for number in seen)
    return tally


def report(seeds: Sequence[int], tallies: Sequence[Tally]) -> str:
    """What was measured, as a page."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    low, high = wilson(total.alarms.total(), total.days)
    rates = sorted(tally.rate for tally in tallies)
    titles = {rule.number: rule.title for rule in quality_rules()}
    by_medium = ", ".join(f"{medium} {count}" for medium, count in sorted(total.by_medium.items()))
    lines = [
        f"Seeds, drawn when this table was made: {', '.join(map(str, seeds))}.", "",
        f"**False alarms.** {total.alarms.total()} in {total.days} clean point-days: **{total.rate:.2f} per 1 000** "
        f"(95 %: {1000 * low:.2f}–{1000 * high:.2f}; single seeds {rates[0]:.1f}–{rates[-1]:.1f}). By medium: {by_medium}.", "",
        "| rule | | false alarms | per 1 000 | interval |", "|---|---|---:|---:|---:|",
    ]  # fmt: skip
    for each in rules():
        number = each.rule.number
        low, high = wilson(total.alarms[number], total.days)
        rate = f"{1000 * total.alarms[number] / total.days:.2f} | {1000 * low:.2f}–{1000 * high:.2f}"
        lines.append(f"| {number} | {titles[number]} | {total.alarms[number]} | {rate} |")
    lines += ["", "**Planted faults found** at that rate (the interval is Wilson's, 95 %):", ""]
    lines += ["| what was planted | found | share | interval | by which rules |", "|---|---:|---:|---:|---|"]
    for name in WAYS:
        by = sorted(((count, number) for (of, number), count in total.found_by.items() if of == name), reverse=True)
        words = ", ".join(f"{number} {count}" for count, number in by)
        lines.append(f"| {name} | {share(total.found[name], total.planted[name])} | {words or 'none'} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Measure; with drawn seeds write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality_detection")
    parser.add_argument("--seeds", default="", help="comma-separated; measures these, writes nothing")
    stated = parser.parse_args(arguments).seeds
    seeds = [int(seed) for seed in stated.split(",")] if stated else [int.from_bytes(os.urandom(6), "big") for _ in range(SEEDS)]
    with ProcessPoolExecutor(2) as pool:
        tallies = list(pool.map(measured, seeds))
    text = report(seeds, tallies)
    print(text)
    if not stated:
        page = PAGE.read_text(encoding="utf-8")
        head, rest = page.split(BEGIN_MARK)
        PAGE.write_text(f"{head}{BEGIN_MARK}\n{text}\n{END_MARK}{rest.split(END_MARK)[1]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
