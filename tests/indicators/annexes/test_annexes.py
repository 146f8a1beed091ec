"""The four annex tables out and in: official columns, nothing changed by a round trip, wrong cells named, undone as a whole, restricted."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.indicators.annexes import lines
from shuangkong.apps.indicators.annexes.columns import columns_of, published
from shuangkong.apps.indicators.models import Indicator, Target
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.indicators.targets.content import as_text
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Action, Annex, Plan
from shuangkong.core.errors import InputError
from tests.ledger import kit
from tests.scope.reading import body_of, said

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DECLINE = "energy_intensity_decline_percent"
ONE = ("序号", "重点行动", "主要目标（指标、目标值、年份）", "重点任务", "牵头单位", "责任单位", "完成时限", "方案")
FOUR = ("指标", "单位", "2020年实际值", "2025年目标值", "变化幅度/变化率", "行业", "方案")
TWO = ("地区", "基本目标(%)")
STATED = kit.form(date(2025, 3, 1), document="郴政发〔2023〕6号")


@pytest.fixture(autouse=True)
def plan(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Plan:
    load_catalogue()
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    made = Plan.objects.create(
        code="cz-14", title="“十四五”方案", period_name="“十四五”", subject=places["431000"], base_year=2020, first_year=2021,
        last_year=2025,
    )
    Plan.objects.create(
        code="cz-15", title="“十五五”方案", period_name="“十五五”", subject=places["431000"], base_year=2025, first_year=2026,
        last_year=2030,
    )
    Action.objects.create(plan=made, number=1, name="重点行业绿色升级")
    Action.objects.create(plan=made, number=6, name="公共机构能效提升")
    for number in (1, 2, 3, 4):
        Annex.objects.create(plan=made, number=number, title=f"附件{number}")
    return made


def load(tmp_path: Path, user: Any, kind: str, header: tuple[str, ...], rows: list[list[Any]], **more: Any) -> Any:
    return kit.load(kit.workbook(tmp_path / f"{kind}.xlsx", header, rows), user, kind, STATED, **more)


def checked(tmp_path: Path, user: Any, kind: str, header: tuple[str, ...], rows: list[list[Any]]) -> Any:
    return kit.check(kit.workbook(tmp_path / f"{kind}.xlsx", header, rows), user, kind, STATED)


def targets(annex: int) -> list[Target]:
    return list(Target.objects.unscoped("test").filter(annex=annex).select_related("indicator", "subject", "action").order_by("pk"))


def everything() -> list[Any]:
    found = Target.objects.unscoped("test").order_by("pk")
    return [(t.pk, t.indicator_id, t.subject_id, t.action_id, t.annex, t.source, t.public, as_text(t)) for t in found]


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


GOOD: dict[str, tuple[tuple[str, ...], list[list[Any]]]] = {
    "annex1": (ONE, [
        [1, "重点行业绿色升级", "规模以上工业单位增加值能耗降低率≥14%（2025年）", "改造升级", "市工信局", "市发改委、市生态环境局",
         "2025年底", ""],
        [2, "1", "燃气锅炉低氮改造：基本完成（2023年）", "", "", "", "", "“十四五”"],
        [3, "6 公共机构能效提升", "公共机构能源消费总量≤1.89万吨标准煤（2025年）", "", "市机关事务中心", "", "", ""],
    ]),
    "annex2": (
        ("地区", "基本目标(%)", "激励目标(%)", "方案"),
        [["北湖区", 14.5, 15.5, ""], ["苏仙区", 15.5, 16.5, ""], ["郴州高新区", 15, "", ""]],
    ),
    "annex3": (
        ("县市区", "化学需氧量(吨)", "氨氮(吨)", "氮氧化物(吨)", "挥发性有机物(吨)"),
        [["北湖区", 1200, 80.5, 400, 100], ["苏仙区", 900, "", 300, ""]],
    ),
    "annex4": (FOUR, [
        ["水泥熟料单位产品综合能耗", "千克标准煤/吨", 112.5, 100, "", "30", ""], ["火电供电煤耗", "克标准煤/千瓦时", "", 300, "", "", ""],
        ["铅冶炼能效水平", "", "", "达到基准水平", "", "", ""],
    ]),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("form", ["", "simple", "absolute"])
def test_what_comes_out_goes_in_again_and_changes_nothing(users: dict[str, Any], tmp_path: Path, kind: str, form: str) -> None:
    header, rows = GOOD[kind]
    load(tmp_path, users["city"], kind, header, rows)
    before = everything()
    assert before
    answer = client_of(users["city"]).get(f"/data/export/annex/?plan=cz-14&number={kind[-1]}&form={form}&format=xlsx")
    (tmp_path / "out.xlsx").write_bytes(body_of(answer))
    again = kit.check(tmp_path / "out.xlsx", users["city"], kind, STATED)
    assert again.state == "done", again.message
    assert (again.result["counts"]["refused"], again.result["counts"]["ask"]) == (0, 0), kit.faults(again)
    assert again.result["counts"]["unchanged"] == again.result["counts"]["read"] == len(rows)
    with pytest.raises(InputError, match="没有可入账的行"):
        imports.confirm(again.pk, users["city"], keep_unusual=True)
    assert everything() == before


def test_a_changed_cell_changes_that_target_only(users: dict[str, Any], tmp_path: Path) -> None:
    header, rows = GOOD["annex2"]
    load(tmp_path, users["city"], "annex2", header, rows)
    before = everything()
    done = load(tmp_path, users["city"], "annex2", ("地区", "降幅目标(%)"), [["北湖区", 14.5], ["苏仙区", 15.8]])
    assert (done.result["counts"]["corrected"], done.result["counts"]["unchanged"]) == (1, 1)
    changed = [(old[-1], new[-1]) for old, new in zip(before, everything(), strict=True) if old != new]
    assert [(old["number"], new["number"], new["incentive"]) for old, new in changed] == [("15.5", "15.8", "16.5")]


def test_the_columns_are_those_that_officials_use(users: dict[str, Any], tmp_path: Path) -> None:
    for kind, (header, rows) in GOOD.items():
        load(tmp_path, users["city"], kind, header, rows)
        for form in ("", "simple", "absolute"):
            address = f"/data/export/annex/?plan=cz-14&number={kind[-1]}&form={form}&format=csv"
            heading = next(csv.reader(body_of(client_of(users["city"]).get(address)).decode("utf-8-sig").splitlines()))
            official = list(columns_of(int(kind[-1]), form))
            assert heading[: len(official)] == official
    assert len(published()) == 10
    assert columns_of(2, "simple") == ("地区", "降幅目标(%)")


def test_annex_four_names_the_years_of_its_plan(users: dict[str, Any], tmp_path: Path) -> None:
    header = ("指标", "单位", "2025年实际值", "2030年目标值", "方案")
    load(tmp_path, users["city"], "annex4", header, [["水泥熟料单位产品综合能耗", "千克标准煤/吨", 100, 95, "“十五五”"]])
    target = targets(4)[0]
    assert (target.plan.code, target.base_value, target.number) == ("cz-15", 100, 95)
    text = body_of(client_of(users["city"]).get("/data/export/annex/?plan=cz-15&number=4&format=csv")).decode("utf-8-sig")
    assert "2025年实际值,2030年目标值" in text.splitlines()[0]


def test_targets_of_actions_and_industries_stand_in_the_list_with_their_path(users: dict[str, Any], tmp_path: Path) -> None:
    for kind in ("annex1", "annex4"):
        load(tmp_path, users["city"], kind, *GOOD[kind])
    client = client_of(users["city"])
    first, words, total = targets(1)
    assert (first.number, first.shape, first.comparison, first.action.number) == (14, "decline", ">=", 1)
    assert first.details == {"task": "改造升级", "leads": "市工信局", "supports": "市发改委、市生态环境局", "due": "2025年底"}
    assert (words.words, words.kind, words.last, total.number) == ("基本完成", "qualitative", 2023, D("1.89"))
    page = client.get("/targets/?plan=cz-14&of=action").context["page"]
    assert [line.target.pk for line in page.lines] == [first.pk, words.pk, total.pk]
    text = said(client.get(f"/targets/{first.pk}/"))
    assert all(word in text for word in ("≥降14%", "改造升级", "市工信局"))
    cement = targets(4)[0]
    assert "到2025年12月应" in said(client.get(f"/targets/{cement.pk}/"))
    assert "缺少2020年基期值" in said(client.get(f"/targets/{targets(4)[1].pk}/"))
    assert all(named.name not in said(client.get("/indicators/")) for named in Indicator.objects.filter(family="plan"))


def test_a_batch_is_undone_as_a_whole(users: dict[str, Any], tmp_path: Path) -> None:
    load(tmp_path, users["city"], "annex2", *GOOD["annex2"])
    before = everything()
    done = load(tmp_path, users["city"], "annex2", ("地区", "基本目标(%)"), [["北湖区", 13], ["全市", 15]])
    assert everything() != before
    job = imports.undo(done.result["batch"], "annex2", users["city"], reason="填错")
    jobs.run(job.pk)
    assert everything() == before
    assert Batch.objects.unscoped("test").get(pk=done.result["batch"]).withdrawn_at is not None


def test_a_target_that_was_changed_since_keeps_its_batch(users: dict[str, Any], tmp_path: Path) -> None:
    done = load(tmp_path, users["city"], "annex2", *GOOD["annex2"])
    Target.objects.unscoped("test").filter(subject__code="431002").update(number=D(12))
    with pytest.raises(InputError, match="导入以后又改过"):
        imports.undo(done.result["batch"], "annex2", users["city"], reason="x")
    assert Batch.objects.unscoped("test").get(pk=done.result["batch"]).withdrawn_at is None


@pytest.mark.parametrize(
    ("kind", "header", "row", "words"),
    [
        ("annex2", TWO, ["永州市", 15], "不认识地区“永州市”"), ("annex2", TWO, ["北湖区", 115], "降低率 115% 不可能"),
        ("annex2", TWO, ["北湖区", -3], "目标必须大于 0"), ("annex2", TWO, ["北湖区", "约15"], "数"),
        ("annex2", ("地区", "基本目标(%)", "激励目标(%)"), ["北湖区", 15, 14], "激励目标低于基本目标"),
        ("annex2", TWO, ["北湖区", ""], "这一行没有目标"),
        ("annex2", ("地区", "累计下降率(%)", "年均下降率(%)"), ["北湖区", "", 4.36], "没有目标"),
        ("annex2", ("地区", "基本目标(%)", "方案"), ["北湖区", 15, "“十三五”"], "没有方案"),
        ("annex1", ONE, [1, "没有的行动", "能耗降低率≥5%（2025年）", "", "", "", "", ""], "方案里没有行动"),
        ("annex1", ONE, [1, "1", "尽快完成", "", "", "", "", ""], "读不出主要目标"),
        ("annex1", ONE, [1, "1", "能耗降低率≥105%（2025年）", "", "", "", "", ""], "不可能"),
        ("annex1", ONE, [1, "1", "能耗降低率≥5%（2019年）", "", "", "", "", ""], "不晚于基期"),
        ("annex3", GOOD["annex3"][0], ["北湖区", -1, "", "", ""], "目标必须大于 0"),
        ("annex3", GOOD["annex3"][0], ["北湖区", "", "", "", ""], "没有目标"),
        ("annex4", FOUR, ["水泥熟料能耗", "kgce/t", -1, 100, "", "", ""], "基期值不能小于 0"),
        ("annex4", FOUR, ["某能耗", "t", "", 1, "", "外星业", ""], "外星业"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(
    users: dict[str, Any], tmp_path: Path, kind: str, header: tuple[str, ...], row: list[Any], words: str
) -> None:  # fmt: skip
    found = checked(tmp_path, users["city"], kind, header, [row])
    assert found.result["counts"]["refused"] == 1, found.result
    assert words in " ".join(what for _cell, what in kit.faults(found))
    assert everything() == []


def test_one_target_twice_in_a_file_is_refused(users: dict[str, Any], tmp_path: Path) -> None:
    found = checked(tmp_path, users["city"], "annex2", ("地区", "基本目标(%)"), [["北湖区", 15], ["431002", 16]])
    assert (found.result["counts"]["new"], found.result["counts"]["refused"]) == (1, 1)


# the tables of other cities, as they were published, in the columns of the forms


SHENZHEN = [["全市", 0.513, 0.413, 19.5, 4.25], ["宝安区", "", "", 21, 4.61], ["龙岗区", "", "", 21, 4.61]]


def test_the_published_table_of_shenzhen_goes_in(users: dict[str, Any], places: dict[str, Any], tmp_path: Path) -> None:
    """Its end and yearly figures follow from its base and cumulative ones, to the digits that it prints."""
    for name in ("宝安区", "龙岗区", "盐田区"):
        Subject.objects.create(kind="county", code=name, name=name, parent=places["431000"])
    header = columns_of(2, "absolute")
    found = checked(tmp_path, users["city"], "annex2", header, [*SHENZHEN, ["盐田区", "", "", "", 4.36]])
    assert (found.result["counts"]["new"], found.result["counts"]["ask"], found.result["counts"]["refused"]) == (3, 0, 1)
    assert "只有年均下降率 4.36%" in said(client_of(users["city"]).get(f"/jobs/{found.pk}/"))
    odd = checked(tmp_path, users["city"], "annex2", header, [["全市", 0.513, 0.43, 19.5, 4.9]])
    assert odd.result["counts"]["ask"] == 1
    assert {what for _cell, what in kit.faults(odd)} == {"年均下降率与累计下降率不符", "目标年单位GDP能耗与下降率不符"}


def test_the_published_table_of_taicang_goes_in(users: dict[str, Any], places: dict[str, Any], tmp_path: Path) -> None:
    for name in ("港区", "城厢"):
        Subject.objects.create(kind="county", code=name, name=name, parent=places["431000"])
    done = load(tmp_path, users["city"], "annex2", columns_of(2, "simple"), [["全市", 3.4], ["港区", 3.4], ["城厢", 3.4]])
    assert done.result["counts"]["new"] == 3


# who may


def test_an_annex_is_seen_only_as_far_as_its_targets(users: dict[str, Any], tmp_path: Path, plan: Plan) -> None:
    from shuangkong.apps.indicators.targets.services import open_annex

    load(tmp_path, users["city"], "annex2", *GOOD["annex2"])
    address = "/data/export/annex/?plan=cz-14&number=2&format=csv"
    own = said(client_of(users["county"]).get(address))
    assert "北湖区" in own
    assert "苏仙区" not in own
    assert client_of(users["reader"]).get(address).status_code == 404
    open_annex(Annex.objects.get(plan=plan, number=2), reason="主动公开", document="五号文", actor=users["city"])
    assert "苏仙区" in said(client_of(users["reader"]).get(address))
    load(tmp_path, users["city"], "annex2", ("地区", "基本目标(%)"), [["431003", 15.6], ["郴州高新区", 15], ["CZ-HITECH", 15.1]])
    assert all(target.public for target in targets(2)), "what comes into an open annex is open"
    for bad in ("plan=none&number=2", "plan=cz-14&number=9", "plan=cz-14"):
        assert client_of(users["city"]).get(f"/data/export/annex/?{bad}&format=csv").status_code == 404


@pytest.mark.parametrize("role", ["county", "department", "reader", "enterprise"])
def test_only_the_city_loads_annexes(users: dict[str, Any], role: str) -> None:
    client = client_of(users[role])
    for number in (1, 2, 3, 4):
        assert client.get(f"/data/import/annex{number}/").status_code == 404


def test_the_template_of_each_annex_can_be_filled(users: dict[str, Any]) -> None:
    client = client_of(users["city"])
    for number in (1, 2, 3, 4):
        assert client.get(f"/data/import/annex{number}/").status_code == 200
        assert body_of(client.get(f"/data/import/annex{number}/template/")).startswith(b"PK")


@pytest.mark.parametrize(
    "text",
    ["规上能耗降低率≥14%（2025年）", "新增管网≈8万公里（2025年）", "低氮改造：基本完成（演示）（2023年）", "用水总量≤124亿立方米（2025年）",
     "水质：Ⅱ类（2025年）"],
)  # fmt: skip
def test_a_main_target_is_read_as_it_is_written(text: str, plan: Plan) -> None:
    name, unit, fields = lines.read_main(text)
    target = Target(plan=plan, indicator=Indicator(code="x", name=name, unit=unit), subject=plan.subject)
    lines.put_on(target, fields)
    assert lines.write_main(target) == text
