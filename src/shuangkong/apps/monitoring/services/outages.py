"""Gaps in what is measured: noticed by the platform, explained and repaired by people, closed when what was missed came later.

A source (a device, an energy user) is cut when nothing came from it for some intervals, or for one while its line is known to be down. A
point is cut when it alone stays away while the rest of its source goes on. What is missed while the gateway itself is down is nobody's gap
until the gateway has listened for as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import Act, record_many
from shuangkong.apps.desk.services.states import Guards, Step, advance
from shuangkong.apps.desk.workdays import workdays
from shuangkong.apps.monitoring.models import Outage, Point, QualityProgress
from shuangkong.apps.monitoring.rules import rule, whole
from shuangkong.apps.monitoring.selectors import Gateway
from shuangkong.apps.monitoring.services import outage_notices
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.listening import REALTIME, Heard
from shuangkong.apps.organisations.models import User
from shuangkong.core.errors import InputError
from shuangkong.core.states import OUTAGE
from shuangkong.series.reading import Reader

LINE, SILENT, POINT = "line", "silent", "point"
#: What the platform saw, in words.
CAUSES = outage_notices.CAUSES
_HUNDRED = 100
_OPEN = ("open", "explained")
_LISTENING = "listening"
_NOTED_EVERY = timedelta(seconds=5)
_FIELDS = ("pk", "source", "device_id", "device__mn", "subject_id", "interval_s", "last_at", "last_received_at", "demonstration")


def _outages() -> Any:
    return Outage.objects.unscoped("the service that keeps the outages")


@dataclass(frozen=True, slots=True)
class _Row:
    """A point that sends, as the register has it."""

    pk: int
    source: str
    device_id: int | None
    mn: str | None
    subject_id: int | None
    interval_s: int
    last_at: datetime
    last_received_at: datetime
    demonstration: bool

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.interval_s)

    @property
    def next_at(self) -> datetime:
        """When its next value was due, by its own clock where that can be believed."""
        own = self.last_at if abs(self.last_at - self.last_received_at) < timedelta(hours=1) else self.last_received_at
        return own + self.interval


# what the platform sees


def notice(gateway: Gateway, now: datetime) -> list[Outage]:
    """Outages that begin now, and those that end; answers those that changed."""
    rows = _sending(now)
    since = _listening_since(gateway, now) if rows else None
    if since is None:
        return []
    standing = {(outage.source, outage.point_id): outage for outage in _outages().filter(state__in=_OPEN)}
    begun = _begin(list(_cut(rows, standing, gateway, since, now)), now)
    ended = _restore(rows, standing, now)
    return [*begun, *ended]


def _listening_since(gateway: Gateway, now: datetime) -> datetime | None:
    """Since when the gateway has been listening without a break; None while it does not."""
    state = QualityProgress.objects.filter(name=_LISTENING).first()
    if gateway.processes:
        return state.at if state else datetime.min.replace(tzinfo=now.tzinfo)
    if state is None or now - state.at > _NOTED_EVERY:
        QualityProgress.objects.update_or_create(name=_LISTENING, defaults={"at": now})
    return None


def _sending(now: datetime) -> dict[str, list[_Row]]:
    """The points that have sent and are expected to send, by source."""
    points = Point.objects.unscoped("silence is looked for everywhere").exclude(last_at=None).filter(active_from__lte=now)
    points = points.exclude(active_to__lte=now).exclude(device__active=False)
    found: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in points.values_list(*_FIELDS):
        found[row[1]].append(_Row(*row))
    return found


@dataclass(frozen=True, slots=True)
class _Cut:
    """A source or point that is silent: the row that stands for it, from when, why, and how many points are."""

    row: _Row
    point_id: int | None
    started_at: datetime
    cause: str
    points: int


def _cut(
    rows: Mapping[str, Sequence[_Row]], standing: Mapping[tuple[str, int | None], Outage], gateway: Gateway, since: datetime, now: datetime
) -> Iterable[_Cut]:
    missed = whole("missed_intervals", civil_day(now))
    for source, points in rows.items():
        if (source, None) in standing:
            continue
        newest = max(points, key=lambda row: row.last_received_at)
        quickest = min(points, key=lambda row: row.interval_s)
        quiet = now - max(newest.last_received_at, since)
        line_down = newest.mn is not None and newest.mn not in gateway.online
        if quiet > quickest.interval * missed or (line_down and quiet > quickest.interval):
            yield _Cut(newest, None, newest.next_at, LINE if line_down else SILENT, len(points))
            continue
        for row in points:
            alone = row.last_received_at < newest.last_received_at - row.interval * missed
            if alone and now - max(row.last_received_at, since) > row.interval * missed and (source, row.pk) not in standing:
                yield _Cut(row, row.pk, row.next_at, POINT, 1)


def _begin(cuts: Sequence[_Cut], now: datetime) -> list[Outage]:
    """Writes the outages that begin. A fixed number of statements."""
    if not cuts:
        return []
    today = civil_day(now)
    due = workdays().after(today, whole("repair_working_days", today))
    made = [
        Outage(
            source=cut.row.source, point_id=cut.point_id, device_id=cut.row.device_id, subject_id=cut.row.subject_id,
            started_at=cut.started_at, noticed_at=now, due_on=due, cause=cut.cause, points=cut.points,
            demonstration=cut.row.demonstration,
        )
        for cut in cuts
    ]  # fmt: skip
    with transaction.atomic():
        known = {(o.source, o.point_id, o.started_at) for o in _outages().filter(source__in={outage.source for outage in made})}
        fresh = [outage for outage in made if (outage.source, outage.point_id, outage.started_at) not in known]
        Outage.objects.bulk_create(fresh)
        record_many(
            Act("monitoring.outage.begin", o, subject_id=o.subject_id, after={"source": o.source, "from": o.started_at, "cause": o.cause})
            for o in fresh
        )
    return fresh


def _restore(rows: Mapping[str, Sequence[_Row]], standing: Mapping[tuple[str, int | None], Outage], now: datetime) -> list[Outage]:
    """Leads on the outages whose source or point sends again: something came after they were noticed, and not only of the time before."""
    ended = []
    for (source, point_id), outage in standing.items():
        points = [row for row in rows.get(source, ()) if point_id in (None, row.pk)]
        again = [row for row in points if row.last_received_at > outage.noticed_at and row.last_at >= outage.started_at]
        if not again:
            continue
        end = min(max(row.last_at for row in again), now)
        step = Step("monitoring.outage.restore", None, outage.subject_id, {"ended_at": end}, after={"ended_at": end})
        advance(outage, OUTAGE, "restore", _PLATFORM, step)
        outage.ended_at = end
        ended.append(outage)
    return ended


_PLATFORM: Guards = {"platform": lambda: None}


def fill(reader: Reader, heard: Heard, changed: Sequence[Outage], now: datetime) -> list[Outage]:
    """Counts what of each gap came later, where something may have; closes those that are filled. Answers those that changed."""
    waiting = list(_outages().filter(state="restored"))
    due = [outage for outage in waiting if outage.pk in {o.pk for o in changed}]
    members = _members([outage for outage in waiting if outage not in due])
    due += [outage for outage in waiting if outage not in due and _touched(outage, members.get(outage.source, {}), heard)]
    enough = rule("completeness_percent", civil_day(now))
    done = []
    for outage in due:
        expected, filled = _counted(reader, outage)
        if (expected, filled) != (outage.expected, outage.filled):
            done.append(outage)
        outage.expected, outage.filled = expected, filled
        _outages().filter(pk=outage.pk).update(expected=expected, filled=filled)
        if filled * _HUNDRED >= enough * expected:
            after = {"expected": expected, "filled": filled}
            advance(outage, OUTAGE, "fill", _PLATFORM, Step("monitoring.outage.fill", None, outage.subject_id, after=after))
            done.append(outage)
    return done


def _members(outages: Iterable[Outage]) -> dict[str, dict[int, int]]:
    """Of each source its points with their intervals."""
    sources = {outage.source for outage in outages}
    found: defaultdict[str, dict[int, int]] = defaultdict(dict)
    every = Point.objects.unscoped("whose gap it is").filter(source__in=sources).exclude(last_at=None)
    for source, pk, interval_s in every.values_list("source", "pk", "interval_s"):
        found[source][pk] = interval_s
    return found


def _touched(outage: Outage, members: Mapping[int, int], heard: Heard) -> bool:
    """Whether values came whose times lie in the gap."""
    asked = members if outage.point_id is None else {outage.point_id: 0}
    assert outage.ended_at is not None
    return any(heard.spans[point][0] < outage.ended_at for point in asked if point in heard.spans)


def _counted(reader: Reader, outage: Outage) -> tuple[int, int]:
    """How many real-time values the gap should have held, and how many it holds by now; each expected moment counts once."""
    members = _members([outage]).get(outage.source, {})
    asked = members if outage.point_id is None else {outage.point_id: members.get(outage.point_id, 1)}
    assert outage.ended_at is not None
    span = (outage.ended_at - outage.started_at).total_seconds()
    each = {point: max(int(span // interval_s), 0) for point, interval_s in asked.items()}
    if not sum(each.values()):
        return 0, 0
    table = reader.readings(list(asked), REALTIME, outage.started_at, outage.ended_at)
    counts = reader.arrow(table.group_by("point").aggregate(n=table.time.nunique())).to_pylist()
    return sum(each.values()), sum(min(row["n"], each[row["point"]]) for row in counts)


# what people say


def explain(outage: Outage, words: str, actor: Any, now: datetime) -> None:
    """Says why it is cut.

    Raises:
        InputError: without words, or by one whom it does not concern.
    """
    _act(outage, "explain", words, actor, now)


def settle(outage: Outage, words: str, actor: Any, now: datetime) -> None:
    """Says what was repaired and how the part of the gap that nobody filled is to be taken.

    Raises:
        InputError: it is still cut, no words, or by one whom it does not concern.
    """
    _act(outage, "settle", words, actor, now)


def withdraw(outage: Outage, words: str, actor: Any, now: datetime) -> None:
    """Ends an outage that is none (the point was given up, a mistake of registration).

    Raises:
        InputError: no words, or not by the city.
    """
    _act(outage, "withdraw", words, actor, now)


def guards(outage: Outage, words: str, actor: Any) -> Guards:
    """What holds for a person; the page asks with words as if there were some."""
    return {
        "owner": lambda: _may(words, outage.subject_id is not None and actor.reaches(outage.subject_id), actor),
        "city": lambda: _may(words, actor.sees_all, actor),
        "platform": lambda: _refuse(),
    }


def _may(words: str, concerned: bool, actor: Any) -> None:
    if actor.role not in (User.Role.CITY, User.Role.COUNTY, User.Role.ENTERPRISE) or not (actor.sees_all or concerned):
        raise InputError(_("您不能处理这次中断"), why=_("只有所属单位、所在县市区和市级主管可以处理"), do=_("请所属单位处理"))
    if not words.strip():
        raise InputError(_("没有写情况说明"), why=_("说明会记入审计"), do=_("写明原因、做了什么、缺的数据如何处理"))


def _refuse() -> None:
    raise InputError(_("这一步由平台见到数据后自动进行"), do=_("请设备补传"))


def _act(outage: Outage, verb: str, words: str, actor: Any, now: datetime) -> None:
    said = words.strip()[:300]
    changes = {"words": said, "words_by": actor, "words_at": now}
    step = Step(f"monitoring.outage.{verb}", actor, outage.subject_id, changes, after={"words": said})
    advance(outage, OUTAGE, verb, guards(outage, words, actor), step)
    outage.words, outage.words_by, outage.words_at = said, actor, now
    outage_notices.tell(civil_day(now))
