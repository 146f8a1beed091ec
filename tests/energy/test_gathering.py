"""Accounts gathered from rows that the database joins are those gathered row by row, whatever was filed."""

from __future__ import annotations

from datetime import date

import pytest

from shuangkong.apps.energy.account import Account
from shuangkong.apps.energy.gathering import account_of_rows, gather
from shuangkong.apps.energy.series import period_of
from shuangkong.apps.indicators.evidence import AsOf, energy_cells, energy_filings
from tests.energy.city import NOW, TODAY, Town

pytestmark = pytest.mark.django_db
Y = "2021"


@pytest.fixture
def town(db: None) -> Town:
    """Two counties with a zone over both: releases, a correction, a total beside its parts, figures of one cell known on one day."""
    town = Town("431002:北湖区", "431003:苏仙区", zones=(("CZ-HITECH", "431003"),))
    for county in ("431002", "431003"):
        town.energy(county, Y, "diesel", "terminal", 5, zone="CZ-HITECH")
        town.energy(county, Y, "diesel", "terminal", 7, zone="CZ-HITECH", industry="households")
        town.energy(county, Y, "raw_coal", "terminal", 100, industry="C26", demonstration=True)
        town.energy(county, "2021-01/09", "raw_coal", "inflow", 80, industry="")
        town.energy(county, "2021-01/09", "raw_coal", "terminal", 70, origin="reported")
    town.energy("431002", Y, "raw_coal", "terminal", 110, industry="C26", release="final", known_on="2026-02-01")
    town.energy("431003", "2021-01/09", "raw_coal", "terminal", 10, industry="")
    town.energy("431003", "2021-01/09", "raw_coal", "terminal", 4, industry="C26")
    wrong = town.energy("431003", "2021-01/09", "heat", "terminal", 3)
    town.new_batch()
    town.energy("431003", "2021-01/09", "heat", "terminal", 2, supersedes=wrong)
    town.energy("431003", "2021-01/09", "raw_coal", "inflow", 81, industry="")
    return town


def _told(account: Account) -> tuple[object, ...]:
    return account.flows, account.sectors, sorted(account.rows), account.filed, account.demonstration


def _row_by_row(place: tuple[str, int, str, str], as_of: AsOf) -> Account:
    lens, subject_id, kind, end = place
    rows = energy_cells(as_of, subject_id=subject_id, period=(kind, date.fromisoformat(end)))
    return account_of_rows([row for row in rows if row[0] == lens])


@pytest.mark.parametrize("known_on", ["2026-01-15", "2026-11-24"])
def test_joined_rows_give_the_account_of_the_rows(town: Town, known_on: str) -> None:
    as_of = AsOf(known_on=date.fromisoformat(known_on))
    accounts = gather(energy_filings(as_of))
    codes = {subject.pk: code for code, subject in town.by_code.items()}
    assert {(codes[owner], period_of(kind, end).code, lens) for lens, owner, kind, end in accounts} == {
        (place, period, "issued") for place in ("431002", "431003") for period in ("2021", "2021-01/09")
    } | {("CZ-HITECH", "2021", "issued"), ("431002", "2021-01/09", "reported"), ("431003", "2021-01/09", "reported")}
    for place, filed in accounts.items():
        assert _told(filed.account) == _told(_row_by_row(place, as_of))


def test_a_later_release_stands_for_an_earlier_one_and_a_zone_has_the_rows_of_both_counties(town: Town) -> None:
    accounts = {(lens, owner, period_of(kind, end).code): account for (lens, owner, kind, end), account in _gathered().items()}
    revised = accounts["issued", town.by_code["431002"].pk, Y]
    assert revised.flows["raw_coal"] == {"terminal": 110 * 10**6}
    assert not revised.demonstration
    assert accounts["issued", town.by_code["CZ-HITECH"].pk, Y].flows == {"diesel": {"terminal": 24 * 10**6}}
    beside = accounts["issued", town.by_code["431003"].pk, "2021-01/09"]
    assert beside.flows == {"raw_coal": {"inflow": 81 * 10**6, "terminal": 10 * 10**6}, "heat": {"terminal": 2 * 10**6}}
    assert beside.sectors["C26"] == {"raw_coal": 4 * 10**6}


def test_rows_of_batches_that_do_not_count_are_left_out_one_by_one(town: Town) -> None:
    before = {place: _told(account) for place, account in _gathered().items()}
    for left_out in ({"applied_at": None}, {"withdrawn_at": NOW}, {"applied_at": None}):
        town.new_batch(**left_out)
        town.energy("431002", Y, "heat", "terminal", 1)
        town.new_batch()
    assert {place: _told(account) for place, account in _gathered().items()} == before
    town.energy("431002", Y, "heat", "terminal", 1)
    assert {place: _told(account) for place, account in _gathered().items()} != before


def _gathered() -> dict[tuple[str, int, str, str], Account]:
    return {place: filed.account for place, filed in gather(energy_filings(AsOf(known_on=TODAY))).items()}
