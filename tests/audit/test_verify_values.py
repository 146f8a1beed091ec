"""Published values: changed, deleted, inserted, moved to another subject, another made current, a run made unpublished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from shuangkong.apps.indicators.drafts import Drafts
from shuangkong.apps.indicators.models import CurrentValue, Run, Value
from shuangkong.apps.indicators.services import Known, load_catalogue, publish
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.periods import Period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subject(transactional_db: None) -> Subject:
    Subject.objects.create(kind="county", code="431003", name="苏仙区")
    return Subject.objects.create(kind="county", code="431002", name="北湖区")


@pytest.fixture
def publish_value(subject: Subject) -> Callable[[str], Run]:
    """Publish one figure in two periods, the older of them always the same."""
    load_catalogue()

    def make(number: str) -> Run:
        drafts = Drafts({})
        for year, value in ((2024, "7"), (2025, number)):
            drafts.add("energy_total_tce", subject, Period.year(year), Decimal(value), calculation="test", basis="calorific")
        run = publish(drafts.rows, Known(date(2026, 2, 1), "0" * 64), now=timezone.now())
        assert run is not None
        return run

    return make


def test_published_values_are_right(publish_value: Callable, kinds: Callable) -> None:
    publish_value("10")
    publish_value("11")
    assert kinds() == []


@pytest.mark.parametrize(
    "change", ["value = '9'", "words = 'x'", "status = 'x'", "inputs = '[1]'", "subject_id = {other}", "release = 'final'"]
)
def test_a_changed_value(publish_value: Callable, kinds: Callable, tamper: Callable, change: str) -> None:
    run = publish_value("10")
    tamper(f"UPDATE indicators_value SET {change.format(other=Subject.objects.get(code='431003').pk)} WHERE value = '10'")
    assert kinds() == [f"indicators.run.rows_changed 计算批次{run.pk}"]


def test_a_deleted_and_an_inserted_value(publish_value: Callable, kinds: Callable, tamper: Callable) -> None:
    first, second = publish_value("10"), publish_value("11")
    tamper(f"UPDATE indicators_value SET run_id = {second.pk} WHERE value = '7'")
    assert kinds()[:2] == [f"indicators.run.rows_changed 计算批次{run.pk}" for run in (first, second)]


def test_an_older_value_made_current(publish_value: Callable, kinds: Callable) -> None:
    publish_value("10")
    publish_value("11")
    old = Value.objects.unscoped("test").get(value="10")
    assert CurrentValue.objects.filter(key=old.key).update(value=old) == 1
    assert kinds() == [f"indicators.current.changed 指标值 {old.key}"]


def test_a_run_made_unpublished(publish_value: Callable, kinds: Callable, tamper: Callable) -> None:
    run = publish_value("10")
    tamper(f"UPDATE indicators_run SET published_at = NULL WHERE id = {run.pk}")
    assert kinds()[0] == f"indicators.run.undone 计算批次{run.pk}"


def test_the_root_of_a_run_changed_with_its_values(publish_value: Callable, kinds: Callable, tamper: Callable) -> None:
    run = publish_value("10")
    tamper("UPDATE indicators_run SET root = 'x'")
    assert kinds() == [f"indicators.run.rows_changed 计算批次{run.pk}"]
