"""Intensity, its change in the year and since the base year, the schedule and the levels (accounting 4, 13, 17).

In-year (17a): the cumulated intensity on the same months a year ago, graded against the year's required rate. Since the base year
(17b): the rolling four quarters against the base year, beside the path at the elapsed months. The two are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from shuangkong.apps.energy.balances import Totals, scaled_total
from shuangkong.apps.energy.coefficients import Coefficients
from shuangkong.apps.energy.economy import Economy, Level, gdp_key
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs, spread, target_inputs
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.organisations.models import Subject
from shuangkong.core import warning
from shuangkong.core.energy import Basis, change_percent, coefficient_effect_pp, intensity, intensity_change, ratio, rolling
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.rounding import round_half_up
from shuangkong.core.targets import (
    progress_percent,
    remaining_annual_decline_percent,
    required_cumulative_decline_percent,
    required_in_year_percent,
)
from shuangkong.rulebook.loader import RecordingBook
from shuangkong.rulebook.places import NATION

_E = Basis.EQUIVALENT.value
#: The signs of year(t−1), ytd(t−1) and ytd(t) in the rolling four quarters.
ROLLING_SIGNS = (1, -1, 1)


@dataclass(frozen=True, slots=True)
class Side:
    """Energy and GDP of one period: one side of a ratio."""

    energy: Figure | None
    gdp: Level | None
    label: str

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is missing for the ratio, in words."""
        found: list[str] = []
        if self.energy is None:
            found.append(f"缺{self.label}能源消费总量")
        elif not self.energy.usable:
            found += self.energy.lacks or (f"{self.label}能源消费总量不完整",)
        if self.gdp is None:
            found.append(f"缺{self.label}地区生产总值（不变价）")
        return tuple(found)


class Intensities:
    """Writes what follows from energy and GDP of one lens for one subject at a time."""

    def __init__(
        self, drafts: Drafts, totals: Totals, economy: Economy, coefficients: Coefficients, book: RecordingBook, region: str,
        lens: str, gdp_lens: str,
    ) -> None:  # fmt: skip
        self.drafts, self.totals, self.economy, self.coefficients = drafts, totals, economy, coefficients
        self.book, self.region, self.lens, self.gdp_lens = book, region, lens, gdp_lens

    def energy(self, subject: Subject, period: Period, basis: str = _E) -> Figure | None:
        """The total of a period."""
        return self.totals.figures.get((self.lens, subject.id, period.code, basis))

    def side(self, subject: Subject, period: Period, base: int) -> Side:
        """Energy and GDP of a filed period."""
        return Side(self.energy(subject, period), self.economy.level(self.gdp_lens, subject, period, base), period.label)

    def decimals(self, county: bool, period: Period) -> int:
        """How many decimals an intensity keeps before the ratio is taken."""
        name = "statistics.intensity_decimals.county" if county else "statistics.intensity_decimals.city"
        return int(self.book.at(name, self.region, last_day(period)).number)

    def rules(self, county: bool, period: Period) -> tuple[int | None, bool]:
        """The rule rows of a change (how intensities are rounded, whose prices GDP has), and whether one is recalled."""
        name = "statistics.intensity_decimals.county" if county else "statistics.intensity_decimals.city"
        rows = [self.book.at(name, self.region, last_day(period)).row]
        with suppress(NotInForce):  # a year without a rule on its price base has a value without that rule
            rows.append(self.book.at("statistics.gdp_price_base", NATION, last_day(period)).row)
        return self.drafts.rule_sets.id_of(rows), any(row.recalled for row in rows)

    def level_value(self, subject: Subject, period: Period, base: int, basis: str) -> Figure | None:
        """Energy per GDP as a value."""
        energy = self.energy(subject, period, basis)
        if energy is None:
            return None
        side = Side(energy, self.economy.level(self.gdp_lens, subject, period, base), period.label)
        return self._intensity(subject, period, base, basis, side, self._sources(subject, [(period, side)], base, basis))

    def _intensity(self, subject: Subject, period: Period, base: int, basis: str, side: Side, inputs: str) -> Figure:
        value = None
        if not side.lacks and side.energy is not None and side.energy.value is not None and side.gdp is not None and side.gdp.gdp.value > 0:
            value = intensity(side.energy.value, side.gdp.gdp.value)
        return self.drafts.add(
            "energy_intensity_tce_per_10k_yuan", subject, period, value, basis=basis, lens=self.lens, calculation="intensity.level",
            inputs=inputs, **self._marks(side.lacks, side),
        )  # fmt: skip

    def rolling_side(self, subject: Subject, period: Period, base: int) -> tuple[Side, list[tuple[Period, Side]]]:
        """Rolling four quarters: year(t−1) − ytd(t−1) + ytd(t), of energy and of GDP, with the three sides it is made of."""
        ytd = Period.ytd(period.last_year, period.last_month)
        parts = [(p, self.side(subject, p, base)) for p in (Period.year(ytd.start.year - 1), ytd.year_before(), ytd)]
        figures = [side.energy for _, side in parts]
        lacks = tuple(word for _, side in parts for word in side.lacks if side.energy is None or not side.energy.usable)
        known = [figure for figure in figures if figure is not None and figure.usable]
        value = rolling(*(figure.value if figure is not None and figure.usable else None for figure in figures))
        status, demonstration, recalled = spread(known)
        energy = Figure(value, status if value is not None else Status.INCOMPLETE, demonstration, recalled, "", value, lacks)
        return Side(energy, self.economy.rolling(self.gdp_lens, subject, period, base), period.label), parts

    def rolling_value(self, subject: Subject, period: Period, base: int) -> Figure:
        """The intensity of the rolling four quarters."""
        side, parts = self.rolling_side(subject, period, base)
        return self._intensity(subject, period, base, _E, side, self._sources(subject, parts, base, _E))

    def energy_growth(self, subject: Subject, period: Period) -> Figure | None:
        """The growth of total energy on the same months a year ago; needs no GDP."""
        before, now = self.energy(subject, period.year_before()), self.energy(subject, period)
        if before is None or now is None:
            return None
        status, demonstration, recalled = spread((now, before))
        whole = now.usable and before.usable and now.value is not None and bool(before.value)
        value = change_percent(before.value, now.value, "上年同期能源消费总量") if whole else None  # type: ignore[arg-type]
        lacks = tuple(dict.fromkeys((*now.lacks, *before.lacks)))
        return self.drafts.add(
            "energy_growth_percent", subject, period, value, lens=self.lens, calculation="energy.growth",
            status=status if whole else Status.INCOMPLETE, demonstration=demonstration, recalled=recalled,
            inputs=key_inputs([(now.key, period.label), (before.key, period.year_before().label)]), sentence="；".join(lacks), lacks=lacks,
        )  # fmt: skip

    def change(self, subject: Subject, period: Period, base: int, county: bool) -> Figure | None:
        """17a: the change of the cumulated intensity on the same months a year ago; positive when it rose."""
        before, now = self.side(subject, period.year_before(), base), self.side(subject, period, base)
        if now.energy is None or before.energy is None:
            return None
        lacks = (*now.lacks, *before.lacks)
        value = known = None
        effect = uncertainty = None
        if not lacks:
            value, lacks = self._rated(before, now, self.decimals(county, period))
        if value is not None:
            effect = self._effect(subject, before, now, period.start.year - 1, [(1, period)], "两年折标系数不同")
            uncertainty = self._uncertainty(before, now)
        elif not before.lacks and now.gdp is not None and now.energy.known is not None and now.energy.value is not None:
            known, _ = self._rated(before, Side(now.energy, now.gdp, now.label), None)
        sentence = "；".join((*lacks, *([effect] if effect else ())))
        rule_set_id, recalled = self.rules(county, period)
        marks = self._marks(lacks, now, before)
        marks["recalled"] = marks["recalled"] or recalled
        figure = self.drafts.add(
            "energy_intensity_change_percent", subject, period, value, basis=_E, lens=self.lens, calculation="intensity.change",
            inputs=self._sources(subject, [(period, now), (period.year_before(), before)], base, _E),
            uncertainty=uncertainty, rule_set_id=rule_set_id, **{**marks, "sentence": sentence},
        )  # fmt: skip
        return figure._replace(known=known) if value is None else figure

    def decline(self, subject: Subject, period: Period, base_year: int, county: bool) -> Figure | None:
        """17b: the decline since the base year, positive when it fell; of the year, or of the rolling four quarters."""
        base = self.side(subject, Period.year(base_year), base_year)
        if period.kind == "year":
            now = self.side(subject, period, base_year)
            parts, signs = [(period, now)], (1,)
        else:
            now, parts = self.rolling_side(subject, period, base_year)
            signs = ROLLING_SIGNS
        if now.energy is None or base.energy is None:
            return None
        lacks = (*now.lacks, *base.lacks)
        value = effect = None
        if not lacks:
            rose, lacks = self._rated(base, now, self.decimals(county, period))
            value = None if rose is None else -rose
        if value is not None:
            signed = [(sign, part) for sign, (part, _) in zip(signs, parts, strict=True)]
            effect = self._effect(subject, base, now, base_year, signed, f"折标系数与{base_year}年不同")
        inputs = self._sources(subject, [*parts, (Period.year(base_year), base)], base_year, _E)
        rule_set_id, recalled = self.rules(county, period)
        marks = self._marks(lacks, now, base)
        marks["recalled"] = marks["recalled"] or recalled
        return self.drafts.add(
            "energy_intensity_decline_percent", subject, period, value, basis=_E, lens=self.lens, calculation="intensity.decline",
            inputs=inputs, uncertainty=None if lacks else self._uncertainty(base, now), rule_set_id=rule_set_id,
            **{**marks, "sentence": "；".join((*lacks, *([effect] if effect else ())))},
        )  # fmt: skip

    # pieces

    def _rated(self, base: Side, now: Side, decimals: int | None) -> tuple[Decimal | None, tuple[str, ...]]:
        """The change from one side to the other, or why there is none: nothing is a rate on an intensity that rounds to zero."""
        try:
            return self._ratio(base, now, decimals), ()
        except InputError as error:
            return None, (f"{now.label}比{base.label}没有变化率：{error.what}",)

    def _ratio(self, base: Side, now: Side, decimals: int | None) -> Decimal:
        assert base.energy is not None
        assert now.energy is not None
        assert base.gdp is not None
        assert now.gdp is not None
        change = intensity_change(
            base.energy.value or Decimal(0), base.gdp.gdp.value, now.energy.value or Decimal(0), now.gdp.gdp.value, decimals
        )
        return change.change_percent

    def _effect(
        self, subject: Subject, base: Side, now: Side, base_year: int, parts: Sequence[tuple[int, Period]], why: str
    ) -> str | None:  # fmt: skip
        """What part of a change comes from other coefficients than those of ``base_year`` (accounting 3), in words.

        ``parts`` are the periods of which the report side is made, each with its sign.
        """
        used = [(sign, part.start.year, self.totals.used.get((self.lens, subject.id, part.code))) for sign, part in parts]
        known = [(sign, year, quantities) for sign, year, quantities in used if quantities is not None]
        if len(known) < len(used) or not any(self.coefficients.differ(q, base_year, year) for _, year, q in known):
            return None
        at_old = self._at_coefficients([(sign, base_year, quantities) for sign, _, quantities in known])
        at_new = self._at_coefficients(known)
        if at_old is None or at_new is None or not (base.energy and base.gdp and now.gdp):
            return None
        energy = base.energy.value or Decimal(0)
        points = coefficient_effect_pp(energy, at_new, at_old, base.gdp.gdp.value, now.gdp.gdp.value)
        shown = abs(round_half_up(points, 2))
        if not shown:
            return f"{why}，对降低率的影响不到0.01个百分点"
        return f"{why}，其变化使降低率{'减少' if points > 0 else '增加'}{shown}个百分点"

    def _at_coefficients(self, parts: Sequence[tuple[int, int, Mapping[str, int]]]) -> Decimal | None:
        """The signed sum of parts, each at the coefficients of a year; None where a coefficient is missing."""
        totals = [(sign, scaled_total(used, self.coefficients, year, Basis.EQUIVALENT)) for sign, year, used in parts]
        known = [sign * total for sign, total in totals if total is not None]
        return sum(known, Decimal(0)) if len(known) == len(totals) else None

    @staticmethod
    def _uncertainty(base: Side, now: Side) -> Decimal | None:
        """± points from rounded growths: those chained between the two sides; what both rest on cancels in the ratio."""
        if base.gdp is None or now.gdp is None:
            return None
        return abs(now.gdp.gdp.uncertainty_pp - base.gdp.gdp.uncertainty_pp) or None

    @staticmethod
    def _marks(lacks: tuple[str, ...], *sides: Side) -> dict[str, Any]:
        figures = [side.energy for side in sides if side.energy]
        levels = [side.gdp for side in sides if side.gdp]
        status, demonstration, recalled = spread(figures)
        status = worst((status, *(level.status for level in levels)))
        return {
            "status": Status.INCOMPLETE if lacks else status,
            "demonstration": demonstration or any(level.demonstration for level in levels),
            "recalled": recalled or any(level.recalled for level in levels),
            "sentence": "；".join(dict.fromkeys(lacks)), "lacks": lacks,
        }  # fmt: skip

    def _sources(self, subject: Subject, sides: list[tuple[Period, Side]], base: int, basis: str) -> str:
        pairs: list[tuple[str, str]] = []
        for period, side in sides:
            if side.energy is not None and side.energy.key:
                pairs.append((side.energy.key, f"{period.label}能源消费总量"))
            if side.gdp is not None:
                pairs.append((gdp_key(subject, period, self.gdp_lens, base, base), f"{period.label}地区生产总值（{base}年价）"))
        return key_inputs(pairs)


@dataclass(frozen=True, slots=True)
class Goal:
    """A target of decline for one subject over the years of a plan."""

    target: Target
    base_year: int
    years: int

    @property
    def number(self) -> Decimal | None:
        """The decline over all years in percent; None where the target is words or is not handed down."""
        return self.target.number

    def of_year(self, year: int) -> Decimal | None:
        """The rate that a year is graded on (17a)."""
        own = self.target.yearly.get(str(year))
        if self.number is None:
            return Decimal(str(own)) if own is not None else None
        return _required_in_year(Decimal(str(own)) if own is not None else None, self.number, self.years)

    def elapsed_months(self, period: Period) -> int:
        """Months since the base year's end."""
        return (period.last_year - self.base_year - 1) * 12 + period.last_month


class Grades:
    """Required rates, progress and levels of one subject."""

    def __init__(self, intensities: Intensities, goal_of: Callable[[Subject, int], Goal | None]) -> None:
        self.of, self.goal_of = intensities, goal_of

    def in_year(self, subject: Subject, period: Period, change: Figure) -> None:
        """The year's required rate and both levels."""
        goal = self.goal_of(subject, period.start.year)
        required = goal.of_year(period.start.year) if goal else None
        required_figure = None
        if goal is not None and required is not None:
            required_figure = self._add("energy_intensity_annual_required_percent", subject, period, required, goal, (), "target.annual")
        self._national(subject, period, change, required, required_figure)
        self._city(subject, period, change, required, required_figure)

    def since_base(self, subject: Subject, period: Period, decline: Figure) -> None:
        """The path at the elapsed months, the gap, the logarithmic progress and the rate that remains (17b)."""
        goal = self.goal_of(subject, period.last_year)
        if goal is None or goal.number is None:
            return
        elapsed = goal.elapsed_months(period)
        required = required_by(goal.number, goal.years, elapsed)
        path = self._add("energy_intensity_required_percent", subject, period, required, goal, (), "target.path")
        if not decline.usable or decline.value is None:
            for code, calculation in _PROGRESS:
                self._add(code, subject, period, None, goal, (decline,), calculation)
            return
        gap = decline.value - required
        self._add("energy_intensity_gap_points", subject, period, gap, goal, (decline, path), "target.gap")
        progress = progress_percent(decline.value, goal.number)
        self._add("energy_intensity_progress_percent", subject, period, progress, goal, (decline,), "target.progress")
        left = goal.years * 12 - elapsed
        if left > 0:
            rate = remaining_annual_decline_percent(goal.number, decline.value, Decimal(left) / 12)  # type: ignore[arg-type]
            self._add("energy_intensity_remaining_rate_percent", subject, period, rate, goal, (decline,), "target.remaining")

    def _add(
        self, code: str, subject: Subject, period: Period, value: Decimal | None, goal: Goal, figures: tuple[Figure, ...], calculation: str
    ) -> Figure:  # fmt: skip
        treatment = figures[0].treatment if figures else "gross"
        status, demonstration, recalled = spread(figures)
        lacks = tuple(dict.fromkeys(word for figure in figures for word in figure.lacks))
        inputs = target_inputs(goal.target.pk, str(goal.number), [(figure.key, _label(figure)) for figure in figures])
        return self.of.drafts.add(
            code, subject, period, value, basis=_E, lens=self.of.lens, calculation=calculation, inputs=inputs,
            recalled=recalled, status=status, demonstration=demonstration or goal.target.demonstration, lacks=lacks,
            sentence="；".join(lacks), treatment=treatment,
        )  # fmt: skip

    def _national(self, subject: Subject, period: Period, change: Figure, required: Decimal | None, required_figure: Figure | None) -> None:
        grade = None
        rose = change.known is not None and change.known > 0
        if rose or (change.usable and change.value is not None and required is not None):
            rate = change.known if change.value is None else change.value
            grade = partial(warning.national, rate or Decimal(0), required or Decimal(0))
        words = "" if grade else "不评级" if not change.usable else "未下达目标"
        sentence = "已知部分已使强度上升，即为一级" if rose and change.value is None else ""
        self._level("warning_national", subject, period, change, required_figure, grade, words, sentence, "warning.national")

    def _city(self, subject: Subject, period: Period, change: Figure, required: Decimal | None, required_figure: Figure | None) -> None:
        grade = None
        if change.usable and change.value is not None and required:
            grade = partial(warning.by_completion, ratio(-change.value, required, "年度应降低率"))
        words = "" if grade else "不评级" if not change.usable else "未下达目标"
        self._level("warning_city", subject, period, change, required_figure, grade, words, "", "warning.by_completion")

    def _level(
        self, code: str, subject: Subject, period: Period, change: Figure, required: Figure | None,
        grade: Callable[[RecordingBook, str, date], warning.WarningLevel] | None, words: str, sentence: str, calculation: str,
    ) -> None:  # fmt: skip
        figures = [change, *([required] if required else [])]
        status, demonstration, recalled = spread(figures)
        book = self.of.book.rulebook.book(self.of.book.region, self.of.book.known_on)
        level = None
        if grade is not None:
            try:
                level = grade(book, self.of.region, last_day(period))
            except (NotInForce, InputError) as error:
                words, sentence = "不评级", str(error)
        if level is not None and change.value is None:
            status = Status.ESTIMATED
        inputs = key_inputs([(figure.key, _label(figure)) for figure in figures])
        self.of.drafts.add(
            code, subject, period, Decimal(level.severity) if level else None, words=level.label if level else words, lens=self.of.lens,
            basis=_E, severity=level.severity if level else None, status=status, demonstration=demonstration, recalled=recalled,
            sentence="；".join(part for part in (sentence, *change.lacks) if part), calculation=calculation, inputs=inputs,
            rule_set_id=self.of.drafts.rule_sets.id_of(book.used), treatment=change.treatment,
        )  # fmt: skip


# Many subjects share a target: its logarithms are taken once.
required_by = lru_cache(maxsize=4096)(required_cumulative_decline_percent)
_required_in_year = lru_cache(maxsize=1024)(required_in_year_percent)

_PROGRESS = (
    ("energy_intensity_gap_points", "target.gap"), ("energy_intensity_progress_percent", "target.progress"),
    ("energy_intensity_remaining_rate_percent", "target.remaining"),
)  # fmt: skip
_LABELS = {
    "energy_intensity_change_percent": "同比变化率", "energy_intensity_decline_percent": "比基年降低率",
    "energy_intensity_annual_required_percent": "年度应降低率", "energy_intensity_required_percent": "进度要求",
}  # fmt: skip


def _label(figure: Figure) -> str:
    code = figure.key.partition("|")[0]
    return _LABELS.get(code, code)


def last_day(period: Period) -> date:
    """The last civil day inside."""
    return period.end - timedelta(days=1)
