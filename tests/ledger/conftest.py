"""Subjects, people and rows that the ledger's tests share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import Subject, User


@pytest.fixture
def city(db):
    return Subject.objects.create(kind="city", code="431000", name="郴州市")


@pytest.fixture
def counties(city):
    names = {"431002": "北湖区", "431003": "苏仙区", "431081": "资兴市", "431021": "桂阳县"}
    made = {code: Subject.objects.create(kind="county", code=code, name=name, parent=city) for code, name in names.items()}
    made["431099"] = Subject.objects.create(kind="unallocated", code="431099", name="不分县", parent=city)
    made["CZ-HITECH"] = Subject.objects.create(kind="zone", code="CZ-HITECH", name="郴州高新区", parent=city, county=made["431003"])
    return made


@pytest.fixture
def statistician(city):
    return User.objects.create_user("tongji", password="a-long-pass-word", role="city", subject=city)


@pytest.fixture
def county_clerk(counties):
    return User.objects.create_user("431002", password="a-long-pass-word", role="county", subject=counties["431002"])


@pytest.fixture
def batch_of(counties):
    """Makes an applied batch of (subject code, month, quantity, known_on, supersedes) rows."""

    def make(*rows, applied=True, applied_at=None):
        batch = Batch.objects.create(kind="electricity", title="试")
        for code, month, quantity, known_on, supersedes in rows:
            Row.objects.create(
                batch=batch, subject=counties[code], county=counties[code], measure="electricity", industry="",
                period_kind="month", period_start=date(2025, month, 1), period_end=date(2025, month + 1, 1),
                quantity=Decimal(quantity), origin="issued", release="preliminary", known_on=known_on, supersedes=supersedes,
            )  # fmt: skip
        if applied:
            Batch.objects.unscoped("test").filter(pk=batch.pk).update(applied_at=applied_at or Now())
        batch.refresh_from_db()
        return batch

    return make


@pytest.fixture
def now():
    return datetime(2026, 11, 24, 3, tzinfo=UTC)
