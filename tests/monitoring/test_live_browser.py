"""In a real browser on a real gateway: a device is cut, the page turns, who is concerned is told, a back-fill closes the gap."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from shuangkong.apps.monitoring.models import Outage, Point
from shuangkong.apps.monitoring.services import collecting, points, quality
from shuangkong.apps.organisations.models import Department
from shuangkong.apps.plans.models import Clause, Duty, Plan
from shuangkong.hj212 import build_frame
from shuangkong.hj212.message import CIVIL
from tests.monitoring import kit
from tests.monitoring.test_real_gateway import Logger, free_port, within

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECOND = timedelta(seconds=1)


@pytest.fixture
def bureau(places, make_user):
    """The environment bureau leads the clause on telemetry; its person is one of the city's."""
    plan = Plan.objects.create(code="p", title="方案", subject=places["431000"], base_year=2020, first_year=2021, last_year=2025)
    clause = Clause.objects.create(plan=plan, code="1", number="一", chapter="一", title="许可", summary="-", topic="telemetry")
    department = Department.objects.create(code="eeb", short_name="市生态环境局")
    Duty.objects.create(clause=clause, department=department, role="lead")
    return make_user("city", "huanjing", department=department)


@pytest.fixture
def gateway(users, places, bureau):
    """Gateway, hand-over and the follower of the series as processes of their own; gives the port."""
    kit.register(users["city"], subject_id=places["91-A"].pk)
    collecting.step(datetime.now(UTC))
    port, store = free_port(), ["--store", str(collecting.store())]
    me = [sys.executable, "-m", "shuangkong"]
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    commands = (
        [*me, "gateway", "worker", *store, "--port", str(port)], [*me, "gateway", "handover", *store], [*me, "series", "follow", *store],
    )  # fmt: skip
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


@pytest.fixture
def open_as(live_server, chromium):
    """A page of the browser as a person; all contexts are closed at the end."""
    contexts = []

    def enter(user, address):
        client = Client()
        client.force_login(user)
        context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + address)
        return page

    yield enter
    for context in contexts:
        context.close()


class Sender(Logger):
    """A logger that sends what it measured at a moment, marked when it is sent afterwards."""

    def measured(self, at, resent=False):
        self.number += 1
        cp = f"DataTime={at.astimezone(CIVIL):%Y%m%d%H%M%S};w01018-Rtd=30.1,w01018-Flag=N"
        qn = f"{datetime.now(UTC).astimezone(CIVIL):%Y%m%d%H%M%S}{self.number % 1000:03d}"
        self.socket.sendall(build_frame(qn=qn, st="32", cn="2011", pw=kit.PW, mn=kit.MN, flag=5, cp=cp, resent=resent))
        assert self.answer(30) == ("9014", qn)


def worked(condition):
    """The worker's steps, until ``condition`` holds."""

    def step():
        now = datetime.now(UTC)
        collecting.step(now)
        quality.step(now)
        return condition()

    return within(90, step)


def whole_second():
    return datetime.now(UTC).replace(microsecond=0)


def outage():
    return Outage.objects.unscoped("test").filter(source=f"hj212/{kit.MN}").first()


def test_a_cut_device_turns_the_page_reaches_the_inboxes_and_its_back_fill_closes_the_gap(gateway, users, bureau, open_as, live_server):
    from playwright.sync_api import expect

    logger = Sender(gateway)
    first = whole_second()
    for _ in range(3):
        logger.measured(whole_second())
        time.sleep(1)
    worked(lambda: Point.objects.unscoped("test").exclude(last_at=None).exists())
    point = Point.objects.unscoped("test").get()
    points.change_point(point, points.Change(interval_s=5), users["city"])

    logger.measured(whole_second())
    heard = worked(lambda: Point.objects.unscoped("test").filter(last_at__gt=first + 2 * SECOND).first())
    page = open_as(users["county"], "/monitoring/")
    row = page.locator("table.rows tbody tr").first
    expect(row).to_contain_text("在线", timeout=60_000)
    expect(page.locator("[data-live-sign=on]")).to_be_visible(timeout=60_000)

    # the line is cut: the page turns without anybody asking for it
    logger.close()
    expect(row).to_contain_text("中断", timeout=10_000)

    # the outage stands in the inbox of whom it concerns, and leads to its page
    worked(outage)
    for user in (users["enterprise"], users["county"], bureau):
        inbox = open_as(user, "/inbox/")
        expect(inbox.locator("main")).to_contain_text("总排口数采仪中断")
        inbox.goto(f"{live_server.url}/monitoring/outages/{outage().pk}/")
        expect(inbox.locator("h1")).to_contain_text("总排口数采仪")
    assert "总排口数采仪" not in open_as(users["other_county"], "/inbox/").content()

    # the device comes back; until it sends what it missed, the gap stands on the page
    within(60, lambda: datetime.now(UTC) - heard.last_at > 20 * SECOND)
    logger = Sender(gateway)
    back = whole_second()
    logger.measured(back)
    worked(lambda: outage().state == "restored")
    address = f"/monitoring/points/{point.pk}/?level=realtime"
    chart = open_as(users["enterprise"], address)
    expect(chart.locator("main")).to_contain_text("缺数，不插补：1段")
    expect(row).to_contain_text("在线", timeout=60_000)

    at = heard.last_at + SECOND
    while at < back:
        logger.measured(at, resent=True)
        at += SECOND
    worked(lambda: outage().state == "closed")
    chart.goto(live_server.url + address)
    expect(chart.locator("main")).not_to_contain_text("缺数，不插补：")
    expect(chart.locator("main")).to_contain_text("补传")
    logger.close()
