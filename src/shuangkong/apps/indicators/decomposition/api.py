"""Decompositions over HTTP: versions with their shares, as far as the caller may see them. Nothing is computed here."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema

from shuangkong.apps.indicators.decomposition import selectors
from shuangkong.apps.indicators.decomposition.models import Decomposition
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, number_text, part_of

decompositions_router = Router()


class VersionLine(Schema):
    """One version of a target shared out."""

    id: int
    plan: str
    indicator: str
    number: int
    state: str
    document: str
    invented: bool

    @staticmethod
    def resolve_plan(version: Decomposition) -> str:
        """The code."""
        return version.plan.code

    @staticmethod
    def resolve_indicator(version: Decomposition) -> str:
        """The code."""
        return version.indicator.code

    @staticmethod
    def resolve_invented(version: Decomposition) -> bool:
        """Whether it rests on invented figures."""
        return version.demonstration


class SharePart(Schema):
    """What one factor put into a region's ability."""

    factor: str
    amount: str
    given: str | None


class ShareOfRegion(Schema):
    """What one region carries and why; ``held`` names the bound that holds it."""

    region: str
    rounded: str | None
    exact: str | None
    held: str
    ability: str | None
    parts: list[SharePart]


class VersionsAnswer(PageAnswer):
    """Versions, newest first."""

    items: list[VersionLine]


class VersionAnswer(Answer):
    """One version with the shares that the caller may see, and the city's figures."""

    version: VersionLine
    city: dict[str, str]
    shares: list[ShareOfRegion]
    problem: dict[str, str]


@decompositions_router.get("", response=answers(VersionsAnswer), summary="目标分解")
def decompositions(request: HttpRequest, paging: Query[Paging], plans: str = "", codes: str = "") -> dict[str, Any]:
    """The versions that the caller may see."""
    found = selectors.visible(request.user).order_by("-id")
    for column, text in (("plan__code", plans), ("indicator__code", codes)):
        if text:
            found = found.filter(**{f"{column}__in": [part for part in text.split(",") if part]})
    return part_of(found, paging)


@decompositions_router.get("/{int:decomposition_id}", response=answers(VersionAnswer), summary="一版目标分解")
def decomposition(request: HttpRequest, decomposition_id: int) -> dict[str, Any]:
    """One version; a county's people get their own share only."""
    page = selectors.version_page(request.user, decomposition_id)
    if page is None:
        raise Http404
    shares = [
        {
            "region": line.code, "rounded": number_text(line.rounded), "exact": number_text(line.exact), "held": line.held,
            "ability": number_text(line.score),
            "parts": [{"factor": p.word, "amount": number_text(p.amount), "given": number_text(p.given)} for p in line.parts],
        }
        for line in page.lines
    ]  # fmt: skip
    city = {name: number_text(value) for name, value in page.facts.items()}
    return {"version": page.version, "city": city, "shares": shares, "problem": page.problem}
