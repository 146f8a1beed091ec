"""What is accepted: batches, corrections in a chain, undo, and both as-of views."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shuangkong.apps.ledger import selectors
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import User
from shuangkong.apps.organisations.scope import UnscopedRead

MARCH, MAY, JULY = date(2025, 3, 1), date(2025, 5, 1), date(2025, 7, 1)


def quantities(**as_of):
    return sorted(row.quantity for row in selectors.accepted(**as_of).unscoped("test"))


def row_of(batch):
    return Row.objects.unscoped("test").get(batch=batch)


def withdraw(batch):
    Batch.objects.unscoped("test").filter(pk=batch.pk).update(withdrawn_at=timezone.now())


@pytest.mark.django_db
def test_rows_count_when_their_batch_is_applied(batch_of):
    batch_of(("431002", 1, "10", MARCH, None), applied=False)
    assert quantities() == []
    batch_of(("431002", 2, "11", MARCH, None))
    assert quantities() == [Decimal("11")]


@pytest.mark.django_db
def test_chain_of_corrections_and_undo(batch_of):
    first = batch_of(("431002", 1, "10", MARCH, None))
    second = batch_of(("431002", 1, "12", MAY, row_of(first)))
    third = batch_of(("431002", 1, "13", JULY, row_of(second)))
    assert quantities() == [Decimal("13")]
    assert list(selectors.later_batches(first)) == [second]
    withdraw(third)
    assert quantities() == [Decimal("12")]
    withdraw(second)
    assert quantities() == [Decimal("10")]
    withdraw(first)
    assert quantities() == []


@pytest.mark.django_db
def test_an_unapplied_correction_supersedes_nothing(batch_of):
    first = batch_of(("431002", 1, "10", MARCH, None))
    batch_of(("431002", 1, "12", MAY, row_of(first)), applied=False)
    assert quantities() == [Decimal("10")]


@pytest.mark.django_db
def test_as_known_on(batch_of):
    first = batch_of(("431002", 1, "10", MARCH, None))
    batch_of(("431002", 1, "12", MAY, row_of(first)))
    assert quantities(known_on=date(2025, 2, 28)) == []
    assert quantities(known_on=MARCH) == [Decimal("10")]
    assert quantities(known_on=date(2025, 4, 30)) == [Decimal("10")]
    assert quantities(known_on=MAY) == [Decimal("12")]


@pytest.mark.django_db
def test_as_had_at(batch_of):
    start = timezone.now() - timedelta(days=9)
    first = batch_of(("431002", 1, "10", MARCH, None), applied_at=start + timedelta(days=1))
    second = batch_of(("431002", 1, "12", MARCH, row_of(first)), applied_at=start + timedelta(days=3))
    Batch.objects.unscoped("test").filter(pk=second.pk).update(withdrawn_at=start + timedelta(days=5))
    had = [quantities(had_at=start + timedelta(days=day)) for day in (0, 1, 2, 3, 4, 5, 6)]
    ten, twelve = [Decimal("10")], [Decimal("12")]
    assert had == [[], ten, ten, twelve, twelve, ten, ten]


@pytest.mark.django_db
def test_sums_are_exact_integers(batch_of, counties):
    batch_of(*[("431002", month, "0.1", MARCH, None) for month in range(1, 11)], ("431003", 1, "123456789012.123456", MARCH, None))
    groups = selectors.sums(selectors.accepted().unscoped("test"), "subject")
    found = {group["subject"]: (group["micro"], group["lines"]) for group in groups}
    assert found == {counties["431002"].pk: (1_000_000, 10), counties["431003"].pk: (123456789012123456, 1)}


@pytest.mark.django_db
def test_raw_tuples_are_the_drivers(batch_of, counties):
    batch_of(("431002", 1, "0.000001", MARCH, None))
    rows = selectors.accepted().unscoped("test")
    assert list(selectors.raw_tuples(rows, "subject_id", "quantity", "rate")) == [(counties["431002"].pk, 1, None)]
    with pytest.raises(UnscopedRead):
        list(selectors.raw_tuples(selectors.accepted(), "quantity"))


@pytest.mark.django_db
def test_accepted_refuses_an_unscoped_read_and_keeps_to_scope(batch_of, county_clerk):
    batch_of(("431002", 1, "10", MARCH, None), ("431003", 1, "77", MARCH, None))
    with pytest.raises(UnscopedRead):
        list(selectors.accepted())
    assert [row.quantity for row in selectors.accepted().visible_to(User.objects.get(pk=county_clerk.pk))] == [Decimal("10")]
