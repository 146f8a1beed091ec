"""The cockpit against a plain view of the same rows, and its number of queries.

Each engine and size is measured in a process of its own: SQLite and PostgreSQL, 11 and 110 counties, no cache but Django's template
loader. ``python -m bench cockpit``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.results import REPETITIONS, Result, ratio

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ALLOWED, QUERIES = 2.0, 12
ADDRESS = "/?plan=cz-15&period=2026Q2"
#: Requests of one turn: a single one is too short to time.
ROUND = 5


# ---- in the child -------------------------------------------------------------------------------------------------


def load(counties: int) -> Any:
    """An empty database made into the demonstration with all accounts computed; answers with who signs in."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench.dataset import bench_dataset
    from shuangkong.apps.energy.services import recompute

    call_command("migrate", verbosity=0)
    dataset = bench_dataset(counties, now=NOW)
    recompute(NOW, date(2026, 11, 24), dataset.user, "bench")
    return dataset.user


def signed_in(user: Any) -> Any:
    """A client of the reference's addresses, which hold the platform's too."""
    from django.conf import settings
    from django.test import Client
    from django.urls import clear_url_caches

    settings.ROOT_URLCONF = "bench.reference_cockpit"
    settings.ALLOWED_HOSTS = ["testserver"]
    clear_url_caches()
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def cells_of(body: str) -> int:
    """Cells of all tables of a page."""
    return len(re.findall(r"<t[dh][ >]", body))


def queries_of(client: Any, address: str) -> int:
    """How many statements one request costs."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def fit_reference(client: Any) -> str:
    """Cut the reference to the cockpit as it is; answers with the cockpit's body."""
    from bench import reference_cockpit
    from shuangkong.apps.cockpit import selectors
    from shuangkong.apps.cockpit.overview import SHOWN_CODES

    body = client.get(ADDRESS).content
    codes = tuple(sorted(SHOWN_CODES))
    reference_cockpit.fit(cells_of(body.decode()), len(body), codes, selectors.DECLINE, date(2026, 1, 1), date(2026, 7, 1))
    return body.decode()


def measure(counties: int, repetitions: int) -> dict[str, float]:
    """The ratio and the number of queries of one size."""
    client = signed_in(load(counties))
    fit_reference(client)

    def turns(address: str) -> Any:
        return lambda: [client.get(address) for _ in range(ROUND)]

    found = ratio(turns(ADDRESS), turns("/reference/"), repetitions)
    return {"ratio": found, "queries": queries_of(client, ADDRESS)}


# ---- in the parent ------------------------------------------------------------------------------------------------


def _call(database: str, home: str, counties: int, repetitions: int) -> dict[str, float]:
    env = {
        **os.environ, "SHUANGKONG_HOME": home, "SHUANGKONG_DATABASE": database, "SHUANGKONG_MODE": "demonstration",
        "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    command = [sys.executable, "-m", "bench.cockpit", str(counties), str(repetitions)]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(repetitions: int = REPETITIONS) -> list[Result]:
    """Ratios on every engine, queries of both sizes."""
    from bench.import_rows import _create
    from tests import postgres

    with tempfile.TemporaryDirectory() as folder, postgres.server() as address:
        small = {"sqlite": _call(f"sqlite://{folder}/a.sqlite3", folder, 11, repetitions)}
        large = _call(f"sqlite://{folder}/b.sqlite3", folder, 110, 1)
        if address is None:
            print("postgresql left out: its programs are not installed", file=sys.stderr)
        else:
            small["postgresql"] = _call(_create(address, "cockpit", "template0"), folder, 11, repetitions)
    results = [Result(f"cockpit / plain view, {engine}", found["ratio"], ALLOWED) for engine, found in small.items()]
    results += [Result(f"queries of the cockpit, {engine}", found["queries"], QUERIES) for engine, found in small.items()]
    more = large["queries"] - small["sqlite"]["queries"]
    return [*results, Result("queries of 110 counties more than of 11", more, 0)]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
