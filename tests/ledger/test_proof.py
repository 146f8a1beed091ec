"""The proof of a batch: all columns, the same text on both engines, in parts of a thousand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.apps.audit.rows import ROWS_PER_PART, Root, part_of, row_line
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.proof import FORMS, ROW_FORM, batch_root
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex

AWKWARD = "引号\" 反斜\\ 制表\t 换行\n 斜杠/ 控制\x01 ± 10⁻⁶ 😀"


def test_every_column_of_a_row_is_in_the_newest_form() -> None:
    assert {"id", *(column for column, _ in FORMS[-1].columns)} == {field.column for field in Row._meta.concrete_fields}


@pytest.fixture
def batch(db: None) -> Batch:
    """One row with everything set, one with all that may be empty, with ids and moments of our own."""
    county = Subject.objects.create(pk=901, kind="county", code="431002", name="北湖区")
    made = Batch.objects.create(pk=801, kind="energy", title="能源")
    same: dict[str, Any] = {
        "batch": made, "subject": county, "measure": "energy", "period_kind": "ytd", "period_start": date(2026, 1, 1),
        "period_end": date(2026, 7, 1), "origin": "reported", "release": "preliminary", "known_on": date(2026, 7, 20),
    }  # fmt: skip
    Row.objects.create(
        pk=701, county=county, zone=county, industry="C26", product="raw_coal", flow="terminal", quantity=Decimal("-1.000001"),
        unit_filed="吨", filed=AWKWARD, price_base=2020, comparable=True, demonstration=True, document="文", remark=AWKWARD,
        recorded_at=datetime(2026, 7, 20, 8, 0, 0, 120000, UTC), **same,
    )  # fmt: skip
    Row.objects.create(pk=702, rate=Decimal("6.10"), supersedes_id=701, recorded_at=datetime(2026, 7, 20, 8, tzinfo=UTC), **same)
    return made


def test_the_root_is_the_same_on_both_engines(batch: Batch) -> None:
    """Computed here without a database from what a row is."""
    period = ("ytd", "2026-01-01", "2026-07-01")
    one = (
        701, 801, 901, 901, 901, "energy", "C26", "raw_coal", "terminal", *period, -1000001, None, "吨", AWKWARD, 2020, "reported",
        "preliminary", 1, 1, "文", AWKWARD, "2026-07-20", "2026-07-20 08:00:00.120000", None,
    )  # fmt: skip
    two = (
        702, 801, 901, None, None, "energy", "", "", "", *period, None, "6.10", "", "", None, "reported", "preliminary", 0, 0, "", "",
        "2026-07-20", "2026-07-20 08:00:00.000000", 701,
    )  # fmt: skip
    expected = Root(1, (part_of([701, 702], [row_line(one), row_line(two)]),))
    assert batch_root(batch.pk) == expected
    assert expected.parts[0].sm3 == sm3_hex(f"[{row_line(one)},{row_line(two)}]".encode())


def test_the_root_of_no_rows(db: None) -> None:
    assert (batch_root(1).rows, batch_root(1).parts, batch_root(1).sm3) == (0, (), sm3_hex(b""))


def test_what_an_entry_keeps_gives_the_root_back(batch: Batch) -> None:
    root = batch_root(batch.pk)
    kept = root.recorded()
    assert (kept["rows"], kept["rows_sm3"], kept["form"]) == (2, root.sm3, ROW_FORM.number)
    assert Root.from_recorded(kept) == root
    with pytest.raises(ValueError):
        Root.from_recorded(kept | {"rows_sm3": "0" * 64})


def test_a_difference_names_the_rows(batch: Batch) -> None:
    lines = [f"[{number}]" for number in range(3 * ROWS_PER_PART)]
    spans = [range(start, start + ROWS_PER_PART) for start in range(0, len(lines), ROWS_PER_PART)]
    before = Root(1, tuple(part_of(list(span), [lines[n] for n in span]) for span in spans))
    lines[1500] = "[0]"
    after = Root(1, tuple(part_of(list(span), [lines[n] for n in span]) for span in spans))
    assert before.difference(before) == ""
    assert before.difference(after) == "数据行被改动：原3000行，现3000行，差异在第1000–1999行"
    longer = Root(1, (*before.parts, part_of([9000], ["[9000]"])))
    assert before.difference(longer).endswith("现3001行，差异在第9000–9000行")
