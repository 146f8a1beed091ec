"""Indicators, values with their explanation, and targets over HTTP. Nothing is computed here."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from shuangkong.apps.indicators import explanation, selectors
from shuangkong.apps.indicators.models import Indicator, Target, Value
from shuangkong.apps.indicators.tables import line_at, lines_of
from shuangkong.apps.indicators.targets.paths import path, trajectory_of
from shuangkong.apps.ui.api import Answer, PageAnswer, Paging, answers, listed, number_text, part_of
from shuangkong.core.periods import Period

indicators_router = Router()
values_router = Router()
targets_router = Router()


class IndicatorLine(Schema):
    """What can be measured."""

    code: str
    name: str
    unit: str
    decimals: int
    family: str
    lower_is_better: bool
    note: str


class IndicatorsAnswer(PageAnswer):
    """Indicators in order."""

    items: list[IndicatorLine]


class IndicatorAnswer(Answer, IndicatorLine):
    """One indicator."""


class ValueFilters(Schema):
    """Which values, as pages ask: lists are parted by commas, a code that ends with ``:`` is all with that beginning. A code that is a
    line of a table gives the table.

    ``known_on`` gives the values as known on that day; ``release`` empty is the live figure, ``all`` every one.
    """

    codes: str = ""
    subjects: str = ""
    periods: str = Field("", description="2026-09、2026-01/09、2026、2026-09R12")
    basis: str = Field("", description="equivalent, calorific")
    lens: str = Field("", description="published, issued, reported")
    release: str = ""
    known_on: date | None = None


class TableLine(Schema):
    """One line of a value that is a table; ``line`` opens its explanation, ``value`` is a text in full precision or null."""

    line: int
    indicator: str
    basis: str
    value: str | None
    status: str
    invented: bool
    recalled: bool
    sentence: str


class ValueLine(Schema):
    """One value; ``value`` is a text in full precision, null when nothing is known, never zero. A table has ``lines`` instead."""

    id: int
    indicator: str
    name: str
    unit: str
    subject: str
    period: str
    basis: str
    treatment: str
    lens: str
    release: str
    value: str | None
    words: str
    severity: int | None
    status: str
    invented: bool
    recalled: bool
    sentence: str
    finding: str
    uncertainty_points: str | None
    run: int
    lines: list[TableLine]

    @staticmethod
    def resolve_lines(value: Value) -> list[dict[str, Any]]:
        """All lines of a table."""
        return [
            {"line": place, "indicator": line.code, "basis": line.basis, "value": line.value, "status": line.status,
             "invented": line.demonstration, "recalled": line.recalled, "sentence": line.sentence}
            for place, line in enumerate(lines_of(value))
        ]  # fmt: skip

    @staticmethod
    def resolve_indicator(value: Value) -> str:
        """The code."""
        return value.indicator.code

    @staticmethod
    def resolve_name(value: Value) -> str:
        """The indicator's name."""
        return value.indicator.name

    @staticmethod
    def resolve_unit(value: Value) -> str:
        """The indicator's unit."""
        return value.indicator.unit

    @staticmethod
    def resolve_subject(value: Value) -> str:
        """The code."""
        return value.subject.code

    @staticmethod
    def resolve_period(value: Value) -> str:
        """The code."""
        return value.period.code

    @staticmethod
    def resolve_value(value: Value) -> str | None:
        """In full."""
        return number_text(value.value)

    @staticmethod
    def resolve_uncertainty_points(value: Value) -> str | None:
        """In full."""
        return number_text(value.uncertainty_points)

    @staticmethod
    def resolve_invented(value: Value) -> bool:
        """Whether an invented input is in it."""
        return value.demonstration

    @staticmethod
    def resolve_run(value: Value) -> int:
        """Its number."""
        return value.run_id


class ValuesAnswer(PageAnswer):
    """Values in the order of indicator, place and period."""

    items: list[ValueLine]


class ValueAnswer(Answer, ValueLine):
    """One value."""


class InputLine(Schema):
    """One input; ``value`` is the id of the value into which it opens, ``line`` the line of it. ``hidden``: beyond the caller's reach."""

    label: str
    text: str
    value: int | None
    line: int | None
    status: str
    hidden: bool


class FiledLine(Schema):
    """Who brought rows that the figure rests on."""

    title: str
    owner: str
    document: str
    known_on: date
    rows: int


class ExplanationAnswer(Answer):
    """A value opened one level."""

    value: int
    sentence: str
    formula: str
    inputs: list[InputLine]
    rules: list[dict[str, Any]]
    filed: list[FiledLine]
    earlier: list[int]
    mismatches: list[str]
    finding: str
    notes: list[str]


class TargetLine(Schema):
    """What a plan asks of a subject: a number, or words."""

    id: int
    plan: str
    indicator: str
    subject: str
    number: str | None
    incentive: str | None
    words: str
    yearly: dict[str, Any]
    kind: str
    rank: int
    industry: str
    action: int | None
    annex: int
    base_year: int
    base_value: str | None
    target_year: int
    trajectory: str
    set_by: str
    source: str
    invented: bool

    @staticmethod
    def resolve_action(target: Target) -> int | None:
        """The number of the key action."""
        return target.action.number if target.action else None

    @staticmethod
    def resolve_base_year(target: Target) -> int:
        """Its own, else the plan's."""
        return target.first

    @staticmethod
    def resolve_base_value(target: Target) -> str | None:
        """In full."""
        return number_text(target.base_value)

    @staticmethod
    def resolve_target_year(target: Target) -> int:
        """Its own, else the plan's last."""
        return target.last

    @staticmethod
    def resolve_trajectory(target: Target) -> str:
        """The path by which it is read; empty for a target in words."""
        return trajectory_of(target).value if target.number is not None else ""

    @staticmethod
    def resolve_plan(target: Target) -> str:
        """The code."""
        return target.plan.code

    @staticmethod
    def resolve_indicator(target: Target) -> str:
        """The code."""
        return target.indicator.code

    @staticmethod
    def resolve_subject(target: Target) -> str:
        """The code."""
        return target.subject.code

    @staticmethod
    def resolve_number(target: Target) -> str | None:
        """In full."""
        return number_text(target.number)

    @staticmethod
    def resolve_incentive(target: Target) -> str | None:
        """In full."""
        return number_text(target.incentive)

    @staticmethod
    def resolve_invented(target: Target) -> bool:
        """Whether the target itself is a demonstration."""
        return target.demonstration


class PathPoint(Schema):
    """What is required at the end of a period, since the base year's end."""

    period: str
    months: int
    required: str


class PathAnswer(Answer):
    """The path of a target at the ends of the quarters."""

    target: int
    trajectory: str
    points: list[PathPoint]


class TargetsAnswer(PageAnswer):
    """Targets."""

    items: list[TargetLine]


class TargetAnswer(Answer, TargetLine):
    """One target."""


@indicators_router.get("", response=answers(IndicatorsAnswer), summary="指标")
def indicators(request: HttpRequest, paging: Query[Paging], family: str = "") -> dict[str, Any]:
    """All indicators, or those of one family."""
    found = Indicator.objects.all()
    return part_of(found.filter(family=family) if family else found, paging)


@indicators_router.get("/{code}", response=answers(IndicatorAnswer), summary="一个指标")
def indicator(request: HttpRequest, code: str) -> Indicator:
    """One indicator by its code."""
    return get_object_or_404(Indicator, code=code)


@values_router.get("", response=answers(ValuesAnswer), summary="指标值")
def values(request: HttpRequest, filters: Query[ValueFilters], paging: Query[Paging]) -> dict[str, Any]:
    """Values that the caller may see."""
    run = selectors.run_as_known(request.user, filters.known_on, request.today, request.now)
    found = selectors.filtered(
        request.user,
        run,
        codes=listed(filters.codes),
        subjects=listed(filters.subjects),
        periods=[Period.parse(text) for text in listed(filters.periods)],
        basis=filters.basis,
        lens=filters.lens,
        release=None if filters.release == "all" else filters.release,
    )
    return part_of(found, paging)


def _value(request: HttpRequest, value_id: int) -> Value:
    return get_object_or_404(Value.objects.visible_to(request.user).select_related("indicator", "subject", "run", "rule_set"), pk=value_id)


@values_router.get("/{int:value_id}", response=answers(ValueAnswer), summary="一个指标值")
def value(request: HttpRequest, value_id: int) -> Value:
    """One value."""
    return _value(request, value_id)


@values_router.get("/{int:value_id}/explanation", response=answers(ExplanationAnswer), summary="一个数怎么来的")
def explain(request: HttpRequest, value_id: int, line: int | None = None) -> dict[str, Any]:
    """A value, or one ``line`` of a table, opened one level: sentence, formula, inputs, rules, who filed it; scope holds at each line."""
    value: Value | None = _value(request, value_id)
    if value is not None and line is not None:
        value = line_at(value, line)
    if value is None:
        raise Http404
    told = explanation.explain(request.user, value)
    inputs = [
        {"label": n.label, "text": n.text, "value": n.value.pk if n.value else None, "line": n.value.line if n.value else None,
         "status": n.status, "hidden": n.hidden}
        for n in told.lines
    ]  # fmt: skip
    return {
        "value": told.value.pk, "sentence": told.sentence, "formula": told.formula, "inputs": inputs, "rules": list(told.rules),
        "filed": list(told.filed), "earlier": [value.pk for value in told.earlier], "mismatches": list(told.mismatches),
        "finding": told.finding, "notes": list(told.notes),
    }  # fmt: skip


def _targets(user: Any) -> Any:
    return Target.objects.visible_to(user).select_related("plan", "indicator", "subject", "action")


@targets_router.get("", response=answers(TargetsAnswer), summary="目标")
def targets(request: HttpRequest, paging: Query[Paging], plans: str = "", subjects: str = "", codes: str = "") -> dict[str, Any]:
    """Targets that the caller may see."""
    found = _targets(request.user)
    for column, text in (("plan__code", plans), ("subject__code", subjects), ("indicator__code", codes)):
        if text:
            found = found.filter(**{f"{column}__in": listed(text)})
    return part_of(found, paging)


@targets_router.get("/{int:target_id}", response=answers(TargetAnswer), summary="一个目标")
def target(request: HttpRequest, target_id: int) -> Target:
    """One target."""
    return get_object_or_404(_targets(request.user), pk=target_id)


@targets_router.get("/{int:target_id}/path", response=answers(PathAnswer), summary="一个目标的路径")
def target_path(request: HttpRequest, target_id: int) -> dict[str, Any]:
    """What the target requires at the end of each quarter; no points for a target in words."""
    found = get_object_or_404(_targets(request.user), pk=target_id)
    points = [{"period": p.period.code, "months": p.months, "required": number_text(p.required)} for p in path(found)]
    return {"target": found.pk, "trajectory": trajectory_of(found).value if points else "", "points": points}
