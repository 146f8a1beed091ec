"""Exports: safe to open, marked in the demonstration, exactly what the page shows, the reach checked again at download."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import exports, jobs
from shuangkong.apps.desk.services.exports import Table, write
from tests.ledger import kit

pytestmark = pytest.mark.django_db
EVIL = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "正常"]


def table(rows):
    return Table("试表", ["文字", "数", "日"], rows, len(rows), ["注：一"])


def test_csv_is_text_for_a_spreadsheet_and_numbers_stay_numbers(tmp_path):
    path = tmp_path / "a.csv"
    rows = [[text, Decimal("-3.20"), date(2025, 6, 1)] for text in EVIL] + [[None, 7, datetime(2025, 6, 1, 4, tzinfo=UTC)]]
    write(path, table(rows), "csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["文字", "数", "日"]
    assert [line[0] for line in lines[1:9]] == [f"'{text}" if text != "正常" else text for text in EVIL]
    assert {(line[1], line[2]) for line in lines[1:9]} == {("-3.20", "2025-06-01")}
    assert lines[9] == ["", "7", "2025-06-01 12:00"]
    assert lines[-1] == ["注：一"]


def test_xlsx_holds_no_formula_and_keeps_long_decimals(tmp_path):
    path = tmp_path / "a.xlsx"
    rows = [[text, Decimal("-3.20"), date(2025, 6, 1)] for text in EVIL] + [["长", Decimal("123456789012.123456"), None]]
    write(path, table(rows), "xlsx")
    sheet = openpyxl.load_workbook(path).active
    assert [cell.data_type for cell in sheet["A"][1:9]] == ["s"] * 8
    assert [cell.value for cell in sheet["A"][1:9]] == EVIL or [cell.value for cell in sheet["A"][1:5]] == EVIL[:4]
    assert sheet["B2"].value == -3.2
    assert sheet["B10"].value == "123456789012.123456"
    assert sheet["C2"].value.date() == date(2025, 6, 1)


@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_the_demonstration_marks_every_export(tmp_path, settings, wanted):
    settings.DEMONSTRATION = True
    path = tmp_path / f"a.{wanted}"
    write(path, table([["x", 1, None]]), wanted)
    if wanted == "csv":
        first = path.read_text(encoding="utf-8-sig").splitlines()[0]
    else:
        first = openpyxl.load_workbook(path).active["A1"].value
    assert first.startswith("演示")
    assert exports._name(table([]), wanted) == f"演示-试表.{wanted}"


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def lines_of(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"), newline="")))


@pytest.fixture
def two_counties(users, tmp_path):
    rows = [kit.energy_row(1, 备注="=2+3"), kit.energy_row(2, 地区="苏仙区", 数量=77)]
    return kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])


def test_exactly_what_the_page_shows(users, two_counties):
    city = client_of(users["city"])
    lines = lines_of(city.get("/data/export/rows/?format=csv"))
    assert {(line[0], line[9]) for line in lines[1:]} == {("北湖区", "100.5"), ("苏仙区", "77")} or {
        (line[0], Decimal(line[9])) for line in lines[1:]
    } == {("北湖区", Decimal("100.5")), ("苏仙区", Decimal(77))}
    assert lines[0][-1] == "备注"
    assert "'=2+3" in {line[-1] for line in lines[1:]}
    lines = lines_of(city.get("/data/export/rows/?format=csv&subject=431003"))
    assert [line[0] for line in lines[1:]] == ["苏仙区"]
    answer = city.get("/data/export/batches/")
    assert answer["Content-Type"].endswith("sheet")
    assert "attachment" in answer["Content-Disposition"]
    assert city.get("/data/export/rows/?format=exe").status_code == 404
    assert city.get("/data/export/nothing/").status_code == 404


def test_an_export_keeps_to_the_scope(users, two_counties):
    lines = lines_of(client_of(users["county"]).get("/data/export/rows/?format=csv"))
    assert [line[0] for line in lines[1:]] == ["北湖区"]
    assert len(lines_of(client_of(users["reader"]).get("/data/export/rows/?format=csv"))) == 1
    assert Client().get("/data/export/rows/").status_code == 302


def test_a_long_export_is_a_job_and_its_file_stays_with_the_reach(users, two_counties, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 1)
    city = client_of(users["city"])
    answer = city.get("/data/export/rows/?format=csv&measure=energy")
    job = Job.objects.unscoped("test").get(kind="export")
    assert answer.url == f"/jobs/{job.pk}/"
    jobs.run(job.pk)
    ended = kit.fresh(job)
    assert ended.state == "done", ended.message
    assert "下载 台账数据.csv" in city.get(answer.url).content.decode()
    assert len(lines_of(city.get(f"/files/{ended.file_id}/"))) == 3
    assert client_of(users["county"]).get(f"/files/{ended.file_id}/").status_code == 404
    users["city"].role = "county"
    users["city"].save()
    assert client_of(users["city"]).get(f"/files/{ended.file_id}/").status_code == 404


def test_a_job_reads_with_the_reach_of_when_it_runs(users, two_counties, places, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 1)
    job = exports.begin("rows", users["city"], {}, "csv")
    users["city"].role, users["city"].subject = "county", places["431003"]
    users["city"].save()
    jobs.run(job.pk)
    lines = lines_of(client_of(users["city"]).get(f"/files/{kit.fresh(job).file_id}/"))
    assert [line[0] for line in lines[1:]] == ["苏仙区"]
