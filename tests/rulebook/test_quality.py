"""The catalogue of quality rules: what ships is whole and documented, what is broken is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shuangkong.core.errors import RulebookError
from shuangkong.core.quality import REGISTERED, ready
from shuangkong.rulebook import current
from shuangkong.rulebook.quality import SHIPPED, QualityRules, quality_rules

BROKEN = Path(__file__).parent / "broken_quality"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"


@pytest.mark.parametrize("folder", sorted(BROKEN.iterdir()), ids=lambda folder: folder.name)
def test_a_mistake_is_named_with_file_rule_and_reason(folder: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        QualityRules.load(folder, current().parameters)
    for words in (folder / "error.txt").read_text(encoding="utf-8").splitlines():
        assert words in str(caught.value)


def test_the_shipped_rules_use_every_function_and_name_rows_that_exist() -> None:
    shipped = QualityRules.load(rows=current().parameters)
    assert {rule.function for rule in shipped} == set(REGISTERED)
    assert [rule.number for rule in shipped] == sorted(rule.number for rule in shipped)
    assert shipped[0] is shipped.number(shipped[0].number)
    assert shipped.number("Q99") is None
    assert len(shipped) == len(quality_rules())


def test_the_parameters_of_every_rule_can_be_read_with_the_rows_in_force() -> None:
    book = current().book("cn")
    found = ready(quality_rules(), lambda name: book.at(name, "cn", date(2026, 11, 26)).value)
    assert next(each.parameters for each in found if each.rule.number == "Q03").hours == 20  # type: ignore[attr-defined]


def test_a_rule_may_end_and_be_switched_off(tmp_path: Path) -> None:
    text = (SHIPPED / "physics.yaml").read_text(encoding="utf-8")
    day = "applies_from: 2000-01-01"
    (tmp_path / "x.yaml").write_text(text.replace(day, f"{day}\n  applies_to: 2027-01-01\n  on: no"), encoding="utf-8")
    rule = QualityRules.load(tmp_path)[0]
    assert (rule.applies_to, rule.on) == (date(2027, 1, 1), False)


def test_the_page_says_what_each_rule_looks_for() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for rule in quality_rules():
        assert f"| {rule.number} | {rule.title} |" in page
