"""Complete (全)."""

from __future__ import annotations

import pytest

from shuangkong.core.checks import Group
from shuangkong.core.checks.findings import NotApplicable
from shuangkong.core.periods import Period

from .kit import FORM, RUN, SEPTEMBER, USE, WORDS, form_of, found, months, of


def test_gaps_between_the_first_return_and_this_one() -> None:
    filed = [(period, {}) for period in months(6) if period.start.month not in (6, 7)]
    assert found("gaps", of({}, history=filed[:-1])) == ["2026年6月起有2期没有报：2026年6月、2026年7月。"]
    assert found("gaps", of({}, history=[(period, {}) for period in months(6)[:-1]])) == []
    with pytest.raises(NotApplicable, match="没有报过"):
        found("gaps", of({}))


def test_gaps_of_a_cumulative_form_go_over_the_turn_of_the_year() -> None:
    form = form_of("ytd", months=(3, 6, 9))
    history = [(Period.ytd(2025, 6), {})]
    said = found("gaps", of({}, form=form, period=Period.ytd(2026, 3), history=history))
    assert said == ["2025年1—9月起有1期没有报：2025年1—9月。"]


def test_gaps_of_years() -> None:
    said = found("gaps", of({}, form=form_of("year"), period=Period.year(2025), history=[(Period.year(2022), {})]))
    assert said == ["2023年起有2期没有报：2023年、2024年。"]


def test_a_cumulative_series_that_knows_no_months_ends_at_the_year() -> None:
    form = form_of("ytd", months=())
    assert found("gaps", of({}, form=form, period=Period.ytd(2026, 3), history=[(Period.ytd(2025, 6), {})])) == []


@pytest.mark.parametrize(("filled", "raised"), [(3, False), (2, True)])
def test_the_rate_of_cells_at_its_edge(filled: int, raised: bool) -> None:
    cells = {f"use.{line.key}.used": "1" for line in USE.lines[:filled]}
    form = form_of(tables=(USE,))
    assert bool(found("fill_rate", of(cells, form=form), percent="33.33")) is raised


def test_the_rate_counts_number_cells_that_are_no_sums() -> None:
    assert found("fill_rate", of({}, form=form_of(tables=(RUN, WORDS))), percent="1") == ["2个数字格中有2个没有填，填报率0.0%，低于1%。"]
    with pytest.raises(NotApplicable):
        found("fill_rate", of({}, form=form_of(tables=(WORDS,))), percent="1")


NAMES = {str(number): f"{number}号厂" for number in range(1, 21)}


def group(came: int) -> Group:
    return Group(FORM, SEPTEMBER, NAMES, {code: {} for code in list(NAMES)[:came]})


def test_who_has_not_filed() -> None:
    assert found("not_filed", group(20)) == []
    assert found("not_filed", group(18)) == ["2026年9月“小表”应报20家，19号厂、20号厂没有报。"]
    assert found("not_filed", group(10)) == ["2026年9月“小表”应报20家，11号厂、12号厂、13号厂、14号厂、15号厂等10家没有报。"]


@pytest.mark.parametrize(("came", "raised"), [(20, False), (19, False), (18, True)])
def test_the_filing_rate_at_its_edge(came: int, raised: bool) -> None:
    assert bool(found("filing_rate", group(came), percent="95")) is raised


def test_nobody_owes_it() -> None:
    with pytest.raises(NotApplicable):
        found("filing_rate", Group(FORM, SEPTEMBER, {}, {}), percent="95")
