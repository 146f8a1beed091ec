"""What of monitoring can be exported: the lists as their pages show them, and the values of a point with their flags and origin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import ROWS_MAX, Table
from shuangkong.apps.monitoring import coverage as coverage_of
from shuangkong.apps.monitoring import history, overview, selectors, trouble
from shuangkong.apps.monitoring.drawing import flag_words
from shuangkong.apps.monitoring.history import Window
from shuangkong.apps.monitoring.models import ConnectionDuty, Outage, Point, QualityFinding
from shuangkong.apps.monitoring.series_words import kind_words, quality_words
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.ui.statuses import VOCABULARY
from shuangkong.series.reading import Reader
from shuangkong.series.schema import batch_of

READ_AT_ONCE = 2000
#: How wide a window one export may ask for, and how much of it is read in one piece.
WIDEST, PIECE = timedelta(days=400), timedelta(days=7)


def points(user: Any, filters: dict[str, str]) -> Table:
    """All sources, a line for each of their points, filtered as the page filters them."""
    now = selectors.database_now()
    found = overview.filtered(overview.sources(user, selectors.gateway(store(), now), now), filters)
    headings = [
        _("监测点"), _("MN或编码"), _("所属单位"), _("县市区"), _("状态"), _("自"), _("监测项目"), _("因子编码"), _("单位"),
        _("最近数据时间"), _("演示"),
    ]  # fmt: skip
    rows = [line for source in found for line in _point_lines(source)]
    return Table(_("监测点"), headings, rows, len(rows))


def _point_lines(source: overview.Source) -> Iterator[list[Any]]:
    state = str(VOCABULARY[f"point_{source.state}"].word)
    mark = _("演示") if source.demonstration else ""
    head = [source.name, source.mn or source.key, source.subject, source.county, state, source.since]
    for point in source.points:
        yield [*head, point["name"], point["code"], point["unit"], point["last_at"], mark]
    if not source.points:
        yield [*head, "", "", "", None, mark]


def outages(user: Any, filters: dict[str, str]) -> Table:
    """Outages, filtered as the page filters them."""
    found = trouble.outages(user, filters).order_by("due_on", "pk")
    headings = [
        _("监测点"), _("编码"), _("所属单位"), _("县市区"), _("状态"), _("开始"), _("恢复"), _("应有值数"), _("已补值数"), _("修复期限"),
        _("说明"), _("演示"),
    ]  # fmt: skip
    return Table(_("数据中断"), headings, (_outage_line(line) for line in found.iterator(READ_AT_ONCE)), found.count())


def _outage_line(line: Outage) -> list[Any]:
    subject = line.subject
    return [
        str(line), line.source, subject.name if subject else "", subject.county.name if subject and subject.county else "",
        str(VOCABULARY[f"outage_{line.state}"].word), line.started_at, line.ended_at, line.expected, line.filled, line.due_on, line.words,
        _("演示") if line.demonstration else "",
    ]  # fmt: skip


def quality_findings(user: Any, filters: dict[str, str]) -> Table:
    """Findings of the quality rules, filtered as the page filters them."""
    found = trouble.findings(user, filters).order_by("-window_end", "pk")
    headings = [
        _("规则"), _("疑点"), _("监测点"), _("监测项目"), _("所属单位"), _("状态"), _("时段始"), _("时段止"), _("看到了什么"), _("说明"),
        _("演示"),
    ]  # fmt: skip
    return Table(_("数据疑点"), headings, (_finding_line(line) for line in found.iterator(READ_AT_ONCE)), found.count())


def _finding_line(line: QualityFinding) -> list[Any]:
    point = line.point
    return [
        line.rule, line.title, point.device.name if point.device else point.source, point.name, point.subject.name if point.subject else "",
        str(VOCABULARY[f"quality_{line.state}"].word), line.window_start, line.window_end, line.saw, line.words,
        _("演示") if line.demonstration else "",
    ]  # fmt: skip


def coverage(user: Any, filters: dict[str, str]) -> Table:
    """Who must be connected, and whether they are, filtered as the page filters them."""
    now = selectors.database_now()
    found = coverage_of.coverage(user, civil_day(now), now, county=filters.get("county", ""), kind=filters.get("kind", ""))
    units = [unit for unit in found.units if not filters.get("missing") or unit.missing]
    headings = [
        _("单位"), _("代码"), _("县市区"), _("类别"), _("理由"), _("依据"), _("自"), _("联网"), _("监测项目"), _("最近来数"), _("应有分钟"),
        _("收到分钟"), _("演示"),
    ]  # fmt: skip
    rows = [
        [
            unit.name, unit.code, unit.county, str(ConnectionDuty.Kind(unit.kind).label), unit.reason, unit.document, unit.since,
            _("没有联网") if unit.missing else _("已联网"), unit.points, unit.last_received_at, unit.rates.expected, unit.rates.received,
            _("演示") if unit.demonstration else "",
        ]
        for unit in units
    ]  # fmt: skip
    return Table(_("联网覆盖"), headings, rows, len(rows))


def readings(user: Any, filters: dict[str, str]) -> Table | None:
    """The values of one point (``point``) of a level from a day to a day; None for a point that is not there for ``user``."""
    found = _point(user, filters.get("point", ""))
    if found is None:
        return None
    days = _day(filters.get("start")), _day(filters.get("end"))
    window = _wide(history.window_of(filters.get("level", ""), *days, selectors.database_now(), newest=found.last_at), days[0])
    headings = [_("时间"), _("数据"), _("值"), _("单位"), _("标记"), _("质量"), _("收到"), _("来源批次"), _("演示")]
    notes = [f"{found.key} {found.name}", _("空值是缺数，不是零；同一时间的多个版本只列作数的一个")]
    owner = found.device.name if found.device else found.source
    return Table(f"{owner}-{found.name}", headings, _lines(found, window), min(_count(found, window), ROWS_MAX), notes)


def _wide(window: Window, start: date | None) -> Window:
    """An export may reach further than a page shows."""
    if start is None:
        return window
    begins = timezone.make_aware(datetime(max(start.year, 2000), start.month, start.day))
    return Window(window.level, min(max(begins, window.end - WIDEST), window.end), window.end)


def _point(user: Any, text: str) -> Point | None:
    return selectors.point_of(user, int(text)) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _count(point: Point, window: Window) -> int:
    with history.reader() as opened:
        found = opened.readings(points=[point.pk], kinds=window.level.kinds, start=window.start, end=window.end)
        return int(opened.arrow(found.count().as_table())[0][0].as_py())


def _lines(point: Point, window: Window) -> Iterator[list[Any]]:
    """All kinds of the level, by time, a week at a time: a year is never held at once."""
    mark = _("演示") if point.demonstration else ""
    with Reader(store()) as opened:
        start = window.start
        while start < window.end:
            end = min(start + PIECE, window.end)
            for row in _piece(opened, point, Window(window.level, start, end)):
                reading = history.as_reading(row)
                yield [
                    reading.at.astimezone(UTC), kind_words(reading.kind), None if reading.value is None else Decimal(repr(reading.value)),
                    point.unit, flag_words(reading.flag) or reading.flag, quality_words(reading.marks), reading.received_at,
                    batch_of(reading.source)[0], mark,
                ]  # fmt: skip
            start = end


def _piece(opened: Reader, point: Point, window: Window) -> list[dict[str, Any]]:
    table = opened.readings(points=[point.pk], kinds=window.level.kinds, start=window.start, end=window.end)
    rows: list[dict[str, Any]] = opened.arrow(table.order_by(["time", "kind"])).to_pylist()
    return rows

