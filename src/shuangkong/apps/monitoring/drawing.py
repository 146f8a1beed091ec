"""The chart of a point's window: line, limits, flagged spans, gaps, and marks of values sent afterwards, corrected or beyond a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.monitoring import history
from shuangkong.apps.monitoring.history import Reading, Window
from shuangkong.apps.monitoring.models import Point, PointLimit
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.ui.charts import NOT_KNOWN, Chart
from shuangkong.apps.ui.time_charts import Bound, Instant, Marks, Span, time_chart
from shuangkong.core.wording import number
from shuangkong.hj212.catalogue import flags

_TOLERANCE = {"realtime": 3.0, "minute": 1.5, "hour": 1.5, "day": 1.5}
_TABLE_ROWS = 300


@dataclass(frozen=True, slots=True)
class Drawn:
    """The chart, its gaps, and how many values are flagged, corrected, sent afterwards, beyond a limit."""

    chart: Chart
    gaps: list[tuple[datetime, datetime]]
    flagged: int
    corrected: int
    resent: int
    beyond: int
    cut_short: bool


def limits_on(point: Point, window: Window) -> list[PointLimit]:
    """The bounds of a standard or permit that apply at the end of a window."""
    return limits_of([point], window.end - timedelta(seconds=1)).get(point.pk, [])


def limits_of(points: Sequence[Point], at: datetime) -> dict[int, list[PointLimit]]:
    """The same of several points (which are in the reader's scope) at a moment."""
    on = civil_day(at)
    limits = PointLimit.objects.unscoped("the points are in scope").filter(
        point__in=[point.pk for point in points], kind=PointLimit.Kind.STANDARD, applies_from__lte=on
    )
    found: dict[int, list[PointLimit]] = {}
    for limit in limits:
        if limit.applies_to is None or limit.applies_to > on:
            found.setdefault(limit.point_id, []).append(limit)
    return found


def is_beyond(reading: Reading, limits: Sequence[PointLimit]) -> bool:
    """Whether a plain measurement lies beyond a bound; one that its sender marks is not judged."""
    if reading.value is None or reading.is_marked:
        return False
    value = Decimal(repr(reading.value))  # 0.1 as it was sent, which the float lies a little above
    return any((each.upper is not None and value > each.upper) or (each.lower is not None and value < each.lower) for each in limits)


def places_of(readings: Sequence[Reading]) -> int:
    """Digits behind the point: fewer for large values."""
    largest = max((abs(r.value) for r in readings if r.value is not None), default=0.0)
    return 1 if largest >= 100 else 2 if largest >= 1 else 3


def draw(point: Point, window: Window, readings: Sequence[Reading], limits: Sequence[PointLimit], now: datetime) -> Drawn:
    """The chart of a window."""
    places = places_of(readings)
    found = history.gaps(readings, window, point, now, _TOLERANCE[window.level.code])
    name = f"{point.name}{_('（折算）') if readings and 'zs' in readings[0].kind else ''}"
    kinds = {
        "resent": _marks(_("补传"), "circle", "c2", readings, lambda r: bool({"resent", "late"} & set(r.marks))),
        "beyond": _marks(_("超限"), "diamond", "red-fill", readings, lambda r: is_beyond(r, limits)),
        "corrected": _marks(_("有修正"), "triangle", "c4", readings, lambda r: "corrected" in r.marks, point),
    }
    chart = time_chart(
        name, list(_broken(readings, found)), _label(point, window, readings, found, places), f" {point.unit}".rstrip(), places,
        span=(window.start, window.end), bounds=_bounds(limits), spans=[*_flag_spans(readings), *(_gap_span(*gap) for gap in found)],
        marks=list(kinds.values()), headings=(_("时间"), name, _("标记")), rows=_rows(readings, places),
    )  # fmt: skip
    counted = {key: len(marks.points) for key, marks in kinds.items()}
    flagged = sum(reading.is_marked for reading in readings)
    return Drawn(chart, found, flagged, counted["corrected"], counted["resent"], counted["beyond"], len(readings) >= history.MOST)


def _broken(readings: Sequence[Reading], found: Sequence[tuple[datetime, datetime]]) -> Iterator[Instant]:
    """The values, and a break at the beginning of each gap: nothing is drawn across it."""
    breaks = [Instant(start, None) for start, _end in found]
    yield from sorted([*(Instant(r.at, r.value) for r in readings), *breaks], key=lambda instant: instant.at)


def _gap_span(start: datetime, end: datetime) -> Span:
    hours = (end - start).total_seconds() / 3600
    words = _("缺数%(n)s小时") % {"n": f"{hours:.0f}"} if hours >= 1 else _("缺数%(n)s分钟") % {"n": f"{hours * 60:.0f}"}
    return Span(start, end, words, gap=True)


def _flag_spans(readings: Sequence[Reading]) -> list[Span]:
    """Neighbours with the same flag as one stretch."""
    spans: list[Span] = []
    for before, reading in zip([None, *readings], readings, strict=False):
        if not reading.is_marked:
            continue
        if before is not None and before.flag == reading.flag and spans:
            spans[-1] = spans[-1]._replace(end=reading.at)
        else:
            spans.append(Span(reading.at, reading.at, reading.flag))
    return spans


def _bounds(limits: Sequence[PointLimit]) -> list[Bound]:
    found = []
    for limit in limits:
        for value, word in ((limit.upper, _("上限")), (limit.lower, _("下限"))):
            if value is not None:
                found.append(Bound(float(value), f"{word} {value.normalize():f} {limit.document}"))
    return found


def _marks(
    name: str, shape: str, color: str, readings: Sequence[Reading], test: Callable[[Reading], bool], point: Point | None = None
) -> Marks:
    chosen = [reading for reading in readings if reading.value is not None and test(reading)]
    addresses = tuple(value_address(point, reading) for reading in chosen) if point else ()
    return Marks(name, shape, color, [Instant(reading.at, reading.value) for reading in chosen], addresses)


def value_address(point: Point, reading: Reading) -> str:
    """Where the versions of a value open."""
    return reverse("monitoring:value", args=[point.pk, reading.kind, int(reading.at.timestamp() * 1000)])


def _label(point: Point, window: Window, readings: Sequence[Reading], found: Sequence[object], places: int) -> str:
    """What the chart shows, as a sentence."""
    known = [reading.value for reading in readings if reading.value is not None]
    said = {"name": point.name, "level": window.level.word, "n": len(known), "gaps": len(found)}
    if not known:
        return _("%(name)s%(level)s数据：这段时间没有值") % said
    said |= {"low": number_text(min(known), places), "high": number_text(max(known), places)}
    return _("%(name)s%(level)s数据：%(n)d个值，在%(low)s与%(high)s之间，缺数%(gaps)d段") % said


def number_text(value: float | None, places: int) -> str:
    """A value as pages show it."""
    return NOT_KNOWN if value is None else number(Decimal(repr(value)), places)


def _rows(readings: Sequence[Reading], places: int) -> tuple[tuple[str, ...], ...]:
    """The newest values as the chart's table."""
    rows = []
    for reading in reversed(readings[-_TABLE_ROWS:]):
        local = reading.at.astimezone(timezone.get_default_timezone())
        rows.append((f"{local:%m-%d %H:%M:%S}", number_text(reading.value, places), flag_words(reading.flag)))
    return tuple(rows)


def flag_words(flag: str) -> str:
    """A flag with what it means: M（维护）."""
    if flag in ("", "N"):
        return ""
    return f"{flag}（{flags()[flag]}）" if flag in flags() else flag
