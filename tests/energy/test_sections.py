"""Computing again only what rests on something else: the same values as computing everything, whatever moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shuangkong.apps.energy.compute import compute
from shuangkong.apps.energy.ground import common_ground
from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.evidence import AsOf
from shuangkong.apps.indicators.models import Computed, Run, Target, Value
from shuangkong.apps.indicators.sections import CALCULATIONS, Sections, sections_since
from shuangkong.apps.indicators.services import Known, Outdated, publish
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.project.packs.loading import _accounts_lag
from tests.energy.city import NOW, TODAY, Town

pytestmark = pytest.mark.django_db
COUNTIES = ("431002", "431003", "431024")


@pytest.fixture
def town(db: None) -> Town:
    """A city with every kind of value, computed once."""
    town = Town("431002:北湖区", "431003:苏仙区", "431024:嘉禾县", zones=(("CZ-HITECH", "431003"),))
    town.install_rules()
    for county in COUNTIES:
        for period, tonnes, gdp in (("2020", 1000, 1000), ("2021", 960, 1000), ("2021-01/09", 700, 750), ("2022-01/09", 690, 750)):
            town.energy(county, period, "raw_coal", "terminal", tonnes)
            town.energy(county, period, "raw_coal", "inflow", tonnes)
            town.put(county, "gdp", period, gdp, price_base=2020)
        town.put(county, "electricity", "2022-08", 50)
    town.energy("431003", "2021", "diesel", "terminal", 5, zone="CZ-HITECH")
    town.put("431000", "energy_intensity_change", "2021", "-3.1", origin="published")
    town.put("431002", "energy_total", "2021", 700)
    plan = Plan.objects.create(
        code="cz-14", title="方案", period_name="十四五", subject=town.by_code["431000"], base_year=2020, first_year=2021, last_year=2025
    )  # fmt: skip
    for code in ("431000", "431002"):
        Target.objects.create(
            plan=plan, indicator=selectors.indicator("energy_intensity_decline_percent"), subject=town.by_code[code], number=15
        )  # fmt: skip
    town.recompute()
    return town


def _correct(town: Town) -> None:
    town.energy("431002", "2022-01/09", "raw_coal", "terminal", 700, release="verified", known_on="2026-02-01")


def _correct_the_base_year(town: Town) -> None:
    town.energy("431024", "2020", "raw_coal", "terminal", 1100, release="verified", known_on="2026-02-01")


def _another_product(town: Town) -> None:
    town.energy("431003", "2021-01/09", "diesel", "terminal", 10, zone="CZ-HITECH")


def _another_period(town: Town) -> None:
    town.energy("431003", "2022-01/06", "raw_coal", "terminal", 400)


def _gdp(town: Town) -> None:
    town.put("431003", "gdp", "2021", 980, price_base=2020, release="final", known_on="2026-03-01")


def _electricity(town: Town) -> None:
    town.put("431003", "electricity", "2022-08", 55, release="final", known_on="2026-03-01")


def _issued_total(town: Town) -> None:
    town.put("431002", "energy_total", "2021", 710, release="final", known_on="2026-03-01")


def _issued_total_without_an_account(town: Town) -> None:
    town.put("431003", "energy_total", "2022-01/06", 300)


def _filed_after_it_was_missing(town: Town) -> None:
    _another_period(town)
    _issued_total_without_an_account(town)
    town.recompute()
    town.energy("431002", "2022-01/06", "raw_coal", "terminal", 500)


def _withdrawn_again(town: Town) -> None:
    batch = town.new_batch()
    _another_period(town)
    _reported(town)
    town.recompute()
    Batch.objects.unscoped("test").filter(pk=batch.pk).update(withdrawn_at=NOW)


def _reported(town: Town) -> None:
    town.energy("431024", "2021", "raw_coal", "terminal", 950, origin="reported")


def _target(town: Town) -> None:
    Target.objects.unscoped("test").filter(subject__code="431002").update(number=16)


def _name(town: Town) -> None:
    Subject.objects.filter(code="431024").update(name="嘉禾")


def _withdrawal(town: Town) -> None:
    """Everything filed so far is withdrawn; one figure comes back."""
    Batch.objects.unscoped("test").update(withdrawn_at=NOW)
    town.new_batch()
    town.energy("431002", "2021", "raw_coal", "terminal", 900)


CHANGES = (
    _correct, _correct_the_base_year, _another_product, _another_period, _gdp, _electricity, _issued_total,
    _issued_total_without_an_account, _filed_after_it_was_missing, _withdrawn_again, _reported, _target, _name,
    _withdrawal,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_what_is_kept_is_what_would_be_computed(town: Town, change: Callable[[Town], None]) -> None:
    first = Run.objects.get()
    change(town)
    run = town.recompute()
    assert run is not None
    assert 0 < run.computed < max(first.computed, len(town.values().drafts))
    remembered = Computed.objects.get().figures
    assert town.recompute(afresh=True) is None
    assert Computed.objects.get().figures == remembered


def test_only_what_rests_on_the_corrected_row_is_made_again(town: Town) -> None:
    common = common_ground(current_rulebook(), TODAY)
    kept = compute(current_rulebook(), AsOf(known_on=TODAY), TODAY, sections_since(common))
    assert not [draft for draft in kept if draft.calculation in ("energy.account", "intensity.level", "electricity.filed")]
    _correct(town)
    again = compute(current_rulebook(), AsOf(known_on=TODAY), TODAY, sections_since(common))
    sheets = {(d.subject_id, str(d.period_end)) for d in again if d.calculation == "energy.account"}
    assert sheets == {(town.by_code[code].pk, "2022-10-01") for code in ("431002", "431000")}
    assert {d.subject_id for d in again if d.calculation == "intensity.level"} == {town.by_code[c].pk for c in ("431002", "431000")}


def test_every_value_that_is_not_made_again_belongs_to_a_section(town: Town) -> None:
    """A new calculation in a section that is not listed there would be taken for withdrawn."""
    book, as_of = current_rulebook(), AsOf(known_on=TODAY)
    made = {draft.key: draft for draft in compute(book, as_of, TODAY)}
    again = {draft.key for draft in compute(book, as_of, TODAY, sections_since(common_ground(book, TODAY)))}
    listed = {calculation for known in CALCULATIONS.values() for calculation in known}
    assert {draft.calculation for key, draft in made.items() if key not in again} <= listed
    assert not [made[key] for key in again if made[key].calculation in listed and made[key].lens != "published"]


def test_other_rules_or_code_make_everything_again() -> None:
    before = {"all": "a", "sheet|issued|1|year|2022-01-01": "x"}
    assert Sections("a", before).keeps
    assert not Sections("b", before).keeps
    rulebook = current_rulebook()
    days = {row.published_on for parameter in rulebook.parameters.values() for row in parameter.all_rows()}
    assert common_ground(rulebook, min(days)) != common_ground(rulebook, max(days))


def test_a_computation_that_was_overtaken_publishes_nothing(town: Town) -> None:
    common = common_ground(current_rulebook(), TODAY)
    sections = sections_since(common)
    drafts = compute(current_rulebook(), AsOf(known_on=TODAY), TODAY, sections)
    _correct(town)
    overtaking = town.recompute()
    with pytest.raises(Outdated):
        publish(drafts, Known(TODAY, current_rulebook().hash), now=NOW, sections=sections)
    newest = Value.objects.unscoped("test").filter(current__isnull=False, run=overtaking)
    assert overtaking is not None
    assert newest.count() == overtaking.replaced


def test_a_computation_that_changed_nothing_is_remembered(town: Town) -> None:
    """Else it would be computed again at every start."""
    before = Computed.objects.get()
    town.put("431002", "population", "2022", 400_000)
    assert town.recompute() is None
    after = Computed.objects.get()
    assert after.run_id == before.run_id == Run.objects.get().pk
    assert after.made_at > before.made_at


def test_accounts_lag_behind_a_batch_applied_after_the_newest_computation(town: Town) -> None:
    Computed.objects.update(made_at=NOW - timedelta(seconds=1))  # the town's batch was applied at NOW
    assert _accounts_lag()
    Computed.objects.update(made_at=NOW + timedelta(seconds=1))
    assert not _accounts_lag()
    Computed.objects.all().delete()
    assert _accounts_lag()
