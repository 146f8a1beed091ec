"""A year is really filed: each enterprise twelve months, half of them by workbook, half by the API with a key of the scope ``file``.

Every workbook is written from the template of its filing, uploaded and submitted through the services of the page; every return of the
API is a PUT of the draft and a POST of its submission. What the checks ask is answered as an enterprise would: with an explanation.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: Shares of a year's output by month: no month is like another.
SEASON = (0.93, 0.71, 1.02, 1.05, 1.04, 0.99, 0.97, 0.96, 1.03, 1.07, 1.11, 1.12)
ADDRESS = "/api/v1/filings"
EXPLANATION = "产量随订单变化，已核对计量与发票"


@dataclass(frozen=True, slots=True)
class Year:
    """Filings by their way, oldest month first within each enterprise."""

    by_workbook: Sequence[Any]
    by_api: Sequence[Any]


def split(form_id: str, firms: Sequence[Any], year: int) -> Year:
    """The year's filings of the first half of the enterprises, and those of the others."""
    half = len(firms) // 2
    return Year(_filings(form_id, firms[:half], year), _filings(form_id, firms[half:], year))


def _filings(form_id: str, firms: Sequence[Any], year: int) -> list[Any]:
    from shuangkong.apps.filing.models import Filing

    found = Filing.objects.unscoped("bench").filter(form_id=form_id, subject__in=firms, version=1, period_start__year=year)
    return list(found.select_related("subject").order_by("subject__position", "period_end"))


def cells_of(filing: Any) -> dict[str, str]:
    """A plausible month of its own: output with the season, energy that follows it, stocks as meters and invoices give them."""
    number, month = filing.subject.position, filing.period_start.month
    chance = random.Random(number * 100 + month)
    output = (3000 + 37.3 * (number % 97)) * SEASON[month - 1] * chance.uniform(0.97, 1.03)
    coal, power = output * chance.uniform(0.196, 0.204), output * chance.uniform(0.0615, 0.0645)
    return {
        "consumption.raw_coal.purchased": _text(coal * chance.uniform(0.97, 1.05), 2),
        "consumption.raw_coal.consumed": _text(coal, 2),
        "consumption.electricity.purchased": _text(power, 4),
        "consumption.electricity.consumed": _text(power, 4),
        "output.r1.product": "水泥", "output.r1.unit": "吨", "output.r1.amount": _text(output, 1),
        "operation.output_value.value": _text(output * chance.uniform(0.0315, 0.0345), 2),
        "operation.days.value": str(min(28, round(27 * SEASON[month - 1]))),
        "notes.changes.text": EXPLANATION,
    }  # fmt: skip


def _text(figure: float, decimals: int) -> str:
    """As it stands in a round: without zeros at the end."""
    return f"{figure:.{decimals}f}".rstrip("0").rstrip(".")


def people(firms: Iterable[Any]) -> dict[int, Any]:
    """One who files for each enterprise, by the enterprise's id; those who are there already are taken."""
    from shuangkong.apps.organisations.models import User

    wanted = list(firms)
    there = {user.subject_id: user for user in User.objects.filter(role="enterprise", subject__in=wanted)}
    missing = [User(username=f"bench-filer-{firm.pk}", role="enterprise", subject=firm) for firm in wanted if firm.pk not in there]
    return there | {user.subject_id: user for user in User.objects.bulk_create(missing)}


def by_workbook(filings: Sequence[Any], filers: dict[int, Any], now: datetime) -> int:
    """Each filing's own workbook: written, uploaded, submitted. Answers how many workbooks went up."""
    from shuangkong.apps.filing.checking import EXPLAIN, finding_key
    from shuangkong.apps.filing.services import save_draft, submit
    from shuangkong.apps.filing.services.upload import upload
    from shuangkong.apps.filing.workbook_writing import write_workbook

    with tempfile.TemporaryDirectory() as folder:
        for filing in filings:
            path, user = Path(folder) / "month.xlsx", filers[filing.subject_id]
            write_workbook(path, filing, cells_of(filing), filing.draft_revision)
            done = upload(filing, f"{filing.period.code}.xlsx", [path.read_bytes()], user, now=now)
            if asked := {finding_key(found): EXPLANATION for found in done.examined.of(EXPLAIN)}:
                save_draft(filing, {}, filing.draft_revision, user, now=now, explanations=asked)
            submit(filing, user, now=now)
    return len(filings)


def by_api(filings: Sequence[Any], filers: dict[int, Any]) -> int:
    """Each filing by two or three requests with the enterprise's own key. Answers how many submissions were answered with their SM3.

    Raises:
        RuntimeError: a request was refused.
    """
    from django.test import Client

    from shuangkong.apps.organisations.keys import create_key

    clients: dict[int, Any] = {}
    for filing in filings:
        if filing.subject_id not in clients:
            key = create_key(filers[filing.subject_id], "bench", ["file"], 30, now=datetime.now(UTC))
            clients[filing.subject_id] = Client(headers={"Authorization": f"Bearer {key.text}"})
        client, address = clients[filing.subject_id], f"{ADDRESS}/{filing.pk}"
        saved = _put(client, address, {"revision": filing.draft_revision, "cells": cells_of(filing)})
        if asked := {found["key"]: EXPLANATION for found in saved["findings"] if found["severity"] == "explain"}:
            _put(client, address, {"revision": saved["revision"], "explanations": asked})
        _good(client.post(f"{address}/submit"))
    return len(filings)


def _put(client: Any, address: str, body: dict[str, Any]) -> dict[str, Any]:
    return _good(client.put(f"{address}/draft", json.dumps(body), content_type="application/json"))


def _good(response: Any) -> dict[str, Any]:
    if response.status_code != 200:
        raise RuntimeError(f"{response.status_code}: {response.content[:400].decode(errors='replace')}")
    return dict(response.json())


def in_the_database(form_id: str, firms: Sequence[Any], year: int) -> dict[str, int]:
    """What the database holds of the year: pairs of enterprise and month, filings, rounds, filings with a round, rounds whose cells give
    their SM3, and of these the ones with the cells that were sent."""
    from shuangkong.apps.filing.models import Filing, Round
    from shuangkong.apps.filing.services.submission import round_sm3

    filings = Filing.objects.unscoped("bench").filter(form_id=form_id, subject__in=firms, period_start__year=year)
    submitted = filings.exclude(first_submitted_at=None).order_by()
    rounds = Round.objects.unscoped("bench").filter(filing__in=filings).select_related("filing__subject")
    faithful = [made for made in rounds.iterator() if made.sm3 == round_sm3(made.filing, made.number, made.cells)]
    sent = [made for made in faithful if cells_of(made.filing).items() <= made.cells.items()]
    return {
        "months": submitted.values("subject_id", "period_end").distinct().count(), "filings": submitted.count(),
        "rounds": rounds.count(), "filings_with_rounds": rounds.order_by().values("filing_id").distinct().count(),
        "true_sm3": len(faithful), "as_sent": len(sent),
    }  # fmt: skip


def file_year(form_id: str, firms: Sequence[Any], year: int, now: datetime) -> dict[str, int]:
    """Files the year of all enterprises, then counts in the database.

    Raises:
        RuntimeError: one was lost, stands twice, or is not what was sent.
    """
    parts, filers = split(form_id, firms, year), people(firms)
    ways = {"by_workbook": by_workbook(parts.by_workbook, filers, now), "by_api": by_api(parts.by_api, filers)}
    counted, wanted = in_the_database(form_id, firms, year), 12 * len(firms)
    if sum(ways.values()) != wanted or set(counted.values()) != {wanted}:
        raise RuntimeError(f"{wanted} were to be filed: {ways}, {counted}")
    return {**ways, **counted}
