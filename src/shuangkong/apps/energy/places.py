"""Who is summed into whom: a city with its counties and 不分县, and the zones that lie over them (accounting 7, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shuangkong.apps.organisations.models import Subject
from shuangkong.core.periods import Period

_SUFFIX = "县区市"


@dataclass(frozen=True, slots=True)
class City:
    """A city, the counties that partition it, its 不分县 row and its zones."""

    subject: Subject
    counties: tuple[Subject, ...]
    unallocated: Subject | None
    zones: tuple[Subject, ...]

    @property
    def parts(self) -> tuple[Subject, ...]:
        """What the city is the sum of: counties and 不分县, never a zone."""
        return (*self.counties, *([self.unallocated] if self.unallocated else []))


def cities() -> list[City]:
    """All cities with what belongs to them. Two statements however many there are."""
    kind = Subject.Kind
    found = list(Subject.objects.filter(kind__in=[kind.CITY, kind.COUNTY, kind.UNALLOCATED, kind.ZONE]))
    of: dict[tuple[int | None, str], list[Subject]] = {}
    for subject in found:
        of.setdefault((subject.parent_id, subject.kind), []).append(subject)
    return [
        City(
            city,
            tuple(of.get((city.pk, kind.COUNTY), ())),
            next(iter(of.get((city.pk, kind.UNALLOCATED), ())), None),
            tuple(of.get((city.pk, kind.ZONE), ())),
        )
        for city in found
        if city.kind == kind.CITY
    ]


def above() -> list[Subject]:
    """The nation and the provinces, which have published figures only."""
    return list(Subject.objects.filter(kind__in=[Subject.Kind.NATION, Subject.Kind.PROVINCE]))


def short_name(subject: Subject) -> str:
    """嘉禾县 as 嘉禾; a name of two characters stays."""
    return subject.name[:-1] if len(subject.name) > 2 and subject.name[-1] in _SUFFIX else subject.name


def quarter_label(period: Period) -> str:
    """2026年三季度 for what is filed to the end of September, else the period's own label."""
    if period.kind == "ytd" and period.last_month % 3 == 0:
        return Period.quarter(period.start.year, period.last_month // 3).label
    return period.label


def lacking_sentence(missing: Sequence[Subject], period: Period, what: str) -> str:
    """全市少算3个县：缺嘉禾、临武、桂东2026年三季度能源."""
    names = "、".join(short_name(subject) for subject in missing)
    return f"全市少算{len(missing)}个县：缺{names}{quarter_label(period)}{what}"
