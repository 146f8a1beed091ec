"""Reads of industries and units for pages: within scope, a fixed number of statements however many units there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property

from shuangkong.apps.cockpit.units.metered import Beside, beside
from shuangkong.apps.filing.models import Filing, Obligation
from shuangkong.apps.indicators.forecast.selectors import year_points
from shuangkong.apps.indicators.models import ForecastPoint, Target, Value
from shuangkong.apps.indicators.selectors import newest_period, values
from shuangkong.apps.ledger.imports.columns import section_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.selectors import city
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui import figures
from shuangkong.apps.ui.charts import Chart, Line, line_chart

TOTAL, GROWTH = "energy_total_tce", "energy_growth_percent"
PRODUCT = ("unit_product_kgce_per_t:", "unit_product_kwh_per_t:")
SECTOR = "energy_sector_tce:"
BASIS = "calorific"
_FIRST_SHOWN = 12


@dataclass
class UnitLine:
    """One unit with its newest figures."""

    subject: Subject
    total: Value | None = None
    growth: Value | None = None
    products: list[Value] = field(default_factory=list)
    outlook: ForecastPoint | None = None

    @property
    def worst(self) -> int:
        """The gravest level of its products; 9 where none has one."""
        return min((value.severity for value in self.products if value.severity), default=9)

    @property
    def lead(self) -> Value | None:
        """The product whose level is the gravest."""
        return min(self.products, key=lambda value: value.severity or 9, default=None)


@dataclass
class IndustryLine:
    """A major group of industry in the city: what it uses, how that grew, its forecast, targets and how its units stand."""

    code: str
    label: str
    value: Value | None = None
    growth_percent: Decimal | None = None
    outlook: ForecastPoint | None = None
    targets: list[Target] = field(default_factory=list)
    levels: Counter[int] = field(default_factory=Counter)
    units: int = 0

    @property
    def over(self) -> int:
        """How many of its units are over a limit."""
        return self.levels[1]

    @property
    def below(self) -> int:
        """How many are worse than the baseline."""
        return self.levels[2]


def units(user: Any) -> list[Subject]:
    """The units of which ``user`` may read figures: those of one's reach."""
    found = Subject.objects.filter(kind=Subject.Kind.ENTERPRISE).select_related("county")
    return list(found if user.sees_all else found.filter(pk__in=user.own_subject_ids))


def unit_lines(user: Any) -> list[UnitLine]:
    """Every unit that has filed, the gravest first: newest total, growth, products, year-end. Three statements."""
    lines = {subject.pk: UnitLine(subject) for subject in units(user)}
    found = _values(user, lines).filter(period_kind="ytd").order_by("period_end", "id")
    for value in found:
        line, code = lines[value.subject_id], value.indicator.code
        if code == TOTAL and value.basis == BASIS:
            line.total = value
        elif code == GROWTH:
            line.growth = value
        elif code.startswith(PRODUCT):
            line.products = [old for old in line.products if old.indicator_id != value.indicator_id] + [value]
    for point in year_points(user, [TOTAL], list(lines)):
        line = lines[point.forecast.subject_id]
        line.outlook = line.outlook or point
    filed = [line for line in lines.values() if line.total is not None or line.products]
    return sorted(filed, key=lambda line: (line.worst, -(line.total.value if line.total and line.total.value else Decimal(0))))


def _values(user: Any, subjects: Iterable[int]) -> Any:
    found = Value.objects.visible_to(user).filter(current__isnull=False, subject__in=list(subjects), release="", lens="reported")
    return found.select_related("indicator", "subject", "rule_set")


def industry_lines(user: Any, lines: list[UnitLine], today: date) -> list[IndustryLine]:
    """The industries of high energy consumption, the largest first. Four statements."""
    place = city()
    terms = [term for term in current_rulebook().terms("industries") if term.extra.get("high_energy")]
    found = {f"{SECTOR}{section_of(term.code)}{term.code}": IndustryLine(term.code, term.label) for term in terms}
    if place is not None:
        _fill(user, place, found)
    for target in Target.objects.visible_to(user).exclude(industry="").select_related("indicator", "subject", "plan"):
        for line in found.values():
            if target.industry.lstrip("BCD") == line.code and target.plan.first_year <= today.year <= target.plan.last_year:
                line.targets.append(target)
    for unit in lines:
        for line in found.values():
            if unit.subject.industry == line.code:
                line.units += 1
                line.levels[unit.worst] += 1
    return sorted(found.values(), key=lambda line: -(line.value.value if line.value and line.value.value else Decimal(-1)))


def _fill(user: Any, place: Subject, found: dict[str, IndustryLine]) -> None:
    period = newest_period(place, TOTAL, "ytd")
    if period is None:
        return
    before: dict[str, Decimal | None] = {}
    for value in values(user, [SECTOR], [place], [period, period.year_before()], basis="equivalent", lens="issued"):
        code = value.indicator.code
        if code in found and value.period_end == period.end:
            found[code].value = value
        elif code in found:
            before[code] = value.value
    for code, line in found.items():
        old = before.get(code)
        if old and line.value is not None and line.value.value is not None and line.value.status in ("ok", "estimated"):
            line.growth_percent = (line.value.value / old - 1) * 100
    for point in year_points(user, list(found), [place]):
        line = found[point.forecast.indicator.code]
        line.outlook = line.outlook or point


@dataclass
class UnitPage:
    """One unit for one person. Reads happen when they are shown, each once."""

    user: Any
    subject: Subject
    today: date

    @cached_property
    def values(self) -> list[Value]:
        """Everything that the unit filed and what follows from it, by date."""
        found = _values(self.user, [self.subject.pk]).filter(period_kind__in=("ytd", "year"))
        return list(found.order_by("period_end", "period_kind", "id"))

    @cached_property
    def totals(self) -> list[Value]:
        """Comprehensive energy from January on, by date."""
        return [v for v in self.values if v.indicator.code == TOTAL and v.basis == BASIS and v.period_kind == "ytd"]

    @property
    def total(self) -> Value | None:
        """The newest total."""
        return self.totals[-1] if self.totals else None

    @cached_property
    def growth(self) -> Value | None:
        """Its growth on a year ago."""
        return next((v for v in reversed(self.values) if v.indicator.code == GROWTH and v.period_kind == "ytd"), None)

    @cached_property
    def products(self) -> list[tuple[Value, list[Value]]]:
        """Each product's newest figure, and its history newest first."""
        by_code: dict[str, list[Value]] = {}
        for value in self.values:
            if value.indicator.code.startswith(PRODUCT) and value.period_kind == "ytd":
                by_code.setdefault(value.indicator.code, []).append(value)
        return [(found[-1], list(reversed(found))[:_FIRST_SHOWN]) for found in by_code.values()]

    @cached_property
    def outlook(self) -> list[ForecastPoint]:
        """The forecast years of its total."""
        return year_points(self.user, [TOTAL], [self.subject])

    @cached_property
    def targets(self) -> list[Target]:
        """What is asked of the unit itself."""
        return list(Target.objects.visible_to(self.user).filter(subject=self.subject).select_related("indicator", "plan"))

    @cached_property
    def filings(self) -> list[Filing]:
        """The reports that are not settled, the newest first."""
        found = Filing.objects.visible_to(self.user).filter(subject=self.subject).exclude(state__in=("accepted", "locked"))
        return list(found.order_by("-due_on", "form_id")[:_FIRST_SHOWN])

    @cached_property
    def obligations(self) -> list[Obligation]:
        """The forms that it owes."""
        return list(Obligation.objects.visible_to(self.user).filter(subject=self.subject))

    @cached_property
    def metered(self) -> Beside:
        """What its meters counted beside what it filed."""
        return beside(self.user, self.subject, self.today)

    @cached_property
    def chart(self) -> Chart | None:
        """Consumption from January on of the last three years."""
        shown = self.totals[-_FIRST_SHOWN:]
        if len(shown) < 2:
            return None
        labels = [f"{value.period.start.year}.1—{value.period.last_month}" for value in shown]
        links = [figures.address(value) for value in shown]
        line = Line("综合能源消费量", [value.value for value in shown], "actual", links)
        return line_chart(labels, [line], f"{self.subject.name}综合能源消费量（累计），tce", unit="tce", places=0, zero=True)


def unit_page(user: Any, code: str, today: date) -> UnitPage | None:
    """The page of a unit within the reader's reach; None for all others."""
    subject = Subject.objects.filter(code=code, kind=Subject.Kind.ENTERPRISE).select_related("county").first()
    if subject is None or not user.reaches(subject.pk):
        return None
    return UnitPage(user, subject, today)
