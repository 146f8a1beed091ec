"""The pages of the desk and the batches: the whole way by HTTP, scope, the number of queries."""

from __future__ import annotations

from datetime import date

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem, Job, StoredFile
from shuangkong.apps.desk.services import close_item, jobs, open_item
from shuangkong.core.errors import InputError
from tests.ledger import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of(users):
    def make(role):
        client = Client()
        client.force_login(users[role])
        return client

    return make


def upload(client, path, kind="energy", **fields):
    stated = {"origin": "issued", "known_on": "2026-10-20", "document": "郴统〔2026〕9号", **fields}
    content = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(f"/data/import/{kind}/", {**stated, "file": content})


def text(answer):
    return answer.content.decode()


def test_the_whole_way_by_http(client_of, tmp_path):
    city = client_of("city")
    assert "能源消费" in text(city.get("/data/import/"))
    assert "下载模板" in text(city.get("/data/import/energy/"))
    template = city.get("/data/import/energy/template/")
    (tmp_path / "t.xlsx").write_bytes(b"".join(template.streaming_content))
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames[0] == "填报"

    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row(1), kit.energy_row(2, 流向="烧")])
    answer = upload(city, path)
    assert answer.status_code == 302
    check = Job.objects.unscoped("test").get()
    page = text(city.get(answer.url))
    assert "排队" in page
    assert f'hx-get="/jobs/{check.pk}/state/"' in page
    jobs.run(check.pk)
    page = text(city.get(f"/jobs/{check.pk}/state/"))
    assert "<html" not in page
    assert "hx-get" not in page
    assert "F3" in page
    assert "不认识流向“烧”" in page
    assert "确认入账1行" in page

    marked = city.get(f"/files/{kit.fresh(check).file_id}/")
    assert marked["Content-Disposition"].startswith("attachment")
    answer = city.post(f"/jobs/{check.pk}/confirm/", {})
    job = Job.objects.unscoped("test").get(kind="import.apply")
    assert answer.url == f"/jobs/{job.pk}/"
    jobs.run(job.pk)
    batch = kit.fresh(job).result["batch"]
    assert f"查看批次{batch}" in text(city.get(f"/jobs/{job.pk}/"))
    page = text(city.get(f"/data/batches/{batch}/"))
    assert "已入账" in page
    assert "撤销这一批" in page
    assert len(kit.accepted()) == 1

    assert city.post(f"/data/batches/{batch}/undo/", {"reason": " "}).status_code == 400
    answer = city.post(f"/data/batches/{batch}/undo/", {"reason": "重复报送"})
    jobs.run(Job.objects.unscoped("test").get(kind="import.undo").pk)
    assert "已撤销" in text(city.get(answer.url))
    assert "已撤销" in text(city.get("/data/batches/"))
    assert kit.accepted() == []
    assert "重复报送" in Entry.objects.get(action="ledger.batch.withdrawn").payload
    answer = city.post(f"/data/batches/{batch}/undo/", {"reason": "再来"})
    assert answer.status_code == 400
    assert "没有可撤销的批次" in text(answer)


def test_a_wrong_form_or_file_is_said_on_the_page(client_of, tmp_path):
    city = client_of("city")
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    answer = upload(city, path, document="")
    assert answer.status_code == 400
    assert "缺少文号" in text(answer)
    answer = upload(city, path, known_on="2999-01-01")
    assert "今天之后" in text(answer)
    assert upload(city, path, origin="reported").status_code == 400
    assert city.post("/data/import/energy/", {}).status_code == 400
    path.write_bytes(b"not a workbook")
    upload(city, path)
    job = Job.objects.unscoped("test").get()
    jobs.run(job.pk)
    page = text(city.get(f"/jobs/{job.pk}/"))
    assert "文件损坏或不是 Excel 工作簿" in page
    assert "台账没有改动" in page


@pytest.mark.parametrize("role", ["department", "enterprise", "reader", "administrator"])
def test_who_does_not_import_is_told_who_does(client_of, role):
    client = client_of(role)
    page = text(client.get("/data/import/"))
    assert ("您的角色不导入数据" in page) == (role != "enterprise")  # a unit loads its own energy and output, and nothing else
    assert "/data/import/energy/" not in page
    assert client.get("/data/import/energy/").status_code == 404
    assert client.get("/data/import/energy/template/").status_code == 404
    assert client.post("/data/import/energy/", {}).status_code == 404


def test_foreign_jobs_files_and_batches_are_404(client_of, users, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row(1), kit.energy_row(2, 流向="烧")])
    stated = kit.form(origin="reported", document="")
    job = kit.load(path, users["county"], stated=stated)
    check = Job.objects.unscoped("test").get(kind="import.check")
    stored = StoredFile.objects.unscoped("test").first()
    batch = job.result["batch"]
    addresses = [
        f"/jobs/{check.pk}/",
        f"/jobs/{check.pk}/state/",
        f"/files/{stored.pk}/",
        f"/files/{check.file_id}/",
        f"/data/batches/{batch}/",
    ]
    for role in ("other_county", "zone", "department", "enterprise", "reader", "administrator"):
        client = client_of(role)
        assert [client.get(address).status_code for address in addresses] == [404] * 5
        posts = [f"/jobs/{check.pk}/confirm/", f"/jobs/{check.pk}/cancel/", f"/jobs/{check.pk}/resume/", f"/data/batches/{batch}/undo/"]
        assert [client.post(address, {"reason": "x"}).status_code for address in posts] == [404] * 4
        assert "a.xlsx" not in text(client.get("/jobs/"))
        assert "a.xlsx" not in text(client.get("/data/batches/"))
    assert [client_of("county").get(address).status_code for address in addresses] == [200] * 5
    city = client_of("city")
    assert [city.get(address).status_code for address in addresses] == [200] * 5
    assert Entry.objects.filter(action="desk.file.read").count() == 2
    assert [Client().get(address).status_code for address in addresses] == [302] * 5


def test_a_city_user_does_not_confirm_for_a_county(client_of, users, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    check = kit.check(path, users["county"], stated=kit.form(origin="reported", document=""))
    answer = client_of("city").post(f"/jobs/{check.pk}/confirm/")
    assert answer.status_code == 400
    assert "没有可入账的检查结果" in text(answer)


def test_cancel_and_resume_by_http(client_of, users, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    city = client_of("city")
    upload(city, path)
    job = Job.objects.unscoped("test").get()
    assert city.post(f"/jobs/{job.pk}/cancel/").status_code == 302
    assert kit.fresh(job).state == "cancelled"
    Job.objects.unscoped("test").filter(pk=job.pk).update(state="running", beat_at="2020-01-01T00:00Z")
    assert "任务中断了，继续" in text(city.get(f"/jobs/{job.pk}/"))
    assert city.post(f"/jobs/{job.pk}/resume/").status_code == 302
    jobs.run(job.pk)
    assert kit.fresh(job).state == "done"


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_number_of_queries_does_not_grow(client_of, users, tmp_path):
    city = client_of("city")
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row(1), kit.energy_row(2, 流向="烧")])
    pages = ("/jobs/", "/data/batches/", "/inbox/", "/data/import/")

    def fill(times):
        for number in range(times):
            kit.load(path, users["city"]) if not kit.accepted() else kit.check(path, users["city"])
            open_item(f"k{number}-{times}", kind="t", title="x", address="/", today=kit.TODAY, user=users["city"])

    fill(2)
    few = [queries(city, page) for page in pages]
    fill(12)
    assert [queries(city, page) for page in pages] == few
    assert max(few) <= 8
    job = Job.objects.unscoped("test").filter(kind="import.check").first()
    assert queries(city, f"/jobs/{job.pk}/") <= 8


def test_the_inbox(client_of, users, places):
    today = date(2026, 11, 24)
    open_item("late", kind="t", title="迟了的事", address="/late/", today=today, user=users["county"], due_on=date(2020, 1, 1), severity=1)
    open_item("later", kind="t", title="以后的事", address="/later/", today=today, subject=places["431002"], due_on=date(2999, 1, 1))
    open_item("foreign", kind="t", title="别县的事", address="/x/", today=today, subject=places["431003"])
    page = text(client_of("county").get("/inbox/"))
    assert page.index("迟了的事") < page.index("以后的事")
    assert "别县的事" not in page
    assert "超" in page and "天</span>" in page
    assert 'aria-label="待办2件"' in page
    assert close_item("late") is True
    assert close_item("late") is False
    assert "迟了的事" not in text(client_of("county").get("/inbox/"))
    assert "迟了的事" in text(client_of("county").get("/inbox/?state=closed"))
    open_item("late", kind="t", title="又来了", address="/late/", today=today, user=users["county"])
    assert InboxItem.objects.unscoped("test").filter(key="late").count() == 1
    assert "又来了" in text(client_of("county").get("/inbox/"))
    with pytest.raises(InputError):
        open_item("nobody", kind="t", title="x", address="/", today=today)
