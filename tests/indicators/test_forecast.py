"""Forecasts from current values: histories without gaps, years from known and forecast parts, verdicts, keeping, scope, pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.indicators.drafts import Drafts
from shuangkong.apps.indicators.forecast import services
from shuangkong.apps.indicators.forecast.compute import DECLINE, Goal, Place, decline_percent, quarters_to, seasons_to, verdict
from shuangkong.apps.indicators.forecast.histories import CO2, ELECTRICITY, GDP, HEADLINE, INTENSITY, TOTAL, read_histories
from shuangkong.apps.indicators.models import Forecast, Indicator, Target
from shuangkong.apps.indicators.services import Known as KnownBy
from shuangkong.apps.indicators.services import load_catalogue, publish
from shuangkong.apps.indicators.targets.paths import required
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 24)
SEASON = (Decimal("1.04"), Decimal("0.97"), Decimal("1.02"), Decimal("0.97"))
D = Decimal


def quarter_size(number: int) -> Decimal:
    """Energy of the n-th quarter since 2020: a season, a growth, and something that no method foresees."""
    return (SEASON[number % 4] * D(str(round(250_000 * math.exp(0.01 * number / 4 + 0.004 * math.sin(number * 1.7)), 2)))).quantize(
        D("0.01")
    )


class Sheet:
    """Collects values of places as a computation would."""

    def __init__(self) -> None:
        self.drafts = Drafts({})

    def put(self, code: str, subject: Subject, period: Period, value: Any, basis: str = "", status: Status = Status.OK) -> None:
        number = None if value is None else D(str(value))
        self.drafts.add(code, subject, period, number, calculation="target.unmeasured", basis=basis, status=status, demonstration=True)

    def energy(self, subject: Subject, last: tuple[int, int] = (2026, 3), leave: Iterable[tuple[int, int]] = (), code: str = TOTAL) -> None:
        """Energy from January on by quarters."""
        for year in range(2020, 2027):
            total = D(0)
            for quarter in range(1, 5):
                total += quarter_size((year - 2020) * 4 + quarter - 1)
                if (year, quarter) <= last and (year, quarter) not in leave:
                    self.put(code, subject, Period.ytd(year, 3 * quarter), total, HEADLINE)

    def gdp(self, subject: Subject, last: tuple[int, int] = (2026, 3)) -> None:
        """GDP at prices of 2020, from 2026 on at those of 2025, which are a fifth higher."""
        for year in range(2020, 2027):
            total = D(0)
            for quarter in range(1, 5):
                total += D(str(round(600_000 * math.exp(0.05 * ((year - 2020) * 4 + quarter - 1) / 4), 2)))
                if (year, quarter) <= last:
                    shown = total * D("1.2") if year == 2026 else total
                    self.put(GDP, subject, Period.ytd(year, 3 * quarter), shown, "price2020" if year == 2020 else "")
                    if year == 2025:
                        self.put(GDP, subject, Period.ytd(year, 3 * quarter), total * D("1.2"), "price2025")

    def electricity(self, subject: Subject, last: tuple[int, int] = (2026, 10), leave: Iterable[tuple[int, int]] = ()) -> None:
        """Electricity by months."""
        for year in range(2020, 2027):
            for month in range(1, 13):
                number = (year - 2020) * 12 + month - 1
                if (year, month) <= last and (year, month) not in leave:
                    size = 9000 * math.exp(0.03 * number / 12 + 0.08 * math.sin(number * math.pi / 6) + 0.004 * math.sin(number))
                    self.put(ELECTRICITY, subject, Period.month(year, month), round(size, 2))

    def publish(self) -> None:
        publish(self.drafts.rows, KnownBy(TODAY, "a" * 64), now=NOW)


@pytest.fixture
def sheet(places: dict[str, Any]) -> Sheet:
    load_catalogue()
    return Sheet()


@pytest.fixture
def county(places: dict[str, Any]) -> Subject:
    return places["431002"]


@pytest.fixture
def full(sheet: Sheet, county: Subject, places: dict[str, Any]) -> Sheet:
    """Two counties of which everything is known."""
    for subject in (county, places["431003"]):
        sheet.energy(subject)
        sheet.gdp(subject)
        sheet.electricity(subject)
    sheet.publish()
    return sheet


def history_of(subject: Subject) -> Any:
    return next(history for history in read_histories() if history.subject == subject)


def made_of(subject: Subject, goals: Iterable[Goal] = ()) -> dict[str, Any]:
    return {made.code: made for made in Place(history_of(subject), TODAY.year, list(goals)).forecasts()}


# histories


def test_quarters_are_differences_and_an_incomplete_one_breaks_both_that_need_it(sheet: Sheet, county: Subject) -> None:
    for month, number, status in ((3, 10, Status.OK), (6, 25, Status.INCOMPLETE), (9, 45, Status.OK), (12, 70, Status.ESTIMATED)):
        sheet.put(TOTAL, county, Period.ytd(2025, month), number, HEADLINE, status)
    sheet.put(TOTAL, county, Period.ytd(2025, 3), 8, "calorific")
    sheet.publish()
    found = history_of(county).quarters(TOTAL, HEADLINE, "总量")
    assert [span.code for span in found.spans] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    assert found.numbers == (10, None, None, 25)
    assert found.demonstration
    assert not found.recalled


def test_two_price_bases_are_joined_by_the_year_that_stands_at_both(full: Sheet, county: Subject) -> None:
    found = history_of(county).gdp_quarters()
    assert len(found.spans) == 27
    assert None not in found.numbers
    growth = [float(now / before) for before, now in zip(found.numbers, found.numbers[4:], strict=False)]
    assert growth == pytest.approx([math.exp(0.05)] * 23, rel=1e-6)
    assert found.numbers[-1] == history_of(county).number(GDP, "", Period.ytd(2026, 9)) - history_of(county).number(
        GDP, "", Period.ytd(2026, 6)
    )


def test_january_and_february_are_one_season_and_a_quarter_needs_its_months(sheet: Sheet, county: Subject) -> None:
    sheet.electricity(county, leave=[(2021, 2), (2023, 7)])
    sheet.publish()
    history = history_of(county)
    seasons = history.electricity_seasons()
    assert [span.label for span in seasons.spans[:3]] == ["2020年1—2月", "2020年3月", "2020年4月"]
    months = [history.number(ELECTRICITY, "", Period.month(2020, month)) for month in (1, 2)]
    assert seasons.numbers[0] == sum(months)
    assert seasons.at().keys().isdisjoint({Period.ytd(2021, 2), Period.month(2023, 7)})
    assert Period.quarter(2023, 3) not in history.electricity_quarters().at()
    assert seasons.stretch(30).spans[0].code == "2023-08"
    assert seasons.stretch(20).spans[0].code == "2023-08"
    assert seasons.stretch(60).spans == ()
    assert [span.code for span in seasons.since(Period.month(2021, 3)).spans][-1] == "2023-06"
    assert seasons.since(Period.month(2023, 7)).spans == ()
    assert seasons.since(Period.month(2019, 3)).spans == ()


def test_nothing_known_is_no_history(places: dict[str, Any]) -> None:
    load_catalogue()
    assert read_histories() == []
    assert services.refresh(NOW, TODAY) == 0


# what is made of them


def test_the_year_is_what_is_known_and_what_is_forecast(full: Sheet, county: Subject) -> None:
    made = made_of(county)[TOTAL]
    year = next(spot for spot in made.spots if spot.period == Period.year(2026))
    [rest] = [spot for spot in made.spots if spot.period == Period.quarter(2026, 4)]
    known = history_of(county).number(TOTAL, HEADLINE, Period.ytd(2026, 9))
    assert list(year.point) == [known + end for end in rest.point]
    assert year.point.low < year.point.value < year.point.high
    assert float(rest.point.value) == pytest.approx(float(quarter_size(27)), rel=0.02)
    assert [spot.period.code for spot in made.spots if spot.period.kind == "year"] == ["2026", "2027", "2028", "2029", "2030"]
    assert {record.method for record in made.found.records} == {"seasonal_naive", "drift", "ets", "regression"}
    assert made.tested == 8


def test_a_month_that_is_known_behind_a_gap_counts_as_known(sheet: Sheet, county: Subject) -> None:
    sheet.electricity(county, leave=[(2026, 8)])
    sheet.publish()
    made = made_of(county)[ELECTRICITY]
    assert made.sentence == "2026年8月缺数，历史只用到2026年7月"
    assert [spot.period.code for spot in made.spots if spot.period.start.year == 2026] == ["2026-08", "2026-11", "2026-12", "2026"]
    year = next(spot for spot in made.spots if spot.period == Period.year(2026))
    known = sum(number for span, number in history_of(county).electricity_seasons().at().items() if span.start.year == 2026)
    assert year.point.value == known + sum(spot.point.value for spot in made.spots[:3])


def test_what_is_too_short_says_so(sheet: Sheet, county: Subject) -> None:
    sheet.energy(county, leave=[(year, 3) for year in range(2020, 2027)])
    sheet.publish()
    made = made_of(county)[TOTAL]
    assert made.found is None
    assert made.spots == []
    assert made.sentence == "连续已知的只有2期，不足以回测，暂不预测"


def test_without_whole_electricity_the_regression_is_left_out_and_it_is_said(sheet: Sheet, county: Subject) -> None:
    sheet.energy(county)
    sheet.electricity(county, last=(2026, 8))
    sheet.publish()
    made = made_of(county)[TOTAL]
    assert {record.method for record in made.found.records} == {"seasonal_naive", "drift", "ets"}
    assert made.sentence == "用电量不全，未用回归法"
    assert made_of(county)[INTENSITY].found is None if INTENSITY in made_of(county) else True


def test_electricity_that_is_known_earlier_leads(sheet: Sheet, county: Subject) -> None:
    sheet.energy(county, last=(2026, 2))
    sheet.electricity(county)
    sheet.publish()
    _energy, power = made_of(county)[TOTAL].inputs
    assert power.spans[-1] == Period.quarter(2026, 3)


def test_intensity_of_a_year_weighs_its_quarters_and_the_decline_is_turned(full: Sheet, county: Subject) -> None:
    goal = Goal(2025, {year: D("2.86") * (year - 2025) for year in range(2026, 2031)})
    made = made_of(county, [goal])
    year = next(spot for spot in made[INTENSITY].spots if spot.period == Period.year(2026))
    history = history_of(county)
    base = history.number(TOTAL, HEADLINE, Period.ytd(2025, 12)) / history.number(GDP, "price2025", Period.ytd(2025, 12))
    decline = made[DECLINE].spots[0]
    assert decline.point.value == pytest.approx(decline_percent(base, year.point.value))
    assert decline.point.low == pytest.approx(decline_percent(base, year.point.high))
    assert decline.point.low < decline.point.value < decline.point.high
    assert float(decline.point.value) == pytest.approx(100 * (1 - math.exp(-0.04)), abs=0.5)
    assert decline.required == D("2.86")
    assert decline.verdict == "reached"
    assert [spot.period.code for spot in made[DECLINE].spots] == ["2026", "2027", "2028", "2029", "2030"]
    assert made["energy_intensity_change_percent"].spots[0].point.value == pytest.approx(-decline.point.value)


def test_without_a_target_or_its_base_year_there_is_no_decline(full: Sheet, county: Subject) -> None:
    assert made_of(county)[DECLINE].spots == []
    assert made_of(county, [Goal(2018, {2026: D(20)})])[DECLINE].spots == []


@pytest.mark.parametrize(
    ("low", "high", "said"), [("3", "4", "reached"), ("2.9", "3", "open"), ("2.99", "4", "open"), ("2", "2.99", "missed")]
)
def test_a_verdict_looks_at_both_ends(low: str, high: str, said: str) -> None:
    assert verdict(D(low), D(high), D(3)) == said


def test_what_is_required_follows_the_path_of_the_target_and_internal_numbers_are_left_out(forecasts: None, county: Subject) -> None:
    target = Target.objects.unscoped("test").get(subject=county)
    points = current(county, DECLINE).points.unscoped("test").order_by("period_end")
    assert [point.required for point in points] == [required(target, 12 * year) for year in range(1, 6)]
    target.kind = Target.Kind.INTERNAL
    target.save()
    services.refresh(NOW, TODAY)
    assert not current(county, DECLINE).points.unscoped("test").exists()


def test_spans_ahead() -> None:
    assert [span.code for span in quarters_to(Period.quarter(2026, 3), 2027)] == ["2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4"]
    assert [span.code for span in seasons_to(Period.month(2026, 11), 2027)][:3] == ["2026-12", "2027-01/02", "2027-03"]
    assert quarters_to(Period.quarter(2026, 4), 2026) == []


# keeping


def test_what_did_not_move_is_kept_and_what_moved_is_superseded(full: Sheet, county: Subject, places: dict[str, Any]) -> None:
    first = services.refresh(NOW, TODAY)
    assert first == 2 * len(made_of(county))
    assert services.refresh(NOW, TODAY) == 0
    before = current(county, TOTAL)
    changed = Sheet()
    changed.energy(county)
    changed.gdp(county)
    changed.electricity(county)
    changed.energy(places["431003"], last=(2026, 2))
    changed.gdp(places["431003"])
    changed.electricity(places["431003"])
    changed.publish()
    assert services.refresh(NOW, TODAY) > 0
    assert current(county, TOTAL).pk == before.pk
    other = Forecast.objects.unscoped("test").filter(subject=places["431003"], indicator__code=TOTAL)
    assert [row.superseded_at is None for row in other.order_by("pk")] == [False, True]
    entry = Entry.objects.filter(action="indicators.forecast.made").latest("id")
    assert '"superseded"' in entry.payload


def test_what_can_no_longer_be_forecast_is_superseded(full: Sheet, county: Subject) -> None:
    services.refresh(NOW, TODAY)
    changed = Sheet()
    changed.electricity(county)
    changed.publish()
    services.refresh(NOW, TODAY)
    codes = Forecast.objects.unscoped("test").filter(subject=county, superseded_at__isnull=True).values_list("indicator__code", flat=True)
    assert list(codes) == [ELECTRICITY]


def test_co2_is_forecast_once_it_is_known(sheet: Sheet, county: Subject) -> None:
    sheet.energy(county, code=CO2)
    sheet.publish()
    assert made_of(county)[CO2].basis == HEADLINE
    services.refresh(NOW, TODAY)
    assert current(county, CO2).points.unscoped("test").filter(period_kind="year").count() == 5


def current(subject: Subject, code: str) -> Forecast:
    return Forecast.objects.unscoped("test").get(subject=subject, indicator__code=code, superseded_at__isnull=True)


def test_after_a_batch_one_job_is_asked_for_by_whoever_moved_the_ledger(full: Sheet, users: dict[str, Any]) -> None:
    assert services.ask(NOW, TODAY) is None
    job = services.ask(NOW, TODAY, users["county"])
    assert services.ask(NOW, TODAY, users["county"]) is None
    done = jobs.run(job.pk)
    assert done.state == Job.State.DONE
    assert done.result["made"] == Forecast.objects.unscoped("test").count() > 0


# pages


@pytest.fixture
def forecasts(full: Sheet, county: Subject, places: dict[str, Any]) -> None:
    plan = Plan.objects.create(
        code="p-15", title="方案", period_name="“十五五”", subject=places["431000"], base_year=2025, first_year=2026, last_year=2030
    )
    for subject in (county, places["431003"]):
        Target.objects.create(plan=plan, indicator=Indicator.objects.get(code=DECLINE), subject=subject, number=D(13))
    services.refresh(NOW, TODAY)


@pytest.fixture
def get(client: Client, users: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)

    def fetch(role: str, address: str) -> Any:
        client.force_login(users[role])
        return client.get(address)

    return fetch


def test_the_list_shows_each_place_with_interval_verdict_and_record(forecasts: None, get: Callable) -> None:
    text = get("city", "/forecasts/").content.decode()
    assert all(word in text for word in ("北湖区", "苏仙区", "按预测可达到", "至", "mk-fc", "朴素法"))
    own = get("county", "/forecasts/?indicator=energy_total_tce").content.decode()
    assert "北湖区" in own
    assert "苏仙区" not in own
    assert "还没有预测" in get("reader", "/forecasts/").content.decode()


def test_one_forecast_says_method_inputs_and_record(forecasts: None, get: Callable, county: Subject) -> None:
    for code in (TOTAL, DECLINE, ELECTRICITY, INTENSITY):
        found = current(county, code)
        text = get("county", f"/forecasts/{found.pk}/").content.decode()
        assert found.label in text
        assert all(record["label"] in text for record in found.records)
        assert "80%区间" in text
        assert get("other_county", f"/forecasts/{found.pk}/").status_code == 404
        assert get("reader", f"/forecasts/{found.pk}/").status_code == 404


def test_a_forecast_that_could_not_be_made_says_why(sheet: Sheet, county: Subject, get: Callable) -> None:
    sheet.energy(county, leave=[(year, 3) for year in range(2020, 2027)])
    sheet.publish()
    services.refresh(NOW, TODAY)
    text = get("county", f"/forecasts/{current(county, TOTAL).pk}/").content.decode()
    assert "不能预测" in text
    assert "不足以回测" in text
    assert "不足以回测" in get("county", "/forecasts/?indicator=energy_total_tce").content.decode()


def test_no_point_stands_without_mark_and_interval(forecasts: None, get: Callable, county: Subject) -> None:
    indicator = get("county", "/indicators/energy_total_tce/").content.decode()
    place = get("county", "/counties/431002/").content.decode()
    for text in (indicator, place):
        assert "mk-fc" in text
        assert f"/forecasts/{current(county, TOTAL).pk}/" in text
        assert "至" in text
    assert "按预测2026年末" in place
    assert "按预测2026年末" not in get("other_county", "/counties/431002/").content.decode()
    assert "mk-fc" not in get("city", "/indicators/energy_total_tce/?known_on=2026-11-20").content.decode()


def test_the_cockpit_shows_the_city_at_the_year_end(forecasts: None, get: Callable, places: dict[str, Any]) -> None:
    assert "按预测" not in get("city", "/").content.decode()
    Forecast.objects.unscoped("test").filter(subject__code="431003").update(subject=places["431000"])
    assert "按预测2026年末" in get("city", "/").content.decode()
    assert "按预测2026年末" not in get("county", "/").content.decode()


def test_only_the_city_has_forecasts_made_anew(forecasts: None, client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["county"])
    assert client.post("/forecasts/make/").status_code == 404
    client.force_login(users["city"])
    assert client.get("/forecasts/make/").status_code == 405
    assert client.post("/forecasts/make/").status_code == 302
    assert Job.objects.unscoped("test").filter(kind="forecast").count() == 1


def test_the_pages_take_a_fixed_number_of_statements(forecasts: None, get: Callable, county: Subject, client: Client) -> None:
    for address in ("/forecasts/", f"/forecasts/{current(county, TOTAL).pk}/"):
        assert get("city", address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= 8, [query["sql"][:120] for query in queries]
