"""The runner: which checks serve, gravest first, and why the others say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shuangkong.core.checks import Check, Group, Kind, Severity, compiled, model_of, run
from shuangkong.core.errors import InputError

from .kit import FORM, SEPTEMBER, of


def check(number: str, **fields: Any) -> Check:
    made = Check(
        number, "名", "文", Kind.ACCURATE, Severity.NOTICE, "怪在哪里", "如何了结", "平台规则 试", "design", date(2020, 1, 1)
    )
    return replace(made, **fields)


MORE = check("B", expression=compiled("use.coal.used <= use.coal.bought"), saw="消费{use.coal.used}大于购进{use.coal.bought}。")
JUST = check(
    "A", function="just_below", severity=Severity.EXPLAIN,
    parameters={"cells": ["use.coal.used"], "lines": ["rule:the.line"], "within_percent": 1},
)  # fmt: skip
ABSENT = check("C", function="not_filed")
CELLS = {"use.coal.used": "99.5", "use.coal.bought": "50"}


def at(rule: str) -> str:
    return {"the.line": "100"}[rule]


def test_findings_say_what_why_and_how_to_settle_the_gravest_first() -> None:
    outcome = run([MORE, JUST, ABSENT], of(CELLS), at)
    assert [(each.check, each.severity) for each in outcome.findings] == [("A", "explain"), ("B", "notice")]
    last = outcome.findings[1]
    assert last.saw == "消费99.5大于购进50。"
    assert last.addresses == ("use.coal.used", "use.coal.bought")
    assert (last.why_odd, last.settle) == ("怪在哪里", "如何了结")
    assert outcome.silent == {}


def test_what_does_not_apply_says_why() -> None:
    outcome = run([MORE, JUST], of({"use.coal.used": "5"}), at, frozenset({"A"}))
    assert outcome.findings == ()
    assert outcome.silent == {"A": "已按记录停用", "B": "有格没有填：bought"}
    assert run([MORE], of({"use.coal.used": "5", "use.coal.bought": "5"}), at).findings == ()


@pytest.mark.parametrize(
    "fields",
    [{"on": False}, {"forms": ("other",)}, {"applies_from": date(2026, 10, 1)}, {"applies_to": date(2026, 9, 30)}],
)
def test_a_check_that_does_not_serve(fields: dict[str, Any]) -> None:
    outcome = run([replace(MORE, **fields)], of(CELLS), at)
    assert (outcome.findings, outcome.silent) == ((), {})


@pytest.mark.parametrize("fields", [{"forms": ("small",)}, {"applies_from": date(2026, 9, 30)}, {"applies_to": date(2026, 10, 1)}])
def test_a_check_that_serves_on_its_last_and_first_day(fields: dict[str, Any]) -> None:
    assert run([replace(MORE, **fields)], of(CELLS), at).findings


def test_a_region_is_asked_by_checks_for_regions_alone() -> None:
    group = Group(FORM, SEPTEMBER, {"a": "甲厂"}, {})
    assert [each.check for each in run([MORE, JUST, ABSENT], group, at).findings] == ["C"]
    assert ABSENT.group
    assert not MORE.group


def test_parameters_are_checked() -> None:
    with pytest.raises(InputError, match="percent") as caught:
        model_of("fill_rate", {"percent": "many"}, at)
    assert "fill_rate" in str(caught.value)
    with pytest.raises(InputError, match="wrong"):
        model_of("fill_rate", {"percent": "1", "wrong": "1"}, at)
    assert model_of("narrow_pass", {"within_percent": "rule:the.line"}, at).model_dump()["within_percent"] == 100
