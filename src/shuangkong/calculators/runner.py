"""Runs calculators on JSON: what the command, the API and the web form have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from pydantic import ValidationError

from shuangkong.core.errors import InputError, NotInForce, ShuangkongError
from shuangkong.core.figures import RuleRow
from shuangkong.rulebook import Rulebook, current

from . import get
from .definition import Calculator, Inputs, Worksheet
from .messages import input_error

_EXACT_DIGITS = 100
_CHINA = timezone(timedelta(hours=8))


def today() -> date:
    """The civil day in China: the default of ``on``."""
    return datetime.now(_CHINA).date()


def run(
    id: str, inputs: Mapping[str, Any], *, on: date | None = None, region: str | None = None, rulebook: Rulebook | None = None
) -> dict[str, Any]:
    """The result of one calculator: ``id``, ``outputs``, ``status``, ``trace``, ``sources``; decimals are texts.

    ``on`` and ``region`` are the defaults for inputs that do not state their own: today, and the installed pack's region.

    Raises:
        InputError: an unknown calculator, or inputs that cannot be used; says which field.
        NotInForce: a rule that is needed does not apply on that day and place.
    """
    calculator = get(id)
    given = validated(calculator, inputs)
    rules = rulebook or current()
    day = given.on or on or today()
    _check_dates(calculator, day)
    sheet = Worksheet(rules, rules.book(given.region or region), day)
    with localcontext() as context:
        context.prec = _EXACT_DIGITS
        outputs = calculator.function(given, sheet)
    return {
        "id": calculator.id,
        "outputs": plain(outputs.model_dump()),
        "status": sheet.status.value,
        "demonstration": any(row.demonstration for row in sheet.sources),
        "trace": {
            "on": day.isoformat(), "region": sheet.region, "rulebook": rules.hash, "formula": calculator.formula,
            "steps": plain(sheet.steps), "notes": [*sheet.notes, *(row.warning for row in sheet.sources if row.warning)],
        },
        "sources": [source(row) for row in sheet.sources],
    }  # fmt: skip


def run_many(id: str, items: Iterable[Any], **options: Any) -> list[dict[str, Any]]:
    """One result for each item; a bad item gives ``{"error": {what, where, why, do}}`` in its place.

    Raises:
        InputError: an unknown calculator.
    """
    get(id)
    return [_result_or_error(id, item, options) for item in items]


def _result_or_error(id: str, item: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return run(id, item, **options)
    except ShuangkongError as error:
        return {"error": error_dict(error)}


def run_json(id: str, text: str, **options: Any) -> dict[str, Any] | list[dict[str, Any]]:
    """As :func:`run`, or as :func:`run_many` where the text holds a list.

    Raises:
        InputError: the text is no JSON, or as :func:`run`.
        NotInForce: as :func:`run`.
    """
    content = read_json(text)
    return run_many(id, content, **options) if isinstance(content, list) else run(id, content, **options)


def validated(calculator: Calculator, inputs: Any) -> Inputs:
    """The checked inputs.

    Raises:
        InputError: not an object, or a field is missing, unknown or cannot be used.
    """
    if not isinstance(inputs, Mapping):
        raise InputError("输入应是 JSON 对象", where="输入", why=f"给出的是 {type(inputs).__name__}", do='写成 {"字段": 值}')
    try:
        return calculator.inputs.model_validate(dict(inputs))
    except ValidationError as error:
        raise input_error(error, calculator.inputs) from None


def _check_dates(calculator: Calculator, on: date) -> None:
    starts, ends = calculator.applies_from, calculator.applies_to
    if (starts is not None and on < starts) or (ends is not None and on >= ends):
        span = f"{starts or '…'} 至 {ends or '今'}"
        raise NotInForce(f"{calculator.title_zh}在 {on} 不适用", where=calculator.id, why=f"适用期 {span}", nearest=(span,))


def read_json(text: str) -> Any:
    """The content of a JSON text with exact decimals.

    Raises:
        InputError: no JSON, NaN or Infinity, or a field twice.
    """
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise InputError("不是 JSON", where=f"第 {error.lineno} 行第 {error.colno} 列", why=error.msg) from None
    except (ValueError, RecursionError) as error:
        raise InputError("读不了这段 JSON", where="输入", why=str(error)[:200]) from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that no decimal has
        raise InputError(f"{text[:40]} 不是可用的数", where="输入", why="指数过大") from None


def _no_constant(name: str) -> Any:
    raise InputError(f"{name} 不是有限的数", where="输入", why="JSON 中没有 NaN 和 Infinity")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise InputError(f"字段“{key}”写了两次", where=key)
        content[key] = value
    return content


def plain(value: Any) -> Any:
    """``value`` with decimals as texts in full precision; zero has no sign."""
    if isinstance(value, Decimal):
        return format(value if value else abs(value), "f")
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def source(row: RuleRow) -> dict[str, str]:
    """A rule row as results list it."""
    return {
        "parameter": row.parameter, "title": row.title, "row": row.row, "region": row.region, "value": row.value, "unit": row.unit,
        "source": row.source, "evidence": row.evidence, "applies_from": row.applies_from, "applies_to": row.applies_to,
    }  # fmt: skip


def error_dict(error: ShuangkongError) -> dict[str, Any]:
    """An error as results and the API print it."""
    nearest = {"nearest": list(error.nearest)} if isinstance(error, NotInForce) else {}
    return {**error.as_dict(), **nearest}
