"""The benchmarks' data set is the demonstration, for eleven counties and for more of the same city."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bench.dataset import PACK, bench_counties, bench_dataset
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.organisations.models import Subject
from shuangkong.project.packs.demonstration import import_generator

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_eleven_counties_are_the_demonstration(db: None, settings: Any) -> None:
    settings.DEMONSTRATION = True
    dataset = bench_dataset(11, now=NOW)
    rows = Row.objects.unscoped("test").filter(demonstration=True)
    assert dataset.user.sees_all
    assert rows.count() == dataset.rows > 40_000
    assert rows.filter(measure="energy").values("subject").distinct().count() == 12
    assert rows.exclude(zone=None).values("zone").distinct().count() == 2
    assert Subject.objects.filter(kind="county").count() == 11


def test_more_counties_share_the_same_city() -> None:
    generator = import_generator(PACK / "demonstration")
    listed = bench_counties(generator, 22)
    assert len({county.code for county in listed}) == 22
    assert sum(county.gdp_share for county in listed) == pytest.approx(1.0)
    filing = next(filing for filing in generator.generate(listed).filings if "2025年1—12月能源平衡" in filing.title)
    assert len({row.subject for row in filing.rows}) == 23


def test_the_number_is_a_multiple_of_eleven() -> None:
    with pytest.raises(ValueError, match="no multiple"):
        bench_counties(import_generator(PACK / "demonstration"), 12)
