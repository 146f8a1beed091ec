"""Reminders go out once a day, by a real SMTP server and to a real HTTP server, and never where they must not."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from shuangkong.apps.desk import webhooks, workdays
from shuangkong.apps.desk.models import Reminder, ReminderSetting
from shuangkong.apps.desk.services import open_item, reminders
from shuangkong.core.errors import InputError
from tests.desk import servers

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 11, 27)
MORNING = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh():
    workdays.forget()
    yield
    workdays.forget()


@pytest.fixture
def mail(settings):
    with servers.smtp() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.DEFAULT_FROM_EMAIL = "platform@example.cn"
        yield server


@pytest.fixture
def robot(settings):
    with servers.robot() as server:
        server.origin = f"http://127.0.0.1:{server.server_address[1]}"
        settings.WEBHOOK_HOSTS = [server.origin]
        yield server


def setting(user, *, url="", kind="wecom", email="", by_mail=True):
    reminders.set_up(user, email=email, by_mail=by_mail, kind=kind, url=url)
    user.refresh_from_db()


def item(key, due_on, **to):
    return open_item(key, kind="test", title=f"填报{key}", address="/", today=FRIDAY, due_on=due_on, **to)


def run(now=MORNING):
    steps = 0
    while reminders.step(now):
        steps += 1
        assert steps < 100
    return steps


def states():
    return dict(Reminder.objects.unscoped("test").values_list("user__username", "state"))


def test_the_morning_digest_by_mail_once_a_day(users, places, mail):
    setting(users["enterprise"], email="a@example.cn")
    item("甲", FRIDAY, subject=places["91-A"])
    item("乙", date(2026, 12, 2), subject=places["91-A"])
    item("远", date(2026, 12, 3), subject=places["91-A"])
    item("旧", date(2026, 11, 25), user=users["enterprise"])
    item("别", FRIDAY, subject=places["431003"])
    assert run() == 3
    (message,) = mail.taken
    assert message["To"] == "a@example.cn" and message["From"] == "platform@example.cn"
    assert message["Subject"].strip() == "3件事快到期或已超期，其中超期1件"
    lines = message.get_content().splitlines()
    assert lines[:3] == ["填报旧：2026-11-25，超2个工作日", "填报甲：2026-11-27，今天到期", "填报乙：2026-12-02，剩3个工作日"]
    assert lines[-1] == "http://127.0.0.1:8000/inbox/"
    assert states() == {"enterprise": "sent", "other_county": "inbox"}
    item("新", FRIDAY, subject=places["91-A"])
    assert run(MORNING + timedelta(hours=5)) == 0
    assert run(MORNING + timedelta(days=3)) > 0
    assert len(mail.taken) == 2


@pytest.mark.parametrize("now", [datetime(2026, 11, 27, 0, 59, tzinfo=UTC), datetime(2026, 11, 28, 2, tzinfo=UTC)])
def test_not_before_nine_and_not_on_a_day_off(users, places, now):
    item("甲", FRIDAY, subject=places["91-A"])
    assert run(now) == 0
    assert not Reminder.objects.unscoped("test").exists()


def test_reminding_others_respects_the_day_and_says_whom_it_left_out(users, places, mail):
    setting(users["enterprise"], email="a@example.cn")
    bodies = {users["enterprise"]: ("请填报", "9月报表"), users["county"]: ("请填报", "9月报表")}
    assert reminders.remind(bodies, users["city"], FRIDAY) == reminders.Asked(2, 0)
    assert reminders.remind(bodies, users["city"], FRIDAY) == reminders.Asked(0, 2)
    item("甲", FRIDAY, subject=places["91-A"])
    run()
    assert [message["Subject"].strip() for message in mail.taken] == ["请填报"]


def test_a_refused_mail_is_tried_again_and_then_said(users, mail):
    setting(users["enterprise"], email="a@example.cn")
    mail.refuses = True
    reminders.remind({users["enterprise"]: ("t", "b")}, users["city"], FRIDAY)
    for minutes in (0, 9, 11, 40):
        run(MORNING + timedelta(minutes=minutes))
    found = Reminder.objects.unscoped("test").get()
    assert (found.state, found.attempts, found.mailed_to) == ("failed", 3, "")
    assert "550" in found.error and mail.taken == []


def test_a_mail_server_that_is_away_is_no_traceback(users, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    setting(users["enterprise"], email="a@example.cn")
    reminders.remind({users["enterprise"]: ("t", "b")}, users["city"], FRIDAY)
    run()
    assert Reminder.objects.unscoped("test").get().error.startswith("邮件：")


def test_a_worker_killed_while_sending_leaves_no_second_message(users, mail, monkeypatch):
    setting(users["enterprise"], email="a@example.cn")
    reminders.remind({users["enterprise"]: ("t", "b")}, users["city"], FRIDAY)
    with monkeypatch.context() as killed:
        killed.setattr(reminders, "_close", lambda reminder, now: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            reminders.step(MORNING)
    assert len(mail.taken) == 1
    assert run() == 0
    assert states() == {"enterprise": "sending"}
    assert len(mail.taken) == 1


def test_header_lines_in_a_title_do_not_become_headers(users, mail):
    setting(users["enterprise"], email="a@example.cn")
    reminders.remind({users["enterprise"]: ("t\nBcc: x@example.cn", "b")}, users["city"], FRIDAY)
    run()
    (message,) = mail.taken
    assert "Bcc" not in message and message["Subject"] == "t Bcc: x@example.cn"


# webhook


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_the_webhook_takes_the_text(users, robot, kind):
    setting(users["enterprise"], url=f"{robot.origin}/cgi-bin/webhook/send?key=s3cret", kind=kind)
    reminders.remind({users["enterprise"]: ("请填报", "9月报表")}, users["city"], FRIDAY)
    run()
    ((path, host, content),) = robot.taken
    assert path == "/cgi-bin/webhook/send?key=s3cret" and host.startswith("127.0.0.1:")
    assert content["msgtype"] == "text" and content["text"]["content"].startswith("请填报\n9月报表\n")
    assert states() == {"enterprise": "sent"}


def test_the_key_of_a_webhook_is_neither_shown_nor_logged_nor_open_in_the_database(users, robot):
    setting(users["enterprise"], url=f"{robot.origin}/send?key=s3cret")
    client = Client()
    client.force_login(users["enterprise"])
    page = client.get("/reminders/").content.decode()
    assert "已设置企业微信群机器人的地址" in page and "s3cret" not in page
    assert "s3cret" not in ReminderSetting.objects.unscoped("test").get().webhook_sealed


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"Location": "http://127.0.0.1:9/"}, b""), (500, {}, b""), (404, {}, b"{}"),
        (200, {}, b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_said_and_redirects_are_not_followed(users, robot, answer):
    robot.answer = answer
    with pytest.raises(webhooks.NotSent):
        webhooks.send(f"{robot.origin}/x", "wecom", "t", "b")
    assert len(robot.taken) == 1


def test_a_robot_that_never_ends_its_answer_costs_seconds(robot, monkeypatch):
    robot.pause = threading.Event()
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.3)
    with pytest.raises(webhooks.NotSent, match="没有送达"):
        webhooks.send(f"{robot.origin}/x", "wecom", "t", "b")
    robot.pause.set()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x", "http://qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com:8443/x", "https://qyapi.weixin.qq.com.evil.cn/",
        "https://qyapi.weixin.qq.com@evil.cn/", "https://user:pw@qyapi.weixin.qq.com/", "ftp://qyapi.weixin.qq.com/", "file:///etc/passwd",
        "http://127.0.0.1:8000/", "http://[::1]/", "not an address", "https://:0:/", "https://qyapi.weixin.qq.com:99999/",
    ],
)
def test_only_listed_origins(users, settings, url):
    settings.WEBHOOK_HOSTS = ["qyapi.weixin.qq.com"]
    with pytest.raises(InputError):
        webhooks.checked(url)
    with pytest.raises(InputError):
        reminders.set_up(users["county"], email="", by_mail=True, kind="wecom", url=url)
    assert webhooks.checked("https://QYAPI.weixin.qq.com/cgi-bin/webhook/send?key=1").hostname == "qyapi.weixin.qq.com"


@pytest.mark.parametrize("path", ["键", "a b", "a\x00b", "\x7f"])
def test_an_address_that_cannot_be_sent_is_refused_when_it_is_entered(users, robot, path):
    host, port = robot.server_address[:2]
    with pytest.raises(InputError):
        webhooks.send(f"http://{host}:{port}/{path}", "wecom", "t", "b")
    with pytest.raises(InputError):
        reminders.set_up(users["county"], email="", by_mail=True, kind="wecom", url=f"http://{host}:{port}/{path}")
    assert robot.taken == []


def test_a_listed_name_that_leads_into_a_private_network_is_refused(settings, robot):
    port = robot.server_address[1]
    settings.WEBHOOK_HOSTS = [f"http://localhost:{port}"]
    with pytest.raises(webhooks.NotSent, match="内网"):
        webhooks.send(f"http://localhost:{port}/x", "wecom", "t", "b")
    assert robot.taken == []


#: Private addresses inside addresses of version 6 that translate or carry them, and groups of receivers.
CARRIED = ["::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::ffff:0:127.0.0.1", "::127.0.0.1", "224.0.0.1", "ff0e::1"]
PRIVATE = ["10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "::1", "fd00::1", "0.0.0.0"]


@pytest.mark.parametrize("address", [*PRIVATE, *CARRIED])
def test_no_name_leads_into_a_private_network(monkeypatch, address):
    public = [(0, 0, 0, "", ("1.2.4.8", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda host, port, type: [*public, (0, 0, 0, "", (address, port))])
    with pytest.raises(webhooks.NotSent, match="内网"):
        webhooks.address_of("robot.example", 443)
    monkeypatch.setattr("socket.getaddrinfo", lambda host, port, type: public)
    assert webhooks.address_of("robot.example", 443) == "1.2.4.8"


def test_the_page_of_settings(users, robot):
    client = Client()
    client.force_login(users["enterprise"])
    refused = client.post("/reminders/", {"email": "a@example.cn", "by_mail": "on", "kind": "wecom", "url": "https://evil.example/"})
    assert refused.status_code == 400 and "不在允许的名单里" in refused.content.decode()
    given = {"email": "a@example.cn", "by_mail": "on", "kind": "dingtalk", "url": f"{robot.origin}/r"}
    assert client.post("/reminders/", given).status_code == 302
    users["enterprise"].refresh_from_db()
    assert users["enterprise"].email == "a@example.cn"
    assert client.post("/reminders/", {**given, "url": ""}).status_code == 302
    assert ReminderSetting.objects.unscoped("test").get().webhook_sealed
    assert client.post("/reminders/", {"email": "nonsense"}).status_code == 400
    assert client.post("/reminders/", {"email": "", "kind": ""}).status_code == 302
    assert ReminderSetting.objects.unscoped("test").get().webhook_sealed == ""


def test_the_number_of_statements_of_the_digests_does_not_grow(users, places, make_user, django_assert_max_num_queries):
    for number in range(40):
        make_user("enterprise", f"e{number}", subject=places["91-A"])
        item(f"甲{number}", FRIDAY, subject=places["91-A"])
    with django_assert_max_num_queries(14):
        assert reminders.plan(MORNING)
    assert Reminder.objects.unscoped("test").count() == 41
    assert "另有20件" in Reminder.objects.unscoped("test").first().body
