"""Deductions by workbook with their documents, and the confirmation that lets a county's own count."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import Job
from shuangkong.apps.ledger import evidence
from shuangkong.apps.ledger.models import Batch, Evidence, Row
from shuangkong.core.errors import InputError
from tests.ledger import kit

pytestmark = pytest.mark.django_db
HEADER = ("序号", "地区", "园区", "扣除项", "期别", "数量", "计量单位", "绿证来源", "绿证生产年份", "数据版本", "备注")
NOW, TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), date(2026, 11, 24)
GOOD = (1, "北湖区", "", "原料用能", "2025年", 1200, "吨标准煤", "", "", "", "")


def row(**changes: Any) -> list[Any]:
    """One good row, with changes by column title."""
    return list({**dict(zip(HEADER, GOOD, strict=True)), **changes}.values())


def book(tmp_path: Any, *rows: list[Any]) -> Any:
    """A workbook of deductions."""
    return kit.workbook(tmp_path / "扣除.xlsx", HEADER, rows)


def test_all_four_come_in_with_their_document(users: Any, places: Any, tmp_path: Any) -> None:
    rows = [
        row(), row(扣除项="非化石能源消费量", 数量=0.5, 计量单位="万吨标准煤"), row(扣除项="单列项目能耗", 数量=0),
        row(扣除项="绿证", 数量=3, 计量单位="万个", 绿证来源="省外", 绿证生产年份=2025),
    ]  # fmt: skip
    job = kit.load(book(tmp_path, *rows), users["city"], "deduction")
    assert job.result["counts"]["new"] == 4
    found = {r.measure: (r.quantity, r.product, r.flow, r.document) for r in kit.accepted()}
    assert found == {
        "feedstock_energy": (Decimal(1200), "", "", "郴统〔2026〕9号"), "nonfossil_energy": (Decimal(5000), "", "", "郴统〔2026〕9号"),
        "listed_energy": (Decimal(0), "", "", "郴统〔2026〕9号"),
        "green_certificate": (Decimal(30000), "2025", "cross_province", "郴统〔2026〕9号"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"扣除项": "节能量"}, "不认识扣除项"),
        ({"扣除项": "绿证", "计量单位": "个"}, "绿证要写来源和生产年份"),
        ({"扣除项": "绿证", "计量单位": "个", "绿证来源": "省外"}, "绿证要写来源和生产年份"),
        ({"绿证来源": "省内"}, "只有绿证写来源和生产年份"),
        ({"绿证生产年份": 2025}, "只有绿证写来源和生产年份"),
        ({"绿证来源": "国外"}, "写“省外”或“省内”"), ({"绿证生产年份": 25}, "不是年份"),
        ({"计量单位": "个"}, "与这一项的量不符"), ({"数量": -1}, "数量是负数"), ({"数量": ""}, "没有填数"), ({"期别": "2025年5月"}, "没有"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(users: Any, places: Any, tmp_path: Any, changes: dict[str, Any], what: str) -> None:
    job = kit.check(book(tmp_path, row(**changes)), users["city"], "deduction")
    assert any(what in found for _cell, found in kit.faults(job)), kit.faults(job)


def test_without_a_document_no_row_is_taken(users: Any, places: Any, tmp_path: Any) -> None:
    stated = kit.form(origin="reported", document="")
    job = kit.check(book(tmp_path, row()), users["county"], "deduction", stated)
    assert [what for _cell, what in kit.faults(job)] == ["没有写依据文件"]


@pytest.fixture
def stated(users: Any, places: Any, tmp_path: Any) -> Batch:
    """What a county states of itself."""
    job = kit.load(book(tmp_path, row()), users["county"], "deduction", kit.form(origin="reported"))
    return kit.batch_of(job)


def attach(batch: Batch, actor: Any, name: str = "证明.pdf") -> Evidence:
    """A document behind a batch."""
    return evidence.attach(batch, name, [b"%PDF-1.7"], "用能台账", actor=actor)


def test_what_a_county_states_counts_when_the_city_has_seen_its_evidence(stated: Batch, users: Any) -> None:
    with pytest.raises(InputError, match="没有依据文件"):
        evidence.confirm(stated, "郴发改〔2026〕1号", actor=users["city"], now=NOW, today=TODAY)
    attach(stated, users["county"])
    made = evidence.confirm(stated, "郴发改〔2026〕1号", actor=users["city"], now=NOW, today=TODAY)
    issued = Row.objects.unscoped("test").get(batch=made)
    assert (issued.origin, issued.document, issued.quantity, issued.measure) == (
        "issued",
        "郴发改〔2026〕1号",
        Decimal(1200),
        "feedstock_energy",
    )
    assert Row.objects.unscoped("test").filter(batch=stated, origin="reported").count() == 1
    actions = list(Entry.objects.filter(target_id=stated.pk, target_kind="ledger.batch").order_by("id").values_list("action", flat=True))
    assert actions[-2:] == ["ledger.evidence.attached", "ledger.deduction.confirmed"]
    assert Job.objects.unscoped("test").filter(kind="recompute").exists()
    with pytest.raises(InputError, match="已经核定过"):
        evidence.confirm(stated, "郴发改〔2026〕1号", actor=users["city"], now=NOW, today=TODAY)


def test_who_stated_it_cannot_confirm_it(stated: Batch, users: Any) -> None:
    attach(stated, users["county"])
    with pytest.raises(InputError, match="不能核定"):
        evidence.confirm(stated, "x", actor=users["county"], now=NOW, today=TODAY)
    with pytest.raises(InputError, match="没有写核定文号"):
        evidence.confirm(stated, " ", actor=users["city"], now=NOW, today=TODAY)


def test_only_documents_are_attached_by_those_who_may(stated: Batch, users: Any) -> None:
    with pytest.raises(InputError, match="不收这种文件"):
        attach(stated, users["county"], "a.exe")
    with pytest.raises(InputError, match="别人的批次"):
        attach(stated, users["reader"])
    attach(stated, users["city"])


def test_the_page_attaches_shows_and_confirms(stated: Batch, users: Any, client: Client) -> None:
    client.force_login(users["county"])
    page = f"/data/batches/{stated.pk}/"
    assert "还没有附依据文件" in client.get(page).content.decode()
    assert client.post(f"{page}evidence/", {"note": "x"}).status_code == 400
    upload = SimpleUploadedFile("证明.pdf", b"%PDF-1.7 text", content_type="application/pdf")
    assert client.post(f"{page}evidence/", {"file": upload, "note": "用能台账"}).status_code == 302
    made = Evidence.objects.unscoped("test").get()
    text = client.get(page).content.decode()
    assert "证明.pdf" in text
    assert "核定为考核扣除" not in text
    answer = client.get(f"/data/evidence/{made.pk}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 text"  # type: ignore[attr-defined]
    client.force_login(users["reader"])
    assert client.get(f"/data/evidence/{made.pk}/").status_code == 404
    client.force_login(users["city"])
    assert "核定为考核扣除" in client.get(page).content.decode()
    assert client.post(f"{page}confirm/", {"document": ""}).status_code == 400
    assert client.post(f"{page}confirm/", {"document": "郴发改〔2026〕1号"}).status_code == 302
