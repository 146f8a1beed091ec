"""Key energy-using units: what each used, what a tonne of its products took, and how that stands against limits and benchmarks.

A unit files its comprehensive energy at the calorific basis and, by product, output, energy and electricity within the boundary that the
product's standard draws. Which of several limits applies is a rule row in force on the last day of the period.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import NamedTuple

from shuangkong.apps.energy.series import Series, cell_input, period_of
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.energy import change_percent
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import RuleRow, Status
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.core.rounding import WORKING_DIGITS
from shuangkong.rulebook.loader import RecordingBook

TOTAL, GROWTH = "energy_total_tce", "energy_growth_percent"
KGCE, KWH = "unit_product_kgce_per_t", "unit_product_kwh_per_t"
LENS, BASIS = "reported", "calorific"
#: kgce of a tce, and kWh of 10 000 kWh.
_KGCE_OF_TCE, _KWH_OF_10K = Decimal(1000), Decimal(10_000)


class Level(NamedTuple):
    """How a figure stands: words and severity (1 over the limit, 2 worse than the baseline, 3 sound); the rule rows that say so."""

    words: str
    severity: int | None
    rules: tuple[RuleRow, ...]


def units_of() -> list[Subject]:
    """The units that may file: enterprises and their establishments."""
    return list(Subject.objects.filter(kind__in=[Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT]).order_by("pk"))


class UnitAccount:
    """Writes the values of every unit that has filed anything."""

    def __init__(self, drafts: Drafts, series: Series, book: RecordingBook) -> None:
        self.drafts, self.series, self.book = drafts, series, book
        self._totals: dict[tuple[int, Period], Figure] = {}

    def write(self, units: Iterable[Subject]) -> None:
        """Totals with their growth, then products."""
        subjects = {unit.pk: unit for unit in units}
        for owner, cell in self._cells("energy_total", subjects):
            self._total(subjects[owner], cell)
        made = {(owner, cell.detail, period_of(cell.kind, cell.end)): cell for owner, cell in self._cells("output", subjects)}
        for measure, code in (("product_energy", KGCE), ("product_electricity", KWH)):
            for owner, cell in self._cells(measure, subjects):
                output = made.get((owner, cell.detail, period_of(cell.kind, cell.end)))
                self._product(subjects[owner], code, cell, output)

    def _cells(self, measure: str, subjects: dict[int, Subject]) -> list[tuple[int, SeriesCell]]:
        """By date, so that a year ago is written before."""
        found = [(owner, cell) for owner, cell in self.series.all(measure) if owner in subjects and cell.origin in ("reported", "metered")]
        return sorted(found, key=lambda pair: (pair[1].end, pair[1].kind, pair[0], pair[1].detail))

    def _total(self, unit: Subject, cell: SeriesCell) -> None:
        period = period_of(cell.kind, cell.end)
        for span in (period, *([Period.year(period.start.year)] if period.kind == "ytd" and period.last_month == 12 else [])):
            figure = self.drafts.add(
                TOTAL, unit, span, from_micro(cell.micro or 0), calculation="unit.total", basis=BASIS, lens=LENS,
                demonstration=bool(cell.demonstration), recalled=cell.recalled, inputs=[cell_input("综合能源消费量", cell, unit)],
            )  # fmt: skip
            self._totals[unit.pk, span] = figure
            self._growth(unit, span, figure)

    def _growth(self, unit: Subject, span: Period, figure: Figure) -> None:
        before = self._totals.get((unit.pk, span.year_before()))
        if before is None or not before.value or figure.value is None:
            return
        rate = change_percent(before.value, figure.value, "上年同期综合能源消费量")
        inputs = key_inputs([(figure.key, span.label), (before.key, span.year_before().label)])
        self.drafts.add(
            GROWTH, unit, span, rate, calculation="unit.growth", lens=LENS, demonstration=figure.demonstration or before.demonstration,
            recalled=figure.recalled or before.recalled, status=Status.ESTIMATED, inputs=inputs,
        )  # fmt: skip

    def _product(self, unit: Subject, code: str, cell: SeriesCell, output: SeriesCell | None) -> None:
        period, product = period_of(cell.kind, cell.end), cell.product
        calculation = "unit.product" if code == KGCE else "unit.product_electricity"
        used = cell_input("产品综合能耗" if code == KGCE else "产品用电量", cell, unit)
        marks = {"demonstration": bool(cell.demonstration), "recalled": cell.recalled, "basis": BASIS, "lens": LENS}
        if output is None or not output.micro:
            self.drafts.add(
                f"{code}:{product}", unit, period, None, calculation=calculation, status=Status.INCOMPLETE, inputs=[used],
                sentence=f"缺{period.label}产量，单位产品能耗算不出", **marks,
            )  # fmt: skip
            return
        with localcontext() as context:
            context.prec = WORKING_DIGITS
            value = from_micro(cell.micro or 0) * (_KGCE_OF_TCE if code == KGCE else _KWH_OF_10K) / from_micro(output.micro)
        level = self._level(code, product, value, period)
        marks["recalled"] = cell.recalled or any(rule.evidence == "recalled" for rule in level.rules)
        self.drafts.add(
            f"{code}:{product}", unit, period, value, calculation=calculation, words=level.words, severity=level.severity,
            inputs=[used, cell_input("产量", output, unit)], rule_set_id=self.drafts.rule_sets.id_of(level.rules), **marks,
        )  # fmt: skip

    def _level(self, code: str, product: str, value: Decimal, period: Period) -> Level:
        names = ("unit.{}.{}" if code == KGCE else "unit.electricity.{}.{}").format
        found = {name: self._rule(names(name, product), period) for name in ("limit_1", "limit_2", "limit_3", "benchmark", "baseline")}
        rules = tuple(rule for _number, rule in filter(None, found.values()))
        return Level(*standing(value, {name: pair[0] for name, pair in found.items() if pair is not None}), rules)

    def _rule(self, parameter: str, period: Period) -> tuple[Decimal, RuleRow] | None:
        if parameter not in self.book.rulebook.parameters:
            return None
        try:
            answer = self.book.at(parameter, self.book.region, period.end - timedelta(days=1))
        except NotInForce:
            return None
        return answer.number, answer.row


def standing(value: Decimal, limits: dict[str, Decimal]) -> tuple[str, int | None]:
    """Words and severity of a figure against the limits that are known; at a limit it is kept.

    Over level 3 is against the law; worse than the baseline has to be rebuilt or closed; then benchmark, level 1, level 2.
    """
    if not limits:
        return "没有限额标准", None
    if "limit_3" in limits and value > limits["limit_3"]:
        return "超过限定值", 1
    if "baseline" in limits and value > limits["baseline"]:
        return "低于基准水平", 2
    if "benchmark" in limits and value <= limits["benchmark"]:
        return "达到标杆水平", 3
    if "limit_1" in limits and value <= limits["limit_1"]:
        return "达到1级", 3
    if "limit_2" in limits and value <= limits["limit_2"]:
        return "达到2级", 3
    return "限定值以内", 3
