"""What the page of one forecast shows: its years, its chart with the interval, every method's record, what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shuangkong.apps.indicators.forecast import selectors
from shuangkong.apps.indicators.forecast.models import Forecast, ForecastPoint
from shuangkong.apps.ui import figures
from shuangkong.apps.ui.charts import Band, Chart, Line, line_chart
from shuangkong.core import wording
from shuangkong.core.periods import Period

#: So many known periods stand before the forecast.
_KNOWN_SHOWN = 12
_MORE_SHOWN = 33


class Shown:
    """A number of a forecast as the words of a figure need it."""

    def __init__(self, indicator: Any, value: Decimal) -> None:
        self.indicator, self.value = indicator, value
        self.pk, self.words, self.status, self.demonstration, self.recalled = 0, "", "estimated", False, False


def words(point: ForecastPoint, value: Decimal, unit: bool = True) -> str:
    """A number of a forecast as text, in the unit of its indicator."""
    return figures.text(Shown(point.forecast.indicator, value), unit=unit)


def interval_words(point: ForecastPoint) -> str:
    """The ends of the interval: 1.51%至2.72%."""
    unit = "" if words(point, point.low).endswith("%") else figures.screen_unit(point.forecast.indicator).unit
    ends = [words(point, end, unit=not unit) for end in (point.low, point.high)]
    return f"{ends[0]}至{ends[1]}{unit}"


@dataclass
class ForecastPage:
    """One forecast for one person."""

    user: Any
    forecast: Forecast

    @cached_property
    def points(self) -> list[ForecastPoint]:
        """All points; each knows its forecast without another read."""
        found = selectors.points_of(self.user, self.forecast)
        for point in found:
            point.forecast = self.forecast
        return found

    @property
    def years(self) -> list[ForecastPoint]:
        """The year-end and the years after."""
        return [point for point in self.points if point.period_kind == "year"]

    @property
    def parts(self) -> list[ForecastPoint]:
        """Quarters or months."""
        return [point for point in self.points if point.period_kind != "year"]

    @cached_property
    def beside(self) -> list[Forecast]:
        """The other forecasts of the place."""
        return [other for other in self._siblings if other.superseded_at is None]

    @cached_property
    def earlier(self) -> list[Forecast]:
        """What was forecast of the same figure before, newest first."""
        return [other for other in self._siblings if other.superseded_at is not None]

    @cached_property
    def _siblings(self) -> list[Forecast]:
        return selectors.siblings(self.user, self.forecast)

    @property
    def tested_words(self) -> str:
        """How far the record reaches."""
        months = self.forecast.inputs and self.forecast.inputs[0]["label"].endswith("）") and "1—2月" in self.forecast.inputs[0]["label"]
        return _("%(n)d个月份期") % {"n": self.forecast.tested} if months else _("%(n)d个季度") % {"n": self.forecast.tested}

    @cached_property
    def chart(self) -> Chart | None:
        """What was known and what is forecast, with the interval; of a decline its years."""
        ahead = self.parts or self.years
        if not ahead:
            return None
        known = self._known if self.parts else []
        screen = figures.screen_unit(self.forecast.indicator)
        labels = [_axis(period) for period, _number in known] + [_axis(point.period) for point in ahead]
        gap: list[Decimal | None] = [None] * len(known)
        behind = [figures.scaled(number, screen) for _period, number in known]
        bridge = [*gap[:-1], behind[-1]] if behind else []
        lines = [Line(_("预测"), [*bridge, *(figures.scaled(p.value, screen) for p in ahead)], "forecast")]
        if behind:
            lines.insert(0, Line(_("实绩"), [*behind, *([None] * len(ahead))], "actual"))
        required = [None if p.required is None else figures.scaled(p.required, screen) for p in ahead]
        if any(number is not None for number in required):
            lines.append(Line(_("应达到"), [*gap, *required], "required"))
        level = wording.number(self.forecast.level_percent or Decimal(0), 0)
        ends = [[*bridge, *(figures.scaled(getattr(p, end), screen) for p in ahead)] for end in ("low", "high")]
        label = f"{self.forecast.subject.name}{self.forecast.indicator.name}{_('预测')}，{ahead[0].period.label}至{ahead[-1].period.label}"
        return line_chart(
            labels, lines, label, unit=screen.unit, places=screen.decimals, every=4 if len(labels) > _KNOWN_SHOWN else 0, due=0,
            band=Band(_("%(n)s%%区间") % {"n": level}, *ends),
        )  # fmt: skip

    @property
    def _known(self) -> list[tuple[Period, Decimal]]:
        months = any(point.period_kind == "month" for point in self.parts)
        every = [(Period.parse(code), Decimal(number)) for code, number in self.forecast.history]
        return every[-(_MORE_SHOWN if months else _KNOWN_SHOWN) :]


def _axis(period: Period) -> str:
    """A period as an axis writes it: 2026, 2026Q3, 2026.9, 2026.1—2."""
    if period.kind in ("year", "quarter"):
        return period.code
    return f"{period.start.year}.1—2" if period.kind == "ytd" else f"{period.start.year}.{period.start.month}"


def forecast_page(user: Any, pk: int) -> ForecastPage | None:
    """The page of one forecast; None where there is none that one may see."""
    found = selectors.forecast_of(user, pk)
    return None if found is None else ForecastPage(user, found)
