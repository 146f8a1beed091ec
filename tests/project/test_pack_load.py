"""The shipped packs hold what the plan says, and loading them again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans import selectors
from shuangkong.apps.plans.models import Annex, Clause, Duty, Obligation, Plan
from shuangkong.project.packs.checking import check_pack
from shuangkong.project.packs.loading import load_pack

PACKS = Path(__file__).resolve().parents[2] / "packs"


@pytest.mark.parametrize("name", ["chenzhou", "provinces-2020"])
def test_a_shipped_pack_has_no_fault(name: str) -> None:
    assert check_pack(PACKS / name)[1] == []


def test_the_plan_of_chenzhou_is_whole(db: None) -> None:
    load_pack(PACKS / "chenzhou")
    assert Clause.objects.count() == 15
    assert Duty.objects.count() == 121
    assert Obligation.objects.count() == 25
    assert Department.objects.count() == 30
    assert Annex.objects.filter(published=False).count() == 4
    assert Subject.objects.filter(kind="county").count() == 11
    assert {zone.county.name for zone in Subject.objects.filter(kind="zone")} == {"苏仙区", "北湖区"}
    assert Subject.objects.get(kind="unallocated").name == "不分县"


def test_no_lead_is_invented_and_three_lead_together(db: None) -> None:
    load_pack(PACKS / "chenzhou")
    leads = {clause.code: clause.duties.filter(role="lead").count() for clause in Clause.objects.all()}
    assert {code for code, count in leads.items() if count == 0} == {"2.4", "2.5", "2.6", "2.7", "2.8", "3.3"}
    assert leads["2.3"] == 3


def test_each_clause_is_implemented_by_counties_and_zones(db: None) -> None:
    load_pack(PACKS / "chenzhou")
    for clause in selectors.clauses(Plan.objects.get()):
        assert {duty.department.code for duty in clause.duties.all() if duty.role == "implement"} == {"counties", "hitech", "etdz"}


def test_clauses_come_with_their_owners_in_three_queries(db: None, django_assert_num_queries: object) -> None:
    load_pack(PACKS / "chenzhou")
    plan = Plan.objects.get()
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert sum(len(clause.duties.all()) + len(clause.obligations.all()) for clause in selectors.clauses(plan)) == 146


def test_loading_twice_changes_nothing(db: None) -> None:
    first = load_pack(PACKS / "chenzhou")
    entries = Entry.objects.count()
    second = load_pack(PACKS / "chenzhou")
    assert all(change.created for change in first.changes.values())
    assert all(change.created == change.updated == 0 for change in second.changes.values())
    assert Entry.objects.count() == entries > 0


def test_a_changed_row_is_written_with_what_it_was(db: None) -> None:
    load_pack(PACKS / "chenzhou")
    Department.objects.filter(code="drc").update(full_name="旧名")
    assert load_pack(PACKS / "chenzhou").changes["departments"].updated == 1
    entry = Entry.objects.order_by("-id").first()
    assert entry is not None
    assert "旧名" in entry.payload
    assert Department.objects.get(code="drc").full_name == "郴州市发展和改革委员会"
