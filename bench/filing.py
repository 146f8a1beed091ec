"""500 enterprises × 12 months of filings: the matrix with its completeness, and an inbox, against plain views of as many cells.

The 6,000 returns are really filed on each engine, half by workbook and half by the API (:mod:`bench.filing_year`), and counted in the
database; fifty more enterprises owe the form and file nothing. How their review ended is then laid over the filings, in turn, so that the
pages show every state. Each engine is measured in a process of its own. ``python -m bench filing``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench import filing_year
from bench.results import REPETITIONS, Result, ratio

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
UNITS, YEAR, FORM = 500, 2025, "key_unit_month"
#: One enterprise in so many files nothing, the first one among them.
IDLE = 11
ALLOWED, QUERIES = 2.0, 12
MATRIX, INBOX = f"/filings/matrix/?form={FORM}&year={YEAR}", "/inbox/"
STATES = ("accepted", "accepted", "locked", "submitted", "under_review", "returned", "accepted", "locked", "accepted")
#: Requests of one turn: a single one is too short to time.
ROUND = 5


# ---- in the child -------------------------------------------------------------------------------------------------


def load(units: int, file: Callable[[list[Any]], None]) -> dict[str, Any]:
    """Enterprises that owe the form for a year, their filings as ``file`` makes them, and people; answers with who signs in."""
    from shuangkong.apps.filing.models import Obligation
    from shuangkong.apps.filing.services import due, open_due
    from shuangkong.apps.organisations.models import Department, Subject, User

    kinds = Subject.Kind
    city = Subject.objects.create(kind=kinds.CITY, code="B-CITY", name="测速市")
    county = Subject.objects.create(kind=kinds.COUNTY, code="B-COUNTY", name="测速县", parent=city)
    Subject.objects.bulk_create(
        Subject(kind=kinds.ENTERPRISE, code=f"B-{n:04d}", name=f"测速企业{n:04d}", parent=county, county=county, position=n + 1)
        for n in range(units)
    )
    firms = list(Subject.objects.filter(kind=kinds.ENTERPRISE, code__startswith="B-").order_by("position"))
    bureau = Department.objects.create(code="drc", short_name="测速委")
    people = {
        "reviewer": User.objects.create(username="bench-reviewer", role="city", department=bureau, subject=city),
        "respondent": User.objects.create(username="bench-firm", role="enterprise", subject=firms[0]),
        "second": User.objects.create(username="bench-firm-2", role="enterprise", subject=firms[1]),
    }
    _oblige(firms, Obligation)
    open_due(NOW.date(), since=date(YEAR, 1, 1))
    file(firms)
    due.notify(NOW.date())
    return {**people, "firms": firms}


def _oblige(firms: list[Any], obligation: Any) -> None:
    """All owe the measured form; the first one several more, so that its inbox is full."""
    from shuangkong.apps.filing.models import mark_of
    from shuangkong.rulebook import forms

    known = forms.current()
    more = [known.newest(name) for name in known.ids()]
    wide = [form for form in more if form.respondent == "enterprise"]
    owed = [(firm, known.newest(FORM)) for firm in firms] + [(firms[0], form) for form in wide if form.id != FORM]
    obligation.objects.bulk_create(
        obligation(
            subject=firm, form_id=form.id, starts_on=date(YEAR - 2, 1, 1), ends_on=date(YEAR + 2, 1, 1), use=form.use,
            departments=mark_of(form.departments),
        )
        for firm, form in owed
    )  # fmt: skip


def lay(firms: list[Any]) -> None:
    """For the tests of the pages: nine in ten returns of all but the first two stand as submitted, with a state but without a round."""
    from shuangkong.apps.filing.models import Filing

    found = Filing.objects.unscoped("bench").filter(form_id=FORM, subject__in=firms[2:]).select_related("subject")
    filed = [filing for number, filing in enumerate(found) if number % 10 != 9]
    for filing in filed:
        filing.first_submitted_at = NOW
    Filing.objects.bulk_update(filed, ["first_submitted_at"], batch_size=200)
    review(filed)


def review(filings: Iterable[Any]) -> None:
    """Lays over filings how their review ended: in turn accepted, locked, under review, returned, or not begun."""
    from shuangkong.apps.filing.models import Filing

    numbered = list(enumerate(filings))
    for number, filing in numbered:
        filing.state, filing.level = STATES[number % len(STATES)], "city"
    Filing.objects.bulk_update([filing for _number, filing in numbered], ["state", "level"], batch_size=200)


def by_address(client: Any, firm: Any) -> int:
    """Files a year of one enterprise by the grid's JSON address; answers how many were submitted."""
    from shuangkong.apps.filing.models import Filing

    year = Filing.objects.unscoped("bench").filter(form_id=FORM, subject=firm, period_end__lte=date(YEAR + 1, 1, 1))
    for filing in year.select_related("subject").order_by("period_end"):
        saved = client.post(
            f"/filings/{filing.pk}/cells/",
            json.dumps({"cells": filing_year.cells_of(filing), "revision": filing.draft_revision}),
            content_type="application/json",
        )
        assert saved.status_code == 200, saved.content[:400]
        client.post(f"/filings/{filing.pk}/do/submit/")
    done = Filing.objects.unscoped("bench").filter(form_id=FORM, subject=firm, first_submitted_at__isnull=False)
    return int(done.count())


def with_references() -> None:
    """The reference's addresses, which hold the platform's too."""
    from django.conf import settings
    from django.urls import clear_url_caches

    settings.ROOT_URLCONF = "bench.reference_filing"
    settings.ALLOWED_HOSTS = ["testserver"]
    clear_url_caches()


def signed_in(user: Any) -> Any:
    """A client of these addresses."""
    from django.conf import settings
    from django.test import Client

    with_references()
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def cells_of(body: str) -> int:
    """Cells of all tables of a page; an item of the inbox counts as five: urgency, title and way, detail, whose, deadline."""
    return len(re.findall(r"<t[dh][ >]", body)) + 5 * len(re.findall(r"<li><span class=\"st ", body))


def fit_reference(client: Any, name: str, address: str, arguments: Any) -> str:
    """Cut the reference to the page as it is; answers with the page's body."""
    from bench import reference_filing

    body = client.get(address).content
    reference_filing.fit(name, cells_of(body.decode()), len(body), arguments)
    return str(body.decode())


def measure(repetitions: int, units: int = UNITS) -> dict[str, Any]:
    """How many returns were filed, and ratios and queries of both pages."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench.cockpit import queries_of

    call_command("migrate", verbosity=0)
    with_references()
    counted: dict[str, int] = {}

    def really(firms: list[Any]) -> None:
        filers = [firm for number, firm in enumerate(firms) if number % IDLE]
        counted.update(filing_year.file_year(FORM, filers, YEAR, NOW))
        year = filing_year.split(FORM, filers, YEAR)
        review([*year.by_workbook, *year.by_api])

    made = load(units * IDLE // (IDLE - 1), really)
    if connection.vendor == "postgresql":  # a live server keeps statistics; without them a plan of either side may go astray
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    pages = {
        "matrix": (made["reviewer"], MATRIX, [FORM, date(YEAR, 1, 1), date(YEAR + 1, 1, 1)]),
        "inbox": (made["respondent"], INBOX, [made["firms"][0].pk]),
    }
    found: dict[str, Any] = {"filed": counted}
    for name, (user, address, arguments) in pages.items():
        client = signed_in(user)
        fit_reference(client, name, address, arguments)
        turns = [lambda a=a, c=client: [c.get(a) for _ in range(ROUND)] for a in (address, f"/reference/{name}/")]
        found[name] = {"ratio": ratio(*turns, repetitions), "queries": queries_of(client, address)}
    return found


# ---- in the parent ------------------------------------------------------------------------------------------------


def _call(database: str, home: str, repetitions: int) -> dict[str, Any]:
    env = {
        **os.environ, "SHUANGKONG_HOME": home, "SHUANGKONG_DATABASE": database, "SHUANGKONG_MODE": "demonstration",
        "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bench.filing", str(repetitions)], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(repetitions: int = REPETITIONS) -> list[Result]:
    """Ratios and queries on every engine."""
    from bench.import_rows import _create
    from tests import postgres

    with tempfile.TemporaryDirectory() as folder, postgres.server() as address:
        found = {"sqlite": _call(f"sqlite://{folder}/a.sqlite3", folder, repetitions)}
        if address is None:
            print("postgresql left out: its programs are not installed", file=sys.stderr)
        else:
            found["postgresql"] = _call(_create(address, "filing", "template0"), folder, repetitions)
    results = []
    for engine, each in found.items():
        for name in ("matrix", "inbox"):
            results.append(Result(f"{name} of {UNITS} units / plain view, {engine}", each[name]["ratio"], ALLOWED))
            results.append(Result(f"queries of the {name}, {engine}", each[name]["queries"], QUERIES))
        filed = each["filed"]
        note = f"by workbook {filed['by_workbook']}, by the API {filed['by_api']}; each with its round and SM3, none twice"
        results.append(Result(f"returns filed, {engine}", filed["as_sent"], 12 * UNITS, at_least=True, note=note))
    return results


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
