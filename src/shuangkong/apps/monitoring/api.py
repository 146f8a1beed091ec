"""Points and their values over HTTP, as far as the caller sees them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import BeforeValidator, Field

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.monitoring import coverage as coverage_of
from shuangkong.apps.monitoring import history
from shuangkong.apps.monitoring.models import Point
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, listed, part_of
from shuangkong.core.errors import InputError

router = Router()

Digits = Annotated[str, BeforeValidator(str)]
"""A 64-bit number as text: a JSON number of that size is rounded by callers that keep numbers as floats."""


class PointFilters(Schema):
    """Which points: lists are parted by commas."""

    subjects: str = Field("", description="主体代码")
    codes: str = Field("", description="因子或计量编码")
    media: str = Field("", description="gas、water、energy、other")
    devices: str = Field("", description="设备唯一标识（MN）")


class PointLine(Schema):
    """One series of values. ``interval_s``: how far apart real-time values are due; times are UTC."""

    id: Digits
    key: str
    name: str
    code: str
    unit: str
    medium: str
    subject: str | None
    interval_s: int
    active_from: datetime
    active_to: datetime | None
    last_at: datetime | None
    last_received_at: datetime | None
    invented: bool

    @staticmethod
    def resolve_subject(point: Point) -> str | None:
        """The code."""
        return point.subject.code if point.subject else None

    @staticmethod
    def resolve_invented(point: Point) -> bool:
        """Whether what it sends is a demonstration."""
        return point.demonstration


class PointsAnswer(PageAnswer):
    """Points."""

    items: list[PointLine]


class PointAnswer(Answer, PointLine):
    """One point."""


class ReadingsAsked(Schema):
    """Which values: ``start`` (included) to ``end`` (not included); without them the newest that the level shows unasked."""

    level: str = Field("hour", description="realtime、minute、hour、day")
    start: datetime | None = Field(None, description="起（含），带时区")
    end: datetime | None = Field(None, description="止（不含），带时区")


class ReadingLine(Schema):
    """One value. ``value`` null: what came was no number. ``flag``: as its sender wrote it. ``marks``: what is known of its quality."""

    time: datetime
    kind: str
    value: str | None
    flag: str
    marks: list[str]
    received: datetime
    source: Digits


class ReadingsAnswer(Answer):
    """The newest values of the window, at most 3 000, in the order of time; ``more`` says that older ones were left out."""

    point: Digits
    unit: str
    start: datetime
    end: datetime
    more: bool
    items: list[ReadingLine]


def _points(user: Any) -> QuerySet:
    return Point.objects.visible_to(user).select_related("subject")


@router.get("", response=answers(PointsAnswer), summary="监测点")
def points(request: HttpRequest, filters: Query[PointFilters], paging: Query[Paging]) -> dict[str, Any]:
    """Points in the order of their keys."""
    columns = {
        "subject__code": filters.subjects, "code": filters.codes, "medium": filters.media, "device__mn": filters.devices
    }  # fmt: skip
    found = _points(request.user)
    for column, text in columns.items():
        if text:
            found = found.filter(**{f"{column}__in": listed(text)})
    return part_of(found.order_by("key"), paging)


class CoverageLine(Schema):
    """A county, a reason, or all: how many must be connected and are; shares as texts, null where nothing was expected."""

    code: str
    name: str
    required: int
    connected: int
    connected_share: str | None
    completeness: str | None
    effective_transmission: str | None


class CoverageAnswer(Answer):
    """Who must be connected against who is; the rates are those of the days named."""

    first_day: date
    last_day: date
    total: CoverageLine
    counties: list[CoverageLine]
    kinds: list[CoverageLine]


@router.get("/coverage", response=answers(CoverageAnswer), summary="联网覆盖")
def coverage(request: HttpRequest, county: str = "", kind: str = "") -> dict[str, Any]:
    """By county and by reason (permit, voc, park, energy), as far as the caller sees the units."""
    today, now = request.today, request.now  # type: ignore[attr-defined]
    return coverage_of.as_data(coverage_of.coverage(request.user, today, now, county=county, kind=kind))


@router.get("/{int:point_id}", response=answers(PointAnswer), summary="一个监测点")
def point(request: HttpRequest, point_id: int) -> Point:
    """One point."""
    return _point_or_404(request, point_id)


@router.get("/{int:point_id}/readings", response=answers(ReadingsAnswer), summary="监测点的值")
def readings(request: HttpRequest, point_id: int, asked: Query[ReadingsAsked]) -> dict[str, Any]:
    """Values of one point, as they prevail now."""
    found = _point_or_404(request, point_id)
    window = _window(asked, found, request.now)  # type: ignore[attr-defined]
    items = history.values([found.pk], window)[found.pk]
    if found.subject:
        record_read(request.user, found.subject, "monitoring.readings", origin=request.META.get("REMOTE_ADDR", ""))
    lines = [
        {
            "time": reading.at, "kind": reading.kind, "value": history.text_of(reading.value), "flag": reading.flag,
            "marks": list(reading.marks), "received": reading.received_at, "source": reading.source,
        }
        for reading in items
    ]  # fmt: skip
    more = len(items) >= history.MOST
    return {"point": found.pk, "unit": found.unit, "start": window.start, "end": window.end, "more": more, "items": lines}


def _point_or_404(request: HttpRequest, point_id: int) -> Point:
    # a number that no key can have is no point either
    return get_object_or_404(_points(request.user), pk=point_id if point_id < 2**63 else -1)


def _window(asked: ReadingsAsked, point: Point, now: datetime) -> history.Window:
    """The window that is asked for.

    Raises:
        InputError: a level that is none, times without a zone, an end before the start, or a window that is too wide.
    """
    level = history.LEVELS.get(asked.level)
    if level is None:
        raise InputError(f"没有这种数据：{asked.level[:20]}", where="level", do=f"可用：{'、'.join(history.LEVELS)}")
    if any(moment is not None and moment.tzinfo is None for moment in (asked.start, asked.end)):
        raise InputError("时间没有时区", where="start、end", do="写成 2026-11-26T00:00:00+08:00")
    plain = history.window_of(asked.level, None, None, now, newest=point.last_at)
    end = asked.end or (plain.end if asked.start is None else min(plain.end, asked.start + level.widest))
    start = asked.start or end - level.span
    if not timedelta(0) < end - start <= level.widest:
        raise InputError("时段不成立或过宽", where="start、end", why=f"{asked.level}一次最多{level.widest.days}天", do="缩短时段，分次读取")
    return history.Window(level, start, end)
