"""Change, decline and total on the assessment basis (考核口径), beside the gross ones, with the bridge between them.

Written only where something was stated to be deducted: elsewhere the gross figure is the assessed one. Which of the two progress and
levels are judged by is the rule ``target.treatment`` of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from shuangkong.apps.energy.deductions import CLAIMS, KINDS, LENS, Deductions, Stated, in_force
from shuangkong.apps.energy.intensity import Intensities, Side, last_day
from shuangkong.apps.energy.places import short_name
from shuangkong.apps.indicators.drafts import Figure, number_text, spread
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.assessment import AssessedChange, AssessedEnergy, BridgeStep, assessed_change
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Basis
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.figures import Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.rounding import WORKING_DIGITS, round_half_up

ASSESSED = "assessed"
_E = Basis.EQUIVALENT.value
_PART_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class Pair:
    """One kind of deduction in the base and in the report period."""

    base: Stated | None
    report: Stated | None

    @property
    def known(self) -> list[Stated]:
        """Those that were stated."""
        return [stated for stated in (self.base, self.report) if stated is not None]


class Assessments:
    """Writes the assessed figures of one subject at a time."""

    def __init__(self, intensities: Intensities, deductions: Deductions) -> None:
        self.of, self.deductions = intensities, deductions
        self._names = {part.id: short_name(part) for part in deductions.city.parts}

    def counting(self, gross: Figure, assessed: Figure | None, period: Period) -> Figure:
        """The figure that progress and levels are judged by, by the rule of the period's last day."""
        if assessed is None:
            return gross
        try:
            rule = self.of.book.at("target.treatment", self.of.region, last_day(period))
        except NotInForce:
            return gross
        return assessed if rule.value == ASSESSED else gross

    def ask(self, subject: Subject, *periods: Period) -> None:
        """Write what was stated for these periods, whether or not there is energy to take it from: a city asks its parts for the same."""
        for period in periods:
            for kind in KINDS:
                self.deductions.stated(kind, subject, period)

    def total(self, subject: Subject, period: Period) -> None:
        """Total energy less what may be deducted on the period's last day."""
        energy = self.of.energy(subject, period)
        found = {kind: self.deductions.stated(kind, subject, period) for kind in KINDS}
        applied = {k: s for k, s in found.items() if s is not None and in_force(self.of.book, k, self.of.region, last_day(period))}
        if energy is None or not applied:
            return
        lacks = (*energy.lacks, *(s.why for s in applied.values() if s.value is None and s.why))
        value = None
        if energy.usable and energy.value is not None and all(s.value is not None for s in applied.values()):
            value = energy.value - sum((s.value for s in applied.values() if s.value is not None), Decimal(0))
        status = worst((energy.status, *(s.status for s in applied.values())))
        inputs = [{"label": "能源消费总量", "key": energy.key}]
        inputs += [{"label": f"减：{KINDS[kind][2]}", "key": stated.key} for kind, stated in applied.items()]
        self.of.drafts.add(
            "energy_total_tce", subject, period, value, basis=_E, lens=LENS, treatment=ASSESSED, calculation="assessed.total",
            status=status if value is not None else Status.INCOMPLETE, sentence="；".join(dict.fromkeys(lacks)),
            demonstration=energy.demonstration or any(s.demonstration for s in applied.values()), inputs=canonical_json(inputs),
            recalled=energy.recalled or any(s.recalled for s in applied.values()),
        )  # fmt: skip

    def change(self, subject: Subject, period: Period, price_base: int, county: bool) -> Figure | None:
        """The change on the same months a year ago; None where nothing was stated in either year."""
        before = period.year_before()
        pairs = self._pairs(
            lambda kind: self.deductions.stated(kind, subject, before), lambda kind: self.deductions.stated(kind, subject, period)
        )
        sides = self.of.side(subject, before, price_base), self.of.side(subject, period, price_base)
        return self._write("energy_intensity_change_percent", "assessed.change", subject, period, sides, pairs, county, 1)

    def decline(self, subject: Subject, period: Period, base_year: int, county: bool) -> Figure | None:
        """The decline since the base year, of a year or of the rolling four quarters."""
        year = Period.year(base_year)
        base = self.of.side(subject, year, base_year)
        if period.kind == "year":
            now = self.of.side(subject, period, base_year)
            report: Callable[[str], Stated | None] = lambda kind: self.deductions.stated(kind, subject, period)  # noqa: E731
        else:
            now, _ = self.of.rolling_side(subject, period, base_year)
            ytd = Period.ytd(period.last_year, period.last_month)
            report = lambda kind: self.deductions.rolling(kind, subject, ytd)  # noqa: E731
        pairs = self._pairs(lambda kind: self.deductions.stated(kind, subject, year), report)
        return self._write("energy_intensity_decline_percent", "assessed.decline", subject, period, (base, now), pairs, county, -1)

    def _pairs(self, base: Callable[[str], Stated | None], report: Callable[[str], Stated | None]) -> dict[str, Pair]:
        return {kind: Pair(base(kind), report(kind)) for kind in KINDS}

    def _write(
        self, code: str, calculation: str, subject: Subject, period: Period, sides: tuple[Side, Side], pairs: Mapping[str, Pair],
        county: bool, sign: int,
    ) -> Figure | None:  # fmt: skip
        base, now = sides
        known = [stated for pair in pairs.values() for stated in pair.known]
        if not known or base.energy is None or now.energy is None:
            return None
        lacks = [*now.lacks, *base.lacks]
        book = self.of.book.rulebook.book(self.of.book.region, self.of.book.known_on)
        result, missing = None, ()
        if not lacks:
            pairs, missing = self._comparable(pairs)
            try:
                result = self._compared(sides, pairs, book, county, period)
            except InputError as error:
                lacks.append(str(error))
        if result is not None:
            lacks += [*(step.note for step in result.bridge if step.status is Status.INCOMPLETE), *missing]
        value = None if result is None or result.assessed is None else sign * result.assessed.change_percent
        notes = [] if result is None else [
            step.note for step in result.bridge if step.note and step.status is not Status.INCOMPLETE and pairs[step.kind].known
        ]  # fmt: skip
        whys = [stated.why for stated in known if stated.why]
        marks = _marks(sides, known, result)
        if value is None:
            marks["status"] = Status.INCOMPLETE
        marks["recalled"] = marks["recalled"] or any(row.recalled for row in book.used)
        return self.of.drafts.add(
            code, subject, period, value, basis=_E, lens=LENS, treatment=ASSESSED, calculation=calculation, lacks=tuple(lacks),
            sentence="；".join(dict.fromkeys((*lacks, *notes, *whys))), rule_set_id=self.of.drafts.rule_sets.id_of(book.used),
            inputs=canonical_json(self._inputs(code, subject, period, pairs, result, sides, sign)), **marks,
        )  # fmt: skip

    def _comparable(self, pairs: Mapping[str, Pair]) -> tuple[dict[str, Pair], tuple[str, ...]]:
        """Of a city: an amount that a county stated in one year only is not compared with the other year's, and says whose it is."""
        found, missing = {}, []
        for kind, pair in pairs.items():
            base, report = pair.base, pair.report
            if kind not in CLAIMS and base is not None and report is not None and base.who != report.who:
                one, other = report.who - base.who, base.who - report.who
                names = "、".join(self._names.get(pk, "") for pk in sorted(one or other))
                missing.append(f"{names}{'基期' if one else '报告期'}没有{KINDS[kind][2]}的数")
                base, report = (None, report) if one else (base, None)
            found[kind] = Pair(base, report)
        return found, tuple(missing)

    def _compared(self, sides: tuple[Side, Side], pairs: Mapping[str, Pair], book: Any, county: bool, period: Period) -> AssessedChange:
        base, now = (_assessed_energy(side, pairs, place) for place, side in zip(("base", "report"), sides, strict=True))
        gdp = [side.gdp.gdp.value if side.gdp is not None else Decimal(0) for side in sides]
        return assessed_change(base, now, *gdp, book, self.of.region, last_day(period), self.of.decimals(county, period))

    def _inputs(
        self, code: str, subject: Subject, period: Period, pairs: Mapping[str, Pair], result: AssessedChange | None,
        sides: tuple[Side, Side], sign: int,
    ) -> list[dict[str, Any]]:  # fmt: skip
        gross = f"{code}|{subject.code}|{period.code}|{_E}|gross|{LENS}|"
        inputs: list[dict[str, Any]] = [{"label": "毛口径", "key": gross}]
        for kind, pair in pairs.items():
            for label, stated in (("基期", pair.base), ("报告期", pair.report)):
                if stated is not None:
                    inputs.append({"label": f"{label}{KINDS[kind][2]}", "key": stated.key})
        return inputs if result is None else [*inputs, *_bridge(pairs, result, sides, sign)]


def _marks(sides: Sequence[Side], known: Sequence[Stated], result: AssessedChange | None) -> dict[str, Any]:
    """Status, demonstration and recalled marks of what rests on energy, GDP and stated amounts."""
    levels = [side.gdp for side in sides if side.gdp is not None]
    status, demonstration, recalled = spread(side.energy for side in sides if side.energy is not None)
    others = [level.status for level in levels] + [stated.status for stated in known] + ([result.status] if result else [])
    return {
        "status": worst((status, *others)),
        "demonstration": demonstration or any(level.demonstration for level in levels) or any(s.demonstration for s in known),
        "recalled": recalled or any(level.recalled for level in levels) or any(s.recalled for s in known),
    }


def _assessed_energy(side: Side, pairs: Mapping[str, Pair], place: str) -> AssessedEnergy:
    amounts = {kind: getattr(pair, place) for kind, pair in pairs.items()}
    taken = {f"{kind}_tce": stated.value for kind, stated in amounts.items() if stated is not None}
    if "certificates_tce" not in taken and pairs["certificates"].known:
        taken["certificates_tce"] = Decimal(0)  # who claims none has none deducted
    assert side.energy is not None
    return AssessedEnergy(side.energy.value or Decimal(0), **taken)


def _bridge(pairs: Mapping[str, Pair], result: AssessedChange, sides: Sequence[Side], sign: int) -> list[dict[str, Any]]:
    """The steps of the waterfall as lines of the inputs: what each did to the rate, and its amounts per GDP in both years."""
    gross = result.gross
    lines = [_line("gross", "毛口径", sign * gross.change_percent, gross.intensity_base, gross.intensity_report)]
    for step in result.bridge:
        pair = pairs[step.kind]
        if not pair.known:
            continue
        per_gdp = [_per_gdp(stated if step.applied else None, side) for stated, side in zip((pair.base, pair.report), sides, strict=True)]
        lines.append({**_line(step.kind, step.label, _signed(step, sign), *per_gdp), "detail": step.note, **_keys(pair)})
    end = result.assessed
    rate, base, report = (None, None, None) if end is None else (sign * end.change_percent, end.intensity_base, end.intensity_report)
    return [*lines, _line(ASSESSED, "考核口径", rate, base, report)]


def _signed(step: BridgeStep, sign: int) -> Decimal | None:
    return None if step.effect_pp is None else sign * step.effect_pp


def _keys(pair: Pair) -> dict[str, str]:
    stated = pair.report or pair.base
    return {"opens": stated.key} if stated is not None else {}


def _per_gdp(stated: Stated | None, side: Side) -> Decimal | None:
    if stated is None or stated.value is None or side.gdp is None:
        return None
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return stated.value / side.gdp.gdp.value


def _line(part: str, label: str, number: Decimal | None, base: Decimal | None, report: Decimal | None) -> dict[str, Any]:
    texts = {name: None if value is None else number_text(round_half_up(value, _PART_DECIMALS)) for name, value in
             (("number", number), ("base", base), ("report", report))}  # fmt: skip
    return {"part": part, "label": label, "unit": "个百分点" if part not in ("gross", ASSESSED) else "%", "detail": "", **texts}
