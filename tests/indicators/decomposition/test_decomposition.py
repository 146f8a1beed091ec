"""Sharing a target out on the running system: every indicator, versions, two people, targets at the end, who sees what, bad input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.indicators.decomposition import gather, services
from shuangkong.apps.indicators.decomposition.schemes import SCHEMES
from shuangkong.apps.indicators.decomposition.solving import Asked
from shuangkong.apps.indicators.models import CountyInput, Decomposition, Indicator, Target
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from tests.indicators.decomposition.conftest import CO2, COUNTIES, DECLINE, NOW, TODAY, TOTAL, bases, readings, row
from tests.scope.reading import body_of, said

pytestmark = pytest.mark.django_db
Make = Callable[..., Decomposition]


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rounded(version: Decomposition) -> dict[str, D]:
    return {share["code"]: D(share["rounded"]) for share in version.result["shares"]}


def again(version: Decomposition) -> Decomposition:
    return Decomposition.objects.unscoped("test").select_related("plan", "plan__subject", "indicator", "subject").get(pk=version.pk)


def form_of(version: Decomposition, **changes: str) -> dict[str, str]:
    kept = {name: version.asked[name] for name in ("target", "reserve", "step", "on")}
    return {**kept, "revision": str(version.revision), **changes}


# ---- every indicator -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [DECLINE, CO2])
def test_rounded_rates_bring_the_city_to_its_target(version: Make, code: str) -> None:
    made = version(code)
    target = services.city_target(made.plan, code).number  # type: ignore[union-attr]
    base = {c: D(made.inputs["base"][c]) for c in COUNTIES}
    gdp = {c: D(made.inputs["gdp"][c]) for c in COUNTIES}
    grown = {c: (1 + D(made.inputs["stated"][c]["growth"]) / 100) ** 5 for c in COUNTIES}
    left = sum(base[c] * grown[c] * (1 - rate / 100) for c, rate in rounded(made).items())
    now = left / sum(gdp[c] * grown[c] for c in COUNTIES)
    reached = 100 * (1 - now / (sum(base.values()) / sum(gdp.values())))
    assert reached >= target
    assert abs(reached - D(made.result["reached"])) < D("1e-20")
    assert all(rate % D("0.1") == 0 for rate in rounded(made).values())


@pytest.mark.parametrize(("code", "total"), [("cod_reduction_t", 8200), ("nox_reduction_t", 2900), (TOTAL, 6600000)])
def test_tonnes_recombine_exactly(version: Make, code: str, total: int) -> None:
    made = version(code)
    assert sum(rounded(made).values()) + D(made.result["reserve"]) == total


def test_the_heavier_task_of_air_and_water_carries_more(version: Make) -> None:
    for code in ("cod_reduction_t", "nox_reduction_t"):
        shares = rounded(version(code))
        assert [shares[c] for c in COUNTIES] == sorted(shares.values())
        assert len(set(shares.values())) == 3


def test_an_internal_total_grows_with_stated_growth(version: Make) -> None:
    shares = rounded(version(TOTAL))
    growth = {c: shares[c] / D(COUNTIES[c][0]) for c in COUNTIES}
    assert growth["431003"] > growth["431002"] > growth["431081"]


def test_pollutants_without_figures_say_whose_are_missing(version: Make) -> None:
    made = version("vocs_reduction_t")
    assert "shares" not in made.result
    assert "北湖区：缺少挥发性有机物基期排放量" in made.result["problem"]["why"]
    assert "请市生态环境部门填报" in made.result["problem"]["why"]


# ---- bounds, what-if, versions -----------------------------------------------------------------------------------------


def test_bounds_locks_reserve_and_step_are_kept(version: Make, users: dict[str, Any]) -> None:
    made, client = version(), client_of(users["city"])
    form = form_of(made, **{"upper.431081": "12.3", "locked.431002": "11.5", "reserve": "0.2", "step": "0.5", "note": "试"})
    assert client.post(f"/decomposition/{made.pk}/save/", form).status_code == 302
    made = again(made)
    shares = {s["code"]: s for s in made.result["shares"]}
    assert (D(shares["431002"]["rounded"]), shares["431002"]["held"]) == (D("11.5"), "locked")
    assert (D(shares["431081"]["rounded"]), shares["431081"]["held"]) == (D(12), "upper")
    assert D(made.result["surplus"]) >= D("0.2")
    text = said(client.get(f"/decomposition/{made.pk}/"))
    assert "锁定" in text
    assert "按上限" in text


def test_numbers_of_versions_that_are_none_are_refused(version: Make, users: dict[str, Any]) -> None:
    made, client = version(), client_of(users["city"])
    for revision in ("x", "²", "9" * 5000):
        assert client.post(f"/decomposition/{made.pk}/save/", {**form_of(made), "revision": revision}).status_code == 400
    for like in ("x", "²", "9" * 5000):
        asked = {"plan": made.plan.code, "indicator": made.indicator.code, "like": like}
        assert client.post("/decomposition/new/", asked).status_code == 404


def test_bounds_that_exclude_the_target_are_named_on_the_page(version: Make, users: dict[str, Any]) -> None:
    made, client = version(), client_of(users["city"])
    client.post(f"/decomposition/{made.pk}/save/", form_of(made, **{f"upper.{code}": "10" for code in COUNTIES}))
    made = again(made)
    assert made.result["conflicts"] == list(COUNTIES)
    text = said(client.get(f"/decomposition/{made.pk}/"))
    assert "北湖区上限 10、苏仙区上限 10、资兴市上限 10" in text
    assert "相冲突" in text
    assert client.post(f"/decomposition/{made.pk}/submit/").status_code == 400


def test_what_is_tried_stands_beside_and_changes_nothing(version: Make, users: dict[str, Any]) -> None:
    made, client = version(), client_of(users["city"])
    before = rounded(made)
    client.post(f"/decomposition/{made.pk}/save/", form_of(made, **{"try.growth.431003": "12"}))
    made = again(made)
    assert rounded(made) == before
    tried = {share["code"]: D(share["rounded"]) for share in made.trial["shares"]}
    assert tried != before
    page = client.get(f"/decomposition/{made.pk}/").context["page"]
    assert [line.apart for line in page.lines] == [tried[line.code] - before[line.code] for line in page.lines]


def test_a_base_that_is_stated_can_be_tried_too(version: Make, users: dict[str, Any]) -> None:
    made, client = version("cod_reduction_t"), client_of(users["city"])
    client.post(f"/decomposition/{made.pk}/save/", form_of(made, **{"try.cod_base.431002": "9000"}))
    made = again(made)
    tried = {share["code"]: D(share["rounded"]) for share in made.trial["shares"]}
    assert tried["431002"] > rounded(made)["431002"]
    assert sum(tried.values()) == sum(rounded(made).values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "x"}, "“x”不是数"), ({"target": ""}, "要填"), ({"step": "0"}, "步长必须大于 0"),
        ({"upper.431002": "abc"}, "北湖区 上限"), ({"try.growth.431002": "-100"}, "北湖区：五年年均增速不成立"),
        ({"on": "2026-13-01"}, "不是日期"), ({"target": "1e15"}, "不是可用的数"), ({"target": "nan"}, "不是可用的数"),
        ({"revision": "7"}, "没有保存"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_and_nothing_is_kept(version: Make, users: dict[str, Any], changes: dict[str, str], words: str) -> None:
    made, client = version(), client_of(users["city"])
    answer = client.post(f"/decomposition/{made.pk}/save/", form_of(made, **changes))
    assert answer.status_code == 400
    assert words in said(answer)
    assert again(made).revision == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "12"}, "分解的目标低于下达的目标"), ({"target": "0"}, "没有全市目标"), ({"target": "101"}, "0 到 100%"),
        ({"lower.431002": "15", "upper.431002": "12"}, "下限高于上限"), ({"reserve": "-1"}, "机动"),
        ({"locked.431002": "100"}, "锁定值 100 不在"),
    ],
)  # fmt: skip
def test_a_task_without_an_answer_says_why(version: Make, users: dict[str, Any], changes: dict[str, str], words: str) -> None:
    made, client = version(), client_of(users["city"])
    client.post(f"/decomposition/{made.pk}/save/", form_of(made, **changes))
    problem = again(made).result["problem"]
    assert words in problem["what"] + problem["why"]
    assert words in said(client.get(f"/decomposition/{made.pk}/"))


def test_two_who_save_at_once_do_not_overwrite_each_other(version: Make, users: dict[str, Any]) -> None:
    made = version()
    one, other = again(made), again(made)
    asked = Asked.of(made.asked)
    services.save(one, replace(asked, reserve=D("0.1")), revision=0, note="", actor=users["city"])
    with pytest.raises(Outdone):
        services.save(other, replace(asked, reserve=D("0.2")), revision=0, note="", actor=users["city"])
    assert again(made).asked["reserve"] == "0.1"


def test_a_new_version_takes_over_the_task_of_the_last(version: Make, users: dict[str, Any]) -> None:
    made, client = version(), client_of(users["city"])
    client.post(f"/decomposition/{made.pk}/save/", form_of(made, reserve="0.3"))
    client.post("/decomposition/new/", {"plan": "cz-15", "indicator": DECLINE, "like": str(made.pk)})
    newest = Decomposition.objects.unscoped("test").order_by("-id")[0]
    assert (newest.number, newest.asked["reserve"], newest.state) == (2, "0.3", "draft")
    page = client.get("/decomposition/").context["page"]
    assert [v.number for v in {i.code: rows for i, rows in page.groups}[DECLINE]] == [2, 1]


# ---- two people, targets ----------------------------------------------------------------------------------------------


@pytest.fixture
def second(make_user: Any) -> Any:
    return make_user("city", "second")


def test_two_people_lead_a_version_to_targets(version: Make, users: dict[str, Any], second: Any) -> None:
    made, first, other = version(), client_of(users["city"]), client_of(second)
    assert first.post(f"/decomposition/{made.pk}/submit/").status_code == 302
    assert InboxItem.objects.unscoped("test").get(kind="decomposition", closed_at=None).for_user == second
    assert first.post(f"/decomposition/{made.pk}/publish/", {"document": "一号文"}).status_code == 400
    assert other.post(f"/decomposition/{made.pk}/publish/", {"document": ""}).status_code == 400
    assert other.post(f"/decomposition/{made.pk}/save/", form_of(made)).status_code == 400
    assert other.post(f"/decomposition/{made.pk}/publish/", {"document": "一号文"}).status_code == 302
    assert again(made).state == "published"
    found = Target.objects.unscoped("test").filter(plan=made.plan, indicator=made.indicator, subject__kind="county")
    assert {t.subject.code: t.number for t in found.select_related("subject")} == rounded(made)
    assert {(t.source, t.kind, t.annex, t.public) for t in found} == {("一号文", "binding", 2, False)}
    assert not InboxItem.objects.unscoped("test").filter(kind="decomposition", closed_at=None).exists()
    actions = [e.action for e in Entry.objects.filter(action__startswith="indicators.decomposition.").order_by("id")]
    assert actions == ["indicators.decomposition.made", "indicators.decomposition.submit", "indicators.decomposition.publish"]
    assert first.post(f"/decomposition/{made.pk}/submit/").status_code == 400


def test_a_newer_version_supersedes_and_a_published_one_is_never_changed(version: Make, users: dict[str, Any], second: Any) -> None:
    old = version()
    for made in (old, services.begin(old.plan, old.indicator, actor=users["city"], today=TODAY)):
        services.submit(again(made), actor=users["city"], now=NOW, today=TODAY)
        services.publish(again(made), actor=second, now=NOW, document=f"{made.number}号文")
    assert [again(old).state, again(made).state] == ["superseded", "published"]
    with pytest.raises(DatabaseError), transaction.atomic():
        Decomposition.objects.unscoped("test").filter(pk=old.pk).update(note="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        CountyInput.objects.unscoped("test").update(value=D(1))


def test_a_version_is_sent_back_with_a_reason_and_goes_on_as_a_draft(version: Make, users: dict[str, Any], second: Any) -> None:
    made, other = version(), client_of(second)
    services.submit(made, actor=users["city"], now=NOW, today=TODAY)
    assert other.post(f"/decomposition/{made.pk}/return/", {"reason": ""}).status_code == 400
    assert other.post(f"/decomposition/{made.pk}/return/", {"reason": "桂阳偏高"}).status_code == 302
    assert (again(made).state, again(made).note) == ("returned", "桂阳偏高")
    client_of(users["city"]).post(f"/decomposition/{made.pk}/save/", form_of(again(made)))
    assert again(made).state == "draft"
    assert other.post(f"/decomposition/{made.pk}/nonsense/").status_code == 404


def test_an_internal_total_becomes_internal_numbers_with_their_base(version: Make, users: dict[str, Any], second: Any) -> None:
    made = version(TOTAL)
    services.submit(made, actor=users["city"], now=NOW, today=TODAY)
    services.publish(again(made), actor=second, now=NOW, document="内部")
    found = Target.objects.unscoped("test").filter(indicator__code=TOTAL, subject__code="431003").get()
    assert (found.kind, found.number, found.base_value) == ("internal", rounded(made)["431003"], D("1900000"))


def test_an_incentive_below_the_new_target_goes(version: Make, users: dict[str, Any], second: Any) -> None:
    made = version()
    shares = rounded(made)
    for code, more in (("431002", D(1)), ("431003", D(-1))):
        subject = Subject.objects.get(code=code)
        Target.objects.create(
            plan=made.plan, indicator=made.indicator, subject=subject, number=D(5), incentive=shares[code] + more, source="旧"
        )
    services.submit(made, actor=users["city"], now=NOW, today=TODAY)
    services.publish(again(made), actor=second, now=NOW, document="新")
    found = Target.objects.unscoped("test").filter(indicator=made.indicator)
    kept = {t.subject.code: t.incentive for t in found.select_related("subject")}
    assert (kept["431002"], kept["431003"]) == (shares["431002"] + 1, None)


# ---- who sees what ----------------------------------------------------------------------------------------------------


def test_a_county_sees_its_own_share_and_why_and_nobody_elses(version: Make, users: dict[str, Any], second: Any) -> None:
    made, county = version(), client_of(users["county"])
    assert county.get(f"/decomposition/{made.pk}/").status_code == 404
    services.submit(made, actor=users["city"], now=NOW, today=TODAY)
    services.publish(again(made), actor=second, now=NOW, document="一号文")
    page = county.get(f"/decomposition/{made.pk}/").context["page"]
    assert [line.code for line in page.lines] == ["431002"]
    assert [part.word for part in page.lines[0].parts] == ["强度水平", "工业比重", "潜力", "增长"]
    assert sum(part.amount for part in page.lines[0].parts) == page.lines[0].score
    places = ("/decomposition/{}/", "/data/export/decomposition/?id={}&format=csv", "/api/v1/decompositions/{}")
    for address in (place.format(made.pk) for place in places):
        text = said(county.get(address))
        assert "北湖区" in text or "431002" in text
        assert "苏仙区" not in text
        assert "431003" not in text
    for role in ("reader", "department", "enterprise"):
        assert client_of(users[role]).get(f"/decomposition/{made.pk}/").status_code == 404
    assert len(client_of(users["county"]).get("/api/v1/decompositions").json()["items"]) == 1
    whole = client_of(users["city"]).get(f"/api/v1/decompositions/{made.pk}").json()
    assert (len(whole["shares"]), whole["version"]["state"], whole["city"]["target"]) == (3, "published", "13.5")


def test_a_county_states_its_own_growth_and_nothing_else(city: Plan, users: dict[str, Any]) -> None:
    client = client_of(users["county"])
    page = client.get("/decomposition/inputs/").context["page"]
    assert [s.code for s, _cells in page.lines] == ["431002"]
    assert [cell.kind.key for cell in page.lines[0][1] if cell.may] == ["growth"]
    assert client.post("/decomposition/inputs/?plan=cz-15", {"growth.431002": "6.1", "source": "政府工作报告"}).status_code == 302
    newest = gather.newest_inputs(city)[Subject.objects.get(code="431002").pk, "growth"]
    assert (newest.value, newest.owner, newest.source, newest.stated_by) == (D("6.1"), "北湖区", "政府工作报告", users["county"])
    assert Entry.objects.filter(action="indicators.input.stated").count() == 1
    client.post("/decomposition/inputs/?plan=cz-15", {"growth.431003": "9", "industry.431002": "1"})
    assert gather.newest_inputs(city)[Subject.objects.get(code="431003").pk, "growth"].value == D("6.4")
    assert gather.newest_inputs(city)[Subject.objects.get(code="431002").pk, "industry"].value == 35
    assert client_of(users["reader"]).get("/decomposition/inputs/").context["page"].lines == ()
    assert client_of(users["reader"]).post("/decomposition/inputs/", {"growth.431002": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("cell", "words"),
    [({"growth.431002": "x"}, "不是数"), ({"industry.431002": "140"}, "应在 0 到 100 之间"), ({"cod_base.431002": "-5"}, "不成立")],
)
def test_figures_that_cannot_be_are_refused_all_or_none(city: Plan, users: dict[str, Any], cell: dict[str, str], words: str) -> None:
    before = CountyInput.objects.unscoped("test").count()
    answer = client_of(users["city"]).post("/decomposition/inputs/?plan=cz-15", {"growth.431003": "7.7", **cell})
    assert (answer.status_code, words in said(answer)) == (400, True)
    assert CountyInput.objects.unscoped("test").count() == before


def test_the_same_figure_again_adds_nothing(city: Plan, users: dict[str, Any]) -> None:
    before = CountyInput.objects.unscoped("test").count()
    subject = Subject.objects.get(code="431002")
    services.state_input(city, subject, "growth", D("5.8"), actor=users["city"], source="测试")
    assert services.put_inputs([row("cz-15", "431002", "growth", "5.8")]).unchanged == 1
    assert CountyInput.objects.unscoped("test").count() == before
    with pytest.raises(InputError, match="不认识"):
        services.state_input(city, subject, "luck", D(1), actor=users["city"])
    with pytest.raises(InputError, match="这个数不由您填报"):
        services.state_input(city, subject, "growth", D(1), actor=users["other_county"])


def test_pages_take_a_fixed_number_of_queries(
    version: Make, users: dict[str, Any], places: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    made, client = version(), client_of(users["city"])
    addresses = ("/decomposition/", f"/decomposition/{made.pk}/", "/decomposition/inputs/", "/decomposition/quality/")
    for address in addresses:
        with django_assert_max_num_queries(13):
            client.get(address)
    for n in range(20):
        Subject.objects.create(kind="county", code=f"4399{n:02d}", name=f"第{n}县", parent=places["431000"])
    for address in addresses:
        with django_assert_max_num_queries(13):
            assert client.get(address).status_code == 200
    with django_assert_max_num_queries(16):
        gather.figures(made.plan, SCHEMES["nox_reduction_t"], TODAY)


# ---- air and water ----------------------------------------------------------------------------------------------------


def test_readings_are_shown_by_county_and_year(city: Plan, users: dict[str, Any]) -> None:
    readings({"431002": (30, 140, 4, 3)}, year=2024)
    page = client_of(users["city"]).get("/decomposition/quality/").context["page"]
    assert page.year == 2025
    assert page.lines[0][1]["pm25"][0] == 28
    assert page.lines[0][2]["pm25"][0] == 30
    assert client_of(users["city"]).get("/decomposition/quality/?year=2024").context["page"].year == 2024
    own = client_of(users["county"]).get("/decomposition/quality/").context["page"]
    assert [bool(now) for _s, now, _b in own.lines] == [True, False, False]
    rows = body_of(client_of(users["city"]).get("/data/export/environment/?year=2025&format=csv")).decode().splitlines()
    assert "北湖区,431002,2025,28,130,4,4," in rows


def test_a_county_without_readings_is_named(city: Plan, users: dict[str, Any], places: dict[str, Any]) -> None:
    new = Subject.objects.create(kind="county", code="431021", name="桂阳县", parent=places["431000"], position=9)
    services.put_inputs([row("cz-15", new.code, key, "5") for key in ("nox_base", "nox_potential")])
    made = services.begin(city, Indicator.objects.get(code="nox_reduction_t"), actor=users["city"], today=TODAY)
    assert "桂阳县：缺少环境质量数据" in made.result["problem"]["where"] + "：" + made.result["problem"]["what"]


# ---- bad input --------------------------------------------------------------------------------------------------------


def test_a_missing_base_year_is_named_and_never_zero(city: Plan, users: dict[str, Any], places: dict[str, Any]) -> None:
    new = Subject.objects.create(kind="county", code="431021", name="桂阳县", parent=places["431000"], position=9)
    services.put_inputs([row("cz-15", new.code, key, "5") for key in ("growth", "industry", "potential")])
    made = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    assert "桂阳县：缺少2025年能源消费总量" in made.result["problem"]["why"]
    assert "桂阳县：缺少2025年GDP（2025年价）" in made.result["problem"]["why"]


def test_two_price_bases_are_never_divided(city: Plan, users: dict[str, Any], places: dict[str, Any]) -> None:
    from shuangkong.apps.indicators.models import CurrentValue

    CurrentValue.objects.filter(value__indicator__code="gdp_10k_yuan").delete()
    bases(price_base=2020)
    made = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    assert "2025年GDP只有别的价格基期，缺2025年价；两种基期不能相除" in made.result["problem"]["why"]


def test_a_negative_gdp_is_refused(city: Plan) -> None:
    from shuangkong.apps.indicators.decomposition import solving
    from shuangkong.apps.plans.services import current_book

    scheme = SCHEMES[DECLINE]
    found = gather.figures(city, scheme, TODAY)
    found.gdp["431003"] = D(-1)
    asked = Asked(D("13.5"), D(0), D("0.1"), TODAY)
    body = solving.solve(solving.Task(city, scheme, asked, found, current_book()))
    assert (body["problem"]["where"], body["problem"]["what"]) == ("苏仙区", "基期数量和 GDP 必须大于 0，增速必须大于 −100%")


def test_the_children_of_a_split_carry_the_parents_base(city: Plan, users: dict[str, Any], places: dict[str, Any]) -> None:
    old = Subject.objects.get(code="431003")
    before = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    Subject.objects.filter(pk=old.pk).update(exists_to=date(2026, 7, 1))
    for code, name, part in (("431004", "苏仙一区", "0.6"), ("431005", "苏仙二区", "0.4")):
        Subject.objects.create(
            kind="county", code=code, name=name, parent=places["431000"], position=5, exists_from=date(2026, 7, 1),
            details={"succeeds": {"431003": part}},
        )  # fmt: skip
        services.put_inputs([row("cz-15", code, key, value) for key, value in (("growth", "6.4"), ("industry", "44"), ("potential", "5"))])
    after = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    assert [code for code, _name in after.inputs["regions"]] == ["431002", "431081", "431004", "431005"]
    assert D(after.inputs["base"]["431004"]) + D(after.inputs["base"]["431005"]) == D(before.inputs["base"]["431003"])
    exact = {share["code"]: D(share["exact"]) for share in after.result["shares"]}
    old_exact = {share["code"]: D(share["exact"]) for share in before.result["shares"]}
    assert abs(exact["431004"] - old_exact["431003"]) < D("1e-4"), "a split changes nobody's rate"
    assert abs(exact["431002"] - old_exact["431002"]) < D("1e-4")
    assert [s.code for s in gather.regions_on(city.subject, date(2026, 6, 30))] == ["431002", "431003", "431081"]
    Subject.objects.filter(code="431005").update(details={})
    wrong = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    assert "承继基数的比例合计 0.6，应为 1" in wrong.result["problem"]["why"]


def test_a_merged_county_has_the_base_of_both(city: Plan, users: dict[str, Any], places: dict[str, Any]) -> None:
    Subject.objects.filter(code__in=["431002", "431003"]).update(exists_to=date(2026, 7, 1))
    Subject.objects.create(
        kind="county", code="431006", name="北苏区", parent=places["431000"], position=5, exists_from=date(2026, 7, 1),
        details={"succeeds": {"431002": "1", "431003": "1"}},
    )  # fmt: skip
    services.put_inputs([row("cz-15", "431006", key, value) for key, value in (("growth", "6"), ("industry", "40"), ("potential", "5"))])
    made = services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["city"], today=TODAY)
    assert D(made.inputs["base"]["431006"]) == D("3300000")
    assert D(made.inputs["gdp"]["431006"]) == D("10200000")
    assert D(made.result["reached"]) >= D("13.5")


def test_an_indicator_that_is_not_shared_out_is_refused(city: Plan, users: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="不能分解"):
        services.begin(city, Indicator.objects.get(code="warning_national"), actor=users["city"], today=TODAY)
    with pytest.raises(InputError, match="只有市级主管"):
        services.begin(city, Indicator.objects.get(code=DECLINE), actor=users["county"], today=TODAY)
    client = client_of(users["city"])
    assert client.post("/decomposition/new/", {"plan": "cz-15", "indicator": "warning_national"}).status_code == 302
    assert client.post("/decomposition/new/", {"plan": "none", "indicator": DECLINE}).status_code == 404
    assert client_of(users["county"]).post("/decomposition/new/", {"plan": "cz-15", "indicator": DECLINE}).status_code == 404


def test_a_city_without_counties_has_nothing_to_share_out(city: Plan, users: dict[str, Any]) -> None:
    Subject.objects.filter(kind="county").update(exists_to=date(2026, 1, 1))
    made = services.begin(city, Indicator.objects.get(code="nox_reduction_t"), actor=users["city"], today=TODAY)
    assert made.result["problem"]["what"] == "没有可分解的地区"


def test_the_documentation_draws_the_states_as_they_are(repository: Any) -> None:
    from shuangkong.core.states import DECOMPOSITION

    text = (repository / "docs" / "decomposition.md").read_text(encoding="utf-8")
    assert DECOMPOSITION.drawn() in text
