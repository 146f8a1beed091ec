"""The vocabulary of states: one shape, colour and word each; a level only where there is one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shuangkong.apps.ui import bullets, statuses
from shuangkong.core.figures import Status

LOOK = Path(statuses.__file__).parent / "static" / "ui" / "look.css"


def level(code: str, severity: int | None, words: str = "", status: str = "ok") -> Any:
    return SimpleNamespace(indicator=SimpleNamespace(code=code), severity=severity, words=words, status=status, value=severity)


def test_every_state_has_a_shape_in_the_style_sheet() -> None:
    css = LOOK.read_text(encoding="utf-8")
    classes = {state.css for state in statuses.VOCABULARY.values()} | set(statuses.NATIONAL.values()) | set(statuses.CITY.values())
    assert [name for name in sorted(classes) if f".{name} {{ --m:" not in css and f".{name}, " not in css] == []


def test_data_states_are_those_of_core_with_its_words() -> None:
    assert {status.value: status.label for status in Status} == {code: str(state.word) for code, state in statuses.DATA.items()}


@pytest.mark.parametrize(
    ("code", "severity", "css"),
    [
        ("warning_national", 1, "st-1"), ("warning_national", 2, "st-2"), ("warning_national", 3, "st-3"),
        ("warning_city", 1, "st-1"), ("warning_city", 2, "st-2"), ("warning_city", 3, "st-w"), ("warning_city", 4, "st-3"),
    ],
)  # fmt: skip
def test_severity_decides_the_class_in_each_scheme(code: str, severity: int, css: str) -> None:
    assert statuses.level(level(code, severity, "某级")) == f'<span class="st {css}">某级</span>'


def test_a_missing_figure_has_no_level_and_a_rated_one_may_be_said_short() -> None:
    assert "缺报" in statuses.level(level("warning_national", None, status="missing"))
    assert "不评级" in statuses.level(None)
    assert statuses.level(level("warning_national", 1, "一级 十分严峻"), short=True) == '<span class="st st-1">一级</span>'


def test_a_deadline_is_red_from_its_last_day_on() -> None:
    today = date(2026, 11, 24)
    assert statuses.due(date(2026, 11, 25), today) == '<span class="due">11-25</span>'
    assert statuses.due(date(2027, 1, 5), today) == '<span class="due">2027-01-05</span>'
    assert "hot" in statuses.due(today, today)
    assert "超1天" in statuses.due(date(2026, 11, 23), today)
    assert "不限期" in statuses.due(None, today)


def test_an_overdue_item_looks_overdue_whatever_its_severity() -> None:
    assert "w-late" in statuses.urgency(3, date(2026, 11, 23), date(2026, 11, 24))
    assert "w-todo" in statuses.urgency(3, date(2026, 11, 24), date(2026, 11, 24))


def test_a_bar_stays_inside_and_says_its_numbers() -> None:
    from decimal import Decimal

    bar = bullets.bullet(Decimal("184.7"), Decimal(90), "b2")
    assert 'width="110.00"' in bar
    assert 'aria-label="完成184.7%，应达到90.0%"' in bar
    assert 'width="0.00"' in bullets.bullet(Decimal(-4))
    assert "style=" not in bar


def test_a_bar_without_a_figure_is_hatched_and_says_so() -> None:
    bar = bullets.bullet(None)
    assert 'class="bul na"' in bar
    assert 'aria-label="缺报"' in bar
    assert 'class="did"' not in bar
