"""Recomputing all accounts of the cockpit data set, values written, against reading its rows through the same driver into Decimal tuples.

Two ratios an engine. ``after a correction``: one county corrects one figure, everything is computed again from the ledger, and what
changed is written. ``from nothing``: no value is there, every one is computed and written, on a fresh copy of the database. The
reference reads the accepted rows with the columns that accounts read and makes decimals of quantities and rates.

After a correction the whole ledger is read and each section of the accounts is compared with what the current values rest on; only
those that rest on something else are made again (docs/adr/0014). ``tests/energy/test_sections.py`` shows that the values are the same.
An account is one value with a table of its lines (docs/adr/0019): ``values written`` counts values, not lines.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.results import REPETITIONS, Result, seconds

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
LIMIT = 4.0
#: What the accounts read of an energy row, and of a row of another measure; the last two become decimals.
ENERGY_COLUMNS = (
    "id", "subject_id", "zone_id", "origin", "release", "period_kind", "period_end", "industry", "product", "flow", "known_on",
    "demonstration", "quantity", "rate",
)  # fmt: skip
SERIES_COLUMNS = (
    "id", "subject_id", "zone_id", "measure", "origin", "release", "period_kind", "period_end", "industry", "price_base", "known_on",
    "remark", "demonstration", "quantity", "rate",
)  # fmt: skip


def read_rows() -> list[tuple[Any, ...]]:
    """The reference: every accepted row that the accounts read, with the columns that they read, quantities and rates as decimals."""
    from decimal import Decimal

    from shuangkong.apps.indicators.evidence import SERIES
    from shuangkong.apps.ledger.selectors import accepted, raw_tuples
    from shuangkong.core.quantities import from_micro

    found: list[tuple[Any, ...]] = []
    for columns, wanted in ((ENERGY_COLUMNS, {"measure": "energy"}), (SERIES_COLUMNS, {"measure__in": SERIES})):
        rows = raw_tuples(accepted(TODAY).unscoped("bench").filter(**wanted), *columns)
        found += [
            (*row[:-2], None if row[-2] is None else from_micro(row[-2]), None if row[-1] is None else Decimal(row[-1])) for row in rows
        ]
    return found


def prepare() -> int:
    """Migrates the database and loads the data set; answers with its rows."""
    from django.core.management import call_command

    from bench.dataset import bench_dataset
    from shuangkong.apps.indicators.services import load_catalogue

    call_command("migrate", verbosity=0)
    load_catalogue()
    return bench_dataset(now=NOW).rows


def compute(reason: str) -> int:
    """Compute everything and write what changed; answers with the number of values written."""
    from shuangkong.apps.energy.services import recompute

    run = recompute(NOW, TODAY, reason=reason)
    if run is None:
        raise RuntimeError("nothing changed: there is nothing to measure")
    return int(run.replaced)


def correct(number: int) -> None:
    """One county corrects one figure."""
    from shuangkong.apps.ledger.models import Batch, Row

    rows = Row.objects.unscoped("bench").filter(measure="energy", product="diesel", flow="terminal", origin="issued")
    row = rows.filter(subject__code="431022").order_by("-period_end", "-known_on", "id").first()
    old = row.pk
    batch = Batch.objects.create(kind="bench", title="更正", applied_at=NOW)
    row.pk, row.batch, row.supersedes_id = None, batch, old
    row.quantity += number
    row.known_on = TODAY
    row.save(force_insert=True)


def child(task: str, repetitions: str = "1") -> None:
    """One task in a process of its own; prints what it found as JSON."""
    import django

    django.setup()
    if task == "prepare":
        print(json.dumps(prepare()))
        return
    written: list[int] = []
    found = []
    for number in range(1, int(repetitions) + 1):
        if task == "corrections":
            correct(number)
        found.append((seconds(lambda: written.append(compute(task))), seconds(read_rows)))
    print(json.dumps({"pairs": found, "written": written, "rows": len(read_rows())}))


# ---- in the parent ------------------------------------------------------------------------------------------------


def _call(task: str, home: Path, database: str, *more: str) -> Any:
    env = {
        **os.environ, "SHUANGKONG_HOME": str(home), "SHUANGKONG_DATABASE": database, "SHUANGKONG_MODE": "demonstration",
        "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bench.recompute", task, *more], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def _engines(home: Path) -> Iterator[dict[str, Callable[[], str]]]:
    """For each engine on this machine a function that gives the address of a fresh, prepared database."""
    from tests import postgres

    def fresh_sqlite() -> str:
        for old in home.glob("work.sqlite3*"):
            old.unlink()
        shutil.copy(home / "prepared.sqlite3", home / "work.sqlite3")
        return f"sqlite://{home / 'work.sqlite3'}"

    _call("prepare", home, f"sqlite://{home / 'prepared.sqlite3'}")
    engines = {"sqlite": fresh_sqlite}
    with postgres.server() as address:
        if address is None:
            print("postgresql left out: its programs are not installed", file=sys.stderr)
            yield engines
        else:
            _call("prepare", home, _create(address, "prepared", "template0"))
            yield engines | {"postgresql": lambda: _create(address, "work", "prepared")}


def _create(address: str, name: str, template: str) -> str:
    """A fresh database ``name`` made of ``template``; answers with its address."""
    import psycopg

    with psycopg.connect(address.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return address.replace("/postgres?", f"/{name}?")


def _ratio(pairs: list[list[float]]) -> float:
    return statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)


def run(repetitions: int = REPETITIONS) -> list[Result]:
    """Both ratios on each engine."""
    results = []
    with tempfile.TemporaryDirectory() as folder, _engines(Path(folder)) as engines:
        for engine, fresh in engines.items():
            first = [_call("first", Path(folder), fresh()) for _ in range(repetitions)]
            database = fresh()
            _call("first", Path(folder), database)
            later = _call("corrections", Path(folder), database, str(repetitions))
            for name, found in (("from nothing", {**first[0], "pairs": [one["pairs"][0] for one in first]}), ("after a correction", later)):
                note = f"{found['rows']} rows read, {statistics.median(found['written']):.0f} values written"
                results.append(Result(f"accounts {name} / reading the rows, {engine}", _ratio(found["pairs"]), LIMIT, note=note))
    return results


if __name__ == "__main__":
    child(*sys.argv[1:])
