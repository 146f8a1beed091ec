"""Key units: energy per tonne against limits, at, under and over each; totals with growth; what is missing; import, scope and pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.energy.services import recompute
from shuangkong.apps.energy.units import standing
from shuangkong.apps.indicators.forecast.services import refresh
from shuangkong.apps.indicators.models import Forecast, Value
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.ledger.loading import Consignment, NewRow, load_rows
from shuangkong.core.periods import Period
from tests.ledger import kit

pytestmark = pytest.mark.django_db
D = Decimal
NOW, TODAY = datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 24)
LIMITS = {"limit_1": D(100), "limit_2": D(107), "limit_3": D(117), "benchmark": D(100), "baseline": D(112)}


@pytest.mark.parametrize(
    ("value", "words", "severity"),
    [
        ("117.01", "超过限定值", 1), ("117", "低于基准水平", 2), ("112.01", "低于基准水平", 2), ("112", "限定值以内", 3),
        ("107.01", "限定值以内", 3),
        ("107", "达到2级", 3), ("100.01", "达到2级", 3), ("100", "达到标杆水平", 3),
    ],
)  # fmt: skip
def test_a_limit_is_kept_at_it_and_broken_above(value: str, words: str, severity: int) -> None:
    assert standing(D(value), LIMITS) == (words, severity)


def test_without_a_benchmark_level_1_counts_and_without_any_limit_nothing() -> None:
    assert standing(D(100), {"limit_1": D(100), "limit_2": D(107), "limit_3": D(117)}) == ("达到1级", 3)
    assert standing(D(1), {}) == ("没有限额标准", None)


def row(measure: str, micro: int, year: int = 2026, month: int = 9, product: str = "") -> NewRow:
    period = Period.ytd(year, month)
    flow = "product" if product else ""
    known = date(year + (month == 12), month % 12 + 1, 20)
    return NewRow(
        "91-A", "", measure, "", product, flow, "ytd", period.start, period.end, micro * 10**6, None, "", "", None, "reported",
        "preliminary", False, "", "", known,
    )  # fmt: skip


@pytest.fixture
def filed(places: dict[str, Any]) -> None:
    load_catalogue()
    rows = [
        row("energy_total", 13_000, 2025), row("energy_total", 14_300), row("output", 100_000, product="clinker"),
        row("product_energy", 12_000, product="clinker"), row("product_electricity", 570, product="clinker"),
        row("product_energy", 500, product="lead"), row("energy_total", 9_000, 2024, 12),
        row("output", 100_000, 2022, 9, "clinker"), row("product_energy", 12_000, 2022, 9, "clinker"),
    ]  # fmt: skip
    load_rows(rows, Consignment("test", "单位", "test"), now=NOW)
    recompute(NOW, TODAY)


def value(code: str, period: Period, basis: str = "calorific") -> Value:
    found = Value.objects.unscoped("test").filter(current__isnull=False, indicator__code=code, subject__code="91-A", basis=basis)
    return found.select_related("rule_set").get(period_kind=period.kind, period_end=period.end)


def test_energy_per_tonne_with_its_level_and_the_rules_behind_it(filed: None) -> None:
    found = value("unit_product_kgce_per_t:clinker", Period.ytd(2026, 9))
    assert (found.value, found.words, found.severity, found.lens) == (120, "超过限定值", 1, "reported")
    assert {rule["parameter"] for rule in found.rules} == {
        "unit.limit_1.clinker", "unit.limit_2.clinker", "unit.limit_3.clinker", "unit.benchmark.clinker", "unit.baseline.clinker",
    }  # fmt: skip
    assert found.recalled, "the benchmark is recalled"
    power = value("unit_product_kwh_per_t:clinker", Period.ytd(2026, 9))
    assert (power.value, power.words, power.recalled) == (57, "达到2级", False)


def test_a_limit_counts_from_the_day_it_applies(filed: None) -> None:
    found = value("unit_product_kgce_per_t:clinker", Period.ytd(2022, 9))
    assert (found.value, found.words, found.severity, found.rules) == (120, "没有限额标准", None, [])


def test_without_output_it_is_incomplete_and_says_what_lacks(filed: None) -> None:
    found = value("unit_product_kgce_per_t:lead", Period.ytd(2026, 9))
    assert (found.value, found.status) == (None, "incomplete")
    assert "缺2026年1—9月产量" in found.sentence


def test_the_total_has_its_growth_and_a_year_stands_for_twelve_months(filed: None) -> None:
    assert value("energy_total_tce", Period.ytd(2026, 9)).value == 14_300
    assert value("energy_growth_percent", Period.ytd(2026, 9), "").value == 10
    assert value("energy_total_tce", Period.year(2024)).value == 9_000


def test_a_unit_adds_nothing_to_its_county(filed: None) -> None:
    others = Value.objects.unscoped("test").filter(indicator__code="energy_total_tce", value__isnull=False).exclude(subject__code="91-A")
    assert list(others) == []


def test_an_explanation_opens_into_rows_and_rules(filed: None, users: dict[str, Any], client: Client) -> None:
    client.force_login(users["enterprise"])
    found = value("unit_product_kgce_per_t:clinker", Period.ytd(2026, 9))
    text = client.get(f"/explain/value/{found.pk}/").content.decode()
    assert all(word in text for word in ("产品综合能耗 ÷ 产量", "12,000", "100,000", "GB 16780-2021", "117"))
    assert "不一致" not in text
    client.force_login(users["other_county"])
    assert client.get(f"/explain/value/{found.pk}/").status_code == 404


# import


HEAD = ("用能单位", "项目", "产品", "期别", "数量", "计量单位", "数据版本", "备注")


def workbook(folder: Path, *rows: tuple[Any, ...]) -> Path:
    from xlsxwriter import Workbook

    path = folder / "units.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((HEAD, *rows)):
            sheet.write_row(number, 0, cells)
    return path


GOOD = [
    ("演示企业甲", "综合能源消费量", "", "2026年1—9月", 14300, "吨标准煤", "初步核算", ""),
    ("91-A", "产品产量", "水泥熟料", "2026年1—9月", 10, "万吨", "初步核算", ""),
    ("91-A", "产品综合能耗", "水泥熟料", "2026年1—9月", 12000, "吨标准煤", "初步核算", ""),
]
BAD = [
    ("演示企业乙", "综合能源消费量", "", "2026年1—9月", 1, "吨标准煤", "初步核算", ""),
    ("91-A", "综合能源消费量", "水泥熟料", "2026年1—9月", 1, "吨标准煤", "初步核算", ""),
    ("91-A", "产品产量", "", "2026年1—9月", 1, "吨", "初步核算", ""),
    ("91-A", "产品产量", "水泥熟料", "2026年1—9月", 1, "万千瓦时", "初步核算", ""),
    ("91-A", "产品产量", "水泥熟料", "2026年1—9月", -1, "吨", "初步核算", ""),
    ("91-A", "别的", "水泥熟料", "2026年1—9月", 1, "吨", "初步核算", ""),
]


@pytest.mark.parametrize("role", ["enterprise", "county", "city"])
def test_a_unit_its_county_and_the_city_import_it(users: dict[str, Any], tmp_path: Path, role: str) -> None:
    form = kit.form(origin="reported", document="", known_on=date(2026, 10, 20))
    checked = kit.check(workbook(tmp_path, *GOOD, *BAD), users[role], "key_units", form)
    assert checked.result["counts"]["new"] == len(GOOD), checked.result
    assert checked.result["counts"]["refused"] == len(BAD)


def test_nobody_imports_for_a_unit_out_of_reach(users: dict[str, Any], tmp_path: Path) -> None:
    form = kit.form(origin="reported", document="", known_on=date(2026, 10, 20))
    checked = kit.check(workbook(tmp_path, *GOOD), users["other_county"], "key_units", form)
    assert checked.result["counts"]["new"] == 0


# pages


@pytest.fixture
def get(client: Client, users: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)

    def fetch(role: str, address: str) -> Any:
        client.force_login(users[role])
        return client.get(address)

    return fetch


def test_a_unit_is_seen_by_itself_its_county_and_the_city(filed: None, get: Callable) -> None:
    for role in ("enterprise", "county", "city"):
        text = get(role, "/units/91-A/").content.decode()
        assert all(word in text for word in ("14,300", "超过限定值", "GB 16780-2021", "没有登记应报的报表", "没有下达目标")), role
        assert "演示企业甲" in get(role, "/units/").content.decode()
    for role in ("other_county", "reader", "department", "administrator", "zone"):
        assert get(role, "/units/91-A/").status_code == 404, role
        assert "演示企业甲" not in get(role, "/units/").content.decode(), role
    assert get("city", "/units/431002/").status_code == 404


def test_others_who_open_a_unit_stand_in_the_log(filed: None, get: Callable) -> None:
    get("enterprise", "/units/91-A/")
    assert not Entry.objects.filter(action="units.unit.read").exists()
    get("county", "/units/91-A/")
    get("city", "/units/91-A/")
    assert Entry.objects.filter(action="units.unit.read").count() == 2


def test_a_unit_without_anything_says_so(places: dict[str, Any], get: Callable) -> None:
    load_catalogue()
    text = get("enterprise", "/units/91-A/").content.decode()
    assert "没有填报" in text
    assert "没有您可查看的单位" in get("enterprise", "/units/").content.decode()


def test_a_unit_is_forecast_with_its_interval(places: dict[str, Any], get: Callable) -> None:
    load_catalogue()
    totals = [(year, month) for year in range(2021, 2027) for month in (3, 6, 9, 12) if (year, month) <= (2026, 9)]
    rows = [row("energy_total", round(1000 * month * 1.02 ** (year - 2020)) + month % 5, year, month) for year, month in totals]
    load_rows(rows, Consignment("test", "单位", "test"), now=NOW)
    recompute(NOW, TODAY)
    refresh(NOW, TODAY)
    assert Forecast.objects.unscoped("test").get(subject__code="91-A").basis == "calorific"
    text = get("enterprise", "/units/91-A/").content.decode()
    assert "80%区间" in text
    assert "mk-fc" in text
    assert "mk-fc" in get("county", "/units/").content.decode()


def test_the_pages_take_a_fixed_number_of_statements(filed: None, get: Callable, client: Client) -> None:
    for address in ("/units/", "/units/91-A/"):
        assert get("enterprise", address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= 20, [query["sql"][:120] for query in queries]
