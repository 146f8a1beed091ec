"""Subjects over HTTP: names and codes, which are public."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from shuangkong.apps.organisations import selectors
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, listed, part_of

router = Router()


class SubjectLine(Schema):
    """A subject; ``parent`` and ``county`` are codes."""

    code: str
    name: str
    kind: str
    parent: str | None
    county: str | None
    mine: bool

    @staticmethod
    def resolve_parent(subject: Subject) -> str | None:
        """The parent's code."""
        return subject.parent.code if subject.parent else None

    @staticmethod
    def resolve_county(subject: Subject) -> str | None:
        """The county's code."""
        return subject.county.code if subject.county else None

    @staticmethod
    def resolve_mine(subject: Subject, context: dict[str, Any]) -> bool:
        """Whether the caller reads its unpublished figures."""
        user = context["request"].user
        return user.sees_all or subject.pk in user.own_subject_ids


class SubjectAnswer(Answer, SubjectLine):
    """One subject."""


class SubjectsAnswer(PageAnswer):
    """Subjects in order."""

    items: list[SubjectLine]


@router.get("", response=answers(SubjectsAnswer), summary="主体：市、县市区、园区")
def subjects(request: HttpRequest, paging: Query[Paging], kinds: str = "") -> dict[str, Any]:
    """Places in order; enterprises only those within the caller's reach. ``kinds``: city, county, zone, …, parted by commas."""
    found = selectors.named_subjects(request.user)
    return part_of(found.filter(kind__in=listed(kinds)) if kinds else found, paging)


@router.get("/{code}", response=answers(SubjectAnswer), summary="一个主体")
def subject(request: HttpRequest, code: str) -> Subject:
    """One subject by its code."""
    return get_object_or_404(selectors.named_subjects(request.user), code=code)
