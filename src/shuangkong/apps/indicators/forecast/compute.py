"""The forecasts of one place from what is known of it: electricity, GDP, energy, CO2, intensity, and what they mean for its target.

Every amount is forecast by quarters (electricity by months, 1–2月 as one) to the end of the fifth year, the record reaching two years.
Intensity is forecast as itself, energy of a quarter ÷ GDP of it, led by electricity ÷ GDP; GDP that is not known yet only weighs the
quarters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import NamedTuple

from shuangkong.apps.indicators.forecast.histories import CO2, ELECTRICITY, GDP, HEADLINE, INTENSITY, TOTAL, History, Series, ratio_of
from shuangkong.core.energy import PERCENT
from shuangkong.core.errors import InputError
from shuangkong.core.forecast import Forecast, Point, forecast, shortest_history
from shuangkong.core.periods import Period
from shuangkong.core.rounding import WORKING_DIGITS

DECLINE, CHANGE = "energy_intensity_decline_percent", "energy_intensity_change_percent"
#: From the year-end on so many years.
YEARS = 5
#: How far the record reaches: two years.
TESTED = {4: 8, 11: 22}
#: With a shorter history the record may reach one year only.
_LEAST_TESTED = {4: 4, 11: 11}
_MONTHS = 12


class Goal(NamedTuple):
    """What a plan asks of the place: the decline since its base year that is due at the end of each year."""

    base_year: int
    due_percent: Mapping[int, Decimal]


class Spot(NamedTuple):
    """A point at a period, with what is required then."""

    period: Period
    point: Point
    required: Decimal | None = None
    verdict: str = ""


@dataclass(slots=True)
class Made:
    """A forecast before it is written. Without ``found`` none could be made; ``sentence`` says why."""

    code: str
    basis: str
    history: Series
    inputs: tuple[Series, ...]
    found: Forecast | None = None
    tested: int = 0
    spots: list[Spot] = field(default_factory=list)
    sentence: str = ""


def quarters_to(last: Period, year: int) -> list[Period]:
    """The quarters after ``last`` to the end of ``year``."""
    first = last.end.year * 4 + (last.end.month - 1) // 3
    return [Period.quarter(number // 4, number % 4 + 1) for number in range(first, (year + 1) * 4)]


def seasons_to(last: Period, year: int) -> list[Period]:
    """1–2月 and the months after ``last`` to the end of ``year``."""
    every = [
        span
        for of in range(last.end.year, year + 1)
        for span in (Period.ytd(of, 2), *(Period.month(of, month) for month in range(3, _MONTHS + 1)))
    ]
    return [span for span in every if span.start >= last.end]


class Place:
    """Makes the forecasts of one place."""

    def __init__(self, history: History, this_year: int, goals: Sequence[Goal]) -> None:
        self.history, self.goals = history, goals
        self.last_year = this_year + YEARS - 1
        self.power = history.electricity_quarters()
        self.gdp = history.gdp_quarters()

    def forecasts(self) -> list[Made]:
        """All that can be forecast, each with its sentence; what is not known at all is left out."""
        gdp = self._amount(GDP, "", self.gdp, self.power)
        made = [self._electricity(), gdp]
        for code, label in ((TOTAL, "能源消费总量（季度）"), (CO2, "二氧化碳排放量（季度）")):
            basis = self.history.basis(code)
            made.append(self._amount(code, basis, self.history.quarters(code, basis, label), self.power))
        made += self._intensity(gdp)
        for code in self.history.sectors:
            basis = self.history.basis(code)
            made.append(self._amount(code, basis, self.history.quarters(code, basis, "行业能源消费量（季度）"), self.power))
        return [one for one in made if one.history.spans]

    def _electricity(self) -> Made:
        return self._forecast(ELECTRICITY, "", self.history.electricity_seasons(), None, 11, seasons_to)

    def _amount(self, code: str, basis: str, series: Series, leading: Series) -> Made:
        return self._forecast(code, basis, series, leading, 4, quarters_to)

    def _forecast(
        self, code: str, basis: str, series: Series, leading: Series | None, season: int, after: Callable[[Period, int], list[Period]]
    ) -> Made:  # fmt: skip
        made = self._base(code, basis, series, leading, season, after)
        if made.found is not None:
            made.spots += _year_sums(series.at(), made.spots)
        return made

    def _base(
        self, code: str, basis: str, series: Series, leading: Series | None, season: int, after: Callable[[Period, int], list[Period]]
    ) -> Made:  # fmt: skip
        tested, known = _stretch(series, season)
        if not known.spans:
            return Made(code, basis, series, (), sentence=f"连续已知的只有{_longest(series)}期，不足以回测，暂不预测")
        led = _led(leading, known)
        inputs = (known,) if led is None else (known, led)
        spans = after(known.spans[-1], self.last_year)
        try:
            found = forecast(known.numbers, season, len(spans), led.numbers if led else None, tested=tested)
        except InputError as error:
            return Made(code, basis, known, inputs, sentence=str(error))
        later = series.at()
        spots = [Spot(span, point) for span, point in zip(spans, found.points, strict=True) if span not in later]
        return Made(code, basis, known, inputs, found, tested, spots, _sentence(series, known, led, leading))

    # intensity and what follows from it

    def _intensity(self, gdp: Made) -> list[Made]:
        energy = self.history.quarters(TOTAL, HEADLINE, "能源消费总量（季度）")
        series = ratio_of(INTENSITY, "单位GDP能耗（季度）", energy, self.gdp)
        leading = ratio_of(ELECTRICITY, "单位GDP电耗（季度）", self.power, self.gdp)
        made = self._base(INTENSITY, HEADLINE, series, leading, 4, quarters_to)
        if made.found is None or gdp.found is None:
            made.spots, made.found = [], None
            made.sentence = made.sentence or "地区生产总值不能预测，全年强度不能预测"
            return [made]
        weights = {**{spot.period: spot.point.value for spot in gdp.spots if spot.period.kind == "quarter"}, **self.gdp.at()}
        years = _year_means(series.at(), made.spots, weights)
        known = _known_years(series.at(), weights)
        declines = Made(DECLINE, HEADLINE, made.history, made.inputs, made.found, made.tested, self._declines(years, known), made.sentence)
        changes = Made(CHANGE, HEADLINE, made.history, made.inputs, made.found, made.tested, _changes(years, known), made.sentence)
        made.spots += years
        return [made, declines, changes]

    def _declines(self, years: Iterable[Spot], known: dict[int, Decimal]) -> list[Spot]:
        """The cumulative decline since the base year of the plan that runs, beside what is required."""
        spots = []
        for spot in years:
            goal = next((goal for goal in self.goals if spot.period.start.year in goal.due_percent), None)
            if goal is None or goal.base_year not in known:
                continue
            ends = [decline_percent(known[goal.base_year], end) for end in (spot.point.value, spot.point.high, spot.point.low)]
            required = goal.due_percent[spot.period.start.year]
            spots.append(Spot(spot.period, Point(*ends), required, verdict(ends[1], ends[2], required)))
        return spots


def verdict(low: Decimal, high: Decimal, required: Decimal) -> str:
    """Whether a decline is reached at both ends of its interval, at none, or only at one."""
    return "reached" if low >= required else "missed" if high < required else "open"


def decline_percent(base: Decimal, now: Decimal) -> Decimal:
    """(1 − now ÷ base) × 100, not rounded first: a forecast is no bulletin."""
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return (1 - now / base) * PERCENT


def _changes(years: Sequence[Spot], known: dict[int, Decimal]) -> list[Spot]:
    """The change of the first forecast year on the year before, which is known."""
    spots = []
    for spot in years[:1]:
        before = known.get(spot.period.start.year - 1)
        if before is not None:
            spots.append(Spot(spot.period, Point(*(-decline_percent(before, end) for end in spot.point))))
    return spots


def _stretch(series: Series, season: int) -> tuple[int, Series]:
    """How far the record reaches and the newest stretch that is long enough for it; the longer record goes first."""
    newest = series.stretch(shortest_history(season, _LEAST_TESTED[season]))
    enough = len(newest.spans) >= shortest_history(season, TESTED[season])
    return (TESTED if enough else _LEAST_TESTED)[season], newest


def _longest(series: Series) -> int:
    longest = run = 0
    for number in series.numbers:
        run = run + 1 if number is not None else 0
        longest = max(longest, run)
    return longest


def _led(leading: Series | None, known: Series) -> Series | None:
    """The leading series from where ``known`` begins, at least as long; None where there is no such."""
    if leading is None:
        return None
    found = leading.since(known.spans[0])
    return found if len(found.spans) >= len(known.spans) else None


def _sentence(series: Series, known: Series, led: Series | None, leading: Series | None) -> str:
    said = []
    gap = next((span for span, number in zip(series.spans, series.numbers, strict=True) if number is None and span >= known.spans[0]), None)
    if gap is not None:
        said.append(f"{gap.label}缺数，历史只用到{known.spans[-1].label}")
    if leading is not None and led is None:
        said.append("用电量不全，未用回归法")
    return "；".join(said)


def _year_of(span: Period) -> int:
    return span.start.year


def _by_year(spots: Iterable[Spot]) -> dict[int, list[Spot]]:
    found: dict[int, list[Spot]] = {}
    for spot in spots:
        found.setdefault(_year_of(spot.period), []).append(spot)
    return found


def _whole(year: int, spans: Iterable[Period]) -> bool:
    """Whether the spans are all of a year."""
    return sum(span.months for span in spans if _year_of(span) == year) == _MONTHS


def _year_sums(known: dict[Period, Decimal], spots: Sequence[Spot]) -> list[Spot]:
    """Years: what is known of them and what is forecast; a year of which anything is neither is left out."""
    years = []
    for year, ahead in _by_year(spots).items():
        behind = [span for span in known if _year_of(span) == year]
        if _whole(year, [*behind, *(spot.period for spot in ahead)]):
            base = sum((known[span] for span in behind), Decimal(0))
            ends = (base + sum((spot.point[end] for spot in ahead), Decimal(0)) for end in range(3))
            years.append(Spot(Period.year(year), Point(*ends)))
    return years


def _year_means(known: dict[Period, Decimal], spots: Sequence[Spot], weights: dict[Period, Decimal]) -> list[Spot]:
    """Intensity of years: quarters weighed by GDP."""
    years = []
    for year, ahead in _by_year(spots).items():
        behind = [span for span in known if _year_of(span) == year]
        spans = [*behind, *(spot.period for spot in ahead)]
        if _whole(year, spans) and all(span in weights for span in spans):
            ends = []
            for end in range(3):
                numbers = [*(known[span] for span in behind), *(spot.point[end] for spot in ahead)]
                ends.append(_mean(numbers, [weights[span] for span in spans]))
            years.append(Spot(Period.year(year), Point(*ends)))
    return years


def _known_years(known: dict[Period, Decimal], weights: dict[Period, Decimal]) -> dict[int, Decimal]:
    """Intensity of the years that are known whole."""
    found = {}
    for year in {_year_of(span) for span in known}:
        spans = [span for span in known if _year_of(span) == year]
        if _whole(year, spans):
            found[year] = _mean([known[span] for span in spans], [weights[span] for span in spans])
    return found


def _mean(numbers: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal:
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return sum((n * w for n, w in zip(numbers, weights, strict=True)), Decimal(0)) / sum(weights, Decimal(0))
