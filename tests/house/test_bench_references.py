"""What the benchmarks compare with does its work: a reference that is slow, or that does less than it says, makes any ratio good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches

from bench import cockpit, import_rows, recompute, reference_cockpit, reference_codec, telemetry_codec
from shuangkong.apps.cockpit import drawings, selectors
from shuangkong.apps.cockpit.overview import SHOWN_CODES, overview
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.gateway.plants import Plant
from tests.cockpit.city import TODAY, make_city, open_items

#: Cells and bytes of a reference may differ by this much from what it stands for.
TOLERANCE = 0.1


@pytest.fixture
def client(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of the reference's addresses; the clock stands at the benchmark's moment."""
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: datetime(2026, 11, 24, 2, tzinfo=UTC))
    settings.ROOT_URLCONF = "bench.reference_cockpit"
    clear_url_caches()
    yield Client()
    clear_url_caches()


@pytest.fixture
def person(client: Client, make_user: Any) -> Any:
    """A person of the city, who sees all, with things to do."""
    city = make_city().subjects["431000"]
    open_items(city)
    return make_user("city", "fagai", subject=city)


def test_the_plain_view_asks_for_a_sign_in(client: Client, person: Any) -> None:
    answer = client.get("/reference/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/reference/")


def test_the_plain_view_renders_as_many_cells_and_bytes_as_the_cockpit(client: Client, person: Any) -> None:
    client.force_login(person)
    body = cockpit.fit_reference(client)
    answer = client.get("/reference/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == client.get(cockpit.ADDRESS)["Content-Type"]
    assert cockpit.cells_of(body) > 150
    assert cockpit.cells_of(answer.content.decode()) == pytest.approx(cockpit.cells_of(body), rel=TOLERANCE)
    assert len(answer.content) == pytest.approx(len(body.encode()), rel=TOLERANCE)
    assert "<td>郴州市</td>" in answer.content.decode()


def test_the_plain_view_fetches_the_rows_of_the_cockpit_in_one_statement(client: Client, person: Any) -> None:
    client.force_login(person)
    cockpit.fit_reference(client)
    page = overview(person, TODAY, "cz-15", selectors.Moment(reference_cockpit.SHAPE.end).end)
    subjects = [place.pk for place in selectors.places()]
    ends = tuple(end for end in drawings.quarter_ends(page.plan) if end <= page.moment.end)
    ours = selectors.values_and_path(person, page.moment, SHOWN_CODES, tuple(subjects), page.city.subject.pk, ends)
    with CaptureQueriesContext(connection) as captured:
        client.get("/reference/")
    own = [query["sql"] for query in captured if "indicators_value" in query["sql"]]
    assert len(own) == 1
    assert len(captured) == 3, "the session, the person, the rows"
    assert reference_cockpit.SHAPE.rows == len(ours) > 100
    rows = [(row[0], row[2], str(row[4]), row[6], row[7], row[8]) for row in reference_cockpit.fetch()]
    assert sorted(rows, key=repr) == sorted(
        ((c.subject_id, c.indicator.name, str(c.period_end), c.words, c.severity, c.status) for c in ours), key=repr
    )


def test_the_plain_reading_gives_every_cell(tmp_path: Path) -> None:
    import_rows.write_workbook(tmp_path / "w.xlsx", rows=40)
    assert import_rows.read_with_calamine(tmp_path / "w.xlsx") == 41 * len(import_rows.HEADER)


@pytest.mark.django_db
def test_the_plain_reading_of_the_ledger_gives_every_accepted_row_as_decimals() -> None:
    city = make_city().subjects["431000"]
    batch = Batch.objects.create(kind="bench", title="t", applied_at=datetime(2026, 11, 1, tzinfo=UTC))
    given = {"batch": batch, "subject": city, "measure": "energy", "period_kind": "ytd", "known_on": TODAY, "origin": "issued"}
    given |= {"period_start": TODAY.replace(month=1, day=1), "period_end": TODAY.replace(month=10, day=1)}
    for n in range(3):
        Row.objects.create(**given, product="raw_coal", flow="terminal", release="final", quantity=Decimal(f"{n}.25"), industry=str(n))
    rows = recompute.read_rows()
    assert sorted(row[-2] for row in rows) == [Decimal("0.25"), Decimal("1.25"), Decimal("2.25")]
    assert {len(row) for row in rows} == {len(recompute.ENERGY_COLUMNS)}


def test_the_plain_parser_reads_what_the_codec_reads() -> None:
    stream = telemetry_codec.draw_frames([Plant(seed) for seed in range(telemetry_codec.PLANTS)], 0)
    telemetry_codec.check_same(reference_codec.parse_stream(stream), telemetry_codec.decode_typed(stream))


@pytest.mark.parametrize("fault", [b"##0", b"ZZ", b"\r\r"])
def test_the_plain_parser_refuses_what_is_broken(fault: bytes) -> None:
    frame = telemetry_codec.draw_frames([Plant(seed) for seed in range(telemetry_codec.PLANTS)], 0).splitlines(keepends=True)[0]
    broken = {b"##0": b"##9" + frame[3:], b"ZZ": frame[:-6] + b"0000\r\n", b"\r\r": frame[:-2] + b"\r\r"}[fault]
    with pytest.raises(ValueError):
        reference_codec.parse_frame(broken)
