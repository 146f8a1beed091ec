"""The list of indicators: each with its newest value for one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Max, Q

from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.drawing import DECLINE
from shuangkong.apps.indicators.models import Indicator, Value
from shuangkong.apps.indicators.pages import FAMILIES, KINDS, LEVELS
from shuangkong.apps.indicators.tables import Line, line_of, lines_of
from shuangkong.apps.organisations.models import Subject


@dataclass(frozen=True, slots=True)
class Latest:
    """An indicator with its newest value for the place, and the levels that go with it. None: nothing that one may see."""

    indicator: Indicator
    value: Value | None
    levels: tuple[Value, ...] = ()


def places(user: Any) -> list[Subject]:
    """The places whose values ``user`` may choose: all for the city's people, else the city and one's own."""
    found = Subject.objects.filter(kind__in=[Subject.Kind.CITY, Subject.Kind.COUNTY, Subject.Kind.ZONE])
    return list(found if user.sees_all else found.filter(Q(pk__in=user.own_subject_ids) | Q(kind=Subject.Kind.CITY)))


def chosen_place(user: Any, options: Sequence[Subject], asked: str) -> Subject | None:
    """The asked place, else one's own, else the city."""
    for code in (asked, "" if user.sees_all else getattr(user.subject, "code", "")):
        for subject in options:
            if code and subject.code == code:
                return subject
    return next((subject for subject in options if subject.kind == Subject.Kind.CITY), None)


def latest_by_family(user: Any, subject: Subject | None, words: str = "") -> list[tuple[Any, list[Latest]]]:
    """Every indicator by family with its newest value for ``subject``: four statements."""
    # what a plan names and nothing here computes stands with its targets only
    indicators = list(Indicator.objects.exclude(family="plan"))
    newest = _newest(user, subject) | _newest_lines(user, subject, indicators) if subject is not None else {}
    levels = [value for value in newest.values() if value.indicator.code in LEVELS]
    asked = [i for i in indicators if words in i.name or words in i.code]
    order = list(FAMILIES)
    asked.sort(key=lambda i: order.index(i.family) if i.family in order else len(order))
    lines = [Latest(i, newest.get(i.pk), _levels_beside(newest.get(i.pk), levels)) for i in asked]
    return [(FAMILIES.get(family, family), list(of)) for family, of in groupby(lines, key=lambda line: line.indicator.family)]


def _levels_beside(value: Value | None, levels: Iterable[Value]) -> tuple[Value, ...]:
    """The levels that were given to a decline at the same time."""
    if value is None or value.indicator.code != DECLINE:
        return ()
    return tuple(level for level in levels if level.period_end == value.period_end)


def _newest(user: Any, subject: Subject) -> dict[int, Value]:
    mine = Value.objects.visible_to(user).filter(current__isnull=False, subject=subject, release="")
    known = Max("period_end", filter=Q(value__isnull=False))
    ends = {pk: end or last for pk, end, last in mine.order_by().values_list("indicator").annotate(end=known, last=Max("period_end"))}
    rows = mine.filter(period_end__in=set(ends.values())).select_related("indicator", "subject")
    found: dict[int, Value] = {}
    for value in sorted(rows, key=_newest_order):
        if value.period_end == ends[value.indicator_id]:
            found.setdefault(value.indicator_id, value)
    return found


def _newest_lines(user: Any, subject: Subject, indicators: Iterable[Indicator]) -> dict[int, Value]:
    """The newest line of each indicator that stands in tables, one with a number before one without."""
    stored = Value.objects.visible_to(user).filter(current__isnull=False, subject=subject, release="").exclude(lines=[])
    best: dict[str, tuple[tuple[Any, ...], Value, int, Line]] = {}
    for table in stored.select_related("subject"):
        own = -table.period_end.toordinal(), KINDS.index(table.period_kind), selectors.LENS_ORDER.index(table.lens)
        for place, line in enumerate(lines_of(table)):
            rank = (line.value is None, *own, selectors.BASIS_ORDER.index(line.basis), place)
            if line.code not in best or rank < best[line.code][0]:
                best[line.code] = (rank, table, place, line)
    by_code = {indicator.code: indicator for indicator in indicators}
    found = (line_of(table, place, line, by_code[line.code]) for _rank, table, place, line in best.values())
    return {value.indicator_id: value for value in found}


def _newest_order(value: Value) -> tuple[Any, ...]:
    nothing, *rest = selectors.preference(value)
    return nothing, KINDS.index(value.period_kind), *rest
