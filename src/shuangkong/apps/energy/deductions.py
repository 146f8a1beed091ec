"""What may be taken out of a region's energy before it is judged: feedstock, non-fossil energy, listed projects, certificates.

Each amount is a value of its own, so that a bar of the waterfall opens into its inputs and its rule. Feedstock is what was filed as
such, else the memo of the energy account. A city has its own figure, else the sum of what its parts stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.account import MEMO, coal_equivalent
from shuangkong.apps.energy.coefficients import Coefficients, tce
from shuangkong.apps.energy.economy import Economy
from shuangkong.apps.energy.gathering import Filed, rows_behind
from shuangkong.apps.energy.intensity import Goal, last_day
from shuangkong.apps.energy.places import City
from shuangkong.apps.energy.series import ORIGINS, Series, cell_input
from shuangkong.apps.indicators.drafts import Drafts, Figure
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.assessment import CertificateLot, certificates_offset, saving_needed_tce
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Basis, rolling
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.rulebook.loader import RecordingBook

LENS = "issued"
_E = Basis.EQUIVALENT.value
#: kind of deduction → (measure of the ledger, code of the value, Chinese term)
KINDS = {
    "feedstock": ("feedstock_energy", "deduction_feedstock_tce", "原料用能"),
    "nonfossil": ("nonfossil_energy", "deduction_nonfossil_tce", "非化石能源"),
    "separately_listed": ("listed_energy", "deduction_listed_tce", "单列项目"),
    "certificates": ("green_certificate", "deduction_certificates_tce", "绿证"),
}
MEASURES = tuple(measure for measure, _, _ in KINDS.values())
#: Claims that begin when they are first filed: before that there were none.
CLAIMS = ("separately_listed", "certificates")
_EACH = 10_000
_CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True)
class Stated:
    """One amount in tce with whose statements it is made of. ``value`` None: it was stated and cannot be counted; ``why`` says so."""

    value: Decimal | None
    key: str
    who: frozenset[int]
    status: Status = Status.OK
    demonstration: bool = False
    recalled: bool = False
    why: str = ""


@dataclass
class Deductions:
    """The amounts of one city and all that belongs to it; each is written once, when it is first asked for."""

    drafts: Drafts
    city: City
    accounts: Mapping[tuple[int, str], Filed]
    series: Series
    totals: Mapping[tuple[str, int, str, str], Figure]
    coefficients: Coefficients
    economy: Economy
    book: RecordingBook
    region: str
    goals: Mapping[tuple[int, int], Goal]
    _known: dict[tuple[str, int, str], Stated | None] = field(default_factory=dict)

    def stated(self, kind: str, subject: Subject, period: Period) -> Stated | None:
        """The amount of a year or ytd; None where nobody stated one."""
        key = (kind, subject.id, period.code)
        if key not in self._known:
            found = self._certificates(subject, period) if kind == _CERTIFICATES else self._own(kind, subject, period)
            if found is None and subject.id == self.city.subject.id:
                found = self._of_parts(kind, period)
            self._known[key] = found
        return self._known[key]

    def rolling(self, kind: str, subject: Subject, period: Period) -> Stated | None:
        """The amount of the rolling four quarters to the end of ``period`` (ytd)."""
        key = (kind, subject.id, f"{period.code}R12")
        if key not in self._known:
            self._known[key] = self._rolling(kind, subject, period)
        return self._known[key]

    def _rolling(self, kind: str, subject: Subject, period: Period) -> Stated | None:
        spans = (Period.year(period.start.year - 1), period.year_before(), period)
        parts = [self.stated(kind, subject, span) for span in spans]
        known = [part for part in parts if part is not None]
        if parts[2] is None and not (kind in CLAIMS and known):
            return None
        if len(known) < len(parts) and (kind not in CLAIMS or (parts[0] is None) != (parts[1] is None)):
            return None
        amounts = [part.value if part is not None else Decimal(0) for part in parts]
        value, who = rolling(*amounts), frozenset().union(*(part.who for part in known))
        labelled = zip(("上年全年", "减：上年同期累计", "本年累计"), parts, strict=True)
        inputs = [{"label": label, "key": part.key} for label, part in labelled if part is not None]
        marks = _marks(known, value)
        span = Period.rolling(period.last_year, period.last_month)
        return self._put(kind, subject, span, value, who, inputs, "deduction.rolling", (), **marks)

    # where an amount comes from

    def _own(self, kind: str, subject: Subject, period: Period) -> Stated | None:
        measure, _, label = KINDS[kind]
        cell = self.series.get(measure, LENS, subject, period)
        if cell is None:
            return self._memo(subject, period) if kind == "feedstock" else None
        value = from_micro(cell.micro or 0)
        marks = {"status": Status.OK, "demonstration": bool(cell.demonstration), "recalled": cell.recalled, "why": ""}
        inputs = [cell_input(f"{period.label}{label}", cell, subject)]
        return self._put(
            kind, subject, period, value, frozenset({subject.id}), inputs, "deduction.filed", self._rules(kind, period), **marks
        )

    def _memo(self, subject: Subject, period: Period) -> Stated | None:
        """Feedstock as the energy account notes it by product."""
        filed = self.accounts.get((subject.id, period.code))
        if filed is None or not filed.has(MEMO):
            return None
        account = filed.account
        used = {name: flows[MEMO] for name, flows in account.flows.items() if MEMO in flows}
        year = period.start.year
        units, lacking = coal_equivalent(used, self.coefficients.table(year, Basis.EQUIVALENT))
        rows = [row for name in used for row in self.coefficients.of(name, year, Basis.EQUIVALENT).rows]
        why = "；".join(self.coefficients.of(name, year, Basis.EQUIVALENT).why for name in lacking)
        marks = {
            "status": Status.INCOMPLETE if lacking else Status.OK, "why": why, "recalled": any(row.recalled for row in rows),
            "demonstration": account.demonstration or any(row.demonstration for row in rows),
        }  # fmt: skip
        rules = (*self._rules("feedstock", period), *rows)
        who, inputs = frozenset({subject.id}), [rows_behind(filed, LENS, subject.code, period.code)]
        return self._put("feedstock", subject, period, None if lacking else tce(units), who, inputs, "deduction.feedstock", rules, **marks)

    def _of_parts(self, kind: str, period: Period) -> Stated | None:
        parts = [(part, found) for part in self.city.parts if (found := self.stated(kind, part, period)) is not None]
        if not parts or kind == _CERTIFICATES:
            return None
        values = [found.value for _, found in parts]
        value = None if None in values else sum((v for v in values if v is not None), Decimal(0))
        who = frozenset().union(*(found.who for _, found in parts))
        inputs = [{"label": part.name, "key": found.key} for part, found in parts]
        marks = _marks([found for _, found in parts], value)
        return self._put(kind, self.city.subject, period, value, who, inputs, "deduction.of_parts", self._rules(kind, period), **marks)

    def _certificates(self, subject: Subject, period: Period) -> Stated | None:
        """Certificates as energy, at most the cap: a city's are its own and those of its parts, against its own target."""
        parts = self.city.parts if subject.id == self.city.subject.id else ()
        cells = [(owner, cell) for owner in (subject, *parts) for cell in self._lots(owner, period)]
        if not cells:
            return None
        book = self.book.rulebook.book(self.book.region, self.book.known_on)
        on, year = last_day(period), period.start.year
        value, why, status = None, "", Status.INCOMPLETE
        coefficient = self.coefficients.of("electricity", year, Basis.EQUIVALENT)
        lots = [
            CertificateLot(int(from_micro(cell.micro or 0)), cell.flow == "within_province", int(cell.product or 0)) for _, cell in cells
        ]
        try:
            if coefficient.units is None:
                why = coefficient.why
            else:
                each = tce(coefficient.units * 10**6) * 1000 / _EACH  # tce per 10 000 kWh → kgce per kWh
                offset = certificates_offset(lots, each, self._saving(subject, period), book, self.region, on, year)
                value, why = offset.allowed_tce, "；".join(offset.reasons)
                if value is None:
                    why = "没有强度目标或基年数，抵扣上限算不出，绿证未抵扣"
                else:
                    status = Status.OK
        except NotInForce:
            value, why, status = Decimal(0), f"{on}尚无绿证抵扣的规定，未抵扣", Status.OK
        marks = {
            "status": status, "why": why, "demonstration": any(cell.demonstration for _, cell in cells),
            "recalled": any(row.recalled for row in book.used),
        }  # fmt: skip
        inputs = [cell_input(_lot_label(cell), cell, owner) for owner, cell in cells]
        who = frozenset(owner.id for owner, _ in cells)
        rules = (*self._rules(_CERTIFICATES, period), *book.used, *coefficient.rows)
        return self._put(_CERTIFICATES, subject, period, value, who, inputs, "deduction.certificates", rules, **marks)

    def _lots(self, subject: Subject, period: Period) -> list[SeriesCell]:
        cells = [cell for cell in self.series.owned(KINDS[_CERTIFICATES][0], subject) if cell.origin in ORIGINS[LENS]]
        kinds = (period.kind, "ytd") if period.kind == "year" else (period.kind,)
        mine = [cell for cell in cells if cell.kind in kinds and cell.end == period.end.isoformat()]
        own = [cell for cell in mine if cell.kind == period.kind] or mine
        return sorted(own, key=lambda cell: cell.detail)

    def _saving(self, subject: Subject, period: Period) -> Decimal | None:
        """The energy that the target asks to be saved by this period: base intensity × target × GDP."""
        goal = self.goals.get((subject.id, period.start.year))
        if goal is None or goal.number is None:
            return None
        base_year = Period.year(goal.base_year)
        energy = self.totals.get((LENS, subject.id, base_year.code, _E))
        base, now = (self.economy.level(LENS, subject, span, goal.base_year) for span in (base_year, period))
        if energy is None or not energy.usable or energy.value is None or base is None or now is None or base.gdp.value <= 0:
            return None
        return saving_needed_tce(energy.value, base.gdp.value, now.gdp.value, goal.number)

    def _rules(self, kind: str, period: Period) -> tuple[RuleRow, ...]:
        try:
            return (self.book.at(f"energy.deduction.{kind}", self.region, last_day(period)).row,)
        except NotInForce:
            return ()

    def _put(
        self, kind: str, subject: Subject, period: Period, value: Decimal | None, who: frozenset[int], inputs: list[dict[str, Any]],
        calculation: str, rules: tuple[RuleRow, ...], *, status: Status, demonstration: bool, recalled: bool, why: str,
    ) -> Stated:  # fmt: skip
        recalled = recalled or any(row.recalled for row in rules)
        figure = self.drafts.add(
            KINDS[kind][1], subject, period, value, basis=_E, lens=LENS, calculation=calculation, status=status, sentence=why,
            demonstration=demonstration, recalled=recalled, inputs=canonical_json(inputs), treatment="assessed",
            rule_set_id=self.drafts.rule_sets.id_of(rules),
        )  # fmt: skip
        return Stated(value, figure.key, who, status, demonstration, recalled, why)


def _marks(parts: list[Stated], value: Decimal | None) -> dict[str, Any]:
    """How good an amount made of others is."""
    status = worst(part.status for part in parts)
    return {
        "status": Status.INCOMPLETE if value is None else status, "demonstration": any(part.demonstration for part in parts),
        "recalled": any(part.recalled for part in parts), "why": "；".join(dict.fromkeys(part.why for part in parts if part.why)),
    }  # fmt: skip


def _lot_label(cell: SeriesCell) -> str:
    origin = "省内" if cell.flow == "within_province" else "省外"
    return f"绿证（{origin}，{cell.product}年生产）"


def in_force(book: RecordingBook, kind: str, region: str, on: date) -> bool:
    """Whether a deduction may be made on that day."""
    try:
        book.at(f"energy.deduction.{kind}", region, on)
    except NotInForce:
        return False
    return True
