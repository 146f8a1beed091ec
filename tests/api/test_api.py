"""The API as its callers meet it: keys and sessions, one shape of problems, the mark of the demonstration, the same calculators."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from shuangkong.apps.desk.services import jobs
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.calculators import CALCULATORS
from shuangkong.calculators.runner import run
from shuangkong.project.api import access, docs
from tests.ledger import kit

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
Caller = Callable[..., Client]


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"].startswith("application/json")
    body = answer.json()
    assert body["what"]
    assert {"what", "where", "why", "do"} <= set(body)
    return body


def test_nobody_gets_in_without_a_key_or_session(client: Client) -> None:
    assert problem_of(client.get(f"{V1}/subjects"), 401)["do"]
    assert client.get(f"{V1}/subjects")["WWW-Authenticate"] == "Bearer"
    bad = {"Authorization": "Bearer sk_0_0"}
    problem_of(client.get(f"{V1}/subjects", headers=bad), 401)
    problem_of(client.post(f"{V1}/calculators/energy.decline/run", "{}", content_type="application/json"), 401)


def test_a_bad_key_is_not_saved_by_a_session(client: Client, users: dict[str, Any]) -> None:
    client.force_login(users["city"])
    assert client.get(f"{V1}/subjects").status_code == 200
    problem_of(client.get(f"{V1}/subjects", headers={"Authorization": "Bearer sk_0_0"}), 401)


def test_a_key_does_only_what_it_is_made_for(caller: Caller, users: dict[str, Any]) -> None:
    reads = caller(users["city"], "read")
    assert reads.get(f"{V1}/rows").status_code == 200
    for answer in (
        reads.get(f"{V1}/calculators"), reads.get(f"{V1}/imports"), reads.post(f"{V1}/jobs/1/cancel"),
        caller(users["city"], "calculate").get(f"{V1}/rows"), caller(users["city"], "import").get(f"{V1}/values"),
    ):  # fmt: skip
        assert "用途" in problem_of(answer, 403)["why"]


def test_a_session_writes_only_with_the_token(users: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(users["city"])
    address, body = f"{V1}/calculators/{CALCULATORS[0].id}/run", json.dumps(dict(CALCULATORS[0].example), default=str)
    problem_of(client.post(address, body, content_type="application/json"), 403)
    client.get("/keys/")
    token = client.cookies["csrftoken"].value
    answer = client.post(address, body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200, answer.content.decode()


def test_a_key_writes_without_the_token(caller: Caller, users: dict[str, Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.defaults.update(caller(users["city"], "calculate").defaults)
    body = json.dumps(dict(CALCULATORS[0].example), default=str)
    assert strict.post(f"{V1}/calculators/{CALCULATORS[0].id}/run", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda c: c.id)
def test_a_calculator_answers_as_the_command_does(caller: Caller, users: dict[str, Any], calculator: Any) -> None:
    client = caller(users["reader"], "calculate")
    given = {"on": "2026-01-01", **calculator.example}
    answer = client.post(f"{V1}/calculators/{calculator.id}/run", json.dumps(given, default=str), content_type="application/json")
    assert answer.status_code == 200, answer.content.decode()
    from shuangkong.apps.plans.services import current_rulebook

    assert answer.json() == run(calculator.id, json.loads(json.dumps(given, default=str)), rulebook=current_rulebook())
    assert client.get(f"{V1}/calculators/{calculator.id}").json()["inputs"] == calculator.schemas()["inputs"]


def test_a_list_in_is_a_list_out_and_a_bad_item_says_why(caller: Caller, users: dict[str, Any]) -> None:
    calculator = CALCULATORS[0]
    good = json.loads(json.dumps({"on": "2026-01-01", **calculator.example}, default=str))
    client = caller(users["reader"], "calculate")
    answer = client.post(f"{V1}/calculators/{calculator.id}/run", json.dumps([good, {"nothing": 1}]), content_type="application/json")
    first, second = answer.json()
    assert first["outputs"]
    assert second["error"]["what"]


NO_INPUTS = ["", "{", "[", "1", "null", '"text"', '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 5000, b"\xff"]


@pytest.mark.parametrize("body", NO_INPUTS, ids=range(len(NO_INPUTS)))
def test_a_body_that_is_no_input_is_a_problem(caller: Caller, users: dict[str, Any], body: Any) -> None:
    client = caller(users["reader"], "calculate")
    problem_of(client.post(f"{V1}/calculators/{CALCULATORS[0].id}/run", body, content_type="application/json"), 400)


def test_a_body_beyond_the_limit_is_a_problem(caller: Caller, users: dict[str, Any], settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = caller(users["reader"], "calculate")
    body = json.dumps([{}] * 5000)
    problem_of(client.post(f"{V1}/calculators/{CALCULATORS[0].id}/run", body, content_type="application/json"), 400)


def test_wrong_addresses_methods_and_parameters_are_problems(caller: Caller, users: dict[str, Any]) -> None:
    client = caller(users["city"])
    for address in ("/api/", "/api/v2/rows"):
        problem_of(client.get(address), 404)
    for address in ("nothing", "rows/99999999999999999999", "subjects/000", "calculators/x", "rows/-1", "plans/%00"):
        assert client.get(f"{V1}/{address}").status_code in (400, 404), address
    assert problem_of(client.delete(f"{V1}/rows"), 405)["why"]
    for query in ("limit=501", "limit=0", "offset=-1", "limit=x", "known_on=yesterday", "batches=x"):
        assert problem_of(client.get(f"{V1}/rows?{query}"), 422)["where"]
    for query in ("periods=soon", "periods=2026-13"):
        problem_of(client.get(f"{V1}/rows?{query}"), 400)


def test_a_fault_of_ours_shows_a_number_and_nothing_else(caller: Caller, users: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("shuangkong.apps.audit.selectors.newest_head", fail)
    body = problem_of(caller(users["city"]).get(f"{V1}/audit/head"), 500)
    assert body["number"].startswith("E-")
    assert "secret" not in json.dumps(body)


def test_too_many_calls_wait(caller: Caller, users: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.CallerThrottle, "allow_request", lambda self, request: False)
    monkeypatch.setattr(access.CallerThrottle, "wait", lambda self: 7)
    answer = caller(users["city"]).get(f"{V1}/subjects")
    problem_of(answer, 429)
    assert int(answer["Retry-After"]) >= 7


def test_calls_are_counted_for_each_key_apart(caller: Caller, users: dict[str, Any], rf: Any) -> None:
    limit = access.CallerThrottle("2/m")
    first, second = rf.get("/"), rf.get("/")
    first.auth, second.auth = users["city"], users["county"]
    assert [limit.allow_request(first) for _ in range(3)] == [True, True, False]
    assert limit.allow_request(second)


def test_every_answer_of_the_demonstration_says_so(caller: Caller, users: dict[str, Any], settings: Any) -> None:
    client = caller(users["city"])
    calculator = CALCULATORS[0]
    body = json.dumps({"on": "2026-01-01", **calculator.example}, default=str)
    run_at = f"{V1}/calculators/{calculator.id}/run"

    def answers() -> list[Any]:
        places = ("subjects", "rows", "values", "plans", "audit/head", "nothing", "rows?limit=0")
        gets = [client.get(f"{V1}/{place}").json() for place in places]
        return [
            *gets, client.post(run_at, body, content_type="application/json").json(),
            *client.post(run_at, f"[{body}, {{}}]", content_type="application/json").json(), client.delete(f"{V1}/rows").json(),
        ]  # fmt: skip

    settings.DEMONSTRATION = False
    assert not any(body.get("demonstration") for body in answers())
    settings.DEMONSTRATION = True
    assert all(body["demonstration"] is True for body in answers())


def test_a_workbook_goes_the_whole_way(caller: Caller, users: dict[str, Any], tmp_path: Path) -> None:
    load_catalogue()
    client = caller(users["county"])
    rows = [kit.electricity_row(1), kit.electricity_row(2, 期别="2025年7月", 用电量="nothing")]
    path = kit.workbook(tmp_path / "用电.xlsx", kit.ELECTRICITY, rows)
    assert "electricity" in [kind["id"] for kind in client.get(f"{V1}/imports").json()["items"]]
    with path.open("rb") as file:
        form = {"known_on": "2025-08-10", "origin": "reported", "file": file}
        answer = client.post(f"{V1}/imports/electricity", form)
    assert answer.status_code == 200, answer.content.decode()
    job = answer.json()
    assert job["state"] == "waiting"
    jobs.run(job["id"])
    checked = client.get(f"{V1}/jobs/{job['id']}").json()
    assert (checked["state"], checked["counts"]["new"], checked["counts"]["refused"]) == ("done", 1, 1)
    assert [finding["cell"] for finding in checked["findings"]]
    confirmed = client.post(f"{V1}/imports/{job['id']}/confirm", "{}", content_type="application/json").json()
    jobs.run(confirmed["id"])
    applied = client.get(f"{V1}/jobs/{confirmed['id']}").json()
    assert applied["state"] == "done", applied
    line = client.get(f"{V1}/rows?measures=electricity&periods=2025-06&batches={applied['batch']}").json()["items"][0]
    assert (line["subject"], Decimal(line["quantity"]), line["batch"]) == ("431002", Decimal("321.5"), applied["batch"])
    assert client.get(f"{V1}/batches/{applied['batch']}").json()["rows_kept"] == 1


def test_what_is_no_workbook_or_not_ones_to_file_is_a_problem(caller: Caller, users: dict[str, Any], tmp_path: Path) -> None:
    path = kit.workbook(tmp_path / "a.xlsx", kit.ELECTRICITY, [kit.electricity_row()])

    def post(user: str, kind: str, **changes: str) -> Any:
        with path.open("rb") as file:
            form = {"known_on": "2025-08-10", "origin": "reported", "file": file, **changes}
            return caller(users[user]).post(f"{V1}/imports/{kind}", form)

    problem_of(post("county", "electricity", origin="published"), 400)
    problem_of(post("county", "electricity", known_on="2099-01-01"), 400)
    problem_of(post("county", "nothing"), 404)
    problem_of(post("reader", "electricity"), 404)
    problem_of(caller(users["county"]).post(f"{V1}/imports/electricity", {"origin": "reported"}), 422)


def test_lists_are_paged(caller: Caller, users: dict[str, Any]) -> None:
    client = caller(users["city"])
    whole = client.get(f"{V1}/subjects").json()
    parts = [client.get(f"{V1}/subjects?limit=2&offset={offset}").json() for offset in range(0, whole["count"], 2)]
    assert [line["code"] for part in parts for line in part["items"]] == [line["code"] for line in whole["items"]]
    assert {part["count"] for part in parts} == {whole["count"]}


def test_the_document_describes_what_there_is(client: Client, users: dict[str, Any]) -> None:
    document = client.get(f"{V1}/openapi.json").json()
    assert len(document["paths"]) > 20
    listed = list(docs.operations(docs.document()))
    assert {operation.scope for operation in listed} == {"read", "calculate", "import", "file"}
    assert all(operation.summary and operation.description for operation in listed)
    assert client.get(f"{V1}/docs/").status_code == 302
    client.force_login(users["reader"])
    page = client.get(f"{V1}/docs/").content.decode()
    assert all(operation.path in page for operation in listed)
    assert client.get(f"{V1}/")["Location"] == f"{V1}/docs/"


def test_the_reference_page_is_current(repository: Path) -> None:
    assert (repository / "docs/reference/api.md").read_text(encoding="utf-8") == docs.reference()
