"""What people try who may not: read others' drafts and workbooks, correct past a lock, send what cannot be read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import StoredFile
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import correct, lock, return_, save_draft
from shuangkong.apps.ledger import selectors
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, accepted, again, submitted
from tests.ledger import kit as ledger

pytestmark = pytest.mark.django_db
DEEP = "[" * 200_000


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("who", ["county", "drc", "stat"])
def test_a_conflict_tells_a_reader_nothing_of_a_draft(people: dict[str, Any], filing: Any, who: str) -> None:
    mine = filing()
    save_draft(mine, MONTH, 0, people["enterprise"], now=NOW)
    body = {"revision": 0, "cells": dict.fromkeys(MONTH, "")}
    client = signed_in(people[who])
    answers = [
        client.post(f"/filings/{mine.pk}/cells/", json.dumps(body), content_type="application/json"),
        client.post(f"/filings/{mine.pk}/save/", {"revision": "0", **body["cells"]}),
    ]
    for answer in answers:
        assert answer.status_code in {400, 404}
        assert "321.25" not in answer.content.decode()
        assert "1,000.5" not in answer.content.decode()


def test_a_returns_workbook_is_its_filers_alone(people: dict[str, Any], filing: Any) -> None:
    mine = filing("industrial_energy_month", period=Period.ytd(2026, 9))
    client = signed_in(people["enterprise"])
    empty = client.get(f"/filings/{mine.pk}/workbook/?empty=1").content
    assert client.post(f"/filings/{mine.pk}/upload/", {"file": SimpleUploadedFile("表.xlsx", empty)}).status_code == 302
    kept = list(StoredFile.objects.unscoped("test"))
    assert kept
    for stored in kept:
        assert client.get(f"/files/{stored.pk}/").status_code == 200
        assert [signed_in(people[who]).get(f"/files/{stored.pk}/").status_code for who in ("drc", "county", "city")] == [404] * 3


def test_what_was_locked_meanwhile_is_not_corrected(people: dict[str, Any], filing: Any) -> None:
    done = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    stale = again(done)
    lock(done, people["drc"])
    with pytest.raises(InputError):
        correct(stale, people["enterprise"], "改数")
    assert not Filing.objects.unscoped("test").filter(version=2).exists()


def test_what_is_being_corrected_is_not_locked(people: dict[str, Any], filing: Any) -> None:
    done = accepted(submitted(filing(), people["enterprise"], MONTH), people["county"], people["drc"])
    correct(done, people["enterprise"], "改数")
    with pytest.raises(InputError):
        lock(again(done), people["drc"])


@pytest.mark.parametrize("body", [DEEP, '{"cells":' + DEEP])
def test_endless_nesting_is_refused(people: dict[str, Any], filing: Any, body: str) -> None:
    client, mine = signed_in(people["enterprise"]), filing()
    answer = client.post(f"/filings/{mine.pk}/cells/", body, content_type="application/json")
    assert answer.status_code == 400
    assert client.put(f"/api/v1/filings/{mine.pk}/draft", body, content_type="application/json").status_code in {400, 422}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_letters_that_no_database_holds_are_refused(people: dict[str, Any], filing: Any, text: str) -> None:
    client, mine = signed_in(people["enterprise"]), filing()
    for body in ({"cells": {"notes.changes.text": text}}, {"explanations": {"a": text}}, {"explanations": {text: "a"}}):
        sent = json.dumps({"revision": 0, **body})
        assert client.post(f"/filings/{mine.pk}/cells/", sent, content_type="application/json").status_code == 400
        assert client.put(f"/api/v1/filings/{mine.pk}/draft", sent, content_type="application/json").status_code == 400
    assert again(mine).draft_revision == 0


ODD = [{"entry": "x"}, {"block": [1]}, {"block": {"number": "x"}}, {"block": {"number": {}}}, {"block": {"number": 10**30}}]


@pytest.mark.parametrize("wrong", ODD)
def test_a_receipt_of_odd_parts_does_not_break_the_check(people: dict[str, Any], filing: Any, wrong: dict[str, Any]) -> None:
    done = submitted(filing(), people["enterprise"], MONTH)
    made = done.rounds.unscoped("test").get()
    client = signed_in(people["enterprise"])
    held = {**client.get(f"/filings/receipts/{made.pk}-{made.sm3[:8].upper()}/?format=json").json(), **wrong}
    for content in (json.dumps(held), DEEP):
        answer = client.post("/filings/receipts/check/", {"file": SimpleUploadedFile("r.json", content.encode())})
        assert answer.status_code in {200, 400}


@pytest.mark.parametrize("release", ["", "最终核实数"])
def test_an_import_does_not_go_round_review_and_lock(
    people: dict[str, Any], places: dict[str, Any], filing: Any, tmp_path: Path, release: str
) -> None:
    mine = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9))
    lock(accepted(submitted(mine, people["county"], COUNTY), people["stat"]), people["stat"])
    before = list(rows().values_list("pk", "quantity"))
    told = {"期别": "2026年1—9月", "数量": 1, "数据版本": release}
    path = ledger.workbook(tmp_path / "a.xlsx", ledger.ENERGY, [ledger.energy_row(**told), ledger.energy_row(2, **told, 能源品种="焦炭")])
    checked = ledger.check(path, people["county"], stated=ledger.form(date(2026, 11, 20), "reported", ""))
    assert checked.result["counts"]["refused"] == 1, checked.message
    assert "由报表审核入账" in str(ledger.faults(checked))
    jobs.run(imports.confirm(checked.pk, people["county"], keep_unusual=True).pk)
    assert list(rows().filter(product__in=["raw_coal", "electricity"]).values_list("pk", "quantity")) == before
    assert rows().filter(product="coke").count() == 1


def test_a_batch_of_filings_is_not_undone_as_an_import(people: dict[str, Any], filing: Any) -> None:
    mine = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9))
    done = accepted(submitted(mine, people["county"], COUNTY), people["stat"])
    before = rows().count()
    for who in ("stat", "drc", "county"):
        answer = signed_in(people[who]).post(f"/data/batches/{done.batch_id}/undo/", {"reason": "x"})
        assert answer.status_code in {400, 404}
    assert rows().count() == before > 0


def rows() -> Any:
    return selectors.accepted().unscoped("test").filter(measure="energy").order_by("pk")


def test_the_log_does_not_tell_the_words_about_a_statistics_return(people: dict[str, Any], filing: Any) -> None:
    mine = submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), people["county"], COUNTY)
    open_one = submitted(filing(), people["enterprise"], MONTH)
    return_(mine, people["stat"], "原煤比上年多771吨", now=NOW)
    return_(open_one, people["county"], "电力写错了", now=NOW)
    for who in ("drc", "administrator"):
        client = signed_in(people[who])
        said = [client.get("/audit/").content.decode()]
        said += [client.get(f"/audit/{entry.pk}/").content.decode() for entry in Entry.objects.filter(action="filing.filing.return")]
        assert not any("771" in page for page in said)
        assert any("电力写错了" in page for page in said)
    assert "771" in signed_in(people["stat"]).get(f"/filings/{mine.pk}/").content.decode()


@pytest.mark.parametrize("address", ["decomposition/?id=²", "environment/?year=²", "environment/?year=20²5", "annex/?number=²"])
def test_signs_that_only_look_like_numbers_break_no_export(people: dict[str, Any], address: str) -> None:
    assert signed_in(people["drc"]).get(f"/data/export/{address}").status_code in {200, 404}


def test_signs_that_only_look_like_numbers_break_no_page(people: dict[str, Any]) -> None:
    assert signed_in(people["drc"]).get("/decomposition/quality/?year=²").status_code == 200
