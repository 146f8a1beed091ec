"""The catalogue of checks: the shipped one, what it names exists, and one folder per mistake with the words of its error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shuangkong.core.checks import REGISTERED, Check
from shuangkong.core.errors import RulebookError
from shuangkong.rulebook import current
from shuangkong.rulebook.checks import Catalogue, catalogue
from shuangkong.rulebook.forms import Forms

BROKEN = Path(__file__).parent / "broken_checks"
HEAD = """checks:
  - {{number: X1, title: 名, text: 文, kind: true, severity: notice, why_odd: 怪, settle: 了结, applies_from: 2026-01-01,
     source: {{number: 平台规则, locator: 试}}, evidence: design, {rest}}}
"""


def written(folder: Path, rest: str) -> Catalogue:
    (folder / "x.yaml").write_text(HEAD.format(rest=rest), encoding="utf-8")
    return Catalogue.load(folder)


@pytest.mark.parametrize("folder", sorted(BROKEN.iterdir()), ids=lambda folder: folder.name)
def test_a_mistake_is_named_with_file_check_and_reason(folder: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        Catalogue.load(folder, current().parameters)
    for words in (folder / "error.txt").read_text(encoding="utf-8").splitlines():
        assert words in str(caught.value)


def test_the_shipped_checks_name_rules_forms_and_cells_that_exist() -> None:
    shipped = Catalogue.load(rules=current().parameters)
    forms = Forms.load()
    shipped.check_against([form for name in forms.ids() for form in forms.editions_of(name)])
    assert len(shipped) > 25
    assert {check.kind for check in shipped} == {"complete", "accurate", "true"}
    assert shipped.number("T01") is not None
    assert shipped.number("nothing") is None


def test_every_registered_check_is_used() -> None:
    assert set(REGISTERED) == {check.function for check in catalogue()} - {""}


def test_the_shipped_catalogue_is_read_once() -> None:
    assert catalogue() is catalogue()
    assert isinstance(catalogue()[0], Check)
    assert [check.number for check in catalogue()] == sorted(check.number for check in catalogue())


def test_dates_and_the_switch_are_read(tmp_path: Path) -> None:
    check = written(tmp_path, "check: gaps, on: no, applies_to: 2027-01-01")[0]
    assert (check.on, check.applies_to) == (False, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("check: gaps, forms: [nowhere]", "没有报表“nowhere”"),
        ("forms: [key_unit_month], expression: consumption.wood.consumed > 0, saw: 看到", "没有“consumption.wood.consumed”"),
        ("forms: [key_unit_month], check: hours_fit, parameters: {table: gone, hours: hours, made: amount}", "没有表“gone”"),
        ("forms: [key_unit_month], check: just_below, parameters: {cells: [a.b.c], lines: ['1'], within_percent: '1'}", "没有“a.b.c”"),
        (
            "forms: [key_unit_month], check: just_below, parameters: {cells: [consumption.wood.*], lines: ['1'], within_percent: '1'}",
            "没有“consumption.wood.*”",
        ),
    ],
)
def test_a_form_or_cell_that_is_not_there_is_named(tmp_path: Path, rest: str, words: str) -> None:
    made = written(tmp_path, rest)
    forms = Forms.load()
    with pytest.raises(RulebookError) as caught:
        made.check_against([form for name in forms.ids() for form in forms.editions_of(name)])
    assert words in str(caught.value)
