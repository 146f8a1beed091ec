"""A form on its way: draft, submission, return, acceptance, lock, correction; and who is told what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.filing.models import Filing, Pass, Round
from shuangkong.apps.filing.services import (
    DraftConflict,
    Unfit,
    accept,
    accept_many,
    ask_unlock,
    confirm_unlock,
    correct,
    lock,
    refuse_unlock,
    return_,
    save_draft,
    start_review,
    submit,
)  # fmt: skip
from shuangkong.apps.filing.services.submission import round_sm3
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.ledger.selectors import accepted as accepted_rows
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, accepted, again, balance, month_of, submitted

pytestmark = pytest.mark.django_db


def rows(filing: Filing) -> dict[tuple[str, str, str], Decimal]:
    """What counts in the ledger of a filing's subject."""
    found = accepted_rows().unscoped("test").filter(subject=filing.subject)
    return {(row.product, row.flow, row.industry): row.quantity for row in found}


def actions(filing: Filing) -> list[str]:
    entries = Entry.objects.filter(target_kind="filing.filing", target_id=str(filing.pk)).order_by("id")
    return [entry.action.rpartition(".")[2] for entry in entries]


def test_from_the_first_cell_to_the_ledger(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    save_draft(mine, {"consumption.raw_coal.consumed": "1,000.5"}, 0, people["enterprise"], now=NOW)
    assert (mine.state, mine.draft_revision, mine.draft) == ("draft", 1, {"consumption.raw_coal.consumed": "1,000.5"})
    mine = submitted(mine, people["enterprise"], MONTH)
    assert (mine.state, mine.level, mine.round) == ("submitted", "county", 1)
    start_review(mine, people["county"])
    assert again(mine).state == "under_review"
    mine = accepted(mine, people["county"])
    assert (mine.state, mine.level) == ("submitted", "city")
    assert Row.objects.unscoped("test").count() == 0
    mine = accepted(mine, people["drc"])
    assert mine.state == "accepted"
    assert rows(mine) == {
        ("raw_coal", "inflow", ""): Decimal(1200), ("raw_coal", "terminal", ""): Decimal("1000.5"),
        ("electricity", "terminal", ""): Decimal("321.25"),
    }  # fmt: skip
    row = Row.objects.unscoped("test").filter(product="electricity").get()
    assert (row.origin, row.known_on, row.unit_filed, row.filed) == ("reported", date(2026, 11, 26), "万千瓦时", "321.25")
    assert mine.batch_id == row.batch_id
    assert row.batch.applied_at is not None
    assert actions(mine) == ["save", "save", "submit", "start_review", "accept", "accept"]
    assert Pass.objects.unscoped("test").get().level == "county"
    assert Job.objects.unscoped("test").filter(kind="filing.recompute").count() == 1


def test_a_round_is_kept_as_it_was_submitted(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing(), people["enterprise"], MONTH)
    return_(mine, people["county"], "产量与用电不符", ["output.r1.amount"], now=NOW)
    mine = again(mine)
    assert (mine.state, mine.level, mine.draft["output.r1.amount"]) == ("returned", "", "5000")
    submitted(mine, people["enterprise"], {"output.r1.amount": "5200"})
    first, second = Round.objects.unscoped("test").order_by("number")
    assert (first.outcome, first.reason, first.pointed, first.reviewed_by) == (
        "returned", "产量与用电不符", ["output.r1.amount"], people["county"],
    )  # fmt: skip
    assert (first.cells["output.r1.amount"], second.cells["output.r1.amount"]) == ("5000", "5200")
    assert first.sm3 != second.sm3
    for change in ({"cells": {}}, {"sm3": "0"}, {"reason": "anders"}, {"outcome": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Round.objects.unscoped("test").filter(pk=first.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.unscoped("test").filter(pk=first.pk)._raw_delete("default")


def test_two_who_edit_see_both_values(people: dict[str, Any], filing: Any) -> None:
    mine, theirs = filing(), None
    theirs = again(mine)
    save_draft(mine, {"consumption.raw_coal.consumed": "10", "notes.changes.text": "甲"}, 0, people["enterprise"], now=NOW)
    with pytest.raises(DraftConflict) as caught:
        save_draft(theirs, {"consumption.raw_coal.consumed": "11", "notes.changes.text": "甲"}, 0, people["enterprise"], now=NOW)
    assert caught.value.theirs == {"consumption.raw_coal.consumed": ("11", "10")}
    assert caught.value.revision == 1
    # other cells than the other one changed go in beside
    theirs = again(mine)
    save_draft(theirs, {"consumption.coke.consumed": "5"}, 0, people["enterprise"], now=NOW)
    assert again(mine).draft["consumption.coke.consumed"] == "5"
    save_draft(theirs, {"consumption.coke.consumed": None}, 2, people["enterprise"], now=NOW)
    assert "consumption.coke.consumed" not in again(mine).draft


def test_what_cannot_be_read_stays_in_the_draft_and_holds_the_submission(people: dict[str, Any], filing: Any) -> None:
    mine = filing()
    save_draft(mine, {**MONTH, "consumption.coke.consumed": "<b>约5</b>"}, 0, people["enterprise"], now=NOW)
    with pytest.raises(Unfit) as caught:
        submit(mine, people["enterprise"], now=NOW)
    assert [finding.addresses for finding in caught.value.findings] == [("consumption.coke.consumed",)]
    assert again(mine).state == "draft"
    save_draft(mine, {"consumption.coke.consumed": "", "operation.days.value": ""}, 1, people["enterprise"], now=NOW)
    with pytest.raises(Unfit) as caught:
        submit(mine, people["enterprise"], now=NOW)
    assert [(finding.check, finding.addresses) for finding in caught.value.findings] == [("required", ("operation.days.value",))]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"nothing.at.all": "1"}, "表中没有这个格"),
        ({"notes.changes.text": "长" * 501}, "文字太长"),
        ({f"x{n}": "" for n in range(5001)}, "太多"),
    ],
)
def test_a_save_is_bounded(people: dict[str, Any], filing: Any, cells: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        save_draft(filing(), cells, 0, people["enterprise"], now=NOW)


@pytest.mark.parametrize("who", ["county", "other_county", "reader", "drc", "administrator", "zone"])
def test_only_the_respondent_writes(people: dict[str, Any], filing: Any, who: str) -> None:
    mine = filing()
    with pytest.raises(InputError, match="不是您的报表"):
        save_draft(mine, {"notes.changes.text": "x"}, 0, people[who], now=NOW)
    with pytest.raises(InputError, match="不是您的报表"):
        submit(mine, people[who], now=NOW)


def test_only_the_level_reviews(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing(), people["enterprise"], MONTH)
    for who in ("enterprise", "other_county", "reader", "drc", "eeb", "stat", "zone"):
        with pytest.raises(InputError, match="不在您的审核范围"):
            accept(mine, people[who], now=NOW)
    mine = accepted(mine, people["county"])
    for who in ("county", "eeb", "stat"):
        with pytest.raises(InputError, match="不在您的审核范围"):
            return_(mine, people[who], "x", now=NOW)
    with pytest.raises(InputError, match="退回理由"):
        return_(mine, people["drc"], " ", now=NOW)
    with pytest.raises(InputError, match="没有这个格"):
        return_(mine, people["drc"], "x", ["a.b.c"], now=NOW)


def test_who_comes_second_is_told_who_did_what(people: dict[str, Any], filing: Any) -> None:
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"])
    late = again(mine)
    accept(mine, people["drc"], now=NOW)
    with pytest.raises(Outdone) as caught:
        return_(late, people["drc2"], "再核", now=NOW)
    assert caught.value.state == "accepted"
    assert "市发改委" in str(caught.value)
    assert "通过" in str(caught.value)
    with pytest.raises(Outdone):
        accept(again(mine), people["drc2"], now=NOW)


def test_a_county_files_and_statistics_alone_reviews(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), people["county"], COUNTY)
    assert mine.level == "city"
    assert Round.objects.unscoped("test").get().cells["balance.difference.raw_coal"] == "0"
    with pytest.raises(InputError):
        accept(mine, people["drc"], now=NOW)
    mine = accepted(mine, people["stat"])
    found = rows(mine)
    assert found["raw_coal", "terminal", "industry"] == 900
    assert found["raw_coal", "outflow", ""] == 0
    assert ("raw_coal", "terminal", "") not in found
    row = accepted_rows().unscoped("test").filter(product="raw_coal", flow="inflow").get()
    assert (row.county, row.zone, row.period_kind) == (mine.subject, None, "ytd")


def test_a_zones_figures_are_part_of_its_county(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    accepted(submitted(filing("county_energy_balance_quarter", "CZ-HITECH", Period.ytd(2026, 9)), people["zone"], COUNTY), people["stat"])
    row = accepted_rows().unscoped("test").filter(product="raw_coal", flow="inflow").get()
    assert (row.subject, row.county, row.zone) == (places["431002"], places["431002"], places["CZ-HITECH"])


def test_city_waits_for_the_county_to_be_complete(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    from shuangkong.apps.organisations.models import Subject

    other = Subject.objects.create(kind="enterprise", code="91-B", name="演示企业乙", parent=places["431002"], county=places["431002"])
    places["91-B"] = other
    mine, beside = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"]), filing(code="91-B")
    with pytest.raises(InputError, match="还缺 1 份：演示企业乙"):
        accept(mine, people["drc"], now=NOW)
    bulk = accept_many([again(mine)], people["drc"], now=NOW)
    assert (bulk.accepted, len(bulk.refused)) == ([], 1)
    Filing.objects.unscoped("test").filter(pk=beside.pk).update(state="submitted", level="county")
    with pytest.raises(InputError, match="还缺 1 份"):
        accept(again(mine), people["drc"], now=NOW)
    Filing.objects.unscoped("test").filter(pk=beside.pk).update(level="city")
    accept(again(mine), people["drc"], now=NOW)
    assert again(mine).state == "accepted"


def test_one_may_accept_despite_what_is_missing_and_says_why(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    from shuangkong.apps.organisations.models import Subject

    places["91-B"] = Subject.objects.create(kind="enterprise", code="91-B", name="乙", parent=places["431002"], county=places["431002"])
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"])
    filing(code="91-B")
    accept(mine, people["drc"], now=NOW, despite="乙已停产")
    entry = Entry.objects.filter(action="filing.filing.accept").order_by("-id").first()
    assert entry is not None
    assert "乙已停产" in entry.payload


def test_many_are_accepted_in_one_batch(people: dict[str, Any], filing: Any) -> None:
    made = [
        accepted(submitted(filing(period=Period.month(2026, month)), people["enterprise"], month_of(month)), people["county"])
        for month in (7, 8, 9)
    ]
    bulk = accept_many([*made, filing(period=Period.month(2026, 6))], people["drc"], now=NOW)
    assert (len(bulk.accepted), len(bulk.refused)) == (3, 1)
    assert len({again(each).batch_id for each in made}) == 1
    assert Row.objects.unscoped("test").count() == 9
    assert Job.objects.unscoped("test").filter(kind="filing.recompute").count() == 1


def test_opening_what_is_locked_takes_two(people: dict[str, Any], filing: Any) -> None:
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    lock(mine, people["drc"])
    mine = again(mine)
    with pytest.raises(InputError, match="先由两位审核人解锁"):
        correct(mine, people["enterprise"], "写错了")
    with pytest.raises(InputError, match="没有待确认"):
        confirm_unlock(mine, people["drc2"], now=NOW)
    with pytest.raises(InputError, match="审核范围"):
        ask_unlock(mine, people["county"], "写错了", now=NOW)
    with pytest.raises(InputError, match="没有写解锁理由"):
        ask_unlock(mine, people["drc"], "", now=NOW)
    ask_unlock(mine, people["drc"], "产量写错", now=NOW)
    with pytest.raises(InputError, match="已有人申请"):
        ask_unlock(mine, people["drc2"], "也要", now=NOW)
    with pytest.raises(InputError, match="须由两人经手"):
        confirm_unlock(mine, people["drc"], now=NOW)
    refuse_unlock(mine, people["drc2"], now=NOW)
    assert again(mine).state == "locked"
    ask_unlock(mine, people["drc"], "产量写错，附件为证", now=NOW)
    confirm_unlock(mine, people["drc2"], now=NOW)
    assert again(mine).state == "accepted"
    assert actions(mine)[-2:] == ["lock", "unlock"]


def test_a_correction_is_a_version_of_its_own_and_supersedes(people: dict[str, Any], filing: Any) -> None:
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    for reason, who, words in (("", "enterprise", "没有写更正理由"), ("x", "reader", "不在您的")):
        with pytest.raises(InputError, match=words):
            correct(mine, people[who], reason)
    second = correct(mine, people["enterprise"], "电表读错")
    assert (second.version, second.state, second.draft["consumption.raw_coal.consumed"]) == (2, "draft", "1000.5")
    with pytest.raises(InputError, match="已经在更正"):
        correct(again(mine), people["drc"], "x")
    save_draft(second, {"consumption.electricity.consumed": ""}, 0, people["enterprise"], now=NOW)
    with pytest.raises(InputError, match="已入账，更正时不能清空"):
        submit(second, people["enterprise"], now=NOW)
    second = submitted(second, people["enterprise"], {"consumption.electricity.consumed": "300"})
    assert rows(second)["electricity", "terminal", ""] == Decimal("321.25")
    second = accepted(second, people["county"], people["drc"])
    assert rows(second)["electricity", "terminal", ""] == 300
    corrected = Row.objects.unscoped("test").get(product="electricity", quantity=Decimal(300))
    assert corrected.supersedes is not None
    assert corrected.supersedes.quantity == Decimal("321.25")
    assert corrected.batch.rows_unchanged == 2
    assert again(mine).state == "accepted"
    # and back again: the figure of the first version counts once more, as a row of its own
    third = submitted(
        correct(second, people["enterprise"], "原来的对"), people["enterprise"], {"consumption.electricity.consumed": "321.25"}
    )
    accepted(third, people["county"], people["drc"])
    assert rows(third)["electricity", "terminal", ""] == Decimal("321.25")


def test_nothing_is_corrected_before_it_is_accepted(people: dict[str, Any], filing: Any) -> None:
    with pytest.raises(InputError, match="还没有通过"):
        correct(submitted(filing(), people["enterprise"], MONTH), people["enterprise"], "x")


def test_a_zone_without_county_is_named_and_nothing_moves(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    places["CZ-HITECH"].county = None
    places["CZ-HITECH"].save()
    mine = submitted(filing("county_energy_balance_quarter", "CZ-HITECH", Period.ytd(2026, 9)), people["zone"], COUNTY)
    with pytest.raises(InputError, match="没有所在县市区"):
        accept(mine, people["stat"], now=NOW)
    bulk = accept_many([again(mine)], people["stat"], now=NOW)
    assert len(bulk.refused) == 1
    assert again(mine).state == "submitted"


def test_the_same_figure_is_not_written_twice(people: dict[str, Any], filing: Any) -> None:
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    again_ = submitted(correct(mine, people["enterprise"], "只改说明"), people["enterprise"], {"notes.changes.text": "检修"})
    second = accepted(again_, people["county"], people["drc"])
    assert second.batch is None
    assert Row.objects.unscoped("test").count() == 3


def test_balance_without_a_part_has_no_total(people: dict[str, Any], filing: Any) -> None:
    cells = balance(inflow="10", terminal_industry="10")
    del cells["balance.loss.raw_coal"]
    submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), people["county"], cells)
    kept = Round.objects.unscoped("test").get().cells
    assert "balance.difference.raw_coal" not in kept
    assert kept["balance.terminal.raw_coal"] == "10"


def test_a_new_edition_changes_nothing_that_was_filed(people: dict[str, Any], filing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    kept = Round.objects.unscoped("test").get()
    old = forms.current()
    standing = old.get("key_unit_month", "2026")
    ended = replace(standing, applies_to=date(2026, 11, 1))
    after = replace(standing, edition="2026b", applies_from=date(2026, 11, 1), tables=standing.tables[1:], goes_to={})
    others = [form for name in old.ids() for form in old.editions_of(name) if form != standing]
    monkeypatch.setattr(forms, "current", lambda: forms.Forms([*others, ended, after]))
    mine = again(mine)
    assert mine.form.table("consumption") is not None
    assert (Round.objects.unscoped("test").get().cells, round_sm3(mine, 1, kept.cells)) == (kept.cells, kept.sm3)
    second = correct(mine, people["enterprise"], "更正")
    assert (second.edition, second.draft["consumption.raw_coal.consumed"]) == ("2026", "1000.5")
    assert filing(period=Period.month(2026, 11)).edition == "2026b"
