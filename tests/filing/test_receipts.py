"""Receipts: what was submitted can be checked years later, and what was bent in between is found, link by link."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from shuangkong.apps.audit import triggers
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.sealer import seal_step
from shuangkong.apps.filing import receipts
from shuangkong.apps.filing.models import Round
from shuangkong.apps.filing.services.submission import round_sm3
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.project import cli
from shuangkong.project.audit_command import guards
from tests.filing import kit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed(people, filing, settings):
    """A submitted return whose entry stands in the chain, and the receipt that its submitter keeps."""
    kit.submitted(filing(), people["enterprise"], kit.MONTH)
    while seal_step(settings.ANCHORS):
        pass
    return receipts.as_file(receipt())


def receipt():
    return receipts.receipt_of(Round.objects.unscoped("test").select_related("filing", "filing__subject").order_by("pk").first())


def faults(held=None):
    return [str(fault) for fault in receipts.check(receipt(), held)]


def bend(sql, *values):
    """As somebody who can write the database and takes the guards away first."""
    triggers.drop(connection, guards())
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_what_was_not_touched_agrees(sealed):
    assert sealed["block"]["number"] == 1 and sealed["entry"]
    assert receipts.own_sm3(sealed) == sealed["sm3"]
    assert faults(json.loads(json.dumps(sealed))) == []
    block = {**sealed["block"], "head": sealed["block"]["head"].upper()}
    paper = {"number": sealed["number"], "sm3": sealed["sm3"].upper(), "block": block}
    assert faults(paper) == []


def test_a_changed_cell_is_found(sealed):
    made = receipt().round
    bent = {**made.cells, "consumption.electricity.consumed": "1"}
    bend("UPDATE filing_round SET cells = %s WHERE id = %s", json.dumps(bent), made.pk)
    assert faults() == ["报表内容：存储的各格与其SM3不符：内容、单位、期别或轮次被改动"]
    assert "手中的回执：各格与平台存储的不同" in faults(sealed)


def test_a_changed_cell_with_its_hash_made_anew_is_found(sealed):
    made = receipt().round
    bent = {**made.cells, "consumption.electricity.consumed": "1"}
    again = round_sm3(made.filing, made.number, bent)
    bend("UPDATE filing_round SET cells = %s, sm3 = %s WHERE id = %s", json.dumps(bent), again, made.pk)
    assert faults() == ["审计记录：提交时记下的SM3与现在存储的不同：报表被改动后重算过"]


def rewrite_entry(sealed):
    """The cells, their hash, and the audit entry, all made to agree."""
    made = receipt().round
    bent = {**made.cells, "consumption.electricity.consumed": "1"}
    again = round_sm3(made.filing, made.number, bent)
    bend("UPDATE filing_round SET cells = %s, sm3 = %s WHERE id = %s", json.dumps(bent), again, made.pk)
    entry = Entry.objects.get(pk=sealed["entry"]["id"])
    payload = json.loads(entry.payload)
    payload["after"]["sm3"] = again
    text = canonical_json(payload)
    bend("UPDATE audit_entry SET payload = %s, sm3 = %s WHERE id = %s", text, sm3_hex(text.encode()), entry.pk)


def test_a_rewritten_entry_is_found_by_the_chain(sealed):
    rewrite_entry(sealed)
    assert faults() == ["审计链：封存后审计记录被改动"]


def test_a_rewritten_chain_is_found_by_the_anchors_and_by_the_paper(sealed, settings):
    rewrite_entry(sealed)
    bend("DELETE FROM audit_block")
    kept = settings.ANCHORS.read_text()
    settings.ANCHORS.unlink()
    while seal_step(settings.ANCHORS):
        pass
    assert Block.objects.exists()
    assert faults() == [], "by itself the rewritten chain looks whole"
    assert any("块头与平台的不同" in fault for fault in faults({"sm3": receipt().round.sm3, "block": sealed["block"]}))
    settings.ANCHORS.write_text(kept)
    assert any(fault.startswith("锚文件：第1块的块头与锚文件不同") for fault in faults())


def test_a_deleted_entry_is_found(sealed):
    bend("DELETE FROM audit_entry WHERE id = %s", sealed["entry"]["id"])
    assert faults() == ["审计记录：没有这次提交的审计记录"]


def test_a_receipt_that_was_bent_in_the_hand_is_found(sealed):
    bent = {**sealed, "cells": {**sealed["cells"], "consumption.electricity.consumed": "9"}}
    assert "手中的回执：回执文件里的各格与它自己的SM3不符：文件被改动" in faults(bent)
    forged = {**bent, "sm3": receipts.own_sm3(bent)}
    assert faults(forged) == ["手中的回执：SM3与平台存储的不同"]


def test_each_submission_has_its_own_receipt(people, filing, settings):
    from shuangkong.apps.filing.services import return_
    from tests.filing.conftest import NOW

    made = kit.submitted(filing(), people["enterprise"], kit.MONTH)
    return_(made, people["county"], "核对", (), now=NOW)
    kit.submitted(kit.again(made), people["enterprise"], {"operation.days.value": "29"})
    found = [receipts.receipt_of(r) for r in Round.objects.unscoped("test").select_related("filing", "filing__subject").order_by("number")]
    assert [len(receipts.check(each)) for each in found] == [0, 0]
    assert len({each.entry.pk for each in found}) == len({each.round.sm3 for each in found}) == 2


# pages and command


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def text(answer):
    return answer.content.decode()


def test_the_submitter_opens_prints_keeps_and_checks_it(sealed, people):
    client = client_of(people["enterprise"])
    page = text(client.get(f"/filings/receipts/{sealed['number']}/"))
    assert sealed["sm3"] in page and sealed["block"]["head"] in page and "已封存" in page
    kept = client.get(f"/filings/receipts/{sealed['number']}/?format=json")
    assert json.loads(kept.content) == sealed
    answer = client.post("/filings/receipts/check/", {"file": SimpleUploadedFile("r.json", kept.content)})
    assert "相符：平台里的数仍是当时提交的" in text(answer)
    spaced = " ".join(sealed["sm3"][i : i + 8] for i in range(0, 64, 8))
    assert "相符：" in text(client.post("/filings/receipts/check/", {"number": sealed["number"], "sm3": spaced}))
    assert "SM3与平台存储的不同" in text(client.post("/filings/receipts/check/", {"number": sealed["number"], "sm3": "0" * 64}))


def test_what_is_no_receipt_is_said(sealed, people):
    client = client_of(people["enterprise"])
    for content in (b"", b"[]", b"{", b'{"receipt":"x"}', b"[" * 100_000):
        answer = client.post("/filings/receipts/check/", {"file": SimpleUploadedFile("r.json", content or b" ")})
        assert answer.status_code == 400 and "这不是回执文件" in text(answer)
    assert "没有给出回执" in text(client.post("/filings/receipts/check/", {}))
    assert "没有这张回执" in text(client.post("/filings/receipts/check/", {"number": "999999-X", "sm3": "0" * 64}))


def test_strangers_learn_nothing(sealed, people):
    for role in ("other_county", "reader", "zone"):
        client = client_of(people[role])
        assert client.get(f"/filings/receipts/{sealed['number']}/").status_code == 404
        answer = client.post("/filings/receipts/check/", {"number": sealed["number"], "sm3": sealed["sm3"]})
        assert "没有这张回执" in text(answer)


def test_the_command(sealed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("shuangkong.project.environment.enter", lambda: None)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(sealed), encoding="utf-8")
    assert cli.main(["receipt", "verify", str(path)]) == 0
    assert "相符" in capsys.readouterr().out
    bend("UPDATE filing_round SET cells = '{}' WHERE id = %s", receipt().round.pk)
    assert cli.main(["receipt", "verify", str(path)]) == 1
    assert "报表内容" in capsys.readouterr().out
    path.write_text(json.dumps({**sealed, "number": "424242-X"}), encoding="utf-8")
    assert cli.main(["receipt", "verify", str(path)]) == 1
    assert cli.main(["receipt", "verify", str(tmp_path / "none.json")]) == 2
