"""Statements that are kept: read as ever, counted as ever, planned once by PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangkong.apps.cockpit import prepared
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.organisations.models import Subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> list[int]:
    """Two places, one with a sign in its name that drivers take for a parameter."""
    made = [Subject.objects.create(kind="county", code=code, name=name) for code, name in (("431002", "北湖区"), ("431003", "100%区"))]
    return [place.pk for place in made]


def _named(*names: str) -> prepared.Statement:
    found = Subject.objects.filter(name__in=names).order_by("code")
    return prepared.compiled(found.values_list("pk", "name"))


def test_rows_are_those_of_the_query_set_each_time(places: list[int]) -> None:
    for _ in range(2):
        assert prepared.rows(_named("100%区")) == [(places[1], "100%区")]
        assert prepared.rows(_named("北湖区")) == [(places[0], "北湖区")]
        assert prepared.rows(_named()) == []


def test_statements_are_counted_and_logged(places: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            prepared.rows(_named("北湖区"))
    assert len(captured) == 3
    assert all("organisations_subject" in query["sql"] for query in captured)


def test_a_statement_without_a_reader_is_refused(db: None) -> None:
    with pytest.raises(Exception, match=r"visible_to|unscoped"):
        prepared.compiled(Value.objects.all())


def test_one_plan_is_kept_for_all_parameters(places: list[int]) -> None:
    def plans() -> list[Any]:
        if connection.vendor != "postgresql":
            return []
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE %s", ['%"name" IN ($1)%'])
            return list(cursor.fetchall())

    assert prepared.rows(_named("北湖区")) == [(places[0], "北湖区")]
    kept = plans()
    assert [name for _place, name in prepared.rows(_named("100%区"))] == ["100%区"]
    assert plans() == kept
    assert len(kept) == (1 if connection.vendor == "postgresql" else 0), "SQLite keeps plans by itself and lists none"
