"""The benchmark of filing compares with a reference that does its work, and its own pages hold what they should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches

from bench import filing, filing_year, reference_filing
from shuangkong.apps.audit.models import Entry
from shuangkong.apps.desk import workdays
from shuangkong.apps.filing.models import Round

TOLERANCE = 0.1
UNITS = 60


@pytest.fixture
def made(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A smaller set of the benchmark's filings."""
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: datetime(2026, 11, 24, 2, tzinfo=UTC))
    settings.ROOT_URLCONF = "bench.reference_filing"
    settings.ALLOWED_HOSTS = ["testserver"]
    clear_url_caches()
    workdays.forget()
    yield filing.load(UNITS, filing.lay)
    clear_url_caches()
    reference_filing.SHAPES.clear()


def cells(body: bytes) -> int:
    return len(re.findall(rb"<td[ >]", body))


def test_the_references_fetch_and_render_as_much_as_the_pages(made: dict[str, Any]) -> None:
    pages = {
        "matrix": (made["reviewer"], filing.MATRIX, [filing.FORM, date(filing.YEAR, 1, 1), date(filing.YEAR + 1, 1, 1)], 600),
        "inbox": (made["respondent"], filing.INBOX, [made["firms"][0].pk], 50),
    }
    for name, (user, address, arguments, rows) in pages.items():
        client = filing.signed_in(user)
        body = filing.fit_reference(client, name, address, arguments)
        with CaptureQueriesContext(connection) as queries:
            plain = client.get(f"/reference/{name}/").content
        raw = [query["sql"] for query in queries if "filing_filing" in query["sql"] or "desk_inboxitem" in query["sql"]]
        assert len(raw) == 1, name
        assert reference_filing.SHAPES[name].rows == rows, name
        assert cells(plain) == filing.cells_of(body), name
        assert abs(len(plain) - len(body.encode())) <= TOLERANCE * len(body.encode()), name
        client.logout()
        assert client.get(f"/reference/{name}/").status_code == 302


def test_the_measured_pages_hold_what_they_should(made: dict[str, Any]) -> None:
    client = filing.signed_in(made["reviewer"])
    body = client.get(filing.MATRIX).content.decode()
    assert body.count('name="unit"') == 50
    assert len(re.findall(r'<td><a href="/filings/\d+/">', body)) == 600
    assert body.count(f'<td class="num" data-l="应报">{UNITS}</td>') == 12
    assert filing.signed_in(made["respondent"]).get(filing.INBOX).content.decode().count("<li><span") == 50


def test_a_year_is_filed_by_the_address_of_the_grid(made: dict[str, Any]) -> None:
    assert filing.by_address(filing.signed_in(made["second"]), made["firms"][1]) == 12


def test_a_year_is_filed_by_workbook_and_by_the_api(made: dict[str, Any]) -> None:
    cache.clear()
    firms = made["firms"][:2]
    assert set(filing_year.file_year(filing.FORM, firms, filing.YEAR, filing.NOW).values()) == {12, 24}
    (taken, *_others), lost = filing_year.split(filing.FORM, firms, filing.YEAR).by_api, Round.objects.unscoped("test")
    audited = Entry.objects.filter(action="filing.filing.submit", target_id=str(taken.pk))
    assert audited.count() == lost.filter(filing=taken).count() == 1
    with pytest.raises(RuntimeError, match=r"400: .*已提交，不能再改"):
        filing_year.by_api([taken], filing_year.people(firms))
    assert filing_year.in_the_database(filing.FORM, made["firms"][:3], filing.YEAR)["rounds"] == 24


def test_ratios_and_queries_are_held_on_every_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = {
        "matrix": {"ratio": 2.1, "queries": 12},
        "inbox": {"ratio": 1.9, "queries": 13},
        "filed": dict.fromkeys(("by_workbook", "by_api", "as_sent"), 5999),
    }
    monkeypatch.setattr(filing, "_call", lambda *arguments: slow)
    found = filing.run()
    assert [result.good for result in found[:5]] == [False, True, True, False, False]
