"""Import of 100 000 rows, from upload to accepted rows with checks, duplicates, audit and accounts, against calamine reading the same file.

Also marking that workbook's errors against the same reading, and the peak memory of each in a process of its own. Every repetition
starts from a fresh copy of a prepared database. The measuring is done in child processes, so that settings, memory and caches are
nobody else's.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, product
from pathlib import Path
from typing import Any

from bench.results import REPETITIONS, Result, seconds

ROOT = Path(__file__).resolve().parents[1]
ROWS = 100_000
FAULTY_SHARE = 20
COUNTIES = {
    "431002": "北湖区", "431003": "苏仙区", "431081": "资兴市", "431021": "桂阳县", "431022": "宜章县", "431023": "永兴县",
    "431024": "嘉禾县", "431025": "临武县", "431026": "汝城县", "431027": "桂东县", "431028": "安仁县",
}  # fmt: skip
PRODUCTS = ("原煤", "焦炭", "汽油", "柴油", "燃料油", "液化石油气", "煤油", "洗精煤", "型煤", "原油")
FLOWS = ("终端消费", "加工转换投入", "加工转换产出", "输配损失", "调入")
SECTORS = ("农林牧渔业", "工业", "建筑业", "交通运输仓储和邮政业", "批发零售住宿餐饮业", "其他", "居民生活")
PERIODS = tuple(f"{year}年1—{month}月" for year in range(2019, 2026) for month in (3, 6, 9, 12))
HEADER = ("序号", "地区", "行业", "能源品种", "流向", "期别", "数量", "计量单位", "数据版本", "备注", "校验结果")
LIMITS = {"sqlite": 8.0, "postgresql": 12.0}
MARKING_LIMIT = 3.0
MEMORY_LIMIT_MB = 400.0


def write_workbook(path: Path, rows: int = ROWS, faulty_every: int = 0, periods: tuple[str, ...] = PERIODS) -> None:
    """A workbook of energy rows; each ``faulty_every``-th has an unknown product, so that the rest is good."""
    import xlsxwriter

    dice = random.Random(7)
    cells = product(COUNTIES.values(), SECTORS, PRODUCTS, FLOWS, periods)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("填报")
        sheet.write_row(0, 0, HEADER)
        for number, (county, sector, what, flow, period) in enumerate(islice(cells, rows), 1):
            if faulty_every and number % faulty_every == 0:
                what = "不存在的品种"
            sheet.write_number(number, 0, number)
            for column, text in enumerate((county, sector, what, flow, period), 1):
                sheet.write_string(number, column, text)
            sheet.write_number(number, 6, round(dice.uniform(1, 90_000), 2))
            sheet.write_string(number, 7, "吨")
            sheet.write_string(number, 8, "初步核算")


def read_with_calamine(path: Path) -> int:
    """The reference: all values of the sheet as Python lists; answers with their number so that a test can see that it works."""
    from python_calamine import CalamineWorkbook

    return sum(map(len, CalamineWorkbook.from_path(path).get_sheet_by_name("填报").to_python()))


# ---- in the child -------------------------------------------------------------------------------------------------


def _set_up(home: Path) -> None:
    import django
    from django.conf import settings

    # before setup: an app that declares tasks fixes what runs them
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    settings.MEDIA_ROOT = home / "files"
    django.setup()


def prepare() -> None:
    """Migrates the database and puts the city into it."""
    from django.core.management import call_command

    from shuangkong.apps.organisations.models import Subject, User

    call_command("migrate", verbosity=0)
    city = Subject.objects.create(kind="city", code="431000", name="郴州市")
    for code, name in COUNTIES.items():
        Subject.objects.create(kind="county", code=code, name=name, parent=city)
    User.objects.create_user("tongji", password="bench-only-password", role="city", subject=city)


def import_once(path: Path) -> dict[str, int]:
    """From upload to accepted rows and accounts, as the pages do it; answers with the counts."""
    from datetime import date

    from shuangkong.apps.desk.imports.kinds import Form
    from shuangkong.apps.desk.models import Job
    from shuangkong.apps.desk.services import imports
    from shuangkong.apps.organisations.models import User

    user = User.objects.get(username="tongji")
    with path.open("rb") as upload:
        chunks = iter(lambda: upload.read(65536), b"")
        check = imports.begin("energy", user, path.name, chunks, Form(date(2026, 11, 1), "郴统〔2026〕1号", "issued"), date(2026, 11, 24))
    check.refresh_from_db(from_queryset=Job.objects.unscoped("bench"))
    if check.state != "done":
        raise RuntimeError(check.message)
    job = imports.confirm(check.pk, user, keep_unusual=True)
    job.refresh_from_db(from_queryset=Job.objects.unscoped("bench"))
    if job.state != "done":
        raise RuntimeError(job.message)
    return dict(job.result["counts"])


def mark_once(path: Path, folder: Path) -> Callable[[], object]:
    """Checks the faulty workbook and answers with the work of marking it."""
    from datetime import date

    from shuangkong.apps.desk.imports.checking import Check, findings
    from shuangkong.apps.desk.imports.kinds import Form, kinds
    from shuangkong.apps.desk.workbooks.marking import mark
    from shuangkong.apps.organisations.models import User

    class Quiet:
        def progress(self, *_: Any) -> None:
            """Nobody watches."""

    form = Form(date(2026, 11, 1), "郴统〔2026〕1号", "issued")
    facts = Check(kinds()["energy"], User.objects.get(username="tongji"), form, folder, Quiet()).run(path)
    if not facts["findings"]:
        raise RuntimeError("the faulty workbook has no fault")
    return lambda: mark(path, folder / "marked.xlsx", facts["part"], facts["header_row"], findings(folder), facts["result_column"])


def child(task: str, engine: str, home: str, repetitions: str = "1") -> None:
    """One task in a process of its own; prints what it found as JSON."""
    folder = Path(home)
    _set_up(folder)
    good, faulty = folder / "good.xlsx", folder / "faulty.xlsx"
    if task == "prepare":
        prepare()
        found: Any = True
    elif task == "import":
        found = _import_pair(good)
    elif task == "marking":
        work = mark_once(faulty, folder / "check")
        found = [(seconds(work), seconds(lambda: read_with_calamine(faulty))) for _ in range(int(repetitions))]
    elif task == "import_memory":
        import_once(good)
        found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    elif task == "marking_memory":
        mark_once(faulty, folder / "check")()
        found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def _import_pair(path: Path) -> tuple[float, float]:
    counts: dict[str, int] = {}
    ours = seconds(lambda: counts.update(import_once(path)))
    if counts["new"] != ROWS:
        raise RuntimeError(f"{counts} instead of {ROWS} new rows")
    return ours, seconds(lambda: read_with_calamine(path))


# ---- in the parent ------------------------------------------------------------------------------------------------


def _call(task: str, engine: str, home: Path, database: str, *more: str) -> Any:
    env = {
        **os.environ, "SHUANGKONG_HOME": str(home), "SHUANGKONG_DATABASE": database, "SHUANGKONG_MODE": "live",
        "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    command = [sys.executable, "-m", "bench.import_rows", task, engine, str(home), *more]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
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

    _call("prepare", "sqlite", home, f"sqlite://{home / 'prepared.sqlite3'}")
    engines = {"sqlite": fresh_sqlite}
    with postgres.server() as address:
        if address is None:
            print("postgresql left out: its programs are not installed", file=sys.stderr)
            yield engines
        else:
            _create(address, "prepared", "template0")
            _call("prepare", "postgresql", home, address.replace("/postgres?", "/prepared?"))
            yield engines | {"postgresql": lambda: _create(address, "work", "prepared")}


def _create(address: str, name: str, template: str) -> str:
    """A fresh database ``name`` made of ``template``; answers with its address."""
    import psycopg

    with psycopg.connect(address.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return address.replace("/postgres?", f"/{name}?")


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)


def run(repetitions: int = REPETITIONS) -> list[Result]:
    """All ratios and peaks."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_workbook(home / "good.xlsx")
        write_workbook(home / "faulty.xlsx", faulty_every=FAULTY_SHARE)
        results = []
        with _engines(home) as engines:
            for engine, fresh in engines.items():
                pairs = [_call("import", engine, home, fresh()) for _ in range(repetitions)]
                results.append(Result(f"import of {ROWS} rows / calamine, {engine}", _ratio(pairs), LIMITS[engine]))
        database = f"sqlite://{home / 'work.sqlite3'}"
        marking = _call("marking", "sqlite", home, database, str(repetitions))
        results.append(Result("marking the errors / calamine", _ratio(marking), MARKING_LIMIT))
        shutil.copy(home / "prepared.sqlite3", home / "memory.sqlite3")
        for task in ("import_memory", "marking_memory"):
            peak = _call(task, "sqlite", home, f"sqlite://{home / 'memory.sqlite3'}")
            results.append(Result(f"peak of {task.removesuffix('_memory')} in MB", peak, MEMORY_LIMIT_MB))
    return results


if __name__ == "__main__":
    child(*sys.argv[1:])
