"""Worked cases of the shipped checks: each check has one that raises it and one that must not, at, under and over its edges.

A case names the check, the form and the period, and the cells. ``last`` gives a cell's values of the last months, this one last; ``wave``
(middle, spread in percent, months) what it was before. ``say`` is a list of words of the findings; without it nothing must be found;
``silent`` are words of the reason why the check says nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.core.checks import Group, Return, run
from shuangkong.core.forms import compute
from shuangkong.core.periods import Period
from shuangkong.rulebook import current
from shuangkong.rulebook.checks import catalogue
from shuangkong.rulebook.forms import Forms
from shuangkong.rulebook.limits import energy_limits

FILES = sorted((Path(__file__).parent / "check_cases").glob("*.yaml"))


def merged(value: Any) -> Any:
    """Every scalar stays text, so the loader leaves ``<<`` to us."""
    if isinstance(value, list):
        return [merged(each) for each in value]
    if isinstance(value, dict):
        base = merged(value["<<"]) if "<<" in value else {}
        return {**base, **{key: merged(each) for key, each in value.items() if key != "<<"}}
    return value


CASES = [merged(case) for path in FILES for case in yaml.load(path.read_text("utf-8"), yaml.BaseLoader)]
FORMS = Forms.load()


def months_before(period: Period, count: int) -> list[Period]:
    end = period.start.year * 12 + period.start.month - 1
    return [Period.month(at // 12, at % 12 + 1) for at in range(end - count, end)]


def waved(case: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each cell's values over time, this period's last."""
    found: dict[str, list[str]] = {}
    for address, (middle, spread, count) in case.get("wave", {}).items():
        chance = random.Random(address)
        values = [Decimal(middle) * (1 + Decimal(spread) / 100 * Decimal(str(chance.uniform(-1, 1)))) for _ in range(int(count))]
        found[address] = [str(round(value, 2)) for value in values]
    for address, values in case.get("last", {}).items():
        found[address] = [*found.get(address, []), *values]
    return found


def returned(case: Mapping[str, Any]) -> Return:
    period = Period.parse(case["period"])
    form = FORMS.of(case["form"], period)
    over_time = waved(case)
    cells = {**case.get("cells", {}), **{address: values[-1] for address, values in over_time.items()}}
    longest = max((len(values) for values in over_time.values()), default=1)
    rows = [
        (each, {address: values[at - longest] for address, values in over_time.items() if longest - at <= len(values)})
        for at, each in enumerate(months_before(period, longest - 1))
    ]
    history = [(Period.parse(key), values) for key, values in case.get("history", {}).items()] or rows
    limits = {product: row.limit for product in case.get("limits", []) if (row := energy_limits().of(product, "kgce/t", period.end))}
    return Return(
        form, "x", period, compute(form, cells), case.get("previous") or dict(history[-1][1] if history else {}) or None,
        case.get("year_ago") or (dict(history[-12][1]) if len(history) >= 12 else None), history, case.get("peers", ()),
        {address: Decimal(value) for address, value in case.get("metered", {}).items()},
        {address: Decimal(value) for address, value in case.get("issued", {}).items()}, limits, case.get("before_return"),
    )  # fmt: skip


def grouped(case: Mapping[str, Any]) -> Group:
    period = Period.parse(case["period"])
    form = FORMS.of(case["form"], period)
    filed = {code: compute(form, cells or {}) for code, cells in case["filed"].items()}
    return Group(form, period, case["expected"], filed, compute(form, case["whole"]) if "whole" in case else None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['check']} {case['name']}")
def test_case(case: dict[str, Any]) -> None:
    check = catalogue().number(case["check"])
    assert check is not None
    of = grouped(case) if "expected" in case else returned(case)
    on = of.period.end
    outcome = run([check], of, lambda rule: current().at(rule, "cn", on).value)
    said = [finding.saw for finding in outcome.findings]
    if "say" not in case:
        assert said == []
    else:
        assert said, outcome.silent
        assert [words for words in case["say"] if not any(words in each for each in said)] == []
        assert all(finding.why_odd and finding.settle for finding in outcome.findings)
    assert case.get("silent", "") in outcome.silent.get(check.number, "")
    assert ("silent" in case) == bool(outcome.silent)


def test_each_check_has_a_case_that_raises_it_and_one_that_must_not() -> None:
    raised = {case["check"] for case in CASES if "say" in case}
    quiet = {case["check"] for case in CASES if "say" not in case and "silent" not in case}
    numbers = {check.number for check in catalogue()}
    assert (numbers - raised, numbers - quiet) == (set(), set())
