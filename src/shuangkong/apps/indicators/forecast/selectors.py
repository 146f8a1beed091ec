"""Reads of forecasts for pages: within scope, current ones only, a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

from shuangkong.apps.indicators.forecast.models import Forecast, ForecastPoint
from shuangkong.apps.organisations.models import Subject

#: Before these the number of a mean or a rate; what a list can show.
SHOWN = (
    "energy_intensity_decline_percent", "energy_intensity_change_percent", "energy_intensity_tce_per_10k_yuan", "energy_total_tce",
    "energy_co2_t", "electricity_10k_kwh", "gdp_10k_yuan",
)  # fmt: skip


def year_points(user: Any, codes: Iterable[str], subjects: Iterable[Subject | int]) -> list[ForecastPoint]:
    """The forecast years of ``codes`` for ``subjects``, the nearest first, with their forecasts: one statement."""
    found = ForecastPoint.objects.visible_to(user).filter(
        forecast__superseded_at__isnull=True, forecast__indicator__code__in=list(codes),
        forecast__subject__in=[getattr(subject, "pk", subject) for subject in subjects], period_kind="year",
    )  # fmt: skip
    rows = found.select_related("forecast__indicator", "forecast__subject")
    return list(rows.order_by("period_end", "forecast__indicator__position", "forecast__subject__position"))


def year_end(user: Any, codes: Sequence[str], subject: Subject | int) -> dict[str, ForecastPoint]:
    """The nearest forecast year of each code for one place: one statement."""
    nearest: dict[str, ForecastPoint] = {}
    for point in year_points(user, codes, [subject]):
        nearest.setdefault(point.forecast.indicator.code, point)
    return {code: nearest[code] for code in codes if code in nearest}


@dataclass(slots=True)
class PlaceForecast:
    """A forecast of one place with its years."""

    forecast: Forecast
    years: list[ForecastPoint]

    @property
    def near(self) -> ForecastPoint | None:
        """The year-end."""
        return self.years[0] if self.years else None

    @property
    def far(self) -> ForecastPoint | None:
        """The last year, where it is another."""
        return self.years[-1] if len(self.years) > 1 else None

    @property
    def error(self) -> dict[str, Any] | None:
        """The record of the chosen method."""
        return self.forecast.records[0] if self.forecast.records else None

    @property
    def naive(self) -> dict[str, Any] | None:
        """The record of the same season a year ago."""
        return next((record for record in self.forecast.records if record["method"] == "seasonal_naive"), None)


@dataclass
class ForecastList:
    """Forecasts of one indicator for all places that one may see."""

    user: Any
    code: str

    @cached_property
    def codes(self) -> list[tuple[str, str]]:
        """The indicators of which there is any forecast: code and name."""
        found = Forecast.objects.visible_to(self.user).filter(superseded_at__isnull=True, indicator__code__in=SHOWN).order_by()
        names = dict(found.values_list("indicator__code", "indicator__name").distinct())
        return [(code, names[code]) for code in SHOWN if code in names]

    @cached_property
    def chosen(self) -> str:
        """The asked indicator, else the first."""
        codes = [code for code, _name in self.codes]
        return self.code if self.code in codes else (codes[0] if codes else "")

    @cached_property
    def lines(self) -> list[PlaceForecast]:
        """One line a place: the city, its counties, the zones."""
        rank = {Subject.Kind.CITY: 0, Subject.Kind.COUNTY: 1, Subject.Kind.ZONE: 2}
        found = Forecast.objects.visible_to(self.user).filter(superseded_at__isnull=True, indicator__code=self.chosen)
        rows = sorted(
            found.select_related("indicator", "subject"),
            key=lambda f: (rank.get(f.subject.kind, len(rank)), f.subject.position, f.subject.code),
        )
        by_id = {row.pk: PlaceForecast(row, []) for row in rows}
        points = ForecastPoint.objects.visible_to(self.user).filter(forecast__in=list(by_id), period_kind="year")
        for point in points.order_by("period_end"):
            point.forecast = by_id[point.forecast_id].forecast
            by_id[point.forecast_id].years.append(point)
        return list(by_id.values())


def forecast_of(user: Any, pk: int) -> Forecast | None:
    """One forecast that ``user`` may see, a superseded one too."""
    found = Forecast.objects.visible_to(user).filter(pk=pk)
    return found.select_related("indicator", "subject", "run", "actor").first()


def points_of(user: Any, forecast: Forecast) -> list[ForecastPoint]:
    """All points of a forecast in order, years behind the periods that they are made of."""
    rows = ForecastPoint.objects.visible_to(user).filter(forecast=forecast)
    return sorted(rows, key=lambda point: (point.period_kind == "year", point.period_start, point.period_end))


def siblings(user: Any, forecast: Forecast) -> list[Forecast]:
    """The other forecasts of the same place, and earlier ones of the same figure: one statement."""
    mine = Forecast.objects.visible_to(user).filter(subject=forecast.subject_id).exclude(pk=forecast.pk)
    rows = mine.select_related("indicator").order_by("indicator__position", "-pk")
    return [row for row in rows if row.superseded_at is None or row.indicator_id == forecast.indicator_id]
