"""The assessment basis on the running accounts: what is taken out, by which rule of the day, and what then judges."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest

from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.explanation import explain
from shuangkong.apps.indicators.models import Target, Value
from shuangkong.apps.organisations.models import User
from shuangkong.apps.plans.models import LocalRuleRow, Plan
from shuangkong.core.periods import Period
from tests.energy.city import NOW, Town, Values

pytestmark = pytest.mark.django_db
A, B = "431002:北湖区", "431003:苏仙区"
DECLINE, GAP, TOTAL = "energy_intensity_decline_percent", "energy_intensity_gap_points", "energy_total_tce"
E = "equivalent"


@pytest.fixture
def town(db: None) -> Town:
    """Two counties, 2020 and 2025: 1 000 tce each at 1 000 of GDP, later 900."""
    town = Town(A, B, zones=(("CZ-HITECH", "431003"),))
    for county in ("431002", "431003"):
        for period, tonnes in (("2020", 1000), ("2025", 900)):
            town.energy(county, period, "coal_equivalent", "terminal", tonnes)
            town.put(county, "gdp", period, 1000, price_base=2020)
    return town


def aim(town: Town, number: int = 15, **fields: Any) -> Target:
    """A target of the 14th period for 北湖区."""
    plan = Plan.objects.create(
        code="cz-14", title="方案", period_name="十四五", subject=town.by_code["431000"], base_year=2020, first_year=2021, last_year=2025
    )  # fmt: skip
    place = town.by_code["431002"]
    return Target.objects.create(plan=plan, indicator=selectors.indicator(DECLINE), subject=place, number=number, **fields)


def assessed(values: Values, code: str, subject: str, period: str) -> Any:
    """The assessed draft, None where there is none."""
    return values.by_key.get(f"{code}|{subject}|{Period.parse(period).code}|{E}|assessed|issued|")


def rate(draft: Any) -> D | None:
    """Its number to two decimals."""
    return None if draft.value is None else round(D(draft.value), 2)


def test_feedstock_is_taken_from_both_years_and_gdp_stays(town: Town) -> None:
    town.put("431002", "feedstock_energy", "2020", 100)
    town.put("431002", "feedstock_energy", "2025", 180)
    values = town.values()
    assert values.number(DECLINE, "431002", "2025") == D(10)
    assert rate(assessed(values, DECLINE, "431002", "2025")) == D(20)  # 720 of 900
    assert rate(assessed(values, TOTAL, "431002", "2025")) == D(720)
    assert assessed(values, TOTAL, "431002", "2020") is None  # the rule is of 2022


def test_feedstock_may_stand_in_the_energy_account(town: Town) -> None:
    for year, tonnes in (("2020", 100), ("2025", 180)):
        town.energy("431002", year, "coal_equivalent", "of_which_feedstock", tonnes)
    values = town.values()
    draft = assessed(values, "deduction_feedstock_tce", "431002", "2025")
    assert (draft.value, draft.calculation) == ("180", "deduction.feedstock")
    assert rate(assessed(values, DECLINE, "431002", "2025")) == D(20)


def test_a_base_year_without_feedstock_makes_the_decline_incomplete_and_says_so(town: Town) -> None:
    aim(town)
    town.put("431002", "feedstock_energy", "2025", 180)
    values = town.values()
    draft = assessed(values, DECLINE, "431002", "2025")
    assert (draft.value, draft.status) == (None, "incomplete")
    assert "基期没有原料用能的数" in draft.sentence
    gap = assessed(values, GAP, "431002", "2025")
    assert (gap.value, gap.status) == (None, "incomplete")
    assert values.get(GAP, "431002", "2025") is None  # not judged by the gross figure instead
    assert values.number(DECLINE, "431002", "2025") == D(10)


def test_where_nothing_is_stated_the_gross_figure_judges(town: Town) -> None:
    aim(town)
    values = town.values()
    assert assessed(values, DECLINE, "431002", "2025") is None
    assert values.number(GAP, "431002", "2025") == D(-5)


def test_the_rule_of_the_day_says_which_figure_judges(town: Town) -> None:
    aim(town)
    town.energy("431002", "2021", "coal_equivalent", "terminal", 970)
    town.put("431002", "gdp", "2021", 1000, price_base=2020)
    for year in ("2020", "2021", "2025"):
        town.put("431002", "feedstock_energy", year, 100)
    values = town.values()
    assert values.get(GAP, "431002", "2021") is not None
    assert assessed(values, GAP, "431002", "2021") is None
    assert assessed(values, GAP, "431002", "2025") is not None
    assert rate(assessed(values, DECLINE, "431002", "2021")) == D(3)  # 803号 was not yet in force
    level = assessed(values, "warning_national", "431002", "2025")
    assert level is None  # no change on a year ago without 2024


def test_a_citys_own_rule_may_judge_by_the_gross_figure(town: Town) -> None:
    aim(town)
    town.install_rules()
    body = {
        "row": "own", "value": "gross", "applies_from": "2025-01-01", "published_on": "2025-01-01", "entered_on": "2025-01-01",
        "checked_on": "2025-01-01", "evidence": "text", "source": {"number": "测试", "locator": "1"},
    }  # fmt: skip
    LocalRuleRow.objects.create(parameter="target.treatment", region="4310", body=body, confirmed_at=NOW)
    for year in ("2020", "2025"):
        town.put("431002", "feedstock_energy", year, 100)
    town.recompute()
    current = Value.objects.unscoped("test").filter(current__isnull=False, subject__code="431002", period_end="2026-01-01")
    assert current.get(indicator__code=GAP).treatment == "gross"
    assert current.filter(indicator__code=DECLINE, treatment="assessed").exists()


def test_a_listed_project_that_began_later_is_new_and_the_decline_estimated(town: Town) -> None:
    town.put("431002", "listed_energy", "2025", 90)
    draft = assessed(town.values(), DECLINE, "431002", "2025")
    assert (rate(draft), draft.status) == (D(19), "estimated")
    assert "按期内新增计" in draft.sentence


@pytest.mark.parametrize(
    ("number", "made_in", "origin", "tce", "words"),
    [
        (100_000, "2025", "cross_province", "30", ""), (100_000, "2024", "cross_province", "0", "不一致"),
        (100_000, "2025", "within_province", "0", "省内绿证已在统计中"), (1_000_000, "2025", "cross_province", "75", "超过上限"),
    ],
)  # fmt: skip
def test_certificates_count_across_provinces_of_their_year_up_to_the_cap(
    town: Town, number: int, made_in: str, origin: str, tce: str, words: str
) -> None:
    aim(town)  # 1 000 × 15 % to be saved: at most 75 by certificates; 100 000 × 1 000 kWh × 0.3 kgce = 30 000 tce
    town.put("431002", "green_certificate", "2025", number / 1000, product=made_in, flow=origin)
    draft = assessed(town.values(), "deduction_certificates_tce", "431002", "2025")
    assert draft.value == tce
    assert words in draft.sentence


def test_without_a_target_certificates_are_not_counted_and_it_is_said(town: Town) -> None:
    town.put("431002", "green_certificate", "2025", 100, product="2025", flow="cross_province")
    values = town.values()
    draft = assessed(values, "deduction_certificates_tce", "431002", "2025")
    assert (draft.value, draft.status) == (None, "incomplete")
    assert "抵扣上限算不出" in draft.sentence


def test_who_claims_no_certificates_any_more_has_none_deducted(town: Town) -> None:
    aim(town)
    for subject, period in (("431002", "2024"),):
        town.energy(subject, period, "coal_equivalent", "terminal", 950)
        town.put(subject, "gdp", period, 1000, price_base=2020)
    town.put("431002", "green_certificate", "2024", 100, product="2024", flow="cross_province")
    draft = assessed(town.values(), "energy_intensity_change_percent", "431002", "2025")
    assert rate(draft) == round(D(900) / 920 * 100 - 100, 2)


def test_the_city_names_the_county_that_stated_one_year_only(town: Town) -> None:
    town.put("431002", "feedstock_energy", "2020", 100)
    for county in ("431002", "431003"):
        town.put(county, "feedstock_energy", "2025", 100)
    draft = assessed(town.values(), DECLINE, "431000", "2025")
    assert (draft.value, draft.status) == (None, "incomplete")
    assert "苏仙基期没有原料用能的数" in draft.sentence
    town.put("431003", "feedstock_energy", "2020", 100)
    values = town.values()
    assert rate(assessed(values, DECLINE, "431000", "2025")) == round((1 - D(1600) / 1800) * 100, 2)
    assert rate(assessed(values, "deduction_feedstock_tce", "431000", "2025")) == D(200)


def test_the_city_pools_certificates_against_its_own_cap(town: Town) -> None:
    target = aim(town)
    Target.objects.create(plan=target.plan, indicator=target.indicator, subject=town.by_code["431000"], number=15)
    for county in ("431002", "431003"):
        town.put(county, "green_certificate", "2025", 400, product="2025", flow="cross_province")
    values = town.values()
    assert rate(assessed(values, "deduction_certificates_tce", "431002", "2025")) == D(75)  # 120 cut by the cap
    assert rate(assessed(values, "deduction_certificates_tce", "431000", "2025")) == D(150)  # 240, of 2 000 × 15 % ÷ 2


def test_rolling_four_quarters_need_each_part(town: Town) -> None:
    for period, tonnes in (("2025-01/09", 700), ("2026-01/09", 650)):
        town.energy("431002", period, "coal_equivalent", "terminal", tonnes)
    for period in ("2025", "2025-01/09", "2026-01/09"):
        town.put("431002", "gdp", period, 1000, price_base=2025)
    for period, tonnes in (("2025", 100), ("2026-01/09", 60)):
        town.put("431002", "feedstock_energy", period, tonnes)
    draft = assessed(town.values(), DECLINE, "431002", "2026-09R12")
    assert "报告期没有原料用能的数" in draft.sentence
    town.put("431002", "feedstock_energy", "2025-01/09", 70)
    values = town.values()
    assert assessed(values, "deduction_feedstock_tce", "431002", "2026-09R12").value == "90"
    assert rate(assessed(values, DECLINE, "431002", "2026-09R12")) == round((1 - D(760) / 800) * 100, 2)


def test_the_bridge_leads_from_the_gross_to_the_assessed_decline(town: Town) -> None:
    for year, feedstock, nonfossil in (("2020", 100, 200), ("2025", 180, 220)):
        town.put("431002", "feedstock_energy", year, feedstock)
        town.put("431002", "nonfossil_energy", year, nonfossil)
    draft = assessed(town.values(), DECLINE, "431002", "2025")
    steps = [entry for entry in json.loads(draft.inputs) if "part" in entry]
    assert [step["part"] for step in steps] == ["gross", "feedstock", "nonfossil", "assessed"]
    numbers = [D(step["number"]) for step in steps]
    assert abs(sum(numbers[:-1]) - numbers[-1]) < D("1e-9")
    assert round(numbers[-1], 6) == round(D(draft.value), 6)
    assert steps[1]["opens"] == f"deduction_feedstock_tce|431002|2025|{E}|assessed|issued|"


def _moved(town: Town) -> None:
    town.put("431003", "nonfossil_energy", "2025", 40, release="final", known_on="2026-06-01")


def test_a_corrected_deduction_moves_what_rests_on_it_and_nothing_else(town: Town) -> None:
    town.install_rules()
    aim(town)
    for county in ("431002", "431003", "431099"):
        for year in ("2020", "2025"):
            town.put(county, "nonfossil_energy", year, 20)
    town.recompute()
    assert town.recompute(afresh=True) is None
    _moved(town)
    run = town.recompute()
    assert run is not None
    changed = Value.objects.unscoped("test").filter(run=run).values_list("subject__code", flat=True)
    assert set(changed) == {"431003", "431000"}
    assert town.recompute(afresh=True) is None
    Target.objects.unscoped("test").update(number=16)
    town.recompute()
    assert town.recompute(afresh=True) is None


def test_every_figure_opens_into_its_rule_and_the_ledger(town: Town) -> None:
    town.install_rules()
    aim(town)
    for year in ("2020", "2025"):
        town.put("431002", "feedstock_energy", year, 100)
    town.put("431002", "green_certificate", "2025", 100, product="2025", flow="cross_province")
    town.put("431002", "green_certificate", "2025", 10, product="2024", flow="cross_province")
    town.recompute()
    reader = User(role=User.Role.CITY)
    rows = Value.objects.visible_to(reader).select_related("indicator", "subject", "run", "rule_set").filter(current__isnull=False)
    for value in rows.filter(treatment="assessed"):
        assert not explain(reader, value).mismatches, value.key
    told = explain(reader, rows.get(indicator__code="deduction_certificates_tce", subject__code="431002"))
    assert {line.label: line.text for line in told.lines}["绿证（省外，2025年生产）"] == "100个"
    assert {rule["parameter"] for rule in told.rules} >= {
        "energy.certificate.cap_percent",
        "energy.certificate.kwh_each",
        "energy.deduction.certificates",
    }
    told = explain(reader, rows.get(indicator__code=DECLINE, subject__code="431002", treatment="assessed"))
    assert {rule["parameter"] for rule in told.rules} >= {"energy.deduction.feedstock"}
