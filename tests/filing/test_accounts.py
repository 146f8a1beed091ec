"""An accepted form reaches the figures, the barometer's ground and the log; a correction changes them again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.filing.services import correct
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from tests.filing.kit import accepted, again, balance, submitted

pytestmark = pytest.mark.django_db


def recomputed() -> None:
    """The worker's turn."""
    waiting = Job.objects.unscoped("test").filter(kind="filing.recompute", state="waiting")
    for job_id in list(waiting.values_list("id", flat=True)):
        ended = jobs.run(job_id)
        assert ended is not None
        assert ended.state == "done", ended.message
    assert not waiting.exists()


def total(subject: Any, period: Period) -> Value:
    found = Value.objects.unscoped("test").filter(
        current__isnull=False, indicator__code="energy_total_tce", subject=subject, lens="reported", basis="calorific",
        period_kind=period.kind, period_end=period.end,
    )  # fmt: skip
    return found.get()


def test_figure_and_log_follow_an_acceptance_and_a_correction(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    load_catalogue()
    period, county = Period.ytd(2026, 9), places["431002"]
    cells = {**balance(inflow="1000", terminal_industry="1000"), **balance("electricity", inflow="10", terminal_households="10")}
    mine = accepted(submitted(filing("county_energy_balance_quarter", "431002", period), people["county"], cells), people["stat"])
    recomputed()
    first = total(county, period)
    assert first.value == Decimal("1000") * Decimal("0.7143") + Decimal("10") * Decimal("1.229")
    second = correct(mine, people["county"], "原煤少报")
    changed = {"balance.terminal_industry.raw_coal": "1100", "balance.inflow.raw_coal": "1100"}
    second = submitted(second, people["county"], changed)
    recomputed()
    assert total(county, period).pk == first.pk  # the accepted version counts until the next one is accepted
    accepted(second, people["stat"])
    recomputed()
    after = total(county, period)
    assert after.value - first.value == Decimal("100") * Decimal("0.7143")
    written = list(Entry.objects.order_by("id").values_list("action", flat=True))
    wanted = ["filing.filing.submit", "filing.filing.accept", "ledger.batch.applied", "filing.filing.correct", "filing.filing.accept"]
    at = -1
    for action in wanted:
        at = written.index(action, at + 1)


def test_what_a_bureau_issues_stands_beside_what_a_county_estimates(people: dict[str, Any], filing: Any, places: dict[str, Any]) -> None:
    load_catalogue()
    period, county = Period.ytd(2026, 9), places["431002"]
    issued = {
        "info.number.value": "郴统〔2026〕9号", "vintage.of.release": "初步核实", "vintage.of.published_on": "2026-11-05",
        "gdp.current.value": "5000", "gdp.growth.value": "5.2",
    }  # fmt: skip
    made = filing("issued_gdp", "431002", period)
    with pytest.raises(InputError, match="发布日期不对"):
        submitted(made, people["stat"], {**issued, "vintage.of.published_on": "2027-01-01"})
    made = submitted(again(made), people["stat"], issued)
    assert made.state == "accepted"
    rows = {row.measure: row for row in made.batch.rows.unscoped("test")}
    gdp, growth = rows["gdp"], rows["gdp_growth"]
    assert (gdp.origin, gdp.release, gdp.document, str(gdp.known_on), gdp.price_base) == (
        "issued",
        "verified",
        "郴统〔2026〕9号",
        "2026-11-05",
        0,
    )
    assert (str(growth.rate), growth.comparable) == ("5.2", True)
    estimate = {"totals.energy_total.value": "900", "method.method.text": "用电量推算"}
    mine = accepted(submitted(filing("county_estimate", "431002", period), people["county"], estimate), people["stat"])
    assert mine.batch.rows.unscoped("test").get().origin == "reported"
    assert county.pk == gdp.subject_id
