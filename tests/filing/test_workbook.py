"""A filing as a workbook and back: the same cells, locked sums, nothing that runs, faults at the cells, foreign workbooks refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuangkong.apps.desk.models import StoredFile
from shuangkong.apps.desk.services import files
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.services import DraftConflict, save_draft
from shuangkong.apps.filing.services.upload import upload
from shuangkong.apps.filing.workbook_reading import read_workbook
from shuangkong.apps.filing.workbook_writing import FIRST_COLUMN, FIRST_ROW, sheet_names, write_workbook
from shuangkong.core.errors import InputError
from shuangkong.core.forms import compute
from shuangkong.core.periods import Period
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, MONTH, again

pytestmark = pytest.mark.django_db


def written(folder: Path, filing: Filing, cells: dict[str, str], revision: int = 0) -> Path:
    path = folder / "filled.xlsx"
    write_workbook(path, filing, compute(filing.form, cells), revision)
    return path


def changed(path: Path, filing: Filing, cells: dict[str, Any]) -> bytes:
    """The workbook with values typed into cells."""
    book = openpyxl.load_workbook(path)
    names = sheet_names(filing.form)
    for address, value in cells.items():
        table_key, line_key, column_key = address.split(".")
        table = filing.form.table(table_key)
        lines = [line.key for line in table.lines] or [f"r{n}" for n in range(1, 60)]
        row = FIRST_ROW + lines.index(line_key) + 1
        column = FIRST_COLUMN + [each.key for each in table.columns].index(column_key) + 1
        book[names[table_key]].cell(row, column).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_is_written_is_read_back(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    cells = {
        "consumption.raw_coal.consumed": "1000.5", "consumption.coke.consumed": "0", "output.r1.product": "=1+1",
        "output.r2.product": "+A1",
        "output.r3.product": "-2", "output.r4.product": "@sum(1)", "output.r1.unit": "吨", "output.r1.amount": "123456789012345.123",
        "notes.changes.text": "<b>检修</b>",
    }  # fmt: skip
    mine = filing()
    filled = read_workbook(written(tmp_path, mine, cells, 7), mine)
    assert {address: text for address, text in filled.cells.items() if text} == cells
    assert filled.revision == 7


def test_nothing_in_it_runs_and_sums_are_locked(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine = filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9))
    cells = {**COUNTY, "notes.changes.text": "=HYPERLINK(1)", "notes.sources.text": "\t=1"}
    path = written(tmp_path, mine, cells)
    with zipfile.ZipFile(path) as archive:
        notes, styles = archive.read("xl/worksheets/sheet2.xml").decode(), archive.read("xl/styles.xml").decode()
        balance = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not any(name.startswith(("xl/externalLinks", "xl/vba")) for name in archive.namelist())
    assert "<f>" not in notes
    assert 'quotePrefix="1"' in styles
    assert "<sheetProtection" in balance
    book = openpyxl.load_workbook(path)
    sheet = book[sheet_names(mine.form)["balance"]]
    lines, columns = [line.key for line in mine.form.tables[0].lines], [column.key for column in mine.form.tables[0].columns]
    row, column = FIRST_ROW + 1 + lines.index("difference"), FIRST_COLUMN + 1 + columns.index("raw_coal")
    assert sheet.cell(row, column).protection.locked
    assert str(sheet.cell(row, column).value).startswith("=IF(COUNT(")
    assert not sheet.cell(FIRST_ROW + 1, column).protection.locked
    assert openpyxl.load_workbook(path, data_only=True)[sheet.title].cell(row, column).value == 0
    unit = openpyxl.load_workbook(written(tmp_path, filing(), {}))[sheet_names(again(filing(period=Period.month(2026, 8))).form)["output"]]
    assert any("吨" in str(rule.formula1) for rule in unit.data_validations.dataValidation)


def test_an_upload_fills_the_draft_and_marks_its_faults(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine, user = filing(), people["enterprise"]
    save_draft(mine, {"consumption.diesel.consumed": "5"}, 0, user, now=NOW)
    typed = {
        **{address: text.replace(",", "") for address, text in MONTH.items()},
        "consumption.coke.consumed": "约5",
        "consumption.lng.consumed": 0.1 + 0.2,
    }
    content = changed(written(tmp_path, mine, {}, 1), mine, typed)
    done = upload(mine, "九月.xlsx", [content], user, now=NOW)
    draft = again(mine).draft
    assert draft["consumption.raw_coal.consumed"] == "1000.5"
    assert draft["consumption.lng.consumed"] == "0.3"
    assert "consumption.diesel.consumed" not in draft
    assert [finding.addresses for finding in done.examined.of("blocks")] == [("consumption.coke.consumed",)]
    assert done.marked is not None
    marked = openpyxl.load_workbook(files.path_of(done.marked))[sheet_names(mine.form)["consumption"]]
    said = [cell.value for row in marked.iter_rows() for cell in row if isinstance(cell.value, str) and "不是数" in cell.value]
    assert len(said) == 1
    assert again(mine).state == "draft"


def test_a_clean_upload_is_not_marked(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine = filing()
    content = changed(written(tmp_path, mine, {}), mine, {address: text.replace(",", "") for address, text in MONTH.items()})
    assert upload(mine, "x.xlsx", [content], people["enterprise"], now=NOW).marked is None


def test_a_workbook_of_before_anothers_save_is_compared(
    people: dict[str, Any], filing: Any, make_user: Any, places: Any, tmp_path: Path
) -> None:
    colleague = make_user("enterprise", "colleague", subject=places["91-A"])
    mine = filing()
    old = written(tmp_path, mine, {}, 0)
    save_draft(mine, {"consumption.coke.consumed": "5"}, 0, colleague, now=NOW)
    with pytest.raises(DraftConflict) as caught:
        upload(again(mine), "x.xlsx", [changed(old, mine, {"consumption.coke.consumed": 6})], people["enterprise"], now=NOW)
    assert caught.value.theirs == {"consumption.coke.consumed": ("6", "5")}


@pytest.mark.parametrize("how", ["other period", "other subject", "no mark", "no sheet", "no keys", "no workbook", "empty"])
def test_a_foreign_or_broken_workbook_is_refused(people: dict[str, Any], filing: Any, tmp_path: Path, how: str) -> None:
    mine = filing()
    path = written(tmp_path, filing(period=Period.month(2026, 8)) if how == "other period" else mine, {})
    book = openpyxl.load_workbook(path)
    if how == "other subject":
        book["_shuangkong"]["D1"] = "91-Z"
    if how == "no mark":
        del book["_shuangkong"]
    if how == "no sheet":
        del book[sheet_names(mine.form)["output"]]
    if how == "no keys":
        for cell in book[sheet_names(mine.form)["output"]][4]:
            cell.value = None
    book.save(path)
    content = {"no workbook": b"PK no workbook", "empty": b""}.get(how, path.read_bytes())
    with pytest.raises(InputError):
        upload(mine, "../../x.xlsx", [content], people["enterprise"], now=NOW)
    assert again(mine).state == "not_filed"


def test_the_page_gives_and_takes_workbooks(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine, client = filing(), Client()
    client.force_login(people["enterprise"])
    answer = client.get(reverse("filing:workbook", args=[mine.pk]) + "?empty=1")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    path = tmp_path / "down.xlsx"
    path.write_bytes(answer.content)
    content = changed(path, mine, {"consumption.coke.consumed": "x"})
    target = reverse("filing:upload", args=[mine.pk])
    page = client.post(target, {"file": SimpleUploadedFile("<i>九月.xlsx", content)}, follow=True).content.decode()
    assert "处须先改正" in page
    assert reverse("desk:file", args=[StoredFile.objects.unscoped("test").order_by("-id")[0].pk]) in page
    assert client.post(target).status_code == 400
    stranger = Client()
    stranger.force_login(people["other_county"])
    assert stranger.post(target, {"file": SimpleUploadedFile("x.xlsx", content)}).status_code == 404
    reviewer = Client()
    reviewer.force_login(people["county"])
    assert reviewer.post(target, {"file": SimpleUploadedFile("x.xlsx", content)}).status_code == 400
    assert "x" not in read_workbook(_saved(tmp_path, reviewer.get(reverse("filing:workbook", args=[mine.pk])).content), mine).cells.values()


def _saved(folder: Path, content: bytes) -> Path:
    path = folder / "seen.xlsx"
    path.write_bytes(content)
    return path
