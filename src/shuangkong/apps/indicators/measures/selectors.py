"""Reads of measures for pages: counties with their gaps, kept versions, the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shuangkong.apps.indicators.measures.gaps import Gap, gaps
from shuangkong.apps.indicators.measures.models import ControlMeasure, MeasurePlan
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_rulebook

RULES = "measure."


@dataclass(frozen=True, slots=True)
class CountyLine:
    """A county with its gap at a year-end and the version that was adopted for it. None: no forecast, or nothing adopted."""

    subject: Subject
    gap: Gap | None
    adopted: MeasurePlan | None


def counties(user: Any) -> list[Subject]:
    """The counties whose gaps ``user`` may see."""
    found = Subject.objects.filter(kind=Subject.Kind.COUNTY)
    return list(found if user.sees_all else found.filter(pk__in=user.own_subject_ids))


def county_lines(user: Any, year: int) -> list[CountyLine]:
    """Every county with its gap, the widest first: three statements."""
    places = counties(user)
    found = gaps(user, places)
    adopted = MeasurePlan.objects.visible_to(user).filter(year=year, decision=MeasurePlan.Decision.ADOPTED)
    plans = {plan.subject_id: plan for plan in adopted}
    lines = [CountyLine(place, found.get((place.pk, year)), plans.get(place.pk)) for place in places]
    return sorted(lines, key=lambda line: (line.gap is None, -(line.gap.tce if line.gap else 0)))


def years_of(user: Any, subject: Subject) -> list[int]:
    """The year-ends at which a place has a gap that can be told."""
    return sorted(year for _place, year in gaps(user, [subject]))


def versions(user: Any, subject: Subject) -> list[MeasurePlan]:
    """The kept versions of a place, newest first."""
    found = MeasurePlan.objects.visible_to(user).filter(subject=subject)
    return list(found.select_related("made_by", "decided_by").order_by("-version"))


def plan_of(user: Any, pk: int) -> MeasurePlan | None:
    """One kept version that ``user`` may see."""
    return MeasurePlan.objects.visible_to(user).filter(pk=pk).select_related("subject", "made_by", "decided_by").first()


def library(user: Any) -> list[ControlMeasure]:
    """The measures that ``user`` may see, those still open first."""
    found = ControlMeasure.objects.visible_to(user).select_related("subject")
    return sorted(found, key=lambda m: (m.closed_on is not None, m.subject.position if m.subject else 0, m.kind, m.code))


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule on which measures may rest: its parameter, what it is called, and whether it is in force (else why not)."""

    parameter: str
    title: str
    in_force: bool


def bases(on: date) -> list[Basis]:
    """All rules on which a measure may rest."""
    from shuangkong.apps.indicators.measures.services import allowed

    found = current_rulebook().parameters
    return [Basis(name, found[name].title, allowed(name, on)) for name in sorted(found) if name.startswith(RULES)]
