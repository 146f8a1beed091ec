"""How the chosen forecast did against the same season a year ago: written between the markers of ``docs/forecast.md``.

The choice itself is tested: from each past origin the method is chosen by what was known there, and what it says is compared with what came
after. ``python -m bench.backtest`` writes the table; ``--check`` only compares and ends with 1 when the page is not what the data give.
The demonstration's figures are invented, so its record says how the methods work on a series of that shape and nothing about the city.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from shuangkong.core.forecast import forecast, shortest_history

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "forecast.md"
BEGIN, END = "<!-- backtest: begin -->", "<!-- backtest: end -->"
NATION = ROOT / "packs" / "chenzhou" / "statistics" / "nation.csv"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
#: Origins of the outer test; the record of each choice reaches back from there.
ORIGINS = 8


class Case(NamedTuple):
    """A series to be forecast ``distance`` periods ahead, the record of the choice reaching as far."""

    name: str
    values: Sequence[Decimal]
    season: int
    distance: int
    leading: Sequence[Decimal] | None = None


class Outcome(NamedTuple):
    """What came out of the outer test: errors in percent, the share of actual values inside the interval, how often each was chosen."""

    case: Case
    origins: int
    chosen_percent: Decimal
    naive_percent: Decimal
    inside_percent: Decimal
    methods: str


def outcome(case: Case) -> Outcome:
    """The outer test of one series."""
    first = shortest_history(case.season, case.distance)
    last = len(case.values) - case.distance
    missed = naive = total = Decimal(0)
    inside = points = 0
    methods: dict[str, int] = {}
    sizes = range(max(first, last - ORIGINS + 1), last + 1)
    for size in sizes:
        leading = None if case.leading is None else case.leading[:size]
        found = forecast(case.values[:size], case.season, case.distance, leading)
        methods[found.label] = methods.get(found.label, 0) + 1
        for step, (point, actual) in enumerate(zip(found.points, case.values[size:], strict=False)):
            missed += abs(actual - point.value)
            naive += abs(actual - case.values[size + step % case.season - case.season])
            total += abs(actual)
            points += 1
            inside += point.low <= actual <= point.high
    said = "，".join(f"{label}{count}次" for label, count in sorted(methods.items(), key=lambda item: -item[1]))
    return Outcome(case, len(sizes), 100 * missed / total, 100 * naive / total, Decimal(100 * inside) / points, said)


def national_cases() -> Iterator[Case]:
    """Energy of the nation by years, as first published: the newest years without a gap."""
    with NATION.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "energy_total" and row["region"] == "000000"]
    rows.sort(key=lambda row: row["period"])
    gap = max((i for i in range(1, len(rows)) if int(rows[i]["period"]) - int(rows[i - 1]["period"]) > 1), default=0)
    rows = rows[gap:]
    series = [Decimal(row["value"]) for row in rows]
    name = f"全国能源消费总量，{rows[0]['period']}—{rows[-1]['period']}年"
    yield Case(name, series, 1, 1)
    yield Case(name, series, 1, 2)


def demonstration_cases() -> Iterator[Case]:
    """The city of the demonstration as the platform itself reads it: electricity by months, energy and intensity by quarters."""
    from shuangkong.apps.indicators.forecast.histories import HEADLINE, TOTAL, Series, ratio_of, read_histories
    from shuangkong.apps.organisations.models import Subject

    history = next(found for found in read_histories() if found.subject.kind == Subject.Kind.CITY)
    power, energy, gdp = history.electricity_quarters(), history.quarters(TOTAL, HEADLINE, "能源消费总量"), history.gdp_quarters()
    intensity, led = ratio_of(TOTAL, "单位GDP能耗", energy, gdp), ratio_of(TOTAL, "单位GDP电耗", power, gdp)

    def case(name: str, series: Series, season: int, distance: int, leading: Series | None = None) -> Case:
        known = series.stretch(shortest_history(season, distance))
        other = None if leading is None else leading.since(known.spans[0])
        name = f"演示城市{name}，{known.spans[0].label}—{known.spans[-1].label}"
        return Case(
            name, [n for n in known.numbers if n is not None], season, distance, other and [n for n in other.numbers if n is not None]
        )

    yield case("用电量", history.electricity_seasons(), 11, 11)
    for distance in (1, 4):
        yield case("能源消费总量", energy, 4, distance, power)
        yield case("单位GDP能耗", intensity, 4, distance, led)


@contextmanager
def demonstration() -> Iterator[None]:
    """The demonstration, loaded and computed in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="shuangkong-backtest-") as home:
        os.environ.update(SHUANGKONG_HOME=home, SHUANGKONG_MODE="demonstration", DJANGO_SETTINGS_MODULE="shuangkong.project.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from shuangkong.project.packs.loading import install_packs

        install_packs([ROOT / "packs" / "chenzhou"], now=NOW, demonstration=True)
        yield


def table(outcomes: Sequence[Outcome]) -> str:
    """The table and the sentence below it."""
    units = {1: "年", 4: "季", 11: "月"}
    head = "| 序列 | 预测 | 起点 | 所选方法的误差 | 季节朴素法的误差 | 80%区间内 | 选中的方法 |\n|---|---|---|---|---|---|---|\n"
    lines = [
        f"| {o.case.name} | {o.case.distance}{units[o.case.season]} | {o.origins} | {o.chosen_percent:.2f}% | {o.naive_percent:.2f}% "
        f"| {o.inside_percent:.0f}% | {o.methods} |"
        for o in outcomes
    ]
    worse = [f"{o.case.name}（{o.case.distance}{units[o.case.season]}）" for o in outcomes if o.chosen_percent >= o.naive_percent]
    said = f"所选方法没有胜过季节朴素法的：{'；'.join(worse)}。" if worse else "每一行上，所选方法都胜过季节朴素法。"
    return f"{head}{chr(10).join(lines)}\n\n{said}"


def written(text: str, made: str) -> str:
    """The page with the table between its markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.split(END)[1]}"


def main(arguments: Sequence[str]) -> int:
    """Write the table, or compare it."""
    with demonstration():
        outcomes = [outcome(case) for case in (*demonstration_cases(), *national_cases())]
    made, text = table(outcomes), PAGE.read_text(encoding="utf-8")
    print(made)
    new = written(text, made)
    if "--check" in arguments:
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
