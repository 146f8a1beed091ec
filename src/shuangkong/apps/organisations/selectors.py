"""Reads of subjects and departments. Their names and codes are public; what is known about them is not."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from shuangkong.apps.organisations.models import Department, Subject


def city() -> Subject | None:
    """The installed city; None before a pack with a city is loaded."""
    return Subject.objects.filter(kind=Subject.Kind.CITY).order_by("position").first()


def partition() -> QuerySet[Subject]:
    """What the city is the sum of: its counties and 不分县, in order."""
    return Subject.objects.filter(kind__in=[Subject.Kind.COUNTY, Subject.Kind.UNALLOCATED])


def counties() -> QuerySet[Subject]:
    """The counties in order."""
    return Subject.objects.filter(kind=Subject.Kind.COUNTY)


def zones() -> QuerySet[Subject]:
    """The zones in order; each lies in its ``county``."""
    return Subject.objects.filter(kind=Subject.Kind.ZONE).select_related("county")


def ids_by_code() -> dict[str, int]:
    """Code → id of every subject."""
    return dict(Subject.objects.values_list("code", "id"))


def department_ids_by_code() -> dict[str, int]:
    """Code → id of every department."""
    return dict(Department.objects.values_list("code", "id"))


def named_subjects(user: Any) -> QuerySet[Subject]:
    """The subjects whose names ``user`` may read: all places, and enterprises (with their establishments) within the user's reach."""
    found = Subject.objects.select_related("parent", "county")
    if user.sees_all:
        return found
    single = [Subject.Kind.ENTERPRISE, Subject.Kind.ESTABLISHMENT]
    return found.filter(~Q(kind__in=single) | Q(pk__in=user.own_subject_ids))
