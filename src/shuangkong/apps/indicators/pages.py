"""What the page of one indicator shows: its values through time and across places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.drawing import DECLINE, REQUIRED, chart_of
from shuangkong.apps.indicators.forecast.selectors import year_points
from shuangkong.apps.indicators.models import HANDED_DOWN, ForecastPoint, Indicator, Run, Target, Value
from shuangkong.apps.indicators.tables import opened, table_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.selectors import city
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.ui import figures
from shuangkong.apps.ui.charts import Chart
from shuangkong.core import wording
from shuangkong.core.periods import Period

FAMILIES = {
    "intensity": _("能耗强度"), "deduction": _("考核扣除"), "warning": _("预警"),
    "energy": _("能源消费"), "economy": _("经济"), "electricity": _("用电"),
    "pollution": _("减排"), "carbon": _("碳排放"), "product": _("分品种能源消费"), "sector": _("分行业能源消费"),
    "electricity_sector": _("分行业用电"), "unit": _("单位产品能耗"),
}  # fmt: skip
LENSES = {"published": _("公开发布"), "issued": _("上级核定"), "reported": _("填报")}
BASES = {
    "equivalent": _("等价值"), "calorific": _("当量值"), "": _("不分口径"), "price2015": _("2015年价"), "price2020": _("2020年价"),
    "price2025": _("2025年价"),
}  # fmt: skip
#: Releases in the order in which they come.
RELEASES = {"preliminary": _("初步核算"), "verified": _("初步核实"), "final": _("最终核实"), "census": _("普查修订")}
#: Of periods that end on the same day the first of these is shown first.
KINDS = ("ytd", "rolling", "month", "quarter", "year")
_PLACES = (
    Subject.Kind.CITY, Subject.Kind.COUNTY, Subject.Kind.UNALLOCATED, Subject.Kind.ZONE, Subject.Kind.PROVINCE, Subject.Kind.NATION,
)  # fmt: skip
LEVELS = ("warning_national", "warning_city")
_DECLINE, _REQUIRED = DECLINE, REQUIRED
#: Measured against the base year of a plan: each plan has its own series.
_OF_THE_PLAN = {
    _DECLINE, _REQUIRED, "energy_intensity_gap_points", "energy_intensity_progress_percent", "energy_intensity_remaining_rate_percent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place at the chosen period: its figure through each lens and in each release."""

    subject: Subject
    lenses: dict[str, Value]
    releases: dict[str, Value]
    levels: tuple[Value, ...] = ()
    chosen: str = ""

    @property
    def main(self) -> Value | None:
        """The figure of the chosen lens; without one the published before the issued before the reported, a known one first."""
        if self.chosen:
            return self.lenses.get(self.chosen)
        return min(self.lenses.values(), key=selectors.preference, default=None)

    @property
    def difference(self) -> Decimal | None:
        """Reported less issued; None where one is unknown."""
        issued, reported = self.lenses.get("issued"), self.lenses.get("reported")
        if issued is None or reported is None or issued.value is None or reported.value is None:
            return None
        return reported.value - issued.value

    @property
    def difference_text(self) -> str:
        """The difference as the page shows it, in the unit of the column."""
        if self.difference is None:
            return ""
        screen = figures.screen_unit(self.lenses["issued"].indicator)
        return wording.signed(figures.scaled(self.difference, screen), screen.decimals)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as text."""

    plan: str = ""
    period: str = ""
    subject: str = ""
    basis: str = ""
    lens: str = ""
    known_on: date | None = None
    treatment: str = ""


@dataclass
class IndicatorPage:
    """One indicator under one plan, for one person. Reads happen when they are shown, each once."""

    user: Any
    indicator: Indicator
    asked: Asked
    run: Run | None
    plans: list[Plan]
    options: list[tuple[Period, str, str]] = field(default_factory=list)
    #: The treatments that any value of the indicator has.
    treatments: frozenset[str] = frozenset()
    #: The lines of tables, of an indicator that stands in tables.
    lines_of_tables: list[Value] = field(default_factory=list)

    @cached_property
    def plan(self) -> Plan | None:
        """The asked plan, else the one of the newest period, else the newest."""
        asked = next((plan for plan in self.plans if plan.code == self.asked.plan), None)
        if asked is not None or not self.options:
            return asked or (self.plans[-1] if self.plans else None)
        year = max(period.last_year for period, _basis, _lens in self.options)
        return next((plan for plan in reversed(self.plans) if plan.first_year <= year), self.plans[0] if self.plans else None)

    @cached_property
    def periods(self) -> list[Period]:
        """The periods of the plan (and of its base year, unless measured against it) with a value that one may see, newest first."""
        plan = self.plan
        first = None if plan is None else plan.first_year if self.indicator.code in _OF_THE_PLAN else plan.base_year
        found = {p for p, _basis, _lens in self.options if plan is None or first is None or first <= p.last_year <= plan.last_year}
        return sorted(found, key=lambda p: (p.end, -KINDS.index(p.kind)), reverse=True)

    @cached_property
    def period(self) -> Period | None:
        """The asked period, else the newest complete one of the city, else the newest."""
        asked = next((period for period in self.periods if period.code == self.asked.period), None)
        if asked is not None or not self.periods:
            return asked
        complete = selectors.newest_complete_period(self.city) if self.city else None
        return next((period for period in self.periods if complete is not None and period.end == complete.end), self.periods[0])

    @cached_property
    def bases(self) -> list[str]:
        """The bases at the chosen period, the headline first."""
        found = {basis for period, basis, _lens in self.options if period == self.period}
        return [basis for basis in BASES if basis in found]

    @property
    def basis(self) -> str:
        """The asked basis, else the headline's."""
        return self.asked.basis if self.asked.basis in self.bases else (self.bases or [""])[0]

    @cached_property
    def lenses(self) -> list[str]:
        """The lenses at the chosen period and basis."""
        found = {lens for period, basis, lens in self.options if period == self.period and basis == self.basis}
        return [lens for lens in LENSES if lens in found]

    @property
    def lens(self) -> str:
        """The asked lens; empty: the best of each."""
        return self.asked.lens if self.asked.lens in self.lenses else ""

    @property
    def treatment(self) -> str:
        """Gross unless the assessed figures are asked for."""
        return "assessed" if self.asked.treatment == "assessed" else "gross"

    @cached_property
    def city(self) -> Subject | None:
        """The installed city."""
        return city()

    @cached_property
    def at_period(self) -> list[Value]:
        """Every value at the chosen period and basis, and the levels beside an intensity: one statement."""
        if self.period is None:
            return []
        codes = Q(indicator=self.indicator, basis=self.basis)
        own = [v for v in self.lines_of_tables if (v.period, v.basis) == (self.period, self.basis)]
        if self.indicator.family == "intensity":
            codes |= Q(indicator__code__in=LEVELS, release="")
        rows = _values(self.user, self.run).filter(codes, period_end=self.period.end, subject__kind__in=_PLACES)
        kinds = Q(period_kind=self.period.kind) | Q(indicator__code__in=LEVELS)
        if self.period.kind == "year":  # the releases of a year are filed as 1—12月
            kinds |= Q(period_kind="ytd", period_start=self.period.start) & ~Q(release="")
        rows = rows.filter(kinds)
        found = rows.select_related("indicator", "subject").order_by("subject__position", "subject__code", "id")
        return selectors.one_treatment([*found, *own], self.treatment)

    @cached_property
    def lines(self) -> list[PlaceLine]:
        """One line for each place: the city, its parts, overlays, then what lies above."""
        rank = {kind: place for place, kind in enumerate(_PLACES)}
        ordered = sorted(self.at_period, key=lambda v: (rank[v.subject.kind], v.subject.position, v.subject.code))
        lines = []
        for _pk, group in groupby(ordered, key=lambda v: v.subject_id):
            rows = list(group)
            mine = [v for v in rows if v.indicator_id == self.indicator.pk]
            if mine:
                lines.append(self._line(rows[0].subject, mine, [v for v in rows if v.indicator_id != self.indicator.pk]))
        return lines

    def _line(self, subject: Subject, mine: Iterable[Value], levels: Sequence[Value]) -> PlaceLine:
        lenses, releases = {}, {}
        for value in mine:
            if not value.release:
                lenses[value.lens] = value
            elif value.lens == (self.lens or "issued") or value.release not in releases:
                releases[value.release] = value
        best = selectors.best(levels)
        return PlaceLine(subject, lenses, releases, tuple(best.values())[:2], self.lens)

    @property
    def releases(self) -> list[str]:
        """The releases that any place has, in their order."""
        return [release for release in RELEASES if any(release in line.releases for line in self.lines)]

    @cached_property
    def subject(self) -> Subject | None:
        """The place of the series: the asked one, else one's own, else the first that has a value."""
        subjects = [line.subject for line in self.lines]
        own = "" if self.user.sees_all else getattr(self.user.subject, "code", "")
        for code in (self.asked.subject, own):
            for subject in subjects:
                if code and subject.code == code:
                    return subject
        return subjects[0] if subjects else None

    @property
    def line(self) -> PlaceLine | None:
        """The chosen place at the chosen period."""
        return next((line for line in self.lines if self.subject is not None and line.subject.pk == self.subject.pk), None)

    @cached_property
    def history(self) -> list[Value]:
        """The chosen place's values of the same kind and basis through the plan, and the path beside a decline: one statement."""
        if self.subject is None or self.period is None:
            return []
        codes = Q(indicator=self.indicator, basis=self.basis)
        if self.indicator.code == _DECLINE:
            codes |= Q(indicator__code=_REQUIRED)
        ends = [period.end for period in self.periods if period.kind == self.period.kind]
        rows = _values(self.user, self.run).filter(codes, subject=self.subject, period_kind=self.period.kind, release="")
        rows = rows.filter(period_end__in=ends)
        mine = self.subject.pk, self.period.kind, self.basis
        lines = [v for v in self.lines_of_tables if (v.subject_id, v.period_kind, v.basis) == mine and v.period_end in ends]
        found = sorted([*rows.select_related("indicator", "subject"), *lines], key=lambda v: (v.period_end, v.pk))
        return selectors.one_treatment(found, self.treatment)

    @cached_property
    def target(self) -> Target | None:
        """What the plan asks of the chosen place in this indicator, if one may see it."""
        if self.subject is None or self.plan is None:
            return None
        found = Target.objects.visible_to(self.user).filter(HANDED_DOWN, plan=self.plan, indicator=self.indicator, subject=self.subject)
        return found.select_related("indicator").first()

    @cached_property
    def chart(self) -> Chart | None:
        """The series of the chosen place; None for levels, which are words, and where fewer than two points are known."""
        points = [v for v in self.history if v.value is not None]
        if self.indicator.family == "warning" or len(points) < 2:
            return None
        return chart_of(self)

    @cached_property
    def outlook(self) -> list[ForecastPoint]:
        """The forecast years of the chosen place; none on a day as known, where nobody had them."""
        if self.subject is None or self.run is not None or self.plan is None:
            return []
        points = year_points(self.user, [self.indicator.code], [self.subject])
        return [point for point in points if point.forecast.basis == self.basis and point.period_start.year >= self.plan.first_year]

    @cached_property
    def earlier(self) -> list[Value]:
        """What the chosen figure was before, newest first."""
        main = self.line.main if self.line is not None else None
        return [v for v in selectors.vintages(self.user, main) if not v.release] if main is not None and self.run is None else []


def _values(user: Any, run: Run | None) -> Any:
    visible = Value.objects.visible_to(user)
    return visible.filter(current__isnull=False) if run is None else visible.filter(run=run)


def indicator_page(user: Any, code: str, asked: Asked, now: datetime | None) -> IndicatorPage | None:
    """The page of ``code``; None for an unknown indicator.

    Without ``now`` a day's values are shown only when they were computed before (an export follows its page).
    """
    indicator = Indicator.objects.filter(code=code).first()
    if indicator is None:
        return None
    if now is None and asked.known_on is not None:
        run = Run.objects.filter(kind="known_on", known_on=asked.known_on, finished_at__isnull=False).order_by("-id").first()
        if run is None:
            return None
    else:
        run = selectors.run_for(asked.known_on, now=now, actor=user) if now is not None else None
    rows = _values(user, run).filter(indicator=indicator, subject__kind__in=_PLACES).order_by()
    keys = list(rows.values_list("period_start", "period_end", "period_kind", "basis", "lens", "treatment").annotate(n=Count("id")))
    options = list(dict.fromkeys((Period(start, end, kind), basis, lens) for start, end, kind, basis, lens, _treatment, _n in keys))
    lines = _lines(user, run, code)
    options += {(v.period, v.basis, v.lens) for v in lines}
    plans, treatments = list(Plan.objects.order_by("first_year")), frozenset([*(key[5] for key in keys), *(v.treatment for v in lines)])
    return IndicatorPage(user, indicator, asked, run, plans, options, treatments, lines)


def _lines(user: Any, run: Run | None, code: str) -> list[Value]:
    """The lines of ``code`` in all tables; none of an indicator that has values of its own."""
    table = table_of(code)
    if table is None:
        return []
    rows = _values(user, run).filter(indicator__code=table, subject__kind__in=_PLACES, lines__contains=f'"{code}"')
    return opened(rows.select_related("indicator", "subject"), lambda known: known == code)
