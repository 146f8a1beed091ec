"""An account is one value with all its lines: each line is read, opened and compared as a value of its own."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.indicators import latest, selectors
from shuangkong.apps.indicators.explanation import explain
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.indicators.pages import Asked, indicator_page
from shuangkong.apps.indicators.tables import ACCOUNT, key_of_table, line_at
from shuangkong.apps.organisations.models import User
from shuangkong.core.periods import Period
from tests.energy.city import NOW, Town

pytestmark = pytest.mark.django_db
COAL, SECTOR = "energy_product_tce:raw_coal", "energy_sector_tce:C26"
Y = Period.parse("2021")


@pytest.fixture
def town(db: None) -> Town:
    town = Town("431002:北湖区", "431003:苏仙区")
    town.install_rules()
    for county, tonnes in (("431002", 100), ("431003", 50)):
        town.energy(county, "2021", "raw_coal", "terminal", tonnes, industry="C26")
        town.energy(county, "2021", "electricity", "terminal", 10, industry="households")
    town.recompute()
    return town


@pytest.fixture
def fagai(town: Town) -> Any:
    return User.objects.create_user("fagai", password="x", role="city")


def line(user: Any, code: str, subject: Any, basis: str = "equivalent") -> Value:
    (found,) = selectors.values(user, [code], [subject], [Y], basis=basis)
    return found


def test_a_citys_line_opens_into_the_same_line_of_its_counties_and_theirs_into_the_ledger(town: Town, fagai: Any) -> None:
    told = explain(fagai, line(fagai, COAL, town.by_code["431000"]))
    assert [(n.label, n.value.value if n.value else None) for n in told.lines] == [("北湖区", D("71.43")), ("苏仙区", D("35.715"))]
    below = told.lines[0].value
    assert below is not None
    opened = explain(fagai, below)
    assert [(n.label, n.text) for n in opened.lines] == [("原煤 终端消费（C26）", "100t")]
    assert (opened.mismatches, len(opened.rules), opened.filed[0].rows) == ((), 1, 1)
    assert "终端消费 + 输配损失" in opened.formula


def test_a_table_opens_into_its_lines_and_a_total_into_lines_of_it(town: Town, fagai: Any) -> None:
    table = line(fagai, ACCOUNT, town.by_code["431002"], basis="")
    names = [(n.label, n.value.ref if n.value else "") for n in explain(fagai, table).lines]
    assert names[0] == ("终端能源消费量", f"{table.pk}/0")
    assert ("电力消费量（折标准煤）（当量值）" in dict(names), "原煤消费量（折标准煤）（当量值）" in dict(names)) == (True, False)
    total = line(fagai, "energy_total_tce", town.by_code["431002"])
    (terminal,) = explain(fagai, total).lines
    assert terminal.value is not None
    assert (terminal.value.value, terminal.value.table) == (total.value, table)
    assert (line_at(table, 0), line_at(table, 99), line_at(table, -1)) == (terminal.value, None, None)


def test_a_row_changed_behind_a_line_is_a_mismatch(town: Town, fagai: Any) -> None:
    before = line(fagai, SECTOR, town.by_code["431002"])
    town.energy("431002", "2021", "raw_coal", "terminal", 90, industry="C26", release="verified", known_on="2026-02-01")
    assert len(explain(fagai, before).mismatches) == 1
    town.recompute()
    told = explain(fagai, line(fagai, SECTOR, town.by_code["431002"]))
    assert (told.value.value, [value.value for value in told.earlier], told.mismatches) == (D("64.287"), [D("71.43")], ())


def test_a_line_that_did_not_change_has_no_history(town: Town, fagai: Any) -> None:
    town.energy("431002", "2021", "raw_coal", "terminal", 90, industry="C26", release="verified", known_on="2026-02-01")
    run = town.recompute()
    assert run is not None
    assert explain(fagai, line(fagai, "energy_sector_tce:households", town.by_code["431002"])).earlier == ()
    codes = [SECTOR, "energy_sector_tce:households"]
    effects = [effect for effect in selectors.revision_effect(fagai, run, codes) if effect.value.basis == "equivalent"]
    assert [(e.value.indicator.code, e.value.subject.code, e.difference) for e in effects] == [
        (SECTOR, "431000", D("-7.143")), (SECTOR, "431002", D("-7.143"))
    ]  # fmt: skip


def test_the_pages_of_a_line_are_those_of_an_indicator(town: Town, fagai: Any) -> None:
    page = indicator_page(fagai, "energy_product_tce:electricity", Asked(basis="calorific"), NOW)
    assert page is not None
    assert (page.bases, page.lenses, page.period) == (["equivalent", "calorific"], ["issued"], Y)
    assert [(row.subject.code, row.main.value if row.main else None) for row in page.lines] == [
        ("431000", D("24.58")), ("431002", D("12.29")), ("431003", D("12.29"))
    ]  # fmt: skip
    assert [value.value for value in page.history] == [D("24.58")]
    rows = {row.indicator.code: row.value for _, of in latest.latest_by_family(fagai, town.by_code["431003"]) for row in of}
    coal = rows[COAL]
    assert coal is not None
    assert (coal.value, coal.basis) == (D("35.715"), "equivalent")


def test_scope_holds_at_the_line(town: Town, fagai: Any) -> None:
    county = User.objects.create_user("county", password="x", role="county", subject=town.by_code["431003"])
    assert selectors.values(county, ["energy_sector_tce:"], [town.by_code["431002"]], [Y]) == []
    own = line(county, COAL, town.by_code["431003"])
    other = line(fagai, COAL, town.by_code["431002"])
    client = Client()
    client.force_login(county)
    assert [client.get(f"/explain/value/{value.ref}/").status_code for value in (own, other)] == [200, 404]
    assert client.get(f"/explain/value/{own.pk}/99/").status_code == 404


def test_the_api_gives_a_table_with_its_lines(town: Town, fagai: Any, client: Client) -> None:
    client.force_login(fagai)
    (table,) = client.get(f"/api/v1/values?codes={COAL}&subjects=431002&periods=2021&basis=equivalent").json()["items"]
    (coal,) = [row for row in table["lines"] if row["indicator"] == COAL]
    assert (table["indicator"], coal["value"], coal["basis"], coal["status"]) == (ACCOUNT, "71.43", "equivalent", "ok")
    told = client.get(f"/api/v1/values/{table['id']}/explanation?line={coal['line']}").json()
    assert [(row["label"], row["text"]) for row in told["inputs"]] == [("原煤 终端消费（C26）", "100t")]
    opened = client.get(f"/api/v1/values/{table['id']}/explanation").json()["inputs"][0]
    assert (opened["value"], opened["line"]) == (table["id"], 0)
    assert client.get(f"/api/v1/values/{table['id']}/explanation?line=99").status_code == 404


def test_a_key_of_a_line_names_its_table() -> None:
    assert key_of_table(f"{COAL}|431002|2021|equivalent|gross|issued|") == f"{ACCOUNT}|431002|2021||gross|issued|"
    assert key_of_table("gdp_10k_yuan|431002|2021||gross|issued|") == "gdp_10k_yuan|431002|2021||gross|issued|"
