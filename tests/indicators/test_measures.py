"""Gaps from forecasts, the choice, kept versions and who decides, the library, its pages and their reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.indicators.forecast.compute import DECLINE
from shuangkong.apps.indicators.forecast.histories import GDP, INTENSITY
from shuangkong.apps.indicators.measures import services
from shuangkong.apps.indicators.measures.gaps import gaps
from shuangkong.apps.indicators.measures.services import Asked, months_of, usual_year
from shuangkong.apps.indicators.models import ControlMeasure, Forecast, ForecastPoint, Indicator, MeasurePlan, Run
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.measures import Limits

pytestmark = pytest.mark.django_db
D = Decimal
NOW, TODAY = datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 24)


def foresee(subject: Subject, decline: str = "2", low: str = "1", year: int = 2027, required: str | None = "5") -> None:
    """A base intensity of 0.5, GDP of 1 000 000 万元: one point of decline is 5 000 tce."""
    run = Run.objects.first() or Run.objects.create(known_on=TODAY, rulebook_sm3="0", code_version="t", published_at=NOW)
    values = {
        DECLINE: (D(decline), D(low), D(decline) + 1), INTENSITY: (D("0.5") * (1 - D(decline) / 100), D("0.4"), D("0.6")),
        GDP: (D(1_000_000), D(990_000), D(1_010_000)),
    }  # fmt: skip
    for code, (value, lower, upper) in values.items():
        shown = {"indicator": Indicator.objects.get(code=code), "subject": subject, "run": run, "sm3": "0", "superseded_at": None}
        forecast, _made = Forecast.objects.unscoped("test").get_or_create(**shown, defaults={"method": "ets", "level_percent": D(80)})
        span = {"period_kind": "year", "period_start": date(year, 1, 1), "period_end": date(year + 1, 1, 1)}
        aim = D(required) if required and code == DECLINE else None
        verdict = "missed" if aim else ""
        ForecastPoint.objects.create(forecast=forecast, value=value, low=lower, high=upper, required=aim, verdict=verdict, **span)


def measure(code: str, effect: int, cost: int, **more: Any) -> dict[str, Any]:
    given = {"label": f"措施{code}", "kind": "retrofit", "rule": "measure.retrofit", "source": "测试", "units": 3}
    return {"code": code, "effect_tce": D(effect), "cost_10k_yuan": D(cost), **given, **more}


LIBRARY = [
    measure("a", 4000, 900), measure("b", 2500, 700, gdp_10k_yuan=D(-300), pollutants_t={"nox": "3"}),
    measure("c", 6000, 1500, units=1, delay_months=4), measure("gone", 90_000, 1, rule="measure.orderly_use"),
]  # fmt: skip


@pytest.fixture
def county(places: dict[str, Any]) -> Subject:
    load_catalogue()
    foresee(places["431002"])
    foresee(places["431003"], "7", "6")
    services.put_measures([{**row, "subject": "431002"} for row in LIBRARY])
    return places["431002"]


# gaps


def test_the_gap_is_what_intensity_lacks_times_gdp(county: Subject, users: dict[str, Any]) -> None:
    found = gaps(users["city"], [county])[county.pk, 2027]
    assert found.tce == 15_000
    assert found.base_intensity == D("0.5")
    assert gaps(users["city"], [county], "low")[county.pk, 2027].tce == 20_000
    assert found.decline_with(D(15_000), D(0)) == 5
    assert found.decline_with(D(0), D(0)) == 2
    assert found.decline_with(D(0), D(-10_000)) < 2


def test_who_is_ahead_has_no_gap_and_without_a_requirement_none_can_be_told(
    county: Subject, places: dict[str, Any], users: dict[str, Any]
) -> None:  # fmt: skip
    assert gaps(users["city"], [places["431003"]])[places["431003"].pk, 2027].tce == 0
    drawn = services.draw_up(users["city"], places["431003"], Asked(2027), TODAY)
    assert drawn.plan.choices == () == drawn.others
    assert gaps(users["county"], [places["431003"]]) == {}
    with pytest.raises(InputError, match="算不出缺口"):
        services.draw_up(users["city"], county, Asked(2028), TODAY)


def test_a_year_without_a_target_has_no_gap(county: Subject, users: dict[str, Any]) -> None:
    ForecastPoint.objects.unscoped("test").update(required=None)
    assert gaps(users["city"], [county]) == {}


@pytest.mark.parametrize(
    ("year", "today", "found"),
    [
        (2026, date(2026, 11, 24), (1, 0)), (2027, date(2026, 11, 24), (12, 1)), (2026, date(2026, 12, 31), (0, 0)),
        (2026, date(2026, 1, 1), (11, 0)),
    ],
)
def test_months_that_are_left(year: int, today: date, found: tuple[int, int]) -> None:
    assert months_of(year, today) == found


def test_the_next_year_is_meant_when_hardly_anything_can_take_effect() -> None:
    assert usual_year(date(2026, 9, 30)) == 2026
    assert usual_year(date(2026, 10, 1)) == 2027


# the choice


def test_the_choice_is_the_cheapest_of_all(county: Subject, users: dict[str, Any]) -> None:
    drawn = services.draw_up(users["city"], county, Asked(2027), TODAY)
    c_effect = D(6000) * (12 - 3) / 12  # a month of its delay is over before the year begins
    effects, costs = (D(4000), D(2500), c_effect), (900, 700, 1500)
    best = min(
        sum(x * cost for x, cost in zip(units, costs, strict=True))
        for units in product(range(4), range(4), range(2))
        if sum(x * effect for x, effect in zip(units, effects, strict=True)) >= 15_000
    )
    assert drawn.plan.cost_10k_yuan == best
    assert drawn.plan.closed
    assert drawn.decline_percent >= 5 - D("0.2")
    assert [left.code for left in drawn.plan.left_out] == ["gone"]
    assert "2023-10-01" in drawn.plan.left_out[0].why
    assert {rule.parameter for rule in drawn.rules} == {"measure.retrofit"}
    assert drawn.recalled
    assert {other.code for other in drawn.others} == {"a", "b", "c"}


def test_what_cannot_be_closed_is_said_with_the_part_that_can(county: Subject, users: dict[str, Any]) -> None:
    drawn = services.draw_up(users["city"], county, Asked(2027, limits=Limits(cost_10k_yuan=D(2000))), TODAY)
    assert drawn.plan.effect_tce + drawn.plan.remaining_tce == 15_000
    assert drawn.plan.effect_tce == 8000
    assert drawn.others == ()


def test_no_month_left_is_an_error(county: Subject, users: dict[str, Any]) -> None:
    foresee(county, year=2026)
    with pytest.raises(InputError, match="没有剩余的整月"):
        services.draw_up(users["city"], county, Asked(2026), date(2026, 12, 5))


def test_a_county_does_not_take_the_measures_of_another_and_closed_ones_count_no_more(county: Subject, users: dict[str, Any]) -> None:
    services.put_measures([{**measure("theirs", 99_000, 1), "subject": "431003"}, {**measure("all", 5000, 10), "subject": ""}])
    drawn = services.draw_up(users["county"], county, Asked(2027), TODAY)
    assert [(choice.code, choice.units) for choice in drawn.plan.choices] == [("all", 3)]
    services.close(ControlMeasure.objects.unscoped("test").get(code="all"), actor=users["city"], today=TODAY)
    assert "all" not in services.draw_up(users["county"], county, Asked(2027), TODAY).library
    with pytest.raises(InputError, match="市级主管部门维护"):
        services.close(ControlMeasure.objects.unscoped("test").get(code="a"), actor=users["county"], today=TODAY)


def test_a_measure_needs_a_rule_that_the_rulebook_knows() -> None:
    with pytest.raises(InputError, match="规则库没有这项依据"):
        services.put_measures([measure("x", 1, 1, rule="measure.nothing")])


# versions


def test_a_kept_version_stays_and_another_decides(county: Subject, users: dict[str, Any], make_user: Callable[..., Any]) -> None:
    other = make_user("city", "second")
    drawn = services.draw_up(users["county"], county, Asked(2027), TODAY)
    first = services.keep(drawn, note="一", actor=users["county"])
    second = services.keep(drawn, note="二", actor=users["city"])
    assert (first.version, second.version) == (1, 2)
    assert first.sm3 == sm3_hex(canonical_json(first.result).encode())
    with pytest.raises(InputError, match="由市级主管部门决定"):
        services.decide(first, adopt=True, document="会议", actor=users["county"], now=NOW)
    with pytest.raises(InputError, match="文号或会议"):
        services.decide(first, adopt=True, document="", actor=users["city"], now=NOW)
    services.decide(first, adopt=True, document="会议一", actor=users["city"], now=NOW)
    with pytest.raises(InputError, match="提出人不能自己决定"):
        services.decide(second, adopt=True, document="会议二", actor=users["city"], now=NOW)
    services.decide(second, adopt=True, document="会议二", actor=other, now=NOW)
    with pytest.raises(InputError, match="已经决定过"):
        services.decide(second, adopt=False, document="", actor=other, now=NOW)
    found = {plan.version: plan.decision for plan in MeasurePlan.objects.unscoped("test").all()}
    assert found == {1: "replaced", 2: "adopted"}
    actions = list(Entry.objects.filter(action__startswith="indicators.measure_plan").values_list("action", flat=True))
    assert actions.count("indicators.measure_plan.kept") == actions.count("indicators.measure_plan.decided") == 2


# pages


@pytest.fixture
def get(client: Client, users: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)

    def fetch(role: str, address: str, data: dict[str, str] | None = None) -> Any:
        client.force_login(users[role])
        return client.get(address) if data is None else client.post(address, data)

    return fetch


def test_the_list_and_the_county(county: Subject, get: Callable) -> None:
    text = get("city", "/measures/").content.decode()
    assert "15,000" in text
    assert text.index("北湖区") < text.index("苏仙区")
    own = get("county", "/measures/").content.decode()
    assert "苏仙区" not in own
    page = get("county", "/measures/431002/")
    assert "缺口15,000tce" in page.content.decode()
    assert "有序用电" in page.content.decode() or "措施gone" in page.content.decode()
    assert get("other_county", "/measures/431002/").status_code == 404
    assert get("reader", "/measures/431002/").status_code == 404
    assert "按预测没有缺口" in get("city", "/measures/431003/").content.decode()


@pytest.mark.parametrize("query", ["cost=-1", "cost=x", "year=1999", "side=z", "gdp=1e999"])
def test_what_cannot_be_asked_is_said(county: Subject, get: Callable, query: str) -> None:
    answer = get("city", f"/measures/431002/?{query}")
    assert answer.status_code == 400
    assert "st-1" in answer.content.decode()


def test_a_county_without_a_forecast_says_so(places: dict[str, Any], get: Callable) -> None:
    load_catalogue()
    assert "算不出缺口" in get("city", "/measures/431002/").content.decode()
    assert "算不出缺口" in get("city", "/measures/").content.decode()


def test_keeping_and_deciding_on_the_page(county: Subject, get: Callable, client: Client) -> None:
    kept = get("county", "/measures/431002/keep/", {"year": "2027", "side": "point", "note": "先做"})
    assert kept.status_code == 302
    page = get("county", kept["Location"]).content.decode()
    assert "先做" in page
    assert "不采用" not in page
    plan = MeasurePlan.objects.unscoped("test").get()
    decide = f"/measures/plans/{plan.pk}/decide/"
    assert get("county", decide, {"adopt": "yes"}).status_code == 404
    assert get("other_county", f"/measures/plans/{plan.pk}/").status_code == 404
    get("city", decide, {"adopt": "yes", "document": "市政府常务会议"})
    assert "市政府常务会议" in get("city", f"/measures/plans/{plan.pk}/").content.decode()
    assert "第1版" in get("city", "/measures/?year=2027").content.decode()
    assert get("county", "/measures/431002/keep/", {"year": "1999"}).status_code == 302
    assert MeasurePlan.objects.unscoped("test").count() == 1


def test_who_only_reads_keeps_nothing(county: Subject, get: Callable, users: dict[str, Any], make_user: Callable[..., Any]) -> None:
    users["own_reader"] = make_user("reader", "own_reader", subject=county)
    assert "缺口15,000tce" in get("own_reader", "/measures/431002/").content.decode()
    assert get("own_reader", "/measures/431002/keep/", {"year": "2027", "side": "point"}).status_code == 404
    assert not MeasurePlan.objects.unscoped("test").exists()


def test_the_library_is_entered_by_the_city(county: Subject, get: Callable) -> None:
    form = {
        "code": "new", "label": "新措施", "kind": "retrofit", "units": "2", "effect_tce": "10", "cost_10k_yuan": "1.5", "delay_months": "1",
        "rule": "measure.retrofit", "source": "诊断报告",
    }  # fmt: skip
    assert get("county", "/measures/library/", form).status_code == 404
    assert get("city", "/measures/library/", {**form, "effect_tce": "0"}).status_code == 400
    assert get("city", "/measures/library/", form).status_code == 302
    assert get("city", "/measures/library/", form).status_code == 400
    made = ControlMeasure.objects.unscoped("test").get(code="new")
    assert (made.effect_tce, made.subject) == (10, None)
    text = get("city", "/measures/library/").content.decode()
    assert "新措施" in text
    assert "已失效" in text
    assert get("county", f"/measures/library/{made.pk}/close/", {}).status_code == 404
    assert get("city", f"/measures/library/{made.pk}/close/", {}).status_code == 302
    assert "已停用" in get("city", "/measures/library/").content.decode()
    assert "措施a" not in get("other_county", "/measures/library/").content.decode()


def test_the_pages_take_a_fixed_number_of_statements(county: Subject, get: Callable, client: Client) -> None:
    for address in ("/measures/", "/measures/431002/", "/measures/library/"):
        assert get("city", address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= 15, [query["sql"][:120] for query in queries]
