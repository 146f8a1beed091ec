"""The import driven in a real browser: upload, progress, report, confirmation; readable on a phone; nothing in the console."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections

from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services import jobs
from tests.ledger import kit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worker():
    """Runs what waits, as the worker process does."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for pk in Job.objects.unscoped("test").filter(state="waiting").values_list("pk", flat=True):
                jobs.run(pk)
            time.sleep(0.2)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(30)


def narrow_enough(page) -> bool:
    page.set_viewport_size({"width": 390, "height": 844})
    fits = page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})
    return fits


def test_a_workbook_is_imported_by_hand(live_server, users, page, worker, tmp_path):
    path = kit.workbook(
        tmp_path / "报表.xlsx", kit.ENERGY, [kit.energy_row(1), kit.energy_row(2, 流向="烧"), kit.energy_row(3, 地区="苏仙区")]
    )
    page.goto(f"{live_server.url}/accounts/login/?next=/data/import/")
    page.fill("input[name=login]", "city")
    page.fill("input[name=password]", "correct-horse-battery")
    page.click("button[type=submit]")
    page.get_by_role("link", name="上传 能源消费").or_(page.locator("a[href='/data/import/energy/']")).first.click()
    assert narrow_enough(page)
    page.set_input_files("input[name=file]", path)
    page.fill("input[name=document]", "郴统〔2026〕9号")
    page.get_by_role("button", name="上传并检查").click()
    page.get_by_role("heading", name="检查结果").wait_for(timeout=30_000)
    assert page.get_by_role("row", name="F3").is_visible()
    assert narrow_enough(page)
    with page.expect_download() as marked:
        page.get_by_role("link", name="下载标注了错误的原表").click()
    assert marked.value.suggested_filename == "报表-已标注.xlsx"
    page.get_by_role("button", name="确认入账2行").click()
    page.get_by_role("link", name="查看批次").click(timeout=30_000)
    page.get_by_role("heading", name="撤销").wait_for()
    assert narrow_enough(page)
    assert [row.subject.code for row in kit.accepted()] == ["431002", "431003"]
