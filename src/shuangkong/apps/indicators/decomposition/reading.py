"""What a person entered on a page, read into a task or into figures; a wrong cell is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from shuangkong.apps.indicators.decomposition.schemes import INPUTS, Scheme
from shuangkong.apps.indicators.decomposition.solving import BOUNDS, Asked, checked_input, number_of
from shuangkong.core.errors import InputError

_BOUND_WORDS = {"lower": "下限", "upper": "上限", "locked": "锁定"}


def asked_of(query: Mapping[str, str], regions: Mapping[str, str], scheme: Scheme, on: date) -> Asked:
    """The task of the form: ``target reserve step on`` and, by region, ``lower.<code>`` … and ``try.<input>.<code>``.

    Raises:
        InputError: a cell that is no number or cannot be; says which.
    """
    words = {"target": "目标", "reserve": "机动", "step": "步长"}
    target, reserve, step = (number_of(query.get(name, ""), word) for name, word in words.items())
    if target is None or step is None:
        raise InputError("目标和步长要填", where="target")
    if step <= 0:
        raise InputError("步长必须大于 0", where="step", why=f"给出的是 {step}")
    bounds, what_if = {}, {}
    for code, label in regions.items():
        if found := _cells(query, code, BOUNDS, "", label):
            bounds[code] = found
        tried = _cells(query, code, scheme.inputs, "try.", label)
        if tried := {key: checked_input(key, value, label) for key, value in tried.items()}:
            what_if[code] = tried
    return Asked(target, reserve or Decimal(0), step, _day(query.get("on", ""), on), bounds, what_if)


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise InputError(f"“{text}”不是日期", where="on", do="写成 2026-01-01") from None


def _cells(query: Mapping[str, str], code: str, names: Iterable[str], prefix: str, label: str) -> dict[str, Decimal]:
    found = {}
    for name in names:
        word = _BOUND_WORDS.get(name) or INPUTS[name].title
        number = number_of(query.get(f"{prefix}{name}.{code}", ""), f"{label} {word}")
        if number is not None:
            found[name] = number
    return found


def figures_of(query: Mapping[str, str], codes: Iterable[str]) -> list[tuple[str, str, Decimal]]:
    """The figures of the form of inputs: (county, key, value) of each cell ``<key>.<code>`` that is filled.

    Raises:
        InputError: a cell that is no number.
    """
    found = []
    for code in codes:
        for key, kind in INPUTS.items():
            number = number_of(query.get(f"{key}.{code}", ""), f"{code} {kind.title}")
            if number is not None:
                found.append((code, key, number))
    return found
