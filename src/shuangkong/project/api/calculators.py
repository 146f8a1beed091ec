"""Calculators over HTTP: the same JSON as ``shuangkong calc``."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui.api import Answer, answers
from shuangkong.calculators import CALCULATORS
from shuangkong.calculators.definition import Calculator
from shuangkong.calculators.runner import run_json
from shuangkong.core.errors import InputError

router = Router()
MOST_ITEMS = 1000
_ITEM = {"type": "object", "description": "输入；字段见该计算器的 inputs", "additionalProperties": True}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_ITEM, {"type": "array", "items": _ITEM, "maxItems": MOST_ITEMS}]}}},
    }
}


class CalculatorsAnswer(Answer):
    """All calculators, as ``calc list --json`` prints them."""

    items: list[dict[str, Any]]


class CalculatorAnswer(Answer):
    """One calculator with the JSON schemas of its input and output and an example, as ``calc show --json`` prints it."""

    id: str
    titles: dict[str, str]
    basis: list[str]
    applies_from: str | None
    applies_to: str | None
    formula: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    example: dict[str, Any]


def _calculator(identifier: str) -> Calculator:
    found = next((calculator for calculator in CALCULATORS if calculator.id == identifier), None)
    if found is None:
        raise Http404
    return found


@router.get("", response=answers(CalculatorsAnswer), summary="计算器")
def calculators(request: HttpRequest) -> dict[str, Any]:
    """Every calculator."""
    return {"items": [calculator.summary() for calculator in CALCULATORS]}


@router.get("/{identifier}", response=answers(CalculatorAnswer), summary="一个计算器的输入与输出")
def calculator(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """One calculator."""
    return _calculator(identifier).schemas()


@router.post("/{identifier}/run", response=answers(dict[str, Any] | list[dict[str, Any]]), openapi_extra=_BODY, summary="运行计算器")
def run(request: HttpRequest, identifier: str) -> Any:
    """One object in, one result out; a list in, a list out, with ``error`` in the place of a bad item. Decimals keep every digit."""
    chosen = _calculator(identifier)
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(_("正文不是 UTF-8 文本"), where="body", why=str(error)) from None
    results = run_json(chosen.id, text, on=request.today, rulebook=current_rulebook())
    if isinstance(results, list) and len(results) > MOST_ITEMS:
        raise InputError(_("一次给得太多"), where="body", why=_("最多{n}组").format(n=MOST_ITEMS), do=_("分几次"))
    return results
