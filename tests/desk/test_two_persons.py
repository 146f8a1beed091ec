"""Two persons: whoever asks does not decide, a request is decided once, and the database holds both for every kind of request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.desk.two_persons import TwoPersons, require_second, settle
from shuangkong.apps.filing.models import CheckSwitch
from shuangkong.core.errors import InputError

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 10, 3, tzinfo=UTC)
KINDS = [model for model in apps.get_models() if issubclass(model, TwoPersons)]


@pytest.fixture
def asked(users: dict[str, Any]) -> CheckSwitch:
    made = CheckSwitch.objects.create(check_number="T01", on=False, reason="试", asked_by=users["city"])
    return CheckSwitch.objects.unscoped("test").get(pk=made.pk)


def test_there_are_requests_of_several_kinds() -> None:
    assert {model.__name__ for model in KINDS} >= {"CheckSwitch", "Unlocking", "TargetProposal"}


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.__name__)
def test_each_kind_has_both_constraints_under_its_own_name(model: Any) -> None:
    names = {constraint.name for constraint in model._meta.constraints}
    assert {f"{model._meta.db_table}_two_persons", f"{model._meta.db_table}_whole_decision"} <= names


def test_who_asked_cannot_decide(asked: CheckSwitch, users: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="提出人不能自己决定"):
        settle(asked, users["city"], granted=True, now=NOW, where="x")
    with pytest.raises(InputError, match="请市级主管"):
        require_second(users["city"].pk, users["city"], where="x", do="请市级主管办理")
    require_second(None, users["city"], where="x")
    asked.refresh_from_db(from_queryset=CheckSwitch.objects.unscoped("test"))
    assert (asked.decided_by, asked.decided_at, asked.granted) == (None, None, None)


def test_it_is_decided_once_and_who_comes_second_is_told_by_whom(asked: CheckSwitch, users: dict[str, Any]) -> None:
    late = CheckSwitch.objects.unscoped("test").get(pk=asked.pk)
    settle(asked, users["department"], granted=False, now=NOW, where="x")
    assert (asked.decided_by, asked.decided_at, asked.granted) == (users["department"], NOW, False)
    with pytest.raises(Outdone) as caught:
        settle(late, users["reader"], granted=True, now=NOW, where="x")
    assert caught.value.state == "refused"
    assert caught.value.why == f"{users['department'].display_name} 11月26日 18:03 不同意"
    found = CheckSwitch.objects.unscoped("test").get(pk=asked.pk)
    assert (found.decided_by, found.granted) == (users["department"], False)


@pytest.mark.parametrize("change", [{"decided_by": "city", "decided_at": Now(), "granted": True}, {"granted": True}, {"decided_at": Now()}])
def test_the_database_refuses_one_person_and_half_a_decision(asked: CheckSwitch, users: dict[str, Any], change: dict[str, Any]) -> None:
    fields = {name: users[value] if name == "decided_by" else value for name, value in change.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckSwitch.objects.unscoped("test").filter(pk=asked.pk).update(**fields)
