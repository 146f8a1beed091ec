"""The gap of a place at a year-end: how much less energy it may use, as forecast, to have the decline that its plan requires then.

``gap = (intensity forecast − intensity required) × GDP forecast``, where the intensity required is that of the base year less the decline.
All three are forecasts of the same run; the gap is no better than they are and carries their marks. ``low`` takes the end of the
interval at which least is saved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from shuangkong.apps.indicators.forecast.compute import DECLINE
from shuangkong.apps.indicators.forecast.histories import GDP, INTENSITY
from shuangkong.apps.indicators.forecast.models import ForecastPoint
from shuangkong.apps.indicators.forecast.selectors import year_points
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.energy import PERCENT
from shuangkong.core.rounding import WORKING_DIGITS

SIDES = ("point", "low")
_CODES = (DECLINE, INTENSITY, GDP)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is lacking at the end of a year; 0 where nothing is."""

    subject: Subject
    year: int
    side: str
    decline: ForecastPoint
    gdp: ForecastPoint
    required_percent: Decimal
    decline_percent: Decimal
    base_intensity: Decimal
    tce: Decimal

    @property
    def demonstration(self) -> bool:
        """Whether an invented figure is in it."""
        return self.decline.forecast.demonstration or self.gdp.forecast.demonstration

    @property
    def recalled(self) -> bool:
        """Whether a rule or figure that is still to be verified is in it."""
        return self.decline.forecast.recalled or self.gdp.forecast.recalled

    def decline_with(self, saved_tce: Decimal, gdp_10k_yuan: Decimal) -> Decimal:
        """The decline when so much is saved and GDP changes by so much."""
        with localcontext() as context:
            context.prec = WORKING_DIGITS
            energy = self.base_intensity * (1 - self.decline_percent / PERCENT) * self.gdp.value - saved_tce
            return (1 - energy / (self.gdp.value + gdp_10k_yuan) / self.base_intensity) * PERCENT


def gaps(user: Any, subjects: Iterable[Subject], side: str = "point") -> dict[tuple[int, int], Gap]:
    """The gap of each place and year that has a forecast and a requirement, within the reach of ``user``: one statement."""
    places = {subject.pk: subject for subject in subjects}
    points: dict[tuple[int, int], dict[str, ForecastPoint]] = {}
    for point in year_points(user, _CODES, list(places)):
        points.setdefault((point.forecast.subject_id, point.period_start.year), {})[point.forecast.indicator.code] = point
    whole = {place: found for place, found in points.items() if found.keys() == set(_CODES) and found[DECLINE].required is not None}
    return {place: _gap(places[place[0]], place[1], found, side) for place, found in whole.items()}


def _gap(subject: Subject, year: int, found: dict[str, ForecastPoint], side: str) -> Gap:
    decline, intensity, gdp = (found[code] for code in _CODES)
    required = decline.required or Decimal(0)
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        base = intensity.value / (1 - decline.value / PERCENT)
        reached = decline.value if side == "point" else decline.low
        lacking = max(base * (required - reached) / PERCENT * gdp.value, Decimal(0))
    return Gap(subject, year, side, decline, gdp, required, reached, base, lacking)
