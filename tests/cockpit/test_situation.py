"""The situation report: its words, its layout, what stays when figures are corrected later, and who may read it."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import docx
import pytest
from django.db import IntegrityError
from docx.oxml.ns import qn

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.cockpit.situation import compose as compose_room
from shuangkong.apps.cockpit.situation.compose import compose
from shuangkong.apps.cockpit.situation.document import render_docx
from shuangkong.apps.cockpit.situation.services import file_report, seal
from shuangkong.apps.cockpit.situation.template import TEMPLATE, build
from shuangkong.apps.indicators.models import Indicator, Target, Value
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.energy.city import TODAY, Town

pytestmark = pytest.mark.django_db
HALF = Period.ytd(2026, 6)


@pytest.fixture
def town() -> Town:
    """Two counties in 2025 and the first half of 2026: the first fell by a tenth, the second rose."""
    town = Town("431002:北湖区", "431003:苏仙区")
    town.install_rules()
    plan = Plan.objects.create(
        code="p15", title="方案", period_name="“十五五”", subject=town.by_code["431000"], base_year=2025, first_year=2026, last_year=2030
    )
    decline = Indicator.objects.get(code="energy_intensity_decline_percent")
    for code in ("431000", "431002", "431003"):
        Target.objects.create(plan=plan, indicator=decline, subject=town.by_code[code], number="13.5", public=False)
    for county, before, now in (("431002", 1000, 900), ("431003", 1000, 1050)):
        for period, energy, gdp in (("2025-01/06", before, 10_000), ("2025", 2 * before, 20_000), ("2026-01/06", now, 10_000)):
            _fill(town, county, period, energy, gdp)
    for period, gdp in (("2025-01/06", 20_000), ("2025", 40_000), ("2026-01/06", 20_000)):
        town.put("431000", "gdp", period, gdp, price_base=2025)
    town.recompute()
    return town


def _fill(town: Town, county: str, period: str, coal_t: int, gdp: int) -> None:
    town.energy(county, period, "raw_coal", "inflow", coal_t)
    town.energy(county, period, "raw_coal", "terminal", coal_t)
    town.put(county, "gdp", period, gdp, price_base=2025)


@pytest.fixture
def plan(town: Town) -> Plan:
    return Plan.objects.get(code="p15")


@pytest.fixture
def commission(make_user: Any) -> Any:
    return make_user("city")


def _words(frozen: dict[str, Any]) -> str:
    return "\n".join(block.get("text", "") for block in frozen["blocks"])


def test_sign_and_word_agree_and_every_county_has_its_level(town: Town, plan: Plan, commission: Any) -> None:
    frozen = compose(commission, plan, town.by_code["431000"], HALF, TODAY)
    words = _words(frozen)
    assert frozen["title"] == "郴州市2026年上半年节能形势分析"
    assert "单位地区生产总值能耗同比下降2.52%，本年应下降2.86%，未达到进度要求，相差0.34个百分点，国家预警等级为二级" in words
    assert "1个县市区能耗强度不降反升，形势十分严峻（一级）：苏仙区。" in words
    assert not re.search(r"(下降|上升|增长|降低|高|低)[−-]", words)
    table = next(block for block in frozen["blocks"] if block["kind"] == "table")
    rows = {row[0]: row[1:] for row in table["rows"]}
    assert rows["北湖区"][0].startswith("降9.86")
    assert rows["苏仙区"][0].startswith("升5.63")
    assert (rows["北湖区"][5], rows["苏仙区"][5]) == ("三级", "一级")


def test_a_figure_that_is_missing_is_said_and_no_level_given(town: Town, plan: Plan, commission: Any) -> None:
    frozen = compose(commission, plan, town.by_code["431000"], Period.ytd(2026, 9), TODAY)
    assert "缺报" in _words(frozen)
    table = next(block for block in frozen["blocks"] if block["kind"] == "table")
    assert all(row[6] == "不评级" for row in table["rows"])


def test_headings_are_numbered_by_the_standard(town: Town, plan: Plan, commission: Any) -> None:
    frozen = compose(commission, plan, town.by_code["431000"], HALF, TODAY)
    first = [block["text"][0] for block in frozen["blocks"] if block["kind"] == "h1"]
    assert first == list("一二三四五六")[: len(first)]
    second = [block["text"][:3] for block in frozen["blocks"] if block["kind"] == "h2"]
    assert second == ["（一）", "（二）"]


def test_what_was_filed_stays_and_a_correction_is_a_new_version(town: Town, plan: Plan, commission: Any) -> None:
    city = town.by_code["431000"]
    first = file_report(commission, plan, city, HALF, TODAY)
    with pytest.raises(InputError, match="第1版"):
        file_report(commission, plan, city, HALF, TODAY)
    town.new_batch()
    old = town.energy("431003", "2026-01/06", "raw_coal", "terminal", 900, supersedes=None)
    _replace(town, old)
    second = file_report(commission, plan, city, HALF, TODAY)
    first.refresh_from_db()
    assert (first.version, second.version) == (1, 2)
    assert seal(first.frozen) == first.sm3 != second.sm3
    changed = {d["label"]: (d["before"], d["after"]) for d in second.differences}
    assert changed["苏仙区 能耗强度预警等级（国家方案）"] == ("一级", "三级")
    assert Entry.objects.filter(action="cockpit.report.filed").count() == 2


def _replace(town: Town, row: Any) -> None:
    """Let ``row`` and a fitting inflow supersede what the county filed first."""
    from shuangkong.apps.ledger.models import Row

    first = Row.objects.unscoped("test").filter(subject=row.subject, period_end=row.period_end, measure="energy").exclude(pk=row.pk)
    terminal, inflow = first.get(flow="terminal"), first.get(flow="inflow")
    town.new_batch()
    for of in (terminal, inflow):
        town.energy("431003", "2026-01/06", "raw_coal", of.flow, 900, supersedes=of)
    town.batch.refresh_from_db()
    row.batch.withdrawn_at = row.batch.applied_at
    row.batch.save(update_fields=["withdrawn_at"])
    town.recompute()


def test_two_people_cannot_file_the_same_version(town: Town, plan: Plan, commission: Any) -> None:
    report = file_report(commission, plan, town.by_code["431000"], HALF, TODAY)
    report.pk = None
    with pytest.raises(IntegrityError):
        report.save(force_insert=True)


def test_word_follows_the_standard_and_text_stays_text(town: Town, plan: Plan, commission: Any) -> None:
    frozen = compose(commission, plan, town.by_code["431000"], HALF, TODAY)
    frozen["blocks"].append({"kind": "text", "text": "<b>甲</b> {{ 7 * 7 }} & 乙"})
    document = docx.Document(io.BytesIO(render_docx(frozen)))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(section.top_margin.mm), round(section.left_margin.mm)) == (37, 28)
    assert round(section.page_width.mm - section.left_margin.mm - section.right_margin.mm) == 156
    text = [(p.style.name, p.text) for p in document.paragraphs]
    assert ("公文标题", frozen["title"]) in text
    assert ("公文正文", "<b>甲</b> {{ 7 * 7 }} & 乙") in text
    assert any(style == "公文一级" and words.startswith("一、") for style, words in text)
    assert document.tables[0].cell(0, 0).text == "地区"
    assert len(document.tables[0].rows) == 3
    body = document.styles["公文正文"]
    assert body.font.size.pt == 16
    assert body.element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"
    assert len(document.inline_shapes) == sum(block["kind"] == "chart" for block in frozen["blocks"])


def test_the_template_in_the_repository_is_the_one_that_is_built() -> None:
    def parts(document: Any) -> tuple[str, str]:
        return document.element.xml, document.styles.element.xml

    assert parts(docx.Document(str(TEMPLATE))) == parts(build())


def test_a_county_reads_its_own_report_and_no_foreign_one(town: Town, plan: Plan, commission: Any, make_user: Any, client: Any) -> None:
    own = file_report(commission, plan, town.by_code["431002"], HALF, TODAY)
    foreign = file_report(commission, plan, town.by_code["431003"], HALF, TODAY)
    whole = file_report(commission, plan, town.by_code["431000"], HALF, TODAY)
    client.force_login(make_user("county", subject=town.by_code["431002"]))
    assert client.get(f"/reports/{own.pk}/").status_code == 200
    assert client.get(f"/reports/{foreign.pk}/").status_code == 404
    assert client.get(f"/reports/{whole.pk}/word/").status_code == 404
    listed = client.get("/reports/").content.decode()
    assert "北湖区2026年上半年" in listed
    assert "苏仙区2026年上半年" not in listed
    draft = client.get("/reports/draft/", {"plan": "p15", "subject": "431003", "period": "2026-01/06"})
    assert draft.status_code == 400


def test_pages_cost_a_fixed_number_of_queries(
    town: Town, plan: Plan, commission: Any, client: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(commission)
    report = file_report(commission, plan, town.by_code["431000"], HALF, TODAY)
    with django_assert_max_num_queries(12):
        page = client.get("/reports/draft/", {"plan": "p15", "subject": "431000", "period": "2026-01/06"})
    assert "同比下降2.52%" in page.content.decode()
    with django_assert_max_num_queries(12):
        assert client.get(f"/reports/{report.pk}/").status_code == 200
    word = client.get(f"/reports/{report.pk}/word/")
    assert word.content[:2] == b"PK"
    assert Report.objects.unscoped("test").count() == 1


def test_a_period_that_is_no_quarter_is_refused_with_its_reason(town: Town, plan: Plan, commission: Any, client: Any) -> None:
    client.force_login(commission)
    answer = client.get("/reports/draft/", {"plan": "p15", "subject": "431000", "period": "2026-05"})
    assert answer.status_code == 400
    assert "按季度累计" in answer.content.decode()


def test_nothing_known_is_not_filed(plan: Plan, town: Town, commission: Any) -> None:
    with pytest.raises(InputError, match="没有任何数"):
        file_report(commission, plan, town.by_code["431000"], Period.ytd(2029, 3), date(2029, 5, 1))


def test_the_effect_of_coefficients_is_no_reason_for_an_estimate():
    effect, finding = "两年折标系数不同，其变化使降低率增加0.17个百分点", "原煤的平衡差额超过允许范围"
    change = Value(status="estimated", calculation="intensity.change", sentence=effect)
    assert compose_room._caveat(change) == "（估算）"
    total = Value(status="estimated", calculation="energy.total", finding=finding)
    assert compose_room._caveat(total) == f"（估算：{finding}）"
    lacking = Value(status="incomplete", calculation="intensity.change", sentence="缺桂东2026年三季度能源")
    assert compose_room._caveat(lacking) == "（不完整：缺桂东2026年三季度能源）"
