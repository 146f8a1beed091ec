"""The assessment basis (考核口径): what is taken out of a region's energy before its intensity is judged, and by which rule.

``E_assess = E − feedstock − non-fossil − separately listed − certificates``, each from the day on which its rule applies;
GDP is not adjusted. The way from the gross to the assessed change is a list of steps, so that a page can draw it as a waterfall.
A deduction that one year states and the other does not is never zero: the rule row says what the base year needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, localcontext

from .book import Answer, Book
from .energy import PERCENT, IntensityChange, intensity_change, ratio
from .errors import InputError, NotInForce
from .figures import Status, worst
from .rounding import WORKING, WORKING_DIGITS


@dataclass(frozen=True, slots=True)
class AssessedEnergy:
    """A region's energy of one year in tce at one basis, and what is to be taken out; None was not stated."""

    energy_tce: Decimal
    feedstock_tce: Decimal | None = None
    nonfossil_tce: Decimal | None = None
    separately_listed_tce: Decimal | None = None
    certificates_tce: Decimal | None = None

    def stated(self, kind: str) -> Decimal | None:
        """What was stated of one kind of deduction."""
        found: Decimal | None = getattr(self, f"{kind}_tce")
        return found


#: Kinds of deduction in the order of the waterfall, with the Chinese term.
DEDUCTIONS = {"feedstock": "原料用能", "nonfossil": "非化石能源", "separately_listed": "单列项目", "certificates": "绿证"}

#: What a rule row says of a base year that states nothing.
REQUIRED, NONE_ASSUMED, NOT_NEEDED = "required", "none_assumed", "not_needed"


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """One bar of the waterfall: the change after this deduction and what the deduction did to it in percentage points.

    ``applied`` is false where the rule is not in force or nothing was stated; both figures are None from the first step on
    that lacks a figure. ``note`` says why a deduction was not made, or was made on an assumption.
    """

    kind: str
    label: str
    base_tce: Decimal | None
    report_tce: Decimal | None
    applied: bool
    change_percent: Decimal | None
    effect_pp: Decimal | None
    note: str = ""
    status: Status = Status.OK


@dataclass(frozen=True, slots=True)
class AssessedChange:
    """Gross and assessed side by side with the bridge between them; ``assessed`` is None while a figure is missing."""

    gross: IntensityChange
    assessed: IntensityChange | None
    bridge: tuple[BridgeStep, ...]

    @property
    def status(self) -> Status:
        """The worst of the steps."""
        return worst(step.status for step in self.bridge)


@dataclass(frozen=True, slots=True)
class _Deduction:
    base_tce: Decimal = Decimal(0)
    report_tce: Decimal = Decimal(0)
    applied: bool = False
    note: str = ""
    status: Status = Status.OK


def _deduction(kind: str, base: AssessedEnergy, report: AssessedEnergy, book: Book, region: str, on: date) -> _Deduction:
    """What is taken out of each year for one kind, by the rule of the day."""
    label = DEDUCTIONS[kind]
    of_base, of_report = base.stated(kind), report.stated(kind)
    if of_base is None and of_report is None:
        return _Deduction(note=f"两年都没有填报{label}，未扣除")
    try:
        rule = book.at(f"energy.deduction.{kind}", region, on)
    except NotInForce as error:
        return _Deduction(note=f"{on} 尚无扣除{label}的规定，未扣除（最近的行：{'、'.join(error.nearest)}）")
    if of_report is None:
        return _Deduction(note=f"报告期没有{label}的数，基期有", status=Status.INCOMPLETE)
    if of_base is not None:
        return _Deduction(of_base, of_report, True)
    return _without_base(label, of_report, rule)


def _without_base(label: str, of_report: Decimal, rule: Answer) -> _Deduction:
    if rule.value == NOT_NEEDED:
        return _Deduction(report_tce=of_report, applied=True)
    if rule.value == NONE_ASSUMED:
        note = f"基期没有填报{label}，按期内新增计；基期已有的须填基期数"
        return _Deduction(report_tce=of_report, applied=True, note=note, status=Status.ESTIMATED)
    return _Deduction(note=f"基期没有{label}的数，考核口径的变化率无法得出", status=Status.INCOMPLETE)


def _checked(name: str, year: AssessedEnergy) -> None:
    for field in fields(year):
        value = getattr(year, field.name)
        if value is not None and value < 0:
            raise InputError(f"{field.name} 不能小于 0", where=f"{name}.{field.name}", why=f"给出的是 {value}")


def _left(where: str, energy_tce: Decimal, taken_tce: Decimal, label: str) -> Decimal:
    if taken_tce >= energy_tce:
        raise InputError(
            f"扣除{label}后能耗不大于 0", where=where, why=f"能耗 {energy_tce} tce，扣除 {taken_tce} tce", do="核对数量和折标口径"
        )
    return energy_tce - taken_tce


def assessed_change(
    base: AssessedEnergy, report: AssessedEnergy, gdp_base: Decimal, gdp_report: Decimal,
    book: Book, region: str, on: date, decimals: int | None = None,
) -> AssessedChange:  # fmt: skip
    """The gross and the assessed change of intensity and the steps between them, by the rules in force ``on`` that day.

    ``decimals`` rounds each intensity before the ratio, as a bulletin does; None does not. A kind whose rule is not in force
    is not deducted, and the step says from when it would be.

    Raises:
        InputError: a negative figure, deductions that leave no energy, or a GDP that is not positive.
    """
    _checked("base", base)
    _checked("report", report)
    gross = intensity_change(base.energy_tce, gdp_base, report.energy_tce, gdp_report, decimals)
    change: IntensityChange | None = gross
    steps = []
    base_tce, report_tce = base.energy_tce, report.energy_tce
    for kind, label in DEDUCTIONS.items():
        taken = _deduction(kind, base, report, book, region, on)
        before, same = change, (base_tce, report_tce)
        base_tce = _left(f"base.{kind}_tce", base_tce, taken.base_tce, label)
        report_tce = _left(f"report.{kind}_tce", report_tce, taken.report_tce, label)
        if before is not None and taken.status is Status.INCOMPLETE:
            change = None
        elif before is not None and (base_tce, report_tce) != same:
            change = intensity_change(base_tce, gdp_base, report_tce, gdp_report, decimals)
        steps.append(_step(kind, base, report, taken, before, change))
    return AssessedChange(gross, change, tuple(steps))


def _step(
    kind: str, base: AssessedEnergy, report: AssessedEnergy, taken: _Deduction, before: IntensityChange | None,
    after: IntensityChange | None,
) -> BridgeStep:  # fmt: skip
    effect = None
    if before is not None and after is not None:
        effect = WORKING.subtract(after.change_percent, before.change_percent)
    return BridgeStep(
        kind, DEDUCTIONS[kind], base.stated(kind), report.stated(kind), taken.applied,
        None if after is None else after.change_percent, effect, taken.note, taken.status,
    )  # fmt: skip


# ---- certificates ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CertificateOffset:
    """Green certificates as energy, and what of it may be counted; ``allowed_tce`` is None without the saving needed.

    ``cap_tce`` is the most that may be counted. ``reasons`` say what cut the offset.
    """

    energy_kwh: Decimal
    energy_tce: Decimal
    cap_tce: Decimal | None
    allowed_tce: Decimal | None
    reasons: tuple[str, ...]

    @property
    def status(self) -> Status:
        """Incomplete while it is not known what may be counted."""
        return Status.INCOMPLETE if self.allowed_tce is None else Status.OK


def certificate_offset(
    certificates: int, kgce_per_kwh: Decimal, saving_needed_tce: Decimal | None, within_province: bool,
    book: Book, region: str, on: date, years: tuple[int, int] | None = None,
) -> CertificateOffset:  # fmt: skip
    """Certificates × kWh each × kgce/kWh; at most the rule's share of the saving that the region needs.

    Certificates of the own province count only as far as the rule says (they are in the statistics already). ``years`` are
    the year of production and the year assessed; where they differ by more than the rule allows nothing counts.

    Raises:
        NotInForce: there is no rule for the offset on that day.
    """
    year = years[1] if years is not None else 0
    lot = CertificateLot(certificates, within_province, years[0] if years is not None else None)
    return certificates_offset([lot], kgce_per_kwh, saving_needed_tce, book, region, on, year)


@dataclass(frozen=True, slots=True)
class CertificateLot:
    """Certificates of one origin: how many, whether of the own province, and the year of their power (None: not asked)."""

    certificates: int
    within_province: bool
    made_in: int | None


def certificates_offset(
    lots: Sequence[CertificateLot], kgce_per_kwh: Decimal, saving_needed_tce: Decimal | None, book: Book, region: str, on: date,
    assessed_year: int,
) -> CertificateOffset:  # fmt: skip
    """All lots of one region and year together: each as far as its origin and year count, their sum at most the cap.

    Raises:
        NotInForce: there is no rule for the offset on that day.
    """
    cap_percent = book.at("energy.certificate.cap_percent", region, on).number
    kwh_each = book.at("energy.certificate.kwh_each", region, on).number
    energy_kwh = sum((lot.certificates * kwh_each for lot in lots), Decimal(0))
    cap = None if saving_needed_tce is None else saving_needed_tce * cap_percent / PERCENT
    countable, reasons = Decimal(0), []
    for lot in lots:
        part, why = _countable(lot, (lot.certificates * kwh_each * kgce_per_kwh).scaleb(-3), book, region, on, assessed_year)
        countable += part
        reasons += why
    if cap is not None and countable > cap:
        countable = cap
        reasons.append(f"超过上限：所需节能量的 {cap_percent}%")
    unknown = cap is None and countable > 0
    allowed = None if unknown else countable
    return CertificateOffset(energy_kwh, (energy_kwh * kgce_per_kwh).scaleb(-3), cap, allowed, tuple(dict.fromkeys(reasons)))


def _countable(
    lot: CertificateLot, energy_tce: Decimal, book: Book, region: str, on: date, assessed_year: int
) -> tuple[Decimal, list[str]]:  # fmt: skip
    """What of a lot may be counted before the cap, and what cut it."""
    countable, reasons = energy_tce, []
    if lot.within_province:
        countable = energy_tce * book.at("energy.certificate.within_province_percent", region, on).number / PERCENT
        reasons.append("省内绿证已在统计中，不重复扣除")
    if lot.made_in is not None:
        apart = abs(lot.made_in - assessed_year)
        if apart > book.at("energy.certificate.year_difference", region, on).number:
            countable = Decimal(0)
            reasons.append(f"绿证生产年份 {lot.made_in} 与考核年份 {assessed_year} 不一致")
    return countable, reasons


def saving_needed_tce(
    energy_base_tce: Decimal, gdp_base: Decimal, gdp_report: Decimal, target_decline_percent: Decimal
) -> Decimal:
    """What a target asks to be saved: base intensity × target × GDP of the report year at base prices.

    Raises:
        InputError: the base GDP is not positive.
    """
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return ratio(energy_base_tce, gdp_base, "基期 GDP") * target_decline_percent / PERCENT * gdp_report


# ---- separately listed power, total control -------------------------------------------------------------------------


def separately_listed_power_tce(
    transformation_in_tce: Decimal, transformation_out_tce: Decimal, own_use_tce: Decimal
) -> Decimal:
    """What a plant put into its region's total at one basis: transformation loss and own use, not its coal (accounting 12).

    Raises:
        InputError: a negative figure, or more out than in.
    """
    for name, value in (("transformation_out_tce", transformation_out_tce), ("own_use_tce", own_use_tce)):
        if value < 0:
            raise InputError("不能小于 0", where=name, why=f"给出的是 {value}")
    if transformation_in_tce < transformation_out_tce:
        raise InputError(
            "加工转换产出大于投入", where="transformation_out_tce",
            why=f"投入 {transformation_in_tce} tce，产出 {transformation_out_tce} tce", do="核对两者是否同一折标口径",
        )  # fmt: skip
    return transformation_in_tce - transformation_out_tce + own_use_tce


def total_control_exempt(
    decline_percent: Decimal | None, incentive_target_percent: Decimal | None, book: Book, region: str, on: date
) -> bool | None:
    """Whether the region is exempt from the assessment of total energy because it met its incentive target (激励目标).

    None while the decline is not known or no incentive target is set.

    Raises:
        NotInForce: there is no such rule on that day.
    """
    if decline_percent is None or incentive_target_percent is None:
        return None
    share = book.at("energy.total_control.exempt_share_of_incentive", region, on).number
    return decline_percent >= share * incentive_target_percent
