"""Entries: what they hold, and that they stand or fall with what they describe."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.audit.services import Act, record, record_many, record_read
from shuangkong.apps.organisations.models import User
from shuangkong.core.digest import sm3_hex


@pytest.mark.django_db(transaction=True)
def test_no_entry_outside_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("organisations.user.change", User)
    with pytest.raises(transaction.TransactionManagementError):
        record_many([Act("organisations.user.change", User)])
    assert record_many([]) == 0
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_its_transaction() -> None:
    with transaction.atomic():
        record("organisations.user.change", User)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_the_payload_says_all_columns_and_has_its_hash(users: dict[str, User]) -> None:
    entry = record("a.b.c", users["city"], actor=users["administrator"], subject_id=7, before={"x": 1}, after={"x": 2}, origin="10.0.0.1")
    entry.refresh_from_db()
    said = json.loads(entry.payload)
    assert said == {
        "action": "a.b.c", "actor": users["administrator"].pk, "subject": 7, "origin": "10.0.0.1", "before": {"x": 1}, "after": {"x": 2},
        "target": ["organisations.user", str(users["city"].pk)],
    }  # fmt: skip
    assert entry.sm3 == sm3_hex(entry.payload.encode())
    assert entry.recorded_at is not None


def test_many_entries_take_few_statements_and_keep_their_order(users: dict[str, User]) -> None:
    acts = [Act("a.b.c", users["city"], after={"n": number}) for number in range(900)]
    with CaptureQueriesContext(connection) as queries:
        assert record_many(acts) == 900
    assert len([q for q in queries if q["sql"].startswith("INSERT")]) <= 10
    numbers = [json.loads(p)["after"]["n"] for p in Entry.objects.order_by("id").values_list("payload", flat=True)]
    assert numbers == list(range(900))


def test_a_read_of_a_single_enterprise_by_another_is_recorded(users: dict[str, User], places: dict) -> None:
    assert record_read(users["enterprise"], places["91-A"], "own page") is None
    assert record_read(users["city"], places["431002"], "county page") is None
    entry = record_read(users["city"], places["91-A"], "月度能耗", origin="10.0.0.1")
    assert entry is not None
    assert (entry.action, entry.subject_id, entry.actor) == ("organisations.subject.read", places["91-A"].pk, users["city"])
    assert json.loads(entry.payload)["after"] == {"what": "月度能耗"}
