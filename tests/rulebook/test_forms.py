"""Forms: one folder per mistake with the words of the error; the shipped ones are sound; a new edition leaves the old one alone."""

from pathlib import Path

import pytest

from shuangkong.core.errors import InputError, RulebookError
from shuangkong.core.forms import Form, periods_of
from shuangkong.core.periods import Period
from shuangkong.rulebook.forms import SHIPPED, Forms, current, form_sm3

BROKEN = Path(__file__).parent / "broken_forms"
EDITIONS = [form for name in current().ids() for form in current().editions_of(name)]
#: What the platform must be able to collect.
NEEDED = {
    "county_energy_balance_quarter", "county_energy_balance_year", "issued_energy", "issued_gdp", "county_estimate", "electricity_month",
    "key_unit_month", "utilisation_report", "energy_managers", "energy_audit", "buildings_year", "transport_year",
    "public_institutions_year",
    "city_infrastructure_year", "pollutant_source_quarter", "pollutant_source_year", "industrial_energy_month",
}  # fmt: skip


@pytest.mark.parametrize("folder", sorted(BROKEN.iterdir()), ids=lambda folder: folder.name)
def test_a_mistake_is_named_with_its_place(folder: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        Forms.load([folder])
    for words in (folder / "error.txt").read_text(encoding="utf-8").splitlines():
        assert words in str(caught.value)


def test_all_that_is_to_be_collected_has_a_form() -> None:
    assert set(current().ids()) >= NEEDED


@pytest.mark.parametrize("form", EDITIONS, ids=lambda form: f"{form.id}-{form.edition}")
def test_each_form_can_be_filed(form: Form) -> None:
    assert any(periods_of(form, year) for year in (2025, 2026))
    assert form.legal_basis.number
    assert form.legal_basis.evidence in {"text", "recalled", "design"}
    assert all(form.place(address) for address in form.goes_to)
    assert all(form.place(f"{table.key}.r1.{table.columns[0].key}") for table in form.tables if table.shape == "repeating")


def test_figures_of_enterprises_filed_for_statistics_go_nowhere_else() -> None:
    assert [form.id for form in EDITIONS if form.use == "statistics" and form.respondent == "enterprise" and form.goes_to] == []


def test_a_county_does_not_file_what_is_issued_to_it() -> None:
    issued = [form for form in EDITIONS if form.origin == "issued"]
    assert {form.id for form in issued} == {"issued_energy", "issued_gdp"}
    for form in issued:
        assert (form.respondent, form.review) == ("department", ())
        assert all(form.place(cell) for cell in (form.document_cell, form.release_cell, form.known_cell))


def test_each_period_has_its_edition() -> None:
    assert current().of("key_unit_month", Period.month(2025, 12)).edition == "2025"
    assert current().of("key_unit_month", Period.month(2026, 1)).edition == "2026"
    assert current().newest("key_unit_month").edition == "2026"
    assert current().get("key_unit_month", "2025").table("green") is None


def test_what_is_not_there_is_said() -> None:
    for call in (
        lambda: current().get("key_unit_month", "1999"), lambda: current().newest("nothing"),
        lambda: current().of("nothing", Period.year(2025)),
        lambda: current().of("key_unit_month", Period.month(2020, 1)),
    ):  # fmt: skip
        with pytest.raises(InputError):
            call()


def test_a_new_edition_in_another_folder_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    old = (SHIPPED / "forms" / "electricity.yaml").read_text(encoding="utf-8")
    before = Forms.load().get("electricity_month", "2025")
    root = tmp_path / "forms"
    root.mkdir()
    new = old.replace('edition: "2025"', 'edition: "2027"').replace("applies_from: 2025-01-01", "applies_from: 2027-01-01")
    ended = old.replace("    applies_from: 2025-01-01\n", "    applies_from: 2025-01-01\n    applies_to: 2027-01-01\n")
    (root / "new.yaml").write_text(new.replace("title: 本月", "title: 当月"), encoding="utf-8")
    (root / "old.yaml").write_text(ended, encoding="utf-8")
    both = Forms.load([tmp_path])
    kept = both.get("electricity_month", "2025")
    assert kept.tables == before.tables
    assert kept.goes_to == before.goes_to
    assert both.of("electricity_month", Period.month(2027, 1)).tables[0].columns[0].title == "当月"
    assert form_sm3(kept) != form_sm3(both.newest("electricity_month"))
    assert form_sm3(before) == form_sm3(current().get("electricity_month", "2025"))


def test_a_cell_that_does_not_apply_is_no_cell(tmp_path: Path) -> None:
    text = (SHIPPED / "forms" / "electricity.yaml").read_text(encoding="utf-8")
    (tmp_path / "forms").mkdir()
    changed = text.replace('code: "25"', 'code: "25", not_applicable: [month]')
    (tmp_path / "forms" / "x.yaml").write_text(changed, encoding="utf-8")
    form = Forms.load([tmp_path]).newest("electricity_month")
    assert form.place("memo.i25.month") is None
    assert form.place("memo.i26.month") is not None
