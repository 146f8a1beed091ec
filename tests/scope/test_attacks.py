"""What an attacker tries, from outside and as a person of one county."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

from shuangkong.apps.desk.models import Job, StoredFile
from shuangkong.apps.desk.services import files
from shuangkong.apps.organisations.keys import create_key, key_of
from shuangkong.apps.organisations.models import Subject, User
from tests.scope.planting import NOW, City, plant
from tests.scope.reading import body_of, said

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"
LOGIN = "/accounts/login/"
SCRIPT = "<script>alert(7)</script>"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No failure of another test counts."""
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": name, "password": password}, **more)


# at the door


ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "https:evil.example"]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_sign_in_leads_nowhere_else(client: Client, users: dict[str, Any], target: str) -> None:
    answer = client.post(f"{LOGIN}?next={target}", {"login": "county", "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_a_foreign_host_is_refused(client: Client) -> None:
    answer = client.get(LOGIN, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_a_session_from_before_the_sign_in_is_given_up(client: Client, users: dict[str, Any]) -> None:
    session = client.session
    session["seen"] = "1"
    session.save()
    before = client.cookies["sessionid"].value
    sign_in(client, "county")
    assert client.cookies["sessionid"].value != before
    assert client.cookies["sessionid"]["httponly"]


def test_five_wrong_passwords_lock_the_name_from_everywhere(client: Client, users: dict[str, Any]) -> None:
    for i in range(5):
        assert sign_in(client, "county", f"wrong-{i}").status_code == 200
    locked = sign_in(client, "county")
    assert "_auth_user_id" not in client.session
    assert locked.status_code in (200, 429)
    other = Client(REMOTE_ADDR="10.9.8.7", headers={"X-Forwarded-For": "1.2.3.4"})
    sign_in(other, "COUNTY ")
    assert "_auth_user_id" not in other.session
    sign_in(other, "reader")
    assert "_auth_user_id" in other.session


def test_who_has_an_account_is_not_told(client: Client, users: dict[str, Any]) -> None:
    def words(name: str) -> str:
        answer = Client(REMOTE_ADDR=f"10.0.0.{len(name)}").post(LOGIN, {"login": name, "password": "wrong"})
        return answer.content.decode().replace(name, "")

    token = "csrfmiddlewaretoken"
    known, unknown = words("county"), words("nobody")
    assert [line for line in known.splitlines() if token not in line] == [line for line in unknown.splitlines() if token not in line]


@pytest.mark.parametrize("path", ["password/reset/", "signup/", "login/code/confirm/", "email/", "password/set/", "confirm-email/x/"])
def test_nobody_makes_or_recovers_an_account_by_himself(client: Client, users: dict[str, Any], path: str, mailoutbox: list[Any]) -> None:
    before = list(User.objects.values_list("username", "password"))
    form = {"email": "a@b.example", "username": "evil", "password1": PASSWORD, "password2": PASSWORD, "role": "city", "code": "1"}
    answer = client.post(f"/accounts/{path}", form)
    assert answer.status_code < 500
    assert list(User.objects.values_list("username", "password")) == before
    assert "_auth_user_id" not in client.session


def test_sign_ins_of_the_demonstration_open_nothing_live(client: Client, users: dict[str, Any], settings: Any) -> None:
    User.objects.filter(username="county").update(demonstration=True)
    text = create_key(users["county"], "试", ["read"], 30, now=NOW).text
    settings.DEMONSTRATION = False
    sign_in(client, "county")
    assert "_auth_user_id" not in client.session
    assert key_of(text, NOW) is None
    settings.DEMONSTRATION = True
    sign_in(client, "county")
    assert "_auth_user_id" in client.session
    assert key_of(text, NOW) is not None


def test_there_is_no_other_door(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["administrator"])
    for path in ("/admin/", "/.git/config", "/static/../settings.py", "/static/%2e%2e/settings.py", "/secret.key", "/files/../secret.key"):
        assert client.get(path).status_code == 404, path


# requests that are bent


def test_writes_need_the_token_and_the_method(users: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(users["city"])
    for path in ("/keys/", "/keys/1/revoke/", "/jobs/1/cancel/", "/data/batches/1/undo/", "/reports/file/", "/data/import/electricity/"):
        assert client.post(path, {}).status_code == 403, path
    loose = Client()
    loose.force_login(users["city"])
    for path in ("/keys/1/revoke/", "/jobs/1/cancel/", "/jobs/1/confirm/", "/data/batches/1/undo/", "/reports/file/"):
        assert loose.get(path, headers={"X-HTTP-Method-Override": "POST"}).status_code == 405, path
        assert loose.get(f"{path}?_method=POST").status_code == 405, path


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/{n}/", "/files/{n}/", "/data/rows/{n}/", "/data/batches/{n}/", "/explain/value/{n}/", "/reports/{n}/", "/audit/{n}/",
        "/api/v1/rows/{n}", "/api/v1/values/{n}", "/api/v1/jobs/{n}",
    ],
)  # fmt: skip
def test_a_number_beyond_all_is_not_there(client: Client, users: dict[str, Any], path: str) -> None:
    client.force_login(users["city"])
    for number in (0, 2**31, 2**63, 10**30):
        assert client.get(path.format(n=number)).status_code == 404, number


NULLS = ["/search/?q=%00", "/counties/%00/", "/data/?subject=%00", "/audit/?who=%00", "/plan/%00/", "/?plan=%00", "/api/v1/rows?flows=%00"]


@pytest.mark.parametrize("path", NULLS)
def test_a_null_character_is_no_text(client: Client, users: dict[str, Any], path: str) -> None:
    client.force_login(users["city"])
    assert client.get(path).status_code in (400, 404)


@pytest.mark.parametrize("text", ["' OR 1=1 --", "1; DROP TABLE ledger_row", "%' OR '1'='1", "\\", "x" * 3000, "𝕏̀‮", "{{7*7}}", "${7*7}"])
def test_filters_are_no_statements(client: Client, users: dict[str, Any], places: dict[str, Any], tmp_path: Any, text: str) -> None:
    plant(users, tmp_path)
    client.force_login(users["county"])
    names = (
        "subject", "subjects", "measure", "product", "period", "origin", "release", "known_on", "plan", "q", "who", "sort", "page",
    )  # fmt: skip
    query = dict.fromkeys(names, text)
    pages = (
        "/", "/data/", "/data/batches/", "/audit/", "/plan/cz-15/", "/search/", "/counties/", "/calculators/", "/jobs/", "/reports/draft/",
    )  # fmt: skip
    for path in pages:
        assert client.get(path, query).status_code in (200, 400), path
    for name in ("measures", "subjects", "products", "flows", "origins", "releases", "industries", "zones"):
        assert client.get("/api/v1/rows", {name: text}).json()["count"] == 0, name
    assert client.get("/api/v1/values", {"codes": text}).json()["count"] == 0


def test_a_form_that_is_too_long_is_a_page_not_a_fault(client: Client, users: dict[str, Any], settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    client.force_login(users["city"])
    assert client.post("/keys/", {"name": "x" * 20_000}).status_code in (400, 413)
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
    assert client.post("/keys/", {f"f{i}": "1" for i in range(50)}).status_code in (400, 413)


def test_a_file_beyond_the_limit_is_refused_and_not_kept(client: Client, users: dict[str, Any], settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    client.force_login(users["county"])
    form = {"origin": "reported", "known_on": "2026-01-01", "file": SimpleUploadedFile("a.xlsx", b"x" * 5000)}
    assert client.post("/data/import/electricity/", form).status_code == 400
    assert not StoredFile.objects.unscoped("test").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.xlsx", "..\\..\\boot.xlsx", "/etc/passwd.xlsx", 'a"; x="b.xlsx', "a\r\nSet-Cookie: x=1.xlsx",
        "\u202exslx.exe.xlsx", "..",
    ],
)  # fmt: skip
def test_the_name_of_a_file_leads_nowhere(client: Client, users: dict[str, Any], settings: Any, name: str) -> None:
    stored = files.store(users["county"], name, [b"content"], content_type=files.XLSX)
    assert files.path_of(stored).resolve().is_relative_to(settings.MEDIA_ROOT.resolve())
    assert not any(letter in stored.name for letter in "/\\\r\n\"\u202e")
    client.force_login(users["county"])
    answer = client.get(f"/files/{stored.pk}/")
    assert body_of(answer) == b"content"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "Set-Cookie" not in answer.headers
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_nobody_files_for_another_place_or_as_the_city(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["county"])
    form = {"plan": "cz-15", "subject": "431003", "period": "2026-01/09", "owner": users["city"].pk, "filed_by": users["city"].pk}
    assert client.post("/reports/file/", form).status_code == 400
    sheet = {"origin": "published", "known_on": "2026-01-01", "file": SimpleUploadedFile("a.xlsx", b"x"), "document": "x"}
    assert client.post("/data/import/electricity/", sheet).status_code == 400
    assert not Job.objects.unscoped("test").exists()


# words that are code


@pytest.fixture
def scripted(users: dict[str, Any], places: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> City:
    """A city where every name and remark is a script."""
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    monkeypatch.setattr("tests.scope.planting.mark", lambda kind, tag: f"{SCRIPT}{{{{7*7}}}}{kind}{tag}")
    city = plant(users, tmp_path)
    Subject.objects.filter(code="431003").update(name=f"苏仙{SCRIPT}&{{{{7*7}}}}")
    User.objects.update(first_name=SCRIPT)
    return city


def test_words_of_people_stay_words_in_pages(scripted: City, users: dict[str, Any]) -> None:
    city = Client()
    city.force_login(users["city"])
    ids = scripted.ids["B"]
    pages = (
        "/", "/counties/", "/counties/431003/", f"/explain/value/{ids['value']}/", "/data/", f"/data/rows/{ids['row']}/", "/data/batches/",
        f"/data/batches/{ids['batch']}/", "/jobs/", f"/jobs/{ids['job']}/", "/audit/", f"/audit/{ids['entry']}/", "/plan/cz-15/",
        "/reports/",
        f"/reports/{ids['report']}/", f"/search/?q={SCRIPT}", "/search/?q=苏仙", "/inbox/", "/keys/", "/accounts/2fa/", f"/?plan={SCRIPT}",
        f"/audit/?who={SCRIPT}", f"/calculators/?q={SCRIPT}",
    )  # fmt: skip
    seen = 0
    for path in pages:
        answer = city.get(path)
        text = answer.content.decode()
        assert answer.status_code == 200, path
        assert SCRIPT not in text, path
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        seen += "&lt;script&gt;alert(7)" in text or "\\u003Cscript\\u003Ealert(7)" in text
    assert seen > 12


def test_words_of_people_stay_words_in_documents(scripted: City, users: dict[str, Any]) -> None:
    client = Client()
    client.force_login(users["city"])
    answer = client.get("/reports/draft/?plan=cz-15&subject=431003&period=2026-01/09&format=docx")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        for name in package.namelist():
            if name.endswith(".xml"):
                etree.fromstring(package.read(name))
    text = said(answer)
    assert SCRIPT in text
    assert "{{7*7}}" in text


def test_a_template_in_a_remark_is_not_worked_out(scripted: City, users: dict[str, Any]) -> None:
    client = Client()
    client.force_login(users["city"])
    text = client.get(f"/data/rows/{scripted.ids['B']['row']}/").content.decode()
    assert "{{7*7}}" in text
