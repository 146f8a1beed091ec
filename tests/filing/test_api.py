"""Filings over HTTP: a program lists what is owed, reads the definition, saves, is told of conflicts and faults, submits."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from shuangkong.apps.organisations.keys import create_key
from tests.filing.kit import MONTH, again

pytestmark = pytest.mark.django_db
V1 = "/api/v1/filings"


@pytest.fixture
def caller(people: dict[str, Any]) -> Callable[..., Client]:
    cache.clear()

    def make(who: str, *scopes: str) -> Client:
        key = create_key(people[who], "试", list(scopes or ("file",)), 30, now=datetime.now(UTC))
        return Client(headers={"Authorization": f"Bearer {key.text}"})

    return make


def put(client: Client, filing: Any, **body: Any) -> Any:
    return client.put(f"{V1}/{filing.pk}/draft", json.dumps(body), content_type="application/json")


def test_a_program_files(caller: Any, filing: Any, people: dict[str, Any]) -> None:
    mine, client = filing(), caller("enterprise")
    (line,) = client.get(V1).json()["items"]
    assert (line["form"], line["subject"], line["period"], line["state"]) == ("key_unit_month", "91-A", "2026-09", "not_filed")
    definition = client.get(f"{V1}/forms/{line['form']}").json()
    assert [table["key"] for table in definition["tables"]] == ["consumption", "output", "green", "operation", "notes"]
    assert {each["edition"] for each in client.get(f"{V1}/forms").json()["items"] if each["id"] == line["form"]} == {"2025", "2026"}
    saved = put(
        client, mine, revision=0, cells={**MONTH, "green.traded.value": "1", "green.certificates.value": "2", "green.own.value": "0"}
    )
    assert saved.json()["computed"] == {"green.total.value": "3"}
    conflict = put(client, mine, revision=0, cells={"green.traded.value": "5"})
    assert conflict.status_code == 409
    assert conflict.json()["theirs"] == {"green.traded.value": {"mine": "5", "theirs": "1"}}
    wrong = put(client, mine, revision=1, cells={"operation.days.value": "三十"})
    assert [found["addresses"] for found in wrong.json()["findings"]] == [["operation.days.value"]]
    refused = client.post(f"{V1}/{mine.pk}/submit")
    assert refused.status_code == 400
    assert refused.json()["findings"][0]["addresses"] == ["operation.days.value"]
    put(client, mine, revision=2, cells={"operation.days.value": "30"})
    done = client.post(f"{V1}/{mine.pk}/submit")
    assert done.status_code == 200
    assert (done.json()["state"], done.json()["level"], len(done.json()["sm3"])) == ("submitted", "county", 64)
    assert client.post(f"{V1}/{mine.pk}/submit").status_code == 409
    sheet = caller("county").get(f"{V1}/{mine.pk}").json()
    assert sheet["cells"]["green.total.value"] == "3"
    assert again(mine).round == 1


def test_only_with_the_scope_and_within_reach(caller: Any, filing: Any) -> None:
    mine = filing()
    assert caller("enterprise", "read", "import").get(V1).status_code == 403
    assert caller("other_county").get(f"{V1}/{mine.pk}").status_code == 404
    assert put(caller("other_county"), mine, revision=0, cells={}).status_code == 404
    assert put(caller("county"), mine, revision=0, cells={"notes.changes.text": "x"}).status_code == 400
    client = caller("enterprise")
    assert client.get(f"{V1}/forms/nothing").status_code == 404
    assert client.get(f"{V1}/forms/key_unit_month?edition=1900").status_code == 404
    assert client.get(f"{V1}/99999999999999999999").status_code == 404
    assert put(client, mine, revision=-1, cells={}).status_code == 422
    assert put(client, mine, revision=0, explanations={"a": "长" * 2000}).status_code == 400
    filtered = client.get(f"{V1}?forms=key_unit_month&states=draft,submitted&subjects=91-A")
    assert filtered.json()["count"] == 0
