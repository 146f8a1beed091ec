"""The assessment basis: the bridge adds up, missing is never zero, certificates never exceed their cap."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.core import assessment
from shuangkong.core.assessment import DEDUCTIONS, AssessedEnergy
from shuangkong.core.errors import InputError
from shuangkong.core.figures import Status
from shuangkong.rulebook import Rulebook

D = Decimal
ON = date(2026, 3, 1)
RULES = Rulebook.load()
NEAR = D("1e-25")

PART = st.decimals(0, 10**6, places=3)
PERHAPS = st.none() | PART
GDP = st.decimals(1, 10**9, places=2)


def years(parts: st.SearchStrategy[Decimal | None]) -> st.SearchStrategy[AssessedEnergy]:
    return st.builds(AssessedEnergy, st.decimals(5 * 10**6, 10**9, places=3), parts, parts, parts, parts)


def change(base: AssessedEnergy, report: AssessedEnergy, gdp_base: Decimal, gdp_report: Decimal) -> assessment.AssessedChange:
    return assessment.assessed_change(base, report, gdp_base, gdp_report, RULES.book("4310"), "4310", ON)


@settings(deadline=None)
@given(years(PART), years(PART), GDP, GDP)
def test_the_bridge_leads_from_the_gross_to_the_assessed_change(
    base: AssessedEnergy, report: AssessedEnergy, gdp_base: Decimal, gdp_report: Decimal
) -> None:
    result = change(base, report, gdp_base, gdp_report)
    assert result.assessed is not None
    assert result.status is Status.OK
    effects = [step.effect_pp for step in result.bridge if step.effect_pp is not None]
    assert len(effects) == len(DEDUCTIONS)
    scale = 1 + abs(result.gross.change_percent) + abs(result.assessed.change_percent)
    assert abs(sum(effects) - (result.assessed.change_percent - result.gross.change_percent)) < NEAR * scale
    assert result.bridge[-1].change_percent == result.assessed.change_percent


@settings(deadline=None)
@given(years(PERHAPS), years(PERHAPS), GDP, GDP)
def test_what_one_year_lacks_is_never_zero(
    base: AssessedEnergy, report: AssessedEnergy, gdp_base: Decimal, gdp_report: Decimal
) -> None:
    result = change(base, report, gdp_base, gdp_report)
    lacks_report = any(base.stated(kind) is not None and report.stated(kind) is None for kind in DEDUCTIONS)
    lacks_base = any(base.stated(kind) is None and report.stated(kind) is not None for kind in ("feedstock", "nonfossil"))
    assert (result.assessed is None) is (lacks_report or lacks_base)
    assert (result.status is Status.INCOMPLETE) is (lacks_report or lacks_base)
    first = next((i for i, step in enumerate(result.bridge) if step.status is Status.INCOMPLETE), len(DEDUCTIONS))
    assert all((step.change_percent is None) is (i >= first) for i, step in enumerate(result.bridge))
    assert all((step.effect_pp is None) is (i >= first) for i, step in enumerate(result.bridge))


def test_a_negative_deduction_is_refused() -> None:
    good, bad = AssessedEnergy(D(100)), AssessedEnergy(D(100), nonfossil_tce=D(-1))
    with pytest.raises(InputError, match=r"report\.nonfossil_tce"):
        change(good, bad, D(1), D(1))


@settings(deadline=None)
@given(
    st.integers(0, 10**9), st.decimals("0.05", "0.5", places=4), st.none() | st.decimals(0, 10**7, places=3), st.booleans(),
    st.none() | st.tuples(st.integers(2023, 2026), st.integers(2023, 2026)),
)  # fmt: skip
def test_certificates_never_exceed_the_cap(
    certificates: int, kgce: Decimal, needed: Decimal | None, within: bool, of: tuple[int, int] | None
) -> None:
    offset = assessment.certificate_offset(certificates, kgce, needed, within, RULES.book("4310"), "4310", ON, of)
    assert offset.energy_kwh == certificates * 1000
    if within or (of is not None and of[0] != of[1]) or certificates == 0:
        assert offset.allowed_tce == 0
        assert offset.status is Status.OK
    elif needed is None:
        assert offset.allowed_tce is None
        assert offset.status is Status.INCOMPLETE
    else:
        assert offset.allowed_tce == min(offset.energy_tce, needed / 2)


def test_the_saving_that_a_target_asks_for() -> None:
    assert assessment.saving_needed_tce(D(10_000_000), D(20_000_000), D(25_000_000), D(15)) == D("1875000")


def test_a_separately_listed_plant_is_its_loss_and_own_use_not_its_coal() -> None:
    # 1 300 MW × 4 500 h × 0.30 kgce/kWh, own use 6 %
    coal = D(1_300_000) * 4500 * D("0.30") / 1000
    assert coal == 1_755_000
    power = D(1_300_000) * 4500 * D("0.30") / 1000
    own = power * D("0.06")
    assert assessment.separately_listed_power_tce(coal, power, own) == D("105300")
    with pytest.raises(InputError, match="产出大于投入"):
        assessment.separately_listed_power_tce(D(1), D(2), D(0))
    with pytest.raises(InputError, match="own_use_tce"):
        assessment.separately_listed_power_tce(D(2), D(1), D(-1))


def test_exemption_is_not_judged_without_both_figures() -> None:
    book = RULES.book("4310")
    assert assessment.total_control_exempt(D(15), None, book, "4310", ON) is None
    assert assessment.total_control_exempt(None, D(15), book, "4310", ON) is None
    assert assessment.total_control_exempt(D("14.49"), D("14.5"), book, "4310", ON) is False
    assert assessment.total_control_exempt(D("14.5"), D("14.5"), book, "4310", ON) is True
