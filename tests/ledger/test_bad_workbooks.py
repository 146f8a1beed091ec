"""Bad input, with real files: each is refused with a message at its place, and nothing is half-written."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest
import xlsxwriter

from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.desk.workbooks import sheet_xml
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.core.errors import InputError
from tests.ledger import kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def good(tmp_path):
    return kit.workbook(tmp_path / "good.xlsx", kit.ENERGY, [kit.energy_row()])


def rezipped(source, target, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None):
    """A copy of a workbook with parts changed (None: left out) or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return target


def three_rows(tmp_path):
    rows = [kit.energy_row(n, 地区=place) for n, place in enumerate(("北湖区", "苏仙区", "不分县"), 1)]
    return kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows)


def same(_name, content):
    return content


def refused(job):
    """The error of a refused file as a whole; nothing was written."""
    assert job.state == "failed"
    assert Row.objects.unscoped("test").count() == Batch.objects.unscoped("test").count() == 0
    error = job.result["error"]
    assert error["what"] and error["do"]
    return error["what"]


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04 and nothing", b"%PDF-1.4", b"\x00" * 4096, b"<html></html>"])
def test_no_workbook(users, tmp_path, content):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert refused(kit.check(path, users["city"])) == "文件损坏或不是 Excel 工作簿"


def test_an_old_or_encrypted_file(users, tmp_path):
    path = tmp_path / "a.xls"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600)
    assert "加密" in refused(kit.check(path, users["city"]))


def test_another_zip(users, tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(kit.check(path, users["city"])) == "文件损坏或不是 Excel 工作簿"


def test_a_cut_file(users, good, tmp_path):
    path = tmp_path / "cut.xlsx"
    path.write_bytes(good.read_bytes()[:-200])
    assert refused(kit.check(path, users["city"])) == "文件损坏或不是 Excel 工作簿"


def test_a_spoilt_sheet(users, good, tmp_path):
    content = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    start = info.header_offset + 30 + len(info.filename)
    content[start + 20 : start + 60] = b"\xff" * 40
    path = tmp_path / "spoilt.xlsx"
    path.write_bytes(bytes(content))
    assert refused(kit.check(path, users["city"]))


def test_empty_and_too_large_uploads(users, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    with pytest.raises(InputError, match="文件是空的"):
        imports.begin("energy", users["city"], "a.xlsx", [], kit.form(), kit.TODAY)
    with pytest.raises(InputError, match="文件太大"):
        imports.begin("energy", users["city"], "a.xlsx", [b"x" * 600, b"x" * 600], kit.form(), kit.TODAY)


def test_a_zip_bomb_by_ratio(users, good, tmp_path):
    bomb = {"xl/media/image1.bin": b"\x00" * (60 * 2**20)}
    path = rezipped(good, tmp_path / "bomb.xlsx", same, bomb)
    assert path.stat().st_size < 2**20
    error = kit.check(path, users["city"])
    assert refused(error) == "文件不正常，未读取"
    assert "压缩比" in error.result["error"]["why"]


def test_a_bomb_that_lies_about_its_size(users, good, tmp_path):
    rows = b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>' + b"A" * (20 * 2**20)
    path = rezipped(good, tmp_path / "liar.xlsx", lambda name, old: rows if name.endswith("sheet1.xml") else old)
    content = path.read_bytes()
    real, small = struct.pack("<I", len(rows)), struct.pack("<I", 4000)
    assert content.count(real) >= 2
    path.write_bytes(content.replace(real, small))
    assert refused(kit.check(path, users["city"]))


def test_one_long_text_in_many_cells(users, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("填报")
        page.write_row(0, 0, kit.ENERGY)
        for number in range(1, 7001):
            page.write_row(number, 0, kit.energy_row(number, 备注="长" * 10000))
    assert refused(kit.check(path, users["city"])) == "单元格的文字过长"


def test_an_entity_bomb(users, good, tmp_path):
    evil = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]><workbook>&b;</workbook>'
    path = rezipped(good, tmp_path / "e.xlsx", lambda name, old: evil if name == "xl/workbook.xml" else old)
    assert refused(kit.check(path, users["city"])) == "文件损坏或不是 Excel 工作簿"
    path = rezipped(good, tmp_path / "f.xlsx", lambda name, old: evil if name.endswith("sheet1.xml") else old)
    assert refused(kit.check(path, users["city"])) == "工作表的编码不能读取"


def test_macros_and_external_links(users, good, tmp_path):
    path = rezipped(good, tmp_path / "m.xlsm", same, {"xl/vbaProject.bin": b"x"})
    assert refused(kit.check(path, users["city"])) == "工作簿含有宏"
    path = rezipped(good, tmp_path / "l.xlsx", same, {"xl/externalLinks/externalLink1.xml": b"<x/>"})
    assert refused(kit.check(path, users["city"])) == "工作簿含有指向其他文件的链接"


def test_a_part_that_points_outside(users, good, tmp_path):
    path = rezipped(good, tmp_path / "p.xlsx", same, {"../../evil.txt": b"x"})
    assert "指向文件之外" in kit.check(path, users["city"]).result["error"]["why"]


def test_formulas_are_named_by_cell(users, tmp_path):
    path = three_rows(tmp_path)
    book = openpyxl.load_workbook(path)
    book["填报"]["H3"] = "=SUM(H2:H2)*2"
    book["填报"]["Z3"] = "=1+1"
    book.save(path)
    checked = kit.check(path, users["city"])
    assert kit.faults(checked) == [("H3", "单元格是公式")]
    assert checked.result["counts"]["new"] == 2


def test_merged_cells_are_named_by_cell(users, tmp_path):
    path = three_rows(tmp_path)
    book = openpyxl.load_workbook(path)
    book["填报"].merge_cells("B2:B3")
    book.save(path)
    checked = kit.check(path, users["city"])
    assert [fault for fault in kit.faults(checked) if fault[1] == "单元格是合并的"] == [("B2", "单元格是合并的"), ("B3", "单元格是合并的")]
    assert checked.result["counts"]["new"] == 1


def test_a_million_empty_rows(users, good, tmp_path):
    empty = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % number for number in range(3, 1_000_001))

    def grow(name, old):
        return old.replace(b"</sheetData>", empty + b"</sheetData>") if name.endswith("sheet1.xml") else old

    grown = rezipped(good, tmp_path / "e.xlsx", grow)
    checked = kit.check(grown, users["city"])
    assert checked.state == "done", checked.message
    assert checked.result["counts"]["read"] == 1
    only = rezipped(kit.workbook(tmp_path / "h.xlsx", kit.ENERGY, []), tmp_path / "o.xlsx", grow)
    assert refused(kit.check(only, users["city"])) == "没有数据行"


def test_a_cell_at_the_far_end(users, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("填报")
        page.write_row(0, 0, kit.ENERGY)
        page.write_row(1, 0, kit.energy_row())
        page.write(1_048_575, 0, "x")
    error = refused(kit.check(path, users["city"]))
    assert error == "工作表太长：第 1048576 行还有内容"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("填报")
        page.write_row(0, 0, kit.ENERGY)
        page.write(1, 16_383, "x")
    job = kit.check(path, users["city"])
    assert refused(job) == "工作表太宽"
    assert "XFD" in job.result["error"]["where"]


def test_the_wrong_sheet(users, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Sheet1").write(0, 0, "x")
        book.add_worksheet("Sheet2").write(0, 0, "x")
    job = kit.check(path, users["city"])
    assert refused(job) == "找不到工作表“填报”"
    assert "Sheet1、Sheet2" in job.result["error"]["why"]


def test_no_header_and_missing_and_doubled_columns(users, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", ["甲", "乙"], [["1", "2"]])
    assert refused(kit.check(path, users["city"])) == "找不到表头"
    path = kit.workbook(tmp_path / "b.xlsx", [title for title in kit.ENERGY if title != "流向"], [["1"] * 10])
    assert refused(kit.check(path, users["city"])) == "缺少列：流向"
    path = kit.workbook(tmp_path / "c.xlsx", [*kit.ENERGY, "数量"], [kit.energy_row()])
    assert refused(kit.check(path, users["city"])) == "“数量”列出现了两次"


@pytest.mark.parametrize(
    ("changes", "cell", "what"),
    [
        ({"流向": ""}, "F2", "“流向”没有填"),
        ({"流向": "烧掉"}, "F2", "不认识流向“烧掉”"),
        ({"能源品种": "木柴"}, "E2", "不认识能源品种“木柴”"),
        ({"地区": "火星区"}, "B2", "不认识地区“火星区”"),
        ({"地区": ""}, "B2", "“地区”没有填"),
        ({"园区": "蟠桃园"}, "C2", "不认识园区“蟠桃园”"),
        ({"行业": "魔法"}, "D2", "不认识行业“魔法”"),
        ({"期别": "去年"}, "G2", "“去年”不是期别"),
        ({"期别": "2025年5月"}, "G2", "这一类数据没有“2025年5月”这样的期别"),
        ({"期别": "2025年1—5月"}, "G2", "这一类数据没有“2025年1—5月”这样的期别"),
        ({"期别": "2025/6/30"}, "G2", "“2025/6/30”不是期别"),
        ({"期别": "2025-13"}, "G2", "“2025-13”不是期别"),
        ({"期别": 2025.1}, "G2", "期别“2025.1”是小数"),
        ({"期别": "2026年1—12月"}, "G2", "期末晚于发布（报送）日期"),
        ({"计量单位": "斤"}, "I2", "不认识计量单位“斤”"),
        ({"计量单位": "万千瓦时"}, "I2", "单位“万千瓦时”与这一项的量不符"),
        ({"计量单位": ""}, "I2", "“计量单位”没有填"),
        ({"数量": ""}, "H2", "没有填数"),
        ({"数量": "约100"}, "H2", "“约100”不是数"),
        ({"数量": "100吨"}, "H2", "“100吨”不是数"),
        ({"数量": "NaN"}, "H2", "“NaN”不是数"),
        ({"数量": "1e999999999999999999"}, "H2", None),
        ({"数量": "9" * 400}, "H2", None),
        ({"数量": -5}, "H2", "数量是负数"),
        ({"数量": 1e300}, "H2", None),
        ({"数量": True}, "H2", "这里应填数，单元格里是日期或逻辑值"),
        ({"数据版本": "最新"}, "J2", "不认识数据版本“最新”"),
        ({"备注": "长" * 201}, "K2", "备注过长"),
    ],
)
def test_a_cell_error_names_the_cell_and_the_reason(users, tmp_path, changes, cell, what):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row(**changes), kit.energy_row(2, 地区="苏仙区")])
    checked = kit.check(path, users["city"])
    assert checked.state == "done", checked.message
    [(found_cell, found_what)] = kit.faults(checked)
    assert found_cell == cell
    assert what is None or found_what == what
    assert checked.result["counts"] == {"read": 2, "new": 1, "corrected": 0, "unchanged": 0, "refused": 1, "ask": 0, "blank": 0}
    first = imports.first_findings(checked)[0]
    assert first["sheet"] == "填报"
    assert first["why"] or first["do"]


def test_dates_where_periods_belong(users, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page, day = book.add_worksheet("填报"), book.add_format({"num_format": "yyyy-mm-dd"})
        page.write_row(0, 0, kit.ELECTRICITY)
        for number, when in enumerate((date(2025, 6, 1), date(2025, 6, 30)), 1):
            page.write_row(number, 0, kit.electricity_row(number))
            page.write_datetime(number, 4, when, day)
        page.write_row(3, 0, kit.electricity_row(3, 地区="苏仙区"))
        page.write_datetime(3, 5, date(2025, 6, 30), day)
    checked = kit.check(path, users["city"], "electricity")
    assert kit.faults(checked) == [("E3", "这里应写期别，单元格里是日期 2025-06-30"), ("F4", "这里应填数，单元格里是日期或逻辑值")]
    assert checked.result["counts"]["new"] == 1


def test_numbers_as_text_are_read_as_people_write_them(users, tmp_path):
    rows = [kit.energy_row(n, 地区=place, 数量=text) for n, (place, text) in enumerate((("北湖区", " 1,000.50 "), ("苏仙区", "１２")), 1)]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    jobs.run(imports.confirm(checked.pk, users["city"], keep_unusual=False).pk)
    assert [str(row.quantity.normalize()) for row in kit.accepted()] == ["1000.5", "12"]


def test_duplicates_name_the_first_row(users, tmp_path):
    rows = [kit.energy_row(1), kit.energy_row(2, 地区="431002", 期别="2025-01/06", 数量=7), kit.energy_row(3, 地区="北湖", 数量=7)]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    assert kit.faults(checked) == [("B3", "与第 2 行重复"), ("B4", "与第 2 行重复")]
    assert checked.result["counts"]["new"] == 1


def test_a_template_of_another_kind_or_version(users, tmp_path):
    from shuangkong.apps.desk.imports.kinds import kinds
    from shuangkong.apps.desk.workbooks.template import write_template

    gdp = kinds()["gdp"]
    write_template(tmp_path / "t.xlsx", gdp, list(gdp.columns(users["city"])), demonstration=False)
    assert refused(kit.check(tmp_path / "t.xlsx", users["city"])) == "这个文件不是“能源消费（分品种、流向、行业）”的模板"
    assert refused(kit.check(tmp_path / "t.xlsx", users["city"], "gdp")) == "没有数据行"


def test_a_row_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(sheet_xml, "ROW_MAX_BYTES", 2 * 2**20)
    with pytest.raises(InputError, match="过长"):
        list(sheet_xml.row_blocks(io.BytesIO(b"<sheetData><row>" + b"x" * (4 * 2**20))))


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("size", [7, 64, 1 << 20])
def test_blocks_cut_no_row_and_lose_nothing(monkeypatch, prefix, size):
    monkeypatch.setattr(sheet_xml, "BLOCK_BYTES", size)
    rows = "".join(f'<{prefix}row r="{n}"><{prefix}c r="A{n}"><{prefix}v>{n}</{prefix}v></{prefix}c></{prefix}row>' for n in range(1, 60))
    rows += f'<{prefix}row r="60"/>'
    tail = f'</{prefix}sheetData><{prefix}mergeCells>{f"<{prefix}mergeCell/>" * 30}</{prefix}mergeCells></{prefix}worksheet>'
    xml = f"<{prefix}worksheet><{prefix}sheetData>{rows}{tail}".encode()
    blocks = list(sheet_xml.row_blocks(io.BytesIO(xml)))
    assert b"".join(blocks) == xml
    opened, closed = f"<{prefix}row ".encode(), f"</{prefix}row>".encode()
    for block in blocks:
        assert block.count(opened) - block.count(b'r="60"/>') == block.count(closed)


PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels")


@pytest.mark.parametrize("part", PARTS)
def test_spoilt_parts_are_never_an_error_of_the_program(users, good, tmp_path, part):
    """Each fault of the file is said as one, whatever is spoilt: bytes changed, cut out, doubled."""
    dice = random.Random(part)
    tricks = [
        lambda old, at: old[:at] + bytes([dice.randrange(256)]) + old[at + 1 :],
        lambda old, at: old[:at] + old[at + dice.randrange(1, 60) :],
        lambda old, at: old[:at] + old[max(0, at - 40) :],
        lambda old, at: old[:at] + b"99999999999999999999" + old[at:],
    ]
    for number in range(30):
        path = tmp_path / f"{number}.xlsx"
        rezipped(good, path, lambda name, old: dice.choice(tricks)(old, dice.randrange(len(old))) if name == part else old)
        job = kit.check(path, users["city"])
        assert job.state == "done" or "error" in job.result, job.message
        assert Row.objects.unscoped("test").count() == 0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'r="K2"', b'r="K99999999999991"', "工作表的单元格坐标不能读取"),
        (b'r="K2"', b'r="K9999999"', "工作表太长：第 9999999 行还有内容"),
        (b'r="K2"', b'r="K300001"', "工作表太长：第 300001 行还有内容"),
        (b'r="K2"', b"r='K9999999'", "工作表的单元格坐标不能读取"),
        (b' r="K2"', b'\nr="K9999999"', "工作表的单元格坐标不能读取"),
        (b'r="K2"', b'r="ZZZZ2"', "工作表的单元格坐标不能读取"),
        (b'r="K2"', b'r="k2"', "工作表的单元格坐标不能读取"),
        (b'r="K2"', b'r=""', "工作表的单元格坐标不能读取"),
        (b'<row r="2"', b'<row r="99999999999"', "工作表的单元格坐标不能读取"),
    ],
)
def test_an_address_that_would_fill_the_memory(users, tmp_path, old, new, what):
    """A reader makes room up to the farthest address, wherever in the file it stands and however it is written."""
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row(备注="x"), kit.energy_row(2)])
    bad = rezipped(path, tmp_path / "b.xlsx", lambda name, content: content.replace(old, new) if name.endswith("sheet1.xml") else content)
    assert refused(kit.check(bad, users["city"])) == what
