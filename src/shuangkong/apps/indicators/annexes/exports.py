"""The annex tables out as workbooks, with the columns that officials use: what comes out goes in again and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import Table
from shuangkong.apps.indicators.annexes.columns import FORMS, columns_of
from shuangkong.apps.indicators.annexes.kinds import POLLUTANTS
from shuangkong.apps.indicators.annexes.lines import write_main
from shuangkong.apps.indicators.models import HANDED_DOWN, Target
from shuangkong.apps.indicators.targets.selectors import visible
from shuangkong.apps.plans.models import Annex, Plan
from shuangkong.core.targets import annual_decline_percent

_HUNDRED = Decimal(100)
INDUSTRIES = 4


def annex(user: Any, arguments: dict[str, str]) -> Table | None:
    """The table ``number`` of ``plan`` (in ``form``), as far as the reader may see it; None where there is no such table, or nothing of it
    that the reader may see."""
    plan = Plan.objects.filter(code=arguments.get("plan", "")).select_related("subject").first()
    number = int(arguments["number"]) if arguments.get("number", "") in ("1", "2", "3", "4") else 0
    if plan is None or number not in FORMS:
        return None
    found = visible(user).filter(HANDED_DOWN, plan=plan, annex=number)
    targets = list(found.order_by("action__number", "subject__position", "subject__code", "indicator__position", "pk"))
    form = arguments.get("form", "")
    rows = list(_ROWS[number](targets, form))
    if not rows and not user.sees_all:
        return None
    title = Annex.objects.filter(plan=plan, number=number).values_list("title", flat=True).first() or FORMS[number][""]
    headings = [*_headings(number, form, plan), *([_("行业")] if number == INDUSTRIES else []), _("方案")]
    return Table(title, headings, [[*row, plan.period_name] for row in rows], len(rows))


def _headings(number: int, form: str, plan: Plan) -> list[str]:
    """The official columns; in annex 4 with the plan's own years."""
    years = {"2020年实际值": f"{plan.base_year}年实际值", "2025年目标值": f"{plan.last_year}年目标值"}
    return [years.get(column, column) for column in columns_of(number, form)]


def _actions(targets: list[Target], form: str) -> Iterator[list[Any]]:
    for position, target in enumerate(targets, 1):
        details = target.details
        action = target.action.name if target.action else ""
        yield [position, action, write_main(target), *(details.get(key, "") for key in ("task", "leads", "supports", "due"))]


def _places(targets: list[Target], form: str) -> Iterator[list[Any]]:
    for target in targets:
        name, number = target.subject.name, target.number
        if form == "simple":
            yield [name, number]
        elif form == "absolute":
            yield [name, target.base_value, *_ends(target), number, _annual(target)]
        else:
            yield [name, number, target.incentive]


def _ends(target: Target) -> list[Decimal | None]:
    """The intensity of the target year, with as many digits as the base year's."""
    if target.base_value is None or target.number is None:
        return [None]
    step = Decimal(1).scaleb(min(0, int(target.base_value.as_tuple().exponent)))
    return [(target.base_value * (_HUNDRED - target.number) / _HUNDRED).quantize(step, ROUND_HALF_UP)]


def _annual(target: Target) -> Decimal | None:
    if target.number is None:
        return None
    return annual_decline_percent(target.number, target.last - target.first).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _pollutants(targets: list[Target], form: str) -> Iterator[list[Any]]:
    by_place: dict[str, dict[str, Decimal | None]] = {}
    for target in targets:
        by_place.setdefault(target.subject.name, {})[target.indicator.code] = target.number
    for name, numbers in by_place.items():
        yield [name, *(numbers.get(f"{code}_reduction_t") for code in POLLUTANTS)]


def _industries(targets: list[Target], form: str) -> Iterator[list[Any]]:
    for target in targets:
        change = None
        if target.number is not None and target.base_value:
            change = ((target.number - target.base_value) / target.base_value * _HUNDRED).quantize(Decimal("0.1"), ROUND_HALF_UP)
        said = target.words if target.number is None else target.number
        yield [target.indicator.name, target.indicator.unit, target.base_value, said, change, target.industry]


_ROWS = {1: _actions, 2: _places, 3: _pollutants, 4: _industries}
