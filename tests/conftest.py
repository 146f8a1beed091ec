"""What all tests share: no test is left out silently, a home of its own, people of every role, a browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import template

NO_SKIP = os.environ.get("SHUANGKONG_NO_SKIP") == "1"
#: Set where the same tests have run on another database: those that ask for none would only run a second time.
ONLY_WITH_DATABASE = os.environ.get("SHUANGKONG_ONLY_WITH_DATABASE") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what has nothing to do with the database, where that was asked for."""
    if ONLY_WITH_DATABASE:
        without = [item for item in items if not _asks_for_database(item)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if _asks_for_database(item)]


def _asks_for_database(item: pytest.Item) -> bool:
    names = {"db", "transactional_db", "live_server"}
    return item.get_closest_marker("django_db") is not None or not names.isdisjoint(getattr(item, "fixturenames", ()))


def _reason(report: Any) -> str:
    return str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ").strip()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A skip without a reason fails always, any skip where nothing may be skipped."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and not hasattr(report, "wasxfail") and (NO_SKIP or _reason(report) in {"", "unconditional skip"}):
        report.outcome, report.longrepr = "failed", f"{item.nodeid}: skipped where it must run: {_reason(report) or 'no reason given'}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a module that skips itself."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and (NO_SKIP or not _reason(report)):
        report.outcome, report.longrepr = "failed", f"{collector.nodeid}: skipped where it must run: {_reason(report)}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The tests' database begins as a copy of the one that ``make test`` has migrated; what a copy lacks, the migrations add as ever.

    Each process of a run would otherwise go through all migrations by itself, which takes longer than most folders of tests.
    """
    from django.db import connection

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            patch.setitem(connection.settings_dict["TEST"], "TEMPLATE", os.environ.get(template.VARIABLE))
        elif (path := template.migrated_file()) is not None:
            patch.setattr(connection, "prepare_database", partial(template.fill, connection, path))
        yield


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files go to a temporary folder; passwords are hashed quickly; assets are looked up when asked for, not at each client's start."""
    settings.HOME = tmp_path_factory.mktemp("home", numbered=True)
    settings.MEDIA_ROOT = settings.HOME / "files"
    settings.ANCHORS = settings.HOME / "anchors.log"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="session")
def guards_step_aside_for_the_flush() -> Iterator[None]:
    """A transactional test ends with a flush of all tables, which the guards refuse; the flush lays them anew as each migrate does."""
    from django.db import connection
    from django.test import TransactionTestCase

    from shuangkong.apps.audit import triggers
    from shuangkong.project.audit_command import guards

    teardown = TransactionTestCase._fixture_teardown

    def without_guards(self: TransactionTestCase) -> None:
        triggers.drop(connection, guards())
        teardown(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_guards)
        yield


@pytest.fixture
def places(db: None) -> dict[str, Any]:
    """A small city: two counties, 不分县 and a zone in the first county, by code."""
    from shuangkong.apps.organisations.models import Subject

    kinds = Subject.Kind
    city = Subject.objects.create(kind=kinds.CITY, code="431000", name="郴州市")
    rows = [(kinds.COUNTY, "431002", "北湖区"), (kinds.COUNTY, "431003", "苏仙区"), (kinds.UNALLOCATED, "431099", "不分县")]
    made = {code: Subject.objects.create(kind=kind, code=code, name=name, parent=city) for kind, code, name in rows}
    zone = Subject.objects.create(kind=kinds.ZONE, code="CZ-HITECH", name="郴州高新区", parent=city, county=made["431002"])
    firm = Subject.objects.create(kind=kinds.ENTERPRISE, code="91-A", name="演示企业甲", parent=made["431002"], county=made["431002"])
    return {"431000": city, **made, "CZ-HITECH": zone, "91-A": firm}


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Make a person: ``make_user("county", subject=…)``."""
    from shuangkong.apps.organisations.models import User

    def make(role: str, username: str = "", **fields: Any) -> User:
        return User.objects.create_user(username or role, password="correct-horse-battery", role=role, **fields)

    return make


@pytest.fixture
def users(places: dict[str, Any], make_user: Callable[..., Any]) -> dict[str, Any]:
    """One person of each role, by role; the county is 431002, ``other_county`` is 431003."""
    from shuangkong.apps.organisations.models import Department

    department = Department.objects.create(code="gxj", short_name="市工信局")
    return {
        "city": make_user("city"),
        "county": make_user("county", subject=places["431002"]),
        "other_county": make_user("county", "other_county", subject=places["431003"]),
        "zone": make_user("county", "zone", subject=places["CZ-HITECH"]),
        "department": make_user("department", department=department),
        "enterprise": make_user("enterprise", subject=places["91-A"]),
        "reader": make_user("reader"),
        "administrator": make_user("administrator"),
    }


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; tests that use it are marked ``browser``."""
    from tests.gates import chromium as find

    path = find()
    if path is None:
        pytest.skip("no chromium found on this machine")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A fresh page in Chinese, 1440 × 900; any error in its console fails the test."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert faults == [], "the page reported errors in its console"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the repository."""
    return Path(__file__).resolve().parents[1]
