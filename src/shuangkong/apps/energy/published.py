"""What the statistics bureau has published, and ours beside it (accounting 15): nation, provinces, and any region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.intensity import Goal, last_day
from shuangkong.apps.energy.series import Series, cell_input, period_of
from shuangkong.apps.indicators.drafts import Drafts, Figure
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core import warning
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Basis, change_from_growth, growth_uncertainty_pp
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.core.rounding import round_half_up
from shuangkong.rulebook.loader import RecordingBook
from shuangkong.rulebook.parameters import Answer
from shuangkong.rulebook.places import NATION

CHANGE = "energy_intensity_change_percent"
_COPIED = {
    "energy_intensity_change": (CHANGE, Basis.EQUIVALENT.value, "能耗强度变化率"),
    "energy_growth": ("energy_growth_percent", "", "能源消费总量增速"),
    "energy_total": ("energy_total_tce", Basis.EQUIVALENT.value, "能源消费总量"),
    "gdp_growth": ("gdp_growth_percent", "", "地区生产总值增速（可比价）"),
    "co2_intensity_change": ("co2_intensity_change_percent", "", "单位GDP二氧化碳排放变化率"),
}  # fmt: skip
Place = tuple[int, str]
_TREATMENT = "statistics.published_treatment"
_OTHER_DEFINITION = "公布数已扣除原料用能和非化石能源，与此前口径不同，不能相连"


class Published:
    """Writes published figures with the lens ``published``, and what we make of published growths with the lens ``issued``."""

    def __init__(
        self, drafts: Drafts, series: Series, book: RecordingBook, subjects: Sequence[Subject], goals: Mapping[tuple[int, int], Goal]
    ) -> None:  # fmt: skip
        self.drafts, self.series, self.book, self.goals = drafts, series, book, goals
        self._subjects = {subject.id: subject for subject in subjects}
        self._rows: dict[tuple[str, int, str], SeriesCell] = {}

    def write(self, own: set[str]) -> None:
        """Every published figure; ours beside it where ``own`` (keys written already) has none."""
        changes: dict[Place, Figure] = {}
        for measure, (code, basis, label) in _COPIED.items():
            for owner, cell in self.series.all(measure):
                subject = self._subjects.get(owner)
                if cell.origin != "published" or subject is None:
                    continue
                period = period_of(cell.kind, cell.end)
                self._rows[measure, owner, period.code] = cell
                figure = self._copy(code, basis, label, subject, period, cell)
                if measure == "energy_intensity_change":
                    changes[owner, period.code] = figure
        for (owner, code), figure in changes.items():
            self._level(self._subjects[owner], Period.parse(code), figure)
        self._recompute(changes, own)

    def _copy(self, code: str, basis: str, label: str, subject: Subject, period: Period, cell: SeriesCell) -> Figure:
        value = Decimal(cell.rate) if cell.rate is not None else from_micro(cell.micro or 0)
        rule = self._definition(cell.measure, subject, period)
        treatment = rule.value if rule is not None else "gross"
        return self.drafts.add(
            code, subject, period, value, basis=basis, lens="published", public=True, calculation="published.figure",
            demonstration=bool(cell.demonstration), recalled=cell.recalled, treatment=treatment,
            sentence=_OTHER_DEFINITION if treatment != "gross" else "",
            rule_set_id=self.drafts.rule_sets.id_of([rule.row] if rule is not None else []),
            inputs=canonical_json([cell_input(f"{period.label}{label}（公布数）", cell, subject)]),
        )  # fmt: skip

    def _definition(self, measure: str, subject: Subject, period: Period) -> Answer | None:
        """Which definition the national figure of a period has; None for figures and places of which no rule tells."""
        if subject.kind != Subject.Kind.NATION or f"{_TREATMENT}.{measure}" not in self.book.rulebook.parameters:
            return None
        try:
            return self.book.at(f"{_TREATMENT}.{measure}", NATION, last_day(period))
        except NotInForce:
            return None

    def _level(self, subject: Subject, period: Period, change: Figure) -> None:
        """A published rise is 一级 whatever was required; a fall is graded by the year's rate and has no level without a target.

        A level that tells of a target which is not public is not public either.
        """
        goal, rose = self.goals.get((subject.id, period.start.year)), change.value is not None and change.value > 0
        required = None if goal is None or rose else goal.of_year(period.start.year)
        book = self.book.rulebook.book(self.book.region, self.book.known_on)
        level, words = self._graded(change, Decimal(0) if rose else required, book, last_day(period))
        inputs: list[dict[str, Any]] = [{"label": "同比变化率（公布数）", "key": change.key}]
        marks = {"demonstration": change.demonstration, "public": True}
        if goal is not None and required is not None:
            inputs.append({"label": "目标", "target": goal.target.pk, "number": str(goal.number)})
            marks = {"demonstration": change.demonstration or goal.target.demonstration, "public": goal.target.public}
        self.drafts.add(
            "warning_national", subject, period, Decimal(level.severity) if level else None, words=words,
            severity=level.severity if level else None, basis=Basis.EQUIVALENT.value, lens="published", calculation="warning.national",
            treatment=change.treatment, recalled=change.recalled, rule_set_id=self.drafts.rule_sets.id_of(book.used),
            inputs=canonical_json(inputs), **marks,
        )  # fmt: skip

    @staticmethod
    def _graded(
        change: Figure, required: Decimal | None, book: RecordingBook, on: date
    ) -> tuple[warning.WarningLevel | None, str]:  # fmt: skip
        """The level and its label, or why there is none."""
        if change.value is None or required is None:
            return None, "未下达目标"
        try:
            level = warning.national(change.value, required, book, book.region, on)
        except NotInForce:
            return None, "不评级"
        return level, level.label

    def _recompute(self, changes: dict[Place, Figure], own: set[str]) -> None:
        """From published growth of energy and of GDP: ours, estimated, with the uncertainty of the rounded growths."""
        for (measure, owner, code), energy in self._rows.items():
            gdp = self._rows.get(("gdp_growth", owner, code))
            if measure != "energy_growth" or gdp is None or energy.rate is None or gdp.rate is None:
                continue
            subject, period = self._subjects[owner], Period.parse(code)
            if f"{CHANGE}|{subject.code}|{code}|{Basis.EQUIVALENT.value}|gross|issued|" in own:
                continue
            self._own(subject, period, energy, gdp, changes.get((owner, code)))

    def _own(self, subject: Subject, period: Period, energy: SeriesCell, gdp: SeriesCell, published: Figure | None) -> None:
        value = change_from_growth(Decimal(energy.rate or "0"), Decimal(gdp.rate or "0"))
        decimals = int(self.book.at("statistics.growth_published_decimals", self.book.region, date(period.last_year, 12, 31)).number)
        uncertainty = growth_uncertainty_pp(decimals)
        sentence = f"测算：由能源消费与地区生产总值的公布增速推算，不确定度±{uncertainty}个百分点"
        if published is not None and published.treatment != "gross":
            sentence += "；公布数为扣除后的口径，与本数不可比"
        elif published is not None and published.value is not None:
            gap = value - published.value
            sentence += f"；与公布数相差{abs(round_half_up(gap, 2))}个百分点" + (
                "，在不确定度内" if abs(gap) <= uncertainty else "，超出不确定度"
            )
        self.drafts.add(
            CHANGE, subject, period, value, basis=Basis.EQUIVALENT.value, lens="issued", public=True, calculation="published.from_growth",
            status=Status.ESTIMATED, demonstration=bool(energy.demonstration or gdp.demonstration), uncertainty=uncertainty,
            sentence=sentence, recalled=energy.recalled or gdp.recalled,
            inputs=canonical_json([cell_input("能源消费总量增速", energy, subject), cell_input("地区生产总值增速", gdp, subject)]),
        )  # fmt: skip
