"""The database refuses, whoever asks: with plain SQL, past the ORM."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from shuangkong.apps.audit import triggers
from shuangkong.apps.audit.models import Block
from shuangkong.apps.audit.services import record
from shuangkong.apps.indicators.models import Indicator, RuleSet, Run, Value
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import User
from shuangkong.project.audit_command import guards

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def refused(statement: str) -> bool:
    """Whether the database refuses ``statement`` with an integrity error."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except IntegrityError as error:
        return "refuses" in str(error)
    return False


def make_batch(subject: Any, applied: bool) -> Batch:
    batch = Batch.objects.create(kind="energy", title="能源", applied_at=NOW if applied else None)
    Row.objects.create(
        batch=batch, subject=subject, county=subject, measure="population", period_kind="year", period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1), quantity=5, origin="reported", release="final", known_on=date(2026, 2, 1),
    )  # fmt: skip
    return batch


def make_run(subject: Any, published: bool) -> Run:
    run = Run.objects.create(known_on=date(2026, 2, 1), rulebook_sm3="0" * 64, code_version="1", published_at=NOW if published else None)
    indicator, _ = Indicator.objects.get_or_create(code="energy_total_tce", defaults={"name": "能耗", "family": "energy"})
    Value.objects.create(
        run=run, key=f"k{run.pk}", indicator=indicator, subject=subject, period_kind="year", period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1), value=5, status="ok", calculation="x",
    )  # fmt: skip
    return run


#: What a planted row needs to be one that the database keeps.
KEPT = {"indicators_decomposition": {"state": "published"}}
_PLAIN = {"BooleanField": False, "DateTimeField": NOW, "DateField": NOW.date(), "JSONField": {}, "CanonicalField": {}, "RatioField": 1}


def plant(model: type[models.Model]) -> models.Model:
    """A row of ``model``: the first there is, else one made with what its fields ask for."""
    rows = model._base_manager
    return rows.first() or rows.create(
        **{field.name: _asked(field) for field in _required(model)}, **KEPT.get(model._meta.db_table, {})
    )


def _required(model: type[models.Model]) -> list[Any]:
    has_own = KEPT.get(model._meta.db_table, {})
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and not field.null]
    return [field for field in fields if not field.has_default() and not field.has_db_default() and field.name not in has_own]


def _asked(field: Any) -> Any:
    if field.is_relation:
        return plant(field.related_model)
    kind = field.get_internal_type()
    return _PLAIN.get(type(field).__name__, _PLAIN.get(kind, "x" if kind in ("CharField", "TextField") else 1))


def test_the_log_and_the_chain_are_written_once(users: dict[str, User]) -> None:
    entry = record("a.b.c", users["city"])
    Block.objects.create(number=1, previous="0" * 64, root="0" * 64, count=1, first=1, last=1, sm3="0" * 64, leaves="")
    assert refused(f"UPDATE audit_entry SET action = 'x' WHERE id = {entry.pk}")
    assert refused(f"DELETE FROM audit_entry WHERE id = {entry.pk}")
    assert refused("UPDATE audit_block SET root = 'x'")
    assert refused("DELETE FROM audit_block")


def test_an_applied_batch_is_frozen_with_its_rows(places: dict[str, Any]) -> None:
    batch = make_batch(places["431002"], applied=True)
    other = make_batch(places["431002"], applied=False)
    for column in ("title", "kind"):
        assert refused(f"UPDATE ledger_batch SET {column} = 'x' WHERE id = {batch.pk}")
    assert refused(f"UPDATE ledger_batch SET rows_kept = 9 WHERE id = {batch.pk}")
    assert refused(f"UPDATE ledger_batch SET applied_at = NULL WHERE id = {batch.pk}")
    assert refused(f"DELETE FROM ledger_batch WHERE id = {batch.pk}")
    assert refused(f"UPDATE ledger_row SET quantity = 1 WHERE batch_id = {batch.pk}")
    assert refused(f"DELETE FROM ledger_row WHERE batch_id = {batch.pk}")
    assert refused(f"UPDATE ledger_row SET batch_id = {batch.pk} WHERE batch_id = {other.pk}")
    assert refused(f"UPDATE ledger_row SET batch_id = {other.pk} WHERE batch_id = {batch.pk}")


def test_withdrawing_goes_one_way(places: dict[str, Any]) -> None:
    batch = make_batch(places["431002"], applied=True)
    assert Batch.objects.filter(pk=batch.pk).update(withdrawn_at=NOW) == 1
    assert refused(f"UPDATE ledger_batch SET withdrawn_at = NULL WHERE id = {batch.pk}")
    assert refused(f"UPDATE ledger_batch SET withdrawn_at = '2020-01-01 00:00:00' WHERE id = {batch.pk}")


def test_a_batch_never_applied_may_change_and_go(places: dict[str, Any]) -> None:
    batch = make_batch(places["431002"], applied=False)
    assert not refused(f"UPDATE ledger_batch SET title = 'x', rows_kept = 1 WHERE id = {batch.pk}")
    assert not refused(f"UPDATE ledger_row SET quantity = 1 WHERE batch_id = {batch.pk}")
    assert not refused(f"DELETE FROM ledger_row WHERE batch_id = {batch.pk}")
    assert not refused(f"DELETE FROM ledger_batch WHERE id = {batch.pk}")


def test_a_published_run_is_frozen_with_its_values(places: dict[str, Any]) -> None:
    run = make_run(places["431002"], published=True)
    assert refused(f"UPDATE indicators_run SET published_at = NULL WHERE id = {run.pk}")
    assert refused(f"UPDATE indicators_run SET computed = 9 WHERE id = {run.pk}")
    assert refused(f"DELETE FROM indicators_run WHERE id = {run.pk}")
    assert refused(f"UPDATE indicators_value SET value = '1' WHERE run_id = {run.pk}")
    assert refused(f"DELETE FROM indicators_value WHERE run_id = {run.pk}")


def test_values_of_a_run_never_published_may_go_but_never_change(places: dict[str, Any]) -> None:
    run = make_run(places["431002"], published=False)
    assert not refused(f"UPDATE indicators_run SET computed = 9 WHERE id = {run.pk}")
    assert refused(f"UPDATE indicators_value SET value = '1' WHERE run_id = {run.pk}")
    assert not refused(f"DELETE FROM indicators_value WHERE run_id = {run.pk}")
    assert not refused(f"DELETE FROM indicators_run WHERE id = {run.pk}")


@pytest.mark.parametrize("table", [guard.table for guard in guards()])
def test_no_table_can_be_emptied(table: str, users: dict[str, User], places: dict[str, Any]) -> None:
    record("a.b.c", users["city"])
    Block.objects.create(number=1, previous="0" * 64, root="0" * 64, count=1, first=1, last=1, sm3="0" * 64, leaves="")
    make_batch(places["431002"], applied=True)
    make_run(places["431002"], published=True)
    RuleSet.objects.create(sm3="0" * 64, rows=[])
    plant(next(model for model in apps.get_models() if model._meta.db_table == table))
    connection.check_constraints()  # PostgreSQL truncates no table with pending checks
    assert refused(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")


@pytest.mark.django_db
def test_all_guards_stand_after_migrate() -> None:
    assert triggers.missing(connection, guards()) == []


@pytest.mark.django_db(transaction=True)
def test_each_migrate_lays_them_anew() -> None:
    triggers.drop(connection, guards())
    assert len(triggers.missing(connection, guards())) >= 2 * len(guards())
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection, guards()) == []


@pytest.mark.django_db(transaction=True)
def test_an_altered_trigger_is_missed() -> None:
    name = "audit_entry_refuses_delete"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON audit_entry BEGIN SELECT 1; END")
        else:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_refuses_delete")
    assert triggers.missing(connection, guards()) == [name]
    call_command("migrate", verbosity=0)
