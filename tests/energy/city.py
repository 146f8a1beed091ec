"""Small worked cities: rows put into the ledger in a line each, the computation run, values read by a short key."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.compute import compute
from shuangkong.apps.energy.services import recompute
from shuangkong.apps.indicators.drafts import NO_LINES, Draft
from shuangkong.apps.indicators.evidence import AsOf
from shuangkong.apps.indicators.models import Run
from shuangkong.apps.indicators.services import load_catalogue
from shuangkong.apps.indicators.tables import Line, calculation_of
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import LocalRuleRow
from shuangkong.core.periods import Period
from shuangkong.rulebook.loader import Rulebook

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
_numbers = itertools.count(1)


def equivalent_rows(values: dict[int, str]) -> list[dict[str, Any]]:
    """Rows of the law library: the equivalent value of electricity by year."""
    return [
        {
            "parameter": "energy.electricity_equivalent", "region": "4310", "row": f"test-{year}", "value": value,
            "applies_from": f"{year}-01-01", "applies_to": f"{year + 1}-01-01", "published_on": f"{year}-01-01",
            "entered_on": f"{year}-01-01", "checked_on": f"{year}-01-01", "evidence": "text", "source": {"number": "测试", "locator": "1"},
        }
        for year, value in values.items()
    ]  # fmt: skip


class Town:
    """A city made for one test."""

    def __init__(self, *counties: str, zones: tuple[tuple[str, str], ...] = (), unallocated: bool = True) -> None:
        load_catalogue()
        kinds = Subject.Kind
        self.by_code = {"431000": Subject.objects.create(kind=kinds.CITY, code="431000", name="郴州市", position=1)}
        for position, code in enumerate(counties, 2):
            code, _, name = code.partition(":")
            self.by_code[code] = self._make(kinds.COUNTY, code, name or f"县{code}", position)
        if unallocated:
            self.by_code["431099"] = self._make(kinds.UNALLOCATED, "431099", "不分县", 90)
        for code, county in zones:
            self.by_code[code] = self._make(kinds.ZONE, code, f"区{code}", 95, county=self.by_code[county])
        self.batch = self.new_batch()
        self.coefficients = dict.fromkeys(range(2018, 2028), "0.3")

    def _make(self, kind: str, code: str, name: str, position: int, **fields: Any) -> Subject:
        return Subject.objects.create(kind=kind, code=code, name=name, parent=self.by_code["431000"], position=position, **fields)

    def new_batch(self, **fields: Any) -> Batch:
        """Another applied batch; further rows go into it."""
        self.batch = Batch.objects.create(**{"kind": "test", "title": "测试", "applied_at": NOW, **fields})
        return self.batch

    def put(
        self, subject: str, measure: str, period: str, number: Any, *, zone: str = "", known_on: str = "2026-01-01", **fields: Any
    ) -> Row:  # fmt: skip
        """One row; ``number`` is a quantity in base units, or a rate where the measure is one."""
        span = Period.parse(period)
        rate = measure in ("gdp_growth", "energy_growth", "energy_intensity_change", "industry_value_added_growth")
        owner = self.by_code[subject]
        return Row.objects.create(
            batch=self.batch, subject=owner, county=owner if owner.kind in ("county", "unallocated") else None,
            zone=self.by_code[zone] if zone else None, measure=measure,
            period_kind=span.kind, period_start=span.start, period_end=span.end,
            quantity=None if rate else Decimal(str(number)), rate=Decimal(str(number)) if rate else None,
            known_on=date.fromisoformat(known_on),
            **{"origin": "issued", "release": "preliminary", "comparable": rate, **fields},
        )  # fmt: skip

    def energy(self, subject: str, period: str, product: str, flow: str, number: Any, **fields: Any) -> Row:
        """One energy row."""
        return self.put(subject, "energy", period, number, product=product, flow=flow, **{"industry": "industry", **fields})

    def install_rules(self) -> None:
        """Put the equivalent values in force as the law library does: confirmed rows."""
        for row in equivalent_rows(self.coefficients):
            body = {name: part for name, part in row.items() if name not in ("parameter", "region")}
            LocalRuleRow.objects.create(parameter=row["parameter"], region=row["region"], body=body, confirmed_at=NOW)

    def recompute(self, **fields: Any) -> Run | None:
        """Publish what is known today."""
        return recompute(NOW, TODAY, **fields)

    def rulebook(self) -> Rulebook:
        """The shipped rules with the equivalent values of this town."""
        return Rulebook.load(extra_rows=equivalent_rows(self.coefficients))

    def values(self, known_on: date | None = None) -> Values:
        """Everything computed."""
        return Values(compute(self.rulebook(), AsOf(known_on=known_on or TODAY), TODAY))


def lines_of(table: Draft) -> list[Draft]:
    """The lines of a table as drafts of their own."""
    _code, subject, period, _basis, *rest = table.key.split("|")
    return [
        table._replace(
            key="|".join((line.code, subject, period, line.basis, *rest)), basis=line.basis, value=line.value, words="", status=line.status,
            demonstration=bool(line.demonstration), recalled=bool(line.recalled), sentence=line.sentence, rule_set_id=line.rule_set_id,
            calculation=calculation_of(line.code), lines=NO_LINES,
        )
        for line in (Line(*stored) for stored in json.loads(table.lines))
    ]  # fmt: skip


class Values:
    """Drafts, and lines of tables, by short keys: ``code|subject|period[|basis[|lens]]``."""

    def __init__(self, drafts: list[Draft]) -> None:
        self.drafts = drafts
        known = [*drafts, *(line for draft in drafts for line in lines_of(draft))]
        self.by_key = {draft.key: draft for draft in known}
        assert len(self.by_key) == len(known), "two values under one key"

    def get(self, code: str, subject: str, period: str, basis: str = "equivalent", lens: str = "issued") -> Draft | None:
        """The draft, or None."""
        return self.by_key.get(f"{code}|{subject}|{Period.parse(period).code}|{basis}|gross|{lens}|")

    def draft(self, *key: str) -> Draft:
        """The draft that must be there."""
        found = self.get(*key)
        assert found is not None, f"{key} is not among {[k for k in self.by_key if k.startswith(key[0])][:20]}"
        return found

    def number(self, *key: str) -> Decimal | None:
        """Its number."""
        text = self.draft(*key).value
        return None if text is None else Decimal(text)
