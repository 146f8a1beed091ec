"""The workbook given back: cells coloured, reasons beside the rows, the rest untouched; and the template."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from shuangkong.apps.desk.imports.kinds import CONFIRM, Fault, kinds
from shuangkong.apps.desk.services import files
from shuangkong.apps.desk.workbooks.marking import ASK_FILL, FAULT_FILL, mark
from shuangkong.apps.desk.workbooks.package import open_package
from shuangkong.apps.desk.workbooks.template import write_template
from tests.ledger import kit

pytestmark = pytest.mark.django_db


def marked(job):
    return openpyxl.load_workbook(files.path_of(job.file))["填报"]


def fill(cell):
    return cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else None


def test_faulty_cells_are_coloured_and_reasons_stand_beside(users, tmp_path):
    rows = [kit.energy_row(1), kit.energy_row(2, 流向="", 能源品种="木柴"), kit.energy_row(3, 地区="苏仙区", 数量=90000, 计量单位="亿吨")]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    sheet = marked(checked)
    assert checked.file.name == "a-已标注.xlsx"
    assert {cell.coordinate: fill(cell) for row in sheet.iter_rows() for cell in row if fill(cell)} == {
        "E3": FAULT_FILL,
        "F3": FAULT_FILL,
        "H4": ASK_FILL,
    }
    assert sheet["L1"].value == "校验结果"
    assert sheet["L2"].value is None
    assert sheet["L3"].value.startswith("E3：不认识能源品种“木柴”")
    assert "F3：“流向”没有填" in sheet["L3"].value
    assert sheet["L4"].value.startswith("H4：数量异常大")
    assert [cell.value for cell in sheet[2]][:11] == [1, "北湖区", None, "工业", "原煤", "终端消费", "2025年1—6月", 100.5, "吨", None, None]


def test_a_mended_workbook_comes_back_without_old_words(users, tmp_path):
    rows = [kit.energy_row(1, 流向=""), kit.energy_row(2, 地区="苏仙区", 流向="")]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    book = openpyxl.load_workbook(files.path_of(checked.file))
    book["填报"]["F2"] = "终端消费"
    book.save(tmp_path / "b.xlsx")
    again = kit.check(tmp_path / "b.xlsx", users["city"])
    assert again.result["counts"]["new"] == 1
    sheet = marked(again)
    assert sheet["L1"].value == "校验结果"
    assert sheet["M1"].value is None
    assert sheet["L2"].value is None
    assert sheet["L3"].value.startswith("F3：")
    book["填报"]["F3"] = "终端消费"
    book.save(tmp_path / "c.xlsx")
    assert kit.check(tmp_path / "c.xlsx", users["city"]).file is None


def test_what_is_marked_can_be_read_by_calamine_and_keeps_the_rest(users, tmp_path):
    energy = kinds()["energy"]
    template = tmp_path / "t.xlsx"
    write_template(template, energy, list(energy.columns(users["city"])), demonstration=False)
    book = openpyxl.load_workbook(template)
    sheet = book["填报"]
    for number, row in enumerate([kit.energy_row(1, 数量=-1), kit.energy_row(2)], 5):
        for place, value in enumerate(row, 1):
            sheet.cell(number, place, value or None)
    book.save(tmp_path / "f.xlsx")
    checked = kit.check(tmp_path / "f.xlsx", users["city"])
    assert kit.faults(checked) == [("H5", "数量是负数")]
    path = files.path_of(checked.file)
    assert CalamineWorkbook.from_path(path).sheet_names == ["填报", "填写说明", "选项", "_shuangkong"]
    again = openpyxl.load_workbook(path)["填报"]
    assert again["L3"].value == "校验结果"
    assert again["L5"].value.startswith("H5：数量是负数")
    assert len(again.data_validations.dataValidation) == len(openpyxl.load_workbook(template)["填报"].data_validations.dataValidation) > 4
    assert again.freeze_panes == "C4"


def test_prefixed_xml_and_cells_that_do_not_exist(tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", ["a", "b", "c"], [["1", "", "x & <y>"]])
    prefixed = tmp_path / "p.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(prefixed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                for tag in b"worksheet sheetData row c v dimension sheetViews sheetView sheetFormatPr pageMargins".split():
                    content = content.replace(b"</%s>" % tag, b"</x:%s>" % tag)
                    for after in (b" ", b">", b"/"):
                        content = content.replace(b"<%s%s" % (tag, after), b"<x:%s%s" % (tag, after))
                content = content.replace(b"xmlns=", b"xmlns:x=")
            new.writestr(name, content)
    part = open_package(prefixed).sheets[0].part
    faults = [(2, 2, Fault("b", "没有填 <&>\x01")), (2, 1, Fault("a", "核对", severity=CONFIRM))]
    mark(prefixed, tmp_path / "m.xlsx", part, 1, faults, 4)
    sheet = openpyxl.load_workbook(tmp_path / "m.xlsx").active
    assert fill(sheet["B2"]) == FAULT_FILL
    assert fill(sheet["A2"]) == ASK_FILL
    assert sheet["C2"].value == "x & <y>"
    assert sheet["D2"].value == "B2：没有填 <&>\nA2：核对"


@pytest.mark.parametrize("kind", ["energy", "gdp", "growth", "electricity"])
def test_the_example_of_each_template_would_be_accepted(users, tmp_path, kind):
    chosen = kinds()[kind]
    path = tmp_path / "t.xlsx"
    write_template(path, chosen, list(chosen.columns(users["city"])), demonstration=True)
    book = openpyxl.load_workbook(path)
    sheet = book["填报"]
    assert "演示" in sheet["A1"].value
    assert book["_shuangkong"].sheet_state == "veryHidden"
    assert sheet["A4"].value == "示例"
    sheet["A4"] = 1
    book.save(path)
    checked = kit.check(path, users["city"], kind)
    assert checked.state == "done", checked.message
    assert kit.faults(checked) == []
    assert checked.result["counts"]["new"] == 1


def test_drop_downs_hold_what_the_user_may_file(users, tmp_path):
    chosen = kinds()["energy"]
    write_template(tmp_path / "t.xlsx", chosen, list(chosen.columns(users["county"])), demonstration=False)
    options = openpyxl.load_workbook(tmp_path / "t.xlsx")["选项"]
    assert [cell.value for cell in options["B"] if cell.value] == ["北湖区"]
    assert "原煤" in [cell.value for cell in options["E"]]
    assert options.sheet_state == "hidden"
