"""Targets: the list and the page by role, what is required at a month, two-person changes, annexes opened by decision, bad input."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem, Job
from shuangkong.apps.indicators.models import HANDED_DOWN, Disclosure, Indicator, Target, TargetProposal
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.indicators.targets import paths, services
from shuangkong.apps.indicators.targets.content import check, check_against_others, made
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Annex, Plan
from shuangkong.core.errors import InputError
from tests.scope.reading import said

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 24)
DECLINE = "energy_intensity_decline_percent"


@pytest.fixture
def plans(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Plan]:
    load_catalogue()
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    of = {"cz-14": ("“十四五”", 2020, 2021, 2025), "cz-15": ("“十五五”", 2025, 2026, 2030)}
    return {
        code: Plan.objects.create(
            code=code, title=f"{name}方案", period_name=name, subject=places["431000"], base_year=base, first_year=first, last_year=last
        )
        for code, (name, base, first, last) in of.items()
    }


def put(plan: str, indicator: str, region: str, number: str = "", **more: Any) -> None:
    services.put_targets([{"plan": plan, "indicator": indicator, "region": region, "number": number, "kind": "binding", **more}])


def get(plan: str, indicator: str, region: str, internal: bool = False) -> Target:
    found = Target.objects.unscoped("test").select_related("plan", "indicator", "subject")
    return found.filter(~HANDED_DOWN if internal else HANDED_DOWN).get(plan__code=plan, indicator__code=indicator, subject__code=region)


@pytest.fixture
def standing(plans: dict[str, Plan]) -> None:
    put("cz-14", DECLINE, "431000", "15", incentive="16", source="一号文", set_by="市政府", public=True)
    put("cz-14", "energy_total_tce", "431000", words="得到合理控制", kind="qualitative", public=True)
    put("cz-14", "energy_total_tce", "431000", "1200000", kind="internal", base_value="1000000")
    put("cz-14", DECLINE, "431002", "14.5")
    put("cz-14", DECLINE, "431003", "15.5")
    put("cz-14", "cod_reduction_t", "431000", "10500", public=True)
    put("cz-15", "co2_intensity_decline_percent", "431000", "17", rank=1, public=True, demonstration=True)
    put("cz-15", "energy_co2_t", "431000", words="增量得到有效控制", kind="qualitative", rank=2, public=True, demonstration=True)


def client_of(users: dict[str, Any], role: str) -> Client:
    client = Client()
    client.force_login(users[role])
    return client


# ---- the path --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "months", "required"),
    [(DECLINE, 0, "0"), (DECLINE, 60, "15"), (DECLINE, 12, "3.20"), ("cod_reduction_t", 30, "5250"), ("cod_reduction_t", 12, "2100")],
)
def test_what_is_required_at_a_month(standing: None, indicator: str, months: int, required: str) -> None:
    assert paths.required(get("cz-14", indicator, "431000"), months).quantize(D("0.01")) == D(required)


def test_a_level_goes_from_its_base_to_its_target_and_not_without_a_base(standing: None) -> None:
    internal = get("cz-14", "energy_total_tce", "431000", internal=True)
    assert paths.required(internal, 30) == 1_100_000
    internal.base_value = None
    with pytest.raises(InputError, match="缺少2020年基期值"):
        paths.required(internal, 30)


def test_yearly_figures_are_met_at_the_ends_of_their_years(standing: None) -> None:
    target = get("cz-14", DECLINE, "431000")
    target.trajectory, target.by_year = "by_year", {"2021": "2", "2022": "5", "2023": "8", "2024": "12", "2025": "15"}
    assert [paths.required(target, months) for months in (12, 24, 36, 48, 60)] == [2, 5, 8, 12, 15]
    del target.by_year["2023"]
    with pytest.raises(InputError, match="缺少2023年"):
        paths.required(target, 12)


def test_words_stay_words(standing: None, users: dict[str, Any]) -> None:
    target = get("cz-14", "energy_total_tce", "431000")
    assert paths.path(target) == []
    with pytest.raises(InputError, match="文字目标没有逐月要求"):
        paths.required(target, 12)
    text = said(client_of(users, "city").get(f"/targets/{target.pk}/"))
    assert "得到合理控制" in text
    assert "data-chart" not in text


def test_an_internal_number_stands_beside_and_is_never_handed_down(standing: None, users: dict[str, Any]) -> None:
    handed = get("cz-14", "energy_total_tce", "431000")
    assert (handed.number, handed.words) == (None, "得到合理控制")
    everyone = Target.objects.unscoped("test").filter(HANDED_DOWN, indicator__code="energy_total_tce", plan__code="cz-14")
    assert everyone.count() == 1
    assert "120.00万tce" in said(client_of(users, "city").get(f"/targets/{handed.pk}/")).replace("120万tce", "120.00万tce")
    internal = get("cz-14", "energy_total_tce", "431000", internal=True)
    for role in ("county", "reader"):
        assert client_of(users, role).get(f"/targets/{internal.pk}/").status_code == 404
        assert "120万tce" not in said(client_of(users, role).get("/targets/?plan=cz-14"))


def test_an_internal_decline_is_not_graded(standing: None) -> None:
    from shuangkong.apps.energy.compute import _goals

    put("cz-15", DECLINE, "431003", "20", kind="internal")
    subject = Subject.objects.get(code="431003")
    assert {year for owner, year in _goals(DECLINE) if owner == subject.pk} == set(range(2021, 2026))


# ---- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "sees"), [("city", 6), ("county", 4), ("other_county", 4), ("department", 3), ("reader", 3)])
def test_each_role_lists_its_own_and_what_is_public(standing: None, users: dict[str, Any], role: str, sees: int) -> None:
    answer = client_of(users, role).get("/targets/?plan=cz-14")
    assert len(answer.context["page"].lines) == sees


def test_the_running_plan_opens_with_carbon_intensity_first_and_the_total_second(standing: None, users: dict[str, Any]) -> None:
    page = client_of(users, "reader").get("/targets/").context["page"]
    assert page.plan.code == "cz-15"
    assert [line.target.indicator.code for line in page.main] == ["co2_intensity_decline_percent", "energy_co2_t"]
    assert page.main[1].required is None
    assert page.by.label == "2026年1—10月"


@pytest.mark.parametrize(("query", "left"), [("of=internal", 1), ("of=place", 5), ("of=action", 0), ("q=一号文", 1), ("subject=431002", 1)])
def test_the_list_is_narrowed_by_its_address(standing: None, users: dict[str, Any], query: str, left: int) -> None:
    assert len(client_of(users, "city").get(f"/targets/?plan=cz-14&{query}").context["page"].lines) == left


def test_a_page_takes_as_many_queries_for_many_targets_as_for_few(
    standing: None, users: dict[str, Any], places: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    client, target = client_of(users, "city"), get("cz-14", DECLINE, "431000")
    with django_assert_max_num_queries(14):
        client.get("/targets/?plan=cz-14")
    for n in range(30):
        Subject.objects.create(kind="county", code=f"4399{n:02d}", name=f"第{n}县", parent=places["431000"])
        put("cz-14", DECLINE, f"4399{n:02d}", "15")
    with django_assert_max_num_queries(14):
        assert len(client.get("/targets/?plan=cz-14").context["page"].lines) == 36
    with django_assert_max_num_queries(14):
        client.get(f"/targets/{target.pk}/?at=2023-06")


def test_one_target_says_what_a_month_requires_and_who_set_it(standing: None, users: dict[str, Any]) -> None:
    client, target = client_of(users, "reader"), get("cz-14", DECLINE, "431000")
    text = said(client.get(f"/targets/{target.pk}/?at=2021-12"))
    assert all(words in text for words in ("降3.20%", "市政府", "一号文", "激励目标"))
    for wrong, words in (("2019-01", "不在目标期内"), ("x", "不是期别"), ("2021", "不是月份")):
        answer = client.get(f"/targets/{target.pk}/?at={wrong}")
        assert (answer.status_code, words in said(answer)) == (400, True)


def test_the_export_and_the_api_say_what_the_page_says(standing: None, users: dict[str, Any]) -> None:
    client = client_of(users, "city")
    rows = said(client.get("/data/export/targets/?plan=cz-14&format=csv")).splitlines()
    assert len([row for row in rows if row.startswith("“十四五”")]) == 6
    target = get("cz-14", DECLINE, "431000")
    one = client.get(f"/api/v1/targets/{target.pk}").json()
    assert (one["number"], one["base_year"], one["target_year"]) == ("15", 2020, 2025)
    assert (one["trajectory"], one["kind"]) == ("geometric", "binding")
    path = client.get(f"/api/v1/targets/{target.pk}/path").json()
    assert (D(path["points"][-1]["required"]), path["points"][-1]["period"], len(path["points"])) == (15, "2025", 21)
    assert client_of(users, "reader").get(f"/api/v1/targets/{get('cz-14', DECLINE, '431002').pk}/path").status_code == 404


# ---- two people -----------------------------------------------------------------------------------------------------


@pytest.fixture
def second(make_user: Any) -> Any:
    return make_user("city", "second")


FORM = {"kind": "binding", "number": "15.5", "incentive": "16.5", "document": "二号文", "reason": "调整"}


def test_a_change_stands_when_a_second_person_confirms_it(standing: None, users: dict[str, Any], second: Any) -> None:
    target, client = get("cz-14", DECLINE, "431000"), client_of(users, "city")
    answer = client.post(f"/targets/{target.pk}/propose/", FORM)
    proposal = TargetProposal.objects.unscoped("test").get()
    assert answer.url == f"/targets/proposals/{proposal.pk}/"
    assert get("cz-14", DECLINE, "431000").number == 15
    assert InboxItem.objects.unscoped("test").get(kind="target").for_user == second
    client.post(f"/targets/proposals/{proposal.pk}/decide/", {"accept": "yes"})
    assert get("cz-14", DECLINE, "431000").number == 15, "the first person cannot confirm"
    other = Client()
    other.force_login(second)
    assert "降" in said(other.get(f"/targets/{target.pk}/"))
    other.post(f"/targets/proposals/{proposal.pk}/decide/", {"accept": "yes"})
    target = get("cz-14", DECLINE, "431000")
    assert (target.number, target.incentive, target.source) == (D("15.5"), D("16.5"), "二号文")
    assert [e.action for e in Entry.objects.filter(action__startswith="indicators.target.").order_by("id")][-3:] == [
        "indicators.target.proposed", "indicators.target.confirmed", "indicators.target.set",
    ]  # fmt: skip
    assert InboxItem.objects.unscoped("test").get(kind="target").closed_at is not None
    assert Job.objects.unscoped("test").filter(kind="recompute").count() == 1
    with pytest.raises(InputError, match="已经有人决定了"):
        services.decide(proposal, accept=True, actor=second, now=NOW)


def test_a_refused_change_leaves_the_target(standing: None, users: dict[str, Any], second: Any) -> None:
    target = get("cz-14", DECLINE, "431000")
    fields = {"number": D(18), "kind": "binding"}
    proposal = services.propose(
        target.plan, target.indicator, target.subject, fields, actor=users["city"], document="三号文", reason="", today=TODAY, target=target
    )
    assert services.decide(proposal, accept=False, actor=second, now=NOW) is None
    assert get("cz-14", DECLINE, "431000").number == 15


def test_a_target_that_changed_meanwhile_is_not_overwritten(standing: None, users: dict[str, Any], second: Any) -> None:
    target = get("cz-14", DECLINE, "431000")
    made_ = [
        services.propose(
            target.plan, target.indicator, target.subject, {"number": D(n), "kind": "binding"}, actor=users["city"], document="文",
            reason="", today=TODAY, target=target,
        )
        for n in (17, 18)
    ]  # fmt: skip
    services.decide(made_[0], accept=True, actor=second, now=NOW)
    late = TargetProposal.objects.unscoped("test").get(pk=made_[1].pk)
    with pytest.raises(InputError, match="目标又变了"):
        services.decide(late, accept=True, actor=second, now=NOW)
    assert get("cz-14", DECLINE, "431000").number == 17
    late.refresh_from_db(from_queryset=TargetProposal.objects.unscoped("test"))
    assert late.granted is None


def test_a_new_target_is_made_the_same_way(standing: None, users: dict[str, Any], second: Any) -> None:
    client, indicator = client_of(users, "city"), Indicator.objects.get(code="nox_reduction_t")
    county = Subject.objects.get(code="431002")
    form = {"indicator": indicator.pk, "subject": county.pk, "kind": "binding", "number": "300", "document": "四号文"}
    answer = client.post("/targets/new/?plan=cz-14", form)
    assert answer.status_code == 302
    services.decide(TargetProposal.objects.unscoped("test").get(), accept=True, actor=second, now=NOW)
    target = get("cz-14", "nox_reduction_t", "431002")
    assert (target.number, target.annex, target.public) == (300, 3, False)
    again = client.post("/targets/new/?plan=cz-14", form)
    assert (again.status_code, "已经有这个目标" in said(again)) == (400, True)


@pytest.mark.parametrize("role", ["county", "department", "reader", "enterprise"])
def test_only_the_city_changes_targets(standing: None, users: dict[str, Any], role: str) -> None:
    client, target = client_of(users, role), get("cz-14", DECLINE, "431000")
    assert client.get(f"/targets/{target.pk}/propose/").status_code == 404
    assert client.post(f"/targets/{target.pk}/propose/", FORM).status_code == 404
    with pytest.raises(InputError, match="只有市级主管"):
        services.propose(
            target.plan, target.indicator, target.subject, {"number": D(1)}, actor=users[role], document="x", reason="", today=TODAY
        )


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"number": "105"}, "降低率 105% 不可能"), ({"number": "100", "incentive": ""}, "不可能"),
        ({"number": "-3", "incentive": ""}, "必须大于 0"),
        ({"incentive": "15"}, "激励目标低于基本目标"), ({"words": "合理控制"}, "只写一样"), ({"number": "", "incentive": ""}, "只写一样"),
        ({"number": "", "words": "合理控制"}, "没有激励目标和路径"), ({"document": ""}, "这个字段"), ({"number": "abc"}, "输入"),
        ({"trajectory": "by_year"}, "缺少2021"), ({"by_year": "3 6 9 12 15.5"}, "路径却不是按年度目标"),
        ({"trajectory": "by_year", "by_year": "3 6 9 12 14"}, "应等于总目标"),
        ({"trajectory": "by_year", "by_year": "3 6"}, "应有 5 个数"),
        ({"trajectory": "by_year", "by_year": "3 6 9 x 15.5"}, "只填数"),
        ({"trajectory": "by_year", "by_year": "3 6 5 12 15.5"}, "一年比一年小"),
    ],
)  # fmt: skip
def test_what_a_target_cannot_say_is_said_to_the_person(standing: None, users: dict[str, Any], form: dict[str, str], words: str) -> None:
    target = get("cz-14", DECLINE, "431000")
    answer = client_of(users, "city").post(f"/targets/{target.pk}/propose/", FORM | form)
    assert answer.status_code == 400
    assert words in said(answer)
    assert not TargetProposal.objects.unscoped("test").exists()


# ---- bad input ------------------------------------------------------------------------------------------------------


def test_a_share_of_more_than_all_is_refused(plans: dict[str, Plan], places: dict[str, Any]) -> None:
    share = Indicator.objects.create(code="named:share", name="非化石能源占比", unit="%", family="plan")
    with pytest.raises(InputError, match="高于 100%"):
        check(made(plans["cz-14"], share, places["431000"], {"number": D(101)}))
    check(made(plans["cz-14"], share, places["431000"], {"number": D(100)}))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": D(5), "base_value": D(-1)}, "基期值不能小于 0"), ({"number": D(5), "base_year": 2025}, "不晚于基期"),
        ({"number": D(5), "shape": "odd"}, "不认识的读法"), ({"number": D(5), "shape": "cumulative", "trajectory": "geometric"}, "线性"),
        ({"number": D(-5)}, "不能小于 0"),
    ],
)  # fmt: skip
def test_other_content_that_cannot_be(plans: dict[str, Plan], places: dict[str, Any], fields: dict[str, Any], words: str) -> None:
    indicator = Indicator.objects.get(code="energy_co2_t")
    with pytest.raises(InputError, match=words):
        check(made(plans["cz-14"], indicator, places["431000"], fields))


def test_two_plans_whose_years_overlap_do_not_ask_the_same(standing: None, places: dict[str, Any]) -> None:
    other = Plan.objects.create(
        code="x", title="中期方案", period_name="x", subject=places["431000"], base_year=2023, first_year=2024, last_year=2027
    )
    indicator = Indicator.objects.get(code=DECLINE)
    with pytest.raises(InputError, match="年份重叠：2021—2025 与 2024—2027"):
        check_against_others(made(other, indicator, places["431000"], {"number": D(5)}))
    check_against_others(made(other, indicator, places["431000"], {"number": D(5), "kind": "internal"}))


def test_a_region_that_was_dissolved_has_no_target_afterwards(standing: None, plans: dict[str, Plan], places: dict[str, Any]) -> None:
    county, indicator = places["431002"], Indicator.objects.get(code="nox_reduction_t")
    county.exists_to = date(2023, 7, 1)
    check_against_others(made(plans["cz-14"], indicator, county, {"number": D(5)}))
    target = get("cz-14", DECLINE, "431002")
    target.subject = county
    assert (paths.in_force(target, date(2023, 6, 30)), paths.in_force(target, date(2023, 7, 1))) == (True, False)
    with pytest.raises(InputError, match="2026—2030年不存在"):
        check_against_others(made(plans["cz-15"], indicator, county, {"number": D(5)}))
    county.exists_to, county.exists_from = None, date(2031, 1, 1)
    with pytest.raises(InputError, match="不存在"):
        check_against_others(made(plans["cz-15"], indicator, county, {"number": D(5)}))


# ---- annexes --------------------------------------------------------------------------------------------------------


def test_an_annex_is_restricted_until_a_recorded_decision_opens_it(standing: None, users: dict[str, Any], plans: dict[str, Plan]) -> None:
    annex = Annex.objects.create(plan=plans["cz-14"], number=2, title="各县市区能耗强度降低目标")
    target, reader, city = get("cz-14", DECLINE, "431003"), client_of(users, "reader"), client_of(users, "city")
    assert target.annex == 2
    assert reader.get(f"/targets/{target.pk}/").status_code == 404
    assert reader.post(f"/targets/annexes/{annex.pk}/open/", {"reason": "x", "document": "y"}).status_code == 404
    empty = city.post(f"/targets/annexes/{annex.pk}/open/", {"reason": "", "document": ""})
    assert (empty.status_code, Disclosure.objects.count()) == (200, 0)
    assert city.post(f"/targets/annexes/{annex.pk}/open/", {"reason": "主动公开", "document": "五号文"}).status_code == 302
    assert "降15.5%" in said(reader.get(f"/targets/{target.pk}/"))
    decision = Disclosure.objects.get()
    assert (decision.reason, decision.annexes.get().annex) == ("主动公开", annex)
    assert Entry.objects.filter(action="indicators.annex.disclosed").count() == 1
    annex.refresh_from_db()
    with pytest.raises(InputError, match="已经公开"):
        services.open_annex(annex, reason="x", document="y", actor=users["city"])


def test_loading_the_same_targets_again_changes_nothing(standing: None) -> None:
    rows = [
        {"plan": "cz-14", "indicator": "energy_total_tce", "region": "431000", "number": "", "words": "得到合理控制", "kind": "qualitative",
         "public": True},
        {"plan": "cz-14", "indicator": "energy_total_tce", "region": "431000", "number": "1200000", "base_value": "1000000",
         "kind": "internal"},
    ]  # fmt: skip
    change = services.put_targets(rows)
    assert (change.created, change.updated, change.unchanged) == (0, 0, 2)
