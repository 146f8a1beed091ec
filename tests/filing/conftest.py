"""People who file and review, and filings at every stage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shuangkong.core.periods import Period

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


@pytest.fixture
def people(places: dict[str, Any], users: dict[str, Any], make_user: Callable[..., Any]) -> dict[str, Any]:
    """The usual people, and those of the bureaus that review: two of statistics, two of development, one of ecology."""
    from shuangkong.apps.organisations.models import Department

    named = {"stat": "市统计局", "drc": "市发改委", "eeb": "市生态环境局"}
    bureaus = {code: Department.objects.create(code=code, short_name=name) for code, name in named.items()}
    city = places["431000"]
    made = {
        name: make_user("city", name, subject=city, department=bureaus[code], first_name=named[code])
        for name, code in (("stat", "stat"), ("stat2", "stat"), ("drc", "drc"), ("drc2", "drc"), ("eeb", "eeb"))
    }
    return {**users, **made}


@pytest.fixture
def filing(places: dict[str, Any]) -> Callable[..., Any]:
    """Make a filing that is not filed yet: ``filing("key_unit_month", "91-A", Period.month(2026, 9))``."""
    from shuangkong.apps.filing.services.obligations import new_filing
    from shuangkong.rulebook import forms

    def make(form_id: str = "key_unit_month", code: str = "91-A", period: Period | None = None) -> Any:
        period = period or Period.month(2026, 9)
        made = new_filing(forms.current().of(form_id, period), places[code], period)
        made.save()
        return made

    return make
