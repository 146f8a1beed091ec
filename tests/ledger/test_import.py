"""From a workbook to accepted rows: conversion, corrections, origins, scope, undo."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.imports.kinds import kinds
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.core.errors import InputError
from tests.ledger import kit

pytestmark = pytest.mark.django_db


def test_energy_from_workbook_to_accepted_rows(users, places, tmp_path):
    rows = [
        kit.energy_row(1),
        kit.energy_row(2, 数量=1.25, 计量单位="万吨", 期别="2025年1—9月"),
        kit.energy_row(3, 地区="431003", 能源品种="电力", 数量="1,234.5", 计量单位="万千瓦时", 行业="C26"),
        kit.energy_row(4, 地区="不分县", 能源品种="天然气", 流向="加工转换投入", 数量=3, 计量单位="亿立方米", 行业=""),
        kit.energy_row(5, 能源品种="标准煤", 数量=2, 计量单位="万吨标准煤", 数据版本="最终核实"),
    ]
    job = kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    assert job.state == "done", job.message
    assert job.result["counts"]["new"] == 5
    found = {
        (row.subject.code, row.product, row.flow, row.industry, row.release): (row.quantity, row.unit_filed, row.filed)
        for row in kit.accepted()
        if row.period_end == date(2025, 7, 1)
    }
    assert found == {
        ("431002", "raw_coal", "terminal", "industry", "preliminary"): (Decimal("100.5"), "吨", "100.5"),
        ("431003", "electricity", "terminal", "C26", "preliminary"): (Decimal("1234.5"), "万千瓦时", "1,234.5"),
        ("431099", "ng", "transformation_in", "", "preliminary"): (Decimal("300000000"), "亿立方米", "3"),
        ("431002", "coal_equivalent", "terminal", "industry", "final"): (Decimal("20000"), "万吨标准煤", "2"),
    }
    nine = next(row for row in kit.accepted() if row.period_end == date(2025, 10, 1))
    assert (nine.quantity, nine.period_kind, nine.period_start) == (Decimal("12500"), "ytd", date(2025, 1, 1))
    batch = kit.batch_of(job)
    assert (batch.rows_read, batch.rows_kept, batch.document) == (5, 5, "郴统〔2026〕9号")
    assert {(row.origin, row.document, row.known_on) for row in kit.accepted()} == {("issued", "郴统〔2026〕9号", date(2026, 10, 20))}
    assert Entry.objects.filter(action="ledger.batch.applied", target_id=batch.pk).count() == 1


def test_a_batch_keeps_the_root_of_its_rows(users, places, tmp_path):
    from shuangkong.apps.ledger.proof import batch_root

    batch = kit.batch_of(kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()]), users["city"]))
    assert batch.rows_sm3 == batch_root(batch.pk).sm3
    assert len(batch.rows_sm3) == 64


def test_growth_and_electricity_and_gdp(users, places, tmp_path):
    city = users["city"]
    rows = [
        [1, "北湖区", "", "地区生产总值增速", "2025年1—6月", -3.25, "", ""],
        [2, "郴州市", "", "规模以上工业增加值增速", "2025年1—5月", "7.1", "", ""],
    ]
    assert kit.load(kit.workbook(tmp_path / "g.xlsx", kit.GROWTH, rows), city, "growth").state == "done"
    assert [(row.measure, row.rate, row.comparable, row.county_id is None) for row in kit.accepted()] == [
        ("gdp_growth", Decimal("-3.25"), True, False),
        ("industry_value_added_growth", Decimal("7.1"), True, True),
    ]
    rows = [kit.electricity_row(1), kit.electricity_row(2, 期别="2025年1—6月", 用电量=0.12, 计量单位="亿千瓦时")]
    assert kit.load(kit.workbook(tmp_path / "e.xlsx", kit.ELECTRICITY, rows), city, "electricity").state == "done"
    found = [(row.period_kind, row.quantity) for row in kit.accepted() if row.measure == "electricity"]
    assert sorted(found) == [("month", Decimal("321.5")), ("ytd", Decimal("1200"))]
    rows = [kit.gdp_row(1), kit.gdp_row(2, 价格基期="当年价", 地区生产总值=120)]
    assert kit.load(kit.workbook(tmp_path / "p.xlsx", kit.GDP, rows), city, "gdp").state == "done"
    found = sorted((row.price_base, row.quantity) for row in kit.accepted() if row.measure == "gdp")
    assert found == [(0, Decimal("1200000")), (2020, Decimal("1000000"))]


def test_unchanged_rows_and_corrections(users, places, tmp_path):
    city = users["city"]
    rows = [kit.energy_row(1), kit.energy_row(2, 地区="苏仙区")]
    first = kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), city)
    rows = [kit.energy_row(1), kit.energy_row(2, 地区="苏仙区", 数量=200), kit.energy_row(3, 地区="不分县")]
    second = kit.load(kit.workbook(tmp_path / "b.xlsx", kit.ENERGY, rows), city, stated=kit.form(date(2026, 11, 1)))
    counts = second.result["counts"]
    assert (counts["new"], counts["corrected"], counts["unchanged"]) == (1, 1, 1)
    corrected = next(row for row in kit.accepted() if row.subject.code == "431003")
    assert corrected.quantity == 200
    assert corrected.supersedes.batch_id == kit.batch_of(first).pk
    assert [row.quantity for row in kit.accepted(known_on=date(2026, 10, 31))] == [Decimal("100.5"), Decimal("100.5")]
    jobs.run(imports.undo(kit.batch_of(second).pk, "energy", city, reason="试").pk)
    assert [row.quantity for row in kit.accepted()] == [Decimal("100.5"), Decimal("100.5")]
    assert Entry.objects.filter(action="ledger.batch.withdrawn").count() == 1


def test_a_corrected_batch_is_not_withdrawn_before_its_correction(users, places, tmp_path):
    city = users["city"]
    first = kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()]), city)
    second = kit.load(kit.workbook(tmp_path / "b.xlsx", kit.ENERGY, [kit.energy_row(数量=7)]), city)
    with pytest.raises(InputError, match="更正"):
        imports.undo(kit.batch_of(first).pk, "energy", city, reason="试")
    imports.undo(kit.batch_of(second).pk, "energy", city, reason="试")
    imports.undo(kit.batch_of(first).pk, "energy", city, reason="试")
    assert kit.accepted() == []
    with pytest.raises(InputError, match="没有可撤销"):
        imports.undo(kit.batch_of(first).pk, "energy", city, reason="试")


def test_a_correction_known_before_what_it_corrects_is_a_cell_error(users, places, tmp_path):
    kit.load(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()]), users["city"])
    path = kit.workbook(tmp_path / "b.xlsx", kit.ENERGY, [kit.energy_row(数量=7)])
    checked = kit.check(path, users["city"], stated=kit.form(date(2026, 9, 1)))
    assert kit.faults(checked) == [("H2", "已有更晚发布（报送）的数")]


def test_a_county_reports_its_own_rows_only(users, places, tmp_path):
    rows = [kit.energy_row(1), kit.energy_row(2, 地区="苏仙区"), kit.energy_row(3, 地区="郴州市")]
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows)
    with pytest.raises(InputError, match="数据来源"):
        kit.check(path, users["county"])
    job = kit.load(path, users["county"], stated=kit.form(origin="reported", document=""))
    assert [(row.subject.code, row.origin) for row in kit.accepted()] == [("431002", "reported")]
    assert job.result["counts"]["refused"] == 2
    checked = kit.check(path, users["county"], stated=kit.form(origin="reported", document=""))
    assert kit.faults(checked) == [("B3", "“苏仙区”不是您的填报范围"), ("B4", "“郴州市”不是您的填报范围")]


def test_energy_of_the_city_as_a_whole_is_a_cell_error(users, places, tmp_path):
    rows = [kit.energy_row(1, 地区="不分县"), kit.energy_row(2, 地区="郴州市")]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["city"])
    assert kit.faults(checked) == [("B3", "能源平衡不按全市填报")]
    [place] = [column for column in kinds()["energy"].columns(users["city"]) if column.key == "place"]
    assert "不分县" in place.choices
    assert "郴州市" not in place.choices


def test_a_zone_files_itself_as_zone(users, places, tmp_path):
    rows = [kit.energy_row(1), kit.energy_row(2, 园区="郴州高新区"), kit.energy_row(3, 园区="郴州高新区", 地区="苏仙区")]
    stated = kit.form(origin="reported", document="")
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows), users["zone"], stated=stated)
    assert kit.faults(checked) == [("C2", "“园区”没有填"), ("C4", "园区不在这个地区")]
    job = imports.confirm(checked.pk, users["zone"], keep_unusual=True)
    jobs.run(job.pk)
    assert [(row.subject.code, row.zone.code) for row in kit.accepted()] == [("431002", "CZ-HITECH"), ("431003", "CZ-HITECH")]


@pytest.mark.parametrize("role", ["department", "enterprise", "reader", "administrator"])
def test_who_may_not_import_regional_rows(users, places, tmp_path, role):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    for kind in set(kinds()) - {"key_units"}:  # a unit files its own
        with pytest.raises(InputError, match="不能导入"):
            kit.check(path, users[role], kind, kit.form(origin="reported"))


def test_issued_figures_need_their_document_and_no_day_to_come(users, places, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    with pytest.raises(InputError, match="缺少文号"):
        kit.check(path, users["city"], stated=kit.form(document=" "))
    with pytest.raises(InputError, match="今天之后"):
        kit.check(path, users["city"], stated=kit.form(known_on=date(2026, 11, 25)))


def test_another_users_check_cannot_be_confirmed(users, places, tmp_path):
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()]), users["city"])
    for role in ("county", "reader"):
        with pytest.raises(InputError):
            imports.confirm(checked.pk, users[role], keep_unusual=False)


def test_confirming_twice_applies_once(users, places, tmp_path):
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()]), users["city"])
    jobs.run(imports.confirm(checked.pk, users["city"], keep_unusual=False).pk)
    again = imports.confirm(checked.pk, users["city"], keep_unusual=False)
    assert jobs.run(again.pk) is None
    assert len(kit.accepted()) == Row.objects.unscoped("test").count() == Batch.objects.unscoped("test").count() == 1


def test_unusual_rows_are_kept_only_when_confirmed(users, places, tmp_path):
    rows = [kit.energy_row(1), kit.energy_row(2, 地区="苏仙区", 数量=90000, 计量单位="亿吨")]
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, rows)
    checked = kit.check(path, users["city"])
    assert checked.result["counts"]["ask"] == 1
    assert [found["severity"] for found in imports.first_findings(checked)] == ["confirm"]
    jobs.run(imports.confirm(checked.pk, users["city"], keep_unusual=False).pk)
    assert [row.subject.code for row in kit.accepted()] == ["431002"]
    job = kit.load(path, users["city"], keep_unusual=True)
    assert job.result["counts"]["new"] == 1
    assert len(kit.accepted()) == 2


def test_the_ledger_moved_between_check_and_confirmation(users, places, tmp_path):
    path = kit.workbook(tmp_path / "a.xlsx", kit.ENERGY, [kit.energy_row()])
    one, two = kit.check(path, users["city"]), kit.check(path, users["city"])
    jobs.run(imports.confirm(one.pk, users["city"], keep_unusual=False).pk)
    job = imports.confirm(two.pk, users["city"], keep_unusual=False)
    jobs.run(job.pk)
    assert kit.fresh(job).result["counts"]["unchanged"] == 1
    assert len(kit.accepted()) == 1


def test_two_price_bases_in_one_series(users, places, tmp_path):
    city = users["city"]
    rows = [kit.gdp_row(1), kit.gdp_row(2, 期别="2025年1—9月", 价格基期="2015年不变价")]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.GDP, rows), city, "gdp")
    assert ("G3", "同一序列有两个价格基期") in kit.faults(checked)
    jobs.run(imports.confirm(checked.pk, city, keep_unusual=True).pk)
    rows = [kit.gdp_row(1, 期别="2022年1—3月", 价格基期="2015年不变价"), kit.gdp_row(2, 期别="2019年", 价格基期="2015年不变价")]
    checked = kit.check(kit.workbook(tmp_path / "b.xlsx", kit.GDP, rows), city, "gdp")
    assert ("G2", "同一序列有两个价格基期") in kit.faults(checked)
    assert checked.result["counts"]["new"] == 1


def test_the_base_year_belongs_to_the_series_that_it_opens(users, places, tmp_path):
    rows = [
        kit.gdp_row(1, 期别="2020年", 价格基期="2015年不变价"),
        kit.gdp_row(2, 期别="2020年", 价格基期="2020年不变价"),
        kit.gdp_row(3, 期别="2021年", 价格基期="2020年不变价"),
    ]
    checked = kit.check(kit.workbook(tmp_path / "a.xlsx", kit.GDP, rows), users["city"], "gdp")
    assert kit.faults(checked) == []
