"""CO2 from the ledger: what burns counts once, electricity and heat as they cross the border, dated factors, progress to a target."""

from __future__ import annotations

import json
from decimal import Decimal as D

import pytest

from shuangkong.apps.energy.compute import compute
from shuangkong.apps.energy.ground import common_ground
from shuangkong.apps.indicators.evidence import AsOf
from shuangkong.apps.indicators.explanation import explain
from shuangkong.apps.indicators.models import Target, Value
from shuangkong.apps.indicators.sections import sections_since
from shuangkong.apps.indicators.selectors import indicator
from shuangkong.apps.organisations.models import User
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.plans.services import current_rulebook
from tests.energy.city import TODAY, Town, Values

pytestmark = pytest.mark.django_db
A, B = "431002:北湖区", "431003:苏仙区"
COAL, GRID_2023 = D("1.9003"), D("0.4976")
CO2 = "energy_co2_t"


@pytest.fixture
def town(db: None) -> Town:
    return Town(A, B, zones=(("CZ-HITECH", "431003"),))


def of(values: Values, code: str, subject: str, period: str) -> D | None:
    """The number of a CO2 value: it knows no basis."""
    return values.number(code, subject, period, "")


def test_coal_of_a_power_station_counts_where_it_burns_and_not_in_the_electricity(town: Town) -> None:
    town.energy("431002", "2023", "raw_coal", "transformation_in", 1000)
    town.energy("431002", "2023", "electricity", "transformation_out", 200)
    town.energy("431002", "2023", "electricity", "terminal", 150)
    town.energy("431002", "2023", "electricity", "outflow", 50)
    assert of(town.values(), CO2, "431002", "2023") == 1000 * COAL - 50 * GRID_2023 * 10


def test_feedstock_and_losses_do_not_burn(town: Town) -> None:
    town.energy("431002", "2023", "raw_coal", "terminal", 100)
    town.energy("431002", "2023", "raw_coal", "of_which_feedstock", 30)
    town.energy("431002", "2023", "ng_gasfield", "loss", 5000)
    assert of(town.values(), CO2, "431002", "2023") == 70 * COAL


def test_a_fuel_without_a_factor_of_its_own_takes_that_of_its_group(town: Town) -> None:
    town.energy("431002", "2023", "washed_coal", "terminal", 100)
    draft = town.values().draft(CO2, "431002", "2023", "")
    assert D(draft.value or "0") == 100 * D("0.9") * D("2.66")
    assert draft.recalled  # the factor of the group is to be verified
    line = next(entry for entry in json.loads(draft.inputs) if "part" in entry)
    assert line["detail"] == "100 t × 0.9000 kgce/kg × 2.66 tCO2/tce"


def test_other_fuels_are_named_and_not_counted(town: Town) -> None:
    town.energy("431002", "2023", "other_fuel", "terminal", 100)
    town.energy("431002", "2023", "raw_coal", "terminal", 1)
    draft = town.values().draft(CO2, "431002", "2023", "")
    assert (D(draft.value or "0"), draft.sentence) == (COAL, "其他燃料不计")


def test_coal_equivalent_without_its_fuel_is_not_zero(town: Town) -> None:
    town.energy("431002", "2023", "coal_equivalent", "terminal", 100)
    draft = town.values().draft(CO2, "431002", "2023", "")
    assert (draft.status, draft.sentence) == ("incomplete", "标准煤没有分品种，排放算不出")


def test_a_base_that_is_not_above_zero_has_no_rate(town: Town) -> None:
    for year in ("2022", "2023"):
        town.energy("431002", year, "electricity", "outflow", 10)
        town.energy("431002", year, "electricity", "terminal", 10)
        town.put("431002", "gdp", year, 1, price_base=2020)
    for code in ("energy_co2_growth_percent", "co2_intensity_change_percent"):
        draft = town.values().draft(code, "431002", "2023", "")
        assert (draft.value, draft.status, draft.sentence) == (None, "incomplete", "基期排放不大于零，变化率没有意义")


def test_a_grid_factor_not_yet_published_is_stood_in_for_and_said(town: Town) -> None:
    for year in ("2024", "2027"):
        town.energy("431002", year, "electricity", "inflow", 10)
    values = town.values()
    near, far = (values.draft(CO2, "431002", year, "") for year in ("2024", "2027"))
    assert (D(near.value or "0"), near.status) == (10 * GRID_2023 * 10, "estimated")
    assert "2024年电力排放因子未公布，用2023年的" in near.sentence
    assert far.status == "incomplete"
    assert "缺2027年电力排放因子" in far.sentence


def test_heat_needs_a_factor_only_where_it_crossed_the_border(town: Town) -> None:
    for year in ("2024", "2025"):
        town.energy("431002", year, "heat", "inflow", 0)
        town.energy("431002", year, "raw_coal", "terminal", 1)
        town.energy("431003", year, "heat", "inflow", 100)
    values = town.values()
    assert values.draft(CO2, "431002", "2024", "").status == "ok"
    assert values.draft(CO2, "431003", "2024", "").sentence == "缺2024年热力排放因子"
    assert of(values, CO2, "431003", "2025") == 100 * D("0.11")


def test_steam_by_weight_has_no_factor(town: Town) -> None:
    town.energy("431002", "2025", "steam_lp", "inflow", 5)
    assert "低压蒸汽没有按热量填报" in town.values().draft(CO2, "431002", "2025", "").sentence


def test_the_city_is_the_sum_of_its_parts_and_says_who_is_missing(town: Town) -> None:
    town.energy("431003", "2023", "raw_coal", "terminal", 40, zone="CZ-HITECH")
    town.energy("431003", "2023", "raw_coal", "terminal", 60)
    town.energy("431099", "2023", "raw_coal", "terminal", 5)
    values = town.values()
    city = values.draft(CO2, "431000", "2023", "")
    assert (D(city.value or "0"), city.status) == (105 * COAL, "incomplete")
    assert "缺北湖2023年能源" in city.sentence
    assert of(values, CO2, "CZ-HITECH", "2023") == 40 * COAL
    town.energy("431002", "2023", "raw_coal", "terminal", 10)
    assert of(town.values(), CO2, "431000", "2023") == 115 * COAL  # the zone is not counted once more


def _two_years(town: Town) -> None:
    for county in ("431002", "431003"):
        for period, tonnes, gdp in (("2025", 100, 100), ("2026-01/09", 66, 72), ("2025-01/09", 70, 70)):
            town.energy(county, period, "raw_coal", "terminal", tonnes)
            town.put(county, "gdp", period, gdp, price_base=2025)


def _plan(town: Town) -> Plan:
    plan = Plan.objects.create(
        code="cz-15", title="方案", period_name="十五五", subject=town.by_code["431000"], base_year=2025, first_year=2026, last_year=2030
    )  # fmt: skip
    Target.objects.create(plan=plan, indicator=indicator("co2_intensity_decline_percent"), subject=town.by_code["431002"], number=17)
    return plan


def test_intensity_decline_and_progress_of_the_fifteenth_period(town: Town) -> None:
    _two_years(town)
    _plan(town)
    values = town.values()
    assert of(values, "co2_intensity_t_per_10k_yuan", "431002", "2025") == COAL
    change = of(values, "co2_intensity_change_percent", "431002", "2026-01/09")
    assert change is not None
    assert round(change, 6) == round((D(66) / 72 / 1 - 1) * 100, 6)
    decline = of(values, "co2_intensity_decline_percent", "431002", "2026-09R12")
    assert decline is not None
    assert round(decline, 6) == round((1 - (D(100) - 70 + 66) / (D(100) - 70 + 72)) * 100, 6)
    required = of(values, "co2_intensity_required_percent", "431002", "2026-09R12")
    gap = of(values, "co2_intensity_gap_points", "431002", "2026-09R12")
    assert required is not None
    assert gap == decline - required
    assert round(required, 4) == D("2.7562")
    assert values.get("co2_intensity_gap_points", "431003", "2026-09R12", "") is None  # no target, no gap
    assert of(values, "co2_intensity_decline_percent", "431000", "2026-09R12") == decline


def test_without_a_base_year_nothing_declines(town: Town) -> None:
    town.energy("431002", "2026-01/09", "raw_coal", "terminal", 66)
    town.put("431002", "gdp", "2026-01/09", 72, price_base=2025)
    assert town.values().get("co2_intensity_decline_percent", "431002", "2026-09R12", "") is None


def test_a_base_year_without_a_factor_makes_the_decline_incomplete(town: Town) -> None:
    for year in ("2020", "2021"):
        town.energy("431002", year, "electricity", "inflow", 10)
        town.energy("431002", year, "electricity", "terminal", 10)
        town.put("431002", "gdp", year, 100, price_base=2020)
    draft = town.values().draft("co2_intensity_decline_percent", "431002", "2021", "")
    assert (draft.value, draft.status, draft.sentence) == (None, "incomplete", "缺2020年电力排放因子")


def test_only_what_a_correction_touches_is_made_again(town: Town) -> None:
    town.install_rules()
    _two_years(town)
    plan = _plan(town)
    town.recompute()
    assert town.recompute(afresh=True) is None
    town.energy("431003", "2026-01/09", "raw_coal", "terminal", 60, release="verified", known_on="2026-11-01")
    book = current_rulebook()
    drafts = compute(book, AsOf(known_on=TODAY), TODAY, sections_since(common_ground(book, TODAY)))
    assert {d.subject_id for d in drafts if d.calculation.startswith("carbon.")} == {town.by_code[c].pk for c in ("431003", "431000")}
    town.recompute()
    assert town.recompute(afresh=True) is None
    Target.objects.unscoped("test").filter(plan=plan).update(number=20)
    assert town.recompute() is not None
    assert town.recompute(afresh=True) is None


def test_a_total_opens_into_its_sources_and_the_ledger(town: Town) -> None:
    town.install_rules()
    _two_years(town)
    town.energy("431002", "2025", "electricity", "inflow", 10)
    town.recompute()
    reader = User(role=User.Role.CITY)
    found = Value.objects.visible_to(reader).select_related("indicator", "subject", "run", "rule_set")
    told = explain(
        reader, found.get(current__isnull=False, indicator__code=CO2, subject__code="431002", period_start="2025-01-01", period_kind="year")
    )
    assert not told.mismatches
    texts = {line.label: line.text for line in told.lines}
    assert texts["原煤（100 t × 1.9003 kgCO2/kg）"] == "190.03t"
    assert texts["电力（10 万kWh × 0.4976 kgCO2/kWh）"] == "49.76t"
    assert {rule["parameter"] for rule in told.rules} >= {"carbon.fuel.raw_coal", "carbon.grid_factor", "carbon.green_power.method"}
