"""The audit page in a real browser: readable and without overflow at 390 and 1440, from the list to an entry, filtered by the form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from shuangkong.apps.audit.sealer import seal_step
from shuangkong.apps.audit.services import Act, record, record_many

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1440])
def test_from_the_list_to_an_entry(
    live_server: Any, page: Any, users: dict[str, Any], client: Any, width: int, anchors_path: Path
) -> None:
    with transaction.atomic():
        record_many([Act("ledger.batch.applied", users["county"], actor=users["county"], after={"rows": 3})] * 60)
        record("organisations.user.change", users["reader"], actor=users["city"], before={"role": "reader"}, after={"role": "city"})
    seal_step(anchors_path)
    client.force_login(users["city"])
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/audit/")
    for address in ("list", "entry"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if folder := os.environ.get("SHUANGKONG_SHOTS"):
            page.screenshot(path=f"{folder}/audit-{address}-{width}.png", full_page=True)
        if address == "list":
            page.select_option("select[name=what]", "organisations.")
            page.get_by_role("button", name="筛选").click()
            page.get_by_role("link", name="账号·修改").click()
    assert "第1块" in page.inner_text("main")
    assert page.locator("h1").inner_text() == "账号·修改"
