"""Energy-related CO2 as values: the total, its intensity, the decline since the base year and the progress against a target.

From the same accounts as energy. A city is the sum of its counties and 不分县, product by product; zones lie over it. Intensity and
decline rest on the issued figures only; the rolling four quarters are ``year(t−1) − ytd(t−1) + ytd(t)``, as of energy (accounting 17).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from shuangkong.apps.energy import ground
from shuangkong.apps.energy.burning import Emission, Factors, summed
from shuangkong.apps.energy.economy import Economy, Level, gdp_key
from shuangkong.apps.energy.gathering import Filed, rows_behind
from shuangkong.apps.energy.intensity import Goal, required_by
from shuangkong.apps.energy.places import City, lacking_sentence
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs, spread
from shuangkong.apps.indicators.sections import Sections
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import change_percent, rolling
from shuangkong.core.figures import Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.rounding import WORKING
from shuangkong.core.targets import progress_percent

TOTAL, INTENSITY, CHANGE = "energy_co2_t", "co2_intensity_t_per_10k_yuan", "co2_intensity_change_percent"
GROWTH, DECLINE = "energy_co2_growth_percent", "co2_intensity_decline_percent"
REQUIRED, GAP, PROGRESS = "co2_intensity_required_percent", "co2_intensity_gap_points", "co2_intensity_progress_percent"
LENS = "issued"

#: A side of a ratio: CO2 and GDP of one period.
Side = tuple[Figure | None, Level | None, str]


class Carbon:
    """The CO2 values of one city and all that belongs to it."""

    def __init__(
        self, drafts: Drafts, city: City, accounts: Mapping[tuple[int, str], Filed], economy: Economy, factors: Factors,
        goals: Mapping[tuple[int, int], Goal], sections: Sections,
    ) -> None:  # fmt: skip
        self.drafts, self.city, self.accounts, self.economy, self.factors, self.goals = drafts, city, accounts, economy, factors, goals
        self.sections = sections
        self._figures: dict[tuple[int, str], Figure | None] = {}

    def write(self, subject: Subject, period: Period, price_base: int, is_base_year: bool) -> None:
        """All CO2 values of one subject at a year or ytd; the decline is that of the year or of the rolling four quarters."""
        now = self.total(subject, period)
        if now is None:
            return
        before = self.total(subject, period.year_before())
        known = self.economy.level(LENS, subject, period, price_base) is not None
        self._intensity(subject, period, price_base if known or not is_base_year else period.start.year, now)
        if before is not None:
            self._growth(subject, period, now, before)
            self._change(subject, period, price_base)
        self._since_base(subject, period, price_base)

    def ask(self, subject: Subject, period: Period, price_base: int) -> None:
        """The totals on which :meth:`write` rests, of a subject whose other values stand already."""
        if self.total(subject, period) is None:
            return
        self.total(subject, period.year_before())
        goal = self.goals.get((subject.id, period.start.year))
        base_year = goal.base_year if goal is not None else price_base
        if self.total(subject, Period.year(base_year)) is not None and period.start.year > base_year and _is_rolling(period):
            self.total(subject, Period.year(period.start.year - 1))

    # totals

    def total(self, subject: Subject, period: Period) -> Figure | None:
        """CO2 of a filed period; None where nobody filed energy. Written once, when it is first asked for."""
        key = (subject.id, period.code)
        if key not in self._figures:
            whole = subject.id == self.city.subject.id
            filed = any((part.id, period.code) in self.accounts for part in self.city.parts) if whole else key in self.accounts
            self._figures[key] = self._kept_or_made(subject, period, self._city_total if whole else self._own_total) if filed else None
        return self._figures[key]

    def _kept_or_made(self, subject: Subject, period: Period, make: Callable[[Subject, Period], Figure]) -> Figure:
        """The total as it was where the account is what it was."""
        place = f"{LENS}|{subject.id}|{period.kind}|{period.end}"
        name = f"emission|{place}"
        figure = self.sections.noted(name) if self.sections.kept(name, [self.sections.now[f"sheet|{place}"]]) else None
        if figure is None:
            figure = make(subject, period)
            self.sections.note(name, figure)
        return figure

    def _emission(self, subject: Subject, period: Period) -> Emission | None:
        """What a place emits: worked out once for a year and the 1–12月 that it was filed as."""
        filed = self.accounts.get((subject.id, period.code))
        if filed is None:
            return None
        memo = filed.account.memo
        if "emission" not in memo:
            memo["emission"] = self.factors.emission(filed.account, period.start.year)
        return cast(Emission, memo["emission"])

    def _own_total(self, subject: Subject, period: Period) -> Figure:
        filed, emission = self.accounts[subject.id, period.code], self._emission(subject, period)
        assert emission is not None
        rows = rows_behind(filed, LENS, subject.code, period.code)
        return self._put_total(subject, period, emission, (), filed.account.demonstration, [rows])

    def _city_total(self, subject: Subject, period: Period) -> Figure:
        parts = [(part, emission) for part in self.city.parts if (emission := self._emission(part, period)) is not None]
        present = {part.id for part, _ in parts}
        missing = [county for county in self.city.counties if county.id not in present]
        lacks = (lacking_sentence(missing, period, "能源"),) if missing else ()
        figures = [(part, figure) for part, _ in parts if (figure := self.total(part, period)) is not None]
        inputs: list[dict[str, Any]] = [{"label": part.name, "key": figure.key} for part, figure in figures]
        demonstration = any(figure.demonstration for _, figure in figures)
        return self._put_total(subject, period, summed([emission for _, emission in parts]), lacks, demonstration, inputs)

    def _put_total(
        self, subject: Subject, period: Period, emission: Emission, lacks: tuple[str, ...], demonstration: bool,
        inputs: list[dict[str, Any]],
    ) -> Figure:  # fmt: skip
        lacks = (*lacks, *emission.lacks)
        rows = emission.rows
        status = worst((emission.status, Status.INCOMPLETE if lacks else Status.OK))
        whole = subject.id == self.city.subject.id
        return self.drafts.add(
            TOTAL, subject, period, emission.co2_t, lens=LENS, calculation="carbon.total_of_parts" if whole else "carbon.total",
            status=status, demonstration=demonstration or any(r.demonstration for r in rows), recalled=any(r.recalled for r in rows),
            sentence="；".join((*lacks, *emission.notes)), lacks=lacks, rule_set_id=self.drafts.rule_sets.id_of(rows),
            inputs=canonical_json([*inputs, *emission.parts()]),
        )  # fmt: skip

    # ratios

    def _side(self, subject: Subject, period: Period, base: int) -> Side:
        return self.total(subject, period), self.economy.level(LENS, subject, period, base), period.label

    def _rolling(self, subject: Subject, period: Period, base: int) -> tuple[Side, list[tuple[Period, Figure | None]]]:
        """The rolling four quarters to the end of ``period`` (ytd), with the three totals that they are made of."""
        parts = [(p, self.total(subject, p)) for p in (Period.year(period.start.year - 1), period.year_before(), period)]
        span = Period.rolling(period.last_year, period.last_month)
        gdp = self.economy.rolling(LENS, subject, span, base)
        known = [figure for _, figure in parts if figure is not None]
        usable = [figure.value if figure is not None and figure.usable else None for _, figure in parts]
        value = rolling(*usable)
        status, demonstration, recalled = spread(known)
        lacks = tuple(dict.fromkeys(word for figure in known if not figure.usable for word in figure.lacks))
        lacks += tuple(f"缺{p.label}能源" for p, figure in parts if figure is None)
        status = status if value is not None else Status.INCOMPLETE
        return (Figure(value, status, demonstration, recalled, "", value, lacks), gdp, span.label), parts

    def _intensity(self, subject: Subject, period: Period, base: int, now: Figure) -> None:
        side = self._side(subject, period, base)
        value = _ratio(side) if not _lacks(side) else None
        self._add(INTENSITY, subject, period, value, "carbon.intensity", [side], self._sources(subject, [(period, now)], base))

    def _growth(self, subject: Subject, period: Period, now: Figure, before: Figure) -> None:
        value = _rate(before.value, now.value) if now.usable and before.usable else None
        sides: list[Side] = [(now, None, ""), (before, None, "")]
        inputs = key_inputs([(now.key, period.label), (before.key, period.year_before().label)])
        self._add(GROWTH, subject, period, value, "carbon.growth", sides, inputs, gdp=False)

    def _change(self, subject: Subject, period: Period, base: int) -> None:
        """The change of the cumulated intensity on the same months a year ago."""
        now, before = self._side(subject, period, base), self._side(subject, period.year_before(), base)
        sides = [now, before]
        value = None
        if not any(_lacks(side) for side in sides):
            value = _rate(_ratio(before), _ratio(now))
        totals = [(period, now[0]), (period.year_before(), before[0])]
        self._add(CHANGE, subject, period, value, "carbon.change", sides, self._sources(subject, totals, base))

    def _since_base(self, subject: Subject, period: Period, base_year: int) -> None:
        """The decline since the base year: of a year, or of the rolling four quarters."""
        goal = self.goals.get((subject.id, period.start.year))
        base_year = goal.base_year if goal is not None else base_year
        base = self._side(subject, Period.year(base_year), base_year)
        if base[0] is None or period.start.year <= base_year:
            return
        if period.kind == "year":
            now, parts, span = self._side(subject, period, base_year), [(period, self.total(subject, period))], period
        elif _is_rolling(period):
            now, parts = self._rolling(subject, period, base_year)
            span = Period.rolling(period.last_year, period.last_month)
        else:
            return
        sides = [now, base]
        value = None
        if not any(_lacks(side) for side in sides):
            rose = _rate(_ratio(base), _ratio(now))
            value = None if rose is None else -rose
        sources = self._sources(subject, [*parts, (Period.year(base_year), base[0])], base_year)
        decline = self._add(DECLINE, subject, span, value, "carbon.decline", sides, sources)
        if goal is not None and goal.number is not None:
            self._against(subject, span, goal, goal.number, decline)

    def _against(self, subject: Subject, span: Period, goal: Goal, aim: Decimal, decline: Figure) -> None:
        """The path at the elapsed months, the gap and the logarithmic progress."""
        required = required_by(aim, goal.years, goal.elapsed_months(span))
        target: dict[str, Any] = {"label": "目标", "target": goal.target.pk, "number": str(aim)}
        marks = {"demonstration": decline.demonstration or goal.target.demonstration, "lens": LENS}
        path = self.drafts.add(
            REQUIRED, subject, span, required, calculation="carbon.path", inputs=canonical_json([target]),
            demonstration=goal.target.demonstration, lens=LENS,
        )  # fmt: skip
        reached: dict[str, Any] = {"label": "碳排放强度比基年降低率", "key": decline.key}
        known = decline.value if decline.usable else None
        gap = None if known is None else known - required
        done = None if known is None else progress_percent(known, aim)
        more: dict[str, Any] = {
            **marks, "status": decline.status, "recalled": decline.recalled, "lacks": decline.lacks, "sentence": "；".join(decline.lacks)
        }  # fmt: skip
        for_gap = canonical_json([reached, {"label": "进度要求", "key": path.key}])
        self.drafts.add(GAP, subject, span, gap, calculation="carbon.gap", inputs=for_gap, **more)
        self.drafts.add(PROGRESS, subject, span, done, calculation="carbon.progress", inputs=canonical_json([target, reached]), **more)

    def _add(
        self, code: str, subject: Subject, period: Period, value: Decimal | None, calculation: str, sides: Sequence[Side], inputs: str,
        *, gdp: bool = True,
    ) -> Figure:  # fmt: skip
        figures = [side[0] for side in sides if side[0] is not None]
        levels = [side[1] for side in sides if side[1] is not None]
        status, demonstration, recalled = spread(figures)
        lacks = tuple(dict.fromkeys(word for side in sides for word in _lacks(side, gdp)))
        if value is None and not lacks:
            lacks = ("基期排放不大于零，变化率没有意义",)
        status = worst((status, *(level.status for level in levels)))
        return self.drafts.add(
            code, subject, period, value, lens=LENS, calculation=calculation, inputs=inputs, lacks=lacks, sentence="；".join(lacks),
            status=Status.INCOMPLETE if lacks or value is None else status,
            demonstration=demonstration or any(level.demonstration for level in levels),
            recalled=recalled or any(level.recalled for level in levels),
        )  # fmt: skip

    def _sources(self, subject: Subject, totals: Sequence[tuple[Period, Figure | None]], base: int) -> str:
        """CO2 and GDP of each period as inputs."""
        pairs = []
        for period, figure in totals:
            if figure is not None:
                pairs.append((figure.key, f"{period.label}二氧化碳排放量"))
            pairs.append((gdp_key(subject, period, LENS, base, base), f"{period.label}地区生产总值（{base}年价）"))
        return key_inputs(pairs)


def _is_rolling(period: Period) -> bool:
    """Whether the rolling four quarters end with a filed 1–n月."""
    return period.kind == "ytd" and period.last_month % 3 == 0 and period.last_month < 12


def _lacks(side: Side, gdp: bool = True) -> tuple[str, ...]:
    """What is missing for the ratio, in words."""
    figure, level, label = side
    found: list[str] = []
    if figure is None:
        found.append(f"缺{label}能源")
    elif not figure.usable:
        found += figure.lacks or (f"{label}二氧化碳排放量不完整",)
    if gdp and level is None:
        found.append(f"缺{label}地区生产总值（不变价）")
    return tuple(found)


def _rate(base: Decimal | None, now: Decimal | None) -> Decimal | None:
    """The change in percent; None where the base is not above zero: a place that sends out more clean electricity than it burns fuel."""
    if base is None or now is None or base <= 0:
        return None
    return change_percent(base, now, "基期碳排放")


def _ratio(side: Side) -> Decimal:
    """Tonnes of CO2 per 10 000 yuan."""
    figure, level, _ = side
    assert figure is not None
    assert figure.value is not None
    assert level is not None
    return WORKING.divide(figure.value, level.gdp.value)


def write_carbon(
    drafts: Drafts, city: City, accounts: Mapping[tuple[int, str], Filed], periods: Sequence[Period], economy: Economy,
    factors: Factors, goals: Mapping[tuple[int, int], Goal], price_base: Mapping[int, int | None], sections: Sections,
) -> None:  # fmt: skip
    """Every CO2 value of a city that does not rest on what the current ones rest on."""
    carbon = Carbon(drafts, city, accounts, economy, factors, goals, sections)
    everybody = (city.subject, *city.counties, *([city.unallocated] if city.unallocated else []), *city.zones)
    kept = {subject.id for subject in everybody if _kept(subject, sections, goals)}
    for period in sorted(periods, key=lambda period: (period.end, period.kind)):
        base = price_base.get(period.start.year)
        for subject in everybody:
            if base is not None and subject.id in kept:
                carbon.ask(subject, period, base)
            elif base is not None:
                carbon.write(subject, period, base, price_base.get(period.start.year + 1) == period.start.year)


def _kept(subject: Subject, sections: Sections, goals: Mapping[tuple[int, int], Goal]) -> bool:
    """Whether CO2 of a subject rests on the accounts, GDP and targets that the current values rest on."""
    sheets = [f"{name}|{sm3}" for name, sm3 in sections.now.items() if name.startswith(f"sheet|{LENS}|{subject.id}|")]
    economy = sections.now.get(f"economy|{LENS}|{subject.id}", "")
    aims = [ground.goal_line(year, goal) for (owner, year), goal in goals.items() if owner == subject.id]
    return sections.kept(f"carbon|{LENS}|{subject.id}", [ground.subject_line(subject), economy, *sorted(sheets), *sorted(aims)])
