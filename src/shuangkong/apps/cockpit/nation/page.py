"""The nation's change of energy intensity, year by year: published by two definitions, and ours from the published growths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shuangkong.apps.indicators.models import Value
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.breaks import broken
from shuangkong.apps.ui.charts import Chart, Line, line_chart
from shuangkong.apps.ui.figures import address

CHANGE, CO2 = "energy_intensity_change_percent", "co2_intensity_change_percent"
ENERGY, GDP, TOTAL = "energy_growth_percent", "gdp_growth_percent", "energy_total_tce"
CODES = (CHANGE, CO2, ENERGY, GDP, TOTAL)


@dataclass(frozen=True, slots=True)
class Year:
    """All figures of one year; None: the bulletin was not seen."""

    year: int
    values: dict[tuple[str, str, str], Value]

    def of(self, code: str, lens: str = "published", treatment: str = "gross") -> Value | None:
        """One figure."""
        return self.values.get((code, lens, treatment))

    @property
    def gross(self) -> Value | None:
        """The published change of all energy."""
        return self.of(CHANGE)

    @property
    def assessed(self) -> Value | None:
        """The published change after feedstock and non-fossil energy were taken out."""
        return self.of(CHANGE, treatment="assessed")

    @property
    def ours(self) -> Value | None:
        """What the published growths of energy and GDP give: always of all energy."""
        return self.of(CHANGE, "issued")

    @property
    def energy(self) -> Value | None:
        """Growth of energy."""
        return self.of(ENERGY)

    @property
    def gdp(self) -> Value | None:
        """Growth of GDP."""
        return self.of(GDP)

    @property
    def total(self) -> Value | None:
        """Total energy."""
        return self.of(TOTAL)

    @property
    def co2(self) -> Value | None:
        """The published change of carbon intensity."""
        return self.of(CO2)


@dataclass
class NationalPage:
    """The series, oldest year first."""

    years: list[Year]

    @cached_property
    def first_assessed(self) -> Year | None:
        """The first year by the new definition: the break lies before it."""
        return next((year for year in self.years if year.assessed is not None), None)

    @cached_property
    def rule(self) -> dict[str, str] | None:
        """The rule row that tells of the break."""
        value = self.first_assessed.assessed if self.first_assessed is not None else None
        return next(iter(value.rules), None) if value is not None else None

    @property
    def recalled(self) -> bool:
        """Whether that row is still to be verified."""
        return self.rule is not None and self.rule["evidence"] == "recalled"

    @cached_property
    def chart(self) -> Chart:
        """Three lines; none crosses the break."""
        lines = [
            self._line(_("公布数（全部能源）"), "c1", (year.gross for year in self.years)),
            self._line(_("公布数（扣除原料用能、非化石能源）"), "c3", (year.assessed for year in self.years)),
            self._line(_("按公布增速测算（全部能源）"), "required", (year.ours for year in self.years)),
        ]
        labels = [str(year.year) for year in self.years]
        chart = line_chart(labels, lines, _("全国单位GDP能耗变化率，%"), unit="%", places=2)
        if self.first_assessed is None:
            return chart
        return broken(chart, (1, 2), str(self.first_assessed.year), _("口径变更"))

    @staticmethod
    def _line(name: str, role: str, values: Iterable[Value | None]) -> Line:
        found = list(values)
        points: list[Decimal | None] = [None if value is None else value.value for value in found]
        return Line(name, points, role, ["" if value is None else address(value) for value in found])


def national_page(user: Any) -> NationalPage:
    """The series as published; years without a bulletin keep their place. One statement."""
    rows = Value.objects.visible_to(user).filter(
        current__isnull=False, subject__kind=Subject.Kind.NATION, period_kind="year", release="", indicator__code__in=CODES
    )
    of: dict[int, dict[tuple[str, str, str], Value]] = {}
    for value in rows.select_related("indicator", "subject", "rule_set"):
        of.setdefault(value.period.last_year, {})[value.indicator.code, value.lens, value.treatment] = value
    span = range(min(of), max(of) + 1) if of else ()
    return NationalPage([Year(year, of.get(year, {})) for year in span])
