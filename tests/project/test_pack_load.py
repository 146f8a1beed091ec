"""The shipped packs hold what the plan says, and loading them again changes nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans import selectors
from shuangkong.apps.plans.models import Annex, Clause, Duty, Obligation, Plan
from shuangkong.project.packs.checking import check_pack
from shuangkong.project.packs.loading import load_pack

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PACKS = Path(__file__).resolve().parents[2] / "packs"


@pytest.mark.parametrize("name", ["chenzhou", "provinces-2020"])
def test_a_shipped_pack_has_no_fault(name: str) -> None:
    assert check_pack(PACKS / name)[1] == []


def test_the_plan_of_chenzhou_is_whole(db: None) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    assert Clause.objects.count() == 15
    assert Duty.objects.count() == 121
    assert Obligation.objects.count() == 25
    assert Department.objects.count() == 30
    assert Annex.objects.filter(published=False).count() == 4
    assert Subject.objects.filter(kind="county").count() == 11
    assert Target.objects.unscoped("test").count() == 7
    assert Target.objects.unscoped("test").filter(number__isnull=True).exclude(words="").count() == 2
    assert {zone.county.name for zone in Subject.objects.filter(kind="zone")} == {"苏仙区", "北湖区"}
    assert Subject.objects.get(kind="unallocated").name == "不分县"


def test_no_lead_is_invented_and_three_lead_together(db: None) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    leads = {clause.code: clause.duties.filter(role="lead").count() for clause in Clause.objects.all()}
    assert {code for code, count in leads.items() if count == 0} == {"2.4", "2.5", "2.6", "2.7", "2.8", "3.3"}
    assert leads["2.3"] == 3


def test_each_clause_is_implemented_by_counties_and_zones(db: None) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    for clause in selectors.clauses(Plan.objects.get(code="cz-14")):
        assert {duty.department.code for duty in clause.duties.all() if duty.role == "implement"} == {"counties", "hitech", "etdz"}


def test_clauses_come_with_their_owners_in_three_queries(db: None, django_assert_num_queries: object) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    plan = Plan.objects.get(code="cz-14")
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert sum(len(clause.duties.all()) + len(clause.obligations.all()) for clause in selectors.clauses(plan)) == 146


def test_loading_twice_changes_nothing(db: None) -> None:
    first = load_pack(PACKS / "chenzhou", now=NOW)
    entries, batches, rows = Entry.objects.count(), _count(Batch), _count(Row)
    second = load_pack(PACKS / "chenzhou", now=NOW)
    assert all(change.created for change in first.changes.values())
    assert all(change.created == change.updated == 0 for change in second.changes.values())
    assert (Entry.objects.count(), _count(Batch), _count(Row)) == (entries, batches, rows)
    assert min(entries, batches, rows) > 0


def _count(model: type[Batch | Row]) -> int:
    return model.objects.unscoped("test").count()


def test_statistics_are_published_and_say_how_they_were_seen(db: None) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    rows = Row.objects.unscoped("test").filter(subject__code="431000", measure="gdp")
    assert {row.origin for row in rows} == {"published"}
    assert {row.demonstration for row in rows} == {False}
    by_year = {row.period_start.year: row for row in rows if row.period_kind == "year"}
    assert by_year[2021].quantity == 27_700_800
    assert by_year[2021].document == "新浪财经《湖南14市州GDP排行出炉》2022-02-11"
    assert by_year[2021].remark == "转载，待核实"
    assert by_year[2020].remark == "凭记忆录入，待核实"


def test_no_citation_is_an_address(db: None) -> None:
    for name in ("chenzhou", "provinces-2020"):
        load_pack(PACKS / name, now=NOW)
    shown = [f"{row.document} {row.remark}" for row in Row.objects.unscoped("test")]
    assert len(shown) > 150
    assert [text for text in shown if "http" in text or "www." in text or ".com" in text] == []


def test_thirty_provinces_with_growth_and_change(db: None) -> None:
    load_pack(PACKS / "provinces-2020", now=NOW)
    rows = Row.objects.unscoped("test").filter(subject__kind="province")
    counts = {measure: rows.filter(measure=measure).count() for measure in ("energy_growth", "energy_intensity_change", "gdp_growth")}
    assert counts == {"energy_growth": 30, "energy_intensity_change": 30, "gdp_growth": 30}
    assert {row.remark.partition("；")[0] for row in rows.filter(measure="gdp_growth")} == {"凭记忆录入，待核实"}


def test_a_corrected_statistic_supersedes_and_an_old_one_does_not_come_back(db: None, tmp_path: Path) -> None:
    folder = shutil.copytree(PACKS / "provinces-2020", tmp_path / "provinces-2020")
    load_pack(folder, now=NOW)
    path = folder / "statistics" / "provinces.csv"
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace("110000,energy_growth,2020,-8.1", "110000,energy_growth,2020,-8.2"), encoding="utf-8")
    change = load_pack(folder, now=NOW).changes["statistics/provinces.csv"]
    assert (change.created, change.updated, change.unchanged) == (0, 1, 89)
    newest = Row.objects.unscoped("test").get(supersedes__isnull=False)
    assert (newest.rate, newest.supersedes.rate) == (Decimal("-8.2"), Decimal("-8.1"))
    path.write_text(old, encoding="utf-8")
    assert load_pack(folder, now=NOW).changes["statistics/provinces.csv"].unchanged == 90


def test_a_changed_row_is_written_with_what_it_was(db: None) -> None:
    load_pack(PACKS / "chenzhou", now=NOW)
    Department.objects.filter(code="drc").update(full_name="旧名")
    assert load_pack(PACKS / "chenzhou", now=NOW).changes["departments"].updated == 1
    entry = Entry.objects.order_by("-id").first()
    assert entry is not None
    assert "旧名" in entry.payload
    assert Department.objects.get(code="drc").full_name == "郴州市发展和改革委员会"


def test_an_interrupted_load_leaves_nothing_behind(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(batch_id: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shuangkong.apps.ledger.loading.batch_root", killed)
    with pytest.raises(KeyboardInterrupt):
        load_pack(PACKS / "provinces-2020", now=NOW)
    assert (_count(Batch), _count(Row)) == (1, 90)
    assert not accepted().unscoped("test").exists()
    monkeypatch.undo()
    load_pack(PACKS / "provinces-2020", now=NOW)
    assert (_count(Batch), _count(Row)) == (1, 90)
    assert accepted().unscoped("test").count() == 90
