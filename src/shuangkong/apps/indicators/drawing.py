"""How periods of an indicator are written on an axis, and its series as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from shuangkong.apps.indicators.models import Value
from shuangkong.apps.ui import figures
from shuangkong.apps.ui.breaks import broken
from shuangkong.apps.ui.charts import Chart, Line, line_chart
from shuangkong.core import wording
from shuangkong.core.periods import Period

if TYPE_CHECKING:
    from shuangkong.apps.indicators.pages import IndicatorPage

DECLINE, REQUIRED = "energy_intensity_decline_percent", "energy_intensity_required_percent"
_KIND_WORDS = {"ytd": _("累计"), "rolling": _("滚动四季"), "month": _("当月"), "quarter": _("当季"), "year": _("全年")}
_TREATMENTS = ("gross", "assessed")
_LENS_WORDS = {"published": _("公开发布"), "issued": _("上级核定"), "reported": _("填报")}


def short_label(period: Period) -> str:
    """A period as an axis writes it: 2026.1—9, 2026.9, 2026."""
    if period.kind == "year":
        return str(period.start.year)
    if period.kind == "ytd" and period.last_month > 1:
        return f"{period.last_year}.1—{period.last_month}"
    return f"{period.last_year}.{period.last_month}"


def kind_words(period: Period) -> Any:
    """累计, 滚动四季, 当月 …"""
    return _KIND_WORDS[period.kind]


_ROLES = {"issued": "actual", "published": "c3", "reported": "c2"}


def chart_of(page: IndicatorPage) -> Chart:
    """The series of the chosen place through each lens, with the path and the target beside a decline."""
    assert page.period is not None
    assert page.subject is not None
    screen = figures.screen_unit(page.indicator)
    periods = sorted((p for p in page.periods if p.kind == page.period.kind), key=lambda p: p.end)
    ends = [period.end for period in periods]
    lines: list[Line] = []
    breaks: list[tuple[int, date]] = []
    for lens, word in _LENS_WORDS.items():
        if page.lens not in ("", lens):
            continue
        mine = [v for v in page.history if v.indicator_id == page.indicator.pk and v.lens == lens]
        parts = [part for t in _TREATMENTS if (part := {v.period_end: v for v in mine if v.treatment == t})]
        for part, (name, role) in zip(parts, _names(str(word), lens, len(parts)), strict=False):
            if any(v.value is not None for v in part.values()):
                lines.append(_line(name, part, ends, screen, role))
        if len(parts) > 1:  # one series by two definitions: no line is drawn from one to the other
            breaks.append((len(lines) - 1, min(parts[1])))
    path = {v.period_end: v for v in page.history if v.indicator.code == REQUIRED and page.indicator.code == DECLINE}
    if path:
        lines.append(_line(str(_("应达到")), path, ends, screen, "required"))
    target = page.target
    aim = None
    if target is not None and target.number is not None and page.indicator.code == DECLINE:
        places = max(0, -int(target.number.normalize().as_tuple().exponent))
        aim = (target.number, f"{_('目标')}{wording.number(target.number, places)}%")
    label = f"{page.subject.name}{page.indicator.name}，{periods[0].label}至{periods[-1].label}"
    labels, every = [short_label(p) for p in periods], 12 if len(periods) > 24 else 0
    drawn = {"unit": screen.unit, "places": screen.decimals, "target": aim, "zero": aim is not None, "every": every}
    chart = line_chart(labels, lines, label, **drawn)
    for column, end in breaks:
        chart = broken(chart, (column, column + 1), labels[ends.index(end)], str(_("口径变更")))
    return chart


def _names(word: str, lens: str, parts: int) -> list[tuple[str, str]]:
    """The names and roles of the lines of one lens: two where its figures have two definitions."""
    names = [(word, _ROLES[lens])]
    return names if parts < 2 else [(f"{word}{_('（毛口径）')}", _ROLES[lens]), (f"{word}{_('（考核口径）')}", "c4")]


def _line(name: str, values: dict[date, Value], ends: Sequence[date], screen: figures.Screen, role: str) -> Line:
    points: list[Decimal | None] = []
    for end in ends:
        value = values.get(end)
        points.append(None if value is None or value.value is None else figures.scaled(value.value, screen))
    return Line(name, points, role, [figures.address(values[end]) if end in values else "" for end in ends])
