"""The demonstration: invented, marked, seeded, in line with what is published, and never in a live installation."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.indicators.models import Target
from shuangkong.apps.ledger.loading import NewRow
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import User
from shuangkong.apps.organisations.services import claim_installation
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.project.packs.demonstration import SIGN_INS, import_generator
from shuangkong.project.packs.loading import install_packs, load_demonstration, load_pack

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PACK = Path(__file__).resolve().parents[2] / "packs" / "chenzhou"
SUPPLY = {"opening_stock": 1, "primary_production": 1, "recovery": 1, "inflow": 1, "outflow": -1, "closing_stock": -1}
USE = {"terminal": 1, "transformation_in": 1, "transformation_out": -1, "loss": 1}


@pytest.fixture(scope="module")
def generator() -> Any:
    return import_generator(PACK / "demonstration")


@pytest.fixture(scope="module")
def rows(generator: Any) -> list[NewRow]:
    return [row for filing in generator.generate().filings for row in filing.rows]


def test_a_live_installation_refuses_anything_invented(db: None) -> None:
    pack = load_pack(PACK, now=NOW).pack
    running = Plan.objects.get(code="cz-15")
    assert (running.base_year, running.demonstration, running.document) == (2025, False, "")
    assert not Target.objects.unscoped("test").filter(plan=running).exists()
    with pytest.raises(InputError, match="正式安装不能装载演示数据"):
        load_demonstration(pack, now=NOW)
    assert not Row.objects.unscoped("test").filter(demonstration=True).exists()
    assert not User.objects.exists()


def test_a_live_database_refuses_the_demonstration(db: None, settings: Any) -> None:
    claim_installation("live")
    settings.DEMONSTRATION = True
    with pytest.raises(InputError, match="这个数据库属于正式安装"):
        install_packs([PACK], now=NOW, demonstration=True)
    assert not Row.objects.unscoped("test").exists()


def test_it_is_marked_tells_of_late_filings_and_loading_again_changes_nothing(db: None, settings: Any) -> None:
    settings.DEMONSTRATION = True
    pack = load_pack(PACK, now=NOW).pack
    first = load_demonstration(pack, now=NOW)
    _check_filings()
    before = (Entry.objects.count(), Batch.objects.unscoped("test").count(), Row.objects.unscoped("test").count(), User.objects.count())
    second = load_demonstration(pack, now=NOW)
    assert before == (
        Entry.objects.count(), Batch.objects.unscoped("test").count(), Row.objects.unscoped("test").count(), User.objects.count()
    )  # fmt: skip
    assert second.sign_ins == []
    assert {change.created + change.updated for change in second.changes.values()} == {0}
    invented = Batch.objects.unscoped("test").exclude(kind="published")
    assert {batch.title.startswith("演示：") and batch.demonstration for batch in invented} == {True}
    assert not Row.objects.unscoped("test").exclude(origin="published").filter(demonstration=False).exists()
    assert {target.demonstration for target in Target.objects.unscoped("test").filter(plan__code="cz-15")} == {True}
    assert {target.public for target in Target.objects.unscoped("test").filter(plan__code="cz-14", subject__kind="county")} == {False}
    again = load_pack(PACK, now=NOW)
    assert {change.created + change.updated for change in again.changes.values()} == {0}
    assert Plan.objects.get(code="cz-15").demonstration
    _check_sign_ins(first, Path(settings.HOME) / SIGN_INS)


def _check_filings() -> None:
    """There are late, returned and missing ones."""
    filings = list(Filing.objects.unscoped("test").select_related("subject", "batch"))
    assert {filing.demonstration for filing in filings} == {True}
    assert {filing.state for filing in filings} >= {"not_filed", "draft", "submitted", "returned", "accepted", "locked"}
    assert len({filing.subject_id for filing in filings if filing.subject.kind == "enterprise"}) == 20
    assert any(filing.first_submitted_at and filing.first_submitted_at.date() > filing.due_on for filing in filings)
    late = [filing.subject.code for filing in filings if filing.form_id == "county_energy_balance_quarter" and filing.state == "not_filed"]
    assert late == ["431027"]
    posted = [filing for filing in filings if filing.state in ("accepted", "locked") and filing.form.goes_to]
    assert len(posted) > 400
    assert all(filing.batch is not None and filing.batch.accepted for filing in posted)
    assert {filing.edition for filing in filings if filing.form_id == "key_unit_month"} == {"2025", "2026"}


def _check_sign_ins(loaded: Any, path: Path) -> None:
    assert {"fagai", "tongji", "huanjing", "gongxin", "431002", "cz-hitech", "enterprise", "reader", "admin"} <= {
        sign_in.username for sign_in in loaded.sign_ins
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for sign_in in loaded.sign_ins:
        user = User.objects.get(username=sign_in.username)
        assert user.check_password(sign_in.password)
        assert sign_in.password not in user.password
        assert user.demonstration
    assert not any(sign_in.password in entry.payload for entry in Entry.objects.all() for sign_in in loaded.sign_ins)


def test_it_is_the_same_every_time(generator: Any, rows: list[NewRow]) -> None:
    assert [row for filing in generator.generate().filings for row in filing.rows] == rows
    assert [row for filing in generator.generate(seed=1).filings for row in filing.rows] != rows


def test_it_is_as_large_as_the_cockpit_needs(rows: list[NewRow]) -> None:
    assert len({row.product for row in rows if row.measure == "energy"}) == 20
    assert len({row.subject for row in rows if row.measure == "energy"} - {"431099"}) == 11
    assert {row.zone for row in rows} == {"", "CZ-HITECH", "CZ-ETDZ"}
    assert 40_000 < len(rows) < 60_000


def test_no_cell_is_filed_twice_with_one_release(rows: list[NewRow]) -> None:
    assert len({row.cell for row in rows}) == len(rows)


def test_every_product_balances_but_one(rows: list[NewRow]) -> None:
    balances: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        if row.measure == "energy" and row.flow != "of_which_feedstock":
            key = (row.subject, row.period_end, row.origin, row.release, row.product)
            balance = balances.setdefault(key, [0, 0])
            balance[0] += SUPPLY.get(row.flow, 0) * (row.micro or 0)
            balance[1] += USE.get(row.flow, 0) * (row.micro or 0)
    off = {key for key, (available, used) in balances.items() if abs(available - used) > 0.01 * abs(available)}
    assert {(key[0], str(key[1]), key[4]) for key in off} == {("431025", "2026-10-01", "raw_coal")}


def test_what_is_published_is_kept_to(rows: list[NewRow]) -> None:
    gdp = {
        (row.subject, row.period_start.year, row.release): row.micro
        for row in rows
        if row.measure == "gdp" and row.price_base == 0 and row.period_end.month == 1 and not row.zone
    }
    assert gdp["431000", 2020, "final"] == pytest.approx(25_030_700e6, rel=1e-6)
    for year, yi in ((2021, 2770.08), (2022, 2980.49), (2023, 3110.58)):
        assert gdp["431000", year, "preliminary"] == pytest.approx(yi * 1e10, rel=1e-6)
    assert gdp["431022", 2023, "preliminary"] == pytest.approx(276.29e10, rel=1e-6)
    growth = {
        (row.subject, row.period_start.year): row.rate
        for row in rows
        if row.measure == "gdp_growth" and row.period_end.month == 1 and row.release == "preliminary"
    }
    assert (growth["431000", 2021], growth["431000", 2022], growth["431022", 2023]) == ("8.8", "5.3", "5.1")


def test_what_is_late_and_missing_is_not_there(rows: list[NewRow]) -> None:
    newest = {row.subject for row in rows if row.measure == "energy" and str(row.period_end) == "2026-10-01"}
    assert "431027" not in newest
    assert len(newest) == 11
    august = {row.subject for row in rows if row.measure == "electricity" and str(row.period_end) == "2026-09-01"}
    assert "431024" not in august
    assert len(august) == 10


def test_industry_has_no_january(rows: list[NewRow]) -> None:
    ends = {row.period_end.month for row in rows if row.measure == "industry_value_added_growth"}
    assert 2 not in ends
    assert 3 in ends


def test_no_quantity_is_negative_and_nothing_is_from_the_future(rows: list[NewRow]) -> None:
    assert [row for row in rows if row.micro is not None and row.micro < 0] == []
    assert max(row.known_on for row in rows) <= NOW.date()
