"""Runs: what is written, what is current, what a revision changes, and everything as known on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.explanation import explain
from shuangkong.apps.indicators.models import Run, Target, Value
from shuangkong.apps.indicators.proof import run_root
from shuangkong.apps.indicators.services import disclose
from shuangkong.apps.organisations.models import User
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.energy.city import NOW, Town

pytestmark = pytest.mark.django_db
Q3 = Period.parse("2022-01/09")
YEAR = Period.year(2021)


@pytest.fixture
def town(db: None) -> Town:
    town = Town("431002:北湖区", "431003:苏仙区", "431024:嘉禾县", zones=(("CZ-HITECH", "431003"),))
    town.install_rules()
    for county in ("431002", "431003", "431024"):
        for period, tonnes, gdp in (("2020", 1000, 1000), ("2021", 960, 1000), ("2021-01/09", 700, 750), ("2022-01/09", 690, 750)):
            town.energy(county, period, "raw_coal", "terminal", tonnes)
            town.put(county, "gdp", period, gdp, price_base=2020)
    plan = Plan.objects.create(
        code="cz-14", title="方案", period_name="十四五", subject=town.by_code["431000"], base_year=2020, first_year=2021, last_year=2025
    )  # fmt: skip
    indicator = selectors.indicator("energy_intensity_decline_percent")
    for code in ("431000", "431002"):
        Target.objects.create(plan=plan, indicator=indicator, subject=town.by_code[code], number=D(15), source="郴政发〔2023〕6号")
    total = selectors.indicator("energy_total_tce")
    Target.objects.create(plan=plan, indicator=total, subject=town.by_code["431000"], words="得到合理控制", kind="qualitative", public=True)
    return town


@pytest.fixture
def city(town: Town) -> User:
    return User.objects.create_user("fagai", password="x", role="city")


def county_user(town: Town, code: str) -> User:
    return User.objects.create_user(code, password="x", role="county", subject=town.by_code[code])


def one(user: User, code: str, subject: object, period: Period, run: Run | None = None, basis: str = "equivalent") -> Value:
    (value,) = selectors.values(user, [code], [subject], [period], run, basis=basis)
    return value


def open_total(town: Town, run: Run | None) -> None:
    """A decision that opens the city's total of 2021."""
    chosen = {"subject": town.by_code["431000"], "indicator__code": "energy_total_tce", "period_kind": "year", "period_start__year": 2021}
    disclose(run, chosen, reason="年报", document="1号")


def test_a_run_writes_once_and_again_only_what_changed(town: Town, city: User) -> None:
    run = town.recompute(reason="首次")
    assert run is not None
    entry = Entry.objects.get(action="indicators.run.published")
    assert run.root in entry.payload
    assert run_root(run) == run.root
    written = Value.objects.unscoped("test").count()
    assert run.replaced == written > 100
    assert town.recompute() is None
    assert Value.objects.unscoped("test").count() == written
    town.new_batch(title="修订")
    town.energy("431002", "2022-01/09", "raw_coal", "terminal", 700, release="verified", known_on="2026-02-01")
    second = town.recompute(reason="修订")
    assert second is not None
    assert 0 < second.replaced < written / 4
    total = one(city, "energy_total_tce", town.by_code["431002"], Q3)
    assert (total.run_id, total.value) == (second.pk, D("500.01"))
    assert one(city, "energy_total_tce", town.by_code["431003"], Q3).run_id == run.pk


def test_a_revision_shows_what_it_changed(town: Town, city: User) -> None:
    town.recompute()
    town.energy("431002", "2022-01/09", "raw_coal", "terminal", 700, release="verified", known_on="2026-02-01")
    run = town.recompute()
    assert run is not None
    effects = {(e.value.indicator.code, e.value.subject.code, e.value.basis): e for e in selectors.revision_effect(city, run)}
    effect = effects["energy_total_tce", "431000", "equivalent"]
    assert effect.difference == D("7.143")
    assert all(e.value.subject.code in ("431002", "431000") for e in effects.values())
    foreign = selectors.revision_effect(county_user(town, "431003"), run)
    assert foreign == []


def test_a_withdrawn_batch_leaves_missing_values_and_comes_back(town: Town, city: User) -> None:
    town.recompute()
    batch = town.new_batch()
    town.energy("431002", "2022", "raw_coal", "terminal", 900)
    town.recompute()
    year = Period.year(2022)
    assert one(city, "energy_total_tce", town.by_code["431002"], year).value == D("642.87")
    type(batch).objects.unscoped("test").filter(pk=batch.pk).update(withdrawn_at=NOW)
    town.recompute()
    gone = one(city, "energy_total_tce", town.by_code["431002"], year)
    assert (gone.value, gone.status) == (None, "missing")
    assert town.recompute() is None


def test_any_figure_as_known_on_a_day(town: Town, city: User) -> None:
    town.energy("431002", "2022-01/09", "raw_coal", "terminal", 700, release="verified", known_on="2026-02-01")
    town.recompute()
    run = selectors.run_for(date(2026, 1, 15), now=NOW)
    assert run is not None
    assert run.published_at is None
    before = one(city, "energy_total_tce", town.by_code["431002"], Q3, run)
    now = one(city, "energy_total_tce", town.by_code["431002"], Q3)
    assert (before.value, now.value) == (D("492.867"), D("500.01"))
    assert selectors.run_for(date(2026, 1, 15), now=NOW) == run
    assert Value.objects.unscoped("test").filter(current__isnull=False, run=run).count() == 0
    assert explain(city, before).mismatches == ()
    assert selectors.run_for(None, now=NOW) is None


def test_levels_progress_and_the_schedule(town: Town, city: User) -> None:
    town.recompute()
    subject = town.by_code["431002"]
    rolling = Period.rolling(2022, 9)
    decline = one(city, "energy_intensity_decline_percent", subject, rolling)
    # 960 − 700 + 690 = 950 t of coal: 0.679 against 0.714 at three decimals
    assert decline.value is not None
    assert round(decline.value, 4) == D("4.9020")
    required = one(city, "energy_intensity_required_percent", subject, rolling)
    assert round(required.value or D(0), 4) == D("5.5294")  # 1 − 0.85^(21/60)
    assert one(city, "energy_intensity_gap_points", subject, rolling).value == decline.value - (required.value or D(0))
    assert one(city, "warning_national", subject, Q3).words == "二级"  # fell by 1.49 %, 3.198 % are required
    assert one(city, "warning_city", subject, Q3).words == "三级"  # 1.49 / 3.198 = 47 %: at most a half
    assert one(city, "warning_national", town.by_code["431003"], Q3).words == "未下达目标"


def test_an_incomplete_figure_has_no_level_and_a_rise_of_the_known_part_is_the_first_level(town: Town, city: User) -> None:
    for county in ("431002", "431003", "431024"):
        town.put(county, "gdp", "2023-01/09", 800, price_base=2020)
    town.energy("431002", "2023-01/09", "raw_coal", "terminal", 690)
    town.recompute()
    period = Period.parse("2023-01/09")
    level = one(city, "warning_national", town.by_code["431000"], period)
    assert (level.words, level.severity, level.status) == ("不评级", None, "incomplete")
    assert "缺苏仙、嘉禾2023年三季度能源" in level.sentence
    town.energy("431003", "2023-01/09", "raw_coal", "terminal", 1690)
    town.recompute()
    level = one(city, "warning_national", town.by_code["431000"], period)
    assert (level.words, level.severity) == ("一级", 1)


def test_accounting_13_a_target_in_words_has_words_and_a_trend_and_no_percentage(town: Town, city: User) -> None:
    town.recompute()
    plan = Plan.objects.get()
    standings = {s.target.indicator.code: s for s in selectors.standings(city, plan, town.by_code["431000"], Q3)}
    words = standings["energy_total_tce"]
    assert (words.target.words, words.progress, words.required, words.warnings) == ("得到合理控制", None, None, ())
    assert words.value is not None
    number = standings["energy_intensity_decline_percent"]
    assert number.progress is not None
    assert [w.indicator.code for w in number.warnings] == ["warning_national", "warning_city"]


def test_scope_holds_in_values_and_at_every_line_of_an_explanation(town: Town, city: User) -> None:
    run = town.recompute()
    own = county_user(town, "431002")
    rows = selectors.values(own, ["energy_total_tce"], list(town.by_code.values()), [YEAR, Q3])
    assert {value.subject.code for value in rows} == {"431002"}
    disclose(
        run,
        {"subject": town.by_code["431000"], "indicator__code": "energy_total_tce", "period_kind": "year"},
        reason="年报",
        document="1号",
    )
    total = one(own, "energy_total_tce", town.by_code["431000"], YEAR)
    opened = explain(own, total)
    assert [(line.label, line.hidden, line.value is not None) for line in opened.lines] == [
        ("北湖区", False, True),
        ("下级单位", True, False),
    ]
    assert "685" not in str([line.text for line in opened.lines if line.hidden])
    assert len(explain(city, total).lines) == 3
    assert explain(city, total).formula.startswith("全市能源消费总量 = Σ县市区 + 不分县：686tce + 686tce + 686tce = 2,057tce")


def test_hidden_units_are_counted_only_where_none_can_be_inferred(town: Town, city: User) -> None:
    for number in range(3):
        code = f"43109{number}"
        town.by_code[code] = town._make("county", code, f"新县{number}", 50 + number)
        town.energy(code, "2021", "raw_coal", "terminal", 500)
    run = town.recompute()
    open_total(town, run)
    total = one(city, "energy_total_tce", town.by_code["431000"], YEAR)
    own = county_user(town, "431002")
    assert [line.label for line in explain(own, total).lines][-1] == "下级5个单位"
    town.energy("431090", "2021", "raw_coal", "terminal", 500_000, release="final", known_on="2026-03-01")
    run = town.recompute()
    open_total(town, run)
    total = one(own, "energy_total_tce", town.by_code["431000"], YEAR)
    assert [line.label for line in explain(own, total).lines][-1] == "下级单位"


def test_an_explanation_opens_to_the_ledger_with_rules_and_who_filed(town: Town, city: User) -> None:
    town.new_batch(title="2021年能源", owner=city, document="郴统〔2022〕1号")
    town.energy("431002", "2021", "electricity", "terminal", 100)
    town.recompute()
    total = one(city, "energy_total_tce", town.by_code["431002"], YEAR)
    opened = explain(city, total)
    assert [line.label for line in opened.lines] == ["终端消费"]
    terminal = opened.lines[0].value
    assert terminal is not None
    ledger = explain(city, terminal)
    assert ledger.lines[0].address.startswith("/data/?measure=energy&product=")
    assert ledger.lines[0].address.endswith("&subject=431002&period=2021&origin=issued"), ledger.lines[0].address
    assert all(rule["title"] and rule["title"] != rule["parameter"] for rule in ledger.rules)
    assert [(line.label, line.text) for line in ledger.lines] == [("电力 终端消费", "100万kWh"), ("原煤 终端消费", "960t")]
    assert {f.title for f in ledger.filed} == {"2021年能源", "测试"}
    assert any(f.owner == "fagai" and f.document == "郴统〔2022〕1号" for f in ledger.filed)
    assert {row["value"] for row in ledger.rules} == {"0.7143", "0.3"}
    assert ledger.sentence.startswith("北湖区2021年终端能源消费量为")
    town.energy("431002", "2021", "diesel", "terminal", 5)
    assert "需重新计算" in explain(city, terminal).mismatches[0]


def test_what_is_not_complete_is_never_disclosed(town: Town) -> None:
    town.energy("431002", "2023", "raw_coal", "terminal", 1)
    run = town.recompute()
    with pytest.raises(InputError, match="不完整"):
        disclose(run, {"subject": town.by_code["431000"], "period_start__year": 2023}, reason="年报", document="")
    with pytest.raises(InputError, match="理由"):
        disclose(run, {}, reason="", document="")


def test_the_number_of_statements_does_not_grow_with_the_counties(town: Town, city: User) -> None:
    town.recompute()

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            selectors.values(city, ["energy_total_tce", "warning_national"], list(town.by_code.values()), [YEAR, Q3])
            explain(city, one(city, "energy_total_tce", town.by_code["431000"], YEAR))
        return len(seen)

    few = statements()
    for number in range(40):
        code = f"4311{number:02d}"
        town.by_code[code] = town._make("county", code, f"县{number}", 100 + number)
        town.energy(code, "2021", "raw_coal", "terminal", 10)
    town.recompute()
    assert statements() == few


def test_findings_and_the_newest_complete_period(town: Town, city: User) -> None:
    town.put("431000", "energy_total", "2021", 5000)
    town.recompute()
    found = selectors.findings(city, [YEAR])
    assert {value.indicator.code for value in found} == {"energy_total_tce", "energy_residual_tce"}
    assert selectors.newest_complete_period(town.by_code["431000"]) == Q3
    town.energy("431002", "2022", "raw_coal", "terminal", 1)
    town.recompute()
    assert selectors.newest_complete_period(town.by_code["431000"]) == Q3


def test_a_change_shows_its_numbers_and_the_rule_of_rounding(town: Town, city: User) -> None:
    town.recompute()
    opened = explain(city, one(city, "energy_intensity_change_percent", town.by_code["431002"], Q3))
    assert opened.formula.endswith("（493tce ÷ 750万元）÷（500tce ÷ 750万元）− 1 → 降1.50%")
    assert {"statistics.intensity_decimals.county", "statistics.gdp_price_base"} == {row["parameter"] for row in opened.rules}
    rolling = explain(city, one(city, "energy_intensity_decline_percent", town.by_code["431002"], Period.rolling(2022, 9)))
    assert rolling.formula.endswith("1 −［（686tce − 500tce + 493tce）÷（1,000万元 − 750万元 + 750万元）］÷（714tce ÷ 1,000万元）→ 4.90%")
    assert len(rolling.lines) == 8


@pytest.mark.parametrize(("year", "coal"), [("2021", 0), ("2022", 0), ("2021", "0.000001")])
def test_an_energy_of_zero_has_no_rate_and_stops_nothing(town: Town, city: User, year: str, coal: object) -> None:
    town.by_code["431090"] = zero = town._make("county", "431090", "零县", 90)
    for period in ("2021", "2022", "2023"):
        town.energy("431090", period, "raw_coal", "terminal", coal if period == year else 100)
        town.put("431090", "gdp", period, 1000, price_base=2020)
    town.recompute()
    later = int(year) + 1
    value = one(city, "energy_intensity_change_percent", zero, Period.year(later))
    assert value.value is None
    assert value.status == "incomplete"
    assert value.sentence.startswith(f"{later}年比{year}年没有变化率：")
