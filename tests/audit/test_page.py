"""The audit page: scope, filters in the address, paging, the state of the block, a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.sealer import seal_step
from shuangkong.apps.audit.services import Act, record, record_many
from shuangkong.apps.audit.words import action_words, kind_words
from shuangkong.apps.organisations.models import User


@pytest.fixture
def log(users: dict[str, User]) -> dict[str, Entry]:
    """One act of the city's, one of the county's, one of the system's."""
    roles = {"before": {"role": "旧角色"}, "after": {"role": "新角色"}}
    with transaction.atomic():
        return {
            "city": record("organisations.user.change", users["reader"], actor=users["city"], **roles),
            "county": record("ledger.batch.applied", users["county"], actor=users["county"], after={"rows": 3, "parts": ["秘密"]}),
            "system": record("indicators.run.published", users["city"], origin="recompute"),
        }


@pytest.fixture
def get(client: Client, users: dict[str, User]) -> Callable[..., Any]:
    """Fetch an address as a person of a role."""

    def fetch(role: str, address: str = "/audit/") -> Any:
        client.force_login(users[role])
        return client.get(address)

    return fetch


def listed(response: Any) -> list[int]:
    assert response.status_code == 200
    return [line.entry.pk for line in response.context["page"].lines if not line.entry.action.startswith("organisations.user.signed")]


@pytest.mark.parametrize("role", ["city", "administrator"])
def test_the_city_and_administrators_see_all_newest_first(log: dict[str, Entry], get: Callable, role: str) -> None:
    response = get(role)
    assert listed(response) == sorted((entry.pk for entry in log.values()), reverse=True)
    text = response.content.decode()
    assert all(word in text for word in ("台账批次·生效", "行数", "旧角色", "新角色", "系统", "recompute", "待封存"))
    assert "秘密" not in text, "the parts of a root are no change of a value"


def test_others_see_their_own_acts(log: dict[str, Entry], get: Callable) -> None:
    assert listed(get("county")) == [log["county"].pk]
    assert listed(get("other_county")) == []
    assert listed(get("reader")) == []


def test_a_foreign_entry_is_not_there(log: dict[str, Entry], get: Callable) -> None:
    assert get("county", f"/audit/{log['county'].pk}/").status_code == 200
    assert get("county", f"/audit/{log['city'].pk}/").status_code == 404
    assert get("city", f"/audit/{log['county'].pk}/").status_code == 200
    assert get("city", "/audit/999999/").status_code == 404


@pytest.mark.django_db
def test_nobody_reads_it_signed_out(client: Client) -> None:
    assert client.get("/audit/").status_code == 302
    assert client.get("/audit/1/").status_code == 302


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=county", ["county"]),
        ("who=nobody", []),
        ("what=ledger.", ["county"]),
        ("what=organisations.user.change", ["city"]),
        ("kind=organisations.user&id={reader}", ["city"]),
        ("since=2020-01-01&until=2020-01-02", []),
        ("since=2020-01-01&what=indicators.", ["system"]),
        ("before={county}", ["city"]),
    ],
)
def test_filters_stand_in_the_address(log: dict[str, Entry], get: Callable, users: dict[str, User], query: str, found: list[str]) -> None:
    asked = query.format(reader=users["reader"].pk, county=log["county"].pk)
    assert listed(get("city", f"/audit/?{asked}")) == [log[name].pk for name in found]


def test_a_filter_that_cannot_be_read_is_said_and_left_out(log: dict[str, Entry], get: Callable) -> None:
    response = get("city", "/audit/?since=yesterday&before=x&what=ledger.")
    assert listed(response) == [log["county"].pk]
    assert response.context["form"].errors.keys() == {"since", "before"}


def test_pages_of_fifty(log: dict[str, Entry], get: Callable, users: dict[str, User]) -> None:
    record_many([Act("desk.job.done", users["city"], actor=users["city"])] * 120)
    seen: list[int] = []
    address = "/audit/?what=desk."
    while address:
        page = get("city", address).context["page"]
        assert len(page.lines) <= 50
        seen += [line.entry.pk for line in page.lines]
        address = f"/audit/?what=desk.&before={page.older_before}" if page.older_before else ""
    assert len(seen) == 120
    assert seen == sorted(set(seen), reverse=True)


def test_the_number_of_queries_does_not_grow(log: dict[str, Entry], client: Client, users: dict[str, User]) -> None:
    client.force_login(users["city"])
    with CaptureQueriesContext(connection) as few:
        client.get("/audit/")
    record_many([Act("desk.job.done", users["city"], actor=user) for user in users.values()] * 10)
    with CaptureQueriesContext(connection) as many:
        client.get("/audit/")
    assert len(few) == len(many)
    assert len(many) <= 8


@pytest.mark.django_db(transaction=True)
def test_a_sealed_entry_shows_its_block(log: dict[str, Entry], get: Callable, anchors_path: Path) -> None:
    seal_step(anchors_path)
    block = Block.objects.get()
    assert "第1块" in get("city", "/audit/?what=ledger.").content.decode()
    text = get("city", f"/audit/{log['city'].pk}/").content.decode()
    assert block.sm3 in text
    assert log["city"].sm3 in text
    assert "旧角色" in text


def test_words() -> None:
    assert action_words("ledger.batch.applied") == "台账批次·生效"
    assert action_words("ledger") == "台账"
    assert action_words("new.thing.happened") == "new·thing·happened"
    assert kind_words("organisations.user") == "账号"
