"""Real workbooks and the way through the import service, as the tests of import use them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from shuangkong.apps.desk.imports.checking import findings
from shuangkong.apps.desk.imports.kinds import Form
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import imports, jobs
from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.models import Batch

TODAY = date(2026, 11, 24)
ENERGY = ("序号", "地区", "园区", "行业", "能源品种", "流向", "期别", "数量", "计量单位", "数据版本", "备注")
ELECTRICITY = ("序号", "地区", "园区", "行业", "期别", "用电量", "计量单位", "数据版本", "备注")
GDP = ("序号", "地区", "园区", "期别", "地区生产总值", "计量单位", "价格基期", "数据版本", "备注")
GROWTH = ("序号", "地区", "园区", "指标", "期别", "同比增长（%）", "数据版本", "备注")


def workbook(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], sheet: str = "填报") -> Path:
    """A workbook as people make them: one header, rows below."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, header)
        for number, row in enumerate(rows, 1):
            page.write_row(number, 0, row)
    return path


def energy_row(number: int = 1, **changes: Any) -> list[Any]:
    """One good row of energy, with changes by column title."""
    row = dict(zip(ENERGY, (number, "北湖区", "", "工业", "原煤", "终端消费", "2025年1—6月", 100.5, "吨", "", ""), strict=True))
    return list({**row, **changes}.values())


def electricity_row(number: int = 1, **changes: Any) -> list[Any]:
    """One good row of electricity, with changes by column title."""
    row = dict(zip(ELECTRICITY, (number, "北湖区", "", "", "2025年6月", 321.5, "万千瓦时", "", ""), strict=True))
    return list({**row, **changes}.values())


def gdp_row(number: int = 1, **changes: Any) -> list[Any]:
    """One good row of GDP, with changes by column title."""
    row = dict(zip(GDP, (number, "北湖区", "", "2025年1—6月", 100, "亿元", "2020年不变价", "", ""), strict=True))
    return list({**row, **changes}.values())


def form(known_on: date = date(2026, 10, 20), origin: str = "issued", document: str = "郴统〔2026〕9号") -> Form:
    """The form beside the file."""
    return Form(known_on, document, origin)


def fresh(job: Job) -> Job:
    """The job as the database has it."""
    return Job.objects.unscoped("test").get(pk=job.pk)


def check(path: Path, user: Any, kind: str = "energy", stated: Form | None = None) -> Job:
    """Upload and check, in this process; answers with the ended job."""
    job = imports.begin(kind, user, path.name, [path.read_bytes()], stated or form(), TODAY)
    jobs.run(job.pk)
    return fresh(job)


def load(path: Path, user: Any, kind: str = "energy", stated: Form | None = None, *, keep_unusual: bool = False) -> Job:
    """The whole way; answers with the job that applied the batch."""
    checked = check(path, user, kind, stated)
    assert checked.state == "done", checked.message
    job = imports.confirm(checked.pk, user, keep_unusual=keep_unusual)
    jobs.run(job.pk)
    return fresh(job)


def faults(job: Job) -> list[tuple[str, str]]:
    """The cells and what is wrong in them."""
    return [(found["cell"], found["what"]) for found in imports.first_findings(job)]


def batch_of(job: Job) -> Batch:
    """The batch that a job applied."""
    return Batch.objects.unscoped("test").get(pk=job.result["batch"])


def accepted(**as_of: Any) -> list[Any]:
    """The accepted rows in the order of their cells."""
    return list(selectors.accepted(**as_of).unscoped("test").order_by("measure", "subject__code", "period_end", "id"))


def all_findings(job: Job) -> list[tuple[int, int, Any]]:
    """Everything that a check found."""
    return list(findings(imports.folder_of(job.pk)))
