"""The runner: which rules look, what a finding carries, what is said of those that say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from shuangkong.core.errors import InputError
from shuangkong.core.quality import Rule, Severity, look, model_of, ready
from shuangkong.core.quality.findings import KEPT
from tests.core.quality.kit import BEGIN, series, usual

NEGATIVE = Rule(
    "Q21", "负值", "不会小于零", Severity.WARN, "outside_range", "不可能", "核对量程", "平台规则 试", "design", date(2026, 1, 1),
    parameters={"hours": "rule:hours", "least": "0"},
)  # fmt: skip
ON = date(2026, 10, 9)
OF = series([*usual(192), -1, -2])


def found(rule: Rule, on: date = ON):
    return look(ready([rule], {"hours": "2"}.__getitem__), OF, on)


def test_a_finding_carries_its_evidence() -> None:
    (finding,) = found(NEGATIVE).findings
    assert (finding.rule, finding.title, finding.severity, finding.why_odd, finding.settle) == ("Q21", "负值", "warn", "不可能", "核对量程")
    assert (finding.start, finding.end) == (BEGIN + timedelta(hours=192), BEGIN + timedelta(hours=194))
    evidence = finding.evidence()
    assert evidence["values"] == [["2026-10-09T00:00:00+08:00", "-1", "N"], ["2026-10-09T01:00:00+08:00", "-2", "N"]]
    assert evidence["compared"] == {"不低于": "0毫克/升".removesuffix("毫克/升"), "不高于": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"on": False}, {"media": ("gas",)}, {"roles": ("meter",)}, {"codes": ("a19001",)}, {"applies_from": date(2026, 10, 10)},
        {"applies_to": ON},
    ],
)  # fmt: skip
def test_a_rule_looks_only_where_and_when_it_serves(change) -> None:
    assert found(replace(NEGATIVE, **change)).findings == ()
    fitting = replace(NEGATIVE, media=("water",), roles=("pollutant",), codes=("w01018",), applies_to=date(2027, 1, 1))
    assert len(found(fitting).findings) == 1


def test_a_rule_that_says_nothing_says_why() -> None:
    outcome = found(replace(NEGATIVE, function="at_limit", parameters=dict.fromkeys(
        ("hours", "band_percent", "least", "times", "chance_ppm", "past_least"), "1")))  # fmt: skip
    assert outcome == ((), {"Q21": "没有登记限值"})


def test_what_is_grave_is_an_alarm_and_long_windows_keep_their_end() -> None:
    lines = {"hours": "6", "grave_hours": "12", "load_percent": "5", "past_hours": "168", "chance_ppm": "20"}
    rule = replace(NEGATIVE, function="constant", parameters=lines | {"digits": "3", "longer": "2"})
    of = series([*usual(192), *[31.4] * 120], new=24)
    (finding,) = look(ready([rule], str), of, ON).findings
    assert finding.severity == "alarm"
    assert len(finding.values) == KEPT
    assert finding.end == BEGIN + timedelta(hours=312)
    assert found(NEGATIVE).findings[0].evidence()["why_odd"] == "不可能"
    gap = series([*usual(10), None, -1, -1])
    (kept,) = look(ready([replace(NEGATIVE, function="invalid_day", parameters={"minutes": "45", "hours": "25"})], str), replace(
        gap, hours=series([*usual(23), None]).hours, since=BEGIN), ON).findings  # fmt: skip
    assert kept.evidence()["values"][-1] == ["2026-10-01T23:00:00+08:00", None, "N"]


def test_parameters_that_cannot_be_read_are_named() -> None:
    with pytest.raises(InputError, match="参数“hours”不对"):
        model_of("outside_range", {"hours": "viele"}, str)
    with pytest.raises(InputError, match="参数“most”不对"):
        model_of("outside_range", {"hours": "1", "most": "x"}, str)
